"""Runs a script under CPython and under jitvm in a mode, and says what differs.

A mode is a list of options of ``jitvm run`` and changes to the environment. The one list of modes is ``MODES``.
"""
from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).resolve().parent / "scripts"
TIMEOUT = 120


@dataclass(frozen=True)
class Mode:
    """One way of running a program in jitvm."""

    name: str
    options: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = field(default=())


MODES = (
    Mode("no-jit", ("--no-jit",)),
    Mode("default"),
    Mode("threshold-1", ("-X", "threshold=1")),
)


@dataclass(frozen=True)
class Outcome:
    """What a run showed."""

    stdout: str
    stderr: str
    status: int


def _run(command: list[str], extra: Iterable[tuple[str, str]] = (), cwd: Path = SCRIPTS) -> Outcome:
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **dict(extra)}
    done = subprocess.run(command, capture_output=True, cwd=cwd, env=environment, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
    return Outcome(done.stdout.decode(), done.stderr.decode(), done.returncode)


@functools.cache
def on_host(script: Path) -> Outcome:
    """The run under CPython; once for each script."""
    return _run([sys.executable, script.name], cwd=script.parent)


def in_vm(script: Path, mode: Mode, *options: str) -> Outcome:
    """The run in jitvm."""
    return _run([sys.executable, "-m", "jitvm", "run", *mode.options, *options, script.name], mode.environment, script.parent)


def both(script: Path, mode: Mode) -> tuple[Outcome, Outcome]:
    """CPython's outcome and jitvm's, run side by side."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(on_host, script), pool.submit(in_vm, script, mode)
        return first.result(), second.result()


LEAK_TAIL = """
def _blocks():
    import gc, sys
    gc.collect(); gc.collect()
    launch = sys.modules.get("jitvm.runtime.launch")
    lists = ("free_int_count", "free_float_count", "free_text_count")
    native = launch.machine.native if launch else None
    kept = sum(native.state(name) for name in lists) + 2 * native.peek(native.state("free_instances")) if native else 0
    return sys.getallocatedblocks() - kept
def _rounds():
    import io, sys
    shown, counts = sys.stdout, []
    for _ in range(14):
        sys.stdout = io.StringIO()
        try:
            main()
        finally:
            sys.stdout = shown
        counts.append(_blocks())
    print(counts[-1] - counts[5], counts)
_rounds()
"""
"""Takes the place of what follows ``main()``: runs ``main`` again and again and prints how many memory blocks that took.

The dead ints, floats, strings and instances that the VM keeps for reuse do not count.
"""
LEAK_ROUNDS = 8


def grown(script: Path, mode: Mode) -> tuple[int, int, str]:
    """Blocks that LEAK_ROUNDS runs of the script's ``main`` leave under CPython and under jitvm, and what was printed."""
    with tempfile.TemporaryDirectory(prefix="jitvm-leaks-") as folder:
        copy = Path(folder) / script.name
        copy.write_text(script.read_text().partition("\n\nmain()\n")[0] + "\n\nmain()\n" + LEAK_TAIL)
        for name in ("shapes.py", "helpers"):
            if (SCRIPTS / name).exists():
                (Path(folder) / name).symlink_to(SCRIPTS / name)
        host, vm = both(copy, mode)
        lines = [outcome.stdout.strip().splitlines() or ["-1 nothing printed"] for outcome in (host, vm)]
        return int(lines[0][-1].split()[0]), int(lines[1][-1].split()[0]), lines[1][-1] + vm.stderr


def functions_on_host(script: Path, mode: Mode) -> list[tuple[str, str]]:
    """Names and reasons of the functions that --stats-json lists as run by the host."""
    with tempfile.TemporaryDirectory(prefix="jitvm-stats-") as folder:
        file = Path(folder) / "stats.json"
        in_vm(script, mode, "--stats-json", str(file))
        rows = json.loads(file.read_text())["functions_host"]
    return [(row["name"], row["reason"]) for row in rows]
