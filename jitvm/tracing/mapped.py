"""map and filter in a region: the function that they call for an item is inlined as one that the ``for`` implies.

The item comes from an iterator that is advanced natively, so that nothing is done before the call that an exit would do again.
"""
from __future__ import annotations

from jitvm.spec import shared
from jitvm.tracing.implied import FILTER, MADE, ImpliedMixin, binding
from jitvm.tracing.values import BoolValue, Const, FloatValue, Frame, IntValue, Null, Packed, State, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PLAIN = frozenset((bool, int, float, str, bytes, type(None)))


class Entered(Exception):
    """An instruction goes on in the function that it calls, at ``pc``."""

    def __init__(self, pc: int) -> None:
        super().__init__(pc)
        self.pc = pc


class MappedMixin(ImpliedMixin):
    """The part of a region that inlines what map and filter call."""

    if TYPE_CHECKING:
        vectors: list[Any]
        outcomes: list[int]

        def own(self, value: Value) -> None: ...

    def imply_item(self, _helper: str, kind: int, function: Value, inner: Value, item: Value) -> None:
        """Goes on in the function of a map or filter (``kind``), for an item of ``inner``; does nothing where it is not inlined."""
        chain, _ = self.callees()
        plan = binding(chain[0].code, 1, ()) if chain and not isinstance(item, Null) else None
        if plan is None:
            return
        if not self.choose(chain[0], function, False):
            return
        self.unrecorded("g_go_past", inner)
        raise Entered(self.inline(chain[0], function, [item], plan, [], kind, item if kind == FILTER else None))

    def unrecorded(self, name: str, *values: Value) -> None:
        """Does what a helper does in the interpreter: its conditions are in no recording, and what is known decides them."""
        recorded = self.vectors, self.outcomes
        self.vectors, self.outcomes = [], []
        try:
            self.generated[name](self, *values)
        finally:
            self.vectors, self.outcomes = recorded

    def truth(self, value: Value) -> Any:
        """Whether a value is true: a bool, or a test; leaves where it is of no common type."""
        if isinstance(value, Const) and type(value.object) in PLAIN:
            return bool(value.object)
        if isinstance(value, BoolValue):
            return value.number
        if isinstance(value, IntValue | FloatValue):
            return self.compare("ne", value.number, 0 if isinstance(value, IntValue) else 0.0)
        if isinstance(value, Packed) and value.type in (tuple, list, dict):
            return bool(value.items)
        answer = self.call_helper("simple_truth", value)
        self.guard(self.compare("ge", answer, 0), True)
        return self.compare("ne", answer, 0)

    def leave_filter(self, frame: Frame, value: Value) -> int | None:
        """The function of a filter has returned: the loop goes on with the item, or at its header."""
        test = self.truth(value)
        level = self.state.level
        item = self.state.registers[level, MADE]
        for place in [p for p in self.state.registers if p[0] == level]:
            del self.state.registers[place]
        self.state.frames = self.state.frames[:-1]
        self.pc = frame.call_site
        record = self.record_of()
        instruction = record.instruction(self.pc)
        following = record.after(self.pc)
        labels = (self.label(), self.label()) if not isinstance(test, bool) else ("", "")
        if labels[0]:
            self.emit(f"br i1 {test}, label %{labels[0]}, label %{labels[1]}")
        before: State = self.state
        for label, outcome in zip(labels, (True, False), strict=True):
            if isinstance(test, bool) and test is not outcome:
                continue
            self.state = before.copy()
            if label:
                self.at(label)
                self.assume(self.state, test, outcome)
            if outcome:
                self.write(instruction.values[instruction.row.operands[0].name], item)
            self.reap()
            self.write_back()
            self.arrive(following if outcome else self.pc - shared.CONSTANTS["LOOP_BYTES"])
        return None
