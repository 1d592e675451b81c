"""``yield`` and ``yield from``, and the beginning and the ends of a generator's code."""
from __future__ import annotations

from jitvm.frontend import tree as ast
from jitvm.frontend.calls import CallCompiler
from jitvm.spec.bytecodes import OPCODE_BITS
from jitvm.spec.layout import CO_ASYNC_GENERATOR, CO_SUSPENDS


class GeneratorCompiler(CallCompiler):
    """Emits what only generators have; ``frontend.suspension`` works out afterwards what is kept while they wait."""

    @property
    def is_generator(self) -> bool:
        """Whether the unit is a generator's or a coroutine's, or that of an asynchronous generator."""
        return bool(self.host.co_flags & CO_SUSPENDS)

    def effect(self, node: ast.expr) -> None:
        """An expression for its effect; nobody wants what is sent to a ``yield``."""
        if type(node) is ast.Yield:
            mark = self.top
            register = self.yielded(node)
            self.top = mark
            self.at = node
            self.emit("yield_effect", register)
        else:
            super().effect(node)

    def yielded(self, node: ast.Yield) -> int:
        """Evaluates what a ``yield`` gives."""
        mark = self.top
        register = self.load_constant(None) if node.value is None else self.operand(node.value)
        self.at = node
        return self.wrapped(register, mark)

    def wrapped(self, register: int, mark: int) -> int:
        """What an asynchronous generator gives is marked, in the temporary ``mark``; in others it is left where it is."""
        if not self.host.co_flags & CO_ASYNC_GENERATOR:
            return register
        result = self.result(mark, -1)
        self.emit("async_wrap", result, register)
        return result

    def yield_expression(self, node: ast.Yield, target: int) -> int:
        """``yield value``."""
        mark = self.top
        register = self.yielded(node)
        target = self.result(mark, target)
        self.at = node
        at = 2 * self.here
        self.emit("yield_value", target, register)
        if register >= self.first_temporary:
            self._words[at] |= 1 << OPCODE_BITS  # it is given away before the destination is written, even where they are the same
        return target

    def yield_from(self, node: ast.YieldFrom, target: int) -> int:
        """``yield from iterable``."""
        mark = self.top
        source = self.operand(node.value)
        self.top = mark
        iterator = self.push()
        self.at = node
        self.emit("yield_from_iter", iterator, source)
        return self.delegate(iterator, mark, target)

    def await_expression(self, node: ast.Await, target: int) -> int:
        """``await awaitable``."""
        mark = self.top
        source = self.operand(node.value)
        self.top = mark
        iterator = self.push()
        self.at = node
        self.emit("get_awaitable", iterator, source)
        return self.delegate(iterator, mark, target)

    def wait_for(self, register: int, kind: int) -> None:
        """Awaits what the topmost temporary holds: what __aenter__ gave (1), or __aexit__ (2); the result takes its place."""
        self.emit("get_awaitable", register, register, kind)
        self.delegate(register, register, -1)

    def delegate(self, iterator: int, mark: int, target: int) -> int:
        """Sends to an iterator until it has ended; its result."""
        value = self.load_constant(None)
        self.emit("yield_from", value, iterator)
        return self.moved(value, mark, target)

    def end_by_constant(self, value: object) -> None:
        """Returns a constant."""
        if self.is_generator:
            mark = self.top
            self.emit("end_generator", self.load_constant(value))
            self.top = mark
        else:
            self.emit("return_const", self.constant(value))

    def end_by_value(self, register: int) -> None:
        """Returns what a register holds."""
        self.emit("end_generator" if self.is_generator else "return_value", register)


GeneratorCompiler.VISITORS.update({ast.Yield: GeneratorCompiler.yield_expression, ast.YieldFrom: GeneratorCompiler.yield_from,
                                   ast.Await: GeneratorCompiler.await_expression})
