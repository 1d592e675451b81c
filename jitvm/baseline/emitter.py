"""Machine code for a function: its blocks in order, calls and ends, branches."""
from __future__ import annotations

from jitvm.baseline.arithmetic import VECTOR, Arithmetic
from jitvm.baseline.blocks import EFFECTS, Condition
from jitvm.baseline.comparisons import Comparisons
from jitvm.baseline.divisions import by_large_value
from jitvm.baseline.reader import DOUBLE, NONE, Block, Op, Unsupported
from jitvm.baseline.registers import ARGUMENTS, CALLER_SAVED, MOMENTS, OWN_ARGUMENTS, RAX, RDX, RSP, VECTORS, XMM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HEADER_OPS = 4
"""Operations that a loop's header may have so that its test is written twice."""


class Emitter(Arithmetic, Comparisons):
    """Writes one function."""

    def run(self) -> None:
        """Writes the function."""
        function, out = self.function, self.out
        out.function(function.name)
        out.immediate(5, RSP, self.size)
        self.change(True)
        self.enter()
        blocks = function.blocks
        kept: list[dict[int, int]] = []
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            self.block, self.next = block, following
            self.moment = self.allocation.lives.starts[block.index]
            if self.begins_turns(block):
                self.pad()
            out.label(self.label(block.label))
            if self.later:
                self.change(block.index not in self.split.after)
            before = block.predecessors
            self.kept = dict(kept[before[0].index]) if len(before) == 1 and before[0].index < block.index else {}
            for op in block.ops:
                EMIT[op.name](self, op)
                self.moment += MOMENTS
            kept.append(self.kept)
        for name, target, moves in self.stubs:
            out.label(name)
            self.mover.parallel(moves)
            out.jump(target)
        for division in self.divisions:
            by_large_value(out, *division)

    def enter(self) -> None:
        """Moves parameters from where the convention has them to where they live."""
        waiting: dict[int, int] = {}
        registers, vectors = iter(OWN_ARGUMENTS), iter(VECTORS)
        for value in self.function.parameters:
            source = next(vectors if self.widths[value] == DOUBLE else registers, NONE)
            if source == NONE:
                raise Unsupported("parameters on the stack")
            if self.places[value] != NONE:
                waiting[self.places[value]] = source
        self.mover.together(waiting)

    def change(self, before: bool) -> None:
        """From here on values are where they are before the first call of the function's kind, or where they are then."""
        self.before = before
        for value, place in (self.split.first if before else self.later).items():
            self.places[value] = place

    def begins_turns(self, block: Block) -> bool:
        """Whether a loop's turns come back to a block: to a header, or to what follows one whose test is written at their ends."""
        if block.index and self.turned(self.function.blocks[block.index - 1]):
            return True
        return bool(block.depth) and not block.cold and self.is_header(block) and not self.turned(block)

    @staticmethod
    def is_header(block: Block) -> bool:
        """Whether a way that is often taken leads back to a block."""
        return any(other.index >= block.index and not other.cold for other in block.predecessors)

    def turned(self, block: Block) -> bool:
        """Whether a block is a loop's header that does nothing but ask whether there is another turn. Where a turn ends in a jump to it,
        its test is written once more instead: so each turn has one jump (loop inversion)."""
        return (block.depth > 0 and not block.cold and len(block.ops) <= HEADER_OPS and block.ops[-1].name == "branch"
                and not any(op.name in EFFECTS for op in block.ops) and self.is_header(block)
                and self.function.blocks[block.index + 1].label in [label for label, _ in block.successors])

    def ends_turn(self, block: Block, header: Block) -> bool:
        """Whether a jump from a block to another is the end of a turn where the header's test is written once more."""
        return header.index <= block.index and not block.cold and self.turned(header)

    def test_again(self, header: Block) -> None:
        """Writes a header's test at the end of a turn."""
        block, moment = self.block, self.moment
        self.block, self.moment = header, self.allocation.lives.starts[header.index]
        if self.later:
            self.change(header.index not in self.split.after)
        for op in header.ops:
            EMIT[op.name](self, op)
            self.moment += MOMENTS
        self.block, self.moment = block, moment

    def pad(self) -> None:
        """The code that a loop's turns come back to begins at a multiple of 16."""
        missing = -len(self.out.code) % 16
        self.out.code += NOPS[missing]

    # -- calls and ends
    def call(self, op: Op) -> None:
        name, own, kinds = op.extra
        out, taken, moment = self.out, self.allocation.taken, self.moment + 1
        saved = [(place, word) for place, word in self.allocation.saved.items()
                 if (own or place in CALLER_SAVED) and taken[place] >> moment & 1]
        for place, word in saved:
            self.save(place, word, moment)
        leaves = own and self.before and not self.block.cold and bool(self.later)
        if leaves:
            for value in self.split.first:
                if self.allocation.lives.alive_at(value, self.moment + 1):
                    self.mover.copy(self.later[value], self.split.first[value])
        self.arguments(OWN_ARGUMENTS if own else ARGUMENTS, kinds, op.operands)
        if leaves:
            self.change(False)
        if name == "body":
            out.call_label("@body")
        else:
            out.put(b"\xff", 2, "@" + name, False)
        self.results(op.dest, op.second)
        for place, word in saved:
            self.mover.copy(place, word)

    def save(self, place: int, word: int, moment: int) -> None:
        """Saves a register in its word of the frame, unless that has the value since an earlier call on the way here."""
        alive, kept = self.allocation.lives.alive_at, self.kept
        if place in kept and alive(kept[place], moment):
            return
        self.mover.copy(word, place)
        kept.pop(place, None)
        if not self.block.cold:
            for value in self.allocation.residents(place):
                if alive(value, moment):
                    kept[place] = value

    def results(self, dest: int, second: int) -> None:
        """Takes what a call has given."""
        if second >= 0:
            moves = {self.places[value]: place for value, place in ((dest, RAX), (second, RDX)) if value >= 0}
            self.mover.together({to: source for to, source in moves.items() if to != NONE})
        elif dest >= 0:
            if self.widths[dest] == 1:
                self.out.immediate(4, RAX, 1, 32)
            self.keep(dest, XMM if self.widths[dest] == DOUBLE else RAX)

    def arguments(self, registers: tuple[int, ...], kinds: tuple[int, ...], operands: tuple[int, ...]) -> None:
        """Puts arguments where a convention wants them."""
        moves = []
        general = vectors = 0
        for kind, value in zip(kinds, operands, strict=True):
            if kind == DOUBLE:
                if vectors == 8:
                    raise Unsupported("arguments on the stack")
                moves.append((XMM + vectors, self.mover.where(value)))
                vectors += 1
            else:
                if general == len(registers):
                    raise Unsupported("arguments on the stack")
                moves.append((registers[general], self.mover.where(value)))
                general += 1
        self.mover.parallel(moves)

    def tail(self, op: Op) -> None:
        self.mover.parallel(list(zip(OWN_ARGUMENTS, map(self.mover.where, op.operands), strict=False)))
        self.out.immediate(0, RSP, self.size)
        self.out.put(b"\xff", 4, "@" + str(op.extra), False)

    def ret(self, op: Op) -> None:
        self.mover.parallel(list(zip((RAX, RDX), map(self.mover.where, op.operands), strict=True)))
        self.out.immediate(0, RSP, self.size)
        self.out.code.append(0xC3)

    def trap(self, op: Op) -> None:
        self.out.code += b"\x0f\x0b"

    # -- branches
    def moves_to(self, label: str) -> list[tuple[int, int]]:
        """The moves on the way from this block to another: its phis get their values, and what is elsewhere there goes there."""
        target, where = self.by_label[label], self.mover.where
        moves = []
        leaves = self.before and bool(self.later) and target.index in self.split.after
        there = self.later if leaves else {}
        for number, values in target.phis:
            value = values[self.block.label]
            if value != NONE:
                moves.append((there.get(number, self.places[number]), where(value)))
        if leaves:
            start, alive, leader = self.allocation.lives.starts[target.index], self.allocation.lives.alive_at, self.allocation.leader
            phis = {leader(number) for number, _ in target.phis}
            moves += [(place, self.places[value]) for value, place in there.items() if value not in phis and alive(value, start)]
        return moves

    def beyond(self, label: str) -> str:
        """Where a way leads after blocks that only jump on, with nothing to move."""
        block = self.by_label[label]
        while block.ops[0].name == "jump" and not self.later and not block.phis:
            target = self.by_label[block.successors[0][0]]
            if target is block or self.ends_turn(block, target):
                break
            if any(self.places[number] != self.mover.where(values[block.label]) for number, values in target.phis):
                break
            block = target
        return block.label

    def jump(self, op: Op) -> None:
        label = self.block.successors[0][0]
        self.mover.parallel(self.moves_to(label))
        target = self.by_label[label]
        if self.ends_turn(self.block, target):
            self.test_again(target)
        elif self.next is None or self.next.label != label:
            self.out.jump(self.label(self.beyond(label)))

    def branch(self, op: Op) -> None:
        """The conditional jump is back to a loop's header, or to a seldom-run block, or to where there is nothing to move. What has to be
        moved on its way is done in a stub behind the code."""
        condition: Condition = op.extra
        (yes, _), (no, _) = self.block.successors
        following = self.next.label if self.next is not None else ""
        if_yes, if_no = self.moves_to(yes), self.moves_to(no)
        needs_yes, needs_no = self.needs(if_yes), self.needs(if_no)
        if not needs_no and self.end(no) in self.out.labels:
            outcome = False
        elif not needs_yes and (self.end(yes) in self.out.labels or (following != yes and not self.by_label[no].cold)):
            outcome = True
        else:
            outcome = following == no
        taken, moves, needs, going_on, others = (yes, if_yes, needs_yes, no, if_no) if outcome else (no, if_no, needs_no, yes, if_yes)
        if needs:
            target = self.fresh()
            self.stubs.append((target, self.label(taken), moves))
        else:
            target = self.end(taken)
        self.jump_if(condition, outcome, target)
        self.mover.parallel(others)
        if going_on != following:
            self.out.jump(self.end(going_on))

    def end(self, label: str) -> str:
        """The label to which a way leads in the end."""
        return self.label(self.beyond(label))

    @staticmethod
    def needs(moves: list[tuple[int, int]]) -> bool:
        """Whether any of the moves is one."""
        return bool(moves) and any(to != source for to, source in moves)


