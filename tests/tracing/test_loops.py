"""Programs of hot loops: same output as CPython in every mode, and the loops marked ``# compiled`` really are compiled."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.programs import harness

HERE = Path(__file__).resolve().parent
PROGRAMS = {part.partition("\n")[0]: part.partition("\n")[2] for part in (HERE / "loops.txt").read_text().split("#### ")[1:]}
MODES = (
    harness.Mode("no-jit", ("--no-jit",)),
    harness.Mode("default"),
    harness.Mode("threshold-1", ("-X", "threshold=1")),
    harness.Mode("threshold-2-codegen-0", ("-X", "threshold=2", "-X", "codegen=0")),
    harness.Mode("codegen-2", ("-X", "loop_threshold=20", "-X", "codegen=2", "-X", "grace=0")),
    harness.Mode("beside", ("-X", "loop_threshold=20", "-X", "call_threshold=20", "-X", "exit_threshold=3", "-X", "grace=0",
                            "-X", "cache=0")),
    harness.Mode("in-turn", ("-X", "loop_threshold=20", "-X", "call_threshold=30", "-X", "exit_threshold=16", "-X", "warm_up=8",
                             "-X", "grace=0", "-X", "cache=0", "-X", "background=0", "-X", "compile_share=0", "-X", "codegen=0")),
    harness.Mode("force-exits", ("-X", "threshold=2", "-X", "force_exits=1")),
    harness.Mode("verify", ("-X", "threshold=2", "-X", "verify=1")),
)
EAGER = harness.Mode("eager", ("-X", "threshold=2", "-X", "codegen=0", "-X", "compile_share=0"))
KNOWN = {"arguments_end": "an argument of a call that is not inlined lives until the call returns, not until the parameter is overwritten"}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every program as a script."""
    path = tmp_path_factory.mktemp("loops")
    for name, source in PROGRAMS.items():
        (path / f"{name}.py").write_text(source)
    return path


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize("name", PROGRAMS)
def test_same_as_host(name: str, mode: harness.Mode, folder: Path) -> None:
    expected, got = harness.both(folder / f"{name}.py", mode)
    if name in KNOWN and got != expected:
        pytest.xfail(KNOWN[name])
    assert expected.status == 0, expected.stderr
    assert got == expected


@pytest.mark.parametrize("name", [name for name, source in PROGRAMS.items() if "# compiled" in source])
def test_compiled(name: str, folder: Path, tmp_path: Path) -> None:
    harness.in_vm(folder / f"{name}.py", EAGER, "--stats-json", str(tmp_path / "stats.json"))
    compiled = {row["line"] for row in json.loads((tmp_path / "stats.json").read_text())["loops"] if row["outcome"] == "compiled"}
    wanted = {number for number, line in enumerate(PROGRAMS[name].splitlines(), 1) if line.endswith("# compiled")}
    assert wanted - compiled == set()


def test_calls_that_would_return_at_once_are_not_made(folder: Path) -> None:
    done = harness.in_vm(folder / "recursion_that_ends_at_once.py", EAGER, "-X", "dump=l", "-X", "cache=0")
    bodies = [text for text in done.stderr.split("define internal ")[1:] if "@body" in text]
    rows = [(text.count(".early = "), text.count("{i64, i64} @body(") - 2) for text in bodies]  # without definition and wrapper
    assert rows[:5] == [(2, 2), (2, 2), (1, 1), (3, 3), (1, 1)]  # fib, turned, zero, between, large
    assert (0, 2) in rows  # half: its arguments are floats
