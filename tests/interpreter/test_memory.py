"""Memory in huge pages: where it is used, where it keeps out of the way, and that what is kept is bounded."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jitvm.runtime.context import HUGE_PAGES
from jitvm.spec.shared import CONSTANTS

ROOT = str(Path(__file__).resolve().parents[2])
MIB = 1 << 20
try:
    WITH_PAGES = "[never]" not in Path(HUGE_PAGES).read_text()
except OSError:
    WITH_PAGES = False
needs_pages = pytest.mark.skipif(not WITH_PAGES, reason="a system without transparent huge pages")

HEAD = f"""
import json, sys
machine = sys.modules["jitvm.runtime.launch"].machine
block = machine.native.state("memory")
CONSTANTS = {CONSTANTS!r}
def word(name, place=0):
    return machine.native.peek(block + CONSTANTS["MEMORY_" + name] + 8 * place)
def advised():
    "Bytes of the program in mappings that were advised to have huge pages."
    total = size = 0
    for line in open("/proc/self/smaps"):
        if line.startswith("Size:"):
            size = int(line.split()[1]) * 1024
        elif line.startswith("VmFlags:") and " hg" in line:
            total += size
    from jitvm.backend.elf import Region
    return total - Region.total  # jitvm's own code
def resident():
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmRSS:"))
"""


def _shown(script: str, *options: str, **environment: str) -> object:
    """What a script prints as JSON, run after HEAD in the VM."""
    done = subprocess.run([sys.executable, "-m", "jitvm", "run", *options, "-c", HEAD + script], capture_output=True, text=True, cwd=ROOT,
                          env={**os.environ, **environment}, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_pages
def test_large_blocks_and_arenas_are_in_huge_pages() -> None:
    blocks, pieces, large, all_of_it = _shown("""
data = bytearray(9 << 20)
large = advised()
objects = [(i,) for i in range(150_000)]
print(json.dumps([word("BLOCKS"), word("PIECES"), large, advised()]))
""")
    assert blocks == 2
    assert pieces >= 2
    assert large >= 9 * MIB
    assert all_of_it >= large + 2 * MIB * pieces


ALONE = """
data = bytearray(9 << 20)
objects = [(i,) for i in range(150_000)]
del data
print(json.dumps([block, advised()]))
"""


@pytest.mark.parametrize(("options", "environment"), [
    (("-X", "huge_pages=0"), {}), ((), {"PYTHONMALLOC": "malloc"}), ((), {"PYTHONTRACEMALLOC": "1"}),
], ids=["off", "malloc", "tracemalloc"])
def test_other_allocators_are_left_alone(options: tuple[str, ...], environment: dict[str, str]) -> None:
    assert _shown(ALONE, *options, **environment) == [0, 0]


DEBUGGED = [{"PYTHONMALLOC": "debug"}, {"PYTHONMALLOC": "pymalloc_debug"}, {"PYTHONMALLOC": "malloc_debug"}, {"PYTHONDEVMODE": "1"},
            {"PYTHONDEVMODE": "1", "PYTHONTRACEMALLOC": "1"}]


@pytest.mark.parametrize("environment", DEBUGGED, ids=["debug", "pymalloc_debug", "malloc_debug", "dev", "dev and tracemalloc"])
def test_the_hosts_debug_hooks_keep_the_script_on_the_host(environment: dict[str, str]) -> None:
    script = "total = 0\nfor i in range(300_000):\n    total = i * 5000 - total\nprint(total)"
    done = subprocess.run([sys.executable, "-m", "jitvm", "run", "-X", "threshold=1", "-c", script], capture_output=True, text=True,
                          cwd=ROOT, env={**os.environ, **environment}, check=True)
    total = 0
    for i in range(300_000):
        total = i * 5000 - total
    assert done.stdout == f"{total}\n"
    assert done.stderr == "jitvm: warning: debug hooks check every memory block; the script runs on the host\n"


@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_a_bounded_address_space_is_left_alone(limit: str) -> None:
    bounded = (f"import os, resource, sys; resource.setrlimit(resource.{limit}, (1 << 31, 1 << 31)); "
               "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])")
    done = subprocess.run([sys.executable, "-c", bounded, "-m", "jitvm", "run", "-c", HEAD + ALONE], capture_output=True, text=True,
                          cwd=ROOT, check=True)
    assert json.loads(done.stdout) == [0, 0]


@needs_pages
def test_a_bound_set_later_is_a_memory_error() -> None:
    assert _shown("""
