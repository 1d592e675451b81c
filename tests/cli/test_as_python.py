"""``jitvm run`` against ``python``: output, messages and exit status are equal, byte for byte."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parents[2])

FILES = {
    "names.py": "import sys\nprint({k: v for k, v in globals().items() if k != 'sys'}, sys.argv, sys.path[0])\n",
    "raises.py": "def f():\n    raise ValueError(1)\n\nf()\n",
    "chained.py": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('x') from e\n",
    "says.py": "import sys\nsys.exit('bye')\n",
    "status.py": "import sys\nsys.exit(7)\n",
    "odd_status.py": "raise SystemExit((1, 2))\n",
    "syntax.py": "x = (1,\n",
    "indent.py": "if 1:\nx\n",
    "string.py": "x = 'abc\n",
    "hook.py": "import sys\nsys.excepthook = lambda *a: print('hook', a[0], a[2].tb_frame.f_code.co_name, a[2].tb_next)\n1 / 0\n",
    "bad_hook.py": "import sys\ndef h(*a):\n    raise TypeError('in hook')\nsys.excepthook = h\n1 / 0\n",
    "no_hook.py": "import sys\ndel sys.excepthook\n1 / 0\n",
    "atexit.py": "import atexit\natexit.register(lambda: print('__file__' in globals()))\nprint(__file__)\n",
    "interrupt.py": "raise KeyboardInterrupt\n",
    "signal.py": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nwhile True: pass\n",
    "warns.py": "import warnings\nwarnings.warn('careful')\n",
    "runs.py": "import runpy\nprint(runpy.run_path('says2.py')['x'], 'exec' in runpy.__dict__)\n",
    "says2.py": "x = __name__\n",
    "main_module.py": "import sys, __main__ as m\nprint(m is sys.modules['__main__'], m.__dict__ is globals(), m)\n",
    "pickles.py": "import pickle\nclass A: pass\nprint(pickle.loads(pickle.dumps(A)) is A)\n",
    "threads.py": "import threading, time as t\nthreading.Thread(target=lambda: (t.sleep(0.1), print(2))).start()\nprint(1)\n",
    "reads.py": "import sys\nprint(repr(sys.stdin.read()))\n",
    "ends.py": """\
import atexit, gc, os, sys, threading, weakref

def total(n):
    out = 0
    for k in range(n):
        out += k % 7
    return out

class Last:
    def __init__(self, name):
        self.name, self.me = name, self
    def __del__(self, write=os.write):
        write(1, f"{self.name} {total(100) if total else None} {sys.is_finalizing() if sys else None}\\n".encode())

class Alone(Last):
    def __init__(self, name):
        self.name = name

