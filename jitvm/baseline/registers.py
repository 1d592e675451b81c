"""Which register or place in the frame holds each value, as long as it lives.

Time is counted in thirds of an operation: its operands are read at the first, what it destroys is gone at the second, its result is
there at the third. A value's life is a set of such moments, as the bits of one integer, and so is what a register is taken for; so
lives with holes in them cost nothing to compare. Values are given registers in the order of how often they are used by length of
life, which puts those of inner loops first. A value has one place for all its life; what gets no register is kept in the frame
(after the linear scan of Poletto and Sarkar, and the priorities of Chow and Hennessy).
"""
from __future__ import annotations

from jitvm.baseline.blocks import DEEPEST
from jitvm.baseline.reader import DOUBLE, NONE, Block, Function, Unsupported

RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 = range(16)
XMM = 16
SLOT = 32
"""Places: general registers from 0 on, vector registers from XMM, words of the frame from SLOT."""
GENERAL = (RCX, RSI, RDI, R8, R9, R10, RDX, RBX, R12, R13, R14, R15)
"""Without RAX and R11, which instructions need for themselves, and RBP, which callers want back."""
VECTORS = tuple(range(XMM, XMM + 15))
CALLER_SAVED = (RCX, RDX, RSI, RDI, R8, R9, R10, *VECTORS)
"""What a C function may change."""
ARGUMENTS = (RDI, RSI, RDX, RCX, R8, R9)
OWN_ARGUMENTS = (R12, R13, R14, R15, RDI, RSI, RDX, RCX, R8, R9)
"""Of LLVM's ``preserve_nonecc``, whose functions preserve nothing but RBP."""
DIVISIONS = frozenset(("sdiv", "srem"))
SHIFTS = frozenset(("shl", "lshr", "ashr"))
FRESH = frozenset(("load", "call", "icmp", "fcmp"))
"""Operations whose result has nothing to do with the place of an operand."""
MOMENTS = 3


class Lives:
    """When each value lives: ``spans`` by value, bits by moment; ``weights``, how often it is used."""

    def __init__(self, function: Function) -> None:
        self.function = function
        count = len(function.widths)
        self.spans = [0] * count
        self.weights = [0.0] * count
        self.begun: list[int] = [0] * count
        self.starts: list[int] = []
        self.ends: list[int] = []

    def find(self) -> None:
        """Finds them: first which values live between blocks, then the moments within."""
        blocks = self.function.blocks
        by_label = {block.label: block for block in blocks}
        count = len(blocks)
        defined, used, last_uses = [0] * count, [0] * count, [0] * count
        time = MOMENTS
        for block in blocks:
            self.starts.append(time)
            time += MOMENTS * len(block.ops)
            self.ends.append(time)
            defined[block.index], used[block.index] = _block_sets(block)
        for block in blocks:
            for _, values in block.phis:
                for label, value in values.items():
                    if value >= 0 and label in by_label:
                        last_uses[by_label[label].index] |= 1 << value
        following = [[by_label[label].index for label, _ in block.successors] for block in blocks]
        entering, leaving = [0] * count, [0] * count
        changed = True
        while changed:
            changed = False
            for index in range(count - 1, -1, -1):
                out = last_uses[index]
                for other in following[index]:
                    out |= entering[other]
                into = used[index] | out & ~defined[index]
                leaving[index] = out
                if into != entering[index]:
                    entering[index] = into
                    changed = True
        if entering[0] & ~sum(1 << value for value in self.function.parameters):
            raise Unsupported("a value on a way on which it is not defined")
        # What a phi defines lives from its block's first moment, so it does not come in from outside.
        self.fill(entering, leaving)

    def fill(self, entering: list[int], leaving: list[int]) -> None:
        """The moments, from what lives between blocks. A span goes on over blocks that follow each other in the code."""
        alive, spans, begun = 0, self.spans, self.begun
        for block in self.function.blocks:
            index = block.index
            start, end = self.starts[index], self.ends[index]
            into, out = entering[index], leaving[index]
            for value in _bits(alive & ~into):
                spans[value] |= (1 << start) - (1 << begun[value])
            for value in _bits(into & ~alive):
                begun[value] = start
            self.inside(block, start, out)
            alive = out
            # A value that came in and does not go on was ended inside.
        for value in _bits(alive):
            spans[value] |= (1 << end) - (1 << begun[value])

    def alive_at(self, value: int, moment: int) -> int:
        """Whether a value lives at a moment."""
        return self.spans[value] >> moment & 1

    def inside(self, block: Block, start: int, out: int) -> None:
        """Begins and ends the lives of one block's values."""
        spans, begun, weights = self.spans, self.begun, self.weights
        often = weight(block)
        finals: dict[int, int] = {}
        for number, values in block.phis:
            begun[number] = start
            finals[number] = start
            weights[number] += often
            for value in values.values():
                if value >= 0:
                    weights[value] += often
        time = start
        for op in block.ops:
            late = time + (op.name in DIVISIONS)
            for value in op.operands:
                if value >= 0:
                    finals[value] = late
                    weights[value] += often
            for value in (op.dest, op.second):
                if value >= 0:
                    begun[value] = finals[value] = time + 2
                    weights[value] += often
            time += MOMENTS
        for value, final in finals.items():
            if not out >> value & 1:
                spans[value] |= (2 << final) - (1 << begun[value])


