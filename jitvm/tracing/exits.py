"""Side exits: what must be put where for the interpreter to go on, as a descriptor that ``jitvm/interpreter/exits.py`` follows."""
from __future__ import annotations

from jitvm.spec import shared
from jitvm.tracing.emission import number, truth
from jitvm.tracing.implied import ENTRY, KEPT
from jitvm.tracing.machine import Machine
from jitvm.tracing.spills import Way, give_slots, join
from jitvm.tracing.values import I64, NULL, OWNED, BoolValue, Const, FloatValue, Frame, IntValue, Null, Obj, Packed, State, Unboxed, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

INT, FLOAT, OWNED_OBJECT, SHARED_OBJECT, EMPTY, CONSTANT, DROPPED, FRAME, GLOBAL_OWNED, GLOBAL_SHARED, RESUMED, WAITING, IMPLIED, WORD = (
    shared.CONSTANTS["EXIT_" + name] for name in (
        "INT", "FLOAT", "OWNED", "SHARED", "EMPTY", "CONSTANT", "DROPPED", "FRAME", "GLOBAL_OWNED", "GLOBAL_SHARED", "RESUMED", "WAITING",
        "IMPLIED", "WORD"))
"""Kinds of entries."""
SLOT_BITS = shared.CONSTANTS["EXIT_SLOT_BITS"]


class Spilled(tuple[str, str]):
    """A value in an entry, for which a slot is still to be found."""


class Exit:
    """One exit: where the interpreter goes on (``pc`` in the innermost frame), and the entries (kind, register, payload)."""

    __slots__ = ("done", "entries", "key", "number", "pc", "raising", "recorded", "symbol", "undo")

    def __init__(self, place: int, pc: int, key: Any, raising: bool) -> None:
        self.number, self.pc, self.key, self.raising = place, pc, key, raising
        self.done = 0
        """The host's instruction behind the bytecode that was done last, where the exit is for what ends there; else 0."""
        self.undo: tuple[str, str] | None = None
        """An operand of the overflowed sum before the exit, and how it is got back from the sum (LLVM text)."""
        self.symbol = f"@x{place}"
        self.entries: list[tuple[int, int, Any]] = []
        self.recorded = False
        """Whether what lies behind it is known already."""


def _slot(places: dict[tuple[str, str], int], part: Any) -> Any:
    """A part of an entry, with the slot that was found for a spilled value."""
    return places[part] if type(part) is Spilled else part


