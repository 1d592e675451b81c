"""What a loop's header will come to believe, foretold from the loop's code and from a frame that is at the header.

A header learns from its back-edges, and each lesson costs a replay of the whole region. Most of it can be known before: registers that
the loop writes change, and hold now what they will probably hold then. What is foretold wrongly is learned as ever.
"""
from __future__ import annotations

from jitvm.spec.bytecodes import UNIT
from jitvm.tracing.loops import TYPE_KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from jitvm.spec.bytecodes import Bytecode
    from jitvm.tracing.code import TracedCode

STEPS: dict[type, tuple[tuple[str, ...], str]] = {
    type(iter(range(0))): (("range_start", "range_step", "range_length"), "range_index"),
    type(iter([])): ((), "list_iter_index"),
    type(iter(())): ((), "tuple_iter_index"),
}
"""Iterators that compiled loops advance themselves: the fields that never change, and the one that each step changes."""
GUARDED = frozenset((int, float, str, bytes, tuple, list, dict, set, range))
TESTS = ("binary_", "inplace_", "compare_", "branch_if_", "branch_unless_", "load_item", "store_item", "delete_item", "load_method",
         "contains", "not_contains", "branch_in", "branch_not_in")
"""Bytecodes whose compiled form tests the types of what they read."""
WORD = 1 << 59
"""Ints beyond it are objects in compiled code."""


class Empty:
    """Stands for a register that holds nothing."""


def forecast(code: TracedCode, header: int, value_of: Callable[[int], Any]) -> dict[Any, Any]:
    """The spec that the loop header at an address will probably settle on.

    ``value_of`` gives what a register of a frame that is at the header holds: an object, or the class Empty.
    """
    uses = Uses(code, header)
    spec: dict[Any, Any] = {}
    for register in uses.written:
        if register >= code.locals:
            if register not in uses.read_first:
                spec[0, register] = "dead"
        elif value_of(register) is not Empty:
            spec[0, register] = kind_of(value_of(register))
    for register in uses.tested - uses.written:
        value = value_of(register)
        if type(value) in GUARDED and (type(value) is not int or kind_of(value) == "int"):
            spec["type", (0, register)] = type(value)
    iterator = type(value_of(uses.advanced)) if uses.advanced is not None else None
    if iterator in STEPS and uses.advanced not in uses.written:
        fields, index = STEPS[iterator]
        place = 0, uses.advanced
        spec["type", place] = iterator
        for name in fields:
            spec["load", place, name] = name
        spec["field", place, index] = index
    return spec


class Uses:
    """Registers that a loop writes, those that it reads before (in the order of the code), those whose types it tests.

    ``advanced`` is the iterator that the header advances. A temporary that is written first is dead at the header: the frontend gives
    no temporary a life across branches that join, the iterators of loops and what is being built excepted, which are read first.
    """

    def __init__(self, code: TracedCode, header: int) -> None:
        self.written: set[int] = set()
        self.read_first: set[int] = set()
        self.tested: set[int] = set()
        self.advanced: int | None = None
        start = code.unit_at(header)
        loop = next(loop for loop in code.unit.loops if loop.header == start)
        pc, end = header, code.base + UNIT * loop.end
        first = header + UNIT * code.instruction(header).row.size
        while pc < end:
            instruction = code.instruction(pc)
            self.note(instruction.row, instruction.values)
            if pc == first and instruction.row.name == "for_iter":
                self.advanced = instruction.values["iter"]
            pc += UNIT * instruction.row.size

    def note(self, row: Bytecode, values: dict[str, int]) -> None:
        """Takes in one instruction; what it reads comes before what it writes."""
        tests = row.name.startswith(TESTS)
        reads = {values[operand.name] for operand in row.operands if operand.kind in "rl"}
        self.read_first |= reads - self.written
        if tests:
            self.tested |= reads
        for operand in row.operands:
            if operand.kind in "dl":
                self.written.add(values[operand.name])
        if row.name == "load_method":
            self.written |= {values["base"], values["base"] + 1}


def kind_of(value: object) -> str:
    """The kind of phi for a value."""
    if type(value) is int and not -WORD < value < WORD:
        return "object"
    return TYPE_KINDS.get(type(value), "object")
