"""Compares jitvm with CPython, and with PyPy where there is one, on small loops: formatting, texts, iteration, calls, visible locals.

    python bench/micro.py [--rounds 3] [--scale 1.0] [--hot 0.5] [--group GROUP ...] [--python PATH]
                          [--pypy PATH] [--peer NAME=COMMAND] [--output FOLDER]

All loops of a group run in one process, in two ways. *Short* loops of a few milliseconds run once to warm up and then three times: mostly
interpreters and the beginnings of compilers are measured. *Hot* loops are repeated until ``--hot`` seconds have passed, the same for
all machines, which gives their compilers time (0: not measured); the first one has as long before, in which compilers are loaded.
The least time counts. Rounds are interleaved: each machine runs once before any runs again; the tables have the median of the rounds.
Each loop's results must equal those under the first CPython. Writes micro.json and micro.md. The exit status is 1 if a result
differs or a machine fails.
"""
from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import compare
import tables

F_STRINGS = {
    "plain int": "f'{i}'", "two ints": "f'{i} {i + 1}'", "int d": "f'{i:d}'", "int 05d": "f'{i:05d}'", "int >8": "f'{i:>8}'",
    "int <8": "f'{i:<8}'", "int ,": "f'{i * 1000:,}'", "int x": "f'{i:x}'", "int #010b": "f'{i:#010b}'", "int +": "f'{i:+}'",
    "float": "f'{x}'", "float .2f": "f'{x:.2f}'", "float 10.3f": "f'{x:10.3f}'",
    "float e": "f'{x:.3e}'", "float g": "f'{x:g}'", "float %": "f'{x:.1%}'", "text": "f'item {s}'", "text >12": "f'{s:>12}'",
    "text r": "f'{s!r}'", "record": "f'{s:<8}|{i:6d}|{x:8.2f}'",
}
"""Twenty f-strings of an int i, a float x and a string s."""

TEMPLATES = {
    "plain": "'{}'.format(i)", "two": "'{} {}'.format(i, s)", "number": "'{0}-{1}-{0}'.format(i, s)",
    "name": "'{n} is {v}'.format(n=s, v=i)", "d": "'{:d}'.format(i)", "05d": "'{:05d}'.format(i)", ">8": "'{:>8}'.format(i)",
    ",": "'{:,}'.format(i * 1000)", "x": "'{:x}'.format(i)", "float": "'{}'.format(x)", ".2f": "'{:.2f}'.format(x)",
    "10.3f": "'{:10.3f}'.format(x)", "e": "'{:.3e}'.format(x)",
    "%": "'{:.1%}'.format(x)", "text >12": "'{:>12}'.format(s)", "r": "'{!r}'.format(s)", "nested": "'{:{}.{}f}'.format(x, 9, 2)",
    "braces": "'{{{}}}'.format(i)", "record": "'{:<8}|{:6d}|{:8.2f}'.format(s, i, x)",
    "literal": "'a longer text around {} and after'.format(i)",
}
"""Twenty uses of str.format."""

