"""``jitvm explain script.py``: runs a program and says where its time went, line by line, and why that was not compiled code."""
from __future__ import annotations

import os

from jitvm.report.stats import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jitvm.report.stats import Stats

SHOWN = 15
"""Lines of the program that are shown."""
INDENT = " " * 9
FEW = 20
"""With fewer samples a share says little."""


def text(stats: Stats, here: str) -> str:
    """The report on a run. File names are shown relative to the folder ``here`` where they are below it."""
    lines = _times(stats, here)
    if stats.functions_host:
        lines.append("jitvm: functions of the program that Python's own interpreter ran")
        lines += shown([f"{INDENT}{_short(row['file'], here)}:{row['line']}  {row['name']}: {row['reason']}"
                        for row in stats.functions_host], SHOWN, INDENT)
    failed = [row for row in stats.loops if row["outcome"] in ("aborted", "blacklisted")]
    if failed:
        lines.append("jitvm: hot loops and functions that were not compiled")
        lines += shown([f"{INDENT}{_short(row['file'], here)}:{row['line']}  {row['reason']}" for row in failed], SHOWN, INDENT)
    lines += [f"jitvm: {note}" for note in stats.notes]
    return "\n".join(lines) + "\n"


def _times(stats: Stats, here: str) -> list[str]:
    """Where the time went: in all, and by lines of the program."""
    rows: list[dict[str, Any]] = stats.more.get("samples", [])
    total = sum(row["count"] for row in rows)
    seconds = f"{stats.more.get('sampled_seconds', 0.0):.2f} s of CPU time in the main thread"
    if stats.more.get("sampling_problem"):
        return [f"jitvm: {seconds}; no samples: {stats.more['sampling_problem']}"]
    if total < FEW:
        return [f"jitvm: {seconds}: too short to say where it went"]
    lines = [f"jitvm: {seconds} ({total} samples): {_parts(rows, total)}"]
    if stats.more.get("exits_taken"):
        lines.append(f"jitvm: compiled code was left {stats.more['exits_taken']} times")
    by_place: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in rows:
        if row["file"]:
            by_place.setdefault((row["file"], row["line"]), []).append(row)
    places = sorted(by_place.items(), key=lambda item: (-sum(row["count"] for row in item[1]), item[0]))
    for (file, line), there in places[:SHOWN]:
        count = sum(row["count"] for row in there)
        if 100 * count < total:
            break
        lines.append(f"  {_percent(count, total):>5}  {_short(file, here)}:{line}  in {there[0]['function']}: {_parts(there, count)}")
        reasons: dict[str, int] = {}
        for row in there:
            reasons[row["why"]] = reasons.get(row["why"], 0) + row["count"]
        lines += [f"         {_percent(number, count):>5}  {why}" for why, number in sorted(reasons.items(), key=lambda item: -item[1])
                  if why and 10 * number >= count]
    return lines


def _parts(rows: list[dict[str, Any]], total: int) -> str:
    """What ran some samples, the greatest part first."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["what"]] = counts.get(row["what"], 0) + row["count"]
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{_percent(count, total)} {what}" for what, count in sorted(counts.items(), key=lambda item: -item[1]))


def _percent(count: int, total: int) -> str:
    return f"{100 * count / total:.0f} %"


def _short(file: str, here: str) -> str:
    return file[len(here) + 1:] if file.startswith(here + os.sep) else file
