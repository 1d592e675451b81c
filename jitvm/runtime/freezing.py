"""Freezes code objects: lays them out with their constants in one piece of memory, as ``frozen.py`` wants to find it.

Layouts: CPython's Include/cpython/code.h, tupleobject.h and unicodeobject.h, by way of ``jitvm.spec.layout``. The objects are copied from
ones that ``marshal`` has just made, so that nothing in them is of this process: no hash, no counter, no specialised instruction.
"""
from __future__ import annotations

from marshal import dumps, loads
from types import CodeType

from jitvm.backend.foreign import Object, Pointer, address_of, bytes_at, function_at
from jitvm.runtime.frozen import EMPTY_STEP, FIRST_ATOM, KINDS, LONGEST_STEP, WORD
from jitvm.spec import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REFERENCES = 1 << 40
"""More than are ever given back: nothing here is freed."""
COLLECTOR_HEADER = 16
"""Bytes before an object that the collector could know. It is told of none."""
CHILDREN = ("code_consts", "code_names", "code_handlers", "code_variables", "code_kinds", "code_filename", "code_name", "code_qualname",
            "code_lines")
EMPTY = ("code_weakrefs", "code_bytes", "code_line_array", "code_extra")
INTERNED = 3
"""Bits of a string's state."""


class CannotFreeze(Exception):
    """Objects of this host do not look as they are expected to."""


def freeze(value: tuple[Any, ...]) -> bytes:
    """A tuple of code objects, texts, tuples of them, and whatever ``marshal`` takes. Raises CannotFreeze."""
    if tuple.__basicsize__ != layout.current()[1]["TUPLE_ITEMS"] or object.__basicsize__ != layout.current()[0]["var_size"][0]:
        raise CannotFreeze("objects have another header")
    return _Freezer().run(loads(dumps(value)))


def frozen(value: tuple[Any, ...]) -> bytes:
    """The same; nothing where this host's objects cannot be frozen."""
    try:
        return freeze(value)
    except CannotFreeze:
        return b""


class _Freezer:
    """The state of one ``freeze``. A reference is a word: its table's row above, an offset in the memory below (``frozen.py``)."""

    def __init__(self) -> None:
        self.fields, self.constants = layout.current()
        self.memory = bytearray()
        self.pointers: list[int] = []
        self.atoms: list[Any] = []
        self.rows: dict[tuple[type, bytes], int] = {}
        self.known: dict[int, int] = {}
        self.texts: dict[str, int] = {}
        self.object_at = function_at(address_of("Py_NewRef"), Object, Pointer)

    def run(self, value: tuple[Any, ...]) -> bytes:
        """All of it as bytes."""
        root = self.reference(value)
        if root >> 32:
            raise CannotFreeze("nothing to freeze")
        steps, at = bytearray(), 0
        for pointer in sorted(self.pointers):
            distance = pointer // WORD - at
            while distance > LONGEST_STEP:
                steps.append(0)
                distance -= EMPTY_STEP
            steps.append(distance)
            at = pointer // WORD
        atoms = dumps(tuple(self.atoms))
        numbers = len(self.memory), root, len(steps), len(atoms)
        return b"".join((self.memory, steps, atoms, *(number.to_bytes(WORD, "little") for number in numbers)))

    def reference(self, value: Any) -> int:
        """The reference to an object, which is laid out if it is not yet."""
        if id(value) not in self.known:
            if type(value) is CodeType:
                place = self.code(value)
            elif type(value) is tuple and value:
                place = self.tuple(value)
            elif type(value) is str and value.isascii() and len(value) > 1:  # the host has the shorter ones once
                place = self.text(value)
            else:
                place = self.atom(value)
            self.known[id(value)] = place
        return self.known[id(value)]

    def atom(self, value: Any) -> int:
        """A value that ``marshal`` makes."""
        key = type(value), dumps(value)
        if key not in self.rows:
            self.rows[key] = len(self.atoms)
            self.atoms.append(value)
        return FIRST_ATOM + self.rows[key] << 32

    def text(self, value: str) -> int:
        if value not in self.texts:
            raw = bytearray(bytes_at(id(value), value.__sizeof__()))
            if len(raw) != self.constants["TEXT_DATA"] + len(value) + 1:
                raise CannotFreeze("a text of another size")
            self.put(raw, "unicode_hash", (1 << 64) - 1)
            self.put(raw, "unicode_wide", 0)
            raw[self.fields["unicode_state"][0]] &= ~INTERNED
            self.texts[value] = self.lay(raw, KINDS.index(str), {})
        return self.texts[value]

    def tuple(self, value: tuple[Any, ...]) -> int:
        first = self.constants["TUPLE_ITEMS"]
        parts = {first + WORD * place: self.reference(part) for place, part in enumerate(value)}
        raw = bytearray(bytes_at(id(value), first + WORD * len(value)))
        return self.lay(raw, KINDS.index(tuple), parts, COLLECTOR_HEADER)

    def code(self, value: CodeType) -> int:
        raw = bytearray(bytes_at(id(value), value.__sizeof__()))
        if any(self.word(raw, name) for name in EMPTY) or self.word(raw, "code_consts") != id(value.co_consts):
            raise CannotFreeze("a code object that has been used")
        parts = {self.fields[name][0]: self.reference(self.object_at(self.word(raw, name))) for name in CHILDREN}
        return self.lay(raw, KINDS.index(CodeType), parts)

    def word(self, raw: bytearray, name: str) -> int:
        """A field of an object."""
        place = self.fields[name][0]
        return int.from_bytes(raw[place:place + WORD], "little")

    def put(self, raw: bytearray, name: str, value: int) -> None:
        place = self.fields[name][0]
        raw[place:place + WORD] = value.to_bytes(WORD, "little")

    def lay(self, raw: bytearray, kind: int, parts: dict[int, int], before: int = 0) -> int:
        """Lays an object out behind the others; ``parts`` are references by their place in it. Returns the reference to it."""
        self.memory += bytes(-len(self.memory) % 16 + before)
        start = len(self.memory)
        self.put(raw, "refcount", REFERENCES)
        for place, reference in {self.fields["type_pointer"][0]: 1 + kind << 32, **parts}.items():
            raw[place:place + WORD] = reference.to_bytes(WORD, "little")
            self.pointers.append(start + place)
        self.memory += raw + bytes(-len(raw) % 16)
        return start
