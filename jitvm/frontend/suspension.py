"""Where generators wait: the host's operand stack at each ``yield``, and which of the VM's registers holds what is on it.

A generator that the VM suspended must be one that the host can resume (to throw into it, to close it). Both codes are followed, the
host's and ours, with the instructions that made each value on the stack and in each temporary; a value is the same on both sides if
it was made by the same operation at the same place of the source. Where that leaves anything open, the host runs the function.
"""
from __future__ import annotations

from _opcode import stack_effect  # type: ignore[import-not-found]

from jitvm.frontend.code import Unsupported
from jitvm.frontend.positions import opmap
from jitvm.frontend.verifier import ITERATIONS, Verifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

    from jitvm.frontend.code import CodeUnit, Site
    from jitvm.frontend.disassembler import Instruction

    Origin = tuple[object, ...]
    """What made a value: on both sides the host's opcode and its position in the source, and which of its results; or a mark."""
    Stack = tuple[frozenset[Origin], ...]
    Registers = dict[int, frozenset[Origin]]

EMPTY, REGISTER, SHARED, CONSTANT, METHOD = range(5)
"""Kinds of entries, as in jitvm/interpreter/generators.py."""
YIELD_VALUE, RETURN_GENERATOR, LOAD_FAST, LOAD_CONST = (opmap[name] for name in (
    "YIELD_VALUE", "RETURN_GENERATOR", "LOAD_FAST", "LOAD_CONST"))
LOAD_METHOD, EXTENDED_ARG, LOAD_GLOBAL = opmap["LOAD_METHOD"], opmap["EXTENDED_ARG"], opmap["LOAD_GLOBAL"]
opname = {number: name for name, number in opmap.items()}
LOADS_NULL: Origin = ("null",)
EXCEPTION: Origin = ("exception",)
HANDLED: Origin = ("handled",)
INDEX: Origin = ("index",)
MARKS = {"push_exc": HANDLED, "load_position": INDEX}
"""What our instructions make of which the host's handlers put something like it on its stack by themselves."""
SUSPENDING = ("return_generator", "yield_value", "yield_effect", "yield_from")
NO_RESULT = frozenset(opmap[name] for name in """
    POP_TOP STORE_FAST STORE_NAME STORE_GLOBAL STORE_DEREF STORE_ATTR STORE_SUBSCR DELETE_SUBSCR DELETE_ATTR DELETE_FAST DELETE_NAME
    DELETE_GLOBAL DELETE_DEREF RETURN_VALUE LIST_APPEND SET_ADD MAP_ADD LIST_EXTEND SET_UPDATE DICT_UPDATE DICT_MERGE IMPORT_STAR
    END_ASYNC_FOR RAISE_VARARGS RERAISE POP_EXCEPT NOP RESUME CACHE PRECALL KW_NAMES SETUP_ANNOTATIONS MAKE_CELL COPY_FREE_VARS
    EXTENDED_ARG JUMP_FORWARD JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT PRINT_EXPR
    POP_JUMP_FORWARD_IF_TRUE POP_JUMP_FORWARD_IF_FALSE POP_JUMP_BACKWARD_IF_TRUE POP_JUMP_BACKWARD_IF_FALSE
    POP_JUMP_FORWARD_IF_NONE POP_JUMP_FORWARD_IF_NOT_NONE POP_JUMP_BACKWARD_IF_NONE POP_JUMP_BACKWARD_IF_NOT_NONE""".split())
