"""A module's source, its host code objects, and the units compiled from them so far."""
from __future__ import annotations

import ast
import sys
from types import CodeType
from typing import cast

from jitvm.frontend.assembler import Label
from jitvm.frontend.code import REASONS, CodeUnit, Unsupported
from jitvm.frontend.patterns import PatternCompiler
from jitvm.frontend.scopes import Scope, ScopeIndex, host_codes

CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR = 0x20, 0x80, 0x200
DEPTH = 10_000
"""How deep the compiler may recurse, whatever the depth of its caller: in 3.11 calls within Python take no C stack."""
KINDS = ((CO_GENERATOR, "generator"), (CO_COROUTINE, "coroutine"), (CO_ASYNC_GENERATOR, "async generator"))


class Module:
    """One parsed source file: ``host`` is the host's code object of its body."""

    def __init__(self, source: str | bytes, filename: str) -> None:
        """Parses and compiles for the host. Raises SyntaxError and ValueError as ``compile`` does."""
        self.filename = filename
        self.tree = cast(ast.Module, compile(source, filename, "exec", ast.PyCF_ONLY_AST, dont_inherit=True))
        self.host: CodeType = compile(self.tree, filename, "exec", dont_inherit=True, optimize=-1)
        self._has_walrus = (b":=" if isinstance(source, bytes) else ":=") in source  # type: ignore[operator]
        self._index: ScopeIndex | None = None
        self._units: dict[int, CodeUnit | Unsupported] = {}

    def codes(self) -> dict[CodeType, ast.AST]:
        """Each code object of the module with the node of the scope that it was made from."""
        return {code: self.scope(code)[0] for code in host_codes(self.host)}

    def scope(self, code: CodeType) -> tuple[Scope, str | None]:
        """The node of a code object and the class whose private names it sees. KeyError if it is not of this module."""
        if code is self.host:
            return self.tree, None
        if self._index is None:
            self._index = ScopeIndex(self.tree)
        node, private = self._index.find(code)
        return node, private

    def unit(self, code: CodeType) -> CodeUnit:
        """The register bytecode of a code object of this module, compiled at the first call.

        Raises Unsupported if the VM cannot take it, KeyError if it is not of this module.
        """
        known = self._units.get(id(code))
        if known is None:
            limit = sys.getrecursionlimit()
            sys.setrecursionlimit(limit + DEPTH)
            try:
                known = self._compile(code)
            except Unsupported as reason:
                known = reason
            except RecursionError:
                known = Unsupported(REASONS["nested too deeply"], code.co_firstlineno)
            finally:
                sys.setrecursionlimit(limit)
            self._units[id(code)] = known
        if isinstance(known, Unsupported):
            raise known.with_traceback(None)
        return known

    def _compile(self, code: CodeType) -> CodeUnit:
        """Compiles one code object."""
        for flag, reason in KINDS:
            if code.co_flags & flag:
                raise Unsupported(REASONS[reason], code.co_firstlineno)
        node, private = self.scope(code)
        if isinstance(node, ast.ClassDef):
            raise Unsupported(REASONS["class body"], node.lineno)
        walrus = assigned_in_expressions(node) if self._has_walrus else frozenset()
        return UnitCompiler(code, private, walrus).compile(node)


class UnitCompiler(PatternCompiler):
    """Compiles one scope."""

    def compile(self, node: Scope) -> CodeUnit:
        """The unit of ``node``."""
        self.emit("resume", 0)
        for register in self.names.own_cells:
            self.emit("make_cell", register)
        if isinstance(node, ast.Module):
            self.module_start(node)
            self.body(node.body)
        elif isinstance(node, ast.Lambda):
            register = self.operand(node.body)
            self.at = node.body
            self.emit("return_value", register)
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp)):
            self.comprehension_body(node)
        else:
            self.body(cast(ast.FunctionDef, node).body)
        if self.reachable:
            self.emit("return_const", self.constant(None))
        return self.finish()

    def module_start(self, node: ast.Module) -> None:
        """Binds ``__doc__`` and, if anything is annotated, ``__annotations__``."""
        document = ast.get_docstring(node, clean=False)
        if document is not None and sys.flags.optimize < 2:
            self.store_name("__doc__", self.load_constant(document))
            self.top = self.first_temporary
        if has_annotations(node.body):
            self.set_up_annotations()

    def set_up_annotations(self) -> None:
        """Binds ``__annotations__`` to a new dict unless it is bound: reading it raises NameError then."""
        region = self.cover(self.top)
        name = self.constant("__annotations__")
        table = self.push()
        self.emit("load_global", table, name)
        self.suspend(region)
        end = Label()
        self.clear(table)
        self.jump(end)
        self.bound = -1
        self.place(region.target)
        self.clear(table)
        self.emit("build_map", table, table, 0)
        self.emit("store_global", table, name)
        self.top = table
        self.place(end)


def assigned_in_expressions(node: ast.AST) -> frozenset[str]:
    """The names that assignment expressions in ``node`` bind."""
    return frozenset(inner.target.id for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))


def has_annotations(body: list[ast.stmt]) -> bool:
    """Whether a module's statements, those of functions and classes aside, annotate a variable."""
    for statement in body:
        if isinstance(statement, ast.AnnAssign):
            return True
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        parts = [getattr(statement, field, []) for field in ("body", "orelse", "finalbody")]
        parts += [row.body for row in getattr(statement, "handlers", None) or getattr(statement, "cases", [])]
        if any(has_annotations(part) for part in parts):
            return True
    return False
