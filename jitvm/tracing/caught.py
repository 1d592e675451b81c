"""Exceptions that a handler of the region's own frame catches: the region goes on in the handler.

An exception that a bytecode of known meaning raises (a missing key, an index out of range, ``raise``) is not made where it is caught: it is
``Raised``, and what its handler keeps of the exception handled before is ``Handled``. Before anybody can look, at exits and wherever the
object itself is needed, all of them are made, in their order: with the traceback of where they were raised, in the context they were
raised in. What C functions raise is fetched and handled as the interpreter does it.
"""
from __future__ import annotations

from jitvm.spec.bytecodes import HOST, UNIT
from jitvm.spec.cfunctions import SLOTS
from jitvm.tracing.emission import CONSTANTS, FIELDS, Abort
from jitvm.tracing.exits import Exit, ExitsMixin
from jitvm.tracing.implied import FILTER, KEPT, MAP, PLAIN_EXCEPTIONS, found_in
from jitvm.tracing.packed import PackedMixin
from jitvm.tracing.values import I64, OWNED, Const, Frame, IntValue, Obj, Packed, Pointer, Value, Window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEAP = 1 << 9
ARGS = "args"
INDEX_TEXTS = ("list index out of range", "tuple index out of range", "string index out of range")


class Raised(Packed):
    """An exception that was raised at ``site`` and has not been made: of a class and arguments, or (of no type) one that is there.

    ``frames``: the inlined frames that it left, the outermost first, and ``locals``, what their variables held.
    """

    __slots__ = ("args", "frames", "locals", "order", "site")

    def __init__(self, kind: Any, items: tuple[Value, ...], site: int, order: int) -> None:
        super().__init__(kind, items)
        self.site, self.order = site, order
        self.frames: tuple[Frame, ...] = ()
        self.locals: dict[tuple[int, int], Value] = {}
        self.args: Packed | None = None
        """The tuple of its arguments, once it has been asked for."""

    def held(self) -> list[str]:
        return [name for value in (*self.items, *self.locals.values()) for name in value.held()]

    def __repr__(self) -> str:
        return f"raised {self.type} of {self.items}"


class Handled(Packed):
    """What ``push_exc`` of an exception that has not been made gives: the exception handled before, which still is in the thread."""

    __slots__ = ("order",)

    def __init__(self, exception: Raised, order: int) -> None:
        super().__init__(None, (exception,))  # type: ignore[arg-type]
        self.order = order

    def __repr__(self) -> str:
        return f"handled {self.items[0]}"


PENDING = (Raised, Handled)


class Caught(Exception):
    """The bytecode ends in a handler, which waits as a join."""