def weight(block: Block) -> float:
    """How often a block is run, as far as loops and branches tell."""
    return 0.01 if block.cold else 8.0 ** min(block.depth, DEEPEST)


def _block_sets(block: Block) -> tuple[int, int]:
    """The values that a block defines, and those that it uses from before."""
    defined = used = 0
    for number, _ in block.phis:
        defined |= 1 << number
    for op in block.ops:
        for value in op.operands:
            if value >= 0:
                bit = 1 << value
                if not defined & bit:
                    used |= bit
        if op.dest >= 0:
            defined |= 1 << op.dest
        if op.second >= 0:
            defined |= 1 << op.second
    return defined, used


def _bits(word: int) -> list[int]:
    """The places of the bits that are set."""
    out = []
    while word:
        low = word & -word
        out.append(low.bit_length() - 1)
        word ^= low
    return out


class Split:
    """Values that are in a register before a function's first call of its own kind, which leaves none of them alone, and in the frame
    from there on: a way through the function without such a call stores nothing.

    ``moments`` are those before, ``first`` the register of each such value. A block is ``before`` where no such call leads to it.
    """

    def __init__(self, allocation: Allocation) -> None:
        self.allocation = allocation
        self.first: dict[int, int] = {}
        self.moments = 0
        self.after: set[int] = set()
        function, lives = allocation.function, allocation.lives
        self.calls = [block for block in function.blocks if not block.cold and any(op.name == "call" and op.extra[1] for op in block.ops)]
        if self.calls:
            self.find(function, lives)

    def find(self, function: Function, lives: Lives) -> None:
        """Finds the moments before."""
        by_label = {block.label: block for block in function.blocks}
        todo = [by_label[label] for block in self.calls for label, _ in block.successors]
        while todo:
            block = todo.pop()
            if block.index not in self.after:
                self.after.add(block.index)
                todo.extend([by_label[label] for label, _ in block.successors])
        for block in function.blocks:
            if block.index not in self.after:
                start, end = lives.starts[block.index], lives.ends[block.index]
                if block in self.calls:
                    place = next(place for place, op in enumerate(block.ops) if op.name == "call" and op.extra[1])
                    end = start + MOMENTS * place + 1
                self.moments |= (1 << end) - (1 << start)

    def give(self, value: int, span: int, kinds: tuple[int, ...], vector: bool) -> None:
        """Finds a register for a value for the time before."""
        taken, part = self.allocation.taken, span & self.moments
        for place in kinds:
            if place < SLOT and not taken[place] & part and (place >= XMM) == vector:
                taken[place] |= part
                self.first[value] = place
                return


