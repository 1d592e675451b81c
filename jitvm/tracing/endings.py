"""Ends of objects in a region (``jitvm/interpreter/endings.py``): one that may run code is put off to the end of the bytecode, where the
region is left for it. What the region knows of the heap holds otherwise.

A bytecode that often has such ends gives objects up as an operation with effects in the next build.
"""
from __future__ import annotations

from jitvm.tracing.machine import MAY_END, Machine
from jitvm.tracing.values import BORROWED, Const, Obj, Pointer, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENDS = "ends"
"""First in the key of a place where ends are not put off."""


def refuse_endings(root: Any, often: int) -> bool:
    """Notes the bytecodes of a root's code that had to put ends off so often: the next build is not to. True if there is a new one."""
    words, places = root.ends
    found = {(ENDS, *place) for count, place in zip(words, places, strict=False) if count >= often} - root.refused
    root.refused |= found
    return bool(found)


class EndingsMixin(Machine):
    """The part of a region that gives up references."""

    refused: set[Any]
    ending_places: list[tuple[tuple[int, ...], int]]
    """The bytecodes that put ends off; each has a word that counts them."""
    current: tuple[tuple[int, ...], int]
    """Path and address of the bytecode under way."""
    quietly = False
    """Whether a bytecode is under way at whose end the region can be left."""
    has_ended = False
    """Whether the bytecode under way may have put an end off."""

    def may_end(self) -> bool:
        """Whether ends are put off here."""
        return self.quietly and (ENDS, *self.current) not in self.refused

    def drop(self, name: str) -> None:
        state = self.state
        kind = state.types.get(name)
        if kind in MAY_END or not self.may_end():
            super().drop(name)
            if kind not in MAY_END and self.quietly:
                self.hide_frames()
        else:
            state.owners.pop(name, None)
            self.end(name)
        if any(isinstance(known, Obj) and known.name == name for known, _ in state.heap.values()):
            state.owners[name] = BORROWED  # a field that is known still holds it

    def before_end(self) -> None:
        """Where ends are not put off, who looks at frames from a finaliser is to see true ones."""
        if self.quietly and all(frame.place is None for frame in self.state.frames):
            self.effect(True)
            self.position()
        else:
            super().before_end()

    def end(self, name: str) -> None:
        """Gives up a reference, now or at the end of the bytecode."""
        self.own_borrowed(())
        self.has_ended = True
        if not self.ending_places or self.ending_places[-1] != self.current:
            self.ending_places.append(self.current)
        counter = self.offset("@ends", 8 * len(self.ending_places) - 8)
        self.release_reference(name, f"call void {self.helper('t_end')}(ptr %ctx, ptr {name}, ptr {counter})")

    def own_borrowed(self, keep: tuple[Value, ...]) -> None:
        """Something may end: what is borrowed and needed gets a reference of its own. Fields that are known hold what they held."""
        self.effected = True
        for value in (*self.state.registers.values(), *keep):
            self.own(value)

    def end_in_memory(self, place: str) -> bool:
        """Empties a register of the frame, if ends are put off here."""
        if not self.may_end():
            return False
        old = self.op(f"load ptr, ptr {place}")
        self.emit(f"store ptr null, ptr {place}")
        self.end(old)
        return True

    def replace_at(self, base: Pointer, offset: Any, value: Value) -> None:
        if not self.may_end() or not isinstance(offset, int):
            super().replace_at(base, offset, value)
            return
        self.own_borrowed((value,))
        start = self.pointer(base)
        name, new = self.box(value)
        state = self.state
        if not new:
            self.add_reference(name)
        if not isinstance(value, Const):
            state.owners[name] = BORROWED if new else state.owners.get(name, BORROWED)
        place, key = self.offset(start, offset), f"+{offset}O"
        old = self.op(f"load ptr, ptr {place}")
        self.emit(f"store ptr {name}, ptr {place}")
        for known in [known for known in state.heap if known[1] == key]:
            del state.heap[known]
        state.cse[f"present {name}"] = True
        state.heap[start, key] = (value if isinstance(value, Const) else Obj(name), False)
        self.end(old)
