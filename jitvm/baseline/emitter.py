"""Machine code for the operations of a function."""
from __future__ import annotations

from jitvm.baseline import divisions
from jitvm.baseline.blocks import Block, Condition
from jitvm.baseline.moves import SPARE, Mover
from jitvm.baseline.reader import DOUBLE, FRAME, NONE, Function, Op, Unsupported
from jitvm.baseline.registers import (
    ARGUMENTS,
    CALLER_SAVED,
    GENERAL,
    MOMENTS,
    OWN_ARGUMENTS,
    R11,
    RAX,
    RCX,
    RDX,
    RSP,
    SLOT,
    VECTORS,
    XMM,
    Allocation,
)
from jitvm.baseline.x86 import CONDITIONS, Assembler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from jitvm.baseline.x86 import Place

LEAST, MOST = -1 << 31, (1 << 31) - 1
PLAIN = {"add": (b"\x03", 0), "or": (b"\x0b", 1), "and": (b"\x23", 4), "sub": (b"\x2b", 5), "xor": (b"\x33", 6)}
"""Opcode with a register first, number of the operation with a constant."""
COMMUTES = frozenset(("add", "or", "and", "xor", "mul"))
SHIFTS = {"shl": 4, "lshr": 5, "ashr": 7}
VECTOR = {"fadd": b"\x0f\x58", "fmul": b"\x0f\x59", "fsub": b"\x0f\x5c", "fdiv": b"\x0f\x5e"}
SWAPPED = {"eq": "eq", "ne": "ne", "slt": "sgt", "sgt": "slt", "sle": "sge", "sge": "sle", "ult": "ugt", "ugt": "ult", "ule": "uge",
           "uge": "ule"}
ORDERED = {"ogt": ("ugt", False), "oge": ("uge", False), "olt": ("ugt", True), "ole": ("uge", True)}
"""Comparisons of doubles: the condition after ``ucomisd``, which is false where one is not a number, and whether to swap."""


