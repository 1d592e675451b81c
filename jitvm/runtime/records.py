"""Code records: a CodeUnit in the form that native code reads, hung on the host's code object (its "extra" slot).

A function gets its record, and its unit, at its first call.
"""
from __future__ import annotations

import sys

from jitvm.backend import foreign
from jitvm.frontend.code import Unsupported
from jitvm.frontend.module import unit_of
from jitvm.runtime.generators import Slots
from jitvm.runtime.stamp import PACKAGE
from jitvm.spec import layout
from jitvm.spec.bytecodes import BYTECODES, COUNTER, OPCODE_MASK, OPCODES, ROW, UNIT, decode
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import CodeType, FunctionType
    from typing import Any

    from jitvm.frontend.code import CodeUnit
    from jitvm.frontend.module import Module
    from jitvm.runtime.context import Native

WORK_OF_A_LOOP, WORK_OF_AN_INNER_LOOP = 16, 100
"""Loops are counted by the work they do: ``loop_threshold`` iterations of a loop of so many instructions; so many for one within."""
MILLISECONDS_A_COUNT = 1.5
"""How long loops run in the interpreter until their first count is over, about."""
MILLISECONDS_A_UNIT = 4.7e-6
"""The same for one unit of an instruction; a call does about half of its function."""
COUNTED: tuple[type, ...] = (type(iter(range(0))), type(iter([])), type(iter(())))
"""Iterators that tell how far they are."""
NEAREST = 16
"""How many frames are looked at for loops that a hot one is called from."""
FROM_C, ENTRY_MASK = 1, (1 << 32) - 1
"""A frame's ``header_entry`` where C has called it."""
KEPT_FROM = 128
"""When so many functions have been compiled, and each time that they are twice as many, what is new goes to disk."""


NOTHING = array("Q")
"""What a record has before it is asked for, or where its code needs none."""
PAGE_BITS = 12
ROOM = 8192
"""Words that are taken at once for what native code reads of functions."""
LINE = 8
"""Words of a line of the processor's cache."""


