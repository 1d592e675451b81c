"""Pairs that an iteration makes (``enumerate``, ``zip``, items of a dict): no tuple is made until something needs it, rounds later even.

At the header of its own ``for`` a pair that the loop's variable holds is two pseudo registers, so that its items are what any register's
value is there. Such a header is another one than that at which the variable holds an object, or nothing: a loop begins with a round of
that kind. Everywhere else a pair is a packed tuple (``packed.py``).
"""
from __future__ import annotations

from jitvm.tracing.beliefs import TYPE_KINDS
from jitvm.tracing.packed import PackedMixin
from jitvm.tracing.values import Packed, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Place = tuple[int, int]

PARTS = -1000
"""The pseudo level of the parts of level 0's pairs; those of deeper levels are below. Slots of generators do not come so far down."""


class Pair(Packed):
    """A packed tuple of two that an iteration has made."""

    __slots__ = ()


class PairsMixin(PackedMixin):
    """The part of a region that takes pairs over loop headers."""

    if TYPE_CHECKING:
        def record_of(self) -> Any: ...

    def new_pair(self, _place: Any, first: Value, second: Value) -> Value:
        """What an iteration gives."""
        packed = self.pack(tuple, [first, second])
        return Pair(tuple, packed.items)

    def pair_at(self, pc: int) -> Place | None:
        """The register of the variable of the ``for`` whose header is at ``pc``, if it alone holds a pair."""
        record = self.record_of()
        instruction = record.instruction(record.after(pc))
        if instruction.row.name != "for_iter":
            return None
        place = self.state.level, int(instruction.values["dst"])
        value = self.state.registers.get(place)
        if not isinstance(value, Pair) or place[1] >= record.locals or any(isinstance(item, Packed) for item in value.items):
            return None
        alone = sum(other is value for other in self.state.registers.values()) == 1 and value.key not in self.state.cse
        return place if alone else None

    def split_pair(self, place: Place | None, spec: dict[Any, Any] | None = None) -> None:
        """The pair in a register becomes two pseudo registers; with a new ``spec`` what is believed of them is noted."""
        if place is None:
            return
        pair = self.state.registers.pop(place)
        assert isinstance(pair, Pair)
        if spec is not None:
            for key in [key for key in spec if place in (key, key[1])]:
                del spec[key]
        for number, item in enumerate(pair.items):
            part = PARTS - place[0], 2 * place[1] + number
            self.state.registers[part] = item
            if spec is not None:
                spec[part] = TYPE_KINDS.get(self.type_of(item), "object")

    def join_pairs(self) -> None:
        """Pairs that were split are pairs again."""
        registers = self.state.registers
        for level, index in [place for place in registers if place[0] <= PARTS and not place[1] & 1]:
            registers[PARTS - level, index >> 1] = Pair(tuple, (registers.pop((level, index)), registers.pop((level, index + 1))))

    def show_at_exit(self) -> None:
        self.join_pairs()
        super().show_at_exit()
