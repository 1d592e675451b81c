"""What a function's blocks are to each other: their order, which are seldom run, loops; and which operations need no code of their own."""
from __future__ import annotations

from jitvm.baseline.reader import NONE, Block, Function, Op, Unsupported, is_small

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PURE = frozenset(("add", "sub", "mul", "and", "or", "xor", "shl", "lshr", "ashr", "srem", "sdiv", "fadd", "fsub", "fmul", "fdiv",
                  "icmp", "fcmp", "load", "address", "zext", "sext", "sitofp", "fptosi", "truth", "copy", "bitcast", "fneg", "fabs",
                  "select"))
"""Operations that nobody misses where their value is not used."""
EFFECTS = frozenset(("store", "call", "trap"))
"""Operations over which a load cannot be moved."""
DEEPEST = 4


class Condition:
    """What a branch asks for: ``name`` is a comparison or ``test`` (a truth value), ``overflow`` (of the operation before), ``not``,
    ``and``, ``or`` of ``parts``. Operands are in ``operands``; ``address`` is that of a first operand in memory."""

    __slots__ = ("address", "extra", "name", "operands", "parts")

    def __init__(self, name: str, operands: tuple[int, ...] = (), extra: Any = None, parts: tuple[Condition, ...] = ()) -> None:
        self.name, self.operands, self.extra, self.parts = name, operands, extra, parts
        self.address: tuple[int, int, int, int] | None = None

    def uses(self) -> tuple[int, ...]:
        """The values that it takes."""
        if self.parts:
            return tuple([value for part in self.parts for value in part.uses()])
        if self.address is not None:
            return (*self.address[:2], *self.operands[1:])
        return self.operands


def arrange(function: Function) -> None:
    """Puts the blocks in the order in which they are written: those that run often first, the others behind. Unreachable ones go."""
    by_label = {block.label: block for block in function.blocks}
    order = {block.label: place for place, block in enumerate(function.blocks)}
    first = function.blocks[0]
    first.cold = False
    todo, seen = [first], {first.label}
    while todo:
        block = todo.pop()
        for label, likely in block.successors:
            other = by_label[label]
            if likely and not block.cold and other.cold:
                other.cold = False
                seen.add(label)
                todo.append(other)
            elif label not in seen:
                seen.add(label)
                todo.append(other)
    reached = [block for block in function.blocks if block.label in seen]
    for block in reached:
        for label, _ in block.successors:
            by_label[label].predecessors.append(block)
    for block in reached:
        if not block.cold:
            for label, _ in block.successors:
                if order[label] <= order[block.label]:
                    _count_loop(by_label[label], block)
    function.blocks = [block for block in reached if not block.cold] + [block for block in reached if block.cold]
    for place, block in enumerate(function.blocks):
        block.index = place


def _count_loop(header: Block, last: Block) -> None:
    """One loop more around the blocks from which ``last`` is reached without ``header``."""
    body, todo = {header.label}, [last]
    header.depth += 1
    while todo:
        block = todo.pop()
        if block.label not in body and not block.cold:
            body.add(block.label)
            block.depth += 1
            todo.extend(block.predecessors)


def simplify(function: Function) -> None:
    """Drops what nobody uses, and gives comparisons and loads to the branch that is their only user."""
    uses = function.uses = [0] * (len(function.widths) + len(function.constants))  # those of constants, from the end, say nothing
    for block in function.blocks:
        for op in block.ops:
            for value in op.operands:
                uses[value] += 1
        for number, values in block.phis:
            for value in values.values():
                if value != number:
                    uses[value] += 1
    for block in reversed(function.blocks):
        for op in reversed(block.ops):
            if op.name in PURE and not uses[op.dest]:
                for value in op.operands:
                    uses[value] -= 1
                op.name = ""
    for block in function.blocks:
        block.ops = [op for op in block.ops if op.name]
        block.phis = [phi for phi in block.phis if uses[phi[0]]]
        if block.selects or block.ops[-1].name == "branch":
            Conditions(function, block).run()
        count_in_memory(function, block)
    count_late(function)


