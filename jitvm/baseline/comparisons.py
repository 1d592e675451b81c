"""Machine code for comparisons: for branches, for choices between values, and as truth values."""
from __future__ import annotations

from jitvm.baseline.blocks import Condition
from jitvm.baseline.moves import SPARE
from jitvm.baseline.operands import Operands
from jitvm.baseline.reader import DOUBLE, Op, Unsupported
from jitvm.baseline.registers import R11, RAX, SLOT, XMM
from jitvm.baseline.x86 import CONDITIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jitvm.baseline.x86 import Place

SWAPPED = {"eq": "eq", "ne": "ne", "slt": "sgt", "sgt": "slt", "sle": "sge", "sge": "sle", "ult": "ugt", "ugt": "ult", "ule": "uge",
           "uge": "ule"}
ORDERED = {"ogt": ("ugt", False), "oge": ("uge", False), "olt": ("ugt", True), "ole": ("uge", True)}
"""Comparisons of doubles: the condition after ``ucomisd``, which is false where one is not a number, and whether to swap."""


class Comparisons(Operands):
    """Operations that ask."""

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
        code, parity = self.compare(op.name, op.operands, op.extra)
        self.set(code, op.dest, parity)

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
            code, parity = self.compare(name, condition.operands, condition.extra, condition.address)
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
        condition: Condition = op.extra
        there = self.places[op.dest]
        if self.widths[op.dest] == DOUBLE or condition.name == "fcmp":
            self.select_by_jump(op, condition)
            return
        if condition.name == "test":
            code = self.test(condition.operands[0])
        else:
            code, _ = self.compare(condition.name, condition.operands, condition.extra)
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