import resource
kept = bytearray(3 << 20)
resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))
shown = []
for megabytes in (1000, 3, 1000):
    try:
        shown.append(len(bytearray(megabytes << 20)) >> 20)
    except MemoryError:
        shown.append("MemoryError")
items = []
try:
    while True:
        items.append(None)
except MemoryError:
    shown.append(len(items) > 1_000_000)
print(json.dumps(shown))
""") == ["MemoryError", 3, "MemoryError", True]


@needs_pages
@pytest.mark.parametrize("spare", [0, 8, 32])
def test_what_is_kept_is_bounded(spare: int) -> None:
    before, after, counted, kept, blocks, limit = _shown("""
import gc
def work():
    lists = [[None] * (size << 17) for size in (1, 2, 3, 5, 8, 2, 1, 3)]
    for items in lists:
        items.extend(items)
        items.append(None)
    return len(lists)
work()
gc.collect()
before = resident()
for _ in range(5):
    work()
    objects = [(i, str(i)) for i in range(200_000)]
    del objects
gc.collect()
kept = sum(word("KEPT", place) & 0x1fffff for place in range(CONSTANTS["MEMORY_KEPT_SLOTS"]))
print(json.dumps([before, resident(), word("SPARE"), kept, word("BLOCKS"), word("SPARE_LIMIT")]))
""", "--no-jit", "-X", f"spare_memory={spare}")
    assert blocks == 0
    assert counted == kept <= limit <= spare * MIB // 4096
    assert after - before < (spare + 12) * MIB


def test_the_collector_does_not_go_through_the_machine() -> None:
    """What is there from the start to the end is out of its lists, loaded compiler included; what the program made is in them."""
    modules, functions, own, unfrozen = _shown("""
import gc, sys
class Mine: pass
kept = [Mine()]
total = 0
for k in range(300_000):
    total += k & 3
found = gc.get_objects()
names = {id(vars(module)) for name, module in sys.modules.items() if name.startswith("jitvm.tracing")}
seen = [type(thing).__name__ for thing in found if id(getattr(thing, "__globals__", None)) in names]
gc.unfreeze()
later = [thing for thing in gc.get_objects() if id(getattr(thing, "__globals__", None)) in names]
print(json.dumps([len(names), len(seen), sum(type(thing) is Mine for thing in found), len(later)]))
""", "-X", "threshold=1")
    assert modules > 20
    assert functions < 100  # methods that replays have made since
    assert own == 1
    assert unfrozen > 500


@needs_pages
def test_hooks_that_wrap_later_see_every_block() -> None:
    assert _shown("""
import tracemalloc
early = bytearray(3 << 20)
tracemalloc.start()
late = bytearray(5 << 20)
traced = tracemalloc.get_traced_memory()[0]
early.extend(b"x" * (1 << 20))
del early
tracemalloc.stop()
late.extend(b"y")
print(json.dumps([traced >> 20, len(late), word("BLOCKS")]))
""") == [5, (5 << 20) + 1, 1]


def test_arrays_of_threads() -> None:
    pytest.importorskip("numpy")
    assert _shown("""
import threading
import numpy
sums = []
def work(seed):
    items = []
    for i in range(40):
        items.append(numpy.full(200_000 + 1000 * i, seed, dtype=numpy.int64))
        items.append(bytearray((1 << 20) + i))
        if i % 3 == 0:
            del items[0]
    sums.append(sum(int(item.sum()) for item in items if isinstance(item, numpy.ndarray)))
threads = [threading.Thread(target=work, args=(seed,)) for seed in range(1, 5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps([total // min(sums) for total in sorted(sums)]))
""") == [1, 2, 3, 4]


def test_the_hosts_figures_can_be_shown() -> None:
    done = subprocess.run([sys.executable, "-m", "jitvm", "run", "-c", "objects = [(i,) for i in range(200_000)]\nimport sys\n"
                           "sys._debugmallocstats()"], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "arenas allocated current" in done.stderr
