"""Emission of instructions: labels and jumps, registers of temporaries, definite assignment, handler rows."""
from __future__ import annotations

import sys

from jitvm.frontend import tree as ast
from jitvm.frontend.code import REASONS, CodeUnit, Handler, Loop, Unsupported
from jitvm.frontend.constants import constant_key
from jitvm.frontend.positions import HostPositions, Span, opmap
from jitvm.frontend.scopes import Names
from jitvm.spec.bytecodes import BYTECODES, FIELDS, OPCODE_BITS, OPCODES
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

UNREACHABLE = -1
"""The set of bound registers where control cannot come: all of them, so that it is neutral where paths meet."""

Place = ast.expr | ast.stmt | ast.excepthandler | ast.pattern | Span
"""Where an instruction stands in the source: a node, or a span in the order of ``co_positions``."""


Layout = tuple[int, tuple[int, ...], tuple[tuple[int, int], ...], bool, int, bool]
"""What ``emit`` needs of a row of the table of bytecodes: opcode, words that follow, sources, whether the first operand is
written, field of the jump offset, whether control ends."""


def _layout(number: int) -> Layout:
    row = BYTECODES[number]
    sources = tuple((FIELDS.index(operand.field), operand.consume_bit)
                    for operand in row.operands if operand.kind == "r")
    target = next((FIELDS.index(operand.field) for operand in row.operands if operand.kind == "j"), -1)
    writes = bool(row.operands) and row.operands[0].kind == "d"
    return number, (0,) * (1 + 2 * row.units), sources, writes, target, row.ends


class Layouts(dict[str, Layout]):
    """Layouts by name, worked out when first asked for: a script uses few bytecodes."""

    def __missing__(self, name: str) -> Layout:
        layout = self[name] = _layout(OPCODES[name])
        return layout


LAYOUTS = Layouts()


class Label:
    """A place to jump to, and the registers that are bound on every way there."""

    __slots__ = ("bound", "unit")

    def __init__(self) -> None:
        self.unit = -1
        self.bound = UNREACHABLE


class Region:
    """Code covered by one handler; it can be suspended while code that is not covered is emitted in its midst."""

    __slots__ = ("bound", "depth", "register", "start", "target")

    def __init__(self, start: int, register: int, depth: int, bound: int) -> None:
        self.start = start
        self.target = Label()
        self.register = register
        self.depth = depth
        self.bound = bound