class Record:
    """The record of one code object. ``base`` is the address of its first instruction, ``end`` that of the end of the last one; both
    are 0 where the host must run it, and ``reason`` says why. ``defaults``: how many the function had that was called first.

    There is one of these, and hardly more that the host's collector knows of, for each function of the program.
    """

    __slots__ = ("_instructions", "_unit", "address", "base", "code", "defaults", "end", "module", "number", "reason", "row",
                 "site_table", "sites")

    def __init__(self, module: Module, code: CodeType, number: int) -> None:
        self.module, self.code, self.number = module, code, number
        self.address = self.base = self.end = self.defaults = 0
        self.reason = ""
        self.row: Any = None
        self._unit: CodeUnit | None = None
        self._instructions: Any = None
        self.sites = self.site_table = NOTHING

    @property
    def unit(self) -> CodeUnit | None:
        """The unit, made when somebody but native code wants it; its constants are those that native code uses."""
        if self._unit is None and self.row is not None:
            self._unit = unit_of(self.row, self.code)
        return self._unit

    @property
    def instructions(self) -> Any:
        """The words that native code runs, which can be changed."""
        if self._instructions is None:
            self._instructions = foreign.view_of(self.base, self.end - self.base)
        return self._instructions

    def loops_around(self, unit: int) -> list[int]:
        """The headers of the loops that a unit is in, the inner ones first."""
        return [header for header, end, _ in reversed(self.row[ROW["LOOPS"]]) if header <= unit < end]

    @property
    def variables(self) -> int:
        """How many slots the host's frame has for locals, cells and free variables."""
        code = self.code
        return code.co_nlocals + sum(name not in code.co_varnames for name in code.co_cellvars) + len(code.co_freevars)


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
        self.pages: dict[int, list[Record]] = {}
        """Those with instructions in a page of memory, by its number."""
        self.unknown: Callable[[FunctionType], None] | None = None
        self.keep: Callable[[], None] | None = None
        """Stores the bytecode so far: a program may end without the end of its module (os._exit, execv, a fatal signal)."""
        self.ended = False
        self.fresh, self.keep_at = 0, KEPT_FROM
        self.foreign = 0
        """Address of the shared record of code that is the host's."""
        self.busy = False
        self.set_extra = foreign.bind("_PyCode_SetExtra", foreign.Int32, foreign.Object, foreign.Int64, foreign.Pointer)
        self.fields, constants = layout.current()
        self.sizes = bytes([row.size for row in BYTECODES])
        self.record_words = constants["CODE_RECORD"] // 8
        self.room: list[array[int]] = []
        self.current = NOTHING
        self.used = ROOM

    def end(self) -> None:
        """The script has ended and what is compiled was stored. What is compiled from now on (finalisers, other threads) is at once."""
        self.ended = True
        self.keep_at = self.fresh + 1

    def add(self, module: Module, code: CodeType) -> Record | None:
        """A code object's record; None if it is not of this module. The function is compiled when it is wanted."""
        record = Record(module, code, len(self.all))
        before = module.fresh
        try:
            if sys.meta_path is None:  # the host is shutting down: nothing can be imported any more, finalisers run on the host
                return None
            record.row = module.row(code)
        except KeyError:
            return None
        except Unsupported as error:
            error.__traceback__ = error.__context__ = None  # they would keep the program's frames, and what they hold, alive
            record.reason = error.reason
            record.address = self.foreign
        self.fresh += module.fresh - before
        self.all.append(record)
        self.by_code[id(code)] = record
        if record.row is not None:
            self.link(record)
        self.set_extra(code, self.native.extra_index, record.address)
        return record

    def take(self, count: int) -> tuple[array[int], int]:
        """Room for so many words that stay where they are, at the beginning of a cache line: the array that they are in, and where."""
        if self.used + count + LINE > ROOM:
            if count > ROOM // 4:
                self.room.append(array("Q", bytes(8 * (count + LINE))))
                return self.room[-1], -self.room[-1].buffer_info()[0] // 8 % LINE
            self.room.append(array("Q", bytes(8 * ROOM)))
            self.current = self.room[-1]
            self.used = 0
        at = self.used + -(self.current.buffer_info()[0] // 8 + self.used) % LINE
        self.used = at + count
        return self.current, at

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
        limit = self.native.young
        young = limit.value
        limit.value = young | self.no_limit  # see hide_from_collector in jitvm/interpreter/loops.py
        try:
            if id(function.__code__) not in self.by_code and self.unknown is not None:
                self.unknown(function)
                found = self.by_code.get(id(function.__code__))
                if found is not None:
                    found.defaults = len(function.__defaults__ or ())
                if self.fresh >= self.keep_at and self.keep is not None:
                    self.keep_at = self.fresh + 1 if self.ended else 2 * self.fresh
                    self.keep()
        finally:
            self.busy = False
            limit.value = young

    def at(self, pc: int) -> Record | None:
        """The record whose instructions an address lies in."""
        return next((record for record in self.pages.get(pc >> PAGE_BITS, ()) if record.base <= pc < record.end), None)

    def first_count(self, pc: int) -> tuple[int, float]:
        """After how many rounds a loop, or calls of a function, at ``pc`` becomes hot for the first time, and about the milliseconds that
        so many take."""
        record = self.at(pc)
        if record is None or record.row is None:
            return self.loop_counter, 0.0
        for header, end, _ in record.row[ROW["LOOPS"]]:
            if record.base + header * UNIT == pc:
                work = work_of(record.row[ROW["LOOPS"]], header, end)
                count = max(1, self.loop_counter * WORK_OF_A_LOOP // work)
                return count, count * work * MILLISECONDS_A_UNIT
        return self.call_counter, self.call_counter * (record.end - record.base) / UNIT / 2 * MILLISECONDS_A_UNIT

    def left(self, pc: int, registers: int) -> tuple[int, float] | None:
        """What a hot loop has before it, in rounds and about milliseconds, where its iterator tells and it became hot in one go.

        None for a loop that was entered often, or whose end nobody knows.
        """
        record = self.at(pc)
        if record is None or record.unit is None:
            return None
        header = (pc - record.base) // UNIT
        counted = self.counted(record, header, registers)
        if counted is None or decode(record.instructions[2 * header])[1]["nest"]:
            return None
        done, left, _ = counted
        rounds = max(1, self.loop_counter * WORK_OF_A_LOOP // loop_work(record.unit, header))
        if 1.1 * done < rounds:
            return None
        return left, left / rounds * MILLISECONDS_A_COUNT

    def counted(self, record: Record, header: int, registers: int) -> tuple[int, int, int] | None:
        """How many rounds a running loop has done, how many are left, and the address of the iterator that tells; None if none does."""
        row, _, _ = decode(record.instructions[2 * header])
        if row.name != "loop":
            return None
        row, values, _ = decode(record.instructions[2 * (header + row.size)])
        address = self.native.peek(registers + 8 * values["iter"]) if row.name in ("for_iter", "for_next", "for_pair") else 0
        iterator: Any = self.native.object_at(address) if address else None
        if type(iterator) not in COUNTED:
            return None
        state: Any = iterator.__reduce__()
        if len(state) < 3:
            return None
        return state[2], len(state[1][0]) - state[2], address

    def counted_at(self, pc: int, registers: int) -> tuple[int, int, int] | None:
        """The same of the loop with its header at ``pc``."""
        record = self.at(pc)
        return None if record is None or record.row is None else self.counted(record, (pc - record.base) // UNIT, registers)

    def counted_around(self, pc: int, registers: int) -> Iterator[tuple[int, int, int, int]]:
        """The same of the loops around ``pc``, the inner ones first, with their addresses: its own, and those of its nearest callers as far
        as no C function is between."""
        fields, constants = layout.current()
        for _ in range(NEAREST):
            record = self.at(pc)
            if record is None or record.row is None:
                return
            for header in record.loops_around((pc - record.base) // UNIT):
                counted = self.counted(record, header, registers)
                if counted is not None:
                    yield (record.base + header * UNIT, *counted)
            frame = registers - constants["FRAME_SIZE"]
            caller = self.native.peek(frame + fields["frame_previous"][0])
            if self.native.peek(frame + fields["header_entry"][0]) & ENTRY_MASK == FROM_C or not caller:
                return
            pc = self.native.peek(caller + fields["header_pc"][0])
            registers = caller + constants["FRAME_SIZE"]

    def link(self, record: Record) -> None:
        """Fills host pointers and constants in and makes the record ready."""
        row, code = record.row, record.code
        size = len(row[ROW["WORDS"]]) // 8
        memory, at = self.take(self.record_words + size + len(row[ROW["PLACES"]]) // 4 + len(row[ROW["HANDLERS"]]) // 8)
        record.address = memory.buffer_info()[0] + 8 * at
        record.base = record.address + 8 * self.record_words
        record.end = record.base + 8 * size
        for page in range(record.base >> PAGE_BITS, (record.end - 1 >> PAGE_BITS) + 1):
            self.pages.setdefault(page, []).append(record)
        self.native.link(record.address, row, code, row[ROW["REGISTERS"]], record.number, self.sizes, self.loop_counter)
        first = at + self.record_words
        if memory[first] & OPCODE_MASK == OPCODES["resume"]:
            memory[first + COUNTER // 8] = self.call_counter
        if self.loop_counter > 1 and row[ROW["LOOPS"]]:
            for header, end, _ in row[ROW["LOOPS"]]:
                memory[first + 2 * header + COUNTER // 8] = max(
                    1, self.loop_counter * WORK_OF_A_LOOP // work_of(row[ROW["LOOPS"]], header, end))
        if code.co_flags & layout.CO_SUSPENDS:
            self.slots.install()
            link_sites(record)
            memory[at + self.fields["vm_sites"][0] // 8] = record.site_table.buffer_info()[0]


def link_sites(record: Record) -> None:
    """Makes the sites of a generator's code, and the table that finds them by the host's instruction."""
    words = array("Q")
    starts = []
    first = id(record.code) + layout.current()[1]["CODE_INSTRUCTIONS"]
    variables, instructions = record.variables, record.instructions
    for at, resume, register, offset, entries in record.row[ROW["SITES"]]:
        row, values, _ = decode(instructions[2 * resume])
        if row.name == "jump":
            resume += values["target"]
        starts.append((len(words), at, offset))
        name = BYTECODES[instructions[2 * at] & OPCODE_MASK].name
        yields = record.base + at * UNIT if name in ("yield_value", "yield_effect") else 0
        straight = all(entry == HELD | variables + place << 3 for place, entry in enumerate(entries))
        words.extend((record.base + resume * UNIT, register & NEGATIVE, first + offset, len(entries), record.address, int(straight),
                      yields, *entries))
    record.sites = words
    record.site_table = array("Q", bytes(4 * len(record.code.co_code)))
    for start, at, offset in starts:
        address = words.buffer_info()[0] + 8 * start
        instructions[2 * at + 2] = address
        record.site_table[offset // 2] = address


NEGATIVE = (1 << 64) - 1
HELD = 1
"""Kind of an entry: what the register holds."""


def loop_work(unit: CodeUnit, header: int) -> int:
    """About how much an iteration of a loop does, in instructions; a loop within counts as many."""
    end = next((loop.end for loop in unit.loops if loop.header == header), header + 1)
    return work_of([loop.row() for loop in unit.loops], header, end)


def work_of(loops: Sequence[tuple[int, int, int]], header: int, end: int) -> int:
    """The same of a loop that ends at ``end``, of the loops of its code."""
    return end - header + WORK_OF_AN_INNER_LOOP * sum(header < inner < end for inner, _, _ in loops)


assert OPCODES and UNIT == 16
