"""Modules of this package in one piece: found, read and checked at once, where the host's importer would look for each by itself.

A part of the package that is loaded while a program waits for it (the tracing compiler, the frontend) is kept as code objects in an order
in which none imports one that follows. They have neither docstrings nor annotations nor line tables: who wants tracebacks of them
(``-X verify=1``, ``-X dump=...``) loads the files.
"""
from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from types import CodeType
    from typing import Any

Row = tuple[str, str, "CodeType"]
"""A module: its name, its file below the package's folder, its code."""


def make(roots: tuple[str, ...], known: tuple[str, ...]) -> list[Row]:
    """The modules that ``roots`` import as they are loaded, but for those that ``known`` do, and these themselves."""
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
    with open(_folder() + path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in tree.body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for other in names:
            _visit(other, found, known)
    code = compile(_stripped(tree), _folder() + path, "exec", dont_inherit=True)
    found.setdefault(name, (name, path, _without_lines(code)))


def _path(name: str) -> str:
    """Where a module of this package is, below its folder; an empty string if there is none of this name."""
    import os

    package, _, rest = name.partition(".")
    path = rest.replace(".", "/")
    if package != "jitvm" or not rest:
        return ""
    return next((path + end for end in (".py", "/__init__.py") if os.path.exists(_folder() + path + end)), "")


def _stripped(tree: ast.Module) -> ast.Module:
    """Without docstrings and annotations, in place."""
    import ast

    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.copy_location(ast.Pass(), node.body[0])]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return tree


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
        file = _folder() + path
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


def _folder() -> str:
    from jitvm.runtime import stamp

    return stamp.PACKAGE
