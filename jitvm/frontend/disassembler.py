"""The text form of a code unit, for people and tests."""
from __future__ import annotations

from jitvm.frontend.code import CodeType, CodeUnit
from jitvm.spec.bytecodes import Bytecode, Operand, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Instruction:
    """One decoded instruction: its unit, row, operand values by name and the names of the consumed ones."""

    __slots__ = ("consumed", "row", "unit", "values")

    def __init__(self, unit: int, row: Bytecode, values: dict[str, int], consumed: frozenset[str]) -> None:
        self.unit = unit
        self.row = row
        self.values = values
        self.consumed = consumed

    def target(self) -> int | None:
        """The unit that the instruction may jump to, if any."""
        for operand in self.row.operands:
            if operand.kind == "j":
                return self.unit + self.values[operand.name]
        return None


def instructions(unit: CodeUnit) -> Iterator[Instruction]:
    """The instructions of ``unit`` in order."""
    at = 0
    words = unit.words
    end = len(words) // 2
    while at < end:
        extra = words[2 * at + 2] if 2 * at + 2 < len(words) else 0
        row, values, consumed = decode(words[2 * at], extra)
        yield Instruction(at, row, values, consumed)
        at += row.size


def disassemble(unit: CodeUnit, code: CodeType | None = None) -> str:
    """The text of ``unit``, a line for each instruction; registers of ``code``'s variables by name if it is given."""
    names = register_names(code) if code is not None else []
    lines = []
    last_line: int | None = None
    for instruction in instructions(unit):
        line = unit.positions[instruction.unit][0]
        shown = "" if line == last_line or line is None else str(line)
        last_line = line
        operands = ", ".join(operand_text(unit, instruction, operand, names) for operand in instruction.row.operands)
        lines.append(f"{shown:>5} {instruction.unit:4}  {instruction.row.name} {operands}".rstrip())
    lines += [f"loop {loop.header}..{loop.end} nest {loop.nest}" for loop in unit.loops]
    for row in unit.handlers:
        register = register_text(row.register, names)
        lines.append(f"handler {row.start}..{row.end} -> {row.target} {register} depth {row.depth}")
    return "\n".join(lines) + "\n"


def register_names(code: CodeType) -> list[str]:
    """The names of the registers of ``code``'s variables."""
    count = len(set(code.co_varnames) | set(code.co_cellvars)) + len(code.co_freevars)
    return [code._varname_from_oparg(number) for number in range(count)]  # type: ignore[attr-defined]


def register_text(register: int, names: list[str]) -> str:
    """A register: its variable's name, or its number."""
    return names[register] if register < len(names) else f"%{register}"


def operand_text(unit: CodeUnit, instruction: Instruction, operand: Operand, names: list[str]) -> str:
    """One operand: a register, constant, jump target or number."""
    value = instruction.values[operand.name]
    if operand.kind in "drlw":
        return register_text(value, names) + ("!" if operand.name in instruction.consumed else "")
    if operand.kind == "k" or (operand.kind == "x" and operand.name == "names"):
        constant = unit.constants[value]
        return f"<code {constant.co_name}>" if isinstance(constant, CodeType) else repr(constant)
    if operand.kind == "j":
        return f"-> {instruction.unit + value}"
    return f"{operand.name} {value}" if operand.kind in "ix" else str(value)
