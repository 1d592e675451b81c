"""Compiled code and the names of its module: a name that is added elsewhere costs an exit, no rebuild."""
from __future__ import annotations

import json
from pathlib import Path

from tests.programs import harness

SOURCE = '''
K = 3
def total(n):
    s = 0
    for i in range(n):
        s += len("abc") + K
    return s
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
for r in range(100):
    print(total(500), fib(13))
    if CHANGES:
        globals()["added%d" % r] = r
        if r % 10 == 5:
            del globals()["added%d" % (r - 2)]
'''


def loops(script: Path, stats: Path) -> dict[str, dict[str, object]]:
    """The statistics of its loops by function."""
    harness.in_vm(script, harness.Mode("", ("-X", "loop_threshold=50", "-X", "call_threshold=50", "-X", "compile_share=0",
                                            "-X", "background=0", "-X", "grace=0")), "--stats-json", str(stats))
    return {row["function"]: row for row in json.loads(stats.read_text())["loops"]}


def test_added_and_removed_names_cost_no_rebuild(tmp_path: Path) -> None:
    script, stats = tmp_path / "names.py", tmp_path / "stats.json"
    script.write_text("CHANGES = False\n" + SOURCE)
    steady = loops(script, stats)
    script.write_text("CHANGES = True\n" + SOURCE)
    changing = loops(script, stats)
    for name in ("total", "fib"):
        assert changing[name]["outcome"] == steady[name]["outcome"] == "compiled"
        assert changing[name]["builds"] == steady[name]["builds"]
