"""What ``-X verify=1`` checks while tracing works: who owns what, the recorder's idea of a frame, each frame that an exit restores.

Whatever does not hold is an internal error: compilation stops, and stderr says why.
"""
from __future__ import annotations

import sys

from jitvm.tracing.emission import CONSTANTS, FIELDS
from jitvm.tracing.exits import CONSTANT, EMPTY, FLOAT, FRAME, IMPLIED, INT, RESUMED, WAITING
from jitvm.tracing.values import ANCHORED, BORROWED, OWNED, Obj

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jitvm.tracing.values import State

PLAIN = (int, float, str, bytes, bool, type(None), list, tuple, dict, set, frozenset, range, complex)
"""Types whose objects are shown (``-X dump=x``): their repr runs none of the program's code, unless what they hold does."""
MOST_REFERENCES = 1 << 40


class Wrong(Exception):
    """Something that cannot be; the message says what."""


def check_ownership(state: State) -> None:
    """Between two bytecodes each object in a register has an owner, and what the trace owns is in a register. Raises Wrong."""
    held = {name: place for place, value in state.registers.items() for name in value.held()}
    for name, place in held.items():
        if name not in state.owners and name != "null":
            raise Wrong(f"register {place} holds {name}, which may be gone")
    anchors = {value.name for value in state.memory.values() if isinstance(value, Obj)}
    kept = {value.name for value in state.globals.values() if isinstance(value, Obj)}
    for name, owner in state.owners.items():
        if owner == OWNED and name not in held and name not in kept and not any(name in header.state.owners for header in state.open):
            raise Wrong(f"nothing holds {name}, which the trace owns")
        if owner == ANCHORED and name in held and name not in anchors | kept:
            raise Wrong(f"{name} is not in the memory that was to keep it")
        if owner not in (OWNED, ANCHORED, BORROWED):
            raise Wrong(f"{name} is {owner}")


class Verifier:
    """Looks at frames when recordings end and when compiled code is left."""

    def __init__(self, driver: Any) -> None:
        self.driver, self.native = driver, driver.native
        self.taken: dict[int, int] = {}
        self.frames = 0

    def word(self, frame: int, field: str) -> int:
        """A word of a frame or of its header."""
        return int(self.native.peek(frame + FIELDS[field][0]))

    def recorded(self, path: tuple[int, ...], code: Any, pc: int, registers: int) -> None:
        """At the end of a recording: the frame runs the code that the log leads to, called from where the log says."""
        frame = registers - CONSTANTS["FRAME_SIZE"]
        if self.word(frame, "header_code") != code.native_record:
            raise Wrong(f"the recording ends in {code.code.co_qualname}, the frame runs something else")
        if not code.holds(pc):
            raise Wrong(f"the recording ends outside of {code.code.co_qualname}")
        for site in reversed(path):
            frame = self.word(frame, "frame_previous")
            if self.word(frame, "header_pc") != site:
                raise Wrong(f"a call in the log is not that of the frame at {code.code.co_qualname}")

    def left(self, number: int, registers: int) -> bool:
        """After an exit: the frames are those of its descriptor, and registers hold what it says. True if it is hot."""
        driver = self.driver
        root, exit = driver.exits[number]
        self.frames += 1
        code = driver.code_at(exit.pc)
        self.recorded(tuple(payload[0] for kind, _, payload in exit.entries if kind in (FRAME, RESUMED, IMPLIED)), code, exit.pc, registers)
        last = max((place for place, row in enumerate(exit.entries) if row[0] in (FRAME, RESUMED, IMPLIED)), default=-1)
        for kind, register, payload in exit.entries[last + 1:]:
            if kind == WAITING:
                break
            if kind <= CONSTANT:
                self.check_register(kind, payload, self.native.peek(registers + 8 * register), register)
        for register in range(code.unit.registers):
            address = self.native.peek(registers + 8 * register)
            if address and not 0 < self.native.peek(address) < MOST_REFERENCES:
                raise Wrong(f"register {register} of {code.code.co_qualname} holds an object that is gone")
        if "x" in driver.settings.dump:
            self.show(code, exit.pc, registers)
        self.taken[number] = self.taken.get(number, 0) + 1
        return bool(exit.key is not None and self.taken[number] >= driver.hot_after(root, exit))

    def check_register(self, kind: int, payload: Any, address: int, register: int) -> None:
        """Whether a register holds what an entry of a descriptor says."""
        if kind == EMPTY:
            good = address == 0
        elif kind == CONSTANT:
            good = address == id(payload)
        else:
            wanted = {INT: id(int), FLOAT: id(float)}.get(kind)
            good = address == 0 or wanted is None or self.native.peek(address + 8) == wanted
        if not good:
            raise Wrong(f"register {register} does not hold what the exit wrote")

    def value_in(self, registers: int, register: int) -> object:
        """What a register of a frame holds; a class stands for nothing."""
        address = self.native.peek(registers + 8 * register)
        return self.native.object_at(address) if address else object

    def show(self, code: Any, pc: int, registers: int) -> None:
        """One line: function, source line, the variables whose types are the host's plain ones."""
        names = code.code.co_varnames
        values = {name: self.value_in(registers, place) for place, name in enumerate(names)}
        shown = {name: values[name] for name in sorted(values) if type(values[name]) in PLAIN}
        print(f"jitvm: left {code.code.co_name} in line {code.line(pc)} with {shown!r}", file=sys.stderr)
