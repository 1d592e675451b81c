"""Code records: a CodeUnit in the form that native code reads, hung on the host's code object (its "extra" slot).

A function gets its record, and its unit, at its first call.
"""
from __future__ import annotations

import sys

from jitvm.backend import foreign
from jitvm.frontend.code import Unsupported
from jitvm.runtime.generators import Slots
from jitvm.runtime.stamp import PACKAGE
from jitvm.spec import layout
from jitvm.spec.bytecodes import BYTECODES, COUNTER, OPCODE_MASK, OPCODES, UNIT, decode
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FunctionType
    from typing import Any

    from jitvm.frontend import CodeUnit, Module
    from jitvm.runtime.context import Native

READY, HOST = 1, 2
WORK_OF_A_LOOP, WORK_OF_AN_INNER_LOOP = 16, 100
"""Loops are counted by the work they do: ``loop_threshold`` iterations of a loop of so many instructions; so many for one within."""
MILLISECONDS_A_COUNT = 1.5
"""How long loops run in the interpreter until their first count is over, about."""
COUNTED: tuple[type, ...] = (type(iter(range(0))), type(iter([])), type(iter(())))
"""Iterators that tell how far they are."""
CO_OPTIMIZED, CO_VARARGS, CO_VARKEYWORDS, CO_COROUTINE, CO_SUSPENDS = 1, 4, 8, 0x80, 0x2A0
CO_ASYNC_GENERATOR = 0x200
KEPT_FROM = 128
"""When so many functions have been compiled, and each time that they are twice as many, what is new goes to disk."""


NOTHING = array("Q", [0])
"""What a record has where its code needs none."""


