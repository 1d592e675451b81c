"""Random generators, driven at random: what they do in the VM is what they do under CPython."""
from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.generators import coroutines
from tests.generators.programs import program
from tests.programs import harness

MODES = (*harness.MODES, harness.Mode("threshold-2", ("-X", "threshold=2")))


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 32))
def test_random_generators(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    script = tmp_path_factory.mktemp("generators") / "script.py"
    script.write_text(program(Random(seed), functions=12, drives=3))
    expected = harness.on_host(script)
    assert expected.status == 0, expected.stderr[-2000:]
    for mode in MODES:
        assert harness.in_vm(script, mode) == expected


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 32))
def test_random_coroutines(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    script = tmp_path_factory.mktemp("coroutines") / "script.py"
    script.write_text(coroutines.program(Random(seed), functions=10, drives=3))
    expected = harness.on_host(script)
    assert expected.status == 0, expected.stderr[-2000:]
    for mode in MODES:
        assert harness.in_vm(script, mode) == expected


@pytest.mark.parametrize("seed", range(4))
def test_most_coroutines_run_in_the_vm(seed: int, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(coroutines.program(Random(seed), functions=10, drives=1))
    rows = harness.functions_on_host(script, MODES[0])
    assert len(rows) < 6, rows


@pytest.mark.parametrize("seed", range(4))
def test_most_run_in_the_vm(seed: int, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(program(Random(seed), functions=12, drives=1))
    rows = harness.functions_on_host(script, MODES[0])
    assert len(rows) < 4, rows
