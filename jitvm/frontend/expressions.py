"""Expressions: each leaves its value in a register, the operand's own where a local can be read in place."""
from __future__ import annotations

from jitvm.frontend import tree as ast
from jitvm.frontend.assembler import Label, Place
from jitvm.frontend.constants import NOT_CONSTANT, fold
from jitvm.frontend.tree import cast
from jitvm.frontend.variables import VariableCompiler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, ClassVar

    from jitvm.frontend.variables import Later

    Visitor = Callable[[Any, Any, int], int]

OPERATIONS: dict[type, str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv", ast.Mod: "mod",
    ast.Pow: "pow", ast.LShift: "lshift", ast.RShift: "rshift", ast.BitAnd: "and", ast.BitOr: "or",
    ast.BitXor: "xor", ast.MatMult: "matmul",
}
BINARY_NAMES = {kind: f"binary_{name}" for kind, name in OPERATIONS.items()}
INPLACE_NAMES = {kind: f"inplace_{name}" for kind, name in OPERATIONS.items()}
UNARY_NAMES: dict[type, str] = {
    ast.USub: "unary_neg", ast.UAdd: "unary_pos", ast.Invert: "unary_invert", ast.Not: "unary_not",
}
RELATIONS: dict[type, str] = {
    ast.Lt: "lt", ast.LtE: "le", ast.Eq: "eq", ast.NotEq: "ne", ast.Gt: "gt", ast.GtE: "ge",
}
VALUE_NAMES: dict[type, str] = {
    **{kind: f"compare_{name}" for kind, name in RELATIONS.items()},
    ast.Is: "is_op", ast.IsNot: "is_not_op", ast.In: "contains", ast.NotIn: "not_contains",
}
"""The instruction that gives a comparison's value."""
JUMP_IF: dict[type, str] = {
    **{kind: f"branch_if_{name}" for kind, name in RELATIONS.items()},
    ast.Is: "branch_is", ast.IsNot: "branch_is_not", ast.In: "branch_in", ast.NotIn: "branch_not_in",
}
"""The instruction that jumps if a comparison holds."""
JUMP_UNLESS: dict[type, str] = {
    **{kind: f"branch_unless_{name}" for kind, name in RELATIONS.items()},
    ast.Is: "branch_is_not", ast.IsNot: "branch_is", ast.In: "branch_not_in", ast.NotIn: "branch_in",
}
MEMBERSHIP = (ast.In, ast.NotIn)
OPPOSITE: dict[type, ast.cmpop] = {
    ast.In: ast.NotIn(), ast.NotIn: ast.In(), ast.Is: ast.IsNot(), ast.IsNot: ast.Is(),
}
CONVERSIONS = {-1: 0, ord("s"): 1, ord("r"): 2, ord("a"): 3}
DYNAMIC_SPEC = 4
"""Added to a conversion where the format specification is known only at run time."""