"""The host's opcodes that leave nothing of their own on the stack; all others, those handled by name aside, leave one result."""
ENDS = frozenset(opmap[name] for name in (
    "RETURN_VALUE", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"))
JUMPS = frozenset(number for name, number in opmap.items() if "JUMP" in name or name in ("FOR_ITER", "SEND"))


class Unknown(Exception):
    """Something that this module does not follow."""


def exception_table(code: CodeType) -> list[tuple[int, int, int, int, bool]]:
    """Rows (start, end, target, depth, with index) of a code object's exception table, in bytes (Objects/exception_handling_notes.txt)."""
    rows = []
    data = iter(code.co_exceptiontable)

    def number() -> int:
        part = next(data)
        value = part & 63
        while part & 64:
            part = next(data)
            value = value << 6 | part & 63
        return value

    try:
        while True:
            start, length, target, depth = 2 * number(), 2 * number(), 2 * number(), number()
            rows.append((start, start + length, target, depth >> 1, bool(depth & 1)))
    except StopIteration:
        return rows


class HostStack:
    """What is on the host's operand stack before each of its instructions: ``states``, by offset in bytes."""

    def __init__(self, code: CodeType) -> None:
        self.code = code.co_code
        self.positions = list(code.co_positions())
        self.handlers = exception_table(code)
        self.states: dict[int, Stack] = {}
        self.arguments: dict[int, int] = {}
        extended = 0
        for at in range(0, len(self.code), 2):
            self.arguments[at] = extended << 8 | self.code[at + 1]
            extended = self.arguments[at] if self.code[at] == EXTENDED_ARG else 0
        self._follow()

    def origin(self, at: int, place: int = 0) -> Origin:
        """What the instruction at ``at`` makes."""
        line, end_line, column, end_column = self.positions[at >> 1]
        return self.code[at], line, column, end_line, end_column, place

    def _follow(self) -> None:
        self.states[0] = ()
        pending = [0]
        while pending:
            at = pending.pop()
            for target, stack in self._step(at, self.states[at]):
                known = self.states.get(target)
                if known is None:
                    self.states[target] = stack
                elif len(known) != len(stack):
                    raise Unknown("stacks of different depth")
                else:
                    both = tuple([a | b for a, b in zip(known, stack, strict=True)])
                    if both == known:
                        continue
                    self.states[target] = both
                pending.append(target)

    def _step(self, at: int, stack: Stack) -> Iterator[tuple[int, Stack]]:
        """Where control may go from ``at``, and the stack there."""
        operation, argument = self.code[at], self.arguments[at]
        for start, end, target, depth, index in self.handlers:
            if start <= at < end and depth <= len(stack):
                yield target, (*stack[:depth], *((frozenset([INDEX]),) if index else ()), frozenset([EXCEPTION]))
                break
        after, jumped = self._effect(at, stack)
        if operation in JUMPS:
            distance = -argument if "BACKWARD" in opname[operation] else argument
            yield at + 2 + 2 * distance, jumped
        if operation not in ENDS:
            yield at + 2, after

    def _effect(self, at: int, stack: Stack) -> tuple[Stack, Stack]:
        """The stack after the instruction at ``at``, and where it has jumped."""
        operation, argument = self.code[at], self.arguments[at]
        name = opname[operation]
        made = frozenset([self.origin(at)])
        special = getattr(self, "_" + name.lower(), None)
        if special is not None:
            pair: tuple[Stack, Stack] = special(at, stack, argument, made)
            return pair
        effect = stack_effect(operation, argument if operation >= 90 else None)
        after = stack[:len(stack) + effect] if operation in NO_RESULT else (*stack[:len(stack) + effect - 1], made)
        return after, after

    def _copy(self, _at: int, stack: Stack, argument: int, _made: frozenset[Origin]) -> tuple[Stack, Stack]:
        after = (*stack, stack[-argument])
        return after, after

    def _swap(self, _at: int, stack: Stack, argument: int, _made: frozenset[Origin]) -> tuple[Stack, Stack]:
        items = list(stack)
        items[-1], items[-argument] = items[-argument], items[-1]
        return tuple(items), tuple(items)

    def _return_generator(self, _at: int, stack: Stack, _argument: int, made: frozenset[Origin]) -> tuple[Stack, Stack]:
        after = (*stack, made)
        return after, after

    def _push_null(self, _at: int, stack: Stack, _argument: int, _made: frozenset[Origin]) -> tuple[Stack, Stack]:
        after = (*stack, frozenset([LOADS_NULL]))
        return after, after

    def _load_global(self, _at: int, stack: Stack, argument: int, made: frozenset[Origin]) -> tuple[Stack, Stack]:
        after = (*stack, frozenset([LOADS_NULL]), made) if argument & 1 else (*stack, made)
        return after, after

    def _load_method(self, at: int, stack: Stack, _argument: int, made: frozenset[Origin]) -> tuple[Stack, Stack]:
        after = (*stack[:-1], made, frozenset([self.origin(at, 1)]))
        return after, after

    def _for_iter(self, _at: int, stack: Stack, _argument: int, made: frozenset[Origin]) -> tuple[Stack, Stack]:
        return (*stack, made), stack[:-1]

    def _send(self, _at: int, stack: Stack, _argument: int, made: frozenset[Origin]) -> tuple[Stack, Stack]:
        return (*stack[:-1], made), (*stack[:-2], made)

    def _before_with(self, at: int, stack: Stack, _argument: int, made: frozenset[Origin]) -> tuple[Stack, Stack]:
        after = (*stack[:-1], made, frozenset([self.origin(at, 1)]))
        return after, after

    _before_async_with = _before_with

    def _push_exc_info(self, _at: int, stack: Stack, _argument: int, _made: frozenset[Origin]) -> tuple[Stack, Stack]:
        after = (*stack[:-1], frozenset([HANDLED]), stack[-1])
        return after, after

    def _check_eg_match(self, at: int, stack: Stack, _argument: int, made: frozenset[Origin]) -> tuple[Stack, Stack]:
        after = (*stack[:-2], frozenset([self.origin(at, 1)]), made)
        return after, after

    def _unpack_sequence(self, at: int, stack: Stack, argument: int, _made: frozenset[Origin]) -> tuple[Stack, Stack]:
        after = (*stack[:-1], *[frozenset([self.origin(at, place)]) for place in range(argument - 1, -1, -1)])
        return after, after

    def _unpack_ex(self, at: int, stack: Stack, argument: int, made: frozenset[Origin]) -> tuple[Stack, Stack]:
        return self._unpack_sequence(at, stack, (argument & 255) + 1 + (argument >> 8), made)

    def _jump_if_true_or_pop(self, _at: int, stack: Stack, _argument: int, _made: frozenset[Origin]) -> tuple[Stack, Stack]:
        return stack[:-1], stack

    _jump_if_false_or_pop = _jump_if_true_or_pop


class Temporaries(Verifier):
    """What is in the temporaries before each instruction of a unit: ``known``, by unit."""

    def __init__(self, unit: CodeUnit, code: CodeType) -> None:
        super().__init__(unit, code)
        self.host = HostStack(code)
        self.known: dict[int, Registers] = {0: {}}
        pending = [0]
        while pending:
            at = pending.pop()
            for target, registers in self._step(self.program[at], dict(self.known[at])):
                before = self.known.get(target)
                if before is None:
                    self.known[target] = registers
                else:
                    both = {register: before[register] | registers[register] for register in before if register in registers}
                    if both == before:
                        continue
                    self.known[target] = both
                pending.append(target)

    def _step(self, instruction: Instruction, registers: Registers) -> Iterator[tuple[int, Registers]]:
        at, row, values = instruction.unit, instruction.row, instruction.values
        handler = next((item for item in self.unit.handlers if item.start <= at < item.end), None)
        if handler is not None:
            caught = {register: made for register, made in registers.items() if register < handler.depth}
            caught[handler.register] = frozenset([EXCEPTION])
            yield handler.target, caught
        origin = self.host.origin(self.unit.host_offsets[at])
        made = frozenset([MARKS.get(row.name, origin)])
        if row.name in ("take", "move"):
            made = registers.get(values["src"], made)
        for register in self.inputs(instruction):
            registers.pop(register, None)
        for name in instruction.consumed:
            registers.pop(values[name], None)
        if row.name in ("take", "pop_exc", "clear"):
            registers.pop(values["src" if row.name != "pop_exc" else "saved"], None)
        elif row.name == "yield_from":
            registers.pop(values["iter"], None)
            registers[values["value"]] = made
        elif row.name == "check_group":
            registers[values["rest"]] = frozenset([(*origin[:-1], 1)])
        if row.name in ITERATIONS:
            exhausted = dict(registers)
            exhausted.pop(values["iter"], None)
            yield instruction.target() or 0, exhausted
        base = values.get("base", 0)
        for register in self.outputs(instruction):
            registers[register] = frozenset([(*origin[:-1], register - base)])
        for operand in row.operands:
            if operand.kind == "d" and values[operand.name] >= self.variables:
                registers[values[operand.name]] = made
        target = instruction.target()
        if target is not None and row.name not in ITERATIONS:
            yield target, registers
        if row.name == "for_pair":
            yield from self._pair(at + row.size, values["pair"], registers)
            registers[base] = made
        if not row.ends and row.name != "jump":
            yield at + row.size, registers


    def _pair(self, following: int, pair: int, registers: Registers) -> Iterator[tuple[int, Registers]]:
        """Where ``for_pair`` goes when it has stored the two items itself, as the instruction that follows would."""
        origin = self.host.origin(self.unit.host_offsets[following])
        paired = dict(registers)
        for place, register in enumerate((pair & 65535, pair >> 16 & 65535)):
            if register >= self.variables:
                paired[register] = frozenset([(*origin[:-1], place)])
        yield following + (pair >> 32), paired


def add_sites(unit: CodeUnit, code: CodeType) -> None:
    """Fills ``unit.sites`` in, and adds the constants that they need. Raises Unsupported where a value cannot be matched."""
    try:
        temporaries = Temporaries(unit, code)
        unit.sites = tuple(Matcher(temporaries, code).sites())
    except Unknown:
        raise Unsupported(REASON, code.co_firstlineno) from None


REASON = "generator that waits within an expression"


class Matcher:
    """Finds for each place where a unit waits the host's and what is on its stack."""

    def __init__(self, temporaries: Temporaries, code: CodeType) -> None:
        self.temporaries, self.code = temporaries, code
        self.host, self.unit, self.first = temporaries.host, temporaries.unit, temporaries.variables

    def sites(self) -> Iterator[Site]:
        """The sites in the order of the unit."""
        waiting: dict[object, list[int]] = {}
        for at in self.host.states:
            if self.host.code[at] == YIELD_VALUE:
                waiting.setdefault(self.host.positions[at >> 1], []).append(at)
        ours: dict[object, list[Instruction]] = {}
        for instruction in self.temporaries.program.values():
            if instruction.row.name in SUSPENDING[1:]:
                ours.setdefault(self.host.positions[self.unit.host_offsets[instruction.unit] >> 1], []).append(instruction)
        if set(waiting) != set(ours):
            raise Unknown("other places")
        begin = next(at for at in range(0, len(self.host.code), 2) if self.host.code[at] == RETURN_GENERATOR)
        for instruction in self.temporaries.program.values():
            if instruction.row.name == SUSPENDING[0]:
                yield instruction.unit, instruction.unit + instruction.row.size, -1, begin, ()
        for span, offsets in waiting.items():
            offsets.sort()
            if len(offsets) != len(ours[span]):
                raise Unknown("a number of copies")
            for instruction, offset in zip(ours[span], offsets, strict=True):
                yield self.site(instruction, offset)

    def site(self, instruction: Instruction, offset: int) -> Site:
        """One site."""
        at, name, values = instruction.unit, instruction.row.name, instruction.values
        registers = dict(self.temporaries.known.get(at, {}))
        stack = self.host.states[offset][:-1]
        if name == "yield_from":
            registers.pop(values["value"], None)
            entries = (*self.entries(stack[:-1], registers, values["iter"]), REGISTER | values["iter"] << 3)
            return at, at, values["value"], offset, entries
        skipped = values["src"] if "src" in instruction.consumed else -1
        resume = at + instruction.row.size
        return at, resume, values.get("dst", -1), offset, self.entries(stack, registers, skipped)

    def entries(self, stack: Stack, registers: Registers, skipped: int) -> tuple[int, ...]:
        """What to put into each place of ``stack``; each temporary but ``skipped`` must have one."""
        left = {register: made for register, made in registers.items() if register >= self.first and register != skipped}
        out: list[int] = []
        place = 0
        while place < len(stack):
            made = stack[place]
            place += 1
            if made == {LOADS_NULL}:
                out.append(EMPTY)
                continue
            register = next((number for number in sorted(left) if left[number] & made), -1)
            if register < 0:
                out.append(self.elsewhere(made))
                continue
            del left[register]
            if any(origin[0] == LOAD_METHOD for origin in made) and register + 1 in left:
                del left[register + 1]
                out += [METHOD | register << 3, EMPTY]
                place += 1
            else:
                out.append(REGISTER | register << 3)
        if left:
            raise Unknown("a temporary that the host does not have")
        return tuple(out)

    def elsewhere(self, made: frozenset[Origin]) -> int:
        """The entry for a value that no temporary holds: a variable that is read in place, or a constant."""
        sources = {at for at, stack in self.host.states.items() if self.host.origin(at) in made}
        operations = {self.host.code[at] for at in sources}
        arguments = {self.host.arguments[at] for at in sources}
        if len(arguments) != 1 or len(operations) != 1:
            raise Unknown("a value")
        operation, argument = operations.pop(), arguments.pop()
        if operation == LOAD_FAST:
            return SHARED | argument << 3
        if operation == LOAD_CONST:
            return self.constant(self.code.co_consts[argument])
        raise Unknown("a value")

    def constant(self, value: object) -> int:
        """The entry for a constant."""
        for number, constant in enumerate(self.unit.constants):
            if constant is value:
                return CONSTANT | number << 3
        self.unit.constants = (*self.unit.constants, value)
        return CONSTANT | (len(self.unit.constants) - 1) << 3
