"""eval, exec and compile of texts give what CPython gives, however often the texts come; the cache of their code stays at its bound."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.long import KEYS

MODES = {"no-jit": ("--no-jit",), "default": (), "threshold-1": ("-X", "threshold=1"), "off": ("-X", "expression_cache=0"),
         "small": ("--no-jit", "-X", "expression_entries=4")}
ENVIRONMENT = {**os.environ, "PYTHONHASHSEED": "0"}

SCRIPT = '''
import sys, warnings
warnings.simplefilter("ignore")
texts = {texts!r}
class Odd:
    def __getattr__(self, name):
        return name
def names():
    return {{"a": 7, "b": -2.5, "c": "text", "d": [3, 1000, "x y"], "e": Odd(), "n": 1000}}
def shown(run):
    try:
        value = run()
        return type(value).__name__ + " " + (repr(value) if " at 0x" not in repr(value) else "object")
    except Exception as error:
        return type(error).__name__ + ": " + (str(error) if " at 0x" not in str(error) else "object")
def with_locals(text, a, b):
    c, d, e, n = "text", [3, 1000, "x y"], Odd(), 1000
    return eval(text)
def executed(text):
    inside = names()
    try:
        exec(text, inside)
    finally:
        inside.pop("__builtins__", None)
        last.append(sorted((name, repr(value) if " at 0x" not in repr(value) else "object") for name, value in inside.items()))
last = []
for text in texts:
    for _ in range(4):
        print(ascii(shown(lambda: eval(text, names()))), ascii(shown(lambda: with_locals(text, 7, -2.5))))
        print(ascii(shown(lambda: executed(text))), ascii(last.pop() if last else ""))
        for mode in ("eval", "exec", "single"):
            print(ascii(shown(lambda: compile(text, "a file", mode).co_consts)))
'''

leaves = st.sampled_from(["a", "b", "c", "d", "e", "n", "1000", "7", "2.5", "'x y'", "'name'", "(1, 2000)", "[1, 1000, 'p q']", "None",
                          "...", "1j", "b'by'", "{1: 'one two'}", "{1000, 2}", "lambda: 3000", "missing", "''", "()", "-1"])


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions of expressions."""
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "//", "%", "==", "<", "and", "or", "in", "is not"]), inner),
        st.builds("{}[{}]".format, inner, inner), st.builds("{}.real".format, inner), st.builds("[x for x in {}]".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner), st.builds("f'{{{}!r:>8}}'".format, st.sampled_from("abcn")),
        st.builds("(lambda q={}: (q, {}))()".format, inner, inner), st.builds("(w := {})".format, inner), st.builds("not {}".format, inner))


expressions = st.recursive(leaves, compound, max_leaves=6)
statements = st.one_of(st.builds("{} = {}".format, st.sampled_from(["a", "z", "d[0]", "e.y"]), expressions),
                       st.builds("for i in {}: z = i, {}".format, expressions, expressions),
                       st.builds("def f(p={}):\n  'doc text'\n  return p, {}\nz = f()".format, expressions, expressions),
                       st.builds("try:\n  z = {}\nexcept Exception as k:\n  z = str(k)".format, expressions),
                       st.builds("class K:\n  z = {}\nz = K.z".format, expressions), expressions)
broken = st.builds(lambda text, place, char: text[:place] + char + text[place:], expressions, st.integers(0, 12),
                   st.sampled_from(["(", ")", "'", " ", "\\", "\n", "0", "é", "=", "\t", "\0"]))


def run(path: Path, options: tuple[str, ...]) -> str:
    """The output of a script in the VM."""
    command = [sys.executable, "-m", "jitvm", "run", *options, str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, env=ENVIRONMENT).stdout


@pytest.mark.parametrize("mode", MODES)
@given(texts=st.lists(st.one_of(expressions, statements, broken, broken), min_size=30, max_size=50))
@settings(max_examples=4, deadline=None)
def test_as_the_host(tmp_path_factory: pytest.TempPathFactory, mode: str, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("texts") / "script.py"
    path.write_text(SCRIPT.format(texts=texts))
    expected = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=True, env=ENVIRONMENT).stdout
    assert run(path, MODES[mode]) == expected


def test_bound_and_memory(tmp_path: Path) -> None:
    path, figures = tmp_path / "script.py", tmp_path / "stats.json"
    path.write_text(KEYS.replace("{count}", "30000"))
    # Interpreted: a compiler that is loaded in the second half would count as memory of the keys.
    output = run(path, ("--no-jit", "-X", "expression_entries=64", "--stats-json", str(figures)))
    cache = json.loads(figures.read_text())["caches"]["expressions"]
    assert cache["bound"] == 64 and 0 < cache["size"] <= 64
    assert cache["hits"] > 10_000 and cache["misses"] > 60_000
    assert int(output) < 4096, "KiB that the second half of the keys took"


def test_statistics(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text("for i in range(10): eval('i + 1')\n")
    for options, shown in (((), "7 hits, 2 misses, 1 of 512 entries"), (("-X", "expression_cache=0"), "0 hits, 0 misses, 0 entries")):
        command = [sys.executable, "-m", "jitvm", "run", "--no-jit", "--stats", *options, str(path)]
        output = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stderr
        assert "cache expressions: " + shown in output
