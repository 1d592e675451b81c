"""Whether it pays to load the compiler: how long hot loops have run, and how long they will still, where their iterators tell."""
from __future__ import annotations

from time import perf_counter

from jitvm.spec.bytecodes import COUNTER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitvm.runtime.context import Native
    from jitvm.runtime.records import Records
    from jitvm.spec.settings import Settings

COMPILER_MILLISECONDS = 8
"""What loading the compiler and the first code cost: a loop that is known to end sooner is not worth it, one that is known to go on longer
is."""
NEST_MILLISECONDS = 4
"""The same for loops and functions that are entered often: what is within others gains most, and is taken to be entered again."""
SURE = 1.5
"""The compiler is loaded at once where loops will go on for so many times that: nothing is to be waited for."""
LASTING = 3
"""When a program has run for so many times that, it is taken to go on, whatever its loops say."""
HOT_SHARE, HOT_ENOUGH = 3, 80
"""The compiler is loaded when hot loops take one part in so many of the run, or have taken so many milliseconds: a program that spends
its time all over its code gains less by their being compiled than it costs."""


class Met:
    """A loop with an iterator at an address: since when, and how many rounds it had done then; when it was last met, and the seconds that a
    round took (0: not known); the seconds between these two times, of all iterators before."""

    __slots__ = ("before", "done", "iterator", "last", "round", "since")

    def __init__(self, iterator: int, now: float, done: int) -> None:
        self.before = self.round = 0.0
        self.iterator, self.since, self.last, self.done = iterator, now, now, done

    def enter(self, iterator: int, now: float, done: int) -> None:
        """The loop is met with another iterator."""
        self.before += self.last - self.since
        self.iterator, self.since, self.done = iterator, now, done

    def seen(self, iterator: int, now: float, done: int) -> None:
        """The loop is met."""
        if self.iterator != iterator or done < self.done:
            self.enter(iterator, now, done)
        self.last = now
        if done > self.done:
            self.round = (now - self.since) / (done - self.done)


class Outlook:
    """What was seen of hot loops, and of those around them, each time that one was hot. ``begun``: when the program's first line ran."""

    def __init__(self, native: Native, records: Records, settings: Settings) -> None:
        self.native, self.records, self.settings = native, records, settings
        self.early: dict[int, str] = {}
        """Addresses of loops that were hot before the compiler was to be loaded, and why it was not."""
        self.hot = self.last = 0.0
        """About the milliseconds that hot loops took until then; how old the program was when one was last hot."""
        self.met: dict[int, Met] = {}
        """The loops that were met, by their addresses."""
        self.started = self.begun = perf_counter()

    def pays(self, pc: int, registers: int) -> bool:
        """Whether the compiler is to be loaded for a hot loop or function at ``pc``. If not, its counter is set for the next time."""
        now = perf_counter()
        age = (now - self.started) * 1000
        known = self.records.left(pc, registers)
        count, lasted = self.records.first_count(pc)
        self.hot += min(lasted / 2 if pc in self.early else lasted, age - self.last)
        self.last = age
        scattered = self.hot < min(HOT_ENOUGH, (now - self.begun) * 1000 / HOT_SHARE)
        around = self.look(pc, registers, now)
        expected = max(known[1] if known else 0.0, around or 0.0)
        cost = COMPILER_MILLISECONDS if known else NEST_MILLISECONDS
        ends_soon = (known or around is not None) and expected < cost
        if ends_soon:
            early = scattered or age < LASTING * COMPILER_MILLISECONDS
        elif known:
            early = False
        else:
            early = scattered or (self.hot < self.settings.grace and expected < SURE * cost)
        if not early:
            return True
        self.early[pc] = "ends-soon" if ends_soon else "too-early"
        self.native.poke(pc + COUNTER, known[0] + self.settings.soon() if known else max(1, count // 2))
        return False

    def look(self, pc: int, registers: int, now: float) -> float | None:
        """About the milliseconds that the hot loop at ``pc`` and those around it will still take, at the rate since they were first
        met; None where none tells, or each is met for the first time. ``now`` is in seconds.

        A loop that has not gone round since then tells the least that it will take. If the outermost one was entered before, the program
        is taken to do so again, for as long as it has.
        """
        expected, row = 0.0, None
        for loop, done, left, iterator in self.records.counted_around(pc, registers):
            row = self.met.setdefault(loop, Met(iterator, now, done))
            row.seen(iterator, now, done)
            if now > row.since:
                expected = max(expected, left * (now - row.since) * 1000 / max(1, done - row.done))
        return expected + row.before * 1000 if row and (expected or row.before) else None

    def around(self, pc: int, registers: int, now: float, least: int) -> tuple[int, int, float] | None:
        """The nearest loop around a hot one whose iterator tells that it has so many rounds left at ``least``: its address, the rounds that
        it has left, and the milliseconds that a round takes (0: not known yet). ``now`` is in seconds."""
        for loop, done, left, iterator in self.records.counted_around(pc, registers):
            if loop != pc and left >= least:
                row = self.met.setdefault(loop, Met(iterator, now, done))
                if not row.round:  # else what the compiler has cost since then would be taken for the loop's
                    row.seen(iterator, now, done)
                return loop, left, row.round * 1000
        return None

    def round_of(self, pc: int) -> float:
        """The milliseconds that a round of a loop takes, with what it calls; 0 where that was not seen."""
        row = self.met.get(pc)
        return row.round * 1000 if row is not None else 0.0
