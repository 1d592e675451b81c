"""Makes what ``bundle.py`` loads: the code of modules, in an order in which none imports one that follows.

It has neither docstrings nor annotations nor line tables: who wants tracebacks of it (``-X verify=1``, ``-X dump=...``) loads the files.
"""
from __future__ import annotations

import ast
import os
from importlib import import_module

from jitvm.runtime.stamp import PACKAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

    from jitvm.runtime.bundle import Row


def make(roots: tuple[str, ...], known: tuple[str, ...]) -> tuple[Row, ...]:
    """The modules that ``roots`` import as they are loaded, and these, but for those that ``known`` do: name, file below the package's
    folder, code."""
    there: dict[str, Row] = {}
    for name in known:
        _visit(name, there, {})
    found: dict[str, Row] = {}
    for name in roots:
        _visit(name, found, there)
    return tuple([row for row in found.values() if not row[1].endswith("__init__.py")])


def _visit(name: str, found: dict[str, Row], known: dict[str, Row]) -> None:
    """Adds a module behind those that it imports."""
    path = _path(name)
    if not path or name in found or name in known:
        return
    with open(PACKAGE + path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in tree.body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for other in names:
            _visit(other, found, known)
    _fold(tree, name)
    code = compile(_stripped(tree), PACKAGE + path, "exec", dont_inherit=True)
    found.setdefault(name, (name, path, _without_lines(code)))


def _fold(tree: ast.Module, name: str) -> None:
    """Puts the values of a module's constants that are declared ``Final`` in place of what works them out."""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.annotation, ast.Name) and node.annotation.id == "Final":
            assert isinstance(node.target, ast.Name) and node.value is not None
            value = getattr(import_module(name), node.target.id)
            node.value = ast.copy_location(ast.Constant(value), node.value)


def _path(name: str) -> str:
    """Where a module of this package is, below its folder; an empty string if there is none of this name."""
    package, _, rest = name.partition(".")
    path = rest.replace(".", "/")
    if package != "jitvm" or not rest:
        return ""
    return next((path + end for end in (".py", "/__init__.py") if os.path.exists(PACKAGE + path + end)), "")


def _stripped(tree: ast.Module) -> ast.Module:
    """Without docstrings, annotations and what only type checkers see, in place."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef)):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:]
            node.body = [part for statement in node.body for part in _seen(statement)] or [ast.Pass(lineno=1, col_offset=0)]
        if isinstance(node, ast.FunctionDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.copy_location(ast.Pass(), node.body[0])]
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return tree


def _seen(statement: ast.stmt) -> list[ast.stmt]:
    """What a statement of a module or class comes down to where no type checker runs."""
    if isinstance(statement, ast.If) and isinstance(statement.test, ast.Name) and statement.test.id == "TYPE_CHECKING":
        return statement.orelse
    if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
        return []
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return []  # what documents a constant
    if isinstance(statement, ast.AnnAssign):
        return [ast.copy_location(ast.Assign([statement.target], statement.value), statement)] if statement.value is not None else []
    return [statement]


def _without_lines(code: CodeType) -> CodeType:
    constants = tuple([_without_lines(value) if isinstance(value, type(code)) else value for value in code.co_consts])
    return code.replace(co_linetable=b"", co_consts=constants)
