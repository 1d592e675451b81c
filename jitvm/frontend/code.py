"""What the frontend hands on: a ``CodeUnit`` for each function or module body, or ``Unsupported``."""
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType as CodeType

    from jitvm.spec.words import array
else:
    CodeType = type((lambda: 0).__code__)

REASONS: dict[str, str] = {
    "suspension": "generator that waits within an expression",
    "too large": "function too large for 16-bit operands",
    "nested too deeply": "expression nested too deeply",
    "source": "its source cannot be read, or is not what was loaded",
}
"""Every reason for which a code object stays on the host, by the name used within the frontend."""

Position = tuple[int | None, int | None, int | None, int | None]
"""Line, column, end line, end column; the columns count UTF-8 bytes, as the host's do."""


Site = tuple[int, int, int, int, tuple[int, ...]]
"""A place where a generator can be suspended: the unit of the instruction, the unit to resume at, the register of what is sent (-1: nobody
wants it), the host's offset, and for each place of the host's operand stack a kind and, eight times, a register or constant."""


class Unsupported(Exception):
    """The VM cannot take this code object yet; ``reason`` is one of ``REASONS``, ``line`` where it shows."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"{reason} (line {line})")
        self.reason = reason
        self.line = line


class Handler:
    """An exception in units [start, end) clears the registers from ``depth`` on, goes to ``register``, then ``target``."""

    __slots__ = ("depth", "end", "register", "start", "target")

    def __init__(self, start: int, end: int, target: int, register: int, depth: int) -> None:
        self.start, self.end, self.target, self.register, self.depth = start, end, target, register, depth

    def row(self) -> tuple[int, int, int, int, int]:
        """The fields in order."""
        return self.start, self.end, self.target, self.register, self.depth


class Loop:
    """A loop: the unit of its ``loop`` instruction, the unit past its back-edge, its nesting depth."""

    __slots__ = ("end", "header", "nest")

    def __init__(self, header: int, end: int, nest: int) -> None:
        self.header, self.end, self.nest = header, end, nest

    def row(self) -> tuple[int, int, int]:
        """The fields in order."""
        return self.header, self.end, self.nest


class CodeUnit:
    """The register bytecode of one code object: plain data, see ``docs/CONTRACTS.md``, and the code object itself."""

    __slots__ = ("_positions", "code", "constants", "first_line", "handlers", "host_offsets", "loops", "name", "registers",
                 "sites", "words")

    def __init__(self, *, name: str, first_line: int, registers: int, words: array[int], host_offsets: array[int],
                 constants: tuple[object, ...], handlers: tuple[Handler, ...], loops: tuple[Loop, ...], code: CodeType,
                 sites: tuple[Site, ...] = ()) -> None:
        self.name, self.first_line, self.registers, self.words = name, first_line, registers, words
        self.host_offsets, self.constants, self.handlers, self.loops = host_offsets, constants, handlers, loops
        self.code, self.sites = code, sites
        self._positions: tuple[Position, ...] | None = None

    @property
    def positions(self) -> tuple[Position, ...]:
        """For each unit what the host's line table says: line, column, end line, end column."""
        if self._positions is None:
            entries = [(line, column, end_line, end_column) for line, end_line, column, end_column in self.code.co_positions()]
            self._positions = tuple([entries[offset >> 1] for offset in self.host_offsets])
        return self._positions

    def line(self, unit: int) -> int:
        """The source line of an instruction."""
        return self.positions[unit][0] or self.first_line


def host_codes(code: CodeType) -> Iterator[CodeType]:
    """``code`` and all code objects within, in the host's order."""
    yield code
    for constant in code.co_consts:
        if type(constant) is CodeType:
            yield from host_codes(constant)
