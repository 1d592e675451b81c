"""What a run did: counts, functions on the host, hot loops, caches, seconds; as a summary and as JSON.

Nothing of this is imported unless a run asks for it. Whoever has figures registers a function that fills them in when they are
wanted, at exit:

    from jitvm.report import stats
    stats.register(fill)            # fill(stats: Stats) -> None
"""
from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SHOWN = 20
"""Rows of a list that the summary shows; the JSON has all."""


class Stats:
    """The figures of one run. Lines are numbered from 1, times are seconds, sizes are counts of entries."""

    def __init__(self) -> None:
        self.functions_vm = 0
        self.functions_host: list[dict[str, Any]] = []
        self.loops: list[dict[str, Any]] = []
        self.caches: dict[str, dict[str, int]] = {}
        self.seconds: dict[str, float] = {"recording": 0.0, "compiling": 0.0}
        self.settings: dict[str, Any] = {}
        self.notes: list[str] = []
        self.more: dict[str, Any] = {}

    def host_function(self, name: str, file: str, line: int, reason: str) -> None:
        """Notes a function of the program that ran on the host, and why."""
        self.functions_host.append({"name": name, "file": file, "line": line, "reason": reason})

    def loop(self, file: str, line: int, outcome: str, reason: str = "", **more: object) -> None:
        """Notes a hot loop: what became of it (``compiled``, ``inlined``, ``aborted``, ``blacklisted``), why; ``more`` is for the JSON."""
        self.loops.append({"file": file, "line": line, "outcome": outcome, "reason": reason, **more})

    def cache(self, name: str, hits: int, misses: int, size: int, bound: int) -> None:
        """Notes the figures of one cache."""
        self.caches[name] = {"hits": hits, "misses": misses, "size": size, "bound": bound}

    def as_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        return {"functions_vm": self.functions_vm, "functions_host": self.functions_host, "loops": self.loops,
                "caches": self.caches, "seconds": self.seconds, "settings": self.settings, "notes": self.notes, **self.more}

    def summary(self) -> str:
        """The figures for people, some lines of text."""
        outcomes: dict[str, int] = {}
        for row in self.loops:
            outcomes[row["outcome"]] = outcomes.get(row["outcome"], 0) + 1
        counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        lines = [f"jitvm: {_count(self.functions_vm, 'function')} in the virtual machine, {len(self.functions_host)} on the host",
                 f"jitvm: {_count(len(self.loops), 'hot loop')}" + (f": {counted}" if counted else "")]
        lines += shown([f"  {row['file']}:{row['line']}  {row['outcome']}" + (f"  {row['reason']}" if row["reason"] else "")
                         for row in self.loops])
        if self.functions_host:
            lines.append("jitvm: on the host")
            lines += shown([f"  {row['file']}:{row['line']}  {row['name']}  {row['reason']}" for row in self.functions_host])
        for name, row in sorted(self.caches.items()):
            bound = f" of {row['bound']}" if row["bound"] else ""
            lines.append(f"jitvm: cache {name}: {row['hits']} hits, {row['misses']} misses, {row['size']}{bound} entries")
        spent = ", ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in self.seconds.items())
        lines.append(f"jitvm: {spent}")
        lines += [f"jitvm: {note}" for note in self.notes]
        return "\n".join(lines) + "\n"


_sources: list[Callable[[Stats], None]] = []


def register(source: Callable[[Stats], None]) -> None:
    """Adds a function that fills in its part of the figures when they are wanted."""
    _sources.append(source)


def collect() -> Stats:
    """The figures now. A source that fails is named in ``notes``: a report must not end the program that it reports on."""
    result = Stats()
    for source in _sources:
        try:
            source(result)
        except Exception as error:
            result.notes.append(f"figures missing: {type(error).__name__}: {error}")
    return result


class AtExit:
    """Prints the summary, and what ``explain`` says, and writes the JSON file when the process that made it ends (not in forked
    children)."""

    def __init__(self, *, summary: bool, json_file: str | None, settings: dict[str, Any], explains: bool = False) -> None:
        # Modules and the path are taken now: the script may change the directory or shadow what is needed.
        import json
        self.encode = json.JSONEncoder(indent=2, default=str).encode
        self.summary = summary
        self.explanation: Any = None
        if explains:
            from jitvm.report import explain
            self.explanation, self.here = explain.text, os.getcwd()
        self.path = os.path.abspath(json_file) if json_file is not None else None
        self.process = os.getpid()
        self.settings = settings
        self.stderr = sys.stderr

    def __call__(self) -> None:
        """Reports; problems are one line on stderr."""
        if os.getpid() != self.process:
            return
        result = collect()
        result.settings = self.settings
        if self.path is not None:
            try:
                with open(self.path, "w", encoding="utf-8") as file:
                    file.write(self.encode(result.as_dict()) + "\n")
            except OSError as error:
                self._print(f"jitvm: cannot write {self.path}: {error.strerror}\n")
        if self.summary:
            self._print(result.summary())
        if self.explanation is not None:
            self._print(self.explanation(result, self.here))

    def _print(self, text: str) -> None:
        try:
            self.stderr.write(text)
            self.stderr.flush()
        except (OSError, ValueError, AttributeError):
            return  # closed by the script, or absent


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def shown(rows: list[str], most: int = SHOWN, indent: str = "  ") -> list[str]:
    """At most so many rows, and how many more there are."""
    return rows if len(rows) <= most else [*rows[:most], f"{indent}... and {len(rows) - most} more"]
