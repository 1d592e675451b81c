"""Calls of every shape."""
from __future__ import annotations

from jitvm.frontend import tree as ast
from jitvm.frontend.expressions import ExpressionCompiler, attribute_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class CallCompiler(ExpressionCompiler):
    """Emits calls: plain, of methods, with keywords, with starred arguments."""

    def call(self, node: ast.Call, target: int) -> int:
        """``func(args)``."""
        if any(type(item) is ast.Starred for item in node.args) or any(item.arg is None for item in node.keywords):
            return self.call_starred(node, target)
        if type(node.func) is ast.Attribute:
            return self.call_of_method(node, node.func, target)
        mark = self.top
        self.value(node.func, -1)
        return self.call_window(node, node.args, node.keywords, mark, target)

    def call_window(self, node: ast.expr | ast.stmt, args: Sequence[ast.expr], keywords: Sequence[ast.keyword],
                    mark: int, target: int, already: int = 0) -> int:
        """Calls what stands in the temporary ``mark`` with the ``already`` arguments above and those given."""
        names = self.arguments(args, keywords)
        target = self.result(mark, target)
        count = already + len(args) + len(keywords)
        self.at = node
        if names is None:
            self.emit("call", target, mark, count)
        else:
            self.emit("call_kw", target, mark, count, extra=names)
        return target

    def arguments(self, args: Sequence[ast.expr], keywords: Sequence[ast.keyword]) -> int | None:
        """Evaluates arguments onto the stack of temporaries; gives the constant of keyword names, if there are any."""
        for argument in args:
            self.value(argument, -1)
        for keyword in keywords:
            self.value(keyword.value, -1)
        return self.constant(tuple([keyword.arg for keyword in keywords])) if keywords else None

    def call_of_method(self, node: ast.Call, func: ast.Attribute, target: int) -> int:
        """``value.name(args)``: no bound method is made."""
        mark = self.top
        receiver = self.operand(func.value)
        base = self.push()
        self.push()
        self.at = attribute_place(func, func)
        self.emit("load_method", base, receiver, self.name_constant(func.attr))
        names = self.arguments(node.args, node.keywords)
        target = self.result(mark, target)
        count = len(node.args) + len(node.keywords)
        self.at = attribute_place(func, node)
        if names is None:
            self.emit("call_method", target, base, count)
        else:
            self.emit("call_method_kw", target, base, count, extra=names)
        return target

    def call_starred(self, node: ast.Call, target: int) -> int:
        """``func(*args, **kwargs)``."""
        mark = self.top
        self.value(node.func, -1)
        return self.call_with_window(node, node.args, node.keywords, mark, target)

    def call_with_window(self, node: ast.expr | ast.stmt, args: Sequence[ast.expr], keywords: Sequence[ast.keyword],
                         mark: int, target: int, already: int = 0) -> int:
        """As ``call_window``, where some arguments are starred: they are gathered in a tuple and a dict."""
        self.gather_positional(node, args, mark + 1, already)
        if keywords:
            self.gather_keywords(node, keywords, mark)
        target = self.result(mark, target)
        self.at = node
        self.emit("call_ex", target, mark, 1 if keywords else 0)
        self.clear(mark + 1)
        if keywords:
            self.clear(mark + 2)
        return target

    def gather_positional(self, node: ast.expr | ast.stmt, args: Sequence[ast.expr], place: int, already: int) -> None:
        """Leaves the positional arguments in the temporary ``place``, where ``already`` of them begin: what the call makes a tuple of."""
        starred = [number for number, item in enumerate(args) if isinstance(item, ast.Starred)]
        if not starred:
            for item in args:
                self.value(item, -1)
            self.result(place, -1)
            self.at = node
            self.emit("build_tuple", place, place, already + len(args))
            return
        if len(args) == 1 and not already and isinstance(args[0], ast.Starred):
            self.value(args[0].value, -1)  # the call makes a tuple of it
            return
        for item in args[:starred[0]]:
            self.value(item, -1)
        self.build_so_far(node, "list", place, already + starred[0])
        for item in args[starred[0]:]:
            is_starred = isinstance(item, ast.Starred)
            self.value(item.value if isinstance(item, ast.Starred) else item, -1)
            self.at = node
            self.emit("list_extend" if is_starred else "list_append", place, place + 1, keep=1)
            self.top = place + 1

    def gather_keywords(self, node: ast.expr | ast.stmt, keywords: Sequence[ast.keyword], callee: int) -> None:
        """Leaves the dict of keyword arguments in the next temporary; ``callee`` is named in errors."""
        place = self.top
        group: list[tuple[ast.expr, ast.expr]] = []
        built = False
        for keyword in keywords:
            if keyword.arg is not None:
                group.append((ast.Constant(keyword.arg, lineno=keyword.lineno, col_offset=keyword.col_offset,
                                           end_lineno=keyword.end_lineno, end_col_offset=keyword.end_col_offset),
                              keyword.value))
                continue
            if group or not built:
                self.merge_group(node, group, place, callee, built)
                built, group = True, []
            source = self.operand(keyword.value)
            self.at = node
            self.emit("map_merge", place, source, callee, keep=0b101)
            self.top = place + 1
        if group:
            self.merge_group(node, group, place, callee, built)

    def merge_group(self, node: ast.expr | ast.stmt, group: list[tuple[ast.expr, ast.expr]], place: int, callee: int,
                    built: bool) -> None:
        """Begins or extends the dict in the temporary ``place`` by named arguments."""
        source = self.dict_of(node, group, -1)
        if built:
            self.at = node
            self.emit("map_merge", place, source, callee, keep=0b101)
            self.top = place + 1


CallCompiler.VISITORS[ast.Call] = CallCompiler.call