class ExpressionCompiler(VariableCompiler):
    """Emits expressions.

    A visitor takes a node and a target register; a negative target asks for a new temporary, which then is the one
    on top of the stack when the visitor returns. It gives the register that holds the value.
    """

    VISITORS: ClassVar[dict[type, Visitor]] = {}
    owner: Place

    def value(self, node: ast.expr, target: int = -1) -> int:
        """Evaluates ``node`` into ``target``, or into a new temporary if it is negative."""
        return self.VISITORS[type(node)](self, node, target)

    def operand(self, node: ast.expr, later: Later = None) -> int:
        """Evaluates ``node`` for reading: a local stays where it is, unless ``later`` binds it anew."""
        if type(node) is ast.Name:
            name = node.id
            register = self.locals.get(name)
            if register is not None:
                if not self.bound >> register & 1:
                    self.at = node
                    self.read_local(register, name)
                if name not in self.walrus or not self.rebinds(later, name):
                    return register
        elif type(node) is ast.NamedExpr:
            name = node.target.id
            register = self.locals.get(name)
            if register is not None and not self.rebinds(later, name):
                self.value(node.value, register)
                self.bound |= 1 << register
                return register
        return self.VISITORS[type(node)](self, node, -1)

    def effect(self, node: ast.expr) -> None:
        """Evaluates ``node`` and drops its value."""
        if fold(node) is not NOT_CONSTANT:
            return
        mark = self.top
        register = self.operand(node)
        if register >= self.first_temporary:
            self.clear(register)
        self.top = mark

    def right_operand(self, node: ast.expr) -> tuple[int, str]:
        """A right operand, constant or register, with the ending of the instruction's name that says which."""
        if type(node) is ast.Constant:
            return self.constant(node.value), "_k"
        constant = fold(node)
        if constant is not NOT_CONSTANT:
            return self.constant(constant), "_k"
        return self.operand(node), ""

    # -- constants and names ---------------------------------------------------------------------------------------
    def constant_value(self, node: ast.Constant, target: int) -> int:
        """A literal."""
        self.at = node
        return self.load_constant(node.value, target)

    def named_expression(self, node: ast.NamedExpr, target: int) -> int:
        """``name := value``."""
        mark = self.top
        register = self.value(node.value, -1)
        self.at = node.target
        self.store_name(node.target.id, register, keep=True)
        return self.moved(register, mark, target)

    def moved(self, register: int, mark: int, target: int) -> int:
        """Hands on a value that stands in the temporary ``register``: moves it where it is wanted elsewhere."""
        if target < 0:
            self.top = mark + 1
            if register != mark:
                self.emit("take", mark, register)
            return mark
        self.top = mark
        if target != register:
            self.emit("take", target, register)
        return target

    # -- operators -------------------------------------------------------------------------------------------------
    def binary(self, node: ast.BinOp, target: int) -> int:
        """``left op right``."""
        constant = fold(node)
        if constant is not NOT_CONSTANT:
            self.at = node
            return self.load_constant(constant, target)
        mark = self.top
        left = self.operand(node.left, node.right)
        right, suffix = self.right_operand(node.right)
        target = self.result(mark, target)
        self.at = node
        self.emit(BINARY_NAMES[type(node.op)] + suffix, target, left, right)
        return target

    def unary(self, node: ast.UnaryOp, target: int) -> int:
        """``op operand``."""
        constant = fold(node)
        if constant is not NOT_CONSTANT:
            self.at = node
            return self.load_constant(constant, target)
        opposite = opposite_comparison(node)
        if opposite is not None:
            return self.compare(opposite, target)
        mark = self.top
        source = self.operand(node.operand)
        target = self.result(mark, target)
        self.at = node
        self.emit(UNARY_NAMES[type(node.op)], target, source)
        return target

    def compare(self, node: ast.Compare, target: int) -> int:
        """``a < b``, or a chain of comparisons."""
        if len(node.ops) > 1:
            return self.compare_chain(node, target)
        mark = self.top
        kind = type(node.ops[0])
        left, right, suffix = self.comparands(node.left, kind, node.comparators[0])
        target = self.result(mark, target)
        self.at = node
        self.emit(VALUE_NAMES[kind] + suffix, target, left, right)
        return target

    def comparands(self, left: ast.expr, kind: type, right: ast.expr) -> tuple[int, int, str]:
        """Both operands of a comparison and the ending of the instruction's name."""
        left_register = self.operand(left, right)
        if kind in MEMBERSHIP:
            return left_register, self.container(right), ""
        right_register, suffix = self.right_operand(right)
        return left_register, right_register, suffix

    def container(self, node: ast.expr) -> int:
        """The right operand of ``in``: a display of constants becomes a constant, as on the host."""
        constant = constant_display(node)
        if constant is NOT_CONSTANT:
            return self.operand(node)
        self.at = node
        return self.load_constant(constant)

    def compare_chain(self, node: ast.Compare, target: int) -> int:
        """``a < b < c``: each operand is evaluated once, and only while the comparisons hold."""
        mark = self.top
        outcome = self.push()
        end = Label()
        left = self.operand(node.left, node.comparators)
        for number, (operation, comparator) in enumerate(zip(node.ops, node.comparators, strict=True)):
            last = number == len(node.ops) - 1
            right = self.operand(comparator, node.comparators[number + 1:])
            self.at = node
            self.emit(VALUE_NAMES[type(operation)], outcome, left, right, keep=0 if last else 2)
            if last:
                break
            if right >= self.first_temporary:
                proceed = Label()
                self.emit_jump("branch_true", proceed, outcome, keep=1)
                self.clear(right)
                self.jump(end)
                self.place(proceed)
            else:
                self.emit_jump("branch_false", end, outcome, keep=1)
            self.clear(outcome)
            left = right
        self.place(end)
        return self.moved(outcome, mark, target)

    def boolean(self, node: ast.BoolOp, target: int) -> int:
        """``a and b``, ``a or b``."""
        mark = self.top
        name = "branch_false" if type(node.op) is ast.And else "branch_true"
        end = Label()
        outcome = mark
        for item in node.values[:-1]:
            outcome = self.value(item, -1)
            self.at = node
            self.emit_jump(name, end, outcome, keep=1)
            self.clear(outcome)
            self.top = mark
        self.value(node.values[-1], -1)
        self.place(end)
        self.at = node
        return self.moved(outcome, mark, target)

    def conditional(self, node: ast.IfExp, target: int) -> int:
        """``a if test else b``."""
        mark = self.top
        target = self.result(mark, target)
        otherwise, end = Label(), Label()
        outer, self.owner = self.owner, node
        self.branch(node.test, otherwise, False)
        self.owner = outer
        self.value(node.body, target)
        self.at = node
        self.jump(end)
        self.place(otherwise)
        self.value(node.orelse, target)
        self.place(end)
        return target

    # -- conditions ------------------------------------------------------------------------------------------------
    def branch(self, node: ast.expr, label: Label, sense: bool) -> None:
        """Jumps to ``label`` if the truth of ``node`` is ``sense``, else goes on.

        The tests show at ``owner``: the host places them at the statement that has the condition, until it meets a
        comparison.
        """
        kind = type(node)
        if kind is ast.Compare:
            self.owner = node
            if len(node.ops) == 1:  # type: ignore[attr-defined]
                self.branch_comparison(cast(ast.Compare, node), label, sense)
                return
            self.branch_chain(cast(ast.Compare, node), label, sense)
        elif kind is ast.UnaryOp and type(node.op) is ast.Not:  # type: ignore[attr-defined]
            self.branch(node.operand, label, not sense)  # type: ignore[attr-defined]
        elif kind is ast.BoolOp:
            self.branch_boolean(cast(ast.BoolOp, node), label, sense)
        elif kind is ast.IfExp:
            self.branch_conditional(cast(ast.IfExp, node), label, sense)
        else:
            constant = fold(node)
            if constant is not NOT_CONSTANT:
                if bool(constant) is sense:
                    self.jump(label)
                return
            mark = self.top
            register = self.operand(node)
            self.at = self.owner
            self.emit_jump("branch_true" if sense else "branch_false", label, register)
            self.top = mark

    def branch_comparison(self, node: ast.Compare, label: Label, sense: bool) -> None:
        """A comparison as condition: one instruction compares and jumps."""
        mark = self.top
        kind = type(node.ops[0])
        left, right, suffix = self.comparands(node.left, kind, node.comparators[0])
        self.at = node
        self.emit_jump((JUMP_IF if sense else JUMP_UNLESS)[kind] + suffix, label, left, right)
        self.top = mark

    def branch_boolean(self, node: ast.BoolOp, label: Label, sense: bool) -> None:
        """``and`` / ``or`` as condition: each item jumps for itself."""
        decides = type(node.op) is ast.Or
        skip = label if decides is sense else Label()
        for item in node.values[:-1]:
            self.branch(item, skip, decides)
            if not self.reachable:
                break
        else:
            self.branch(node.values[-1], label, sense)
        if skip is not label:
            self.place(skip)

    def branch_conditional(self, node: ast.IfExp, label: Label, sense: bool) -> None:
        """``a if test else b`` as condition."""
        otherwise, end = Label(), Label()
        self.branch(node.test, otherwise, False)
        self.branch(node.body, label, sense)
        self.jump(end)
        self.place(otherwise)
        if self.reachable:
            self.branch(node.orelse, label, sense)
        self.place(end)

    def branch_chain(self, node: ast.Compare, label: Label, sense: bool) -> None:
        """``a < b < c`` as condition."""
        mark = self.top
        end = Label()
        fails = end if sense else label
        left = self.operand(node.left, node.comparators)
        for number, (operation, comparator) in enumerate(zip(node.ops, node.comparators, strict=True)):
            kind = type(operation)
            if number == len(node.ops) - 1:
                right, suffix = (self.operand(comparator), "") if kind in MEMBERSHIP else self.right_operand(comparator)
                self.at = node
                self.emit_jump((JUMP_IF if sense else JUMP_UNLESS)[kind] + suffix, label, left, right)
                break
            right = self.operand(comparator, node.comparators[number + 1:])
            self.at = node
            if right < self.first_temporary:
                self.emit_jump(JUMP_UNLESS[kind], fails, left, right)
            else:
                proceed = Label()
                self.emit_jump(JUMP_IF[kind], proceed, left, right, keep=2)
                self.clear(right)
                self.jump(fails)
                self.place(proceed)
            left = right
        self.top = mark
        self.place(end)

    # -- attributes and items --------------------------------------------------------------------------------------
    def attribute(self, node: ast.Attribute, target: int) -> int:
        """``value.name``."""
        mark = self.top
        source = self.operand(node.value)
        target = self.result(mark, target)
        self.at = attribute_place(node, node)
        self.emit("load_attr", target, source, self.name_constant(node.attr))
        return target

    def subscript(self, node: ast.Subscript, target: int) -> int:
        """``value[key]``."""
        mark = self.top
        source = self.operand(node.value, node.slice)
        key, suffix = self.right_operand(node.slice)
        target = self.result(mark, target)
        self.at = node
        self.emit("load_item" + suffix, target, source, key)
        return target

    def slice_value(self, node: ast.Slice, target: int) -> int:
        """``lower:upper:step``."""
        mark = self.top
        parts = [node.lower, node.upper] + ([node.step] if node.step is not None else [])
        for part in parts:
            self.at = node
            if part is None:
                self.load_constant(None)
            else:
                self.value(part)
        target = self.result(mark, target)
        self.at = node
        self.emit("build_slice", target, mark, len(parts))
        return target

    # -- displays --------------------------------------------------------------------------------------------------
    def tuple_display(self, node: ast.Tuple, target: int) -> int:
        """``(a, b)``."""
        constant = fold(node)
        if constant is not NOT_CONSTANT:
            self.at = node
            return self.load_constant(constant, target)
        return self.sequence(node, node.elts, "tuple", target)

    def list_display(self, node: ast.List, target: int) -> int:
        """``[a, b]``."""
        return self.sequence(node, node.elts, "list", target)

    def set_display(self, node: ast.Set, target: int) -> int:
        """``{a, b}``."""
        return self.sequence(node, node.elts, "set", target)

    def sequence(self, node: Place, items: Sequence[ast.expr], kind: str, target: int) -> int:
        """A tuple, list or set of ``items``, of which some may be starred."""
        if any(type(item) is ast.Starred for item in items):
            return self.starred_sequence(node, items, kind, target)
        mark = self.top
        constants = constant_items(items) if len(items) > 2 and kind != "tuple" else None
        if constants is not None:
            self.push()
            self.at = node
            self.emit(f"build_{kind}", mark, mark, 0)
            constant = frozenset(constants) if kind == "set" else constants
            self.emit("list_extend" if kind == "list" else "set_update", mark, self.load_constant(constant), keep=1)
            return self.moved(mark, mark, target)
        for item in items:
            self.value(item, -1)
        self.reserve(mark)
        target = self.result(mark, target)
        self.at = node
        self.emit(f"build_{kind}", target, mark, len(items))
        return target

    def starred_sequence(self, node: Place, items: Sequence[ast.expr], kind: str, target: int) -> int:
        """``[a, *b, c]``: built up to the first star, then extended."""
        mark = self.top
        append, extend = ("set_add", "set_update") if kind == "set" else ("list_append", "list_extend")
        built = False
        for number, item in enumerate(items):
            starred = isinstance(item, ast.Starred)
            if starred and not built:
                self.build_so_far(node, kind, mark, number)
                built = True
            self.value(item.value if isinstance(item, ast.Starred) else item, -1)
            if built:
                self.at = node
                self.emit(extend if starred else append, mark, mark + 1, keep=1)
                self.top = mark + 1
        if kind == "tuple":
            target = self.result(mark, target)
            self.emit("list_to_tuple", target, mark)
            return target
        return self.moved(mark, mark, target)

    def build_so_far(self, node: Place, kind: str, mark: int, count: int) -> None:
        """Builds the list or set of the first ``count`` items, in the temporary ``mark``."""
        self.top = mark
        self.push()
        self.at = node
        self.emit("build_set" if kind == "set" else "build_list", mark, mark, count)

    def dict_display(self, node: ast.Dict, target: int) -> int:
        """``{a: b, **c}``."""
        mark = self.top
        group: list[tuple[ast.expr, ast.expr]] = []
        built = False
        for key, item in zip(node.keys, node.values, strict=True):
            if key is not None:
                group.append((key, item))
                continue
            if group or not built:
                built = self.dict_group(node, group, mark, built)
                group = []
            source = self.operand(item)
            self.at = node
            self.emit("map_update", mark, source, keep=1)
            self.top = mark + 1
        if not built:
            return self.dict_of(node, group, target)
        if group:
            self.dict_group(node, group, mark, built)
        return self.moved(mark, mark, target)

    def dict_group(self, node: ast.Dict, group: list[tuple[ast.expr, ast.expr]], mark: int, built: bool) -> bool:
        """Begins or extends the dict in the temporary ``mark`` by a group of items."""
        source = self.dict_of(node, group, -1)
        if built:
            self.emit("map_update", mark, source, keep=1)
            self.top = mark + 1
        return True

    def dict_of(self, node: Place, group: list[tuple[ast.expr, ast.expr]], target: int) -> int:
        """A dict of pairs of key and value."""
        mark = self.top
        keys = constant_items([key for key, _ in group]) if len(group) > 1 else None
        for key, item in group:
            if keys is None:
                self.value(key, -1)
            self.value(item, -1)
        self.reserve(mark)
        target = self.result(mark, target)
        self.at = node
        if keys is None:
            self.emit("build_map", target, mark, len(group))
        else:
            self.emit("build_const_map", target, mark, self.constant(keys))
        return target

    # -- strings ---------------------------------------------------------------------------------------------------
    def joined_string(self, node: ast.JoinedStr, target: int) -> int:
        """An f-string."""
        if not node.values:
            self.at = node
            return self.load_constant("", target)
        if len(node.values) == 1:
            return self.value(node.values[0], target)
        mark = self.top
        for piece in node.values:
            self.value(piece, -1)
        target = self.result(mark, target)
        self.at = node
        self.emit("build_string", target, mark, len(node.values))
        return target

    def formatted_value(self, node: ast.FormattedValue, target: int) -> int:
        """A replacement field of an f-string."""
        mark = self.top
        source = self.operand(node.value, node.format_spec)
        conversion = CONVERSIONS[node.conversion]
        if node.format_spec is None:
            target = self.result(mark, target)
            self.at = node
            self.emit("format_value", target, source, conversion)
            return target
        constant = constant_text(node.format_spec)
        spec = self.value(node.format_spec, -1) if constant is None else self.constant(constant)
        target = self.result(mark, target)
        self.at = node
        if constant is None:
            self.emit("format_spec", target, source, spec, extra=conversion | DYNAMIC_SPEC)
        else:
            self.emit("format_spec_k", target, source, spec, extra=conversion)
        return target