class Emitter:
    """Writes one function."""

    def __init__(self, function: Function, assembler: Assembler) -> None:
        self.function, self.out = function, assembler
        allocation = self.allocation = Allocation(function)
        self.places, self.widths = allocation.places, function.widths
        self.split = allocation.split
        self.before = True
        self.mover = Mover(assembler, self.places, function.constants, function.frame_size)
        self.size = (function.frame_size + 8 * (allocation.slots + len(allocation.saved)) + 15 & -16) + 8
        self.moment = 0
        self.block = function.blocks[0]
        self.by_label = {block.label: block for block in function.blocks}
        self.next: Block | None = None
        self.stubs: list[tuple[str, str, list[tuple[int, int]]]] = []
        self.fresh_labels = 0

    def run(self) -> None:
        """Writes the function."""
        function, out = self.function, self.out
        out.function(function.name)
        out.immediate(5, RSP, self.size)
        self.later = {value: self.places[value] for value in self.split.first}
        self.change(True)
        self.enter()
        blocks = function.blocks
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            self.block, self.next = block, following
            self.moment = self.allocation.lives.starts[block.index]
            if block.depth and any(other.index >= block.index for other in block.predecessors):
                self.pad()
            out.label(self.label(block.label))
            if self.later:
                self.change(block.index not in self.split.after)
            for op in block.ops:
                EMIT[op.name](self, op)
                self.moment += MOMENTS
        for name, target, moves in self.stubs:
            out.label(name)
            self.mover.parallel(moves)
            out.jump(target)

    def enter(self) -> None:
        """Moves parameters from where the convention has them to where they live."""
        waiting: dict[int, int] = {}
        registers, vectors = iter(OWN_ARGUMENTS), iter(VECTORS)
        for value in self.function.parameters:
            source = next(vectors if self.widths[value] == DOUBLE else registers, NONE)
            if source == NONE:
                raise Unsupported("parameters on the stack")
            if self.places[value] != NONE:
                waiting[self.places[value]] = source
        self.mover.together(waiting)

    def change(self, before: bool) -> None:
        """From here on values are where they are before the first call of the function's kind, or where they are then."""
        self.before = before
        for value, place in (self.split.first if before else self.later).items():
            self.places[value] = place

    def pad(self) -> None:
        """The header of a loop begins at a multiple of 16."""
        missing = -len(self.out.code) % 16
        self.out.code += NOPS[missing]

    def label(self, name: str) -> str:
        """A label of this function."""
        return f"{self.function.name} {name}"

    def fresh(self) -> str:
        """A label of no block."""
        self.fresh_labels += 1
        return f"{self.function.name} .{self.fresh_labels}"

    # -- operands
    def register(self, value: int, spare: int) -> int:
        """A general register that holds a value: its own, or the spare one."""
        if value >= 0 and self.places[value] < XMM:
            return self.places[value]
        if value >= 0 and self.places[value] < SLOT:
            raise Unsupported("a double in place of an integer")
        self.mover.load(spare, value)
        return spare

    def operand(self, value: int, spare: int) -> Place:
        """A value as a second operand: a register, a word in memory, or the spare register."""
        if value >= 0:
            return self.mover.place(self.places[value])
        constant = self.mover.constant(value)
        if type(constant) is str:
            return "@" + constant
        self.mover.load(spare, value)
        return spare

    def small(self, value: int) -> int | None:
        """A constant of 32 bits; None for anything else."""
        if value >= 0:
            return None
        constant = self.mover.constant(value)
        if constant is None:
            return 0
        return constant if type(constant) is int and LEAST <= constant <= MOST else None

    def target(self, value: int) -> int:
        """The register in which a result is made: its own, or RAX."""
        place = self.places[value]
        return place if place < XMM else RAX

    def keep(self, value: int, register: int) -> None:
        """Puts a result where it belongs; flags stay."""
        if value >= 0 and self.places[value] != register:
            self.mover.copy(self.places[value], register)

    def resolve(self, address: tuple[int, int, int, int], spare_index: int = RAX) -> tuple[int, int, int, int]:
        """An address with its parts in registers: R11, and the spare one for an index in memory."""
        base, index, scale, distance = address
        if base == FRAME:
            register = RSP
        else:
            register = self.register(base, R11)
        if index == NONE:
            return register, -1, 1, distance
        second = self.register(index, spare_index)
        return register, second, scale, distance

    # -- memory
    def load(self, op: Op) -> None:
        place = self.resolve(op.extra)  # type: ignore[arg-type]
        width = self.widths[op.dest]
        if width == DOUBLE:
            there = self.places[op.dest]
            register = there if there < SLOT else SPARE
            self.out.put(b"\x0f\x10", register - XMM, place, False, b"\xf2")
            if register != there:
                self.mover.copy(there, register)
            return
        register = self.target(op.dest)
        if width < 32:
            self.out.put(b"\x0f\xb6", register, place, False)
        else:
            self.out.put(b"\x8b", register, place, width == 64)
        self.keep(op.dest, register)

    def store(self, op: Op) -> None:
        address, width = op.extra  # type: ignore[misc]
        out, value = self.out, op.operands[0]
        constant = self.small(value)
        held = constant is not None or (value >= 0 and self.places[value] < SLOT)
        place = self.resolve(address)
        if not held and place[1] == RAX:
            out.put(b"\x8d", R11, place)
            place = R11, -1, 1, 0
        if width == DOUBLE:
            if value < 0:
                self.mover.from_constant(SPARE, value)
                register = SPARE
            else:
                register = self.places[value]
                if register >= SLOT:
                    self.mover.copy(SPARE, register)
                    register = SPARE
            out.put(b"\x0f\x11", register - XMM, place, False, b"\xf2")
        elif constant is not None:
            if width < 32:
                out.constant(b"\xc6", 0, place, constant, 1, 32)
            else:
                out.constant(b"\xc7", 0, place, constant, 4, width)
        else:
            register = self.register(value, RAX)
            if width < 32:
                out.put(b"\x88", register, place, False, byte=True)
            else:
                out.put(b"\x89", register, place, width == 64)

    def count(self, op: Op) -> None:
        """Adds a constant to a number in memory."""
        place = self.resolve(op.extra[0])
        self.out.immediate(0, place, self.small(op.operands[0]) or 0)

    def address(self, op: Op) -> None:
        register = self.target(op.dest)
        self.out.put(b"\x8d", register, self.resolve(op.extra))  # type: ignore[arg-type]
        self.keep(op.dest, register)

    # -- integers
    def plain(self, op: Op) -> None:
        name = op.name.removesuffix(".o")
        first, second = op.operands
        if first < 0 and name in COMMUTES:
            first, second = second, first
        wide = self.widths[op.dest] == 64
        register = self.target(op.dest)
        if second >= 0 and self.places[second] == register and not (first >= 0 and self.places[first] == register):
            if name in COMMUTES:
                first, second = second, first
            else:
                register = RAX
        constant = self.small(second)
        if op.name == "add" and wide and self.lea(register, first, second, constant):
            self.keep(op.dest, register)
            return
        if name == "mul":
            self.multiply(register, first, second, constant)
        else:
            # A second operand in memory or R11 is untouched by the first's move.
            self.mover.load(register, first)
            if constant is not None:
                self.out.immediate(PLAIN[name][1], register, constant, 64 if wide else 32)
            else:
                self.out.put(PLAIN[name][0], register, self.operand(second, R11), wide)
        self.keep(op.dest, register)
        if op.name != name and op.extra != NONE:
            self.set(CONDITIONS["o"], op.extra)  # type: ignore[arg-type]

    def multiply(self, register: int, first: int, second: int, constant: int | None) -> None:
        """``imul``, of which the form with a constant has another target than operand."""
        if constant is not None:
            place = self.operand(first, R11)
            if type(place) is str:
                place = self.register(first, R11)
            small = -128 <= constant < 128
            self.out.constant(b"\x6b" if small else b"\x69", register, place, constant, 1 if small else 4)
        else:
            self.mover.load(register, first)
            self.out.put(b"\x0f\xaf", register, self.operand(second, R11))

    def lea(self, register: int, first: int, second: int, constant: int | None) -> bool:
        """An addition whose result is elsewhere than its first operand, in one instruction, if both are in registers."""
        if first < 0 or self.places[first] >= XMM or self.places[first] == register:
            return False
        if constant is not None:
            self.out.put(b"\x8d", register, (self.places[first], -1, 1, constant))
            return True
        if second < 0 or self.places[second] >= XMM:
            return False
        self.out.put(b"\x8d", register, (self.places[first], self.places[second], 1, 0))
        return True

    def shift(self, op: Op) -> None:
        first, second = op.operands
        wide = self.widths[op.dest] == 64
        if second < 0:
            register = self.target(op.dest)
            self.mover.load(register, first)
            self.out.constant(b"\xc1", SHIFTS[op.name], register, self.small(second) or 0, 1, 64 if wide else 32)
        else:
            register = RAX
            self.mover.load(RAX, first)
            self.mover.load(RCX, second)
            self.out.put(b"\xd3", SHIFTS[op.name], RAX, wide)
        self.keep(op.dest, register)

    def divide(self, op: Op) -> None:
        first, second = op.operands
        constant = self.small(second)
        rest = op.name == "srem"
        if constant is not None and constant not in (0, 1, -1) and first >= 0:
            register = divisions.by_constant(self.out, self.register(first, R11), constant, rest)
        else:
            divisor: Place = self.operand(second, R11)
            if type(divisor) is str:
                divisor = self.register(second, R11)
            self.mover.load(RAX, first)
            self.out.code += b"\x48\x99"
            self.out.put(b"\xf7", 7, divisor)
            register = RDX if rest else RAX
        self.keep(op.dest, register)

    def extend(self, op: Op) -> None:
        register = self.target(op.dest)
        source = op.operands[0]
        place = self.operand(source, R11)
        if op.extra == 32:
            self.out.put(b"\x8b" if op.name == "zext" else b"\x63", register, place, op.name == "sext")
        elif op.extra == 8 and op.name == "zext":
            self.out.put(b"\x0f\xb6", register, place, False, byte=True)
        else:
            raise Unsupported("an extension of another width")
        self.keep(op.dest, register)

    def copied(self, op: Op) -> None:
        if op.operands[0] < 0:
            self.mover.from_constant(self.places[op.dest], op.operands[0])
        else:
            self.mover.copy(self.places[op.dest], self.places[op.operands[0]])

    def truth(self, op: Op) -> None:
        register = self.target(op.dest)
        self.mover.load(register, op.operands[0])
        self.out.immediate(4, register, 1, 32)
        self.keep(op.dest, register)

    # -- doubles
    def vector(self, value: int) -> Place:
        """A double as a second operand: a vector register, a word in memory or one behind the code."""
        if value < 0:
            return f"{self.mover.constant(value) or 0:x}"
        return self.mover.place(self.places[value])

    def load_vector(self, register: int, value: int) -> None:
        """Puts a double into a vector register."""
        if value < 0:
            self.mover.from_constant(register, value)
        else:
            self.mover.copy(register, self.places[value])

    def arithmetic(self, op: Op) -> None:
        there = self.places[op.dest]
        first, second = op.operands
        register = there if there < SLOT else SPARE
        if second >= 0 and self.places[second] == register and not (first >= 0 and self.places[first] == register):
            if op.name in ("fadd", "fmul"):
                first, second = second, first
            else:
                register = SPARE
        self.load_vector(register, first)
        self.out.put(VECTOR[op.name], register - XMM, self.vector(second), False, b"\xf2")
        self.mover.copy(there, register)

    def convert(self, op: Op) -> None:
        source, there = op.operands[0], self.places[op.dest]
        if op.name == "sitofp":
            register = there if there < SLOT else SPARE
            place = self.register(source, RAX) if source < 0 else self.mover.place(self.places[source])
            self.out.put(b"\x0f\x57", register - XMM, register - XMM, False)  # no waiting for what it held
            self.out.put(b"\x0f\x2a", register - XMM, place, prefix=b"\xf2")
            self.mover.copy(there, register)
        else:
            target = self.target(op.dest)
            self.out.put(b"\x0f\x2c", target, self.vector(source), prefix=b"\xf2")
            self.keep(op.dest, target)

    def sign(self, op: Op) -> None:
        """``fneg`` and ``fabs``: the sign's bit turned over, or cleared."""
        source = op.operands[0]
        if source < 0:
            self.mover.load(RAX, source)
        else:
            self.mover.copy(RAX, self.places[source])
        self.out.load_constant(R11, 1 << 63 if op.name == "fneg" else (1 << 63) - 1)
        self.out.put(b"\x33" if op.name == "fneg" else b"\x23", RAX, R11)
        self.mover.copy(self.places[op.dest], RAX)

    # -- conditions
    def compare(self, name: str, operands: tuple[int, ...], extra: tuple[str, int], address: Any = None) -> tuple[int, bool]:
        """Compares. Returns the condition code, and whether a parity flag would spoil it (``oeq``, ``une``)."""
        kind, width = extra
        first, second = operands
        if name == "fcmp":
            return self.compare_doubles(kind, first, second)
        out = self.out
        if address is None and first < 0 and second >= 0:
            first, second, kind = second, first, SWAPPED[kind]
        constant = self.small(second)
        place: Place
        if address is not None:
            place = self.resolve(address)
        elif first < 0 or (constant is None and self.places[first] >= SLOT):
            place = self.register(first, RAX)
        else:
            place = self.mover.place(self.places[first])
        if constant is not None:
            if width < 32:
                constant = (constant + 128 & 255) - 128
            if not constant and type(place) is int:
                out.put(b"\x84" if width < 32 else b"\x85", place, place, width == 64, byte=width < 32)
            else:
                out.immediate(7, place, constant, 8 if width < 32 else width)
            return CONDITIONS[kind], False
        if type(place) is int:
            out.put(b"\x3a" if width < 32 else b"\x3b", place, self.operand(second, R11), width == 64, byte=width < 32)
        else:
            # The address may be in R11 and RAX: the other operand needs a register that is neither.
            register = self.other(place, second)
            if register < 0:
                out.put(b"\x8b" if width >= 32 else b"\x8a", RAX, place, width == 64)
                out.put(b"\x3a" if width < 32 else b"\x3b", RAX, self.operand(second, R11), width == 64)
            else:
                out.put(b"\x38" if width < 32 else b"\x39", register, place, width == 64, byte=width < 32)
        return CONDITIONS[kind], False

    def other(self, place: Any, value: int) -> int:
        """A register with a value, to be compared with what is at an address; -1 if there is none."""
        if value >= 0 and self.places[value] < XMM:
            return self.places[value]
        if place[1] == RAX:
            return -1
        return self.register(value, RAX)

    def compare_doubles(self, kind: str, first: int, second: int) -> tuple[int, bool]:
        """``ucomisd``."""
        if kind in ORDERED:
            condition, swapped = ORDERED[kind]
            if swapped:
                first, second = second, first
        elif kind in ("oeq", "une"):
            condition = "eq" if kind == "oeq" else "ne"
        else:
            raise Unsupported(f"fcmp {kind}")
        register = self.places[first] if first >= 0 and self.places[first] < SLOT else SPARE
        if register == SPARE:
            self.load_vector(SPARE, first)
        self.out.put(b"\x0f\x2e", register - XMM, self.vector(second), False, b"\x66")
        return CONDITIONS[condition], kind in ("oeq", "une")

    def comparison(self, op: Op) -> None:
        """A comparison whose truth value is needed in a register."""
        code, parity = self.compare(op.name, op.operands, op.extra)  # type: ignore[arg-type]
        self.set(code, op.dest, parity)

    def set(self, code: int, dest: int, parity: bool = False) -> None:
        """A condition code as a truth value."""
        out = self.out
        out.code += bytes((0x0F, 0x90 | code, 0xC0))
        if parity:
            out.code += bytes((0x41, 0x0F, 0x9A if code == CONDITIONS["ne"] else 0x9B, 0xC3))
            out.put(b"\x0b" if code == CONDITIONS["ne"] else b"\x23", RAX, R11, False)
        register = self.target(dest)
        out.put(b"\x0f\xb6", register, RAX, False)
        self.keep(dest, register)

    def test(self, value: int) -> int:
        """Tests a truth value; the condition code is that of true."""
        place = self.mover.place(self.places[value]) if value >= 0 else self.register(value, RAX)
        if type(place) is int:
            self.out.put(b"\x85", place, place, False)
        else:
            self.out.immediate(7, place, 0, 32)
        return CONDITIONS["ne"]

    def jump_if(self, condition: Condition, outcome: bool, target: str) -> None:
        """Jumps where a condition has an outcome; else the code goes on."""
        out, name = self.out, condition.name
        if name == "not":
            self.jump_if(condition.parts[0], not outcome, target)
        elif name in ("and", "or"):
            first, second = condition.parts
            if (name == "and") is outcome:
                past = self.fresh()
                self.jump_if(first, not outcome, past)
                self.jump_if(second, outcome, target)
                out.label(past)
            else:
                self.jump_if(first, outcome, target)
                self.jump_if(second, outcome, target)
        elif name == "overflow":
            out.jump(target, CONDITIONS["o"] ^ (not outcome))
        elif name == "test":
            out.jump(target, self.test(condition.operands[0]) ^ (not outcome))
        else:
            code, parity = self.compare(name, condition.operands, condition.extra, condition.address)  # type: ignore[arg-type]
            if not parity:
                out.jump(target, code ^ (not outcome))
            elif (code == CONDITIONS["ne"]) is outcome:
                out.jump(target, CONDITIONS["ne"])
                out.jump(target, CONDITIONS["p"])
            else:
                past = self.fresh()
                out.jump(past, CONDITIONS["p"])
                out.jump(target, CONDITIONS["eq"])
                out.label(past)

    def select(self, op: Op) -> None:
        first, second = op.operands[:2]
        condition: Condition = op.extra  # type: ignore[assignment]
        there = self.places[op.dest]
        if self.widths[op.dest] == DOUBLE or condition.name == "fcmp":
            self.select_by_jump(op, condition)
            return
        if condition.name == "test":
            code = self.test(condition.operands[0])
        else:
            code, _ = self.compare(condition.name, condition.operands, condition.extra)  # type: ignore[arg-type]
        register = self.target(op.dest)
        if first >= 0 and self.places[first] == register:
            first, second, code = second, first, code ^ 1
        self.mover.load(register, second)
        self.out.put(bytes((0x0F, 0x40 | code)), register, self.operand(first, R11))
        self.mover.copy(there, register)

    def select_by_jump(self, op: Op, condition: Condition) -> None:
        """One of two values by a jump: for doubles, and by conditions that are more than one flag."""
        first, second = op.operands[:2]
        end, other = self.fresh(), self.fresh()
        self.jump_if(condition, False, other)
        self.mover.parallel([(self.places[op.dest], self.mover.where(first))])
        self.out.jump(end)
        self.out.label(other)
        self.mover.parallel([(self.places[op.dest], self.mover.where(second))])
        self.out.label(end)

    # -- calls and ends
    def call(self, op: Op) -> None:
        name, own, kinds, second = op.extra
        out, saved = self.out, {}
        alive = self.allocation.alive_at
        if self.block.cold:
            saved = {place: word for place, word in self.allocation.saved.items()
                     if (own or place in CALLER_SAVED) and alive(place, self.moment + 1)}
        for place, word in saved.items():
            self.mover.copy(word, place)
        leaves = own and self.before and not self.block.cold and bool(self.later)
        if leaves:
            for value in self.split.first:
                if self.allocation.lives.alive_at(value, self.moment + 1):
                    self.mover.copy(self.later[value], self.split.first[value])
        self.arguments(OWN_ARGUMENTS if own else ARGUMENTS, kinds, op.operands)
        if leaves:
            self.change(False)
        if name == "body":
            out.call_label("@body")
        else:
            out.put(b"\xff", 2, "@" + name, False)
        self.results(op.dest, second)
        for place, word in saved.items():
            self.mover.copy(place, word)

    def results(self, dest: int, second: int) -> None:
        """Takes what a call has given."""
        if second >= 0:
            moves = {self.places[value]: place for value, place in ((dest, RAX), (second, RDX)) if value >= 0}
            self.mover.together({to: source for to, source in moves.items() if to != NONE})
        elif dest >= 0:
            if self.widths[dest] == 1:
                self.out.immediate(4, RAX, 1, 32)
            self.keep(dest, XMM if self.widths[dest] == DOUBLE else RAX)

    def arguments(self, registers: tuple[int, ...], kinds: tuple[int, ...], operands: tuple[int, ...]) -> None:
        """Puts arguments where a convention wants them."""
        moves = []
        general = vectors = 0
        for kind, value in zip(kinds, operands, strict=True):
            if kind == DOUBLE:
                moves.append((XMM + vectors, self.mover.where(value)))
                vectors += 1
            else:
                if general == len(registers):
                    raise Unsupported("arguments on the stack")
                moves.append((registers[general], self.mover.where(value)))
                general += 1
        self.mover.parallel(moves)

    def tail(self, op: Op) -> None:
        self.mover.parallel(list(zip(OWN_ARGUMENTS, map(self.mover.where, op.operands), strict=False)))
        self.out.immediate(0, RSP, self.size)
        self.out.put(b"\xff", 4, "@" + str(op.extra), False)

    def ret(self, op: Op) -> None:
        self.mover.parallel(list(zip((RAX, RDX), map(self.mover.where, op.operands), strict=True)))
        self.out.immediate(0, RSP, self.size)
        self.out.code.append(0xC3)

    def trap(self, op: Op) -> None:
        self.out.code += b"\x0f\x0b"

    # -- branches
    def moves_to(self, label: str) -> list[tuple[int, int]]:
        """The moves on the way from this block to another: its phis get their values, and what is elsewhere there goes there."""
        target, where = self.by_label[label], self.mover.where
        moves = []
        leaves = self.before and bool(self.later) and target.index in self.split.after
        there = self.later if leaves else {}
        for number, values in target.phis:
            value = values[self.block.label]
            if value != NONE:
                moves.append((there.get(number, self.places[number]), where(value)))
        if leaves:
            start, alive, leader = self.allocation.lives.starts[target.index], self.allocation.lives.alive_at, self.allocation.leader
            phis = {leader(number) for number, _ in target.phis}
            moves += [(place, self.places[value]) for value, place in there.items() if value not in phis and alive(value, start)]
        return moves

    def jump(self, op: Op) -> None:
        label = self.block.successors[0][0]
        self.mover.parallel(self.moves_to(label))
        if self.next is None or self.next.label != label:
            self.out.jump(self.label(label))

    def branch(self, op: Op) -> None:
        """The jump is to where there is nothing to move, or to a stub behind the code."""
        condition: Condition = op.extra  # type: ignore[assignment]
        (yes, likely), (no, _) = self.block.successors
        following = self.next.label if self.next is not None else ""
        taken, outcome, going_on = yes, True, no
        if following == yes or (following != no and likely and self.by_label[no].cold) or (following != no and self.moves_to(yes)):
            taken, outcome, going_on = no, False, yes
        moves = self.moves_to(taken)
        target = self.label(taken)
        if self.needs(moves):
            target = self.fresh()
            self.stubs.append((target, self.label(taken), moves))
        self.jump_if(condition, outcome, target)
        self.mover.parallel(self.moves_to(going_on))
        if going_on != following:
            self.out.jump(self.label(going_on))

    @staticmethod
    def needs(moves: list[tuple[int, int]]) -> bool:
        """Whether any of the moves is one."""
        return any(to != source for to, source in moves)


