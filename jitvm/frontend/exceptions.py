"""``raise``, ``try`` and ``with``: the code of handlers, in the shape that the host gives them.

A handler of the host's begins by making its exception the one being handled, and everything up to its end is covered by
a second handler which undoes that and raises on.
"""
from __future__ import annotations

from jitvm.frontend import tree as ast
from jitvm.frontend.assembler import Label, Place, Region
from jitvm.frontend.blocks import FinallyBlock, HandlerBlock, LoopBlock, TryBlock, WithBlock
from jitvm.frontend.scopes import Comprehension
from jitvm.frontend.statements import StatementCompiler
from jitvm.frontend.tree import cast


class ExceptionCompiler(StatementCompiler):
    """Emits the statements that raise, catch and clean up."""

    def raise_statement(self, node: ast.Raise) -> None:
        """``raise``, ``raise exception``, ``raise exception from cause``."""
        mark = self.top
        if node.exc is None:
            self.at = node
            self.emit("raise_0")
            return
        exception = self.operand(node.exc, node.cause)
        if node.cause is None:
            self.at = node
            self.emit("raise_1", exception)
        else:
            cause = self.operand(node.cause)
            self.at = node
            self.emit("raise_2", exception, cause)
        self.top = mark

    # -- handlers --------------------------------------------------------------------------------------------------
    def cover(self, register: int) -> Region:
        """A region whose handler finds the exception in ``register``, everything above being cleared."""
        return self.protect(register, register)

    def cover_noting(self, register: int) -> Region:
        """As ``cover``, for a handler that begins with ``note_position``: it needs the register before the exception's."""
        return self.protect(register + 1, register)

    def note_position(self, region: Region) -> int:
        """Begins the handler of a region made by ``cover_noting``; gives the register of the position, for ``reraise_at``."""
        position = region.register - 1
        self.bound = UNSET
        self.place(region.target)
        self.emit("load_position", position)
        return position

    def raise_on(self, region: Region) -> None:
        """Ends the handler of a region made by ``cover_noting``: the exception goes on as if it had not come here."""
        self.emit("reraise_at", region.register, region.register - 1)

    def begin_handler(self, region: Region) -> tuple[HandlerBlock, Region]:
        """Starts the handler of ``region``: its exception becomes the one handled.

        Gives its block, and the region of the code that must undo this.
        """
        exception = region.register
        if region.register > region.depth:
            self.note_position(region)
        else:
            self.bound = UNSET
            self.place(region.target)
        self.top = exception + 1
        saved = self.push()
        self.emit("push_exc", saved, exception, keep=1)
        cleanup = self.cover_noting(self.top)
        block = HandlerBlock([cleanup], saved=saved, exception=exception)
        self.enter(block)
        return block, cleanup

    def end_handler(self, block: HandlerBlock, cleanup: Region) -> None:
        """Emits what undoes the beginning of a handler when an exception leaves it; control never comes here else."""
        if cleanup.target.bound >= 0:
            self.note_position(cleanup)
            self.emit("pop_exc", block.saved)
            self.raise_on(cleanup)
        self.top = block.exception

    def try_statement(self, node: ast.Try) -> None:
        """``try``: the part with handlers stands within the part with ``finally``."""
        if node.finalbody:
            self.try_finally(node)
        else:
            self.try_except(node)

    def try_finally(self, node: ast.Try | ast.TryStar) -> None:
        """``try`` / ``finally``: the body of ``finally`` is repeated for each way out."""
        region = self.cover(self.top)
        block = FinallyBlock([region], body=node.finalbody)
        self.enter(block)
        if isinstance(node, ast.TryStar):
            self.try_except_star(node)
        elif node.handlers:
            self.try_except(node)
        else:
            self.body(node.body)
            self.body(node.orelse)
        self.leave()
        self.body(node.finalbody)
        if region.target.bound < 0:
            return
        end = Label()
        self.at = node
        self.jump(end)
        handler, cleanup = self.begin_handler(region)
        self.body(node.finalbody)
        if self.reachable:
            self.reraise_everywhere(handler.exception)
        self.leave()
        self.end_handler(handler, cleanup)
        self.place(end)

    def try_except(self, node: ast.Try) -> None:
        """``try`` / ``except`` / ``else``."""
        region = self.cover(self.top)
        self.enter(TryBlock([region]))
        self.body(node.body)
        self.leave()
        self.body(node.orelse)
        end = Label()
        self.at = node
        self.jump(end)
        if region.target.bound >= 0:
            block, cleanup = self.begin_handler(region)
            for handler in node.handlers:
                if not self.reachable:
                    break
                self.except_clause(handler, block, end)
            if self.reachable:
                self.at = node
                self.emit("reraise", block.exception)
            self.leave()
            self.end_handler(block, cleanup)
        self.place(end)

    def except_clause(self, node: ast.ExceptHandler, block: HandlerBlock, end: Label) -> None:
        """One ``except`` clause; the exception that it doesn't match is still there for the next."""
        mark = self.top
        other = Label()
        if node.type is not None:
            kind = self.operand(node.type)
            self.at = node
            self.emit_jump("branch_no_match", other, block.exception, kind, keep=1)
            self.top = mark
        self.at = node
        if node.name is None:
            self.clear(block.exception)
            self.body(node.body)
            self.end_clause(node, block, end)
        else:
            self.named_clause(node, node.name, block, end)
        self.top = mark
        self.place(other)

    def end_clause(self, node: ast.ExceptHandler, block: HandlerBlock, end: Label) -> None:
        """Leaves a handler by its end."""
        if self.reachable:
            for region in block.regions:
                self.suspend(region)
            self.at = node
            self.emit("pop_exc", block.saved)
            if node.name is not None:
                self.forget_name(node.name)
            self.jump(end)
            for region in block.regions:
                self.resume(region)

    def named_clause(self, node: ast.ExceptHandler, name: str, block: HandlerBlock, end: Label) -> None:
        """The body of ``except ... as name``: the name is unbound on every way out."""
        self.store_name(name, block.exception)
        region = self.cover_noting(self.top)
        block.regions.insert(0, region)
        block.name = name
        self.body(node.body)
        block.name = None
        self.suspend(block.regions.pop(0))
        self.end_clause(node, block, end)
        if region.target.bound >= 0:
            self.at = node
            self.note_position(region)
            self.top = region.register + 1
            self.forget_name(name)
            self.raise_on(region)

    def reraise_everywhere(self, exception: int) -> None:
        """Ends a ``finally``: the host has a copy of this for each jump here, which shows where the jump is."""
        jumps = [number for number, row in enumerate(self._jumps) if row[2].unit == self.here]
        bound = self.bound
        if not self.ended:
            self.emit("reraise", exception)
        for number in jumps:
            unit, field, _ = self._jumps[number]
            label = Label()
            self.bound = label.bound = bound
            self.place(label)
            self._jumps[number] = unit, field, label
            self.at = next(mark[2] for mark in self._marks if mark[0] == unit)
            self.emit("reraise", exception)

    # -- with ------------------------------------------------------------------------------------------------------
    def async_for(self, node: ast.AsyncFor) -> None:
        """``async for`` / ``else``."""
        mark, nest = self.top, self.nest
        source = self.operand(node.iter)
        self.top = mark
        self.at = node
        iterator = self.push()
        self.emit("async_iter", iterator, source)
        exhausted = Label()
        block = LoopBlock(iterator=iterator)
        self.place(block.again)
        header = self.loop_header(nest)
        region = self.async_item(iterator, node.target)
        self.loop_body(node, block, header, nest)
        self.async_end(node, region, iterator, exhausted)
        self.top = mark
        self.place(exhausted)
        self.body(node.orelse)
        self.place(block.end)

    def async_generator_loop(self, node: Comprehension, number: int, gathered: int, nest: int) -> None:
        """An ``async for`` of a comprehension and all within."""
        generator = node.generators[number]
        mark = self.top
        if number:
            source = self.iterable(generator.iter)
            self.top = mark
            self.at = self.owner
            self.emit("async_iter", iterator := self.push(), source)
        else:
            self.at = self.owner
            self.emit("move", iterator := self.push(), 0)
        again, exhausted = Label(), Label()
        self.place(again)
        header = self.loop_header(nest)
        region = self.async_item(iterator, generator.target)
        self.filtered(node, number, gathered, nest + 1, again)
        self.at = self.owner
        self.jump(again)
        self.end_loop(header, nest)
        self.async_end(self.owner, region, iterator, exhausted)
        self.top = mark
        self.place(exhausted)

    def async_item(self, iterator: int, target: ast.expr) -> Region:
        """Waits for the next item and stores it; the region in which StopAsyncIteration is the end."""
        region = self.cover(self.top)
        item = self.push()
        self.emit("async_next", item, iterator, keep=1)
        self.delegate(item, item, -1)
        self.suspend(region)
        self.store(target, item)
        self.top = item
        return region

    def async_end(self, node: Place, region: Region, iterator: int, exhausted: Label) -> None:
        """The handler that ends an ``async for``: StopAsyncIteration is its end, all else goes on."""
        other = Label()
        self.bound = UNSET
        self.place(region.target)
        self.top = region.register
        exception = self.push()
        self.at = node
        self.emit_jump("branch_no_async_end", other, exception, keep=1)
        self.clear(exception)
        self.clear(iterator)
        self.jump(exhausted)
        self.place(other)
        self.emit("reraise", exception)

    def with_statement(self, node: ast.With | ast.AsyncWith) -> None:
        """``with a as b, c as d``."""
        self.with_item(node, 0)

    def with_item(self, node: ast.With | ast.AsyncWith, number: int) -> None:
        """The item ``number`` of a ``with`` statement and all within."""
        if number == len(node.items):
            self.body(node.body)
            return
        item = node.items[number]
        mark = self.top
        manager = self.operand(item.context_expr)
        leave, entered = self.push(), self.push()
        self.at = node
        waits = isinstance(node, ast.AsyncWith)
        self.emit("async_enter" if waits else "with_enter", leave, manager)
        if waits:
            self.wait_for(entered, 1)
        region = self.cover_noting(entered)
        block = WithBlock([region], leave=leave, place=node)
        self.enter(block)
        if item.optional_vars is None:
            self.clear(entered)
        else:
            self.store(item.optional_vars, entered)
        self.top = entered
        self.with_item(node, number + 1)
        self.leave()
        end = Label()
        if self.reachable:
            self.call_exit(block)
            self.jump(end)
        self.with_handler(node, block, region)
        self.place(end)
        self.top = mark

    def with_handler(self, node: ast.With | ast.AsyncWith, block: WithBlock, region: Region) -> None:
        """The handler of a ``with``: ``__exit__`` may swallow the exception."""
        swallowed = Label()
        self.at = node
        handler, cleanup = self.begin_handler(region)
        answer = self.push()
        self.emit("with_exit", answer, block.leave, handler.exception, keep=1)
        if isinstance(node, ast.AsyncWith):
            self.wait_for(answer, 2)
        self.emit_jump("branch_true", swallowed, answer)
        self.raise_on(region)
        self.leave()
        self.end_handler(handler, cleanup)
        self.place(swallowed)
        self.emit("pop_exc", handler.saved)
        self.clear(handler.exception)
        self.clear(region.register - 1)
        self.clear(block.leave)

    # -- except* ---------------------------------------------------------------------------------------------------
    def try_star(self, node: ast.TryStar) -> None:
        """``try`` / ``except*``."""
        if not node.finalbody:
            self.try_except_star(node)
            return
        self.try_finally(node)

    def try_except_star(self, node: ast.TryStar) -> None:
        """``try`` / ``except*`` / ``else``: each clause takes its part of what came; what they leave or raise goes on together."""
        region = self.cover(self.top)
        self.enter(TryBlock([region]))
        self.body(node.body)
        self.leave()
        otherwise, end = Label(), Label()
        self.at = node
        self.jump(otherwise)
        if region.target.bound >= 0:
            block, cleanup = self.begin_handler(region)
            self.at = node.handlers[0]
            raised = self.push()
            self.emit("build_list", raised, raised, 0)
            rest = self.push()
            self.emit("move", rest, block.exception, keep=1)
            for handler in node.handlers:
                if self.reachable:
                    self.star_clause(handler, raised, rest)
            if self.reachable:
                self.emit("list_append", raised, rest, keep=1)
                self.top = rest
                self.raise_together(block, raised, end)
            else:
                self.leave()
            self.end_handler(block, cleanup)
        self.place(otherwise)
        self.body(node.orelse)
        self.place(end)

    def star_clause(self, node: ast.ExceptHandler, raised: int, rest: int) -> None:
        """One clause: what it raises is added to ``raised``, ``rest`` is what no clause has taken yet."""
        mark = self.top
        taken, other = Label(), Label()
        kind = self.operand(cast(ast.expr, node.type))
        self.at = node
        match = self.result(mark, -1)
        self.emit("check_group", match, rest, kind)
        self.emit_jump("branch_is_not_k", taken, match, self.constant(None), keep=1)
        self.clear(match)
        self.jump(other)
        self.place(taken)
        if node.name is None:
            self.clear(match)
        else:
            self.store_name(node.name, match)
        self.top = mark
        region = self.cover_noting(mark)
        self.enter(TryBlock([region]))
        self.body(node.body)
        self.leave()
        self.leave_star_clause(node, other)
        if region.target.bound >= 0:
            self.note_position(region)
            self.top = region.register + 1
            self.at = node
            if node.name is not None:
                self.forget_name(node.name)
            self.emit("list_append", raised, region.register, keep=1)
            self.clear(region.register - 1)
            self.jump(other)
        self.top = mark
        self.place(other)

    def leave_star_clause(self, node: ast.ExceptHandler, end: Label) -> None:
        """The end of a clause's body."""
        if self.reachable:
            self.at = node
            if node.name is not None:
                self.forget_name(node.name)
            self.jump(end)

    def raise_together(self, block: HandlerBlock, raised: int, end: Label) -> None:
        """After the last clause: raises what is to go on, if anything is."""
        again = Label()
        self.emit("prepare_reraise", raised, block.exception, raised)
        self.emit_jump("branch_is_not_k", again, raised, self.constant(None), keep=1)
        self.clear(raised)
        self.leave()
        self.emit("pop_exc", block.saved)
        self.jump(end)
        self.place(again)
        self.emit("pop_exc", block.saved)
        self.emit("reraise", raised)


UNSET = -1
"""Where a handler starts nothing is known but what its region says: control does not fall into it."""

ExceptionCompiler.STATEMENTS.update({
    ast.Raise: ExceptionCompiler.raise_statement, ast.Try: ExceptionCompiler.try_statement,
    ast.TryStar: ExceptionCompiler.try_star, ast.With: ExceptionCompiler.with_statement,
    ast.AsyncWith: ExceptionCompiler.with_statement, ast.AsyncFor: ExceptionCompiler.async_for,
})
