"""The command line itself: options, wrong options, help, the reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jitvm.spec import settings

ROOT = str(Path(__file__).resolve().parents[2])


def jitvm(*arguments: str, folder: Path | None = None) -> tuple[str, str, int]:
    done = subprocess.run(
        [sys.executable, "-m", "jitvm", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    return done.stdout, done.stderr, done.returncode


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "a command is missing"),
        (("--fast",), "unknown option --fast"),
        (("walk",), "unknown command walk"),
        (("run",), "nothing to run: a script, -m, -c or - is missing"),
        (("run", "--fast", "x.py"), "unknown option --fast"),
        (("run", "-O", "x.py"), "unknown option -O"),
        (("run", "-c"), "argument expected for the -c option"),
        (("run", "-m"), "argument expected for the -m option"),
        (("run", "-X"), "argument expected for the -X option"),
        (("run", "--stats-json"), "argument expected for the --stats-json option"),
        (("run", "-X", "speed=9", "x.py"), "no setting 'speed' (see --help-x)"),
        (("run", "-X", "threshold=many", "x.py"), "threshold takes a whole number, not 'many'"),
        (("run", "-Xtrace_limit=0", "x.py"), "trace_limit takes at least 1, not 0"),
        (("run", "-Xcodegen=4", "x.py"), "codegen takes 0 to 3, not 4"),
        (("run", "-Xverify=maybe", "x.py"), "verify takes 0 or 1, not 'maybe'"),
        (("dis",), "dis takes one file"),
    ],
)
def test_wrong_command_lines(arguments: tuple[str, ...], message: str) -> None:
    out, err, status = jitvm(*arguments)
    assert (out, err.splitlines()[0], status) == ("", f"jitvm: {message}", 2)


def test_help() -> None:
    assert jitvm("--version")[0].startswith("jitvm ")
    assert "usage" in jitvm("--help")[0]
    assert "--stats-json" in jitvm("run", "--help")[0]
    out, err, status = jitvm("run", "--help-x")
    assert (err, status) == ("", 0)
    for row in settings.TABLE:
        assert row.name in out
        assert row.doc in out


def test_every_setting_is_accepted(tmp_path: Path) -> None:
    target = tmp_path / "stats.json"
    options = [f"-X{row.name}={int(row.default) if row.kind != 'letters' else ''}" for row in settings.TABLE]
    assert jitvm("run", "--stats-json", str(target), *options, "-c", "print(1)") == ("1\n", "", 0)
    assert json.loads(target.read_text())["settings"] == {}


def test_reports(tmp_path: Path) -> None:
    program = "import os, sys; sys.stderr = None; os.chdir('/'); print(sys.argv[1:]); sys.exit(4)"
    out, err, status = jitvm(
        "run", "--stats", "--no-jit", "--stats-json", "out.json", "-X", "threshold=1", "-c", program, "--stats", folder=tmp_path
    )
    assert (out, status) == ("['--stats']\n", 4)
    assert "in the virtual machine" in err
    figures = json.loads((tmp_path / "out.json").read_text())
    assert {"functions_vm", "functions_host", "loops", "caches", "seconds"} <= figures.keys()
    assert {"recording", "compiling"} <= figures["seconds"].keys()
    hot = dict.fromkeys(("threshold", "loop_threshold", "exit_threshold", "call_threshold", "warm_up"), 1)
    assert figures["settings"] == {"jit": False, **hot}


def test_reports_come_after_a_traceback_and_once_from_forks(tmp_path: Path) -> None:
    program = "import os, atexit\nif os.fork() == 0: raise SystemExit\nos.wait()\n1/0"
    _, err, status = jitvm("run", "--stats", "-c", program)
    assert status == 1
    assert err.count("in the virtual machine") == 1
    assert err.index("ZeroDivisionError") < err.index("in the virtual machine")


def test_a_report_that_cannot_be_written() -> None:
    out, err, status = jitvm("run", "--stats-json", "/nowhere/x.json", "-c", "print(1)")
    assert (out, err, status) == ("1\n", "jitvm: cannot write /nowhere/x.json: No such file or directory\n", 0)


def test_dis_of_missing_and_wrong_files(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("x = (")
    out, err, status = jitvm("dis", "wrong.py", folder=tmp_path)
    assert (out, status) == ("", 1)
    assert err.endswith("SyntaxError: '(' was never closed\n")
    assert "Traceback" not in err
    out, err, status = jitvm("dis", "missing.py", folder=tmp_path)
    assert (out, err, status) == ("", "jitvm: can't open file 'missing.py': [Errno 2] No such file or directory\n", 2)


def test_dis_lists_every_function(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("def f(a):\n    def g():\n        return a\n    return g\nprint(f(1)())\n")
    out, err, status = jitvm("dis", "script.py", folder=tmp_path)
    assert (err, status) == ("", 0)
    for head in ("<module>, script.py:1, ", "f, script.py:1, ", "f.<locals>.g, script.py:2, "):
        assert head in out
    assert "load_global" in out


def test_the_command_imports_little() -> None:
    program = "import sys; before = set(sys.modules); import jitvm.cli; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": ROOT}
    )
    assert {name for name in done.stdout.split() if name.count(".") > 1 or not name.startswith("jitvm")} == set()


def test_the_compiler_is_loaded_for_loops_that_take_much_of_the_run() -> None:
    """A program that waits, or works elsewhere, and has some loops of a few rounds, does without; one that stays in a loop does not."""
    program = """
import sys, time
def total(items):
    t = 0
    for x in items:
        t += x
    return t
time.sleep(0.4)
items = tuple(range(10))
for _ in range(20000):
    total(items)
loaded = "jitvm.tracing.driver" in sys.modules
n = 0
while n < 300_000_000 and "jitvm.tracing.driver" not in sys.modules:
    n += 1
print(loaded, "jitvm.tracing.driver" in sys.modules)
"""
    assert jitvm("run", "-c", program) == ("False True\n", "", 0)


def test_the_assembler_of_a_loop_is_shown() -> None:
    done = subprocess.run([sys.executable, "-m", "jitvm", "run", "-X", "threshold=2", "-X", "dump=a", "-X", "cache=0", "-c",
                           "total = 0\nfor i in range(500):\n    total += i\nprint(total)"], capture_output=True, text=True, timeout=60,
                          check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.stdout == "124750\n"
    assert "jo\t" in done.stderr or "jo " in done.stderr
