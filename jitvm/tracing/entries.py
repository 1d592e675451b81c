"""Functions as regions: from the entry of a hot function to its return, with the calls in it inlined and its loops within.

Such a region runs in the frame that the interpreter has made, as a loop's does. It serves functions that are called from many places, that
call themselves, or whose loops are too short to be worth entering by themselves.
"""
from __future__ import annotations

from jitvm.spec.bytecodes import COUNTER
from jitvm.spec.layout import CO_OPTIMIZED, CO_SUSPENDS, parameter_count
from jitvm.tracing.beliefs import TYPE_KINDS
from jitvm.tracing.emission import CONSTANTS, FIELDS
from jitvm.tracing.loops import Header
from jitvm.tracing.machine import MAY_END
from jitvm.tracing.region import Region
from jitvm.tracing.values import NULL, OWNED, Const, Null, Obj, Unboxed, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jitvm.tracing.budget import Budget
    from jitvm.tracing.driver import Root

SHORT_CALL = 24
"""Compiled code does not pay for calls of fewer bytecodes: entering it costs what it saves."""
CALLS = 24
"""Calls that are recorded at most before the first build."""
QUIET_CALLS = 5
"""A function has been recorded often enough when so many calls in turn brought nothing new."""
SEGMENTS = 24
"""Loop headers that the recording of a call passes at most."""
STEPS = 3000
"""Bytecodes that are recorded at most before the first build, over all calls: those of a recursion have no end of their own."""
LOG_WORDS = 4000
"""A recording of a call is as long at most: what comes later is seen when the region is left there."""
STEP_SECONDS = 4e-9
"""What the interpreter takes for a bytecode."""
BETWEEN = 5
"""Calls from one recorded call to the next."""


class EntryRegion(Region):
    """One attempt to compile a function from its entry."""

    def begin(self) -> None:
        """Only parameters and the cells of a closure are in the frame; the header of the region is no loop's."""
        code, state = self.root.code, self.state
        given = parameter_count(code)
        for index in range(self.root.unit.registers):
            if index < given or self.root.locals - len(code.co_freevars) <= index < self.root.locals:
                self.load_register(index)
            else:
                state.registers[0, index] = state.memory[index] = NULL
        for index in range(given):
            value = state.registers[0, index]
            if code.co_varnames[index] not in code.co_cellvars and isinstance(value, Obj):
                test = self.is_null(value)
                if not isinstance(test, bool):
                    state.facts[test] = False

    def open_root(self) -> None:
        self.show_work()
        header = Header((), self.root_pc, (), self.block, {})
        header.state = self.state.copy()
        self.state.open = (header,)

    def inner(self, pc: int) -> bool:
        return True

    def leave_callee(self, value: Value) -> int | None:
        """A return: of an inlined callee, or of the region's own frame, which ends here unless somebody holds its frame object."""
        state = self.state
        if state.level or self.eager or state.waiting:
            return super().leave_callee(value)
        value = self.shown(value)
        self.show_all(level=0)
        if not self.ends_plainly(value):
            return super().leave_callee(value)
        held = self.op(f"load ptr, ptr {self.offset('%regs', FIELDS['frame_object'][0] - CONSTANTS['FRAME_SIZE'])}")
        test = self.op(f"icmp eq ptr {held}, null")
        good, bad = self.label(), self.label()
        self.emit(f"br i1 {test}, label %{good}, label %{bad}, !prof !0")
        self.leave(state, self.pc, None, bad)
        self.at(good)
        self.flush(forget=False)
        name = self.given_away(value)
        self.flush_globals()
        self.end_frame()
        self.count += 1
        self.emit(f"%gone{self.count} = musttail call preserve_nonecc ptr {self.helper('op.give_result')}(ptr {name}, ptr %regs, "
                  "ptr %consts, ptr %ctx, ptr %ts, i64 0)")
        self.emit(f"ret ptr %gone{self.count}")
        return None

    def ends_plainly(self, value: Value) -> bool:
        """Whether the region can end its frame: what it gives up itself has no end to be noticed, the frame drops the rest in order.

        Numbers in machine registers are nowhere else, and simply forgotten.
        """
        state = self.state
        kept = {value.name} if isinstance(value, Obj) else set()
        for (level, _), held in state.registers.items():
            if not isinstance(held, (Obj, Const, Unboxed, Null)):
                return False
            if level == 0 and isinstance(held, Obj):
                kept.add(held.name)
        if any(owner == OWNED and name not in kept and state.types.get(name) not in MAY_END for name, owner in state.owners.items()):
            return False
        replaced = [state.globals.get(index) for index, _ in self.changed_globals()]
        return all(self.type_of(old) in MAY_END for old in replaced if old is not None)

    def end_frame(self) -> None:
        """Gives what the region owns to the frame, which drops it in order when it has ended; at once what has no end to be noticed."""
        state = self.state
        for (level, index), value in state.registers.items():
            if level != 0 or not isinstance(value, Obj) or state.owners.get(value.name) != OWNED:
                continue
            if state.types.get(value.name) in MAY_END:
                self.drop(value.name)
                continue
            del state.owners[value.name]
            place = self.place_of(index)
            if state.memory.get(index) == NULL:
                self.emit(f"store ptr {value.name}, ptr {place}")
            else:
                self.emit(f"call void {self.helper('t_store_object')}(ptr %ctx, ptr {place}, ptr {value.name})")
            state.memory[index] = value
        for name in [name for name, owner in state.owners.items() if owner == OWNED]:
            self.drop(name)


