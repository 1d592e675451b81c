"""Ctrl-C in loops, crashes of native code, and what a program sees of the machinery."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parents[2])
LOOPS = {
    "while": "def f():\n    while True:\n        pass\n",
    "count": "def f():\n    i = 0\n    while True:\n        i += 1\n",
    "for": "def f():\n    for i in range(10 ** 15):\n        j = i * 2\n",
    "call": "def g(x):\n    return x\ndef f():\n    while True:\n        g(1)\n",
    "recursion": "def g(n):\n    return n if n < 2 else g(n - 1) + g(n - 2)\ndef f():\n    g(90)\n",
}
TAIL = """
import sys, time
print("ready", flush=True)
try:
    f()
except KeyboardInterrupt:
    print("stopped", time.time(), flush=True)
"""


def _command(*options: str) -> list[str]:
    return [sys.executable, "-m", "jitvm", "run", *options]


@pytest.mark.parametrize("options", [("--no-jit",), ()], ids=["no-jit", "default"])
@pytest.mark.parametrize("name", LOOPS)
def test_interrupt_reaches_a_loop(name: str, options: tuple[str, ...]) -> None:
    command = [*_command(*options), "-c", LOOPS[name] + TAIL]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.readline().split()[0] == "stopped"
        assert process.wait() == 0


CRASHES = {
    "fault": "import ctypes\ndef f():\n    ctypes.string_at(0)\nf()",
    "signal": "import os\ndef f():\n    os.kill(os.getpid(), 11)\nf()",
}


@pytest.mark.parametrize("crash", CRASHES.values(), ids=CRASHES)
def test_crash_names_the_way_around(crash: str) -> None:
    done = subprocess.run([*_command(), "-c", crash], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGSEGV
    assert "in f\n" in done.stderr
    assert done.stderr.endswith("runs the same program without compiled loops\n")


def test_no_frame_of_the_machinery_is_seen() -> None:
    code = ("import signal, sys, traceback\n"
            "def walk(f):\n    out = []\n    while f:\n        out.append(f.f_code.co_name)\n        f = f.f_back\n"
            "    return out\n"
            "class A:\n    def __del__(self):\n        print(walk(sys._getframe()))\n"
            "def f():\n    a = A()\n    a = None\n    print(sorted([1], key=lambda x: walk(sys._getframe())))\n"
            "signal.signal(signal.SIGUSR1, lambda n, frame: print(walk(frame)))\n"
            "def g():\n    signal.raise_signal(signal.SIGUSR1)\n    for i in range(3):\n        pass\n"
            "f()\ng()\n")
    done = [subprocess.run([*command, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
            for command in ([sys.executable], _command("--no-jit"))]
    assert done[0].stdout == done[1].stdout
    assert done[0].stderr == done[1].stderr == ""


def test_an_audit_hook_is_called_until_the_very_end() -> None:
    """Regression: the VM was asked to compile the hook while the interpreter state was cleared, and freed frames too late."""
    program = "import sys\nsys.addaudithook(lambda name, arguments: None)\nprint('done')\n"
    done = subprocess.run(_command("--no-jit", "-c", program), capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.stdout, done.returncode) == ("done\n", 0)