class ExitsMixin(Machine):
    """The part of a region that emits exits."""

    def changed_globals(self) -> list[tuple[int, Value]]:
        raise NotImplementedError

    def global_name(self, index: int) -> Any:
        raise NotImplementedError

    def show_at_exit(self) -> None:
        raise NotImplementedError

    def slot(self, place: tuple[int, ...]) -> int:
        raise NotImplementedError

    def exit_at_start(self) -> str:
        raise NotImplementedError

    cold: list[Any]
    path: Any
    undescribed: list[tuple[Exit, State, list[Any], str, bool]]
    start: State
    exits: list[Exit]
    spills: int
    """Words of the spill area."""
    spill_slots: list[int]
    """Those in which exits leave values."""
    arguments: int
    """Words of the area for the arguments of calls."""
    spilled: list[tuple[str, str]] | None = None
    """What the exit that is being described stores, in the order of the entries that have it; None elsewhere."""

    def leave(self, state: State, pc: int, key: Any, label: str | None = None, raising: bool = False) -> None:
        """Ends a path: restores the frame from ``state`` and goes on at ``pc`` in the interpreter.

        ``key`` names what to record if this exit becomes hot (None: nothing). With ``label`` the exit is a block of its own, out of the
        way, and the current path goes on.
        """
        exit = Exit(len(self.exits), pc, key, raising)
        self.exits.append(exit)
        lines: list[Any] = []
        (self.lines if label is None else self.cold).append(lines)
        held = state if state is self.start and state is not self.state else state.copy()
        self.undescribed.append((exit, held, lines, self.block if label is None else label, label is not None))

    def exit_without(self, test: str) -> str:
        """The block that leaves at the start of the bytecode since ``test`` holds."""
        undo = self.undoing(test)
        if undo is None:
            return self.exit_at_start()
        label = self.label()
        self.leave(self.start, self.pc, (self.path, self.pc), label)
        self.exits[-1].undo = undo
        return label

    def undoing(self, overflow: str) -> tuple[str, str] | None:
        """A loop's variable that became an operand of an overflowed sum, and how to get it back from that.

        Then its register can take the sum: else each turn copies it for the exit's sake.
        """
        row = self.state.cse.get(f"overflow {overflow}")
        if row is None or not self.state.open:
            return None
        name, total, left, right = row
        phis = {phi for _, phi, *_ in self.state.open[-1].phis.values()}
        if left == right:
            return None
        if left in phis:
            return left, f"{'sub' if name == 'add' else 'add'} i64 {total}, {right}"
        if right in phis:
            return right, f"sub i64 {total}, {left}" if name == "add" else f"sub i64 {left}, {total}"
        return None

    def undo(self, old: str, text: str) -> None:
        """An exit's state with an operand that is computed again."""
        state, new = self.state, I64(self.op(text))
        for values in (state.registers, state.memory, state.globals):
            for place, value in values.items():
                if isinstance(value, IntValue) and value.number == old:
                    values[place] = IntValue(new, value.bound)  # type: ignore[index]
        for field, (held, dirty) in state.heap.items():
            if held == old:
                state.heap[field] = new, dirty

    def describe_exits(self) -> None:
        """Writes the blocks of all exits: last, since an attempt to replay that is made again needs none."""
        main = self.lines
        spilled = []
        ways = []
        users: dict[int, int] = {}
        for _, state, *_ in self.undescribed:
            users[id(state)] = users.get(id(state), 0) + 1
        for exit, state, lines, block, apart in self.undescribed:
            self.lines, self.block, self.state = lines, block, state if users[id(state)] == 1 else state.copy()
            if apart:
                self.at(block)
            if exit.undo is not None:
                self.undo(*exit.undo)
            self.flush(forget=False)
            self.spilled = []
            self.describe(exit)
            spilled.append(self.spilled)
            ways.append(Way(lines, self.block, exit.symbol, set()))
        self.lines, self.spilled = main, None
        slots, self.spills = give_slots(spilled, max([self.spills, *(len(row[0].entries) for row in self.undescribed)]))
        for way, places, (exit, *_) in zip(ways, slots, self.undescribed, strict=True):
            way.stores = {(slot, *item) for item, slot in places.items()}
            exit.entries = [(kind, _slot(places, register), _slot(places, payload)) for kind, register, payload in exit.entries]
        self.spill_slots = sorted({slot for places in slots for slot in places.values()})
        self.ways_out.extend(join(ways, self.label, self.cold))

    @property
    def ways_out(self) -> list[tuple[str, str]]:
        ways: list[tuple[str, str]] = self.__dict__.setdefault("_ways_out", [])
        return ways

    def leave_lines(self) -> list[str]:
        """The block in which all exits meet."""
        ways = ", ".join(f"[{name}, %{block}]" for name, block in self.ways_out)
        return ["leave:", f"  %exit = phi ptr {ways}",
                f"  %left = call ptr {self.helper('leave_trace')}(ptr %ctx, ptr %ts, ptr %regs, ptr %exit, ptr %spill)",
                f"  %gone = musttail call preserve_nonecc ptr {self.helper('op.after_exit')}"
                "(ptr %exit, ptr %left, ptr %consts, ptr %ctx, ptr %ts, i64 0)", "  ret ptr %gone"]

    def areas(self) -> list[str]:
        """The places in the machine's stack that a region has; the spill area's words have names."""
        return [f"  %spill = alloca [{max(self.spills, 1)} x i64]", f"  %buffer = alloca [{max(self.arguments, 1)} x i64]",
                *(f"  %s{slot} = getelementptr i8, ptr %spill, i64 {8 * slot}" for slot in self.spill_slots)]

    def describe(self, exit: Exit) -> None:
        """Spills what the registers hold and writes the entries."""
        for (at, _), value in self.state.registers.items():
            if at < 0 or isinstance(value, Packed):  # else there is nothing to be made
                self.show_at_exit()
                break
        state = self.state
        registers, memory = state.registers, state.memory
        used: set[str] = set()
        for (at, index), value in registers.items():
            if at == 0:
                held = memory.get(index)
                if held is not value and held != value:
                    self.entry(exit, index, value, used)
        for index, held in memory.items():
            if held is not NULL and (0, index) not in registers:
                exit.entries.append((EMPTY, index, 0))
        for level, frame in enumerate(state.frames):
            if level:
                self.frame_entry(exit, frame, registers.get((level, KEPT)))
                for (at, index), value in registers.items():
                    if at == level:
                        self.entry(exit, index, value, used)
        for place, waiting in state.waiting.items():
            exit.entries.append((WAITING, self.spill(exit, "ptr", waiting.generator.name), waiting.site.pc))
            for (at, index), value in state.registers.items():
                if at == self.slot(place) and value is not NULL:
                    self.entry(exit, index, value, used)
        for index, value in self.changed_globals():
            text, new = self.box(value)
            owned = new or (isinstance(value, Obj) and state.owners.get(text) == OWNED and text not in used)
            used.add(text)
            entry = (GLOBAL_OWNED if owned else GLOBAL_SHARED, id(self.global_name(index)[1].object), self.spill(exit, "ptr", text))
            exit.entries.append(entry)
        for name, owner in state.owners.items():
            if owner == OWNED and name not in used:
                exit.entries.append((DROPPED, 0, self.spill(exit, "ptr", name)))

    def frame_entry(self, exit: Exit, frame: Frame, function: Value | None) -> None:
        """The entry that makes an inlined frame, with its function if the caller's window may not hold it, and what the call is for."""
        if function is None:
            exit.entries.append((FRAME if frame.place is None else RESUMED, 0, (frame.call_site, frame.record)))
            return
        held = self.spill(exit, "ptr", self.box(function)[0])
        exit.entries.append((IMPLIED, held, (frame.call_site, frame.record)))
        exit.entries.append((WORD, ENTRY, frame.what))

    def entry(self, exit: Exit, index: int, value: Value, used: set[str]) -> None:
        """The entry of one register."""
        if isinstance(value, Null):
            exit.entries.append((EMPTY, index, 0))
        elif isinstance(value, Const):
            exit.entries.append((CONSTANT, index, value.object))
        elif isinstance(value, Unboxed) and value.bound is not True:
            name, new = self.box_if_bound(value)
            if new:
                used.add(name)
            exit.entries.append((OWNED_OBJECT if new else SHARED_OBJECT, index, self.spill(exit, "ptr", name)))
        elif isinstance(value, IntValue):
            exit.entries.append((INT, index, self.spill(exit, "i64", str(value.number))))
        elif isinstance(value, FloatValue):
            exit.entries.append((FLOAT, index, self.spill(exit, "double", number(value.number))))
        elif isinstance(value, BoolValue):
            true, false = self.constant(True).symbol, self.constant(False).symbol
            name = self.op(f"select i1 {truth(value.number)}, ptr {true}, ptr {false}")
            exit.entries.append((SHARED_OBJECT, index, self.spill(exit, "ptr", name)))
        else:
            assert isinstance(value, Obj)
            owned = self.state.owners.get(value.name) == OWNED and value.name not in used
            if owned:
                used.add(value.name)
            exit.entries.append((OWNED_OBJECT if owned else SHARED_OBJECT, index, self.spill(exit, "ptr", value.name)))

    def spill(self, exit: Exit, kind: str, text: str) -> Any:
        """Has a word stored for the exit routine: its slot, or what stands for it until all exits are described."""
        if self.spilled is not None:
            self.spilled.append(Spilled((kind, text)))
            return self.spilled[-1]
        place = len(exit.entries)
        self.emit(f"store {kind} {text}, ptr {self.op(f'getelementptr i8, ptr %spill, i64 {8 * place}')}")
        return place
