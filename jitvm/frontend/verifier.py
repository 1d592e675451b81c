"""Checks a code unit: operands in range, registers full when read, temporaries dead when overwritten, handlers sound."""
from __future__ import annotations

from jitvm.frontend.code import CodeUnit, Handler
from jitvm.frontend.disassembler import Instruction, instructions, register_names
from jitvm.frontend.positions import RESUME, RETURN_GENERATOR
from jitvm.spec.layout import parameter_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

PAIRS = frozenset(["build_map"])
EXTRA_WINDOW: dict[str, int] = {
    "call": 1, "call_kw": 1, "call_method": 2, "call_method_kw": 2,
    "build_tuple": 0, "build_list": 0, "build_set": 0, "build_slice": 0, "build_string": 0, "build_map": 0,
}
"""How many registers the window of a bytecode with a ``count`` has besides those counted."""
FIXED_WINDOW: dict[str, int] = {"import_name": 2, "match_class": 3}
"""Windows of constant size."""
ITERATIONS = ("for_iter", "for_next", "for_pair")
MAY_BE_EMPTY = frozenset(["clear", "check_bound", "delete_local", "make_cell"])
"""Bytecodes that look at a register which may be empty."""


class Invalid(Exception):
    """A unit breaks a rule; the text says which, and where."""


class State:
    """Sets of registers, as bit masks: those full on every way here, and those full on some."""

    __slots__ = ("may", "must")

    def __init__(self, must: int, may: int) -> None:
        self.must = must
        self.may = may

    def copy(self) -> State:
        """An equal state that can be changed."""
        return State(self.must, self.may)

    def fill(self, register: int) -> None:
        """The register is full now."""
        self.must |= 1 << register
        self.may |= 1 << register

    def drain(self, register: int) -> None:
        """The register is empty now."""
        self.must &= ~(1 << register)
        self.may &= ~(1 << register)

    def meet(self, other: State) -> bool:
        """Adds another way here; whether that changed anything."""
        before = self.must, self.may
        self.must &= other.must
        self.may |= other.may
        return before != (self.must, self.may)


def verify(unit: CodeUnit, code: CodeType) -> None:
    """Raises Invalid if ``unit``, compiled from ``code``, breaks a rule of ``docs/CONTRACTS.md``."""
    Verifier(unit, code).run()


