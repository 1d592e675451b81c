"""Formatted strings are the host's to the byte, in every mode."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.cases import PERCENT, TEMPLATES, script

MODES = {"no-jit": ("--no-jit",), "default": (), "threshold-1": ("-X", "threshold=1"), "off": ("-X", "format_cache=0")}


def run(path: Path, options: tuple[str, ...]) -> str:
    """The output of a script in the VM."""
    command = [sys.executable, "-m", "jitvm", "run", *options, str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.parametrize(("mode", "seed", "specs", "values"), [
    ("no-jit", 1, 250, 60), ("no-jit", 2, 60, 300), ("default", 3, 40, 80), ("threshold-1", 4, 6, 40), ("off", 5, 60, 40)])
def test_grammar_of_specifications(mode: str, seed: int, specs: int, values: int, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(script(seed, specs, values))
    output = run(path, MODES[mode])
    assert output.startswith("compared ") and int(output.split()[1]) > 20 * specs, output[:2000]


@given(st.lists(st.one_of(st.integers(-(1 << 65), 1 << 65), st.floats(), st.text(max_size=6), st.booleans()), min_size=40, max_size=60),
       st.lists(st.from_regex(r"\A([*0 x]?[<>^=])?[-+ ]?#?0?[0-9]{0,2}[,_]?(\.[0-9]{1,2})?[bdoxXf%sFge]?\Z"), min_size=40, max_size=60))
@settings(max_examples=6, deadline=None)
def test_hypothesis(tmp_path_factory: pytest.TempPathFactory, values: list[object], specs: list[str]) -> None:
    differ = "if shown(f{0}, value) != shown(format, value, {1!r}): print(repr(value), {1!r}, shown(f{0}, value))"
    lines = ["nan, inf = float('nan'), float('inf')", "def shown(run, *arguments):", "    try:", "        return run(*arguments)",
             "    except (ValueError, OverflowError) as error:", "        return str(error)", f"values = {values!r}"]
    for number, spec in enumerate(specs):
        lines += [f"def f{number}(value): return f{('{value:' + spec + '}')!r}", "for value in values:",
"    " + differ.format(number, spec)]
    path = tmp_path_factory.mktemp("formats") / "script.py"
    path.write_text("\n".join(lines) + "\n")
    assert run(path, ("--no-jit",)) == ""


@pytest.mark.parametrize("mode", MODES)
def test_percent(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(PERCENT.replace("{seed}", str(len(mode))).replace("{count}", "6000"))
    assert run(path, MODES[mode]) == "compared 6000\n"


@pytest.mark.parametrize("mode", MODES)
def test_templates(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(TEMPLATES.format(seed=len(mode), count=8000))
    assert run(path, MODES[mode]) == "compared True\n"


LOOPS = '''
class Odd:
    def __format__(self, spec):
        return f"odd{spec}"
    def __repr__(self):
        return "odd one"
def numbers(n):
    out = []
    x = -7.25
    for i in range(n):
        out.append(f"item {i:05d} {i*1.5:.2f} {x:+9.3f}|{i:x}|{i:,}|{x}|{i}|{-i:_}|{i > 3}")
        x = x * 1.0625
    return out
def mixed(values, width):
    out = []
    for value in values:
        out.append(f"<{value:{width}}|{value!r:>9}|{value}>")
    return out
def failing(values):
    out = []
    for value in values:
        try:
            out.append(f"{value:05d}")
        except ValueError as error:
            out.append(f"{error}")
    return out
print("\\n".join(numbers(400)))
print("\\n".join(mixed([3, 2.5, "text", True, 10**30, "\\u00e9", 7, 8, 9] * 30 + [Odd()], 8)))
print("\\n".join(failing([1, 2, 3] * 40 + [1.5, 7, "a", 8] * 30)))
'''


@pytest.mark.parametrize("mode", MODES)
def test_loops(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(LOOPS)
    expected = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=True).stdout
    assert run(path, MODES[mode]) == expected


def test_statistics_count_specifications(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text("for i in range(3): print(f'{i:05d} {i:n}')\n")
    command = [sys.executable, "-m", "jitvm", "run", "--no-jit", "--stats", str(path)]
    assert "cache formats: 1 hits, 1 misses" in subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stderr
