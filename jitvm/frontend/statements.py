"""Statements: assignments, conditions, loops, imports, and the body of a unit."""
from __future__ import annotations

import sys

from jitvm.frontend import tree as ast
from jitvm.frontend.assembler import Label
from jitvm.frontend.blocks import Block, BlockCompiler, LoopBlock
from jitvm.frontend.code import REASONS, Unsupported
from jitvm.frontend.constants import NOT_CONSTANT, fold
from jitvm.frontend.expressions import INPLACE_NAMES, attribute_place
from jitvm.frontend.functions import annotation_text
from jitvm.frontend.scopes import mangle
from jitvm.frontend.tree import cast
from jitvm.spec.layout import FUTURE_ANNOTATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType
    from typing import Any, ClassVar

    Statement = Callable[[Any, Any], None]


class StatementCompiler(BlockCompiler):
    """Emits statements."""

    STATEMENTS: ClassVar[dict[type, Statement]] = {}

    def __init__(self, code: CodeType, private: str | None, walrus: frozenset[str]) -> None:
        super().__init__(code, private, walrus)
        self._blocks: list[Block] = []
        self.nest = 0
        self.owner = self.at

    def unsupported(self, reason: str, node: ast.AST) -> Exception:
        """The exception for something that the VM does not take."""
        return Unsupported(REASONS[reason], getattr(node, "lineno", self.host.co_firstlineno))

    def body(self, statements: list[ast.stmt]) -> None:
        """Emits statements in order, as far as control can come."""
        table = self.STATEMENTS
        for statement in statements:
            if self.bound < 0:
                return
            table[type(statement)](self, statement)

    def no_statement(self, node: ast.stmt) -> None:
        """``pass``, ``global``, ``nonlocal``: nothing is done when they run."""

    def expression_statement(self, node: ast.Expr) -> None:
        """An expression for its effect."""
        self.effect(node.value)

    # -- assignment ------------------------------------------------------------------------------------------------
    def assign(self, node: ast.Assign) -> None:
        """``a = b = value``."""
        targets = node.targets
        mark = self.top
        if len(targets) > 1:
            names = all(isinstance(target, ast.Name) for target in targets)
            source = self.operand(node.value) if names else self.value(node.value, -1)
            for target in targets[:-1]:
                self.store(target, source, keep=True)
            self.store(targets[-1], source)
            self.top = mark
            return
        target = targets[0]
        if isinstance(target, ast.Name):
            self.assign_name(target, node.value)
        elif (isinstance(target, (ast.Tuple, ast.List)) and isinstance(node.value, (ast.Tuple, ast.List))
              and len(target.elts) == len(node.value.elts)
              and not any(isinstance(item, ast.Starred) for item in target.elts + node.value.elts)):
            for item in node.value.elts:
                self.value(item, -1)
            for number in self.order_of_stores(target.elts, node.value):
                self.store(target.elts[number], mark + number)
        else:
            self.store(target, self.operand(node.value, target))
        self.top = mark

    def order_of_stores(self, targets: list[ast.expr], value: ast.expr) -> Iterable[int]:
        """In which order a display is assigned to as many targets. What they held before dies in that order.

        The host reverses two or three items on its stack by reversing their stores, where all go to locals in one line
        (``apply_static_swaps`` in its ``compile.c``).
        """
        count = len(targets)
        names = {self.locals.get(target.id, -1) if isinstance(target, ast.Name) else -1 for target in targets}
        lines = {target.lineno for target in targets}
        swapped = count in (2, 3) and len(names) == count and -1 not in names and len(lines) == 1
        if not swapped or not isinstance(value, ast.Tuple) or fold(value) is not NOT_CONSTANT:
            return range(count)
        return range(count - 1, -1, -1)

    def assign_name(self, target: ast.Name, value: ast.expr) -> None:
        """``name = value``: a local is the destination of the instruction that computes the value."""
        register = self.locals.get(target.id)
        if register is None:
            source = self.operand(value)
            self.at = target
            self.store_name(target.id, source)
        else:
            self.value(value, register)
            self.bound |= 1 << register

    def store(self, target: ast.expr, source: int, keep: bool = False) -> None:
        """Assigns what ``source`` holds to ``target``; a temporary is emptied unless ``keep``."""
        mark = self.top
        if isinstance(target, ast.Name):
            self.at = target
            self.store_name(target.id, source, keep)
        elif isinstance(target, ast.Attribute):
            receiver = self.operand(target.value)
            self.at = attribute_place(target, target)
            self.emit("store_attr", receiver, source, self.name_constant(target.attr), keep=2 * keep)
        elif isinstance(target, ast.Subscript):
            receiver = self.operand(target.value, target.slice)
            key = self.operand(target.slice)
            self.at = target
            self.emit("store_item", receiver, key, source, keep=4 * keep)
        else:
            self.unpack(cast(ast.Tuple, target), source, keep)
        self.top = mark

    def unpack(self, target: ast.Tuple | ast.List, source: int, keep: bool) -> None:
        """Assigns the items of what ``source`` holds to the targets in ``target``."""
        items = target.elts
        star = next((number for number, item in enumerate(items) if isinstance(item, ast.Starred)), -1)
        base = self.top
        for _ in items:
            self.push()
        self.at = target
        if star < 0:
            self.emit("unpack", base, source, len(items), keep=keep)
        else:
            self.emit("unpack_ex", base, source, star, keep=keep, extra=len(items) - star - 1)
        for number, item in enumerate(items):
            self.store(item.value if isinstance(item, ast.Starred) else item, base + number)

    def augmented(self, node: ast.AugAssign) -> None:
        """``target op= value``."""
        mark = self.top
        target = node.target
        name = INPLACE_NAMES[type(node.op)]
        if isinstance(target, ast.Name):
            self.augmented_name(node, target, name)
        elif isinstance(target, ast.Attribute):
            receiver = self.operand(target.value, node.value)
            attribute = self.name_constant(target.attr)
            place = attribute_place(target, target)
            self.at = place
            self.emit("load_attr", result := self.push(), receiver, attribute, keep=1)
            right, suffix = self.right_operand(node.value)
            self.at = node
            self.emit(name + suffix, result, result, right)
            self.at = place
            self.emit("store_attr", receiver, result, attribute)
        else:
            receiver = self.operand(target.value, [target.slice, node.value])
            key = self.operand(target.slice, node.value)
            self.at = target
            self.emit("load_item", result := self.push(), receiver, key, keep=3)
            right, suffix = self.right_operand(node.value)
            self.at = node
            self.emit(name + suffix, result, result, right)
            self.at = target
            self.emit("store_item", receiver, key, result)
        self.top = mark

    def augmented_name(self, node: ast.AugAssign, target: ast.Name, name: str) -> None:
        """``name op= value``: a local is changed in its register."""
        left = self.operand(target, node.value)
        right, suffix = self.right_operand(node.value)
        register = self.locals.get(target.id)
        result = left if register is None else register
        self.at = node
        self.emit(name + suffix, result, left, right)
        if register is None:
            self.at = target
            self.store_name(target.id, left)

    def annotated(self, node: ast.AnnAssign) -> None:
        """``target: annotation = value``."""
        target = node.target
        mark = self.top
        if node.value is not None:
            if isinstance(target, ast.Name):
                self.assign_name(target, node.value)
            else:
                self.store(target, self.operand(node.value, target))
                self.top = mark
        elif not isinstance(target, ast.Name):
            self.effect(target.value)
            if isinstance(target, ast.Subscript):
                self.effect_of_index(target.slice)
        if self.in_class or self.host.co_name == "<module>":
            self.annotation(node)
        self.top = mark

    def effect_of_index(self, node: ast.expr) -> None:
        """Evaluates the index of an annotated target that is not assigned: the parts of slices, but no slice."""
        if isinstance(node, ast.Slice):
            for part in (node.lower, node.upper, node.step):
                if part is not None:
                    self.effect(part)
        elif isinstance(node, ast.Tuple):
            for item in node.elts:
                self.effect_of_index(item)
        else:
            self.effect(node)

    def annotation(self, node: ast.AnnAssign) -> None:
        """Evaluates the annotation of a module's or class's variable, and records that of a simple one."""
        future = self.host.co_flags & FUTURE_ANNOTATIONS
        if not node.simple:
            if not future:
                self.effect(node.annotation)
            return
        name = mangle(self.private, cast(ast.Name, node.target).id)
        value = self.load_constant(annotation_text(node.annotation)) if future else self.value(node.annotation, -1)
        self.at = node
        table = self.push()
        self.emit("load_" + self.space("__annotations__"), table, self.constant("__annotations__"))
        self.emit("store_item", table, self.load_constant(name), value)

    def delete(self, node: ast.Delete) -> None:
        """``del a, b.c, d[e]``."""
        for target in node.targets:
            self.delete_target(target)

    def delete_target(self, target: ast.expr) -> None:
        """Deletes one target."""
        mark = self.top
        if isinstance(target, ast.Name):
            self.at = target
            self.delete_name(target.id)
        elif isinstance(target, ast.Attribute):
            receiver = self.operand(target.value)
            self.at = attribute_place(target, target)
            self.emit("delete_attr", receiver, self.name_constant(target.attr))
        elif isinstance(target, ast.Subscript):
            receiver = self.operand(target.value, target.slice)
            key = self.operand(target.slice)
            self.at = target
            self.emit("delete_item", receiver, key)
        else:
            for item in cast(ast.Tuple, target).elts:
                self.delete_target(item)
        self.top = mark

    # -- conditions and loops --------------------------------------------------------------------------------------
    def if_statement(self, node: ast.If) -> None:
        """``if`` / ``elif`` / ``else``."""
        otherwise = Label()
        self.owner = node
        self.branch(node.test, otherwise, False)
        self.body(node.body)
        if node.orelse:
            end = Label()
            self.jump(end)
            self.place(otherwise)
            self.body(node.orelse)
            self.place(end)
        else:
            self.place(otherwise)

    def loop_body(self, node: ast.While | ast.For | ast.AsyncFor, block: LoopBlock, header: int, nest: int) -> None:
        """The statements of a loop, the way back to its header, and its end."""
        self.nest = nest + 1
        self.enter(block)
        self.body(node.body)
        self.at = node
        self.jump(block.again)
        self.leave()
        self.nest = nest
        self.end_loop(header, nest)

    def while_statement(self, node: ast.While) -> None:
        """``while`` / ``else``."""
        block = LoopBlock()
        exhausted = Label()
        nest = self.nest
        self.at = node
        self.place(block.again)
        header = self.loop_header(nest)
        self.owner = node
        self.branch(node.test, exhausted, False)
        self.loop_body(node, block, header, nest)
        self.place(exhausted)
        self.body(node.orelse)
        self.place(block.end)

    def for_statement(self, node: ast.For) -> None:
        """``for`` / ``else``."""
        mark = self.top
        nest = self.nest
        exhausted = Label()
        block = LoopBlock(iterator=self.iterator(node.iter, node))
        self.place(block.again)
        header = self.loop_header(nest)
        self.emit_for(node.target, block.iterator, exhausted)
        self.loop_body(node, block, header, nest)
        self.top = mark
        self.place(exhausted)
        self.body(node.orelse)
        self.place(block.end)

    def assert_statement(self, node: ast.Assert) -> None:
        """``assert test, message``; nothing under ``-O``."""
        if sys.flags.optimize:
            return
        fine = Label()
        self.owner = node
        self.branch(node.test, fine, True)
        if self.reachable:
            mark = self.top
            self.at = self.owner
            error = self.push()
            self.emit("load_assertion_error", error)
            if node.msg is not None:
                self.value(node.msg, -1)
                self.at = self.owner
                self.emit("call", error, error, 1)
            self.emit("raise_1", error)
            self.top = mark
        self.place(fine)

    # -- imports ---------------------------------------------------------------------------------------------------
    def import_module(self, name: str, level: int, names: tuple[str, ...] | None) -> int:
        """Imports a module into a new temporary."""
        base = self.load_constant(level)
        self.load_constant(names)
        self.top = base
        self.emit("import_name", self.push(), base, self.constant(name))
        return base

    def import_statement(self, node: ast.Import) -> None:
        """``import a.b as c``."""
        for alias in node.names:
            self.at = node
            module = self.import_module(alias.name, 0, None)
            first, *rest = alias.name.split(".")
            if alias.asname is not None:
                for part in rest:
                    self.emit("import_from", module, module, self.constant(part))
            self.store_name(alias.asname or first, module)
            self.top = module

    def import_from(self, node: ast.ImportFrom) -> None:
        """``from a import b as c``."""
        self.at = node
        names = tuple([alias.name for alias in node.names])
        module = self.import_module(node.module or "", node.level, names)
        if names == ("*",):
            self.emit("import_star", module)
            self.top = module
            return
        for alias in node.names:
            item = self.push()
            self.at = node
            self.emit("import_from", item, module, self.constant(alias.name), keep=1)
            self.store_name(alias.asname or alias.name, item)
            self.top = item
        self.clear(module)
        self.top = module


StatementCompiler.STATEMENTS.update({
    ast.Pass: StatementCompiler.no_statement, ast.Global: StatementCompiler.no_statement,
    ast.Nonlocal: StatementCompiler.no_statement, ast.Expr: StatementCompiler.expression_statement,
    ast.Assign: StatementCompiler.assign, ast.AugAssign: StatementCompiler.augmented,
    ast.AnnAssign: StatementCompiler.annotated, ast.Delete: StatementCompiler.delete,
    ast.If: StatementCompiler.if_statement, ast.While: StatementCompiler.while_statement,
    ast.For: StatementCompiler.for_statement, ast.Assert: StatementCompiler.assert_statement,
    ast.Import: StatementCompiler.import_statement, ast.ImportFrom: StatementCompiler.import_from,
    ast.Return: StatementCompiler.return_statement, ast.Break: StatementCompiler.jump_out,
    ast.Continue: StatementCompiler.jump_out, ast.FunctionDef: StatementCompiler.function_definition,
    ast.AsyncFunctionDef: StatementCompiler.function_definition, ast.ClassDef: StatementCompiler.class_definition,
})
