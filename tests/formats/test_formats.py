"""Formatted strings are the host's to the byte, in every mode."""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.cases import PERCENT, TEMPLATES, script

MODES = {"no-jit": ("--no-jit",), "default": (), "threshold-1": ("-X", "threshold=1"), "off": ("-X", "format_cache=0"),
         "small": ("--no-jit", "-X", "format_entries=4")}


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
    output = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stderr
    assert "cache constant formats: 1 hits, 1 misses" in output


CACHED = '''
import sys
def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4
def run(first, last):
    for i in range(first, last):
        wide = i % 4000
        assert f"{7:{wide}d}" == format(7, f"{wide}d") == str(7).rjust(wide)
        template = f"{{}} of {{:5d}} of {i}"
        assert template.format(7, 8) == template.format(7, 8) == "7 of     8 of " + str(i)
        template = f"{i} of %s of %5d"
        assert template % (7, 8) == template % (7, 8) == str(i) + " of 7 of     8"
run(0, {count} // 2)
middle = memory()
run({count} // 2, {count})
print(memory() - middle)
'''


def test_bound_and_memory(tmp_path: Path) -> None:
    path, figures = tmp_path / "script.py", tmp_path / "stats.json"
    path.write_text(CACHED.replace("{count}", "60000"))
    output = run(path, ("--no-jit", "-X", "format_entries=64", "--stats-json", str(figures)))
    cache = json.loads(figures.read_text())["caches"]["formats"]
    assert cache["bound"] == 64 == cache["size"]
    assert cache["hits"] > 120_000 and cache["misses"] > 120_000
    assert int(output) < 1024, "KiB that the second half of the keys took"


EDGES = '''
import operator, sys
from functools import partial
HOST = partial(str.format)
def shown(run, *values, **names):
    try:
        result = run(*values, **names)
        return result, len(result) < 2 and result is chr(ord(result or "\\0")), [result is value for value in values]
    except (TypeError, ValueError, OverflowError, LookupError, AttributeError) as error:
        return type(error).__name__ + ": " + str(error)
def formatted(template, *values, **names):
    return template.format(*values, **names)
text = "".join(["a ", "word"])
letter = "".join(["", "a"])
values = [text, letter, "", 5, "\u00e9", "\u20ac", 2.5, None, True]
templates = ["{}", "{}{}", "{}{}{}", "{:d}", "{:5}", "{:1}", "x{}", "{}x", "{:{}}", "{:>{}}{}", "{0}{0}", "{{{}", "{}}}", "{:.1}", "{!r}",
             "{}" * 16, "{}" * 17, "{}-" * 20, "{}-" * 19 + "{}", "{:{}{}}" * 8,
             "x" * 2044 + "{}", "x" * 2046 + "{}", "x" * 2047 + "{}",
             "{12}", "{9999}", "{10000}", "{a}", "{a:>{b}}", "{a}{}", "{}{a:{}}", "{:}", "{:}}", "{:{{}}}", "{0:{}}", "{:{0}}",
             "{a1_}", "{", "}", "", "x", "{{", "}}", "{{}}", "{!}", "{!r", "{!rx}", "{:{", "{:{}", "{:{}x",
             "{:{!r}}", "{:{:}}", "\u00e9{}", "{\u00e9}", "{:\u00e9>5}"]
count = 0
for _ in range(3):
    for template in templates:
        for i in range(len(values)):
            for n in (1, 2, 3, 20):
                given = (values * 4)[i:i + n]
                names = {"a": values[i], "b": 7, "a1_": i}
                count += 1
                if shown(formatted, template, *given, **names) != shown(HOST, template, *given, **names):
                    print("DIFFERS", template, given, shown(formatted, template, *given, **names), shown(HOST, template, *given, **names))
def percent(template, values):
    return template % values
for _ in range(3):
    for template in [
            "%s", "%s%s", "x%s", "%%%s", "%s%%", "%", "%%", "%s%", "%d" * 16, "%d" * 17, "%d-" * 20, "%s" + "x" * 2045, "%s" + "x" * 2047]:
        for i in range(len(values)):
            for n in (1, 2, 16, 17, 20):
                for given in (values[i], tuple((values * 4)[i:i + n]), (i,) * n):
                    count += 1
                    if shown(percent, template, given) != shown(partial(operator.mod), template, given):
                        print("DIFFERS", template, given)
template, spec = "".join(["{} and ", "{}"]), "".join([">", "9"])
before = sys.getrefcount(template), sys.getrefcount(spec)
for i in range(9):
    template.format(i, i), format(i, spec)
print(count, before == (sys.getrefcount(template), sys.getrefcount(spec)))
'''


@pytest.mark.parametrize("mode", MODES)
def test_edges(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(EDGES)
    expected = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=True).stdout
    assert "DIFFERS" not in expected
    assert run(path, MODES[mode]) == expected
