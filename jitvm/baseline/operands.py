"""What a function's operations work on: values in registers, in words of the frame, constants, addresses."""
from __future__ import annotations

from jitvm.baseline.moves import Mover
from jitvm.baseline.reader import FRAME, NONE, Block, Function, Unsupported, is_small
from jitvm.baseline.registers import R11, RAX, RSP, SLOT, XMM, Allocation
from jitvm.baseline.x86 import CONDITIONS, Assembler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitvm.baseline.x86 import Place


class Operands:
    """A function under way. RAX and R11 are free within each operation."""

    def __init__(self, function: Function, assembler: Assembler) -> None:
        self.function, self.out = function, assembler
        allocation = self.allocation = Allocation(function)
        self.places, self.widths = allocation.places, function.widths
        self.split = allocation.split
        self.later = {value: self.places[value] for value in self.split.first}
        self.before = True
        self.mover = Mover(assembler, self.places, function.constants, function.frame_size)
        self.size = (function.frame_size + 8 * (allocation.slots + len(allocation.saved)) + 15 & -16) + 8
        self.moment = 0
        self.block = function.blocks[0]
        self.by_label = {block.label: block for block in function.blocks}
        self.next: Block | None = None
        self.stubs: list[tuple[str, str, list[tuple[int, int]]]] = []
        self.divisions: list[tuple[str, str, Place]] = []
        self.kept: dict[int, int] = {}
        self.fresh_labels = 0

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
        return constant if is_small(constant) else None

    def target(self, value: int) -> int:
        """The register in which a result is made: its own, or RAX."""
        place = self.places[value]
        return place if place < XMM else RAX

    def keep(self, value: int, register: int) -> None:
        """Puts a result where it belongs; flags stay."""
        if value >= 0 and self.places[value] != register:
            self.mover.copy(self.places[value], register)

    def resolve(self, address: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        """An address with its parts in registers: R11 for a base in memory, RAX for an index."""
        base, index, scale, distance = address
        register = RSP if base == FRAME else self.register(base, R11)
        if index == NONE:
            return register, -1, 1, distance
        return register, self.register(index, RAX), scale, distance

    def vector(self, value: int) -> Place:
        """A double as a second operand: a vector register, a word in memory or one behind the code."""
        if value < 0:
            return self.mover.literal(value)
        return self.mover.place(self.places[value])

    def load_vector(self, register: int, value: int) -> None:
        """Puts a double into a vector register."""
        if value < 0:
            self.mover.from_constant(register, value)
        else:
            self.mover.copy(register, self.places[value])

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
