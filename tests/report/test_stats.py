"""The figures of a run: as text and as JSON."""

from __future__ import annotations

import json

import pytest

from jitvm.report import stats


def filled() -> stats.Stats:
    figures = stats.Stats()
    figures.functions_vm = 3
    figures.host_function("gather", "a.py", 10, "async functions are not supported yet")
    figures.loop("a.py", 4, "compiled", iterations=100)
    figures.loop("a.py", 7, "aborted", "the loop ended while it was recorded")
    figures.cache("format", 90, 10, 10, 256)
    figures.seconds["compiling"] = 0.0125
    figures.notes.append("something")
    return figures


def test_summary() -> None:
    assert (
        filled().summary()
        == """\
jitvm: 3 functions in the virtual machine, 1 on the host
jitvm: 2 hot loops: 1 aborted, 1 compiled
  a.py:4  compiled
  a.py:7  aborted  the loop ended while it was recorded
jitvm: on the host
  a.py:10  gather  async functions are not supported yet
jitvm: cache format: 90 hits, 10 misses, 10 of 256 entries
jitvm: recording 0.0 ms, compiling 12.5 ms
jitvm: something
"""
    )


def test_long_lists_are_cut_in_the_summary_only() -> None:
    figures = stats.Stats()
    for line in range(50):
        figures.loop("a.py", line, "compiled")
    assert "  ... and 30 more\n" in figures.summary()
    assert len(json.loads(json.dumps(figures.as_dict()))["loops"]) == 50


def test_a_failing_source_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "_sources", [])

    def good(figures: stats.Stats) -> None:
        figures.functions_vm += 2

    def bad(figures: stats.Stats) -> None:
        raise RuntimeError("no figures")

    for source in (good, bad, good):
        stats.register(source)
    figures = stats.collect()
    assert figures.functions_vm == 4
    assert figures.notes == ["figures missing: RuntimeError: no figures"]
