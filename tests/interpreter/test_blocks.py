"""Small blocks from pymalloc's pools: the host's counts stay right, tracemalloc sees them, another allocator gets its due."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jitvm.spec.shared import CONSTANTS

ROOT = str(Path(__file__).resolve().parents[2])
HEAD = f"""
import gc, json, sys, tracemalloc
launch = sys.modules.get("jitvm.runtime.launch")
def from_pools():
    if launch is None:
        return True
    native = launch.machine.native
    words = native.state("pools")
    return native.peek(words + {CONSTANTS["POOLS_TABLE"]}) != words + {CONSTANTS["POOLS_EMPTY"]}
def ints(n):
    return [i * 3 for i in range(1000, 1000 + n)]
def floats(n):
    return [i * 0.5 for i in range(n)]
def texts(n):
    return [f"text {{i:06d}}" for i in range(n)]
def longer(n):
    return [f"{{i:>{{100 + i % 300}}}}" for i in range(n)]
MAKERS = ints, floats, texts, longer
"""
COUNTED = HEAD + """
def grown(make, n):
    gc.collect()
    before = sys.getallocatedblocks()
    kept = make(n)
    return sys.getallocatedblocks() - before
rows = []
for make in MAKERS:
    make(3000)
    rows.append([grown(make, 5000) for _ in range(3)])
for _ in range(20):
    kept = [make(2000) for make in MAKERS]
    del kept[::2]
print(json.dumps([rows, from_pools()]))
"""
TRACED = HEAD + """
rows = []
for n in (40, 400, 4000):
    longer(n)
    kept = longer(7)
    tracemalloc.start()
    kept = longer(n)
    rows.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
print(json.dumps(rows))
"""
OTHER = HEAD + """
import ctypes
class Allocator(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("context", "malloc", "calloc", "realloc", "free")]
host, ours = Allocator(), Allocator()
ctypes.pythonapi.PyMem_GetAllocator(2, ctypes.byref(host))
ours.context, ours.malloc, ours.calloc, ours.realloc, ours.free = 1, host.malloc, host.calloc, host.realloc, host.free
before = from_pools()
ctypes.pythonapi.PyMem_SetAllocator(2, ctypes.byref(ours))
kept = [make(3000) for make in MAKERS]
print(json.dumps([before, from_pools(), [len(text) for text in kept[3][:3]], sum(kept[0])]))
"""


def run(source: str, *command: str, **variables: str) -> Any:
    """What a script prints, under the host or, with ``-m jitvm run``, the machine."""
    environment = {**os.environ, "PYTHONPATH": ROOT, **variables}
    done = subprocess.run([sys.executable, *command, "-c", source], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


MACHINES = pytest.mark.parametrize("options", [("--no-jit",), (), ("-X", "threshold=1")], ids=["no-jit", "default", "threshold-1"])


@MACHINES
def test_blocks_are_counted(options: tuple[str, ...]) -> None:
    rows, used = run(COUNTED, "-m", "jitvm", "run", *options)
    expected, _ = run(COUNTED)
    assert used
    for ours, hosts in zip(rows, expected, strict=True):  # our lists of dead objects keep some hundred blocks
        assert min(abs(a - b) for a, b in zip(ours, hosts, strict=True)) <= 1100


@MACHINES
def test_tracemalloc_sees_them(options: tuple[str, ...]) -> None:
    rows, expected = run(TRACED, "-m", "jitvm", "run", *options), run(TRACED)
    for ours, hosts in zip(rows, expected, strict=True):
        assert ours >= 0.95 * hosts  # and what compiling takes


@MACHINES
def test_another_allocator_is_noticed(options: tuple[str, ...]) -> None:
    before, after, lengths, total = run(OTHER, "-m", "jitvm", "run", *options)
    assert before
    assert not after
    assert (lengths, total) == ([100, 101, 102], sum(i * 3 for i in range(1000, 4000)))


@pytest.mark.parametrize("name", ["malloc", "pymalloc"])
def test_only_with_the_usual_allocator(name: str) -> None:
    assert run(COUNTED, "-m", "jitvm", "run", PYTHONMALLOC=name)[1] is (name == "pymalloc")
