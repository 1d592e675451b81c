"""Compiled loops keep no references: each program is run again and again, and the blocks in use do not grow."""
from __future__ import annotations

import ast
import itertools
from pathlib import Path

import pytest

from tests.programs import harness
from tests.tracing.test_loops import PROGRAMS

NAMES = ("overflow", "floats", "nests", "iterators", "attributes", "calls", "exceptions", "changing_types", "deletions", "fstrings",
         "sorting", "matrices", "slices_and_unpacking", "operators", "strings", "generator_loops", "generators_seen", "generators_begun")
MODES = (harness.Mode("default"), harness.Mode("threshold-2", ("-X", "threshold=2", "-X", "codegen=0")),
         harness.Mode("force-exits", ("-X", "threshold=2", "-X", "force_exits=1", "-X", "codegen=0")))
COUNTED = 1
"""Blocks a round that the measuring itself takes: the count is an int."""


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize("name", NAMES)
def test_no_leak(name: str, mode: harness.Mode, tmp_path: Path) -> None:
    body, tail = split(PROGRAMS[name])
    script = tmp_path / f"{name}.py"
    rounds = 80 if mode.options else 160  # what is hot is compiled later by default
    rounded = harness.LEAK_TAIL.replace("range(14)", f"range({rounds})")
    script.write_text(body + "\ndef main():\n" + "".join("    " + line + "\n" for line in tail) + rounded)
    seen = []
    for _ in range(3):  # a leak shows every time
        got = harness.in_vm(script, mode)
        assert got.status == 0, got.stderr
        counts = ast.literal_eval(got.stdout.splitlines()[-1].split(" ", 1)[1])[-25:]
        steps = [after - before for before, after in itertools.pairwise(counts)]
        if sorted(steps)[len(steps) // 4] <= COUNTED:  # a leak is in each step; what is compiled late makes some of them large
            return
        seen.append(steps)
    pytest.fail(str(seen))


def split(source: str) -> tuple[str, list[str]]:
    """Definitions (and what they need), and the rest as the lines of a function."""
    tree = ast.parse(source)
    keep = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign)
    top = [node for node in tree.body if isinstance(node, keep)]
    rest = [node for node in tree.body if not isinstance(node, (*keep, ast.For, ast.While, ast.AugAssign))]
    return "\n".join(map(ast.unparse, top)), "\n".join(map(ast.unparse, rest)).splitlines() or ["pass"]