def opposite_comparison(node: ast.UnaryOp) -> ast.Compare | None:
    """The comparison that ``not a in b`` amounts to; None if ``node`` is nothing of the kind."""
    inner = node.operand
    if type(node.op) is not ast.Not or type(inner) is not ast.Compare or len(inner.ops) > 1:
        return None
    opposite = OPPOSITE.get(type(inner.ops[0]))
    if opposite is None:
        return None
    return ast.Compare(inner.left, [opposite], inner.comparators, lineno=inner.lineno, col_offset=inner.col_offset,
                       end_lineno=inner.end_lineno, end_col_offset=inner.end_col_offset)


def constant_items(items: Sequence[ast.expr]) -> tuple[object, ...] | None:
    """The values of ``items`` if all are constant."""
    values = tuple([fold(item) for item in items])
    return None if NOT_CONSTANT in values else values


def constant_display(node: ast.expr) -> object:
    """A list or set of constants as the tuple or frozenset that the host iterates and searches instead."""
    if isinstance(node, (ast.List, ast.Set)):
        values = constant_items(node.elts)
        if values is None:
            return NOT_CONSTANT
        return frozenset(values) if isinstance(node, ast.Set) else values
    return fold(node)


def constant_text(node: ast.expr) -> str | None:
    """The text of an f-string without replacement fields, else None."""
    if isinstance(node, ast.JoinedStr):
        if not node.values:
            return ""
        piece = node.values[0]
        if len(node.values) == 1 and isinstance(piece, ast.Constant):
            return cast(str, piece.value)
    return None