class EntriesMixin:
    """The part of the driver that sees to hot functions."""

    native: Any
    settings: Any

    budget: Budget

    if TYPE_CHECKING:
        def record(self, session: Any, *, go_on: bool = False) -> None: ...
        def compile(self, root: Root) -> None: ...
        def profile_of(self, code: Any) -> Any: ...
        def look(self, root: Root, pc: int, registers: int) -> None: ...
        def build(self, session: Any, new: bool) -> None: ...

    def prepare_function(self, root: Root, registers: int) -> bool:
        """Whether a hot function is compiled: as native calls if it calls itself, where that can be, else as a region from its entry.

        Notes the kinds of its arguments.
        """
        code = root.code.code
        if code.co_flags & CO_SUSPENDS or not code.co_flags & CO_OPTIMIZED:
            root.final, root.reason = True, "suspended" if code.co_flags & CO_SUSPENDS else "body"
            return False
        if code.co_name not in code.co_names:
            root.entry = True
        if root.entry:
            return True
        kinds = []
        for index in range(code.co_argcount):
            address = self.native.peek(registers + 8 * index)
            value = self.native.object_at(address) if address else None
            kinds.append(TYPE_KINDS.get(type(value), "object"))
        root.specs.setdefault("arguments", kinds)
        root.specs.setdefault("result", "int")
        root.specs.setdefault("pure", True)
        return True

    def begin_anew(self, root: Root) -> None:
        """A function that cannot be native calls becomes a region."""
        root.entry = True
        root.specs.clear()
        root.failures = root.segments = root.rounds = root.steps = root.quiet = 0
        self.native.poke(root.pc + COUNTER, self.settings.soon())

    def call_recorded(self, root: Root, session: Any, end: tuple[Any, Any, int, int], new: bool) -> None:
        """A recording of a function ended: with its return, at a loop header within, or because it is long."""
        path, code, pc, registers = end
        root.segments += 1
        if path is not None and code is not None and pc and root.segments % SEGMENTS:
            known = self.profile_of(root.code).vectors(path, code.after(pc))
            if not root.compiled or not known:
                if not path:
                    self.look(root, pc, registers)
                self.record(session.following(path, code, new), go_on=True)
                return
        if root.compiled:
            self.build(session, new)
            return
        new |= session.new
        root.rounds += 1
        root.quiet = 0 if new else root.quiet + 1
        if root.steps < SHORT_CALL * root.rounds and (root.rounds >= QUIET_CALLS or self.budget.bounded):
            root.final, root.reason = True, "short-call"
        elif root.quiet >= QUIET_CALLS or root.rounds >= CALLS or root.steps >= STEPS or self.settings.call_threshold <= 2:
            self.compile(root)
        else:
            self.native.poke(root.pc + COUNTER, BETWEEN if root.rounds > 1 else self.calls_to_wait(root))

    def calls_to_wait(self, root: Root) -> int:
        """After the first recording: how many calls it takes until the function has run for as long as compiling it will take."""
        root.reason = "not-yet"
        if not self.budget.bounded:
            return BETWEEN
        cost = self.budget.estimate(root, self.profile_of(root.code).outcomes)
        return max(BETWEEN, int(cost / (STEP_SECONDS * root.steps)) - int(self.settings.call_threshold))
