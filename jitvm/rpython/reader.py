"""Reads modules written in restricted Python: which functions they hold, of which kind, with which signature.

Nothing is executed: a module is parsed with ``ast``. The dialect is documented in docs/RPYTHON.md.
"""
from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("opcode", "control", "inline", "primitive", "helper", "entry")
TYPES = {"Object": "O", "New": "N", "Stolen": "S", "Int": "I", "Bool": "B", "Float": "F", "Ptr": "P", "None": "v", "Branch": "branch",
         "Effect": "effect", "Template": "template", "Const": "const", "Imm": "imm", "Window": "imm", "Local": "imm"}


class DialectError(Exception):
    """Restricted Python was left: the message starts with file:line."""


@dataclass
class Function:
    """One function of the dialect. ``flags``, for helpers: raises, runs, cold, spare; quiet (neither runs Python code nor changes
    a field that traces know), text (the result is an exact str); for primitives: ends (an object may end in it)."""

    name: str
    kind: str
    node: ast.FunctionDef
    file: str
    parameters: list[tuple[str, str]]
    result: str
    flags: frozenset[str] = frozenset()
    templates: list[str] = field(default_factory=list)

    def fail(self, node: ast.AST, why: str) -> DialectError:
        """A DialectError for ``node``."""
        return DialectError(f"{self.file}:{getattr(node, 'lineno', self.node.lineno)}: {why}")


@dataclass
class Program:
    """All functions of a set of dialect modules, and their integer constants."""

    functions: dict[str, Function]
    constants: dict[str, int]


def read(paths: list[Path]) -> Program:
    """Reads the modules at ``paths``; DialectError for what the dialect does not have."""
    program = Program({}, {})
    for path in paths:
        tree = ast.parse(path.read_text(), str(path))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                function = _function(node, path.name)
                if function.name in program.functions:
                    raise function.fail(node, f"{node.name} is defined twice")
                program.functions[function.name] = function
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name, value = node.targets[0].id, int(ast.literal_eval(node.value))
                if program.constants.setdefault(name, value) != value:
                    raise DialectError(f"{path.name}:{node.lineno}: the constant {name} has another value elsewhere")
            elif not isinstance(node, (ast.Expr, ast.Import, ast.ImportFrom)):
                raise DialectError(f"{path.name}:{node.lineno}: only functions and integer constants at module level")
    return program


def _annotation(node: ast.expr | None) -> str:
    if isinstance(node, ast.Name) and node.id in TYPES:
        return TYPES[node.id]
    if isinstance(node, ast.Constant) and node.value is None:
        return "v"
    return "?"


def _function(node: ast.FunctionDef, file: str) -> Function:
    kind, flags = "", set()
    for mark in node.decorator_list:
        call = mark.func if isinstance(mark, ast.Call) else mark
        if isinstance(call, ast.Name) and call.id in KINDS:
            kind = call.id
            if isinstance(mark, ast.Call):
                flags |= {keyword.arg for keyword in mark.keywords if keyword.arg}
    parameters = [(a.arg, _annotation(a.annotation)) for a in node.args.args]
    function = Function(node.name, kind, node, file, parameters, _annotation(node.returns), frozenset(flags))
    if not kind:
        raise function.fail(node, f"{node.name} has none of the decorators {', '.join(KINDS)}")
    if function.result == "?" or any(kind == "?" for _, kind in parameters):
        raise function.fail(node, f"{node.name} has an unknown annotation")
    function.templates = [name for name, kind in parameters if kind == "template"]
    return function
