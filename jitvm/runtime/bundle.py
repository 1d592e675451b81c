"""Modules of this package in one piece: found, read and checked at once, where the host's importer would look for each by itself.

A part of the package that is loaded while a program waits for it (the tracing compiler, the frontend) is kept as code objects in an order
in which none imports one that follows. They have neither docstrings nor annotations nor line tables: who wants tracebacks of them
(``-X verify=1``, ``-X dump=...``) loads the files.
"""
from __future__ import annotations

import sys

from jitvm.backend import cache
from jitvm.runtime.stamp import PACKAGE, stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Callable
    from types import CodeType
    from typing import Any

    Row = tuple[str, str, CodeType]

KIND = "modules"
FOLDERS = ("backend", "frontend", "runtime", "spec")
EARLIEST = ("jitvm.cli", "jitvm.runtime.bundle")
START = ("jitvm.runtime.launch", "jitvm.runtime.attributes", "jitvm.runtime.context", "jitvm.runtime.continuation", "jitvm.runtime.modules",
         "jitvm.runtime.records")
"""Modules with which each program begins."""
FRONTEND = ("jitvm.frontend.compiler",)
TRACING = ("jitvm.tracing.driver", "jitvm.tracing.kit", "jitvm.backend.worker")


def load(roots: tuple[str, ...], known: tuple[str, ...], loads: Callable[[bytes], Any]) -> None:
    """Loads modules from the cache, where the next process finds them if this one does not. ``loads`` is ``marshal.loads``.

    What cannot be had in this way the importer finds as it finds everything.
    """
    key = repr((roots, known)).encode() + stamp(FOLDERS)
    try:
        data = cache.load(KIND, key)
        if data is None:
            cache.store(KIND, key, b"")  # who cannot write there need not make it
            from marshal import dumps

            cache.store(KIND, key, dumps(make(roots, known)))
        elif data:
            install(loads(data))
    except cache.CacheUnavailable:
        return


def make(roots: tuple[str, ...], known: tuple[str, ...]) -> list[Row]:
    """The modules that ``roots`` import as they are loaded, and these, but for those that ``known`` do: name, file below the package's
    folder, code."""
    there: dict[str, Row] = {}
    for name in known:
        _visit(name, there, {})
    found: dict[str, Row] = {}
    for name in roots:
        _visit(name, found, there)
    return [row for row in found.values() if not row[1].endswith("__init__.py")]


def _visit(name: str, found: dict[str, Row], known: dict[str, Row]) -> None:
    """Adds a module behind those that it imports."""
    import ast

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
    code = compile(_stripped(tree), PACKAGE + path, "exec", dont_inherit=True)
    found.setdefault(name, (name, path, _without_lines(code)))


def _path(name: str) -> str:
    """Where a module of this package is, below its folder; an empty string if there is none of this name."""
    import os

    package, _, rest = name.partition(".")
    path = rest.replace(".", "/")
    if package != "jitvm" or not rest:
        return ""
    return next((path + end for end in (".py", "/__init__.py") if os.path.exists(PACKAGE + path + end)), "")


def _stripped(tree: ast.Module) -> ast.Module:
    """Without docstrings, annotations and what only type checkers see, in place."""
    import ast

    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef)):
            node.body = [part for statement in node.body for part in _seen(statement)] or [ast.Pass(lineno=1, col_offset=0)]
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.copy_location(ast.Pass(), node.body[0])]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return tree


def _seen(statement: ast.stmt) -> list[ast.stmt]:
    """What a statement comes down to where no type checker runs."""
    import ast

    unseen = isinstance(statement, ast.If) and isinstance(statement.test, ast.Name) and statement.test.id == "TYPE_CHECKING"
    return statement.orelse if unseen else [statement]  # type: ignore[attr-defined]


def _without_lines(code: CodeType) -> CodeType:
    constants = tuple([_without_lines(value) if isinstance(value, type(code)) else value for value in code.co_consts])
    return code.replace(co_linetable=b"", co_consts=constants)


def install(rows: list[Row]) -> None:
    """Loads the modules that are not there yet."""
    from _frozen_importlib import ModuleSpec
    from _frozen_importlib_external import SourceFileLoader

    modules: Any = sys.modules
    kind: Any = type(sys)
    for name, path, code in rows:
        if name in modules:
            continue
        package, _, last = name.rpartition(".")
        if package not in modules:
            __import__(package)
        module = kind(name)
        file = PACKAGE + path
        module.__file__, module.__package__ = file, package
        module.__loader__ = SourceFileLoader(name, file)
        module.__spec__ = ModuleSpec(name, module.__loader__, origin=file)
        module.__spec__.has_location = True
        modules[name] = module
        try:
            exec(code, module.__dict__)
        except BaseException:
            del modules[name]
            raise
        setattr(modules[package], last, module)
