"""Frames of the VM that go on in the host's evaluation loop, because somebody has begun to trace (``interpreter/hosted.py``)."""
from __future__ import annotations

from jitvm.runtime.records import NOTHING
from jitvm.spec import layout
from jitvm.spec.bytecodes import UNIT
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jitvm.frontend.continuation import Continuations
    from jitvm.runtime.records import Record, Records


class Hosted:
    """The places behind calls at which frames went on in the host's loop."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.places: dict[int, array[int]] = {}
        self.units: dict[int, Continuations | None] = {}
        self.keep: list[Any] = []

    def place(self, number: int, pc: int) -> int:
        """The address of what native code needs to go on behind the call at ``pc`` of record ``number``; 0 where that is not known."""
        found = self.places.get(pc)
        if found is None:
            found = self.places[pc] = self._make(self.records.all[number], pc)
        return found.buffer_info()[0] if found else 0

    def _make(self, record: Record, pc: int) -> array[int]:
        from jitvm.frontend.continuation import Continuations
        from jitvm.frontend.suspension import Unknown

        assert record.unit is not None
        try:
            if record.number not in self.units:
                self.units[record.number] = None
                self.units[record.number] = Continuations(record.unit, record.code)
            unit = self.units[record.number]
            if unit is None:
                return NOTHING
            unit.constants = []
            offset, entries = unit.behind((pc - record.base) // UNIT)
        except Unknown:
            return NOTHING
        constants = array("Q", [id(value) for value in unit.constants] or [0])
        self.keep.append((unit.constants, constants))
        last = id(record.code) + layout.current()[1]["CODE_INSTRUCTIONS"] + offset - 2
        words = array("Q", [last, constants.buffer_info()[0], 0, len(entries), 0, 0, 0, *entries, *bytes(len(entries))])
        words[4] = words.buffer_info()[0] + 8 * (7 + len(entries))
        return words
