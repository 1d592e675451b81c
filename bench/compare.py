"""Compares jitvm with CPython, and with PyPy where there is one, on the seven workloads.

    python bench/compare.py [--runs 5] [--python PATH] [--pypy PATH] [--peer NAME=COMMAND] [--output FOLDER] [WORKLOAD ...]

Every workload is run as a whole process, and a second time in one process that has run it before. Rounds are interleaved: each
machine runs once before any runs again. Every output must equal that of the first CPython. "jitvm" compiles everything anew, each time;
"jitvm, later run" finds in its cache what the round before the first has left there. Writes results.json, results.md and
results.svg. The exit status is 1 if an output differs or a machine fails.
"""
from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import picture
import tables

HERE = Path(__file__).resolve().parent
SEVEN = ("fib", "list_ops", "primes", "dict_ops", "nested", "strings", "comprehension")
LATER_RUN = "jitvm, later run"
LARGE = {"fib": "33", "primes": "300000", "nested": "5000"}
SECOND_CALL = '''

import sys as _sys
import time as _time

for _ in range({before}):
    main({arguments})
_start = _time.perf_counter()
_second = main({arguments})
_seconds = _time.perf_counter() - _start
try:
    with open("/proc/self/status") as _status:
        _peak = [_line.split()[1] for _line in _status if _line.startswith("VmHWM")][0]
except OSError:
    _peak = "0"
_sys.stderr.write("second call %.9f %s %r\\n" % (_seconds, _peak, _second))
'''
"""Appended to a workload: its own last lines make the first call, this times the second (or a later one). It also asks for the peak of
its own memory: what the system tells the parent of a process includes the parent's."""

TIMEOUT = 600
"""Seconds after which a run is ended, and counts as failed."""


@dataclass
class Machine:
    """Something that runs scripts: a name, the command before the script, and where scripts must lie for it to see them."""

    name: str
    command: list[str]
    kind: str
    root: str = ""
    version: str = ""

    @property
    def folder_prefix(self) -> Path:
        """The folder, as this process sees it, that is the root of what the machine sees."""
        return Path(self.root or "/")


@dataclass
class Measured:
    """What one run gave: seconds (whole process or second call), output for comparing, peak memory in MiB (0 if not known), or
    a problem."""

    seconds: float
    output: str
    memory: float
    problem: str = ""


