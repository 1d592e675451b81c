"""Where the host goes on behind a call of a unit, and which registers hold what is on its operand stack there.

Asked when a program begins to trace: the frames that run then go on in the host's evaluation loop. ``suspension`` has the method.
"""
from __future__ import annotations

from jitvm.frontend.positions import opmap
from jitvm.frontend.suspension import CONSTANT, REGISTER, SHARED, Matcher, Temporaries, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

    from jitvm.frontend.code import CodeUnit

CALL, CALL_FUNCTION_EX, CACHE = opmap["CALL"], opmap["CALL_FUNCTION_EX"], opmap["CACHE"]
CALLS = ("call", "call_kw", "call_method", "call_method_kw", "call_ex")


class Continuations(Matcher):
    """Finds for the calls of a unit the host's next instruction and its stack. Raises Unknown, at the start too."""

    def __init__(self, unit: CodeUnit, code: CodeType) -> None:
        super().__init__(Temporaries(unit, code), code)
        self.constants: list[object] = []

    def behind(self, at: int) -> tuple[int, tuple[int, ...]]:
        """The byte offset at which the host goes on behind the call at unit ``at``, and the entries of its stack.

        Constants are numbered as in ``constants``. Raises Unknown where the host's call or a value is not found for certain.
        """
        program = self.temporaries.program
        if at not in program or program[at].row.name not in CALLS or at not in self.temporaries.known:
            raise Unknown("no call")
        call = self.host_call(at)
        following = call + 2
        while self.host.code[following] == CACHE:
            following += 2
        instruction = program[at]
        values = instruction.values
        after = at + instruction.row.size
        registers = next((dict(found) for target, found in self.temporaries._step(instruction, dict(self.temporaries.known[at]))
                          if target == after), None)
        stack = self.host.states.get(following)
        if registers is None or stack is None:
            raise Unknown("a call that does not return")
        result = values["dst"]
        registers.pop(result, None)
        if instruction.row.name == "call_ex":
            for register in (values["base"] + 1, values["base"] + 2):
                registers.pop(register, None)
        kind = REGISTER if result >= self.first else SHARED
        return following, (*self.entries(stack[:-1], registers, -1), kind | result << 3)

    def host_call(self, at: int) -> int:
        """The offset of the host's call: of those at one place of the source (copies of a ``finally``) the one of the same number."""
        offsets = self.unit.host_offsets
        span = self.host.positions[offsets[at] >> 1]
        ours = [unit for unit, instruction in sorted(self.temporaries.program.items())
                if instruction.row.name in CALLS and unit in self.temporaries.known and self.host.positions[offsets[unit] >> 1] == span]
        theirs = [offset for offset in sorted(self.host.states)
                  if self.host.code[offset] in (CALL, CALL_FUNCTION_EX) and self.host.positions[offset >> 1] == span]
        if len(ours) != len(theirs) or at not in ours:
            raise Unknown("a number of copies")
        return theirs[ours.index(at)]

    def constant(self, value: object) -> int:
        self.constants.append(value)
        return CONSTANT | (len(self.constants) - 1) << 3