EMIT: dict[str, Callable[[Emitter, Op], None]] = {
    "load": Emitter.load, "store": Emitter.store, "count": Emitter.count, "address": Emitter.address, "sdiv": Emitter.divide,
    "srem": Emitter.divide,
    "shl": Emitter.shift, "lshr": Emitter.shift, "ashr": Emitter.shift, "icmp": Emitter.comparison, "fcmp": Emitter.comparison,
    "zext": Emitter.extend, "sext": Emitter.extend, "sitofp": Emitter.convert, "fptosi": Emitter.convert, "truth": Emitter.truth,
    "bitcast": Emitter.copied, "copy": Emitter.copied, "fneg": Emitter.sign, "fabs": Emitter.sign, "select": Emitter.select,
    "call": Emitter.call, "tail": Emitter.tail, "ret": Emitter.ret, "trap": Emitter.trap, "jump": Emitter.jump, "branch": Emitter.branch,
    **dict.fromkeys(("add", "sub", "mul", "and", "or", "xor", "add.o", "sub.o", "mul.o"), Emitter.plain),
    **dict.fromkeys(VECTOR, Emitter.arithmetic)}
NOPS: tuple[bytes, ...] = (
    b"", b"\x90", b"\x66\x90", b"\x0f\x1f\x00", b"\x0f\x1f\x40\x00", b"\x0f\x1f\x44\x00\x00", b"\x66\x0f\x1f\x44\x00\x00",
    b"\x0f\x1f\x80\x00\x00\x00\x00", b"\x0f\x1f\x84\x00\x00\x00\x00\x00", b"\x66\x0f\x1f\x84\x00\x00\x00\x00\x00")
NOPS += tuple(NOPS[9] + NOPS[rest] for rest in range(1, 7))
"""Instructions that do nothing, by length (Intel's manual, NOP)."""
