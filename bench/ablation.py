"""What each of jitvm's mechanisms is worth: each off in turn, and all built up one by one.

    python bench/ablation.py [--runs 5] [--python PATH] [--jitvm COMMAND] [--output FOLDER] [WORKLOAD ...]

Workloads are the seven and those of ``bench/stress``, each of which leans on one mechanism. A call within a process is measured
after five others, interpreted only (--no-jit) and compiled; rounds are interleaved, outputs must equal CPython's. Settings that
this jitvm does not have are left out. Writes ablation.json and ablation.md. The exit status is 1 if an output differs or a run
fails.
"""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import compare
import tables

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from jitvm.spec.settings import BY_NAME  # noqa: E402

IDEAS = tuple(name for name in ("iterator_paths", "expression_cache", "format_cache", "call_binding", "locals_sync") if name in BY_NAME)
"""The mechanisms, by their settings, in the order in which they are built up. The other value than the default is without them."""
STRESS = ("formats", "texts", "iterators", "calls", "visible")
CALLS_BEFORE = 5
ALL, NONE = "all on", "all off"
MODES = {"nojit": ("Interpreted (--no-jit)", ["--no-jit"]), "jit": ("Compiled", [])}


def absent(name: str) -> str:
    """What a mechanism's absence is called: a setting may switch it on, or switch on what it saves."""
    return f"{'without' if BY_NAME[name].default else 'with'} {name}"


def added(name: str) -> str:
    """What the step that adds a mechanism is called."""
    return f"{'+' if BY_NAME[name].default else '-'} {name}"


def configurations() -> dict[str, tuple[str, ...]]:
    """Each configuration's name with the mechanisms that are off in it."""
    rows = {ALL: ()} | {absent(name): (name,) for name in IDEAS} | {NONE: IDEAS}
    for count in range(1, len(IDEAS)):
        rows[added(IDEAS[count - 1])] = IDEAS[count:]
    return rows


def steps() -> list[str]:
    """The configurations of the build-up, in order; the last has all on."""
    return [NONE, *(added(name) for name in IDEAS[:-1]), ALL]


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measures all configurations in both modes."""
    machines, problems = compare.usable_machines(options)
    vm = next((machine for machine in machines if machine.kind == "jitvm"), None)
    if vm is None:
        raise SystemExit("; ".join(problems) or "no jitvm")
    reference = next(machine for machine in machines if machine.kind == "python")
    rows = configurations()
    results: dict[str, Any] = {"environment": compare.environment(options.runs), "machines": compare.described([reference, vm]),
                               "reference": reference.name, "ideas": IDEAS, "runs": {}, "problems": problems}
    total = len(MODES) * len(options.workloads) * (len(rows) + 1) * (options.runs + 1)
    with compare.progress(total) as step:
        for mode, (_, switches) in MODES.items():
            variants = []
            for name, off in rows.items():
                words = [word for idea in off for word in ("-X", f"{idea}={int(not BY_NAME[idea].default)}")]
                variants.append(compare.Machine(name, [*vm.command, *switches, *words], "jitvm"))
            done = compare.compare([reference, *variants], options.workloads, options.runs, False, step, ("inside",), CALLS_BEFORE - 1)
            results["runs"][mode] = done.runs["inside"]
            results["problems"] += [f"{mode}: {problem}" for problem in done.problems]
    return results


def change(new: float, old: float) -> str:
    """By how many percent a time differs from another."""
    return f"{100 * (new / old - 1):+.1f}%"


def in_turn(runs: tables.Runs) -> list[list[str]]:
    """A row for each workload: all on, and what each mechanism's absence costs."""
    names = [ALL, *map(absent, IDEAS), NONE]
    rows = [["workload", *names]]
    factors: dict[str, list[float]] = {name: [] for name in names}
    for workload, times in runs.items():
        if any(name not in times for name in names):
            continue
        base = tables.summarize(times[ALL])
        row = [workload]
        for name in names:
            summary = tables.summarize(times[name])
            factors[name].append(summary.average / base.average)
            changed = "" if name == ALL else f" ({change(summary.average, base.average)})"
            row.append(f"{summary.average:.1f} ± {summary.deviation:.1f}{changed}")
        rows.append(row)
    rows.append(["geometric mean", *(change(tables.geometric_mean(factors[name]), 1.0) if name != ALL else "" for name in names)])
    return rows


def build_up(runs: tables.Runs) -> list[list[str]]:
    """A row for each step: average and deviation, change against the first step and against the one before, for each workload."""
    order = steps()
    complete = [workload for workload, times in runs.items() if all(name in times for name in order)]
    rows = [["step", *complete, "geometric mean"]]
    for number, name in enumerate(order):
        row, first, before = [name], [], []
        for workload in complete:
            summary = tables.summarize(runs[workload][name])
            first.append(summary.average / tables.summarize(runs[workload][order[0]]).average)
            before.append(summary.average / tables.summarize(runs[workload][order[max(number - 1, 0)]]).average)
            text = f"{summary.average:.1f} ± {summary.deviation:.1f}"
            row.append(f"{text} ({change(first[-1], 1.0)}, {change(before[-1], 1.0)})" if number else text)
        row.append(f"{change(tables.geometric_mean(first), 1.0)}, {change(tables.geometric_mean(before), 1.0)}" if number else "")
        rows.append(row)
    return rows


def transposed(rows: list[list[str]]) -> list[list[str]]:
    """The table with workloads as rows."""
    return [list(column) for column in zip(*rows, strict=True)]


def markdown(results: dict[str, Any]) -> str:
    """The report."""
    environment = results["environment"]
    parts = ["# What each mechanism is worth\n",
             f"{environment['cpu']}, {environment['cores']} cores, {environment['system']}; {environment['runs']} interleaved runs each, "
             f"{environment['date']}. Milliseconds of a process's call number {CALLS_BEFORE + 1}, average ± standard deviation.\n",
             "\n".join(f"- **{name}**: {row['version']}" for name, row in results["machines"].items()) + "\n",
             "\n".join(f"- `{name}`: {BY_NAME[name].doc}" for name in results["ideas"]) + "\n"]
    parts.append("**Problems**\n\n" + "\n".join(f"- {problem}" for problem in results["problems"]) + "\n" if results["problems"]
                 else f"All outputs equal those of {results['reference']}.\n")
    for mode, (title, _) in MODES.items():
        runs = results["runs"][mode]
        parts += [f"## {title}: each off in turn (in brackets: change against all on)\n", tables.aligned(in_turn(runs)),
                  f"## {title}: built up (in brackets: change against all off, and against the step before)\n",
                  tables.aligned(transposed(build_up(runs)))]
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Measures, prints and writes. Returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"of {', '.join((*compare.SEVEN, *STRESS))} (default: all)")
    parser.add_argument("--runs", type=int, default=5, help="measured runs of each (default: 5)")
    compare.add_machine_options(parser)
    options = parser.parse_args(arguments)
    if set(options.workloads) - {*compare.SEVEN, *STRESS} or options.runs < 1:
        parser.error("no such workload, or no runs")
    options.workloads = options.workloads or [*compare.SEVEN, *STRESS]
    results = run(options)
    text = markdown(results)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "ablation.json").write_text(json.dumps(results, indent=1) + "\n")
    (options.output / "ablation.md").write_text(text)
    print(text)
    return 1 if results["problems"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