@dataclass
class Comparison:
    """All that is measured, ready for JSON by ``as_dict``."""

    machines: list[Machine]
    runs: dict[str, tables.Runs] = field(default_factory=lambda: {mode: {} for mode in tables.MODES})
    memory: dict[str, dict[str, float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, mode: str, workload: str, machine: Machine, result: Measured) -> None:
        """Notes one run."""
        if result.problem:
            problem = f"{machine.name}, {workload}, {tables.MODES[mode].lower()}: {result.problem}"
            if problem not in self.problems:
                self.problems.append(problem)
            return
        self.runs[mode].setdefault(workload, {}).setdefault(machine.name, []).append(1000 * result.seconds)
        if mode == "inside" and result.memory:
            peaks = self.memory.setdefault(workload, {})
            peaks[machine.name] = max(peaks.get(machine.name, 0.0), result.memory)

    def drop_incomplete(self, rounds: int) -> None:
        """Forgets what a machine did of a workload if it failed in some round: runs are compared round by round."""
        for runs in self.runs.values():
            for times in runs.values():
                for name in [name for name, numbers in times.items() if len(numbers) != rounds]:
                    del times[name]

    def as_dict(self, rounds: int) -> dict[str, Any]:
        """Everything, with the machine it was measured on."""
        return {
            "environment": environment(rounds),
            "machines": described(self.machines),
            "vm": next((machine.name for machine in self.machines if machine.kind == "jitvm"), ""),
            "reference": next(machine.name for machine in self.machines if machine.kind == "python"),
            "runs": self.runs, "memory": self.memory, "problems": self.problems,
        }


def environment(rounds: int) -> dict[str, Any]:
    """What was measured on, and when."""
    return {"cpu": cpu_name(), "cores": os.cpu_count(), "system": system_name(), "runs": rounds, "date": datetime.date.today().isoformat()}


def described(machines: list[Machine]) -> dict[str, dict[str, str]]:
    """Version and command of each machine."""
    return {machine.name: {"version": machine.version, "command": shlex.join(machine.command)} for machine in machines}


def remove(folders: Iterable[Path]) -> None:
    """Removes folders of scripts."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def cpu_name() -> str:
    """The model of the processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def system_name() -> str:
    """The operating system and its kernel."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = platform.system()
    return f"{name}, kernel {platform.release()}"


def measure(machine: Machine, script: Path, arguments: list[str], mode: str) -> Measured:
    """Runs a script once and says what it gave."""
    seen = "/" + str(script.relative_to(machine.folder_prefix)) if machine.root else str(script)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        try:
            process = subprocess.Popen([*machine.command, seen, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            guard = threading.Timer(TIMEOUT, process.kill)
            guard.start()
            process.wait()
            guard.cancel()
        except OSError as error:
            return Measured(0.0, "", 0.0, f"cannot be run: {error.strerror}")
        seconds = time.perf_counter() - start
        out.seek(0)
        err.seek(0)
        output, errors = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    if process.returncode:
        last = errors.strip().splitlines()[-1:] or ["no message"]
        return Measured(seconds, output, 0.0, f"exit status {process.returncode}: {last[0]}")
    if mode == "inside":
        words = errors.strip().splitlines()[-1:] or [""]
        if not words[0].startswith("second call "):
            return Measured(seconds, output, 0.0, "no time of a second call")
        number, peak, value = words[0].removeprefix("second call ").split(" ", 2)
        return Measured(float(number), output + value, int(peak) / 1024)
    return Measured(seconds, output, 0.0)


def version_of(machine: Machine) -> str:
    """What a machine says it is; an empty string if it cannot be run."""
    if machine.kind in ("jitvm", "later", "nojit"):
        command = [*machine.command[:machine.command.index("run")], "--version"]
    else:
        command = [*machine.command, "-c", "import sys; print(sys.version.replace(chr(10), ' '))"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def find_machines(options: argparse.Namespace, *, later: bool = False) -> list[Machine]:
    """The machines to compare: jitvm with and without its JIT, CPython, and those that were named or found. With ``later``, also jitvm
    with what its earlier runs left in its cache."""
    beside = Path(sys.executable).with_name("jitvm")
    command = [str(beside)] if beside.exists() else [sys.executable, "-m", "jitvm"]
    if options.jitvm:
        command = shlex.split(options.jitvm)
    # Loops compiled by an earlier round would make later rounds hot from the start.
    machines = [Machine("jitvm", [*command, "run", "-X", "cache=0"], "jitvm")]
    machines += [Machine(LATER_RUN, [*command, "run"], "later")] * later
    machines.append(Machine("jitvm --no-jit", [*command, "run", "--no-jit"], "nojit"))
    pythons = options.python or [sys.executable, *_distribution_python()]
    machines += [Machine("CPython", [path], "python") for path in pythons]
    pypys = options.pypy or [path for path in (shutil.which("pypy3"),) if path]
    machines += [Machine("PyPy", [path], "peer") for path in pypys]
    for text in options.peer:
        name, _, words = text.partition("=")
        peer = Machine(name, shlex.split(words), "peer")
        if not name or not peer.command:
            raise SystemExit(f"compare.py: --peer takes NAME=COMMAND, not {text!r}")
        if peer.command[0] == "chroot" and len(peer.command) > 2:
            peer.root = peer.command[1].rstrip("/")
        machines.append(peer)
    for machine in machines:
        machine.version = version_of(machine)
        if machine.kind == "python" and machine.version:
            machine.name = "CPython " + machine.version.split()[0]
    names = [machine.name for machine in machines]
    for number, machine in enumerate(machines):
        if machine.name in names[:number]:
            machine.name += f" ({machine.command[0]})"
    return machines


def _distribution_python() -> Iterator[str]:
    """The distribution's own CPython, if it is another than the one that runs this."""
    path = "/usr/bin/python3"
    if os.path.exists(path) and os.path.realpath(path) != os.path.realpath(sys.executable):
        yield path


def write_scripts(folder: Path, workloads: list[str], large: bool, before: int = 0) -> dict[tuple[str, str], Path]:
    """Puts the scripts of both modes into a folder that a machine sees. Returns their paths by mode and workload."""
    scripts = {}
    for workload in workloads:
        folders = [place for place in (HERE / "workloads", HERE / "stress") if (place / f"{workload}.py").exists()]
        text = (folders[0] / f"{workload}.py").read_text()
        second = SECOND_CALL.format(arguments=LARGE.get(workload, "") if large else "", before=before)
        for mode, content in (("whole", text), ("inside", text + second)):
            path = folder / f"{workload}_{mode}.py"
            path.write_text(content)
            scripts[mode, workload] = path
    return scripts


def compare(machines: list[Machine], workloads: list[str], rounds: int, large: bool, step: Callable[[str], None],
            modes: Iterable[str] = tuple(tables.MODES), before: int = 0) -> Comparison:
    """Measures everything. ``step`` is told what is being run; ``before`` calls are made between the first and the one that is timed."""
    result = Comparison(machines)
    reference = next(machine for machine in machines if machine.kind == "python")
    order = [reference, *(machine for machine in machines if machine is not reference)]
    folders = {root: Path(tempfile.mkdtemp(prefix="jitvm-bench-", dir=f"{root}/tmp" if root else None))
               for root in {machine.root for machine in machines}}
    try:
        scripts = {root: write_scripts(folder, workloads, large, before) for root, folder in folders.items()}
        for workload in workloads:
            arguments = [LARGE[workload]] if large and workload in LARGE else []
            for mode in modes:
                expected = ""
                for number in range(rounds + 1):
                    for machine in order:
                        step(f"{workload}, {tables.MODES[mode].lower()}, {machine.name}, "
                             + (f"run {number} of {rounds}" if number else "once before"))
                        measured = measure(machine, scripts[machine.root][mode, workload], arguments, mode)
                        if machine is reference and not number:
                            expected = measured.output
                        if not measured.problem and measured.output != expected:
                            measured.problem = f"output {measured.output[:80]!r}, not {expected[:80]!r}"
                        # The round before the first fills the caches of disk and interpreter, and is not measured.
                        if number or measured.problem:
                            result.add(mode, workload, machine, measured)
    finally:
        remove(folders.values())
    result.drop_incomplete(rounds)
    return result


@contextmanager
def progress(steps: int) -> Iterator[Callable[[str], None]]:
    """Shows how far it is: a bar where rich is installed and this is a terminal, else a line now and then."""
    try:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError:
        rich = False
    else:
        rich = sys.stderr.isatty()
    if rich:
        from rich.console import Console
        with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"),
                      console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=steps)
            yield lambda text: bar.update(task, advance=1, description=text)
        return
    done = 0
    shown = 0.0

    def step(text: str) -> None:
        nonlocal done, shown
        done += 1
        if time.monotonic() - shown > 1.0 or done == steps:
            shown = time.monotonic()
            print(f"[{done}/{steps}] {text}", file=sys.stderr, flush=True)
    yield step


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD",
                        help=f"of {', '.join(SEVEN)}, {tables.TOGETHER} (default: all)")
    parser.add_argument("--runs", type=int, default=5, help="measured runs of each (default: 5)")
    parser.add_argument("--large", action="store_true", help=f"more work: {', '.join(f'{k}({v})' for k, v in LARGE.items())}")
    add_machine_options(parser)
    options = parser.parse_args(arguments)
    unknown = set(options.workloads) - {*SEVEN, tables.TOGETHER}
    if unknown or options.runs < 1:
        parser.error(f"no workload {', '.join(sorted(unknown))}" if unknown else "--runs takes at least 1")
    if not options.workloads:
        options.workloads = list(LARGE) if options.large else [*SEVEN, tables.TOGETHER]
    return options


