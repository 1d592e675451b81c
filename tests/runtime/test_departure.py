"""The end of the process: at once where nobody can tell, and else as the host's. What is seen is equal in both cases."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parents[2])
ENDS_AT_ONCE = "jitvm: the end: nothing is left that must be freed\n"

AT_ONCE = {
    "nothing": "print(1)",
    "cycles": "class A: pass\na = A(); a.me = a; b = [a]; b.append(b); print(len(b))",
    "status": "import sys\nprint('x', end='')\nsys.exit(7)",
    "no status": "raise SystemExit",
    "atexit": "import atexit\natexit.register(print, 'last')\natexit.register(print, 'first')",
    "weak":
        "import weakref\nclass A: pass\n"
        "a = A(); d = weakref.WeakValueDictionary(a=a); s = weakref.WeakSet([a]); r = weakref.ref(a)\nprint(r() is a)",
    "registered":
        "import collections.abc as c\nclass A: pass\nc.Sized.register(A)\n"
        "print(isinstance(A(), c.Sized), issubclass(dict, c.Mapping))",
    "text files in memory": "import io\nt = io.StringIO('a'); b = io.BytesIO(b'b')\nprint(t.read(), b.read())",
    "closed generator": "g = (k for k in range(2)); print(list(g))",
    "fresh generator": "def f():\n    try:\n        yield\n    finally:\n        print('never')\ng = f()\nprint(g is not None)",
    "finaliser that ran": "class A:\n    def __del__(self): print('gone')\na = A(); del a",
    "finalize": "import weakref\nclass A: pass\na = A()\nweakref.finalize(a, print, 'finalized')",
    "imports":
        "import re, json, datetime, random, math, decimal, functools, itertools, dataclasses\n"
        "print(re.sub('a', 'b', 'aa'), json.dumps([1]))",
    "stderr": "import sys\nprint('e', file=sys.stderr)\nsys.stderr.write('half')",
    "thread that ended": "import threading\nt = threading.Thread(target=print, args=('t',)); t.start(); t.join()",
    "ctypes": "import ctypes\nprint(ctypes.sizeof(ctypes.c_int))",
    "closed stdout": "import sys\nprint(1); sys.stdout.close(); sys.stdout = sys.__stdout__",
    "lists of many": "a = [[k] for k in range(100000)]\nprint(len(a))",
}
AS_THE_HOST = {
    "finaliser": "class A:\n    def __del__(self): print('gone')\na = A()",
    "finaliser in a cycle": "import gc\ngc.disable()\nclass A:\n    def __del__(self): print('gone')\na = A(); a.me = a; del a",
    "finaliser without a collector": "class A:\n    __slots__ = ()\n    def __del__(self): print('gone')\na = A()",
    "finaliser of a subclass": "class A(int):\n    def __del__(self): print('gone', int(self))\na = [A(5)]",
    "inherited finaliser": "class A:\n    def __del__(self): print('gone')\nclass B(A, list): pass\na = B()",
    "finaliser set later": "class A: pass\na = A()\nA.__del__ = lambda self: print('gone')",
    "class with a finaliser": "class M(type):\n    def __del__(cls): print('class gone')\nclass A(metaclass=M): pass",
    "frozen": "import gc\nclass A:\n    def __del__(self): print('gone')\na = A()\ngc.freeze()",
    "weak callback":
        "import weakref\nclass A: pass\na = A(); r = weakref.ref(a, lambda r: print('called'))\ndel a\n"
        "b = A(); q = weakref.ref(b, lambda r: print('late'))",
    "weak callback in C":
        "import weakref\nclass A:\n    def __repr__(self): return 'A'\n"
        "b = A(); q = weakref.ref(b, [].append); p = weakref.proxy(b, print)",
    "weak subclass": "import weakref\nclass R(weakref.ref): pass\nclass A: pass\nq = R(A, lambda r: print('late'))",
    "suspended": "def f():\n    try:\n        yield 1\n    finally:\n        print('closed')\ng = f()\nprint(next(g))",
    "never awaited": "async def f(): pass\nc = f()",
    "open file": "import os, tempfile\np = tempfile.mkdtemp() + '/x'\nf = open(p, 'w'); f.write('text')\nimport atexit\nprint('written')",
    "other stdout": "import io, sys\nsys.stdout = io.TextIOWrapper(open(1, 'wb', closefd=False)); print('here')",
    "stdout in memory": "import io, sys\nsys.stdout = io.StringIO(); print('nowhere')",
    "message": "import sys\nsys.exit('bye')",
    "big status": "import sys\nsys.exit(1000)",
    "truth": "import sys\nsys.exit(True)",
    "error": "print(1)\n1 / 0",
    "collector's callbacks": "import gc\ngc.callbacks.append(lambda *a: a[1]['generation'] == 2 and print(a[0]))",
    "audit hook": "import sys\nsys.addaudithook(lambda e, a: print(e) if 'Clear' in e else None)",
    "profile": "import sys\nsys.setprofile(lambda *a: None)\nprint(1)",
    "daemon": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nprint(1)",
    "warnings": "import warnings\nwarnings.simplefilter('always')\nf = open('/dev/null')",
    "thrown away": "import sys, os\nclass A:\n    def __del__(self): print('gone')\nsys.kept = A()",
    "socket": "import socket\ns = socket.socket()\nprint(1)",
    "partial class": "import functools\nclass A(functools.partial):\n    def __del__(self): print('gone')\na = A(print)",
    "exception keeps":
        "class A:\n    def __del__(self): print('gone')\ndef f():\n    a = A()\n    1 / 0\ntry:\n    f()\n"
        "except Exception as e:\n    k = e",
}


ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | {"PYTHONPATH": ROOT}


def run(command: list[str], folder: Path) -> tuple[int, bytes, bytes]:
    done = subprocess.run(command, capture_output=True, env=ENVIRONMENT, timeout=60, check=False, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def outcomes(path: Path, text: str, *options: str) -> tuple[tuple[int, bytes, bytes], tuple[int, bytes, bytes]]:
    """The host's end of a program, and jitvm's."""
    path.write_text(text + "\n")
    jitvm = [sys.executable, "-m", "jitvm", "run", *options, path.name]
    return run([sys.executable, path.name], path.parent), run(jitvm, path.parent)


@pytest.mark.parametrize("options", [(), ("--no-jit",)], ids=["default", "no-jit"])
@pytest.mark.parametrize("name", AT_ONCE)
def test_ends_at_once(name: str, options: tuple[str, ...], tmp_path: Path) -> None:
    expected, (status, out, err) = outcomes(tmp_path / "p.py", AT_ONCE[name], "-X", "dump=e", *options)
    assert err.endswith(ENDS_AT_ONCE.encode())
    assert (status, out, err.removesuffix(ENDS_AT_ONCE.encode())) == expected


@pytest.mark.parametrize("name", AS_THE_HOST)
def test_ends_as_the_host(name: str, tmp_path: Path) -> None:
    expected, found = outcomes(tmp_path / "p.py", AS_THE_HOST[name], "-X", "dump=e")
    assert ENDS_AT_ONCE.encode() not in found[2]
    assert found == expected


def test_hot_loops_end_at_once(tmp_path: Path) -> None:
    text = "def f(n):\n    t = 0\n    for k in range(n):\n        t += k\n    return t\nprint(f(3000000))"
    expected, (status, out, err) = outcomes(tmp_path / "p.py", text, "-X", "dump=e", "-X", "cache=0")
    assert (status, out) == expected[:2]
    assert b": compiled " in err and err.endswith(ENDS_AT_ONCE.encode())


def test_can_be_switched_off(tmp_path: Path) -> None:
    expected, found = outcomes(tmp_path / "p.py", "print(1)", "-X", "dump=e", "-X", "quick_end=0")
    assert found == expected


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_what_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("print(1)\n")
    found = []
    for command in (["p.py"], ["-m", "jitvm", "run", "p.py"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([sys.executable, *command], stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, timeout=60, check=False,
                                  env=ENVIRONMENT)
        found.append((done.returncode, done.stderr))
    assert found[0] == found[1]
    assert found[0][0] == 120


def test_an_open_file_is_flushed(tmp_path: Path) -> None:
    _, found = outcomes(tmp_path / "p.py", "f = open('x', 'w'); f.write('text')")
    assert found == (0, b"", b"")
    assert (tmp_path / "x").read_text() == "text"
