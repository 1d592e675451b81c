"""Constants: when two are the same, and the folding that the host does before it compiles."""
from __future__ import annotations

import _operator as operator

from jitvm.frontend import tree as ast
from jitvm.frontend.code import CodeType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


NOT_CONSTANT = object()
"""What ``fold`` gives for an expression that is no constant."""

MAX_INT_BITS = 128
MAX_TEXT = 4096
MAX_ITEMS = 256

OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor,
}
UNARY: dict[type, Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert, ast.Not: operator.not_,
}


def constant_key(value: object) -> object:
    """A key that is equal for interchangeable constants only: 1, 1.0, True and 0.0, -0.0 all differ."""
    kind = type(value)
    if kind is tuple:
        return kind, tuple([constant_key(item) for item in value])  # type: ignore[attr-defined]
    if kind is float or kind is complex:
        return kind, repr(value)
    if kind is frozenset:
        return kind, frozenset([constant_key(item) for item in value])  # type: ignore[attr-defined]
    if kind is CodeType:
        return kind, id(value)
    return kind, value


def fold(node: ast.expr) -> object:
    """The value of ``node`` if the host folds it to a constant, else ``NOT_CONSTANT``."""
    kind = type(node)
    if kind is ast.Constant:
        return node.value  # type: ignore[attr-defined]
    folder = FOLDERS.get(kind)
    return NOT_CONSTANT if folder is None else folder(node)


def _fold_name(node: ast.Name) -> object:
    return __debug__ if node.id == "__debug__" else NOT_CONSTANT


def _fold_tuple(node: ast.Tuple) -> object:
    values = []
    for item in node.elts:
        value = fold(item)
        if value is NOT_CONSTANT:
            return NOT_CONSTANT
        values.append(value)
    return tuple(values)


def _fold_unary(node: ast.UnaryOp) -> object:
    value = fold(node.operand)
    if value is NOT_CONSTANT:
        return NOT_CONSTANT
    try:
        return UNARY[type(node.op)](value)
    except Exception:
        return NOT_CONSTANT


def _fold_binary(node: ast.BinOp) -> object:
    right = fold(node.right)
    if right is NOT_CONSTANT:
        return NOT_CONSTANT
    left = fold(node.left)
    operation = OPERATORS.get(type(node.op))
    if left is NOT_CONSTANT or operation is None or not _is_safe(type(node.op), left, right):
        return NOT_CONSTANT
    try:
        return operation(left, right)
    except Exception:
        return NOT_CONSTANT


def _is_safe(kind: type, left: Any, right: Any) -> bool:
    """Whether the host would compute the operation at compile time: a result of bounded size, no formatting."""
    if kind is ast.Mod:
        return not isinstance(left, (str, bytes))
    if kind is ast.Mult:
        if isinstance(left, int) and isinstance(right, int):
            return left.bit_length() + right.bit_length() <= MAX_INT_BITS
        if isinstance(left, int):
            left, right = right, left
        if isinstance(left, (str, bytes, tuple)) and isinstance(right, int):
            limit = MAX_ITEMS if isinstance(left, tuple) else MAX_TEXT
            return right >= 0 and len(left) * right <= limit
        return True
    if kind is ast.Pow and isinstance(left, int) and isinstance(right, int) and right > 0:
        return right <= MAX_INT_BITS and left.bit_length() * right <= MAX_INT_BITS
    if kind is ast.LShift and isinstance(left, int) and isinstance(right, int):
        return 0 <= right <= MAX_INT_BITS and left.bit_length() + right <= MAX_INT_BITS
    return True


def _fold_subscript(node: ast.Subscript) -> object:
    value = fold(node.value)
    key = NOT_CONSTANT if value is NOT_CONSTANT else fold(node.slice)
    if key is NOT_CONSTANT or not isinstance(node.ctx, ast.Load):
        return NOT_CONSTANT
    try:
        return value[key]  # type: ignore[index]
    except Exception:
        return NOT_CONSTANT


FOLDERS: dict[type, Callable[[Any], object]] = {
    ast.Name: _fold_name, ast.Tuple: _fold_tuple, ast.UnaryOp: _fold_unary, ast.BinOp: _fold_binary,
    ast.Subscript: _fold_subscript,
}
