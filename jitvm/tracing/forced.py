"""Forced exits, for tests (``-X force_exits=N``): each guard fails N times, and each bytecode is left N times before it begins.

A forced exit has a word of its own that counts down; it lies behind a symbol that is the region's, like an exit's descriptor.
"""
from __future__ import annotations

from jitvm.spec.words import array
from jitvm.tracing.machine import Machine
from jitvm.tracing.values import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ForcedMixin(Machine):
    """The part of a region that makes exits fail; without the setting it emits nothing."""

    driver: Any
    forced: int = 0
    start: State

    def countdown(self) -> str:
        """Counts one forced exit down: the name of a truth value, true once it is done."""
        symbol = f"@force{self.forced}"
        self.forced += 1
        left = self.op(f"load i64, ptr {symbol}")
        over = self.op(f"icmp eq i64 {left}, 0")
        waiting = self.op(f"xor i1 {over}, true")
        one = self.op(f"zext i1 {waiting} to i64")
        self.emit(f"store i64 {self.op(f'sub i64 {left}, {one}')}, ptr {symbol}")
        return over

    def force_guard(self, test: str, want: bool) -> str:
        """A guard's condition, which fails as often as it is forced to."""
        if not self.driver.settings.force_exits:
            return test
        over = self.countdown()
        if want:
            return self.op(f"and i1 {test}, {over}")
        return self.op(f"or i1 {test}, {self.op(f'xor i1 {over}, true')}")

    def force_bytecode(self, pc: int) -> None:
        """Leaves before a bytecode."""
        if not self.driver.settings.force_exits:
            return
        over, good, bad = self.countdown(), self.label(), self.label()
        self.emit(f"br i1 {over}, label %{good}, label %{bad}")
        self.leave(self.start, pc, None, bad)
        self.at(good)

    def forced_words(self) -> list[tuple[str, Any]]:
        """The symbols and their words."""
        return [(f"force{number}", array("Q", [self.driver.settings.force_exits])) for number in range(self.forced)]

    def leave(self, state: State, pc: int, key: Any, label: str | None = None, raising: bool = False) -> None:
        raise NotImplementedError
