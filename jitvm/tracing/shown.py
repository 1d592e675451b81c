"""Frames of inlined calls, shown while foreign code runs (``jitvm/interpreter/inlined.py``).

The region itself keeps their locals in machine registers. Before an operation that may look at frames it makes those that are missing, and
drops them when the operation is over.
"""
from __future__ import annotations

from jitvm.spec.cfunctions import SLOTS
from jitvm.tracing.machine import Machine
from jitvm.tracing.values import NULL, OWNED, Const, Obj, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

MASK_BITS = 62
LOOKERS = frozenset("locals vars dir eval exec".split())
"""Names of functions that give or use the dict of a frame's locals, of which an activation has one: code that names one is not inlined."""


def looks(code: CodeType) -> bool:
    """Whether code may look at its own locals as a dict."""
    return not LOOKERS.isdisjoint(code.co_names)


class ShownMixin(Machine):
    """The part of a region that shows frames."""

    frames_shown: tuple[str, int] | None = None
    """The registers of the innermost frame that is shown, and how many are."""
    lent: list[tuple[str, int]]
    """Frames (registers), and a bit for each local whose reference is the region's: so that nobody counts one too many."""
    has_shown = False
    """Whether the current bytecode has shown frames."""
    pc: int
    record_symbols: dict[int, tuple[str, Any]]
    if TYPE_CHECKING:
        def function_of_frame(self, level: int) -> Value: ...
        def instr_symbol(self, record: Any, address: int) -> str: ...

    def show_frames(self) -> None:
        """Makes the frames of all inlined calls, with their locals."""
        state = self.state
        frames = state.frames
        registers = ""
        taken: set[str] = set()
        self.lent = []
        for level, frame in enumerate(frames[1:], 1):
            record = frame.record
            callee = self.box(self.function_of_frame(level))[0]
            site = self.instr_symbol(frames[level - 1].record, frame.call_site)
            at = site if level + 1 < len(frames) else self.instr_symbol(record, self.pc)
            registers = self.op(f"call ptr {self.helper('t_show_frame')}(ptr %ctx, ptr %ts, ptr {self.record_symbol(record)}, ptr {site}, "
                                f"ptr {at}, ptr {callee})")
            lent = 0
            for index in range(record.locals - len(record.code.co_freevars)):
                value = state.registers.get((level, index), NULL)
                if value is not NULL and value != NULL:
                    if isinstance(value, Obj) and index < MASK_BITS and value.name not in taken and state.owners.get(value.name) == OWNED:
                        text = value.name
                        lent |= 1 << index
                        taken.add(text)
                    else:
                        text = self.reference_to(value)
                    self.emit(f"store ptr {text}, ptr {self.offset(registers, 8 * index)}")
            if lent:
                self.lent.append((registers, lent))
        self.frames_shown = registers, len(frames) - 1

    def reference_to(self, value: Value) -> str:
        """A new reference to a value as an object."""
        text, new = self.box(value)
        if new:
            del self.state.owners[text]
        elif isinstance(value, Const):
            self.add_reference(text)
        else:
            self.reference(text)
        return text

    def hide_frames(self) -> None:
        """The operation is over."""
        if self.frames_shown is not None:
            registers, count = self.frames_shown
            self.frames_shown = None
            self.has_shown = True
            self.take_back(False)
            self.emit(f"call void {self.helper('t_hide_frames')}(ptr %ctx, ptr %ts, ptr {registers}, i64 {count})")

    def take_back(self, ended: bool) -> None:
        """The region's own references are no longer the frames', which keep some of their own where they have ``ended`` or are seen."""
        for registers, mask in self.lent:
            self.emit(f"call void {self.helper('t_take_back')}(ptr %ctx, ptr {registers}, i64 {mask}, i64 {int(ended)})")

    def nothing_kept(self) -> str:
        """A test: whether nobody keeps a frame that was shown, and no end waits."""
        block = self.op(f"load ptr, ptr {self.offset('%ctx', 8 * SLOTS['kept_frames'])}")
        return self.op(f"icmp eq i64 {self.op(f'load i64, ptr {block}')}, 0")

    def record_symbol(self, record: Any) -> str:
        """The symbol of a code record."""
        return self.record_symbols.setdefault(record.number, (f"@q{len(self.record_symbols)}", record))[0]
