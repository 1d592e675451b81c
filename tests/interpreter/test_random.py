"""Random signatures with random calls, random changes during iteration, random observers of locals: jitvm prints what CPython prints."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
MODES = (("--no-jit",), ("--no-jit", "-X", "call_binding=0", "-X", "iterator_paths=0"), ("-X", "threshold=1"), ("-X", "threshold=2"),
         ("-X", "threshold=1", "-X", "locals_sync=0"), ("-X", "threshold=1", "-X", "force_exits=1"))
SLOW = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
                derandomize=True)


def same(factory: pytest.TempPathFactory, text: str) -> None:
    """Runs a script under CPython and in each mode; the outputs must be equal."""
    path = factory.mktemp("random") / "script.py"
    path.write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}

    def output(*command: str) -> str:
        done = subprocess.run([sys.executable, *command, str(path)], capture_output=True, text=True, env=environment, timeout=120)
        return done.stdout + done.stderr

    expected = output()
    assert "end of script" in expected, expected[-2000:]
    for mode in MODES:
        assert output("-m", "jitvm", "run", *mode) == expected, mode


# -- calls
@st.composite
def signatures(draw: st.DrawFn) -> str:
    """The parameters of a function, named a to h."""
    names = iter("abcdefgh")
    only, plain, keyword = (draw(st.integers(0, 2)) for _ in range(3))
    defaults = draw(st.integers(0, only + plain))
    parts = [next(names) for _ in range(only + plain)]
    parts = [name + (f"={number + 1}0" if number >= len(parts) - defaults else "") for number, name in enumerate(parts)]
    if only:
        parts.insert(only, "/")
    star = draw(st.sampled_from(["", "*rest", "*"]))
    if star == "*rest" or (keyword and star):
        parts.append(star)
    if keyword and star:
        parts += [next(names) + draw(st.sampled_from(["", "=7"])) for _ in range(keyword)]
    if draw(st.booleans()):
        parts.append("**more")
    return ", ".join(parts)


@st.composite
def arguments(draw: st.DrawFn) -> str:
    """The arguments of a call."""
    parts = [str(draw(st.integers(0, 9))) for _ in range(draw(st.integers(0, 4)))]
    if draw(st.integers(0, 3)) == 0:
        parts.append(f"*{draw(st.sampled_from(['(1,)', '()', '[1, 2]', '(1, 2, 3)', 'range(2)', 'five', 'iter([4])']))}")
    names = draw(st.lists(st.sampled_from("abcdefghz"), max_size=3, unique=True))
    parts += [f"{name}={number + 2}1" for number, name in enumerate(names)]
    if draw(st.integers(0, 3)) == 0:
        parts.append(f"**{draw(st.sampled_from(['{}', _pair('a'), _pair('z'), _pair('d'), '{1: 2}', 'five', 'dict(e=5, y=6)']))}")
    return ", ".join(parts)


def _pair(name: str) -> str:
    return "{" + repr(name) + ": 3}"


CALLS = '''
five = 5
def attempt(call):
    out = []
    for _ in range(3):
        try:
            out.append(call())
        except TypeError as error:
            out.append(str(error))
    print(out)
class Holder:
    pass
'''


@given(st.lists(signatures(), min_size=5, max_size=8, unique=True), st.lists(arguments(), min_size=10, max_size=14, unique=True))
@SLOW
def test_calls(tmp_path_factory: pytest.TempPathFactory, rows: list[str], calls: list[str]) -> None:
    lines = [CALLS]
    for number, row in enumerate(rows):
        lines += [f"def f{number}({row}): return sorted(locals().items())", f"Holder.m{number} = lambda self, {row}: sorted(locals())[:3]",
                  f"def i{number}(self{', ' + row.replace('/, ', '') if row else ''}): self.seen = sorted(locals())",
                  f"class C{number}:\n    __init__ = i{number}"]
        for call in calls:
            lines += [f"attempt(lambda: f{number}({call}))", f"attempt(lambda: Holder().m{number}({call}))",
                      f"attempt(lambda: C{number}({call}).seen)", f"attempt(lambda m=Holder().m{number}: m({call}))"]
        lines += [f"f{number}.__defaults__ = (100, 200)", f"f{number}.__kwdefaults__ = {{'c': 300, 'd': 400}}"]
        lines += [f"attempt(lambda: f{number}({call}))" for call in calls]
    same(tmp_path_factory, "\n".join([*lines, "print('end of script')"]) + "\n")


# -- iteration
SOURCES = ("items", "reversed(items)", "enumerate(items)", "enumerate(items, 5)", "zip(items, list(items))", "zip(items, items)",
           "table", "table.values()", "table.items()", "reversed(table)", "members", "text", "data", "zip(table, items)",
           "zip(table.items(), members)", "enumerate(table.items())", "map(str, items)", "filter(None, items)", "words", "words.items()",
           "zip(iter(items), text)", "enumerate(text)", "zip(items, words.values(), strict=True)", "iter(items)", "pairs")
CHANGES = ("items.append(step)", "items.pop()", "del items[:2]", "items.clear()", "items.insert(0, -1)", "table[step + 50] = 1",
           "table.pop(step, None)", "table[step] = -step", "del table[step]; table[step + 70] = 2", "table.clear()",
           "members.add(step + 90)", "members.discard(step)", "words['w%d' % step] = step", "words['a'] = step", "pass", "break",
           "raise ValueError(step)", "pairs.append((1, 2, 3))", "pairs.append((step, step))", "items[:] = items[::-1]")


@st.composite
def loops(draw: st.DrawFn) -> list[str]:
    """A function that loops over something and changes something in one step."""
    target = draw(st.sampled_from(("x", "x, y", "x", "x, y", "x, *y", "(x, y)", "[x, y]", "x, y, z")))
    body = ["        step += 1", f"        if step == {draw(st.integers(0, 6))}: {draw(st.sampled_from(CHANGES))}",
            "        if step > 40: break", f"        seen.append({target if '*' not in target else 'y'})"]
    again = ["    for x in source: seen.append(x)"] if draw(st.booleans()) else []
    return [f"    source = {draw(st.sampled_from(SOURCES))}", f"    for {target} in source:", *body, *again]


ITERATION = '''
def run(function):
    items, members, text, data = list(range(8)), set(range(8)), "abcdefgh", b"abcdefgh"
    table, words, pairs = {i: i * i for i in range(8)}, {c: ord(c) for c in "abcdefgh"}, [(i, i) for i in range(8)]
    seen = []
    try:
        function(items, members, text, data, table, words, pairs, seen)
    except (RuntimeError, ValueError, TypeError, KeyError, IndexError) as error:
        seen.append((type(error).__name__, str(error), error.__traceback__.tb_next.tb_lineno))
    print(seen, items, sorted(members), table, words, len(pairs))
'''


@given(st.lists(loops(), min_size=25, max_size=40))
@SLOW
def test_changes_during_iteration(tmp_path_factory: pytest.TempPathFactory, programs: list[list[str]]) -> None:
    lines = [ITERATION]
    for number, program in enumerate(programs):
        lines += [f"def f{number}(items, members, text, data, table, words, pairs, seen):", "    step = -1", *program]
    lines += ["for _ in range(3):", *(f"    run(f{number})" for number in range(len(programs)))]
    same(tmp_path_factory, "\n".join([*lines, "print('end of script')"]) + "\n")


# -- observers
STATEMENTS = ("a += i", "b = b * 1.25 + a", "c = str(a)", "a, b = a + 1, float(a)", "d = (a, c)", "counter += a", "counter = i",
              "other = [i, b]", "c = None", "d = d, i", "a = -a", "b = i / 3", "del c; c = i")
OBSERVERS = ("sorted(locals().items())", "sorted(vars())", "eval('a')", "eval('(a, b, counter)')", "sys._getframe().f_locals['b']",
             "look()", "look()['d']", "globals()['counter']", "module.counter", "module.other", "peek()", "list(map(probe, [i]))",
             "sorted([3, 1], key=probe)", "exec('e = a') or locals().get('e')", "Watcher().value")
OBSERVED = '''
import sys
module = sys.modules[__name__]
counter, other = 0, None
def look():
    return dict(sys._getframe(1).f_locals)
def peek():
    return counter, other
def probe(x):
    frame = sys._getframe(1)
    return frame.f_locals["a"], counter, x
class Watcher:
    value = property(lambda self: (sys._getframe(1).f_locals["a"], sys._getframe(1).f_locals["c"], counter))
'''


@st.composite
def observed(draw: st.DrawFn) -> list[str]:
    """The body of a hot loop that somebody looks into now and then."""
    lines = [f"        {draw(st.sampled_from(STATEMENTS))}" for _ in range(draw(st.integers(2, 5)))]
    for _ in range(draw(st.integers(1, 3))):
        when = draw(st.sampled_from(("i % 7 == 3", "i == 11", "True", "a > 40", "i in (2, 30)")))
        lines.insert(draw(st.integers(0, len(lines))), f"        if {when}: out.append({draw(st.sampled_from(OBSERVERS))})")
    return lines


@given(st.lists(observed(), min_size=8, max_size=14))
@SLOW
def test_observers_of_locals(tmp_path_factory: pytest.TempPathFactory, programs: list[list[str]]) -> None:
    lines = [OBSERVED]
    for number, program in enumerate(programs):
        lines += [f"def f{number}(out, a=0, b=0.5, c='c', d=None):", "    global counter, other", "    for i in range(40):", *program,
                  "    out.append((a, b, c, counter))"]
    lines += ["for _ in range(3):"]
    for number in range(len(programs)):
        lines += ["    shown = []", f"    try: f{number}(shown)", "    except Exception as error: shown.append(repr(error))",
                  "    print(repr(shown).replace(hex(id(shown)), '')[:4000])"]
    same(tmp_path_factory, "\n".join([*lines, "print('end of script')"]) + "\n")
