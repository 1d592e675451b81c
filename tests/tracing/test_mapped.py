"""What map and filter call is inlined in compiled loops: these are not left for it."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.programs import harness

MODE = harness.Mode("in-turn", ("-X", "loop_threshold=50", "-X", "call_threshold=1000000000", "-X", "grace=0", "-X", "background=0",
                                "-X", "compile_share=0", "-X", "cache=0"))
PROGRAM = """
def odd(x):
    return x & 1
def run(items):
    t = 0
    for x in {kind}(odd, items):
        t += x
    return t
for _ in range(20):
    run({items})
"""


@pytest.mark.parametrize("items", ["list(range(2000))", "tuple(range(2000))", "range(2000)"])
@pytest.mark.parametrize("kind", ["map", "filter"])
def test_a_loop_over_it_is_seldom_left(kind: str, items: str, tmp_path: Path) -> None:
    script, stats = tmp_path / "script.py", tmp_path / "stats.json"
    script.write_text(PROGRAM.format(kind=kind, items=items))
    assert harness.in_vm(script, MODE, "--stats-json", str(stats)) == harness.on_host(script)
    figures = json.loads(stats.read_text())
    assert "compiled" in {row["outcome"] for row in figures["loops"] if row["line"] == 6}
    assert figures["exits_taken"] < 200