def add_machine_options(parser: argparse.ArgumentParser) -> None:
    """The options that say what is compared, and where the results go."""
    parser.add_argument("--jitvm", metavar="COMMAND", help="the jitvm to measure (default: the one of this Python)")
    parser.add_argument("--python", action="append", default=[], metavar="PATH", help="a CPython; the first is the reference")
    parser.add_argument("--pypy", action="append", default=[], metavar="PATH", help="a PyPy (default: one on the path)")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND",
                        help="any other Python, such as 'PyPy 8=chroot FOLDER /usr/bin/pypy3'")
    parser.add_argument("--output", type=Path, default=HERE / "results", metavar="FOLDER", help="where the results are written")


def machine_arguments(options: argparse.Namespace) -> list[str]:
    """The command line that says what ``add_machine_options`` has read."""
    words = ["--output", str(options.output)]
    words += ["--jitvm", options.jitvm] if options.jitvm else []
    for name in ("python", "pypy", "peer"):
        words += [word for value in getattr(options, name) for word in (f"--{name}", value)]
    return words


def usable_machines(options: argparse.Namespace, *, later: bool = False) -> tuple[list[Machine], list[str]]:
    """The machines that can be run, and what is to be said of the others. SystemExit where no CPython can."""
    machines = find_machines(options, later=later)
    if not any(machine.kind == "python" and machine.version for machine in machines):
        print("no CPython can be run", file=sys.stderr)
        raise SystemExit(2)
    return ([machine for machine in machines if machine.version],
            [f"{machine.name} cannot be run: {shlex.join(machine.command)}" for machine in machines if not machine.version])


def main(arguments: list[str]) -> int:
    """Compares, prints and writes. Returns the exit status."""
    options = parse(arguments)
    machines, missing = usable_machines(options, later=True)
    steps = len(options.workloads) * len(tables.MODES) * len(machines) * (options.runs + 1)
    with progress(steps) as step:
        comparison = compare(machines, options.workloads, options.runs, options.large, step)
    comparison.problems += missing
    results = comparison.as_dict(options.runs)
    text = tables.markdown(results)
    options.output.mkdir(parents=True, exist_ok=True)
    for name, content in (("results.json", json.dumps(results, indent=1) + "\n"), ("results.md", text),
                          ("results.svg", picture.draw(results))):
        (options.output / name).write_text(content)
    print(text)
    print(f"written to {options.output}", file=sys.stderr)
    return 1 if comparison.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