cycle, alone, late = Last("cycle"), Alone("alone"), Alone("late")
weakref.finalize(cycle, print, "finalized")
sys.kept_to_the_end = Alone("in sys")
atexit.register(lambda: print("atexit", total(300000), eval("1 + 1")))
gc.disable()  # what is garbage then ends with the process
garbage = Last("garbage")
del garbage
thread = threading.Thread(target=lambda: print("thread", total(200000)))
thread.start()
thread.join()
print(total(1000000), flush=True)
""",
    "future.py": "def f(x: undefined): pass\n",
    "package/__init__.py": "",
    "package/__main__.py": "import sys\nprint(sys.argv, __file__, __package__, __spec__, sys.path[0])\n1 / 0\n",
    "package/module.py": "from . import other\nprint(other.y, __name__, __package__)\n",
    "package/other.py": "y = 5\n",
    "empty/readme.txt": "",
}
BYTES = {
    "null.py": b"x=1\n\0y",
    "encoding.py": b'x="\xff"\n',
    "bad_cookie.py": b"# coding: no-such-coding\nx = 1\n",
    "latin.py": b'# -*- coding: latin-1 -*-\nprint(ascii("\xe9"))\n',
    "bom.py": b"\xef\xbb\xbfprint(1)\n",
    "crlf.py": b"x = 1\r\nprint('a\\\r\nb')\r\n",
    "nothing.py": b"",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    for name, data in BYTES.items():
        (folder / name).write_bytes(data)
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.write(folder / "package/__main__.py", "__main__.py")
    os.symlink(folder / "package" / "__main__.py", folder / "link.py")
    subprocess.run([sys.executable, "-m", "compileall", "-q", "-b", str(folder / "raises.py")], check=True)
    return folder


def run(arguments: list[str], folder: Path, stdin: bytes = b"", **environment: str) -> tuple[str, str, int]:
    """Standard output, standard error and status; addresses of objects, which differ from run to run, made equal."""
    variables = {**os.environ, "PYTHONPATH": ROOT, "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run(arguments, cwd=folder, input=stdin, capture_output=True, env=variables, timeout=60, check=False)
    return (
        re.sub("0x[0-9a-f]+", "0x", done.stdout.decode(errors="backslashreplace")),
        done.stderr.decode(errors="backslashreplace"),
        done.returncode,
    )


def compare(folder: Path, *arguments: str, stdin: bytes = b"", host: tuple[str, ...] = (), **environment: str) -> None:
    """Runs the same under python and under jitvm; both must give the same."""
    python = run([sys.executable, *host, *arguments], folder, stdin, **environment)
    ours = run([sys.executable, *host, "-m", "jitvm", "run", *arguments], folder, stdin, **environment)
    assert ours == python


@pytest.mark.parametrize("name", sorted([*FILES, *BYTES]))
def test_script(folder: Path, name: str) -> None:
    compare(folder, name, "a", "-b", "--stats", stdin=b"some input")


@pytest.mark.parametrize(
    "name",
    [
        "./names.py",
        "../{0}/names.py",
        ".//names.py",
        "{1}/names.py",
        "link.py",
        "raises.pyc",
        "package",
        "package/",
        "archive.zip",
        "empty",
        "{1}",
        "missing.py",
        "{1}/missing.py",
        "names.py/x",
        "/etc",
    ],
)
def test_paths(folder: Path, name: str) -> None:
    compare(folder, name.format(folder.name, folder), "a")


@pytest.mark.parametrize(
    "name",
    [
        "names",
        "raises",
        "syntax",
        "null",
        "encoding",
        "says",
        "interrupt",
        "package",
        "package.module",
        "package.none",
        "missing",
        "package.missing",
        "missing.module",
        "runs",
        "archive.zip",
        "sys",
        "this",
        ".names",
    ],
)
def test_module(folder: Path, name: str) -> None:
    compare(folder, "-m", name, "a", "-c")


@pytest.mark.parametrize(
    "code",
    [
        "import sys; print(dict(globals()), sys.argv, sys.path[0])",
        "1/0",
        "x = (",
        "",
        "import sys; sys.exit(3)",
        "print('\\u00e9')",
        "raise KeyboardInterrupt",
        "import names",
        "\n\ndef f(): 1/0\nf()",
        "import sys; print(sys._getframe().f_code)",
        pytest.param("x = '\udcff'", id="undecodable"),
    ],
)
def test_code(folder: Path, code: str) -> None:
    compare(folder, "-c", code, "a", "-m")


def test_joined_options(folder: Path) -> None:
    compare(folder, "-cprint(1)", "a")
    compare(folder, "-mnames", "a")


@pytest.mark.parametrize(
    "name", ["names.py", "raises.py", "syntax.py", "null.py", "encoding.py", "nothing.py", "says.py", "reads.py"]
)
def test_standard_input(folder: Path, name: str) -> None:
    compare(folder, "-", "a", stdin=(folder / name).read_bytes())


@pytest.mark.parametrize(
    "variable", ["PYTHONSAFEPATH", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONUNBUFFERED", "PYTHONFAULTHANDLER"]
)
def test_environment(folder: Path, variable: str) -> None:
    value = "error" if variable == "PYTHONWARNINGS" else "1"
    compare(folder, "warns.py", **{variable: value})
    compare(folder, "-c", "import sys; print(sys.flags, len(sys.path)); assert 0", **{variable: value})


def test_output_to_a_closed_pipe(folder: Path) -> None:
    def status(*command: str) -> tuple[int, bytes]:
        process = subprocess.Popen(
            [*command, "-c", "print('x' * 100)"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": ROOT},
        )
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        text = process.stderr.read()
        process.stderr.close()
        return process.wait(), text

    assert status(sys.executable, "-m", "jitvm", "run") == status(sys.executable)


def test_files_beside_the_script_do_not_replace_what_jitvm_needs(tmp_path: Path) -> None:
    for name in ("ctypes", "struct", "atexit", "json", "types", "jitvm", "llvmlite", "mmap", "array", "dataclasses"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('shadowed')\n")
    (tmp_path / "script.py").write_text("print('ran')\nfor i in range(10000): pass\n")
    result = run([sys.executable, "-P", "-m", "jitvm", "run", "--stats", str(tmp_path / "script.py")], tmp_path)
    assert result[0] == "ran\n"
    assert "shadowed" not in result[1]


def test_nor_when_only_the_interpreter_was_built_before(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name in ("ast", "dataclasses", "inspect"):
        (own / f"{name}.py").write_text("raise SystemExit('shadowed')\n")
    (own / "script.py").write_text("for i in range(300000): pass\nprint('ran')\n")
    command = [sys.executable, "-m", "jitvm", "run"]
    cache = str(tmp_path / "cache")
    assert run([*command, "--no-jit", "-c", "print(1)"], tmp_path, XDG_CACHE_HOME=cache)[0] == "1\n"
    assert run([*command, "-X", "threshold=1", str(own / "script.py")], tmp_path, XDG_CACHE_HOME=cache) == ("ran\n", "", 0)
