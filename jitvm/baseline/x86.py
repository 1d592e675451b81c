"""Writes x86-64 instructions (Intel's manual, volume 2: prefixes, ModRM and SIB bytes).

A second operand is a register's number or a place in memory: a tuple (base, index, scale, distance), with -1 for no index, or the name of
a word behind the code (``Assembler.word``). Vector registers are numbered from 0 here.
"""
from __future__ import annotations

from jitvm.backend.elf import PAGE, Image

TYPE_CHECKING = False
if TYPE_CHECKING:
    Place = int | tuple[int, int, int, int] | str

_SHIFT_OF = {1: 0, 2: 0x40, 4: 0x80, 8: 0xC0}
CONDITIONS = {"o": 0, "no": 1, "ult": 2, "uge": 3, "eq": 4, "ne": 5, "ule": 6, "ugt": 7, "p": 10, "np": 11, "slt": 12, "sge": 13,
              "sle": 14, "sgt": 15}
"""Condition codes by LLVM's names, where it has them. The opposite of a code differs in its lowest bit."""


class Assembler:
    """Code under way: bytes, where labels are, and what is to be filled in."""

    def __init__(self) -> None:
        self.code = bytearray()
        self.labels: dict[str, int] = {}
        self.jumps: list[tuple[int, str]] = []
        self.words: dict[str, list[int]] = {}
        self.names: list[tuple[str, int]] = []

    # -- instructions
    def put(self, opcode: bytes, register: int, place: Place, wide: bool = True, prefix: bytes = b"", byte: bool = False) -> None:
        """An instruction with a ModRM byte. ``wide``: operands of 64 bits. ``byte``: the register is one of 8 bits."""
        code = self.code
        if prefix:
            code += prefix
        rex = 0x48 if wide else 0x40
        if register > 7:
            rex |= 4
        low = (register & 7) << 3
        if isinstance(place, int):
            if place > 7:
                rex |= 1
            if rex != 0x40 or byte:
                code.append(rex)
            code += opcode
            code.append(0xC0 | low | place & 7)
            return
        if isinstance(place, str):
            if rex != 0x40 or byte:
                code.append(rex)
            code += opcode
            code.append(low | 5)
            self.words.setdefault(place, []).append(len(code))
            code += b"\0\0\0\0"
            return
        base, index, scale, distance = place
        if base > 7:
            rex |= 1
        if index > 7:
            rex |= 2
        if rex != 0x40 or byte:
            code.append(rex)
        code += opcode
        mode = 0 if not distance and base & 7 != 5 else 0x40 if -128 <= distance < 128 else 0x80
        if index >= 0:
            code.append(mode | low | 4)
            code.append(_SHIFT_OF[scale] | (index & 7) << 3 | base & 7)
        elif base & 7 == 4:
            code.append(mode | low | 4)
            code.append(0x24)
        else:
            code.append(mode | low | base & 7)
        if mode == 0x40:
            code.append(distance & 255)
        elif mode:
            code += distance.to_bytes(4, "little", signed=True)

    def immediate(self, operation: int, place: Place, value: int, width: int = 64) -> None:
        """``add`` (0), ``or`` (1), ``and`` (4), ``sub`` (5), ``xor`` (6) or ``cmp`` (7) with a constant of up to 32 bits."""
        if width == 8:
            self.constant(b"\x80", operation, place, value, 1, width)
        elif -128 <= value < 128:
            self.constant(b"\x83", operation, place, value, 1, width)
        else:
            self.constant(b"\x81", operation, place, value, 4, width)

    def constant(self, opcode: bytes, operation: int, place: Place, value: int, size: int, width: int = 64) -> None:
        """An instruction that ends in a constant of ``size`` bytes."""
        assert not isinstance(place, str)  # the word's distance would count from behind the constant
        self.put(opcode, operation, place, width == 64, byte=width == 8)
        self.code += (value & (1 << 8 * size) - 1).to_bytes(size, "little")

    def load_constant(self, register: int, value: int) -> None:
        """A constant into a register; flags stay."""
        value &= (1 << 64) - 1
        if value < 1 << 32:
            if register > 7:
                self.code.append(0x41)
            self.code.append(0xB8 | register & 7)
            self.code += value.to_bytes(4, "little")
        elif value >= (1 << 64) - (1 << 31):
            self.constant(b"\xc7", 0, register, value, 4)
        else:
            self.code.append(0x49 if register > 7 else 0x48)
            self.code.append(0xB8 | register & 7)
            self.code += value.to_bytes(8, "little")

    def label(self, name: str) -> None:
        """The place where the code goes on is that of a label."""
        self.labels[name] = len(self.code)

    def jump(self, name: str, condition: int = -1) -> None:
        """A jump to a label, always or on a condition code."""
        code = self.code
        there = self.labels.get(name)
        if there is not None and there - len(code) - 2 >= -128:
            code.append(0xEB if condition < 0 else 0x70 | condition)
            code.append(there - len(code) - 1 & 255)
            return
        code += b"\xe9" if condition < 0 else bytes((0x0F, 0x80 | condition))
        self.jumps.append((len(code), name))
        code += b"\0\0\0\0"

    def call_label(self, name: str) -> None:
        """A call of a function of this image."""
        self.code.append(0xE8)
        self.jumps.append((len(self.code), name))
        self.code += b"\0\0\0\0"

    def function(self, name: str) -> None:
        """A function begins here."""
        self.align()
        self.names.append((name, len(self.code)))
        self.label("@" + name)

    def align(self) -> None:
        """Fills up to 16 bytes."""
        self.code += b"\xcc" * (-len(self.code) % 16)

    # -- the end
    def image(self) -> Image:
        """What was written, with a word behind the code for each external address (``@name``) and constant (in hexadecimal)."""
        self.align()
        code = self.code
        for place, label in self.jumps:
            code[place:place + 4] = (self.labels[label] - place - 4).to_bytes(4, "little", signed=True)
        imports = []
        for word, places in self.words.items():
            at = len(code)
            if word[0] == "@":
                imports.append((at // 8, word[1:]))
                code += bytes(8)
            else:
                code += int(word, 16).to_bytes(8, "little")
            for place in places:
                code[place:place + 4] = (at - place - 4).to_bytes(4, "little")
        size = (len(code) + PAGE - 1) & -PAGE
        image = Image(bytes(code), size, size)
        image.imports = tuple(imports)
        ends = [place for _, place in self.names[1:]] + [len(code)]
        image.names = [name for name, _ in self.names]
        image.offsets = tuple([place for _, place in self.names])
        image.sizes = tuple([end - place for (_, place), end in zip(self.names, ends, strict=True)])
        return image
