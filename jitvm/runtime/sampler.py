"""What the program's main thread is doing, looked at by a timer while it runs: for ``jitvm explain``.

The handler (``jitvm/interpreter/samples.py``) writes words down; what they mean is found out at the end.
"""
from __future__ import annotations

from _bisect import bisect_right
from _ctypes import addressof
from time import thread_time

from jitvm.backend.foreign import Int32, Int64, Pointer, bind, view_of
from jitvm.frontend.code import host_codes
from jitvm.spec import layout, reasons
from jitvm.spec.bytecodes import UNIT
from jitvm.spec.shared import CONSTANTS
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import CodeType
    from typing import Any

    from jitvm.runtime.records import Record

SIGPROF = 27
MILLISECONDS = 1
"""Of CPU time between two samples; the system's own ticks are coarser, often 4."""
COMPILED, INTERPRETED, IN_C = "compiled code", "interpreter", "C functions"
OWN, ON_HOST = "jitvm's own work", "Python's own interpreter"
"""What the thread was doing. C functions are those that interpreted code has called."""
_SA_SIGINFO, _SA_RESTART = 4, 0x10000000
_THREAD_CPU_CLOCK, _SIGEV_THREAD_ID = 3, 4
_SYS_GETTID = 186
_WORD = {name: place // 8 for name, place in CONSTANTS.items() if name.startswith("SAMPLE")}


class Spot:
    """Where a sample was taken: a line of a function, what ran it, and why not compiled code."""

    __slots__ = ("file", "function", "line", "what", "why")

    def __init__(self, what: str, file: str, line: int, function: str, why: str = "") -> None:
        self.what, self.file, self.line, self.function, self.why = what, file, line, function, why


class Sampler:
    """Samples of one process, from when this is made until ``stop``. ``problem`` says why there are none."""

    def __init__(self, machine: Any) -> None:
        self.machine = machine
        self.problem = ""
        size = CONSTANTS["SAMPLES_ROWS"] + CONSTANTS["SAMPLES_MOST"] * CONSTANTS["SAMPLE_BYTES"]
        self.block: int = bind("calloc", Pointer, Int64, Int64)(size, 1)
        self.timer = array("Q", bytes(8))
        self.seconds = thread_time()
        if not self.block or not self._begin():
            self.problem = "this system gives no timer for samples"

    def _begin(self) -> bool:
        native = self.machine.native
        native.poke(self.block + CONSTANTS["SAMPLES_THREAD"], bind("PyThreadState_Get", Pointer)())
        native.poke(self.block + CONSTANTS["SAMPLES_LIMIT"], addressof(native.young))
        native.set_state("samples", self.block)
        action = array("Q", bytes(152))
        action[0] = native.code.names["vm_sample"]
        action[17] = _SA_SIGINFO | _SA_RESTART
        event = array("Q", bytes(64))
        event[1] = SIGPROF | _SIGEV_THREAD_ID << 32
        event[2] = bind("syscall", Int32, Int32)(_SYS_GETTID)
        times = array("Q", (0, MILLISECONDS * 1000000) * 2)
        try:
            create = bind("timer_create", Int32, Int32, Pointer, Pointer)
            set_time = bind("timer_settime", Int32, Pointer, Int32, Pointer, Pointer)
        except OSError:
            return False
        if bind("sigaction", Int32, Int32, Pointer, Pointer)(SIGPROF, action.buffer_info()[0], None):
            return False
        if create(_THREAD_CPU_CLOCK, event.buffer_info()[0], self.timer.buffer_info()[0]):
            return False
        return not set_time(self.timer[0], 0, times.buffer_info()[0], None)

    def stop(self) -> None:
        """Takes no more samples."""
        self.seconds = thread_time() - self.seconds
        if not self.problem:
            bind("timer_delete", Int32, Pointer)(self.timer[0])
        self.machine.native.set_state("samples", 0)

    def report(self, stats: Any) -> None:
        """Adds to the statistics how many samples each spot has, and the seconds that they stand for."""
        counts: dict[tuple[str, str, int, str, str], int] = {}
        for spot in self.spots():
            key = spot.what, spot.file, spot.line, spot.function, spot.why
            counts[key] = counts.get(key, 0) + 1
        names = "what", "file", "line", "function", "why"
        stats.more["samples"] = [{**dict(zip(names, key, strict=True)), "count": count} for key, count in counts.items()]
        stats.more["sampled_seconds"] = self.seconds
        if self.problem:
            stats.more["sampling_problem"] = self.problem

    def spots(self) -> Iterator[Spot]:
        """Where each sample was taken."""
        if not self.block:
            return
        count, words = self.machine.native.peek(self.block), CONSTANTS["SAMPLE_BYTES"] // 8
        view = view_of(self.block + CONSTANTS["SAMPLES_ROWS"], count * words * 8)
        reader = _Reader(self.machine)
        for number in range(count):
            yield reader.spot(view[number * words:(number + 1) * words])


class _Reader:
    """Finds out what the words of samples mean."""

    def __init__(self, machine: Any) -> None:
        self.records, self.driver, self.early = machine.records, machine.driver, machine.outlook.early
        code = machine.native.code
        self.interpreter = code.base, code.base + code.code_size
        roots = self.driver.roots.values() if self.driver is not None else ()
        self.regions = sorted([(loaded.base, loaded.base + loaded.code_size, root) for root in roots for loaded in root.loaded],
                              key=lambda region: region[0])
        self.starts = [start for start, _, _ in self.regions]
        self.host: dict[int, CodeType] | None = None
        self.first: int = layout.current()[1]["CODE_INSTRUCTIONS"]

    def spot(self, words: Any) -> Spot:
        """What one sample says."""
        address, code = words[_WORD["SAMPLE_IP"]], words[_WORD["SAMPLE_CODE"]]
        offset = words[_WORD["SAMPLE_INSTRUCTION"]] - code - self.first
        no_limit = self.records.no_limit
        if words[_WORD["SAMPLE_LIMIT"]] & no_limit == no_limit:  # see hide_from_collector in jitvm/interpreter/loops.py
            return Spot(OWN, "", 0, "")
        native = self.within(address)
        record = self.records.at(words[_WORD["SAMPLE_PC"]]) if native is INTERPRETED else None
        if record is not None:
            return self.interpreted(INTERPRETED, record, (words[_WORD["SAMPLE_PC"]] - record.base) // UNIT, words[_WORD["SAMPLE_TIME"]])
        caller = native
        if native is None or native is INTERPRETED:  # a function that either has called, itself or by one of the interpreter's helpers
            callers = [found for found in map(self.within, words[_WORD["SAMPLE_STACK"]:]) if found]
            caller = next((found for found in callers if found is not INTERPRETED), None)
        if caller is not None:
            return Spot(COMPILED, caller.code.code.co_filename, caller.code.line(caller.pc), caller.code.code.co_qualname)
        record = self.records.by_code.get(code)
        if record is not None and record.row is not None:
            offsets: Sequence[int] = record.unit.host_offsets
            unit = next((unit for unit, at in enumerate(offsets) if at == offset), 0)
            return self.interpreted(INTERPRETED if native else IN_C, record, unit, words[_WORD["SAMPLE_TIME"]])
        return self.on_host(code, offset)

    def within(self, address: int) -> Any:
        """The root of the region that an address is in, INTERPRETED for the interpreter, None for anything else."""
        if self.interpreter[0] <= address < self.interpreter[1]:
            return INTERPRETED
        place = bisect_right(self.starts, address) - 1
        return self.regions[place][2] if place >= 0 and address < self.regions[place][1] else None

    def interpreted(self, what: str, record: Record, unit: int, time: int) -> Spot:
        """A spot in code that the VM has, at a unit of its instructions; the time in nanoseconds."""
        assert record.unit is not None
        return Spot(what, record.code.co_filename, record.unit.line(unit), record.code.co_qualname, self.why(record, unit, time))

    def why(self, record: Record, unit: int, time: int) -> str:
        """Why a unit's bytecode was not run as compiled code: by the loops that it is in, the inner ones first, and its function."""
        if self.driver is None and not self.early:
            return ""
        assert record.unit is not None
        headers = record.loops_around(unit)
        for header in (*headers, 0):
            pc = record.base + header * UNIT
            name = f"the loop in line {record.unit.line(header)}" if header in headers else "the function"
            root = self.driver.roots.get(pc) if self.driver is not None else None
            if root is not None and root.compiled:
                return f"{name} was not compiled yet" if time < root.since * 1e9 else self.left(name, record, unit)
            if root is not None and root.reason:
                return f"{name} is not compiled: {reasons.describe(root.reason, root.detail)}"
            if pc in self.early:
                return f"{name} is not compiled: {reasons.describe(self.early[pc])}"
        return "no loop or function here was hot"

    def left(self, name: str, record: Record, unit: int) -> str:
        """What is said of a bytecode within what is compiled."""
        untraced = self.driver.untraced.get((record.number, record.base + unit * UNIT))
        if untraced:
            return f"{name} is compiled but for this: {untraced} is left to the interpreter"
        return f"{name} is compiled, and is left before this or here"

    def on_host(self, code: int, offset: int) -> Spot:
        """A spot in code that the host runs."""
        if self.host is None:
            self.host = dict(_host_codes())
        found = self.host.get(code)
        if found is None:
            return Spot(ON_HOST, "", 0, "")
        record = self.records.by_code.get(code)
        lines = [line for start, end, line in found.co_lines() if start <= offset < end and line]
        why = reasons.describe("host-called") if record is not None and not record.reason else record.reason if record is not None else ""
        return Spot(ON_HOST, found.co_filename, lines[0] if lines else found.co_firstlineno, found.co_qualname, why)


_FUNCTION = type(lambda: None)


def _host_codes() -> Iterator[tuple[int, CodeType]]:
    """The code objects of all functions that the collector knows, by their addresses."""
    import gc

    for function in gc.get_objects():
        if isinstance(function, _FUNCTION):
            for code in host_codes(function.__code__):
                yield id(code), code
