"""Polls at back-edges: signals and other threads that wait are heard there."""
from __future__ import annotations

from jitvm.tracing.beliefs import FIELD
from jitvm.tracing.emission import WORK
from jitvm.tracing.machine import Machine
from jitvm.tracing.values import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

RARELY = 1024
"""Turns after which a loop over a range polls that calls nothing and has no loop within: mostly some microseconds, at worst a
millisecond. The end of each such part is a mispredicted jump."""


class Turn:
    """A header's test whether the range has another number: where it stands in the text, and its parts (LLVM text)."""

    __slots__ = ("hole", "index", "length", "more", "no", "yes")

    def __init__(self, hole: list[str], index: str, length: str, yes: str, no: str) -> None:
        self.hole, self.index, self.length, self.yes, self.no = hole, index, length, yes, no
        self.more = ""
        """The label at which the loop polls, if any of its turns goes without."""


class PollsMixin(Machine):
    """The part of a region that polls."""

    headers: list[Any]
    breaker: str
    leave: Any

    def poll_turn(self, header: Any) -> None:
        """A back-edge: a waiting signal or thread leaves at the header, which does not count as a failure.

        A turn that has called nothing can have caused nothing: a range is then run through in parts, and polls between them.
        """
        turn = header.turn
        if turn is None or header is not self.headers[-1] or self.state.called:
            self.show_work()
            self.poll(header.pc)
        elif not turn.more:
            turn.more = self.label()

    def branch(self, test: str, yes: str, no: str, weights: str) -> None:
        """A conditional jump; that of a range's header is kept to be written at the end."""
        line = f"  br i1 {test}, label %{yes}, label %{no}{weights}"
        header = self.state.open[-1] if self.state.open else None
        if header is None or header.label != self.block or header.turn is not None:
            self.lines.append(line)
            return
        hole = [line]
        self.lines.append(hole)
        for place, (_, index, _, _) in header.phis.items():
            if place[0] == FIELD and place[2] == "range_index":
                length = self.state.cse.get(f"field {place[1]} range_length")
                if self.state.cse.get(f"icmp slt i64 {index}, {length}") == test:
                    header.turn = Turn(hole, index, str(length), yes, no)

    def finish_turns(self) -> None:
        """Has headers count to the next poll, where the loop goes without polls in between."""
        main, block, state = self.lines, self.block, self.state
        for header in self.headers:
            turn = header.turn
            if turn is None or not turn.more:
                continue
            name = f"%{turn.more}"
            (_, _, _, incoming) = next(iter(header.phis.values()))
            (_, before), *backs = incoming
            first = next(rows[0][0] for _, phi, _, rows in header.phis.values() if phi == turn.index)
            edges = "".join(f", [{name}.next, %{block}]" for _, block in backs)
            header.hole.append(f"  {name}.part = phi i64 [{first}, %{before}]{edges}")
            turn.hole[:] = [
                f"  {name}.on = icmp slt i64 {turn.index}, {name}.part",
                f"  br i1 {name}.on, label %{turn.more}.turn, label %{turn.more}, !prof !0",
                f"{turn.more}.turn:",
                f"  {name}.next = phi i64 [{name}.part, %{header.label}], [{name}.limit, %{turn.more}.poll]",
                f"  br label %{turn.yes}"]
            self.lines, self.state = self.cold, header.state
            self.at(turn.more)
            self.bind_later(header, f"{name}.part", first)
            self.emit(f"{name}.any = icmp slt i64 {turn.index}, {turn.length}")
            self.emit(f"br i1 {name}.any, label %{turn.more}.go, label %{turn.no}")
            self.at(f"{turn.more}.go")
            self.show_work()
            none = self.op(f"zext i32 {self.poll(header.pc)} to i64")
            # What the poll found, 0, is added so that LLVM does not work the limit out in each turn.
            self.emit(f"{name}.from = add i64 {turn.index}, {none}")
            self.emit(f"{name}.far = add i64 {name}.from, {RARELY}")
            self.emit(f"{name}.ends = icmp slt i64 {turn.length}, {name}.far")
            self.emit(f"{name}.limit = select i1 {name}.ends, i64 {turn.length}, i64 {name}.far")
            self.emit(f"br label %{turn.more}.poll")
            self.at(f"{turn.more}.poll")
            self.emit(f"br label %{turn.more}.turn")
        self.lines, self.block, self.state = main, block, state

    def bind_later(self, header: Any, part: str, first: str) -> None:
        """Whether the loop's variable is bound, where a part of the turns has ended: it was before the loop, or there was one.

        Nobody asks elsewhere, since each turn begins with binding it. As a phi it would cost each turn an instruction.
        """
        record = header.state.frames[-1].record
        target = record.instruction(record.after(header.pc))
        place = "bound", (len(header.path), target.values.get("dst"))
        _, flag, _, incoming = header.phis.get(place, ([], "", "", []))
        if not flag or any(value != "true" for value, _ in incoming[1:]):
            return
        del header.phis[place]
        self.emit(f"{flag}.turned = icmp ne i64 {part}, {first}")
        self.emit(f"{flag} = or i1 {incoming[0][0]}, {flag}.turned")

    def poll(self, pc: int, state: State | None = None) -> str:
        """Leaves at ``pc``, in ``state`` or the current one, where somebody waits; the word that says so, which is 0 behind the poll."""
        waiting = self.op(f"load i32, ptr {self.breaker}")
        test = self.op(f"icmp eq i32 {waiting}, 0")
        good, bad = self.label(), self.label()
        self.emit(f"br i1 {test}, label %{good}, label %{bad}, !prof !0")
        self.leave(self.state if state is None else state, pc, None, bad)
        self.at(good)
        return waiting

    def show_work(self) -> None:
        """The first code shows that it runs (tracing/tiers.py): the worker takes back what is stored, and looks for it again."""
        self.emit(f"store i64 1, ptr @work{WORK}")