EMIT: dict[str, Callable[[Emitter, Op], None]] = {
    "load": Emitter.load, "store": Emitter.store, "count": Emitter.count, "address": Emitter.address, "sdiv": Emitter.divide, "srem": Emitter.divide,
    "shl": Emitter.shift, "lshr": Emitter.shift, "ashr": Emitter.shift, "icmp": Emitter.comparison, "fcmp": Emitter.comparison,
    "zext": Emitter.extend, "sext": Emitter.extend, "sitofp": Emitter.convert, "fptosi": Emitter.convert, "truth": Emitter.truth,
    "bitcast": Emitter.copied, "copy": Emitter.copied, "fneg": Emitter.sign, "fabs": Emitter.sign, "select": Emitter.select,
    "call": Emitter.call, "tail": Emitter.tail, "ret": Emitter.ret, "trap": Emitter.trap, "jump": Emitter.jump, "branch": Emitter.branch,
    **dict.fromkeys(("add", "sub", "mul", "and", "or", "xor", "add.o", "sub.o", "mul.o"), Emitter.plain),
    **dict.fromkeys(VECTOR, Emitter.arithmetic)}
NOPS = (b"", b"\x90", b"\x66\x90", b"\x0f\x1f\x00", b"\x0f\x1f\x40\x00", b"\x0f\x1f\x44\x00\x00", b"\x66\x0f\x1f\x44\x00\x00",
        b"\x0f\x1f\x80\x00\x00\x00\x00", b"\x0f\x1f\x84\x00\x00\x00\x00\x00", b"\x66\x0f\x1f\x84\x00\x00\x00\x00\x00")
NOPS += tuple(NOPS[9] + NOPS[rest] for rest in range(1, 7))
"""Instructions that do nothing, by length (Intel's manual, NOP)."""
