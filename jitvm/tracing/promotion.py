"""Promotion: a region is specialised to the values that a recording saw, and the ways of several values fork.

Types of objects whose attributes are looked up are promoted (by version), and so are the functions that a call site entered.
"""
from __future__ import annotations

from jitvm.spec import shared
from jitvm.spec.cfunctions import SLOTS
from jitvm.tracing.emission import Cache
from jitvm.tracing.implied import class_of_version
from jitvm.tracing.machine import Machine
from jitvm.tracing.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_VALUES = 6
"""A place where more values were seen is not specialised."""
KIND_TYPE = shared.CONSTANTS["KIND_TYPE"]
_BYTES, _MASK, _FACTOR, _SITE, _BODY = (shared.CONSTANTS["CELL_" + name] for name in ("BYTES", "MASK", "FACTOR", "SITE", "BODY"))


class PromotionMixin(Machine):
    """The part of a region that specialises to values."""

    driver: Any
    vectors: list[Any]
    outcomes: list[int]
    fork: Any
    guard: Any
    mismatch: type[Exception]

    def promote(self, value: Any) -> Any:
        """The value that was recorded, guarded; where there were several, the first, the others' ways fork. Too many: as it is."""
        place = len(self.outcomes)
        seen = list(dict.fromkeys(vector[place] for vector in self.vectors if place < len(vector)))
        if isinstance(value, int):
            wanted = value
            if seen and wanted not in seen and not self.effected:
                raise self.mismatch
        elif not seen or len(seen) > MOST_VALUES:
            self.vectors = []
            self.outcomes.append(0)
            return value
        else:
            wanted = seen[0]
            test = self.compare("eq", value, wanted)
            if len(seen) == 1:
                self.guard(test, True)
            else:
                self.fork(test, True, [vector for vector in self.vectors if vector[place] != wanted], again=True)
            for key, (known, dirty) in list(self.state.heap.items()):
                if known is value:
                    self.state.heap[key] = (wanted, dirty)
        self.vectors = [vector for vector in self.vectors if place < len(vector) and vector[place] == wanted]
        self.outcomes.append(wanted)
        return wanted

    def cell_of(self, _obj: Any, _name: Any, version: Any, site: Cache, _use: int) -> Any:
        """The cell that says how an attribute is found in objects of a type; null where there is none, or the type is not known."""
        if not isinstance(version, int) or class_of_version(self.driver, version) is None:
            return self.NULLP
        if self.peek(site.address) == version + 1:
            self.cached_word(site.address)
            return site
        table = self.driver.native.words[SLOTS["cells"]]
        row = table + ((site.address >> 4) + version * _FACTOR & _MASK) * _BYTES
        if self.peek(row + _SITE) == site.address and self.peek(row + _BODY) == version + 1:
            self.cached_word(row + _SITE)
            self.cached_word(row + _BODY)
            return Cache(row + _BODY)
        return self.NULLP

    def object_in_cache(self, address: int) -> Value:
        """The object that a cell names: it lives as long as a class has the version that the cell is for."""
        if self.peek(address - 8) == KIND_TYPE and class_of_version(self.driver, self.peek(address + 8) >> 32 & 0xFFFFFFFF) is None:
            raise self.mismatch
        value: Value = self.constant(self.driver.native.object_at(self.cached_word(address)))
        return value