class Verifier:
    """The check of one unit."""

    def __init__(self, unit: CodeUnit, code: CodeType) -> None:
        self.unit = unit
        self.code = code
        self.program = {instruction.unit: instruction for instruction in instructions(unit)}
        self.variables = len(register_names(code))
        operations = code.co_code[::2]
        self.first = 2 * operations.index(RETURN_GENERATOR if RETURN_GENERATOR in operations else RESUME)

    def fail(self, at: int, text: str) -> Invalid:
        """The exception for a rule broken at a unit."""
        name = self.program[at].row.name if at in self.program else "?"
        return Invalid(f"{self.unit.name}: {text} at {at} ({name})")

    def run(self) -> None:
        """Checks everything."""
        units = len(self.unit.words) // 2
        if len(self.unit.host_offsets) != units:
            raise Invalid(f"{self.unit.name}: tables of wrong length")
        for instruction in self.program.values():
            self.check_operands(instruction)
        for row in self.unit.handlers:
            self.check_handler(row)
        for loop in self.unit.loops:
            if self.program[loop.header].row.name != "loop":
                raise self.fail(loop.header, "no loop instruction")
        self.flow()

    # -- form ------------------------------------------------------------------------------------------------------
    def check_operands(self, instruction: Instruction) -> None:
        """Registers, constants and jump targets are in range."""
        at = instruction.unit
        for operand in instruction.row.operands:
            value = instruction.values[operand.name]
            if operand.kind in "drlw" and value >= self.unit.registers:
                raise self.fail(at, f"register {value} out of range")
            if operand.kind == "k" and value >= len(self.unit.constants):
                raise self.fail(at, f"constant {value} out of range")
            if operand.kind == "w" and value < self.variables:
                raise self.fail(at, f"window {value} among variables")
        target = instruction.target()
        if target is not None:
            if target not in self.program:
                raise self.fail(at, f"jump to {target}")
            if target <= at and self.program[target].row.name != "loop":
                raise self.fail(at, "jump back to what is no loop header")
        offset = self.unit.host_offsets[at]
        if not self.first <= offset < len(self.code.co_code):
            raise self.fail(at, f"host offset {offset}")

    def check_handler(self, row: Handler) -> None:
        """A handler row has a range, a target and a register of its own."""
        if not (row.start < row.end and row.start in self.program and row.target in self.program):
            raise self.fail(row.start, f"handler range {row}")
        if not self.variables <= row.depth <= row.register < self.unit.registers:
            raise self.fail(row.start, f"handler registers {row}")

    # -- flow ------------------------------------------------------------------------------------------------------
    def flow(self) -> None:
        """Follows control through the unit and checks each instruction with what is known before it."""
        code = self.code
        arguments = parameter_count(code)
        free = range(self.variables - len(code.co_freevars), self.variables)
        full = (1 << arguments) - 1 | sum(1 << register for register in free)
        states: dict[int, State] = {0: State(full, full)}
        pending = [0]
        while pending:
            at = pending.pop()
            for target, state in self.step(self.program[at], states[at].copy()):
                known = states.get(target)
                if known is None:
                    states[target] = state.copy()
                elif not known.meet(state):
                    continue
                pending.append(target)
        for at, state in states.items():
            self.check_leaks(self.program[at], state)

    def step(self, instruction: Instruction, state: State) -> Iterator[tuple[int, State]]:
        """Checks one instruction; gives where control may go, with the state there."""
        before = state.copy()
        self.sources(instruction, state)
        at, row = instruction.unit, instruction.row
        handler = next((item for item in self.unit.handlers if item.start <= at < item.end), None)
        if handler is not None:
            kept = (1 << handler.depth) - 1
            caught = State(before.must & state.must & kept, (before.may | state.may) & kept)
            caught.fill(handler.register)
            yield handler.target, caught
        if row.name in ITERATIONS:
            exhausted = state.copy()
            exhausted.drain(instruction.values["iter"])
            yield instruction.target() or 0, exhausted
        self.results(instruction, state)
        target = instruction.target()
        if target is not None and row.name not in ITERATIONS:
            yield target, state
        if not row.ends and row.name != "jump":
            if row.name == "for_pair":
                paired = state.copy()
                pair = instruction.values["pair"]
                for register in (pair & 65535, pair >> 16 & 65535):
                    paired.fill(register)
                yield at + row.size + (pair >> 32), paired
                state.fill(instruction.values["base"])
            following = at + row.size
            if following not in self.program:
                raise self.fail(at, "control runs off the end")
            yield following, state

    def sources(self, instruction: Instruction, state: State) -> None:
        """Checks that what is read is full, and empties what is consumed."""
        at, name = instruction.unit, instruction.row.name
        for operand in instruction.row.operands:
            register = instruction.values[operand.name]
            if operand.kind in "rl" and name not in MAY_BE_EMPTY and not state.must >> register & 1:
                raise self.fail(at, f"register {register} may be empty")
        for register in self.inputs(instruction):
            if not state.must >> register & 1:
                raise self.fail(at, f"register {register} of the window may be empty")
            state.drain(register)
        for operand_name in instruction.consumed:
            register = instruction.values[operand_name]
            if register < self.variables:
                raise self.fail(at, f"variable {register} is consumed")
            state.drain(register)
        if name in ("take", "pop_exc", "clear", "delete_local"):
            state.drain(instruction.values[instruction.row.operands[-1 if name == "take" else 0].name])
        elif name == "yield_from":
            state.drain(instruction.values["iter"])

    def results(self, instruction: Instruction, state: State) -> None:
        """Fills what the instruction fills."""
        values, name = instruction.values, instruction.row.name
        if name in ("check_bound", "make_cell"):
            state.fill(values[instruction.row.operands[0].name])
        for register in self.outputs(instruction):
            state.fill(register)
        for operand in instruction.row.operands:
            if operand.kind == "d":
                state.fill(values[operand.name])

    def inputs(self, instruction: Instruction) -> range:
        """The window that the instruction empties."""
        name, values = instruction.row.name, instruction.values
        if name in EXTRA_WINDOW:
            size = values["count"] * (2 if name in PAIRS else 1) + EXTRA_WINDOW[name]
        elif name in FIXED_WINDOW:
            size = FIXED_WINDOW[name]
        elif name == "build_const_map":
            size = len(self.unit.constants[values["keys"]])  # type: ignore[arg-type]
        elif name == "make_function":
            size = 1 + values["flags"].bit_count()
        elif name == "call_ex":
            size = 1
        else:
            size = 0
        base = values.get("base", 0)
        return range(base, base + size)

    def outputs(self, instruction: Instruction) -> range:
        """The window that the instruction fills."""
        name, values = instruction.row.name, instruction.values
        base = values.get("base", 0)
        if name in ("load_method", "with_enter", "async_enter"):
            return range(base, base + 2)
        if name == "unpack":
            return range(base, base + values["count"])
        if name == "unpack_ex":
            return range(base, base + values["before"] + 1 + values["after"])
        return range(0)

    def check_leaks(self, instruction: Instruction, state: State) -> None:
        """A temporary that is overwritten has died before, unless the same instruction reads it."""
        read = set(self.inputs(instruction))
        written = set(self.outputs(instruction))
        for operand in instruction.row.operands:
            register = instruction.values[operand.name]
            if operand.kind in "rl":
                read.add(register)
            elif operand.kind == "d" and register >= self.variables:
                written.add(register)
        for register in written - read:
            if state.may >> register & 1:
                raise self.fail(instruction.unit, f"temporary {register} is overwritten while it lives")