class Assembler:
    """One code unit in the making."""

    iterator_paths = True
    """Whether loops use the bytecodes that know the host's iterators (the setting of that name)."""

    def __init__(self, code: CodeType, private: str | None) -> None:
        names = Names(code, private)
        self.host = code
        self.private = private
        self.names = names
        self.locals = names.locals
        self.cells = names.cells
        self.first_temporary = names.count
        self.top = names.count
        self.registers = names.count
        self.bound = (1 << names.arguments) - 1
        self.host_positions = HostPositions(code)
        self.fragile = self._fragile()
        self.at: Place = (code.co_firstlineno, code.co_firstlineno, 0, 0)
        self._words: list[int] = []
        self._marks: list[tuple[int, str, Place]] = []
        self._jumps: list[tuple[int, int, Label]] = []
        self._rows: list[tuple[int, int, Region]] = []
        self._loops: list[Loop] = []
        self._pool: dict[object, int] = {}
        self._constants: list[object] = []
        self._host_constants: dict[object, object] | None = None

    # -- registers -------------------------------------------------------------------------------------------------
    def push(self) -> int:
        """A new temporary on top of the stack of temporaries."""
        register = self.top
        self.top = register + 1
        if self.top > self.registers:
            self.registers = self.top
        return register

    def result(self, mark: int, target: int) -> int:
        """Frees the temporaries from ``mark`` on; gives ``target``, or ``mark`` as a new temporary if it is negative."""
        self.top = mark
        return target if target >= 0 else self.push()

    def reserve(self, register: int) -> None:
        """Makes sure that ``register`` exists, as the base of a window that may be empty."""
        if register >= self.registers:
            self.registers = register + 1

    def _fragile(self) -> int:
        """The set of registers that some statement unbinds, from the host's code."""
        if not self.host_positions.deletes_locals:
            return 0
        if self.names.count > 255:
            return (1 << self.names.count) - 1
        code = self.host.co_code
        delete = opmap["DELETE_FAST"]
        return sum({1 << code[at + 1] for at in range(0, len(code), 2) if code[at] == delete})

    # -- constants -------------------------------------------------------------------------------------------------
    def constant(self, value: object) -> int:
        """The index of ``value`` among the constants; the host's own object where it has an equal one."""
        kind = type(value)
        key = (kind, value) if kind is str or kind is int or value is None else constant_key(value)
        index = self._pool.get(key)
        if index is None:
            index = self._pool[key] = len(self._constants)
            self._constants.append(self._as_host(key, value))
        return index

    def _as_host(self, key: object, value: object) -> object:
        """The host's object for a constant equal to ``value``, so that identities agree between the two."""
        if type(value) is str and value.isidentifier():
            return sys.intern(value)
        if self._host_constants is None:
            self._host_constants = {constant_key(constant): constant for constant in self.host.co_consts}
        return self._host_constants.get(key, value)

    # -- instructions ----------------------------------------------------------------------------------------------
    @property
    def here(self) -> int:
        """The unit of the next instruction."""
        return len(self._words) >> 1

    @property
    def ended(self) -> bool:
        """Whether control does not fall through from the last instruction to the next."""
        return bool(self._marks) and (LAYOUTS[self._marks[-1][1]][5] or self._marks[-1][1] == "jump")

    @property
    def reachable(self) -> bool:
        """Whether control can come to the next instruction."""
        return self.bound != UNREACHABLE

    def emit(self, name: str, a: int = 0, b: int = 0, c: int = 0, keep: int = 0, extra: int = 0) -> None:
        """Adds an instruction with the operands A, B, C (and X: ``extra``).

        A temporary among its sources is consumed, unless it is the destination too or its bit in ``keep`` is set.
        """
        opcode, tail, sources, writes, _, ends = LAYOUTS[name]
        words = self._words
        word = opcode | a << 16 | b << 32 | c << 48
        for field, bit in sources:
            register = a if field == 0 else b if field == 1 else c
            if register >= self.first_temporary and not keep >> bit & 1 and not (writes and register == a):
                word |= 1 << (OPCODE_BITS + bit)
        self._marks.append((len(words) >> 1, name, self.at))
        words.append(word)
        words += tail
        if extra:
            words[1 - len(tail)] = extra
        if ends:
            self.bound = UNREACHABLE

    def emit_jump(self, name: str, label: Label, a: int = 0, b: int = 0, keep: int = 0, extra: int = 0) -> None:
        """Adds an instruction that may jump to ``label``; ``a``, ``b`` and ``extra`` are its other operands."""
        self._jumps.append((self.here, LAYOUTS[name][4], label))
        label.bound &= self.bound
        self.emit(name, a, b, 0, keep, extra)

    def jump(self, label: Label) -> None:
        """Jumps to ``label`` if control can come here."""
        if self.bound != UNREACHABLE:
            self.emit_jump("jump", label)
            self.bound = UNREACHABLE

    def place(self, label: Label) -> None:
        """Puts ``label`` before the next instruction."""
        label.unit = self.here
        self.bound &= label.bound

    def load_constant(self, value: object, target: int = -1) -> int:
        """Loads a constant into ``target``, or into a new temporary if it is negative."""
        if target < 0:
            target = self.push()
        self.emit("load_const", target, self.constant(value))
        return target

    def clear(self, register: int) -> None:
        """Drops what a temporary holds."""
        self.emit("clear", register)

    def loop_header(self, nest: int) -> int:
        """Puts the ``loop`` instruction of a loop; gives its unit."""
        header = self.here
        self.bound &= ~self.fragile
        self.emit("loop", nest)
        return header

    def end_loop(self, header: int, nest: int) -> None:
        """Notes that the last instruction of the loop at ``header`` has been emitted."""
        self._loops.append(Loop(header, self.here, nest))

    # -- handlers --------------------------------------------------------------------------------------------------
    def protect(self, register: int, depth: int) -> Region:
        """Opens a region at the next instruction; its handler clears registers from ``depth`` on."""
        self.reserve(register)
        return Region(self.here, register, depth, self.bound & ~self.fragile)

    def suspend(self, region: Region) -> None:
        """Ends the region, for good or until ``resume``."""
        if self.here > region.start:
            self._rows.append((region.start, self.here, region))
            region.target.bound = region.bound
        region.start = self.here

    def resume(self, region: Region) -> None:
        """Goes on with a suspended region."""
        region.start = self.here

    # -- the end ---------------------------------------------------------------------------------------------------
    def finish(self) -> CodeUnit:
        """The finished unit. Raises Unsupported where a register, constant or jump does not fit its field."""
        self._patch_jumps()
        if max(self.registers, len(self._constants)) > 0xFFFF:
            raise Unsupported(REASONS["too large"], self.host.co_firstlineno)
        return CodeUnit(
            name=self.host.co_qualname,
            first_line=self.host.co_firstlineno,
            registers=self.registers,
            words=array("Q", self._words),
            host_offsets=array("I", self._host_offsets()),
            constants=tuple(self._constants),
            handlers=tuple(Handler(start, end, region.target.unit, region.register, region.depth)
                           for start, end, region in self._rows),
            loops=tuple(sorted(self._loops, key=Loop.row)),
            code=self.host,
        )

    def _patch_jumps(self) -> None:
        """Fills in the jump offsets."""
        for unit, field, label in self._jumps:
            offset = label.unit - unit
            if not -0x8000 <= offset < 0x8000:
                raise Unsupported(REASONS["too large"], self.host.co_firstlineno)
            self._words[unit * 2] |= (offset & 0xFFFF) << (16 + 16 * field)

    def _host_offsets(self) -> list[int]:
        """The host's offset for each unit."""
        host = self.host_positions
        offsets: list[int] = []
        known: dict[tuple[str, Span], int] = {}
        offset = host.first
        reraises = [mark for mark in self._marks if mark[1] == "reraise"]
        theirs = host.reraises() if reraises else []
        in_order = iter(theirs if len(theirs) == len(reraises) else ())
        ends = [mark[0] for mark in self._marks[1:]]
        ends.append(self.here)
        for (unit, name, place), end in zip(self._marks, ends, strict=True):
            span: Span = place if type(place) is tuple else (
                place.lineno, place.end_lineno, place.col_offset, place.end_col_offset)  # type: ignore
            found = next(in_order, None) if name == "reraise" else known.get((name, span))
            if found is None:
                found = known[name, span] = host.offset(name, span, offset)
            offset = found
            offsets += [offset] * (end - unit)
        return offsets
