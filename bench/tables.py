"""Statistics and tables of a comparison: pure functions from measured milliseconds to text.

A ``Runs`` maps a workload to a machine to its milliseconds, one number for each run; run k of every machine was measured in the
same round. A ratio is the other machine's time divided by the virtual machine's: above 1 the virtual machine is faster.
"""
from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Any

Runs = dict[str, dict[str, list[float]]]

TOTAL = "total"
TOGETHER = "all_seven"
"""The script that runs all workloads in one process: a row of its own, not part of the total."""

MODES = {"whole": "Whole process", "inside": "In process, second call"}


@dataclass(frozen=True)
class Summary:
    """Of some numbers: average, standard deviation (of a sample; 0 for a single one), minimum and maximum."""

    average: float
    deviation: float
    minimum: float
    maximum: float


def summarize(numbers: list[float]) -> Summary:
    """The summary of at least one number. Raises ValueError if there is none."""
    if not numbers:
        raise ValueError("no numbers to summarize")
    deviation = statistics.stdev(numbers) if len(numbers) > 1 else 0.0
    return Summary(statistics.fmean(numbers), deviation, min(numbers), max(numbers))


def ratios(vm: list[float], other: list[float]) -> list[float]:
    """The ratio of each run."""
    return [theirs / ours for ours, theirs in zip(vm, other, strict=True)]


def geometric_mean(numbers: list[float]) -> float:
    """The geometric mean of positive numbers; not a number if there is none."""
    return math.exp(statistics.fmean(map(math.log, numbers))) if numbers else math.nan


def with_total(runs: Runs) -> Runs:
    """The runs, and as a further workload the sum of the single workloads in each round, of the machines that did them all."""
    single = [times for workload, times in runs.items() if workload != TOGETHER]
    result = dict(runs)
    if single:
        machines = [machine for machine in single[0] if all(machine in times for times in single)]
        result[TOTAL] = {machine: [sum(round_) for round_ in zip(*(times[machine] for times in single), strict=True)]
                         for machine in machines}
    return result


def run_table(vm: list[float], other: list[float]) -> list[list[str]]:
    """The table of one workload: a row for each run (VM ms, Python ms, ratio), then average, deviation, minimum and maximum."""
    columns = (vm, other, ratios(vm, other))
    rows = [["run", "VM ms", "Python ms", "ratio"]]
    rows += [[str(number), f"{ours:.1f}", f"{theirs:.1f}", f"{ratio:.2f}"]
             for number, (ours, theirs, ratio) in enumerate(zip(*columns, strict=True), 1)]
    summaries = [summarize(column) for column in columns]
    for name in ("average", "deviation", "minimum", "maximum"):
        ours, theirs, ratio = (getattr(summary, name) for summary in summaries)
        rows.append(["standard deviation" if name == "deviation" else name, f"{ours:.1f}", f"{theirs:.1f}", f"{ratio:.2f}"])
    return rows


def overview_table(runs: Runs, machines: list[str], reference: str) -> list[list[str]]:
    """Average milliseconds of each machine and workload, and in brackets how many times as fast as the reference."""
    rows = [["workload", *machines]]
    speedups: dict[str, list[float]] = {machine: [] for machine in machines}
    for workload, times in with_total(runs).items():
        row = [workload]
        for machine in machines:
            if machine not in times:
                row.append("-")
                continue
            average = summarize(times[machine]).average
            cell = f"{average:.1f}"
            if machine != reference and reference in times:
                speedup = summarize(times[reference]).average / average
                cell += f" ({speedup:.2f}x)"
                if workload not in (TOTAL, TOGETHER):
                    speedups[machine].append(speedup)
            row.append(cell)
        rows.append(row)
    means = [f"{geometric_mean(speedups[machine]):.2f}x" if speedups[machine] else "-" for machine in machines]
    rows.append(["geometric mean", *means])
    return rows


def aligned(rows: list[list[str]]) -> str:
    """A table as Markdown that is also readable as plain text: the first column left, the others right."""
    widths = [max(3, *(len(row[column]) for row in rows)) for column in range(len(rows[0]))]

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                                 for column, (cell, width) in enumerate(zip(cells, widths, strict=True))) + " |"
    rule = "|" + "|".join("-" * (width + 1) + ("-" if column == 0 else ":") for column, width in enumerate(widths)) + "|"
    return "\n".join([line(rows[0]), rule, *(line(row) for row in rows[1:])]) + "\n"


def markdown(results: dict[str, Any]) -> str:
    """The whole report: the machine, the overviews, and for each workload and in total the table of runs."""
    environment, machines = results["environment"], list(results["machines"])
    vm, reference = results["vm"], results["reference"]
    parts = ["# Comparison\n", f"{environment['cpu']}, {environment['cores']} cores, {environment['system']}; "
             f"{environment['runs']} interleaved runs each, {environment['date']}.\n"]
    parts.append("\n".join(f"- **{name}**: {row['version']}" for name, row in results["machines"].items()) + "\n")
    if results["problems"]:
        parts.append("**Problems**\n\n" + "\n".join(f"- {problem}" for problem in results["problems"]) + "\n")
    else:
        parts.append(f"All outputs equal those of {reference}.\n")
    for mode, title in MODES.items():
        if results["runs"].get(mode):
            parts.append(f"## {title}: milliseconds, and times as fast as {reference}\n")
            parts.append(aligned(overview_table(results["runs"][mode], machines, reference)))
    if results.get("memory"):
        parts.append("## Peak memory of both calls, MiB\n")
        parts.append(aligned([["workload", *machines]] + [[workload, *(f"{row[machine]:.0f}" if machine in row else "-"
                                                                       for machine in machines)]
                                                          for workload, row in results["memory"].items()]))
    for mode, title in MODES.items():
        for workload, times in with_total(results["runs"].get(mode, {})).items():
            if vm in times and reference in times:
                parts.append(f"### {title}: {workload}\n")
                parts.append(f"VM is {vm}, Python is {reference}.\n")
                parts.append(aligned(run_table(times[vm], times[reference])))
    return "\n".join(parts)
