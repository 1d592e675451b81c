"""Builtins in a region, and formatting: of numbers, strings, truth values and None it runs no Python code, so that nobody looks at
the frame.

Where a value's type is not known, it is guarded. A guard that keeps failing has the call made as any other (``Driver.exit``).
"""
from __future__ import annotations

import builtins

from jitvm.tracing.intrinsics import INTRINSICS
from jitvm.tracing.packed import PackedMixin
from jitvm.tracing.values import OWNED, Obj, Packed, State, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

PLAIN_TYPES = (int, float, str, bool, type(None))
NOT_PLAIN = "not plain"
"""First in the key of an exit where a value was of another type; the place in the program follows."""


class FormattingMixin(PackedMixin):
    """The part of a region that formats."""

    refused: set[Any]
    force_guard: Any
    if TYPE_CHECKING:
        @property
        def path(self) -> tuple[int, ...]: ...
        def run_handler(self, instruction: Any, trail: list[Any]) -> int | None: ...
        def record_of(self) -> Any: ...
        def assume(self, state: State, test: str, outcome: bool) -> None: ...
        def leave(self, state: State, pc: int, key: Any, label: str | None = None, raising: bool = False) -> None: ...

    def all_plain(self, values: Sequence[Value]) -> bool:
        """Whether all values are of the types whose formatting runs no Python code: those of unknown type are guarded to be."""
        known = [self.type_of(value) for value in values]
        if any(kind is not None and kind not in PLAIN_TYPES for kind in known):
            return False
        return all(kind is not None or self.expect_plain(value, None) for value, kind in zip(values, known, strict=True))

    def expect_plain(self, value: Value, kind: type | None) -> bool:
        """Guards that a value is of the type ``kind``, or of a plain one. False where that was seen to fail, or is known not to hold."""
        if not isinstance(value, Obj) or (NOT_PLAIN, self.path, self.pc) in self.refused:
            return False
        return self.holds(self.call_helper("is_simple_value", value) if kind is None else self.type_test(value, kind))

    def holds(self, test: Any) -> bool:
        """A guard whose failing, when it is frequent, changes what is tried here: False where it did."""
        if isinstance(test, bool):
            return test
        if (NOT_PLAIN, self.path, self.pc) in self.refused or self.effected:
            return False
        good, bad = self.label(), self.label()
        self.emit(f"br i1 {self.force_guard(test, True)}, label %{good}, label %{bad}, !prof !0")
        self.leave(self.start, self.pc, (NOT_PLAIN, self.path, self.pc), bad)
        self.at(good)
        self.assume(self.state, test, True)
        return True

    # -- builtins
    looked_up = ""
    """While ``load_global`` is replayed that found a builtin: its name."""

    def do_load_global(self, instruction: Any) -> int | None:
        """A builtin whose meaning a region knows is a constant, which is guarded."""
        name = self.record_of().unit.constants[instruction.values["name"]]
        if self.find_global(name):
            self.looked_up = name
        try:
            return self.run_handler(instruction, [])
        finally:
            self.looked_up, self.by_tables = "", True

    def load_at(self, base: Any, offset: Any, kind: str) -> Any:
        value = super().load_at(base, offset, kind)
        if self.looked_up and kind == "O" and isinstance(value, Obj):
            known = getattr(builtins, self.looked_up, None)
            if (id(known) in INTRINSICS or type(known) is type) and self.holds(self.same(value, self.constant(known))):
                return self.constant(known)
        return value

    def call_helper(self, name: str, *arguments: Any) -> Any:
        given = arguments[1] if name == "format_percent" else None
        if isinstance(given, Packed) and given.type is tuple and self.all_plain(given.items):
            return self.format_array("percent_array", [arguments[0]], given.items, f"i64 {len(given.items)}")
        return super().call_helper(name, *arguments)

    def format_array(self, name: str, first: list[Value], values: Sequence[Value], last: str) -> Value:
        """A string that a helper makes of values in an array."""
        boxed = [self.box(value) for value in values]
        before = "".join(f", ptr {self.box(value)[0]}" for value in first)
        for place, (text, _) in enumerate(boxed):
            self.emit(f"store ptr {text}, ptr {self.op(f'getelementptr ptr, ptr %buffer, i64 {place}')}")
        self.arguments = max(self.arguments, len(boxed))
        self.position()
        raw = self.op(f"call ptr {self.helper(name)}(ptr %ctx{before}, ptr %buffer, {last})")
        self.check(raw, "N", [])
        self.state.owners[raw] = OWNED
        self.state.types[raw] = str
        for text, new in boxed:
            if new:
                self.drop(text)
        return Obj(raw)

    def format_call(self, values: list[Value], names: tuple[str, ...]) -> Value | None:
        """str.format; None where it is called as any other function."""
        if not values or self.type_of(values[0]) is not str or not self.all_plain(values):
            return None
        given = self.constant(names).symbol if names else "null"
        return self.format_array("format_array", [], values, f"i64 {len(values) - len(names)}, ptr {given}")

    def format_with_spec(self, value: Value, spec: Value) -> Value | None:
        """format(value, spec); None where it is called as any other function."""
        kind = self.type_of(value)
        if kind not in (int, float, str) or self.type_test(value, kind) is not True:
            return None
        if self.type_of(spec) is not str and (self.type_of(spec) is not None or not self.expect_plain(spec, str)):
            return None
        if kind is int:
            return self.call_helper("format_int_spec", self.int_value(value), spec, 0)  # type: ignore[no-any-return]
        if kind is float:
            return self.call_helper("format_float_spec", self.float_value(value), spec, 0)  # type: ignore[no-any-return]
        return self.call_helper("format_text_spec", value, spec, 0)  # type: ignore[no-any-return]