class Record:
    """The record of one code object. ``unit`` is there once it is compiled; ``reason`` why the host runs it."""

    __slots__ = ("address", "code", "constants", "handlers", "instructions", "module", "names", "number", "reason",
                 "site_table", "sites", "unit", "variables", "words")

    def __init__(self, module: Module, code: CodeType, number: int, size: int) -> None:
        self.module, self.code, self.number = module, code, number
        self.words = array("Q", bytes(size))
        self.address = self.words.buffer_info()[0]
        self.variables = _localsplus(code)
        self.unit: CodeUnit | None = None
        self.reason = ""
        self.instructions = self.constants = self.handlers = self.names = self.sites = self.site_table = NOTHING

    def set(self, field: str, value: int) -> None:
        """Writes a field of the native record."""
        self.words[layout.current()[0][field][0] // 8] = value

    @property
    def base(self) -> int:
        """Address of the first instruction."""
        return self.instructions.buffer_info()[0]


class Records:
    """All records of the process, by code object and by the address of their instructions."""

    def __init__(self, native: Native, loop_counter: int) -> None:
        self.slots = Slots(native)  # first: at the end they are given back before the records go
        self.native = native
        self.loop_counter = loop_counter
        self.call_counter = 0
        self.no_limit: int = layout.current()[1]["NO_LIMIT"]
        self.by_code: dict[int, Record] = {}
        self.all: list[Record] = []
        self.unknown: Callable[[FunctionType], Record | None] | None = None
        self.keep: Callable[[], None] | None = None
        """Stores the bytecode so far: a program may end without the end of its module (os._exit, execv, a fatal signal)."""
        self.ended = False
        self.fresh, self.keep_at = 0, KEPT_FROM
        self.foreign = 0
        """Address of the shared record of code that is the host's."""
        self.busy = False
        self.set_extra = foreign.bind("_PyCode_SetExtra", foreign.Int32, foreign.Object, foreign.Int64, foreign.Pointer)
        fields, constants = layout.current()
        self.sizes = bytes([row.size for row in BYTECODES])
        self.record_size = constants["CODE_RECORD"]
        self.instructions_at = constants["CODE_INSTRUCTIONS"]
        self.frame_bytes = constants["HEADER"] + constants["FRAME_SIZE"]
        self.places = [fields[name][0] // 8 for name in LINKED]

    def end(self) -> None:
        """The script has ended and what is compiled was stored. What is compiled from now on (finalisers, other threads) is at once."""
        self.ended = True
        self.keep_at = self.fresh + 1

    def add(self, module: Module, code: CodeType) -> Record | None:
        """A code object's record; None if it is not of this module. The function is compiled when it is wanted."""
        record = Record(module, code, len(self.all), self.record_size)
        before = module.fresh
        try:
            if sys.meta_path is None:  # the host is shutting down: nothing can be imported any more, finalisers run on the host
                return None
            record.unit = module.unit(code)
        except KeyError:
            return None
        except Unsupported as error:
            error.__traceback__ = error.__context__ = None  # they would keep the program's frames, and what they hold, alive
            record.reason = error.reason
            record.set("vm_state", HOST)
        self.fresh += module.fresh - before
        self.all.append(record)
        self.by_code[id(code)] = record
        if record.unit is not None:
            self.link(record, record.unit)
        self.set_extra(code, self.native.extra_index, record.address)
        return record

    def compile(self, function: FunctionType) -> None:
        """Called by native code at a function's first call: its code has no record yet."""
        if self.busy:  # an audit hook of the program's own sees us at work: the host runs it
            if self.native.observers[2].value:
                return  # and would see this too
            code = function.__code__
            if self.foreign and code.co_filename.startswith(PACKAGE):  # generators of our own, which would ask at each item
                self.set_extra(code, self.native.extra_index, self.foreign)
            return
        self.busy = True
        young = self.native.peek(self.native.young)
        self.native.poke(self.native.young, young | self.no_limit)  # see hide_from_collector in jitvm/interpreter/loops.py
        try:
            if id(function.__code__) not in self.by_code and self.unknown is not None:
                self.unknown(function)
                if self.fresh >= self.keep_at and self.keep is not None:
                    self.keep_at = self.fresh + 1 if self.ended else 2 * self.fresh
                    self.keep()
        finally:
            self.busy = False
            self.native.poke(self.native.young, young)

    def at(self, pc: int) -> Record | None:
        """The record whose instructions an address lies in."""
        return next((record for record in self.all if record.unit is not None
                     and record.base <= pc < record.base + 8 * len(record.instructions)), None)

    def left(self, pc: int, registers: int) -> tuple[int, float] | None:
        """What a hot loop has before it, in rounds and about milliseconds, where its iterator tells and it became hot in one go.

        None for a loop that was entered often, or whose end nobody knows.
        """
        record = self.at(pc)
        if record is None or record.unit is None:
            return None
        header = (pc - record.base) // UNIT
        row, values, _ = decode(record.instructions[2 * header])
        if row.name != "loop" or values["nest"]:
            return None
        row, values, _ = decode(record.instructions[2 * (header + row.size)])
        address = self.native.peek(registers + 8 * values["iter"]) if row.name in ("for_iter", "for_next", "for_pair") else 0
        iterator: Any = self.native.object_at(address) if address else None
        if type(iterator) not in COUNTED:
            return None
        state: Any = iterator.__reduce__()
        rounds = max(1, self.loop_counter * WORK_OF_A_LOOP // loop_work(record.unit, header))
        if len(state) < 3 or 1.1 * state[2] < rounds:
            return None
        left = len(state[1][0]) - state[2]
        return left, left / rounds * MILLISECONDS_A_COUNT

    def link(self, record: Record, unit: CodeUnit) -> None:
        """Fills host pointers and constants in and makes the record ready."""
        code = record.code
        words = record.instructions = unit.words[:]
        base = words.buffer_info()[0]
        start = id(code) + self.instructions_at
        self.native.link(base, len(words) // 2, unit.host_offsets.buffer_info()[0], start, self.sizes, OPCODES["loop"], self.loop_counter)
        if words[0] & OPCODE_MASK == OPCODES["resume"]:
            words[COUNTER // 8] = self.call_counter
        if self.loop_counter > 1:
            for loop in unit.loops:
                words[2 * loop.header + COUNTER // 8] = max(1, self.loop_counter * WORK_OF_A_LOOP // loop_work(unit, loop.header))
        record.constants = array("Q", [id(value) for value in unit.constants] or [0])
        if unit.handlers:
            record.handlers = array("q", [number for row in unit.handlers for number in row.row()])
        plain, only, flags = code.co_argcount, code.co_kwonlyargcount, code.co_flags
        if plain + only:
            record.names = array("Q", [id(name) for name in code.co_varnames[:plain + only]])
        free, total = len(code.co_freevars), record.variables
        ours = (2 if flags & CO_VARARGS else 0) | (4 if flags & CO_VARKEYWORDS else 0)
        simple = not ours and not only
        ours |= int(simple) | (0 if flags & CO_OPTIMIZED else NAMESPACE)
        if flags & CO_SUSPENDS:
            self.slots.install()
            link_sites(record, unit)
            ours |= COROUTINE if flags & CO_COROUTINE else ASYNC if flags & CO_ASYNC_GENERATOR else 0
            ours |= GENERATOR if simple and not code.co_cellvars else 0
        values = (base, record.constants.buffer_info()[0], unit.registers, id(code), total, plain, ours, record.handlers.buffer_info()[0],
                  len(unit.handlers), self.frame_bytes + 8 * unit.registers, free, total - free, only, code.co_posonlyargcount, READY,
                  record.number, record.names.buffer_info()[0], start + unit.host_offsets[0], record.site_table.buffer_info()[0])
        native = record.words
        for place, value in zip(self.places, values, strict=True):
            native[place] = value


LINKED = ("vm_words", "vm_constants", "vm_registers", "vm_code", "vm_locals", "vm_arguments", "vm_flags", "vm_handlers", "vm_handler_count",
          "vm_frame_bytes", "vm_free_count", "vm_first_free", "vm_keyword_only", "vm_positional_only", "vm_state", "vm_id", "vm_names",
          "vm_first_instr", "vm_sites")
"""The fields of a native record that ``Records.link`` fills in, in its order."""


def link_sites(record: Record, unit: CodeUnit) -> None:
    """Makes the sites of a generator's code, and the table that finds them by the host's instruction."""
    words = array("Q")
    starts = []
    first = id(record.code) + layout.current()[1]["CODE_INSTRUCTIONS"]
    for at, resume, register, offset, entries in unit.sites:
        row, values, _ = decode(record.instructions[2 * resume])
        if row.name == "jump":
            resume += values["target"]
        starts.append((len(words), at, offset))
        name = BYTECODES[record.instructions[2 * at] & OPCODE_MASK].name
        yields = record.base + at * UNIT if name in ("yield_value", "yield_effect") else 0
        straight = all(entry == HELD | record.variables + place << 3 for place, entry in enumerate(entries))
        words.extend((record.base + resume * UNIT, register & NEGATIVE, first + offset, len(entries), record.address, int(straight),
                      yields, *entries))
    record.sites = words
    record.site_table = array("Q", bytes(4 * len(record.code.co_code)))
    for start, at, offset in starts:
        address = words.buffer_info()[0] + 8 * start
        record.instructions[2 * at + 2] = address
        record.site_table[offset // 2] = address


NEGATIVE = (1 << 64) - 1
GENERATOR, COROUTINE, NAMESPACE, ASYNC = 8, 16, 32, 64
"""Flags of a record: its function does nothing but make a generator, or coroutine, of its arguments; it makes a coroutine; it is the
body of a class or module, whose variables are in a namespace; it makes an asynchronous generator."""
HELD = 1
"""Kind of an entry: what the register holds."""


def loop_work(unit: CodeUnit, header: int) -> int:
    """About how much an iteration of a loop does, in instructions; a loop within counts as many."""
    end = next((loop.end for loop in unit.loops if loop.header == header), header + 1)
    within = sum(header < loop.header < end for loop in unit.loops)
    return end - header + WORK_OF_AN_INNER_LOOP * within


def _localsplus(code: CodeType) -> int:
    """How many slots the host's frame has for locals, cells and free variables."""
    cells = sum(name not in code.co_varnames for name in code.co_cellvars)
    return code.co_nlocals + cells + len(code.co_freevars)


assert OPCODES and UNIT == 16
