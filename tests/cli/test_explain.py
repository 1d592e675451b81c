"""``jitvm explain``: the program runs as it does, and the report names its slow lines and the reasons."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import os, subprocess, sys
def compiled(n):
    total = 0
    for i in range(n):
        total += i * 3 & 255
    return total
def in_c(n):
    for i in range(n):
        sorted(range(20000, 0, -1), key=str)
def interpreted(n):
    text = "x"
    for i in range(n):
        yield text
compiled(40_000_000)
in_c(60)
for item in interpreted(3_000_000):
    pass
if os.fork() == 0:
    os._exit(0)
os.wait()
print(subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout, sys.argv[1:])
sys.exit(3)
"""


def explain(folder: Path, text: str, *options: str, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    (folder / "script.py").write_text(text)
    return subprocess.run([sys.executable, "-m", "jitvm", "explain", *options, "script.py", *arguments], cwd=folder, capture_output=True,
                          text=True, timeout=120, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})


def line_of(piece: str) -> int:
    return SCRIPT[:SCRIPT.index(piece)].count("\n") + 1


def test_slow_lines_are_named(tmp_path):
    done = explain(tmp_path, SCRIPT, arguments=("a", "--stats"))
    assert done.stdout == "42\n ['a', '--stats']\n" and done.returncode == 3
    assert re.match(r"jitvm: \d+\.\d\d s of CPU time in the main thread \(\d+ samples\): ", done.stderr)
    loops = [line_of("    for i in range(n):\n        total"), line_of("        total +=")]
    assert any(re.search(rf" script\.py:{line}  in compiled: .*compiled code", done.stderr) for line in loops), done.stderr
    assert re.search(rf" script\.py:{line_of('        sorted')}  in in_c: .*C functions", done.stderr), done.stderr
    assert done.stderr.count("CPU time") == 1  # the child of the fork says nothing


def test_without_jit_all_is_interpreted(tmp_path):
    done = explain(tmp_path, SCRIPT.replace("40_000_000", "3_000_000"), "--no-jit")
    assert re.search(rf" script\.py:{line_of('        total +=')}  in compiled: .*interpreter", done.stderr), done.stderr
    assert "compiled code," not in done.stderr and ": compiled code" not in done.stderr


def test_reasons_are_given(tmp_path):
    text = "def f(n):\n    for i in range(n):\n        pass\nfor k in range(30000):\n    f(300)\n"
    done = explain(tmp_path, text, "-X", "trace_limit=1")
    assert "the recording is longer than trace_limit" in done.stderr, done.stderr


def test_a_short_program_has_too_few_samples(tmp_path):
    done = explain(tmp_path, "print(1)")
    assert (done.stdout, done.returncode) == ("1\n", 0)
    assert "too short to say where it went" in done.stderr


def test_an_error_of_the_program_is_shown_as_ever(tmp_path):
    done = explain(tmp_path, "1 / 0")
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):\n") and "ZeroDivisionError: division by zero\n" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("--nothing", "script.py"), ("missing.py",)])
def test_wrong_command_lines(arguments):
    done = subprocess.run([sys.executable, "-m", "jitvm", "explain", *arguments], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 2 and not done.stdout
    assert done.stderr