BODIES: dict[str, dict[str, tuple[str, str]]] = {
    "f-strings": {name: ("", text) for name, text in F_STRINGS.items()},
    "str.format": {name: ("", text) for name, text in TEMPLATES.items()},
    "run-time specs": {
        "f width": ("w = 8", "f'{i:{w}}'"), "f width and precision": ("w, p = 9, 2", "f'{x:{w}.{p}f}'"),
        "f spec": ("spec = '>8'", "f'{s:{spec}}'"), "format int": ("", "format(i, '05d')"),
        "format float": ("spec = '.3f'", "format(x, spec)"), "format text": ("", "format(s, '>9')"),
    },
    "percent": {
        "d": ("", "'%d' % i"), "two": ("", "'%s=%d' % (s, i)"), ".2f": ("", "'%.2f' % x"), "05d": ("", "'%05d' % i"), "x": ("", "'%x' % i"),
        "record": ("", "'%-8s|%6d|%8.2f' % (s, i, x)"),
    },
    "texts": {
        "eval name": ("", "eval('i + 1')"), "eval globals": ("d = {'k': 3}", "eval('k * 2 + 1', d)"),
        "eval two dicts": ("d = {'k': 3}", "eval('k * j', d, {'j': i})"), "eval call": ("", "eval('len(s)')"),
        "eval list": ("", "eval('[i, x, s]')"), "eval comprehension": ("d = {}", "eval('[q * q for q in (1, 2, 3)]', d)"),
        "exec": ("d = {'k': 1}", "exec('k = k + 1', d)"), "compile": ("", "compile('a + b', 'f', 'eval').co_consts"),
    },
    "iteration": {
        name: (f"c = {container}", f"iterate({text})") for name, container, text in (
            ("range", "0", "range(100)"), ("list", "list(range(100))", "c"), ("tuple", "tuple(range(100))", "c"),
            ("dict", "dict.fromkeys(range(100), 1)", "c"), ("keys", "dict.fromkeys(range(100), 1)", "c.keys()"),
            ("values", "dict.fromkeys(range(100), 1)", "c.values()"), ("items", "dict.fromkeys(range(100), 1)", "c.items()"),
            ("set", "set(range(100))", "c"), ("str", "'abcdefghij' * 10", "c"), ("bytes", "bytes(range(100))", "c"),
            ("enumerate", "list(range(100))", "enumerate(c)"), ("zip", "list(range(100))", "zip(c, c)"),
            ("reversed", "list(range(100))", "reversed(c)"), ("map", "list(range(100))", "map(one, c)"),
            ("filter", "list(range(100))", "filter(one, c)"), ("generator", "list(range(100))", "numbers(c)"))} | {
        name: (f"c = {container}", f"iterate({text}) with k, r") for name, container, text in (
            ("two of items", "dict.fromkeys(range(100), 1)", "c.items()"), ("two of enumerate", "list(range(100))", "enumerate(c)"),
            ("two of zip", "list(range(100))", "zip(c, c)"), ("two of pairs", "[(k, k) for k in range(100)]", "c"))},
    "calls": {
        "positional": ("", "three(i, x, s)"), "keyword": ("", "three(a=i, b=x, c=s)"), "default": ("", "defaults(i)"),
        "star": ("c = (1, 2, 3)", "three(*c)"), "double star": ("d = {'a': 1, 'b': 2, 'c': 3}", "three(**d)"),
        "star parameters": ("", "star(i, x, s)"), "keyword parameters": ("", "named(a=i, b=x)"),
        "bound method": ("m = Point(1, 2).first", "m()"),
        "method": ("o = Point(1, 2)", "o.first()"), "class": ("", "Point(i, x).y"), "partial": ("p = partial(three, 1, 2)", "p(i)"),
        "lambda": ("p = lambda q: q", "p(i)"), "builtin": ("", "len(s)"),
    },
    "visible locals": {
        "locals()": ("", "locals()['i']"), "f_locals": ("", "sys._getframe().f_locals['i']"), "seen by a callee": ("", "caller_local()"),
        "cell": ("", "cell(i)"),
    },
}
"""Group, loop, (what is before it, the expression that is evaluated for each i)."""

PRELUDE = '''
import sys, time
from functools import partial
def one(q):
    return q
def numbers(c):
    for q in c:
        yield q
def three(a, b, c):
    return a
def defaults(a, b=2, c=3):
    return c
def star(*a):
    return a[0]
def named(**a):
    return a["b"]
def caller_local():
    return sys._getframe(1).f_locals["i"]
def cell(q):
    def inner():
        return q
    return inner()
class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y
    def first(self):
        return self.x
'''
MEASURE = '''
def measure(name, run, count, seconds):
    check = [str(run(k)) for k in (1, 2, 10, 37)]
    run(count)
    best, calls, end = 1e9, 0, time.perf_counter() + seconds
    while calls < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        run(count)
        best = min(best, time.perf_counter() - start)
        calls += 1
    print(name, best / count * 1e9, check, sep="\\t")
'''
COUNTS = {"iteration": 2000, "texts": 20000}
COUNT = 40000
HEADS = {"short": "Short: a few milliseconds, four times", "hot": "Hot: repeated until every compiler has done its work"}


def script(group: str, scale: float, seconds: float) -> str:
    """The script of one group, whose loops are repeated for so many seconds each."""
    lines = [PRELUDE, MEASURE]
    for number, (name, (before, text)) in enumerate(BODIES[group].items()):
        lines += [f"def run{number}(n):", "    x, s = 2.71875, 'some text'", f"    {before or 'pass'}", "    for i in range(n):"]
        if text.startswith("iterate("):
            over, _, names = text.removeprefix("iterate(").rpartition(")")
            lines += [f"        for {names.removeprefix(' with ') or 'r'} in {over}:", "            pass"]
        else:
            lines += [f"        x, r = x + 0.25, {text}"]
        count = max(1, int(COUNTS.get(group, COUNT) * scale))
        lines.append("    return r")
        if seconds and not number:
            lines += [f"end = time.perf_counter() + {seconds}", "while time.perf_counter() < end:", f"    run0({count})"]
        lines.append(f"measure({name!r}, run{number}, {count}, {seconds})")
    return "\n".join(lines) + "\n"


def read(output: str) -> dict[str, tuple[float, str]]:
    """Nanoseconds and results by loop."""
    rows = [line.split("\t") for line in output.splitlines()]
    return {name: (float(nanoseconds), check) for name, nanoseconds, check in rows}