class Allocation:
    """The place of each value (``places``), and how many words of the frame they take (``slots``)."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.lives = Lives(function)
        self.lives.find()
        self.places: list[int] = [NONE] * len(function.widths)
        self.taken: list[int] = [0] * SLOT
        self.changed: list[int] = [0] * SLOT
        self.calls: list[tuple[int, float, bool]] = []
        self.likes: dict[int, list[int]] = {}
        self.wanted: dict[int, int] = {}
        self.leaders = list(range(len(function.widths)))
        self.destroy()
        self.unite()
        self.prefer()
        self.split = Split(self)
        self.give()
        self.slots = len(self.taken) - SLOT
        self.saved: dict[int, int] = {}
        self.alone: dict[int, list[int]] = {}
        self.save()

    def destroy(self) -> None:
        """Takes registers for the moments at which operations destroy what is in them, and notes when calls change them (``changed``,
        ``calls``). What lives in such a register is saved there: always where the call is seldom made, else if that costs least."""
        by_calls = by_own = 0
        for block in self.function.blocks:
            moment = self.lives.starts[block.index] + 1
            for op in block.ops:
                name = op.name
                if name == "call":
                    own = op.extra[1]
                    self.calls.append((1 << moment, 0.0 if block.cold else weight(block), own))
                    if block.cold:
                        pass
                    elif own:
                        by_own |= 1 << moment
                    else:
                        by_calls |= 1 << moment
                elif name in DIVISIONS:
                    self.taken[RDX] |= 1 << moment
                elif name in SHIFTS and op.operands[1] >= 0:
                    self.taken[RCX] |= 1 << moment
                moment += MOMENTS
        for place in CALLER_SAVED:
            self.changed[place] = by_calls
        for place in (*GENERAL, *VECTORS):
            self.changed[place] |= by_own

    def unite(self) -> None:
        """Has a phi and its operands share one place where their lives are apart: loops first, the innermost of them before others."""
        spans, weights, leaders = self.lives.spans, self.lives.weights, self.leaders
        rows = [(-block.depth, block.cold, number, values) for block in self.function.blocks for number, values in block.phis]
        rows.sort(key=lambda row: row[:2])
        for _, _, number, values in rows:
            for value in values.values():
                if value < 0:
                    continue
                first, second = self.leader(number), self.leader(value)
                if first != second and not spans[first] & spans[second]:
                    leaders[second] = first
                    spans[first] |= spans[second]
                    weights[first] += weights[second]
                    spans[second] = 0

    def leader(self, value: int) -> int:
        """The value in whose place a value is."""
        leaders = self.leaders
        while leaders[value] != value:
            value = leaders[value]
        return value

    def prefer(self) -> None:
        """Notes which values should share a place, so that no move is needed between them."""
        for place, value in zip(OWN_ARGUMENTS, self.function.parameters, strict=False):
            self.wanted[self.leader(value)] = place
        for block in self.function.blocks:
            for number, values in block.phis:
                for value in values.values():
                    if value >= 0:
                        self.like(number, value)
            for op in block.ops:
                if op.dest >= 0 and op.name not in FRESH and op.operands[0] >= 0:
                    self.like(op.dest, op.operands[0])

    def like(self, first: int, second: int) -> None:
        """One value should be where the other is."""
        first, second = self.leader(first), self.leader(second)
        if first != second:
            self.likes.setdefault(first, []).append(second)
            self.likes.setdefault(second, []).append(first)

    def give(self) -> None:
        """Gives the places."""
        spans, weights, widths = self.lives.spans, self.lives.weights, self.function.widths
        order = [(-weights[value] / span.bit_count(), value) for value, span in enumerate(spans) if span]
        order.sort()
        places, taken, changed = self.places, self.taken, self.changed
        for _, value in order:
            span = spans[value]
            kind = VECTORS if widths[value] == DOUBLE else GENERAL
            liked = [places[other] for other in self.likes.get(value, ()) if places[other] >= 0]
            if value in self.wanted:
                liked.append(self.wanted[value])
            saved = NONE
            for place in (*liked, *kind):
                if place < SLOT and not taken[place] & span and (place >= XMM) == (kind is VECTORS):
                    if not changed[place] & span:
                        break
                    if saved == NONE:
                        saved = place
            else:
                place = NONE
                if saved != NONE and weights[value] > 2 * sum([often for moment, often, _ in self.calls if moment & span]):
                    place = saved
            if place == NONE:
                place = self.slot(span)
                if span & self.split.moments:
                    self.split.give(value, span, (*liked, *kind), kind is VECTORS)
            places[value] = place
            taken[place] |= span
        first = self.split.first
        for value in range(len(places)):
            leader = self.leader(value)
            places[value] = places[leader]
            if leader in first:
                first[value] = first[leader]

    def slot(self, span: int) -> int:
        """A word of the frame that is free for a span."""
        taken = self.taken
        for place in range(SLOT, len(taken)):
            if not taken[place] & span:
                return place
        taken.append(0)
        return len(taken) - 1

    def save(self) -> None:
        """Finds words of the frame for the registers that calls save."""
        moments = sum(moment for moment, _, _ in self.calls)
        own_moments = sum(moment for moment, _, own in self.calls if own)
        for place in (*GENERAL, *VECTORS):
            if self.taken[place] & (moments if place in CALLER_SAVED else own_moments):
                self.saved[place] = SLOT + self.slots + len(self.saved)

    def residents(self, place: int) -> list[int]:
        """The values that are in a place all their lives, and got it for themselves: each is defined once."""
        if not self.alone:
            shared = {self.leader(value) for value, leader in enumerate(self.leaders) if leader != value}
            for value, there in enumerate(self.places):
                if there >= 0 and self.leaders[value] == value and value not in shared and value not in self.split.first:
                    self.alone.setdefault(there, []).append(value)
        return self.alone.get(place, [])
