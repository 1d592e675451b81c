"""The settings iterator_paths, call_binding and locals_sync switch what they say."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from jitvm.frontend.module import Module
from jitvm.spec.bytecodes import BYTECODES, OPCODE_MASK

ROOT = Path(__file__).resolve().parents[2]


def run(path: Path, *options: str) -> str:
    """What a script prints in jitvm, to both streams."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "jitvm", "run", *options, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=True)
    return done.stdout + done.stderr


def bytecodes(iterator_paths: bool) -> set[str]:
    """The bytecodes of a module that loops."""
    module = Module("for a, b in zip(x, y): pass\nfor c in z: pass\n", "a.py", iterator_paths=iterator_paths)
    words = module.unit(module.host).words
    found, place = set(), 0
    while place < len(words):
        row = BYTECODES[words[place] & OPCODE_MASK]
        found.add(row.name)
        place += 2 * row.size
    return found


def test_iterator_paths() -> None:
    names = {"for_iter", "for_pair", "for_next"}
    assert bytecodes(True) & names == {"for_iter", "for_pair"}
    assert bytecodes(False) & names == {"for_next"}


def test_call_binding(tmp_path: Path) -> None:
    script, file = tmp_path / "a.py", tmp_path / "a.json"
    script.write_text("def f(a, b=1, *c): return b\nfor i in range(9): f(i); f(i, b=i); f(*(1, 2))\n")
    plans = []
    for value in "01":
        run(script, "--stats-json", str(file), "-X", f"call_binding={value}")
        plans.append(json.loads(file.read_text())["caches"]["call plans"]["size"])
    assert plans == [0, 3]


def test_locals_sync(tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    script.write_text("def f(n):\n    a = 0\n    for i in range(n):\n        a += i\n        b = a * 2\n        c = b - a\n"
                      "    return a, b, c\nf(99)\nf(99)\n")
    eager, lazy = (run(script, "-X", "threshold=2", "-X", "dump=l", "-X", f"locals_sync={value}").count("@t_store_int(") for value in "01")
    assert lazy < eager
