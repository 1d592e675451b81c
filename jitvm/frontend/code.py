"""What the frontend hands on: a ``CodeUnit`` for each function or module body, or ``Unsupported``."""
from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import NamedTuple

REASONS: dict[str, str] = {
    "generator": "generator function",
    "coroutine": "coroutine",
    "async generator": "asynchronous generator",
    "class body": "class body",
    "except*": "except*",
    "too large": "function too large for 16-bit operands",
    "nested too deeply": "expression nested too deeply",
}
"""Every reason for which a code object stays on the host, by the name used within the frontend."""

Position = tuple[int | None, int | None, int | None, int | None]
"""Line, column, end line, end column; the columns count UTF-8 bytes, as the host's do."""


class Unsupported(Exception):
    """The VM cannot take this code object yet; ``reason`` is one of ``REASONS``, ``line`` where it shows."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"{reason} (line {line})")
        self.reason = reason
        self.line = line


class Handler(NamedTuple):
    """An exception in units [start, end) clears the registers from ``depth`` on, goes to ``register``, then ``target``."""

    start: int
    end: int
    target: int
    register: int
    depth: int


class Loop(NamedTuple):
    """A loop: the unit of its ``loop`` instruction, the unit past its back-edge, its nesting depth."""

    header: int
    end: int
    nest: int


@dataclass(frozen=True, slots=True)
class CodeUnit:
    """The register bytecode of one code object: plain data only, see ``docs/CONTRACTS.md``."""

    name: str
    first_line: int
    registers: int
    words: array[int]
    host_offsets: tuple[int, ...]
    positions: tuple[Position, ...]
    constants: tuple[object, ...]
    handlers: tuple[Handler, ...]
    loops: tuple[Loop, ...]
