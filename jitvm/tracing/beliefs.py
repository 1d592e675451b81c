"""What is believed of a loop header before it is replayed for the first time: the more of it is right, the fewer replays it takes.

Sources: the code (which registers the loop changes, which temporaries are empty at its header), the types in the frame in which the
loop became hot, and what compiling the same loop by itself has taught. A belief that is wrong is corrected as any other is.
"""
from __future__ import annotations

from jitvm.tracing.code import TracedCode
from jitvm.tracing.profile import Path, Profile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SURE, FIELD_LOAD, FIELD_TEST, FIELD, NUMBER = "sure", "load", "is one", "field", "number"
"""What a header's spec says besides kinds, of a register: it is bound whenever the header is reached; a field of its object is loaded
before the loop; that field is 1, or is not; a field that the loop changes, of an object of this type, is kept in a phi; the number in
its object is unboxed before the loop (a field as well)."""
TYPE_KINDS = {int: "int", float: "float", bool: "bool"}
RANGE_ITERATOR = type(iter(range(0)))
RANGE_FIELDS = ("range_start", "range_step", "range_length")
INDICES = {RANGE_ITERATOR: "range_index", type(iter([])): "list_iter_index", type(iter(())): "tuple_iter_index"}
"""The field that counts in the iterators whose loops run without effects on the heap."""
STEADY_TYPES = frozenset((int, float, str, bytes, list, tuple, dict, set))
USES = ("binary_", "inplace_", "branch_if_", "branch_unless_", "compare_", "unary_", "load_item", "store_item", "delete_item", "contains",
        "not_contains", "branch_in", "branch_not_in", "load_method", "list_append")
"""Bytecodes (the beginnings of their names) that ask for the type of what they read."""
PLAIN = ("binary_", "inplace_", "branch_", "compare_", "unary_", "for_iter", "load_", "list_append", "store_attr", "move", "take", "clear",
         "jump", "check_bound", "loop")
"""Bytecodes that do not change the heap, as they mostly run; so do calls of functions that are inlined, and of lists' ``append``."""
WORD = 1 << 59
"""Ints beyond it may be objects in compiled code."""
ONE = "step is 1"
"""Key in what was seen of a frame: whether the range that the loop iterates over has the step 1."""


def first_beliefs(code: TracedCode, pc: int, path: Path, profile: Profile, seen: dict[Any, Any]) -> dict[Any, Any]:
    """The first spec of the header at ``pc``. ``seen``: types by register, for a loop of the root's frame."""
    spec: dict[Any, Any] = {}
    level = len(path)
    changed, used, plain = _registers(code, pc, path, profile, seen)
    iterator = code.iterator_of(pc)
    for index in range(code.locals):
        kind = seen.get(index)
        if index in changed and kind in TYPE_KINDS:
            spec[level, index] = TYPE_KINDS[kind]
        elif index in used and kind in STEADY_TYPES:
            spec["type", (level, index)] = kind
            if kind in (int, float):
                spec[FIELD_LOAD, (level, index), NUMBER] = True
    for index in bound_at(code, pc):
        spec[SURE, (level, index)] = True
    for index in range(first_free(code, pc), code.unit.registers):
        spec[level, index] = "dead"
    if iterator < 0:
        return spec
    kind = seen.get(iterator)
    if kind in INDICES:
        place = level, iterator
        spec["type", place] = kind
        if kind is RANGE_ITERATOR:
            for name in RANGE_FIELDS:
                spec[FIELD_LOAD, place, name] = True
            spec[FIELD_TEST, place, "range_step"] = seen[ONE]
        if plain:
            spec[FIELD, place, INDICES[kind]] = kind
    return spec


def forget_type(spec: dict[Any, Any], place: Any) -> None:
    """A register does not hold an object of one type: nothing is believed of its fields either."""
    for key in [key for key in spec if key[0] in ("type", FIELD, FIELD_LOAD, FIELD_TEST) and key[1] == place]:
        del spec[key]


