"""Nests: the loop around a hot one is recorded first where it comes round soon, and waits for the end of the loops within."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parents[2])

SHAPES = {
    "ranges": """
def f(n):
    t = 0
    for i in range(n):
        for j in range(100):
            t += i ^ j
    return t
print(f(80000))
""",
    "called": """
def g(u, k):
    s = 0
    for j, v in enumerate(u):
        s += v * k
    return s
def f(n):
    t = 0
    u = list(range(100))
    for i in range(n):
        t += g(u, i) & 255
    return t
print(f(80000))
""",
    "called while": """
def g(n):
    d = 2
    while d * d <= n:
        if n % d == 0:
            return d
        d += 1
    return n
def f(n):
    t = 0
    for i in range(2, n):
        t += g(i)
    return t
print(f(180000))
""",
    "left early": """
def f(n):
    t = 0
    for i in range(n):
        for j in range(100):
            if j * 7 > i % 650:
                t += 1
                break
            t += j
        else:
            t -= 1
    return t
print(f(120000))
""",
    "two within": """
def f(n):
    t, a = 0, [1, 2, 3] * 30
    for i in range(n):
        for j in a:
            t += j
        if i % 3:
            for k in range(50):
                t ^= k
    return t
print(f(80000))
""",
    "three deep": """
def f(n):
    t = 0
    for i in range(n):
        for j in range(20):
            for k in range(30):
                t += i * j - k
    return t
print(f(16000))
""",
    "raising": """
def f(n):
    t = 0
    for i in range(n):
        try:
            for j in range(80):
                if j == 79 and i % 11 == 0:
                    raise KeyError(i)
                t += j
        except KeyError as e:
            t -= e.args[0]
    return t
print(f(80000))
""",
}
OUTER = {"ranges": 4, "called": 10, "called while": 11, "left early": 4, "two within": 4, "three deep": 4, "raising": 4}
"""The line of the loop that has to be one compiled region with those within."""


@pytest.mark.parametrize("name", SHAPES)
def test_nest(name: str, tmp_path: Path) -> None:
    program, file = tmp_path / "p.py", tmp_path / "stats.json"
    program.write_text(SHAPES[name])
    environment = {**os.environ, "PYTHONPATH": ROOT}
    expected = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=True).stdout
    found = subprocess.run([sys.executable, "-m", "jitvm", "run", "-X", "cache=0", "--stats-json", file, program], capture_output=True,
                           text=True, timeout=60, check=True, env=environment, cwd=tmp_path)
    assert (found.stdout, found.stderr) == (expected, "")
    loops = {loop["line"]: loop for loop in json.loads(file.read_text())["loops"]}
    assert loops[OUTER[name]]["outcome"] == "compiled"


def test_a_nest_of_ranges_is_one_build(tmp_path: Path) -> None:
    program, file = tmp_path / "p.py", tmp_path / "stats.json"
    program.write_text(SHAPES["ranges"])
    subprocess.run([sys.executable, "-m", "jitvm", "run", "-X", "cache=0", "--stats-json", file, program], capture_output=True, timeout=60,
                   check=True, env={**os.environ, "PYTHONPATH": ROOT}, cwd=tmp_path)
    found = json.loads(file.read_text())
    assert {loop["line"]: (loop["outcome"], loop["builds"]) for loop in found["loops"]} == {4: ("compiled", 1), 5: ("inlined", 0)}
    assert found["exits_taken"] < 100


def test_a_long_loop_within_is_not_put_off_for_long(tmp_path: Path) -> None:
    text = """
def f(n):
    t = 0
    for i in range(20):
        for j in range(n):
            t += i ^ j
    return t
print(f(3000000))
"""
    program, file = tmp_path / "p.py", tmp_path / "stats.json"
    program.write_text(text)
    subprocess.run([sys.executable, "-m", "jitvm", "run", "-X", "cache=0", "-X", "dump=e", "--stats-json", file, program], timeout=60,
                   capture_output=True, check=True, env={**os.environ, "PYTHONPATH": ROOT}, cwd=tmp_path)
    assert {loop["line"]: loop["outcome"] for loop in json.loads(file.read_text())["loops"]}[5] == "compiled"
