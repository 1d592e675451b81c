"""Machine code of loops on disk: the second run begins with it, damage is noticed, nothing of it shows in the output."""
from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
def run(n):
    total = 0
    for i in range(n):
        total += i * {factor} ^ {mask}
    return total
print([run(200_000) for _ in range(40)])
"""
OPTIONS = ("-X", "loop_threshold=20", "-X", "grace=0", "-X", "codegen=0", "-X", "compile_share=0")


def run(script: Path, *options: str) -> tuple[str, dict[str, int]]:
    """The output of a script and the figures of the cache of machine code."""
    figures = script.with_suffix(".json")
    command = [sys.executable, "-m", "jitvm", "run", *OPTIONS, *options, "--stats-json", str(figures), str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    return done.stdout, json.loads(figures.read_text())["caches"]["machine code"]


def trace_files() -> set[Path]:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jitvm"
    return set(folder.glob("trace-*"))


def test_the_second_run_begins_with_the_code_of_the_first(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(factor=random.randrange(3, 1 << 20), mask=random.randrange(1 << 20)))
    expected = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True).stdout
    before = trace_files()
    output, figures = run(script)
    known = figures["hits"]  # a loop that another script has as well
    assert output == expected
    assert figures["misses"] > 0
    fresh = trace_files() - before
    assert fresh
    assert all(file.stat().st_mode & 0o077 == 0 for file in fresh)
    output, figures = run(script)
    assert output == expected
    assert figures["hits"] > known

    for file in fresh:  # damaged: as if they were not there
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0x55
        file.write_bytes(data)
    output, figures = run(script)
    assert output == expected
    assert figures["hits"] == known and figures["misses"] > 0


def test_the_baseline_code_is_kept_where_there_is_no_better(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(factor=random.randrange(3, 1 << 20), mask=random.randrange(1 << 20)).replace("range(40)", "range(2)"))
    short = "-X", "background=0", "-X", "codegen=2"
    _, figures = run(script, *short)
    assert figures["misses"] > 0
    _, figures = run(script, *short)
    assert figures["misses"] == 0 and figures["hits"] > 0


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(factor=random.randrange(3, 1 << 20), mask=random.randrange(1 << 20)))
    for _ in range(2):
        _, figures = run(script, "-X", "cache=0")
        assert figures["hits"] == figures["misses"] == 0
    _, figures = run(script)
    assert figures["misses"] > 0  # nothing was stored