def run(machines: list[compare.Machine], groups: list[str], rounds: int, scale: float, hot: float, step: Any) -> dict[str, Any]:
    """Runs everything: nanoseconds by way, group, loop and machine, one number for each round, and problems."""
    reference = next(machine for machine in machines if machine.kind == "python")
    order = [reference, *(machine for machine in machines if machine is not reference)]
    ways = {"short": 0.0, "hot": hot} if hot else {"short": 0.0}
    times: dict[str, dict[str, dict[str, dict[str, list[float]]]]] = {way: {group: {} for group in groups} for way in ways}
    problems: list[str] = []
    folders = {root: Path(tempfile.mkdtemp(prefix="jitvm-micro-", dir=f"{root}/tmp" if root else None))
               for root in {machine.root for machine in machines}}
    try:
        for way, group in ((way, group) for way in ways for group in groups):
            expected: dict[str, tuple[float, str]] = {}
            for number in range(rounds):
                for machine in order:
                    step(f"{group}, {way}, {machine.name}, round {number + 1} of {rounds}")
                    path = folders[machine.root] / "micro.py"
                    path.write_text(script(group, scale, ways[way]))
                    measured = compare.measure(machine, path, [], "whole")
                    if measured.problem:
                        problems.append(f"{machine.name}, {group}: {measured.problem}")
                        continue
                    rows = read(measured.output)
                    expected = expected or rows
                    for name, (nanoseconds, check) in rows.items():
                        if check != expected[name][1]:
                            problems.append(f"{machine.name}, {group}, {name}: {check}, not {expected[name][1]}")
                        times[way][group].setdefault(name, {}).setdefault(machine.name, []).append(nanoseconds)
    finally:
        compare.remove(folders.values())
    return {"times": times, "problems": list(dict.fromkeys(problems))}


def group_tables(results: dict[str, Any], way: str) -> str:
    """For each group a table: CPython's nanoseconds, and for each other machine how many times as fast it is."""
    reference, machines = results["reference"], list(results["machines"])
    others = [name for name in machines if name != reference]
    parts = []
    for group, rows in results["times"][way].items():
        table = [[group, f"{reference} ns", *others]]
        speedups: dict[str, list[float]] = {name: [] for name in others}
        for name, by_machine in rows.items():
            if reference not in by_machine:
                continue
            base = statistics.median(by_machine[reference])
            row = [name, f"{base:.0f}"]
            for other in others:
                if by_machine.get(other):
                    speedups[other].append(base / statistics.median(by_machine[other]))
                    row.append(f"{speedups[other][-1]:.2f}x")
                else:
                    row.append("-")
            table.append(row)
        means = [f"{tables.geometric_mean(speedups[name]):.2f}x" if speedups[name] else "-" for name in others]
        table.append(["geometric mean", "", *means])
        parts.append(tables.aligned(table))
    return "\n".join(parts)


def markdown(results: dict[str, Any]) -> str:
    """The report."""
    environment = results["environment"]
    parts = ["# Small loops\n", f"{environment['cpu']}, {environment['cores']} cores, {environment['system']}; median of "
             f"{environment['runs']} interleaved rounds, {environment['date']}. How many times as fast as {results['reference']}.\n",
             "\n".join(f"- **{name}**: {row['version']}" for name, row in results["machines"].items()) + "\n"]
    parts.append("**Problems**\n\n" + "\n".join(f"- {problem}" for problem in results["problems"]) + "\n" if results["problems"]
                 else f"All results equal those of {results['reference']}.\n")
    for way in results["times"]:
        parts += [f"## {HEADS[way]}\n", group_tables(results, way)]
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Compares, prints and writes. Returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default: 3)")
    parser.add_argument("--scale", type=float, default=1.0, help="times the usual number of iterations")
    parser.add_argument("--hot", type=float, default=0.5, metavar="SECONDS",
                        help="repeat each loop for so long (default: 0.5; 0: only the short loops)")
    parser.add_argument("--group", action="append", default=[], choices=list(BODIES), help="only these")
    compare.add_machine_options(parser)
    options = parser.parse_args(arguments)
    machines, missing = compare.usable_machines(options)
    groups = options.group or list(BODIES)
    with compare.progress((2 if options.hot else 1) * len(groups) * options.rounds * len(machines)) as step:
        results = run(machines, groups, options.rounds, options.scale, options.hot, step)
    results["problems"] += missing
    results["reference"] = next(machine.name for machine in machines if machine.kind == "python")
    results["environment"] = compare.environment(options.rounds)
    results["machines"] = compare.described(machines)
    text = markdown(results)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "micro.json").write_text(json.dumps(results, indent=1) + "\n")
    (options.output / "micro.md").write_text(text)
    print(text)
    return 1 if results["problems"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
