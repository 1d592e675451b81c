"""What tracing asks of a code record: decoded instructions, static join points, loops."""
from __future__ import annotations

from jitvm.spec.bytecodes import UNIT, Bytecode, decode
from jitvm.spec.layout import CO_VARARGS, CO_VARKEYWORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Instruction:
    """One decoded instruction: its row, operand values and consumed operands by name."""

    __slots__ = ("consumed", "row", "values")

    def __init__(self, row: Bytecode, values: dict[str, int], consumed: frozenset[str]) -> None:
        self.row, self.values, self.consumed = row, values, consumed


class Site:
    """A place at which a generator waits: the address of its ``yield``, where it goes on, the register of what it is sent (or -1), how
    many registers its frame holds then; ``begun`` is False for that of one that has not been started."""

    __slots__ = ("begun", "count", "pc", "resume", "sent")

    def __init__(self, pc: int, resume: int, sent: int, count: int, begun: bool) -> None:
        self.pc, self.resume, self.sent, self.count, self.begun = pc, resume, sent, count, begun


class TracedCode:
    """A code record as tracing sees it; made when its first loop becomes hot."""

    def __init__(self, record: Any, local_count: int) -> None:
        self.record = record
        self.code, self.unit, self.number = record.code, record.unit, record.number
        self.base: int = record.base
        self.native_record: int = record.address
        self.locals = local_count
        self.simple = not record.code.co_flags & (CO_VARARGS | CO_VARKEYWORDS) and not record.code.co_kwonlyargcount
        self._instructions: dict[int, Instruction] = {}
        self._merges: frozenset[int] | None = None
        self._sites: tuple[Site, ...] | None = None

    def sites(self) -> tuple[Site, ...]:
        """The places at which a generator of this code waits with nothing but its first registers in use."""
        if self._sites is None:
            found = []
            for at, _, register, _, entries in self.unit.sites:
                words = self.record.sites
                place = (self.record.instructions[2 * at + 2] - words.buffer_info()[0]) // 8
                if words[place + 5]:
                    begun = self.instruction(self.base + UNIT * at).row.name != "return_generator"
                    found.append(Site(self.base + UNIT * at, words[place], register, self.locals + len(entries), begun))
            self._sites = tuple(found)
        return self._sites

    def resumes_at(self, pc: int) -> bool:
        """Whether a generator of this code may go on at an address."""
        words = self.record.sites
        return any(words[(self.record.instructions[2 * row[0] + 2] - words.buffer_info()[0]) // 8] == pc for row in self.unit.sites)

    def site_at(self, pc: int) -> Site | None:
        """The site of the ``yield`` at an address."""
        return next((site for site in self.sites() if site.pc == pc), None)

    def unit_at(self, pc: int) -> int:
        """The unit of an address."""
        return (pc - self.base) // UNIT

    def instruction(self, pc: int) -> Instruction:
        """The instruction at an address."""
        known = self._instructions.get(pc)
        if known is None:
            words, place = self.unit.words, 2 * self.unit_at(pc)
            row, values, consumed = decode(words[place], words[place + 2] if place + 2 < len(words) else 0)
            known = self._instructions[pc] = Instruction(row, values, consumed)
        return known

    def successors(self, pc: int) -> list[int]:
        """Where an instruction can lead to within its code."""
        instruction = self.instruction(pc)
        row = instruction.row
        targets = [pc + UNIT * instruction.values["target"]] if row.jumps else []
        if not row.ends and row.name != "jump":
            targets.append(pc + UNIT * row.size)
        if row.name == "for_pair":
            targets.append(pc + UNIT * (row.size + (instruction.values["pair"] >> 32)))
        return targets

    def after(self, pc: int) -> int:
        """The address of the instruction after the one at ``pc``."""
        return pc + UNIT * int(self.instruction(pc).row.size)

    def holds(self, pc: int) -> bool:
        """Whether an address is that of one of the code's instructions."""
        return self.base <= pc < self.base + 8 * len(self.unit.words)

    def handler_row(self, pc: int) -> Any:
        """The handler that catches what an instruction raises; None if there is none."""
        unit = self.unit_at(pc)
        return next((row for row in self.unit.handlers if row.start <= unit < row.end), None)

    def handler_of(self, pc: int) -> int | None:
        """The address of that handler."""
        row = self.handler_row(pc)
        return None if row is None else self.base + UNIT * int(row.target)

    def merges(self) -> frozenset[int]:
        """Addresses that more than one instruction can lead to."""
        if self._merges is None:
            counts: dict[int, int] = {}
            pc, end = self.base, self.base + UNIT * (len(self.unit.words) // 2)
            while pc < end:
                for target in self.successors(pc):
                    counts[target] = counts.get(target, 0) + 1
                pc += UNIT * self.instruction(pc).row.size
            self._merges = frozenset(pc for pc, count in counts.items() if count > 1)
        return self._merges

    def loop_contains(self, header: int, pc: int) -> bool:
        """Whether an address lies within the loop whose header is at ``header``."""
        start = self.unit_at(header)
        return any(loop.header == start and start <= self.unit_at(pc) < loop.end for loop in self.unit.loops)

    def loop_body(self, header: int) -> list[int]:
        """The addresses of the instructions of a loop, the header excepted."""
        start = self.unit_at(header)
        end = self.base + UNIT * next(loop.end for loop in self.unit.loops if loop.header == start)
        out = []
        pc = header + UNIT * self.instruction(header).row.size
        while pc < end:
            out.append(pc)
            pc += UNIT * self.instruction(pc).row.size
        return out

    def iterator_of(self, header: int) -> int:
        """The register of a ``for`` loop's iterator, the last temporary in use at its header; -1 for other loops."""
        first = self.instruction(header + UNIT * self.instruction(header).row.size)
        return first.values["iter"] if first.row.name in ("for_iter", "for_pair", "for_next") else -1

    def loop_around(self, header: int) -> bool:
        """Whether a loop lies within another."""
        start = self.unit_at(header)
        return any(loop.header < start < loop.end for loop in self.unit.loops)

    def line(self, pc: int) -> int:
        """The source line of an instruction."""
        return int(self.unit.line(self.unit_at(pc)))