def count_late(function: Function) -> None:
    """Has what a loop counts counted after the last use of the number before, so that both can be in one register."""
    counted = {value: number for block in function.blocks if block.depth for number, values in block.phis for value in values.values()
               if value >= 0}
    for block in function.blocks:
        if not block.depth or block.cold:
            continue
        ops = block.ops
        for op in [op for op in ops if op.name == "add" and op.dest in counted and counted[op.dest] == op.operands[0]]:
            place = ops.index(op)
            users = [at for at in range(place + 1, len(ops)) if op.operands[0] in ops[at].operands]
            # The last operation is a branch, perhaps on the flags that the one before it leaves.
            if users and users[-1] < len(ops) - 2 and not any(op.dest in other.operands for other in ops[place + 1:users[-1] + 1]):
                ops.insert(users[-1], ops.pop(place))


def count_in_memory(function: Function, block: Block) -> None:
    """Loads a number, adds a constant and stores it where it was: one instruction."""
    ops, uses, widths = block.ops, function.uses, function.widths
    found = False
    for place in range(len(ops) - 1, 1, -1):
        if ops[place].name != "store":
            continue
        load, add, store = ops[place - 2:place + 1]
        if (add.name == "add" and load.name == "load" and store.extra[0] == load.extra
                and store.operands[0] == add.dest and add.operands[0] == load.dest and add.operands[1] < 0
                and uses[add.dest] == 1 and uses[load.dest] == 1 and store.extra[1] == widths[load.dest] == 64
                and is_small(function.constants[~add.operands[1]])):
            store.name, store.operands = "count", (add.operands[1], *store.operands[1:])
            load.name = add.name = ""
            found = True
    if found:
        block.ops = [op for op in ops if op.name]


class Conditions:
    """The conditions of one block: of its branch, and of what selects between values."""

    def __init__(self, function: Function, block: Block) -> None:
        self.uses, self.block, self.constants, self.widths = function.uses, block, function.constants, function.widths
        self.made: dict[int, tuple[int, Op]] = {}
        self.effect = -1

    def run(self) -> None:
        """Finds them."""
        block = self.block
        last = block.ops[-1]
        for place, op in enumerate(block.ops):
            if op.name in EFFECTS:
                self.effect = place
            elif op.name == "select":
                self.select(op)
            self.made[op.dest] = place, op
        if last.name != "branch":
            block.ops = [op for op in block.ops if op.name]
            return
        before = next((op for op in reversed(block.ops[:-1]) if op.name), None)
        if before is not None and before.name.endswith(".o") and before.second == last.operands[0] and self.uses[last.operands[0]] == 1:
            condition = Condition("overflow")
            before.second = NONE
        else:
            condition = self.build(last.operands[0])
        last.extra, last.operands = condition, condition.uses()
        block.ops = [op for op in block.ops if op.name]

    def select(self, op: Op) -> None:
        """A comparison that is only there for a ``select`` that follows it."""
        found = self.made.get(op.operands[0])
        if found is not None and self.uses[op.operands[0]] == 1 and found[1].name in ("icmp", "fcmp"):
            _, test = found
            op.extra = Condition(test.name, test.operands, test.extra)
            test.name = ""
        else:
            op.extra = Condition("test", (op.operands[0],))
        op.operands = (*op.operands[1:], *op.extra.operands)

    def build(self, value: int) -> Condition:
        """The condition that a truth value is."""
        found = self.made.get(value) if value >= 0 and self.uses[value] == 1 else None
        if found is None:
            return Condition("test", (value,))
        _, op = found
        if op.name in ("icmp", "fcmp"):
            op_name, op.name = op.name, ""
            return self.leaf(Condition(op_name, op.operands, op.extra))
        if op.name in ("and", "or"):
            name, op.name = op.name, ""
            return Condition(name, parts=(self.build(op.operands[0]), self.build(op.operands[1])))
        if op.name == "xor" and op.operands[1] < 0:
            op.name = ""
            if self.constants[~op.operands[1]] != 1:
                raise Unsupported("xor of a truth value")
            return Condition("not", parts=(self.build(op.operands[0]),))
        return Condition("test", (value,))

    def leaf(self, condition: Condition) -> Condition:
        """A comparison, with its first operand in memory where that is only loaded for it."""
        first = condition.operands[0]
        found = self.made.get(first) if first >= 0 and self.uses[first] == 1 and condition.name == "icmp" else None
        if found is not None and found[1].name == "load" and found[0] > self.effect and self.widths[first] == condition.extra[1]:
            load = found[1]
            load.name = ""
            condition.address = load.extra
        return condition
