"""Compiles one scope of a module to register bytecode."""
from __future__ import annotations

import sys

from jitvm.frontend import tree as ast
from jitvm.frontend.patterns import PatternCompiler
from jitvm.frontend.scopes import ScopeIndex
from jitvm.frontend.tree import cast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

    from jitvm.frontend.code import CodeUnit
    from jitvm.frontend.scopes import Scope


class ModuleCompiler:
    """Compiles the code objects of one module, given its tree and the host's code object of its body."""

    def __init__(self, tree: ast.Module, host: CodeType, has_walrus: bool, iterator_paths: bool = True) -> None:
        self.iterator_paths = iterator_paths
        self.tree, self.host = tree, host
        self._has_walrus = has_walrus
        self._index: ScopeIndex | None = None

    def scope(self, code: CodeType) -> tuple[Scope, str | None]:
        """The node of a code object and the class whose private names it sees. KeyError if it is not of this module."""
        if code is self.host:
            return self.tree, None
        if self._index is None:
            self._index = ScopeIndex(self.tree)
        return self._index.find(code)

    def compile(self, code: CodeType) -> CodeUnit:
        """Compiles one code object. Raises Unsupported."""
        node, private = self.scope(code)
        if isinstance(node, ast.ClassDef):
            private = node.name
        walrus = assigned_in_expressions(node) if self._has_walrus else frozenset()
        compiler = UnitCompiler(code, private, walrus)
        compiler.iterator_paths = self.iterator_paths
        return compiler.compile(node)


class UnitCompiler(PatternCompiler):
    """Compiles one scope."""

    def compile(self, node: Scope) -> CodeUnit:
        """The unit of ``node``."""
        if not self.is_generator:
            self.emit("resume", 0)
        for register in self.names.own_cells:
            self.emit("make_cell", register)
        if self.is_generator:
            self.emit("return_generator")
        if isinstance(node, ast.Module):
            self.start(node)
            self.body(node.body)
        elif isinstance(node, ast.ClassDef):
            self.class_body(node)
        elif isinstance(node, ast.Lambda):
            register = self.operand(node.body)
            self.at = node.body
            self.end_by_value(register)
        elif isinstance(node, ast.GeneratorExp):
            self.generator_body(node)
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp)):
            self.comprehension_body(node)
        else:
            self.body(cast(ast.FunctionDef, node).body)
        if self.reachable:
            self.end_by_constant(None)
        unit = self.finish()
        if self.is_generator:
            from jitvm.frontend.suspension import add_sites
            add_sites(unit, self.host)
        return unit

    def start(self, node: ast.Module | ast.ClassDef) -> None:
        """Makes ``__annotations__`` if anything is annotated, and binds ``__doc__``."""
        if has_annotations(node.body):
            self.emit("setup_annotations")
        document = docstring(node)
        if document is not None and sys.flags.optimize < 2:
            self.store_name("__doc__", self.load_constant(document))
            self.top = self.first_temporary

    def class_body(self, node: ast.ClassDef) -> None:
        """The body of a class: its value is the cell of ``__class__``, if a function in it has one."""
        register = self.push()
        self.emit("load_name", register, self.constant("__name__"))
        self.emit("store_name", register, self.constant("__module__"))
        self.top = register
        self.emit("store_name", self.load_constant(self.host.co_qualname), self.constant("__qualname__"))
        self.top = register
        self.start(node)
        self.body(node.body)
        if self.reachable and "__class__" in self.host.co_cellvars:
            self.emit("move", self.push(), self.closure["__class__"])
            self.emit("store_name", register, self.constant("__classcell__"), keep=1)
            self.end_by_value(register)


def docstring(node: ast.Module | ast.ClassDef) -> str | None:
    """The documentation string of a module or class."""
    first = node.body[0] if node.body else None
    value = first.value if isinstance(first, ast.Expr) else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


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
