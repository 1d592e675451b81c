"""Modules of the program's own: whoever calls their functions, the VM runs them, or the statistics name them."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parents[2])
WORK = """\
import contextlib
import functools

def total(n=60_000):
    out = 0
    for k in range(n):
        out += k & 3
    return out

class Worker:
    def method(self, n=60_000):
        out = 0
        for k in range(n):
            out += k & 3
        return out

    @staticmethod
    def static(n=60_000):
        return total(n)

    @property
    def value(self):
        return total()

    class Inner:
        def __len__(self):
            return total()

@functools.lru_cache
def cached(n=60_000):
    out = 0
    for k in range(n):
        out += k & 3
    return out

@functools.singledispatch
def general(n):
    out = 0
    for k in range(n):
        out += k & 3
    return out

def twice(function):
    @functools.wraps(function)
    def wrapper(*arguments, **named):
        return function(*arguments, **named) + function(*arguments, **named)
    return wrapper

@twice
def decorated(n=60_000):
    out = 0
    for k in range(n):
        out += k & 3
    return out

@contextlib.contextmanager
def managed(n=60_000):
    out = 0
    for k in range(n):
        out += k & 3
    yield out
"""
WAYS = {
    "from_the_script": "work.total()",
    "with_a_star": "work.total(*[60_000])",
    "with_two_stars": "work.total(**{'n': 60_000})",
    "by_map": "next(map(work.total, [60_000]))",
    "as_a_sort_key": "sorted([60_000], key=work.total)",
    "by_partial": "functools.partial(work.total, 60_000)()",
    "by_a_thread": "run_thread(work.total)",
    "by_name": "getattr(__import__('work'), 'total')(*())",
    "of_importlib": "importlib.import_module('work').total(*())",
    "a_method_by_map": "next(map(work.Worker().method, [60_000]))",
    "a_static_method": "next(map(work.Worker.static, [60_000]))",
    "a_property": "work.Worker().value",
    "a_slot": "len(work.Worker.Inner())",
    "cached": "work.cached(59_998 + turn)",
    "dispatched": "work.general(60_000)",
    "decorated": "work.decorated()",
    "a_context_manager": "work.managed().__enter__()",
}
SCRIPT = """\
import functools, importlib, threading
import work

def run_thread(target):
    found = []
    thread = threading.Thread(target=lambda: found.append(target()))
    thread.start()
    thread.join()
    return found[0]

for turn in range(3):
    result = {way}
print(result)
"""


def figures(folder: Path, script: str) -> tuple[str, dict[str, object]]:
    """What a script prints, the same as on the host, and the statistics."""
    (folder / "script.py").write_text(script)
    (folder / "work.py").write_text(WORK)
    environment = {**os.environ, "PYTHONPATH": ROOT}
    printed = []
    for command in ([], ["-m", "jitvm", "run", "-X", "threshold=1", "--stats-json", str(folder / "figures")]):
        done = subprocess.run([sys.executable, *command, str(folder / "script.py")], capture_output=True, text=True, timeout=60, check=True,
                              env=environment)
        printed.append(done.stdout)
    assert printed[0] == printed[1]
    return printed[0], json.loads((folder / "figures").read_text())


@pytest.mark.parametrize("way", WAYS)
def test_the_vm_runs_them(tmp_path: Path, way: str) -> None:
    _, found = figures(tmp_path, SCRIPT.replace("{way}", WAYS[way]))
    loops = found["loops"]
    assert isinstance(loops, list)
    assert "compiled" in [row["outcome"] for row in loops if row["file"].endswith("work.py")]
    hosts = found["functions_host"]
    assert isinstance(hosts, list)
    assert [row["name"] for row in hosts if row["file"].endswith("work.py") and row["name"] != "twice"] == []


def test_what_the_host_runs_is_named(tmp_path: Path) -> None:
    """Python code of the host's library that calls a function by name and position."""
    _, found = figures(tmp_path, """\
import textwrap, string, work

class Shown(string.Formatter):
    def get_value(self, key, args, kwargs):
        return work.total(100)

print(Shown().format("{0}", 1))
""")
    hosts = found["functions_host"]
    assert isinstance(hosts, list)
    rows = {row["name"]: row["reason"] for row in hosts}
    assert set(rows) == {"Shown.get_value", "total", "twice"}
    assert all("called by Python code that the host runs" in reason for reason in rows.values())


def test_what_the_host_runs_is_named_once(tmp_path: Path) -> None:
    """A function that the VM refuses has its own reason; a lambda that the host has called is named too."""
    _, found = figures(tmp_path, """\
import string, work

def refused(*a):
    print(*(yield), sep=(yield))

class Shown(string.Formatter):
    get_value = lambda self, key, args, kwargs: work.total(10)

print(Shown().format("{0}"))
for turn in range(2):
    waits = refused()
    next(waits)
    waits.close()
""")
    hosts = found["functions_host"]
    assert isinstance(hosts, list)
    assert sorted(row["name"] for row in hosts) == ["Shown.<lambda>", "refused", "total", "twice"]
    assert [row["reason"] for row in hosts if row["name"] == "refused"] == ["generator that waits within an expression"]
