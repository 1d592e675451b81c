"""Real programs: stdout, traceback and exit status equal CPython's in every mode, nothing leaks, nothing runs on the host unseen.

A script has a function ``main`` that it calls; a line ``# leaks: no`` exempts it from the leak check (threads, forks, and what
grows under CPython too).
"""
from __future__ import annotations

from pathlib import Path

import pytest

from jitvm.spec import reasons
from tests.programs import harness

MODULES = ("shapes",)
"""Scripts that are imported by others; all the rest are programs."""
PROGRAMS = sorted(path for path in harness.SCRIPTS.glob("*.py") if path.stem not in MODULES)
HOST_REASONS = ("generator that waits within an expression", reasons.describe("host-called"))
NO_LEAK = 12


@pytest.mark.parametrize("mode", harness.MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize("script", PROGRAMS, ids=lambda path: path.stem)
def test_same_as_host(script: Path, mode: harness.Mode) -> None:
    expected, got = harness.both(script, mode)
    assert got.stdout == expected.stdout
    assert got.stderr == expected.stderr
    assert got.status == expected.status


@pytest.mark.parametrize("script", PROGRAMS, ids=lambda path: path.stem)
def test_no_leak(script: Path) -> None:
    if "# leaks: no" in script.read_text():
        pytest.skip("the script says so")
    rows = []
    for _ in range(3):  # a leak shows every time; what the host's library leaks varies from run to run
        host, vm, printed = harness.grown(script, harness.MODES[0])
        if vm <= max(3 * host, 0) + NO_LEAK:
            return
        rows.append((host, printed))
    pytest.fail(str(rows))


@pytest.mark.parametrize("script", PROGRAMS, ids=lambda path: path.stem)
def test_runs_in_the_vm(script: Path) -> None:
    rows = harness.functions_on_host(script, harness.MODES[0])
    assert [row for row in rows if row[1] not in HOST_REASONS] == []
