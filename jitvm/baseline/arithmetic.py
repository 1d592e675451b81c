"""Machine code for loads and stores, and for operations on integers and doubles."""
from __future__ import annotations

from jitvm.baseline import divisions
from jitvm.baseline.moves import SPARE
from jitvm.baseline.operands import Operands
from jitvm.baseline.reader import DOUBLE, NONE, Op, Unsupported
from jitvm.baseline.registers import R11, RAX, RCX, RDX, SLOT, XMM
from jitvm.baseline.x86 import CONDITIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitvm.baseline.x86 import Place

PLAIN = {"add": (b"\x03", 0), "or": (b"\x0b", 1), "and": (b"\x23", 4), "sub": (b"\x2b", 5), "xor": (b"\x33", 6)}
"""Opcode with a register first, number of the operation with a constant."""
COMMUTES = frozenset(("add", "or", "and", "xor", "mul"))
SHIFTS = {"shl": 4, "lshr": 5, "ashr": 7}
VECTOR = {"fadd": b"\x0f\x58", "fmul": b"\x0f\x59", "fsub": b"\x0f\x5c", "fdiv": b"\x0f\x5e"}


class Arithmetic(Operands):
    """Operations whose result is a number or an address."""

    def load(self, op: Op) -> None:
        place = self.resolve(op.extra)
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
        address, width = op.extra
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
        self.out.put(b"\x8d", register, self.resolve(op.extra))
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
        if op.second != NONE:
            self.set(CONDITIONS["o"], op.second)

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
            self.divisions.append(divisions.by_value(self.out, divisor, self.fresh(), self.fresh()))
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
