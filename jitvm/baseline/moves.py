"""Several moves that happen at once: between registers, words of the frame, and from constants."""
from __future__ import annotations

from jitvm.baseline.reader import is_small
from jitvm.baseline.registers import R11, RAX, RSP, SLOT, XMM
from jitvm.baseline.x86 import Assembler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitvm.baseline.reader import Constant
    from jitvm.baseline.x86 import Place

SPARE = XMM + 15
"""The vector register that no value has."""


class Mover:
    """Moves values to places. What all of a function's code needs to know of places is here too."""

    def __init__(self, assembler: Assembler, places: list[int], constants: list[Constant], frame_size: int) -> None:
        self.out, self.places, self.constants, self.frame_size = assembler, places, constants, frame_size

    def memory(self, place: int) -> tuple[int, int, int, int]:
        """The address of a word of the frame."""
        return RSP, -1, 1, self.frame_size + 8 * (place - SLOT)

    def place(self, place: int) -> Place:
        """A place as the assembler names it."""
        return place if place < XMM else place - XMM if place < SLOT else self.memory(place)

    def constant(self, value: int) -> Constant:
        """What a constant is; None if anything will do."""
        return self.constants[~value]

    def literal(self, value: int) -> str:
        """The name of the word behind the code that holds a constant."""
        constant = self.constants[~value] or 0
        assert isinstance(constant, int)
        return f"{constant & (1 << 64) - 1:x}"

    def load(self, register: int, value: int) -> None:
        """Puts a value into a general register; flags stay."""
        out = self.out
        if value < 0:
            constant = self.constants[~value]
            if type(constant) is str:
                out.put(b"\x8b", register, "@" + constant)
            elif type(constant) is tuple:
                out.put(b"\x8d", register, (RSP, -1, 1, constant[0]))
            elif constant is not None:
                out.load_constant(register, constant)  # type: ignore[arg-type]
            return
        self.copy(register, self.places[value])

    def copy(self, to: int, source: int) -> None:
        """A move between two places. Between two words of memory it goes through RAX."""
        out = self.out
        if to == source:
            return
        if to < XMM:
            if source < XMM or source >= SLOT:
                out.put(b"\x8b", to, self.place(source))
            else:
                out.put(b"\x0f\x7e", source - XMM, to, prefix=b"\x66")
        elif to < SLOT:
            if source >= SLOT:
                out.put(b"\x0f\x10", to - XMM, self.memory(source), False, b"\xf2")
            elif source >= XMM:
                out.put(b"\x0f\x28", to - XMM, source - XMM, False)
            else:
                out.put(b"\x0f\x6e", to - XMM, source, prefix=b"\x66")
        elif source < XMM:
            out.put(b"\x89", source, self.memory(to))
        elif source < SLOT:
            out.put(b"\x0f\x11", source - XMM, self.memory(to), False, b"\xf2")
        else:
            out.put(b"\x8b", RAX, self.memory(source))
            out.put(b"\x89", RAX, self.memory(to))

    def from_constant(self, to: int, value: int) -> None:
        """Puts a constant anywhere; flags stay."""
        constant = self.constants[~value]
        if to < XMM:
            self.load(to, value)
        elif to < SLOT:
            if constant is not None:
                self.out.put(b"\x0f\x10", to - XMM, self.literal(value), False, b"\xf2")
        elif is_small(constant):
            self.out.constant(b"\xc7", 0, self.memory(to), constant, 4)
        elif constant is not None:
            self.load(RAX, value)
            self.out.put(b"\x89", RAX, self.memory(to))

    def where(self, value: int) -> int:
        """The place of a value; the number of a constant."""
        return self.places[value] if value >= 0 else value

    def parallel(self, moves: list[tuple[int, int]]) -> None:
        """Moves to places (first) from places and constants (second, see ``where``), all at once."""
        if len(moves) == 1:
            to, source = moves[0]
            if source < 0:
                self.from_constant(to, source)
            elif to != source:
                self.copy(to, source)
        elif moves:
            self.together({to: source for to, source in moves if source >= 0})
            for to, source in moves:
                if source < 0:
                    self.from_constant(to, source)

    def together(self, waiting: dict[int, int]) -> None:
        """Moves between places (target and source), all at once."""
        waiting = {to: source for to, source in waiting.items() if to != source}
        while waiting:
            sources = set(waiting.values())
            free = [to for to in waiting if to not in sources]
            if free:
                for to in free:
                    self.copy(to, waiting.pop(to))
                continue
            # A circle: one of its values waits elsewhere.
            to, source = next(iter(waiting.items()))
            spare = SPARE if XMM <= source < SLOT else R11
            self.copy(spare, source)
            for other, place in waiting.items():
                if place == source:
                    waiting[other] = spare
