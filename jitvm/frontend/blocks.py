"""Blocks around a statement, and how control leaves them: what ``return``, ``break`` and ``continue`` undo on the way."""
from __future__ import annotations

from jitvm.frontend import tree as ast
from jitvm.frontend.assembler import Label, Place, Region
from jitvm.frontend.functions import FunctionCompiler


class Block:
    """A statement that control is in. ``regions`` are the handlers that cover its code, innermost first.

    ``silent``: whether nothing is to be done when control leaves.
    """

    __slots__ = ("regions",)
    silent = False

    def __init__(self, regions: list[Region]) -> None:
        self.regions = regions


class TryBlock(Block):
    """The part of a ``try`` that handlers cover."""

    __slots__ = ()
    silent = True


class LoopBlock(Block):
    """A loop: ``iterator`` is the register of a ``for`` loop's iterator, -1 for ``while``."""

    __slots__ = ("again", "end", "iterator")
    silent = True

    def __init__(self, iterator: int = -1) -> None:
        super().__init__([])
        self.again, self.end, self.iterator = Label(), Label(), iterator


class FinallyBlock(Block):
    """The part of a ``try`` that ``body`` follows in any case."""

    __slots__ = ("body",)

    def __init__(self, regions: list[Region], body: list[ast.stmt]) -> None:
        super().__init__(regions)
        self.body = body


class HandlerBlock(Block):
    """A handler: ``saved`` holds the exception that was being handled before, ``exception`` the one that came.

    ``name`` is that of ``except ... as name``, which is unbound at the end.
    """

    __slots__ = ("exception", "name", "saved")

    def __init__(self, regions: list[Region], saved: int, exception: int) -> None:
        super().__init__(regions)
        self.saved, self.exception = saved, exception
        self.name: str | None = None


class WithBlock(Block):
    """The body of a ``with``; ``leave`` holds the bound ``__exit__``."""

    __slots__ = ("leave", "place")

    def __init__(self, regions: list[Region], leave: int, place: Place) -> None:
        super().__init__(regions)
        self.leave, self.place = leave, place


class ValueBlock(Block):
    """The body of a ``finally`` on the way of a ``return``, whose value waits in ``register``."""

    __slots__ = ("register",)

    def __init__(self, register: int) -> None:
        super().__init__([])
        self.register = register


class BlockCompiler(FunctionCompiler):
    """Keeps the blocks that enclose the statement being compiled, and emits what undoes them."""

    def body(self, statements: list[ast.stmt]) -> None:
        """Emits statements in order, as far as control can come; see ``StatementCompiler``."""
        raise NotImplementedError

    @property
    def blocks(self) -> list[Block]:
        """The enclosing blocks, outermost first."""
        return self._blocks

    _blocks: list[Block]

    def enter(self, block: Block) -> None:
        """Goes into a block."""
        self._blocks.append(block)

    def leave(self) -> None:
        """Goes out of the innermost block, by its end."""
        for region in self._blocks.pop().regions:
            self.suspend(region)

    def unwind(self, count: int, returns: bool, value: int = -1) -> list[Block]:
        """Leaves the ``count`` innermost blocks for a jump; ``rewind`` with the result comes back to their inside.

        A ``return`` gives the register of its ``value`` if it has one that is not constant.
        """
        left: list[Block] = []
        for _ in range(count):
            block = self._blocks.pop()
            left.append(block)
            for region in block.regions:
                self.suspend(region)
            self.undo(block, returns, value)
            if not self.reachable:
                break
        return left

    def rewind(self, left: list[Block]) -> None:
        """Goes back into the blocks that ``unwind`` left."""
        for block in reversed(left):
            for region in block.regions:
                self.resume(region)
            self._blocks.append(block)

    def undo(self, block: Block, returns: bool, value: int) -> None:
        """Emits what leaving ``block`` by a jump takes. A ``return`` leaves what the end of the frame drops anyway.

        Where something else is to run on the way out, in a ``finally`` around it, it must not.
        """
        leaves = returns and not self.is_generator and all(outer.silent for outer in self._blocks)
        if isinstance(block, LoopBlock):
            if block.iterator >= 0 and not leaves:
                self.clear(block.iterator)
        elif isinstance(block, FinallyBlock):
            if value >= 0:
                self.enter(ValueBlock(register=value))
            self.body(block.body)
            if value >= 0:
                self.leave()
        elif isinstance(block, ValueBlock):
            if not leaves:
                self.clear(block.register)
        elif isinstance(block, HandlerBlock):
            self.emit("pop_exc", block.saved)
            if not leaves:
                self.clear(block.exception)
            if block.name is not None:
                self.forget_name(block.name)
        elif isinstance(block, WithBlock):
            self.call_exit(block)

    def call_exit(self, block: WithBlock) -> None:
        """Calls ``__exit__(None, None, None)`` where no exception came."""
        self.at = block.place
        base = self.push()
        self.emit("take", base, block.leave)
        for _ in range(3):
            self.load_constant(None)
        self.emit("call", base, base, 3)
        if isinstance(block.place, ast.AsyncWith):
            self.wait_for(base, 2)
        self.clear(base)
        self.top = base

    # -- jumps -----------------------------------------------------------------------------------------------------
    def return_statement(self, node: ast.Return) -> None:
        """``return value``: the value is evaluated first, then the blocks are left."""
        silent = all(block.silent for block in self._blocks)
        mark = self.top
        constant = node.value is None or isinstance(node.value, ast.Constant)
        register = -1
        if not constant and node.value is not None:
            register = self.operand(node.value) if silent else self.value(node.value, -1)
        left = self.unwind(len(self._blocks), True, register)
        if self.reachable:
            self.at = node
            if constant:
                value = node.value.value if isinstance(node.value, ast.Constant) else None
                self.end_by_constant(value)
            else:
                self.end_by_value(register)
        self.rewind(left)
        self.top = mark

    def jump_out(self, node: ast.Break | ast.Continue) -> None:
        """``break`` and ``continue``."""
        self.at = node
        count = next(number for number, block in enumerate(reversed(self._blocks)) if isinstance(block, LoopBlock))
        loop = self._blocks[-1 - count]
        assert isinstance(loop, LoopBlock)
        breaks = isinstance(node, ast.Break)
        left = self.unwind(count + breaks, False)
        self.jump(loop.end if breaks else loop.again)
        self.rewind(left)
