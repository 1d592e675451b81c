"""The interpreter is built before the first program runs: its notice is no part of a program's output."""
from __future__ import annotations

import subprocess
import sys

import pytest

from tests.programs.harness import ROOT


@pytest.fixture(scope="session", autouse=True)
def _interpreter() -> None:
    subprocess.run([sys.executable, "-m", "jitvm", "run", "-c", "pass"], cwd=ROOT, capture_output=True, check=False)