class CaughtMixin(PackedMixin, ExitsMixin):
    """The part of a region that catches."""

    root: Any
    profile: Any
    visited: set[Any]
    driver: Any
    catches = True
    """Whether the root's frame is real: else nothing is caught here."""
    thrown = 0
    """How many exceptions were raised or handled: gives their order."""
    if TYPE_CHECKING:
        def kill(self, index: int) -> None: ...
        def reap(self) -> None: ...
        def write_back(self) -> None: ...
        def arrive(self, pc: int) -> None: ...
        def take_back(self, ended: bool) -> None: ...
        def guard(self, test: Any, want: bool) -> None: ...
        def instr_symbol(self, record: Any, address: int) -> str: ...

    # -- ways to a handler
    def handler_row(self) -> Any:
        """The handler that catches what the current bytecode raises: a row of the root's, if the region has seen it."""
        frames = self.state.frames
        if not self.catches or any(frame.place is not None for frame in frames):
            return None
        for level in range(len(frames) - 1, -1, -1):
            if level + 1 < len(frames) and frames[level + 1].what in (MAP, FILTER):
                return None  # where StopIteration ends the loop
            row = frames[level].record.handler_row(self.pc if level == len(frames) - 1 else frames[level + 1].call_site)
            if row is not None:
                return row if level == 0 and self.profile.vectors((), self.root.base + UNIT * row.target) else None
        return None

    def position_raised(self) -> int:
        """The index of the host's instruction that the root's frame shows when the current bytecode has raised."""
        frames = self.state.frames
        pc = frames[1].call_site if len(frames) > 1 else self.pc
        passes = len(frames) > 1 and not frames[1].what and self.root.instruction(pc).row.name != "call_ex"
        return int(self.root.unit.host_offsets[self.root.unit_at(pc)]) // 2 + (CONSTANTS["HOST_CALL_CACHES"] // 2 if passes else 0)

    def handle(self, row: Any, value: Value, position: Value) -> None:
        """Goes to a handler of the root with an exception, as the interpreter's ``unwind`` does.

        ``position``: the index of the host's instruction that the frame shows; handlers that clean up begin with noting it.
        """
        state = self.state
        for place in [place for place in state.registers if place[0] > 0]:
            del state.registers[place]
        state.frames = state.frames[:1]
        for index in sorted((index for level, index in state.registers if level == 0 and index >= row.depth), reverse=True):
            held = state.registers[0, index]
            self.kill(index)
            if isinstance(held, Obj) and state.owners.get(held.name) == OWNED:
                state.owners[held.name] = state.owners.pop(held.name)  # the last on the stack ends first
        state.registers[0, row.register] = value
        target = self.root.base + UNIT * row.target
        first = self.root.instruction(target)
        if first.row.name == "load_position":
            state.registers[0, first.values["dst"]] = position
            self.visited.add(((), target))
            target += UNIT * int(first.row.size)
        self.reap()
        self.write_back()
        self.arrive(target)

    def catch_raised(self, row: Any, fresh: list[str], shown: tuple[str, int] | None) -> None:
        """In the block of a call that has failed: what was raised is handled. ``shown``: frames of inlined calls, which end here."""
        if shown is None:
            raw = self.op(f"call ptr {self.helper('catch_exception')}(ptr %ctx, ptr %ts)")
        else:
            self.take_back(True)
            implied = sum(1 << place for place, frame in enumerate(reversed(self.state.frames[1:])) if frame.what)
            raw = self.op(f"call ptr {self.helper('catch_inside')}(ptr %ctx, ptr %ts, ptr {shown[0]}, i64 {shown[1]}, i64 {implied})")
        for text in fresh:
            self.drop(text)
        self.state.owners[raw] = OWNED
        self.state.cse[f"present {raw}"] = True
        place = self.op(f"load i64, ptr {self.offset('%regs', FIELDS['frame_instr'][0] - CONSTANTS['FRAME_SIZE'])}")
        start = self.op(f"ptrtoint ptr {self.constant(self.root.code).symbol} to i64")
        distance = self.op(f"sub i64 {self.op(f'sub i64 {place}, {start}')}, {CONSTANTS['CODE_INSTRUCTIONS']}")
        self.handle(row, Obj(raw), IntValue(I64(self.op(f"ashr i64 {distance}, 1"))))

    def throw(self, row: Any, kind: Any, items: tuple[Value, ...]) -> None:
        """Raises an exception that need not be made so far."""
        self.thrown += 1
        raised = Raised(kind, items, self.pc, self.thrown)
        state = self.state
        if state.level:
            raised.frames = state.frames[1:]
            raised.locals = {place: value for place, value in state.registers.items()
                             if place[0] > 0 and 0 <= place[1] < state.frames[place[0]].record.locals}
            for level in range(1, state.level + 1):
                raised.locals[level, KEPT] = self.function_of_frame(level)
        self.own(raised)
        self.handle(row, raised, IntValue(self.position_raised()))
        raise Caught

    def own(self, value: Value) -> None:
        super().own(value)
        if isinstance(value, Raised):
            for held in value.locals.values():
                self.own(held)

    def may_throw(self) -> Any:
        """The handler of an exception that need not be made; its context must be in the thread.

        Where an inlined frame raises and nobody in the region catches, it is the interpreter that has to raise.
        """
        row = None if any(isinstance(value, Handled) for value in self.state.registers.values()) else self.handler_row()
        if row is None and self.state.level:
            raise Abort("unsupported", "an exception in an inlined frame")
        return row

    # -- what raises
    def raise_by(self, name: str, *arguments: Any) -> None:
        """A helper that always raises."""
        self.call_helper(name, *arguments)
        self.emit("unreachable")
        raise Caught

    def missing_key(self, key: Value) -> Any:
        row = self.may_throw()
        if row is None:
            return self.raise_by("missing_key", key)
        return self.throw(row, KeyError, (key,))

    def missing_index(self, which: int) -> Any:
        row = self.may_throw()
        if row is None:
            return self.raise_by("missing_index", which)
        return self.throw(row, IndexError, (self.constant(INDEX_TEXTS[which]),))

    def raise_object(self, exc: Value, cause: Value) -> Any:
        row = self.may_throw() if not isinstance(cause, Value) or self.is_null(cause) is True else None
        if row is not None:
            if isinstance(exc, Const) and isinstance(exc.object, type) and exc.object in PLAIN_EXCEPTIONS:
                return self.throw(row, exc.object, ())
            if isinstance(exc, Packed) and is_instance(exc):
                if self.made(exc) is None and self.is_passed_on(exc):
                    return self.throw(row, exc.type, exc.items)
                exc = self.show(exc)
            known = self.type_of(exc) if isinstance(exc, Obj) else None
            if known is not None and issubclass(known, BaseException):
                return self.throw(row, None, (exc,))
        return self.raise_by("raise_object", exc, cause)

    def is_passed_on(self, exc: Packed) -> bool:
        """Whether nothing but the operand of the current ``raise``, whose last use this is, holds an exception."""
        instruction = self.record_of().instruction(self.pc)
        return sum(holds(value, exc) for value in self.state.registers.values()) == 1 and "exc" in instruction.consumed

    def next_of(self, iterator: Value) -> Value:
        """next(iterator); its end is StopIteration."""
        result = self.call_helper("step_iterator", iterator)
        ended, goes = self.label(), self.label()
        test = self.same(result, self.constant(self.driver.native.object_at(self.driver.native.words[SLOTS["nothing_function"]])))
        self.emit(f"br i1 {test}, label %{ended}, label %{goes}")
        before, self.state = self.state, self.state.copy()
        self.at(ended)
        try:
            row = self.may_throw()
            if row is None:
                self.raise_by("end_of_iterator")
            else:
                self.throw(row, StopIteration, ())
        except Caught:
            pass
        self.state = before
        self.at(goes)
        self.state.cse[f"present {result.name}"] = True
        return result  # type: ignore[no-any-return]

    def do_reraise(self, instruction: Any) -> int | None:
        """The exception goes on, with the traceback that it has."""
        row = self.handler_row()
        value = self.read(instruction.values["exc"])
        if row is None or self.state.level:
            self.leave_here()
            return None
        self.own(value)
        position: Value = IntValue(self.position_raised())
        if "position" in instruction.values:
            position = self.read(instruction.values["position"])
        self.handle(row, value, position)
        return None

    do_reraise_at = do_reraise

    def leave_here(self) -> None:
        raise NotImplementedError

    # -- handlers
    def swap_handled(self, thread: Pointer, exc: Value) -> Value:
        if isinstance(exc, Raised):
            self.thrown += 1
            return Handled(exc, self.thrown)
        self.keep_context()
        return self.call_helper("swap_handled", thread, exc)  # type: ignore[no-any-return]

    def keep_context(self) -> None:
        """The exception being handled changes next: those that were raised before are made while theirs is there."""
        if self.exceptions():
            self.make_exceptions()

    def restore_handled(self, _thread: Pointer, window: Window) -> None:
        index = window.offset // 8
        value = self.read(index)
        if isinstance(value, Handled):
            self.kill(index)
            return
        self.keep_context()
        self.effect(False, (value,))
        self.own(value)
        text = self.box(value)[0]
        self.add_reference(text)
        self.emit(f"call void {self.helper('restore_saved')}(ptr %ctx, ptr %ts, ptr {text})")
        self.kill(index)

    def matches(self, exc: Value, kind: Value) -> Any:
        """Whether an except clause takes an exception: decided by classes, where these are plain."""
        known = exc.type if isinstance(exc, Raised) else None
        kinds = kind.items if isinstance(kind, Packed) and kind.type is tuple else (kind,)
        plain = [k.object for k in kinds if isinstance(k, Const) and isinstance(k.object, type) and issubclass(k.object, BaseException)
                 and not k.object.__flags__ & HEAP]
        if known is not None and len(plain) == len(kinds):
            return int(any(k in known.__mro__ for k in plain))
        if not self.catches or len(kinds) > 1 or isinstance(kind, Packed):
            return self.call_helper("matches", exc, kind)
        thing = exc.items[0] if isinstance(exc, Raised) else exc
        first = self.constant(known) if known is not None else self.get_field("type_pointer", thing)
        answer = self.call_helper("class_matches", first, kind)
        self.guard(self.compare("ge", answer, 0), True)
        return answer

    # -- making them
    def exceptions(self, *more: Value) -> list[Any]:
        """What has been raised or handled and is not made, in its order."""
        found: dict[int, Any] = {}
        for value in (*self.state.registers.values(), *more):
            if isinstance(value, PENDING):
                found[value.order] = value
                if isinstance(value, Handled):
                    inner: Any = value.items[0]
                    found[inner.order] = inner
        return [found[order] for order in sorted(found)]

    def make_exceptions(self, *more: Value, leaving: bool = False) -> dict[int, Obj]:
        """Makes all of them: what registers hold of them are objects then."""
        made: dict[int, Obj] = {}
        registers = self.state.registers
        for value in self.exceptions(*more):
            if not leaving:
                self.effect(False, value.items)
            if isinstance(value, Raised):
                new = self.make_raised(value)
            else:
                exception = made[value.items[0].order]
                new = Obj(self.op(f"call ptr {self.helper('swap_handled')}(ptr %ctx, ptr %ts, ptr {exception.name})"))
                self.state.owners[new.name] = OWNED
            self.state.cse[f"present {new.name}"] = True
            self.state.cse[value.key] = (value, new)
            made[value.order] = new
            for place in [place for place, held in registers.items() if held is value]:
                registers[place] = new
        return made

    def make_raised(self, value: Raised) -> Obj:
        """The exception, with a traceback that says where it was raised."""
        root_site = value.frames[0].call_site if value.frames else value.site
        word = self.instr_symbol(self.root, root_site + HOST)
        self.emit(f"store ptr {self.op(f'load ptr, ptr {word}')}, ptr "
                  f"{self.offset('%regs', FIELDS['frame_instr'][0] - CONSTANTS['FRAME_SIZE'])}")
        if value.type is None:
            exception, fresh = self.box(value.items[0])[0], False
        else:
            exception, fresh = self.new_exception(value.type, value.items), True
        held = value.args
        if held is not None and (self.made(held) is not None or any(other is held for other in self.state.registers.values())):
            self.emit(f"call void {self.helper('set_exception_args')}(ptr %ctx, ptr {exception}, ptr {self.arguments_shown(held).name})")
        if value.frames:
            raw = self.op(f"call ptr {self.helper('raise_inside')}(ptr %ctx, ptr %ts, ptr {exception}, ptr %regs, "
                          f"ptr {self.describe_unwound(value)}, ptr %spill)")
        else:
            raw = self.op(f"call ptr {self.helper('raise_given')}(ptr %ctx, ptr %ts, ptr {exception})")
        if fresh:
            self.emit(f"call void {self.helper('t_decref')}(ptr %ctx, ptr {exception})")
        if value.type is not None:
            self.state.types[raw] = value.type
        self.state.owners[raw] = OWNED
        return Obj(raw)

    def arguments_shown(self, value: Packed) -> Obj:
        """The tuple that stands for an exception's arguments: the exception gets the same."""
        made = self.made(value) or super().make(value, self.make_at_exit)
        registers = self.state.registers
        for place in [place for place, held in registers.items() if held is value]:
            registers[place] = made
        return made

    def describe_unwound(self, value: Raised) -> str:
        """The descriptor of the inlined frames that an exception has left, whose variables are spilled."""
        exit = Exit(len(self.exits), value.site, None, False)
        self.exits.append(exit)
        outer, self.spilled = self.spilled, None
        for level, frame in enumerate(value.frames, 1):
            self.frame_entry(exit, frame, value.locals[level, KEPT])
            for (at, index), held in value.locals.items():
                if at == level:
                    self.entry(exit, index, self.shown(held), set(self.state.owners))
        self.spilled = outer
        self.spills = max(self.spills, len(exit.entries))
        return exit.symbol

    def new_exception(self, kind: type, items: tuple[Value, ...]) -> str:
        """An exception of a class and arguments: a new reference of nobody's."""
        self.fill_buffer(items)
        symbol = self.constant(kind).symbol
        return self.op(f"call ptr {self.helper('new_exception')}(ptr %ctx, ptr %buffer, i64 {len(items)}, ptr {symbol})")

    def show(self, value: Packed) -> Obj:
        if not isinstance(value, PENDING):
            return super().show(value)
        known = self.made(value)
        if known is not None:
            return known
        early = not self.effected and (self.start is self.state or self.start.registers == self.state.registers)
        made = self.make_exceptions(value)
        if early:
            if self.start is not self.state:
                self.start = self.state.copy()
            self.effected = False
        return made[value.order]

    def show_handled(self) -> None:
        """Something that may raise comes next: its context is to be in the thread."""
        for value in self.state.registers.values():
            if isinstance(value, Handled):
                self.show(value)
                return

    def show_at_exit(self) -> None:
        if any(isinstance(value, PENDING) for value in self.state.registers.values()):
            for value in list(self.state.registers.values()):
                self.own(value)
            self.make_exceptions(leaving=True)
        super().show_at_exit()

    def make(self, value: Packed, inner: Any) -> Obj:
        if not is_instance(value):
            return super().make(value, inner)
        made = Obj(self.new_exception(value.type, tuple(inner(item) if isinstance(item, Packed) else item for item in value.items)))
        self.state.owners[made.name] = OWNED
        self.state.types[made.name] = value.type
        self.state.cse[value.key] = (value, made)
        return made

    def call(self, symbol: str, signature: str, result: str, raises: bool, runs: bool, arguments: tuple[Any, ...], name: str) -> Any:
        if raises:
            self.show_handled()
        return super().call(symbol, signature, result, raises, runs, arguments, name)

    def call_c(self, name: str, *arguments: Any) -> Any:
        if name == "PyObject_GetAttr" and isinstance(arguments[0], Packed) and arguments[1] == self.constant(ARGS):
            exc = arguments[0]
            if isinstance(exc, Raised) and exc.type is not None and self.made(exc) is None and \
                    found_in(exc.type, ARGS) is vars(BaseException)[ARGS]:
                if exc.args is None and exc.items:
                    exc.args = self.pack(tuple, list(exc.items))
                return exc.args or self.constant(())
        return super().call_c(name, *arguments)

    def type_test(self, value: Value, kind: Any) -> Any:
        if isinstance(value, PENDING) and value.type is None:
            value = self.show(value)
        return super().type_test(value, kind)

    def same(self, left: Value, right: Value) -> Any:
        if isinstance(left, PENDING):
            left = self.show(left)
        if isinstance(right, PENDING):
            right = self.show(right)
        return super().same(left, right)


def is_instance(value: Value) -> bool:
    """Whether a value is an exception that a call of its class makes and that has not been raised."""
    return type(value) is Packed and isinstance(value.type, type) and issubclass(value.type, BaseException)


def holds(value: Value, wanted: Packed) -> bool:
    """Whether a value is another or has it among its items."""
    return value is wanted or (isinstance(value, Packed) and any(holds(item, wanted) for item in value.items))
