"""Draws a comparison as SVG: for each workload one bar a machine, as many times as fast as the reference."""
from __future__ import annotations

from html import escape
from typing import Any

from tables import MODES, summarize, with_total

COLORS = ("#2f6db3", "#8fb8de", "#d98032", "#6aa56e", "#a06ab4", "#b0b0b0", "#c9b458")
BAR, GAP, LEFT, WIDTH, RIGHT = 13, 14, 120, 560, 70
STYLE = "<style>text{font:12px sans-serif;fill:#333}.title{font-size:15px;font-weight:600}.value{font-size:10px}</style>"


def draw(results: dict[str, Any]) -> str:
    """The picture as SVG text: a chart for each mode, one below the other."""
    others = [machine for machine in results["machines"] if machine != results["reference"]]
    parts: list[str] = []
    top = 20
    for mode, title in MODES.items():
        speedups = _speedups(results["runs"].get(mode, {}), others, results["reference"])
        if any(speedups.values()):
            chart, top = _chart(f"{title}: times as fast as {results['reference']}", speedups, others, top)
            parts += chart
    width = LEFT + WIDTH + RIGHT
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" height="{top}">{STYLE}'
            f'<rect width="100%" height="100%" fill="white"/>' + "".join(parts) + "</svg>\n")


def _speedups(runs: Any, machines: list[str], reference: str) -> dict[str, dict[str, float]]:
    result: dict[str, dict[str, float]] = {}
    for workload, times in with_total(runs).items():
        if reference in times:
            base = summarize(times[reference]).average
            result[workload] = {machine: base / summarize(times[machine]).average for machine in machines if machine in times}
    return result


def _chart(title: str, speedups: dict[str, dict[str, float]], machines: list[str], top: int) -> tuple[list[str], int]:
    """One chart and the height at which the next one begins."""
    most = max(value for row in speedups.values() for value in row.values())
    scale = WIDTH / max(most, 1.0)
    parts = [f'<text class="title" x="{LEFT}" y="{top + 5}">{escape(title)}</text>']
    x = LEFT
    for number, machine in enumerate(machines):
        parts.append(f'<rect x="{x}" y="{top + 14}" width="10" height="10" fill="{COLORS[number % len(COLORS)]}"/>'
                     f'<text x="{x + 14}" y="{top + 23}">{escape(machine)}</text>')
        x += 30 + 7 * len(machine)
    y = first = top + 38
    for workload, row in speedups.items():
        middle = y + BAR * len(machines) / 2 + 4
        parts.append(f'<text x="{LEFT - 8}" y="{middle:.0f}" text-anchor="end">{escape(workload)}</text>')
        for number, machine in enumerate(machines):
            if machine in row:
                length = row[machine] * scale
                color = COLORS[number % len(COLORS)]
                parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" fill="{color}"/>'
                             f'<text class="value" x="{LEFT + length + 4:.1f}" y="{y + BAR - 3}">{row[machine]:.2f}</text>')
            y += BAR
        y += GAP
    line = LEFT + scale
    parts.append(f'<line x1="{line:.1f}" y1="{first - 4}" x2="{line:.1f}" y2="{y - GAP + 4}" stroke="#333" '
                 'stroke-dasharray="3 3"/>')
    return parts, y + 20
