"""Loops within loops: which of a nest is recorded, so that it becomes one region in few steps."""
from __future__ import annotations

import time

from jitvm.spec import layout
from jitvm.spec.bytecodes import COUNTER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jitvm.tracing.budget import Budget

LONGEST_ROUND = 0.4
"""Milliseconds that a round of the loop around may take, for it to be recorded before the loop within is compiled: until it comes round
that one is interpreted."""
LEAST_ROUNDS = 16
"""Rounds that the loop around must have left."""
LEAST_MILLISECONDS = 4
"""What it must still take, interpreted: for less, the loop within is compiled sooner and for less, and that is most of it."""
LAST_ROUNDS = 2
"""A recording waits for the end of a loop within, and goes on so many rounds before it."""
SEEN_ENOUGH = 4
"""Rounds of a loop within in turn that brought nothing new: what is left to see is its end."""
QUIET_ROUNDS, KNOWN_COUNTS = 16, 1 / 8
"""A loop around others is recorded longer than one without: what it misses costs a build of the whole nest."""
MOST_WAITS = 2
"""How often a recording waits for the end of one loop within; then it has brought enough."""


class NestsMixin:
    """The part of the driver that goes from loops to those around them."""

    settings: Any
    budget: Budget
    native: Any
    records: Any
    outlook: Any
    roots: dict[int, Any]
    descriptors: list[Any]
    waiting: dict[int, tuple[Any, tuple[int, ...]]]
    """Roots whose recordings wait for the end of a loop within, with the path of inlined calls to it, by that one's address."""

    if TYPE_CHECKING:
        def root_at(self, pc: int) -> Any: ...
        def look(self, root: Any, pc: int, registers: int) -> None: ...
        def go_on_within(self, root: Any, path: tuple[int, ...], pc: int) -> None: ...
        def goes_on(self, root: Any, new: bool, at_root: bool) -> bool: ...

    def left_to_outer(self, root: Any, pc: int, registers: int) -> bool:
        """Whether a hot loop is left to the one around it, which is made hot for its next round: it will last, and comes round soon.

        Each loop is left only once, and then taken for itself. Before that it is put off once, to see how long a round takes.
        """
        if root.outer or not self.budget.bounded:
            return False
        found = self.outlook.around(pc, registers, time.perf_counter(), LEAST_ROUNDS)
        if found is None:
            return False
        header, left, milliseconds = found
        outer = self.root_at(header)
        if outer.compiled or outer.final or outer.pending is not None or milliseconds > LONGEST_ROUND:
            return False
        if left * milliseconds < LEAST_MILLISECONDS and (milliseconds or root.put_off):
            return False
        rounds = max(1, self.records.first_count(pc)[0] // 2)
        root.put_off = True
        if milliseconds:
            outer.quiet_rounds, outer.known_counts = QUIET_ROUNDS, KNOWN_COUNTS
            root.outer, root.reason = header, "around"
            self.native.poke(header + COUNTER, 1)
            counted = self.records.counted_at(pc, registers)
            rounds += counted[1] if counted is not None else rounds
        self.native.poke(pc + COUNTER, rounds)
        return True

    def wait_for_end(self, root: Any, path: tuple[int, ...], pc: int, registers: int, new: bool) -> bool:
        """A recording of a loop is at a loop within that brings nothing new: it goes on where that one ends, if it tells when.

        ``path``: the calls that lead from the one to the other.
        """
        root.quiet_within = 0 if new else root.quiet_within + 1
        if root.quiet_within < SEEN_ENOUGH or not self.budget.bounded or root.waits.get(pc, 0) >= MOST_WAITS:
            return False
        inner = self.roots.get(pc)
        if inner is not None and inner.compiled:
            return False  # it runs, and counts nothing
        counted = self.records.counted_at(pc, registers)
        if counted is None or counted[1] <= LAST_ROUNDS or not self.leads_to(path, registers):
            return False
        root.quiet_within = 0
        root.waits[pc] = root.waits.get(pc, 0) + 1
        self.waiting[pc] = root, path
        self.native.poke(pc + COUNTER, counted[1] - LAST_ROUNDS)
        self.native.poke(root.pc + COUNTER, LEAST_ROUNDS)  # in case it is left before, by another way
        return True

    def release(self, root: Any) -> None:
        """A loop is not compiled for now: those within, for whose ends it waited, are to be hot by themselves."""
        for pc in root.waits:
            self.waiting.pop(pc, None)
            inner = self.roots.get(pc)
            if inner is None or not inner.compiled:
                self.native.poke(pc + COUNTER, self.settings.soon())
        root.waits.clear()

    def is_enough(self, root: Any, pc: int) -> bool:
        """Whether a recording has waited for the end of the loop at ``pc`` often enough, and again brings nothing new there."""
        return bool(root.waits.get(pc, 0) >= MOST_WAITS and root.quiet_within)

    def waited(self, pc: int, registers: int) -> bool:
        """Whether a recording was waiting for the end of the loop at ``pc``; it goes on."""
        root, path = self.waiting.pop(pc, (None, ()))
        if root is None or root.compiled or root.final or root.pending is not None or not self.leads_to(path, registers):
            return False
        self.go_on_within(root, path, pc)
        return True

    def leads_to(self, path: tuple[int, ...], registers: int) -> bool:
        """Whether the callers of the frame with these registers are where ``path`` has their calls, the innermost one last."""
        fields, constants = layout.current()
        for site in reversed(path):
            caller = self.native.peek(registers - constants["FRAME_SIZE"] + fields["frame_previous"][0])
            if not caller or self.native.peek(caller + fields["header_pc"][0]) != site:
                return False
            registers = caller + constants["FRAME_SIZE"]
        return True

    def arm(self, pc: int, root: Any, new: bool) -> bool:
        """A recording of a loop has reached one within that is compiled: that one runs, and the recording goes on where it is left.

        False where it has to go on through the loop itself, or has brought enough.
        """
        inner = self.roots.get(pc)
        if inner is None or not inner.compiled or inner.way_out < 0 or not self.goes_on(root, new, True):
            return False
        exit = self.descriptors[inner.way_out]
        exit[2] = exit[3] - 1
        return True
