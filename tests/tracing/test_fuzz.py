"""A bounded sample of the random programs of ``tests.tracing.fuzz``, the same ones each time."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.tracing import fuzz


@pytest.mark.parametrize("seed", range(1000, 1008))
def test_random_program(seed: int, tmp_path: Path) -> None:
    assert fuzz.one(seed, 5, ["no-jit", "default", "threshold-2", "force-exits", "verify", "in-turn"], tmp_path) == []