def attribute_place(attribute: ast.Attribute, node: ast.expr) -> Place:
    """Where ``node``, the attribute or its call, shows: at the name when that stands on a later line."""
    if attribute.lineno == attribute.end_lineno:
        return node
    line, column = cast(int, attribute.end_lineno), cast(int, attribute.end_col_offset)
    return line, cast(int, node.end_lineno), column - len(attribute.attr), cast(int, node.end_col_offset)


ExpressionCompiler.VISITORS.update({
    ast.Constant: ExpressionCompiler.constant_value, ast.Name: ExpressionCompiler.load_name,
    ast.NamedExpr: ExpressionCompiler.named_expression, ast.BinOp: ExpressionCompiler.binary,
    ast.UnaryOp: ExpressionCompiler.unary, ast.Compare: ExpressionCompiler.compare,
    ast.BoolOp: ExpressionCompiler.boolean, ast.IfExp: ExpressionCompiler.conditional,
    ast.Attribute: ExpressionCompiler.attribute, ast.Subscript: ExpressionCompiler.subscript,
    ast.Slice: ExpressionCompiler.slice_value, ast.Tuple: ExpressionCompiler.tuple_display,
    ast.List: ExpressionCompiler.list_display, ast.Set: ExpressionCompiler.set_display,
    ast.Dict: ExpressionCompiler.dict_display, ast.JoinedStr: ExpressionCompiler.joined_string,
    ast.FormattedValue: ExpressionCompiler.formatted_value,
})
