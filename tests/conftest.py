"""The interpreter is built before the first test: its one-line notice would be in the stderr that a test compares."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the workers of a parallel run begin after this
        subprocess.run([sys.executable, "-m", "jitvm", "run", "-X", "threshold=1", "-c", "for i in range(9): pass"],
                       cwd=Path(__file__).resolve().parents[1], capture_output=True, check=False)