def inherited(spec: dict[Any, Any], levels: int) -> dict[Any, Any]:
    """What a loop compiled by itself has taught, for the same loop so many levels of inlined calls deeper."""
    out: dict[Any, Any] = {}
    for key, value in spec.items():
        level, index = key[1] if isinstance(key[0], str) else key
        if level >= 0 and value != "object":
            place = level + levels, index
            out[(key[0], place, *key[2:]) if isinstance(key[0], str) else place] = value
    return out


def _registers(code: TracedCode, pc: int, path: Path, profile: Profile, seen: dict[Any, Any]) -> tuple[set[int], set[int], bool]:
    """Of the instructions of a loop that were recorded: the registers they change, those whose types they ask for, and whether none of
    them changes the heap."""
    changed: set[int] = set()
    used: set[int] = set()
    plain = True
    appends: set[int] = set()
    for at in code.loop_body(pc):
        if (path, at) not in profile.outcomes:
            continue
        instruction = code.instruction(at)
        name = instruction.row.name
        changed |= changes(instruction)
        if name == "load_method":
            if seen.get(instruction.values["obj"]) is list and code.unit.constants[instruction.values["name"]] == "append":
                appends.add(instruction.values["base"])
        elif not name.startswith(PLAIN):
            plain = plain and ((path, at) in profile.entered or (name == "call_method" and instruction.values["base"] in appends))
        if name.startswith(USES):
            used |= reads(instruction)
    return changed, used, plain


def changes(instruction: Any) -> set[int]:
    """The registers that an instruction writes or empties, windows excepted."""
    out = {instruction.values[operand.name] for operand in instruction.row.operands if operand.kind in "dl"}
    if instruction.row.name == "for_pair":
        pair = instruction.values["pair"]
        out |= {pair & 65535, pair >> 16 & 65535}
    return out


def reads(instruction: Any) -> set[int]:
    """The registers that an instruction reads, windows excepted."""
    return {instruction.values[operand.name] for operand in instruction.row.operands if operand.kind == "r"}


def bound_at(code: TracedCode, pc: int) -> set[int]:
    """Locals that are bound at a header for certain: some way from there reads them without a check before it changes them."""
    bound: set[int] = set()
    known: set[int] = set()
    for at in code.loop_body(pc):
        instruction = code.instruction(at)
        if instruction.row.name == "check_bound":
            known.add(instruction.values["src"])
        bound |= reads(instruction) - known
        if instruction.row.name == "jump" or instruction.row.ends:
            break
        known |= changes(instruction)
    return bound


def first_free(code: TracedCode, pc: int) -> int:
    """The first temporary that is not in use at a header: they are a stack, so that it is the first to be written from there on."""
    iterator = code.iterator_of(pc)
    if iterator >= code.locals:
        return iterator + 1
    used: set[int] = set()
    for at in code.loop_body(pc):
        instruction = code.instruction(at)
        used |= {instruction.values[operand.name] for operand in instruction.row.operands if operand.kind in "rl"}
        for operand in instruction.row.operands:
            index = instruction.values[operand.name]
            if operand.kind in "dw" and index >= code.locals and index not in used:
                return index
        if instruction.row.name == "jump" or instruction.row.ends or instruction.row.name == "loop":
            break
    return int(code.unit.registers)


def look(code: TracedCode, pc: int, native: Any, registers: int, step: int) -> dict[Any, Any]:
    """The types of what a frame holds at a loop's header, by register. ``step``: where a range iterator has its step."""
    seen: dict[Any, Any] = {}
    iterator = code.iterator_of(pc)
    for index in (*range(code.locals), *([iterator] if iterator >= 0 else [])):
        address = native.peek(registers + 8 * index)
        if address:
            value = native.object_at(address)
            kind = type(value)
            if kind is int and not -WORD < value < WORD:
                continue
            if kind in STEADY_TYPES or kind in TYPE_KINDS or kind in INDICES:  # no class of the program's, which would be kept alive
                seen[index] = kind
            if index == iterator and kind is RANGE_ITERATOR:
                seen[ONE] = native.peek(address + step) == 1
    return seen
