"""What each name is in a scope, derived from the host's code object, and which code object belongs to which node."""
from __future__ import annotations

from jitvm.frontend import tree as ast
from jitvm.frontend.code import CodeType
from jitvm.frontend.positions import RESUME
from jitvm.spec.layout import parameter_count

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Scope = ast.Module | ast.ClassDef | Function | Comprehension

ANONYMOUS: dict[type, str] = {
    ast.Lambda: "<lambda>", ast.ListComp: "<listcomp>", ast.SetComp: "<setcomp>", ast.DictComp: "<dictcomp>",
    ast.GeneratorExp: "<genexpr>",
}
"""Scopes that are expressions, with the name that the host gives their code."""
ANONYMOUS_NAMES = frozenset(ANONYMOUS.values())


def mangle(private: str | None, name: str) -> str:
    """``name`` as it is within the class called ``private``: ``__x`` becomes ``_Class__x``."""
    if private is None or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    private = private.lstrip("_")
    return f"_{private}{name}" if private else name


class Names:
    """The registers of one code object's local, cell and free variables, by name as written in the source."""

    def __init__(self, code: CodeType, private: str | None) -> None:
        shared = set(code.co_cellvars)
        plain = [name for name in code.co_varnames if name not in shared]
        order = _localsplus(code)
        register = {name: number for number, name in enumerate(order)}
        self.order = order
        self.count = len(order)
        self.arguments = parameter_count(code)
        self.locals = {name: register[name] for name in plain}
        self.cells = {name: register[name] for name in code.co_cellvars + code.co_freevars}
        self.own_cells = [order.index(name) for name in code.co_cellvars]  # a class body may have a free `__class__` as well
        if private is not None:
            self._add_unmangled(private)

    def _add_unmangled(self, private: str) -> None:
        """Adds private names as they are written, so that a look-up need not mangle."""
        prefix = f"_{private.lstrip('_')}__"
        for table in (self.locals, self.cells):
            for name in [name for name in table if name.startswith(prefix)]:
                written = name[len(prefix) - 2:]
                if mangle(private, written) == name:
                    table[written] = table[name]


def _localsplus(code: CodeType) -> list[str]:
    """The names of a code object's registers in the host's order: locals, other cells, free variables."""
    count = len(set(code.co_varnames) | set(code.co_cellvars)) + len(code.co_freevars)
    name_of = code._varname_from_oparg  # type: ignore[attr-defined]
    return [name_of(number) for number in range(count)]


def first_line(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    """The line of the first decorator, or of the statement: the host's ``co_firstlineno``."""
    return node.decorator_list[0].lineno if node.decorator_list else node.lineno


def scope_name(node: Scope) -> str:
    """The name that the host gives the code object of ``node``."""
    return str(ANONYMOUS.get(type(node)) or getattr(node, "name", "<module>"))


class ScopeIndex:
    """Finds the scope node of a host code object of one module, by name, first line and position.

    Named scopes can be found by a walk over the statements alone; expressions are only walked when one of their
    scopes is asked for.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._named: dict[tuple[str, int], tuple[Scope, str | None]] = {}
        self._anonymous: dict[tuple[str, int], list[tuple[Scope, str | None]]] | None = None
        self._index_statements(tree.body, None)

    def find(self, code: CodeType) -> tuple[Scope, str | None]:
        """The node of ``code`` and the name of the class whose private names it sees. KeyError if it has none."""
        key = code.co_name, code.co_firstlineno
        if code.co_name not in ANONYMOUS_NAMES:
            return self._named[key]
        if self._anonymous is None:
            self._anonymous = {}
            self._index_expressions(self._tree, None, self._anonymous)
        candidates = self._anonymous[key]
        if len(candidates) == 1:
            return candidates[0]
        position = first_position(code)
        fitting = [row for row in candidates if contains(row[0], position)]
        return min(fitting, key=lambda row: _length(row[0]))

    def _index_statements(self, body: list[ast.stmt], private: str | None) -> None:
        """Enters the functions and classes among ``body`` and in the statements within."""
        for statement in body:
            kind = type(statement)
            if kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
                self._named[statement.name, first_line(statement)] = statement, private  # type: ignore
                self._index_statements(statement.body, private)  # type: ignore[attr-defined]
            elif kind is ast.ClassDef:
                self._named[statement.name, first_line(statement)] = statement, private  # type: ignore
                self._index_statements(statement.body, statement.name)  # type: ignore[attr-defined]
            elif kind in COMPOUND:
                for field in ("body", "orelse", "finalbody"):
                    self._index_statements(getattr(statement, field, ()), private)  # type: ignore[arg-type]
                for row in getattr(statement, "handlers", ()) or getattr(statement, "cases", ()):
                    self._index_statements(row.body, private)

    def _index_expressions(self, node: ast.AST, private: str | None,
                           found: dict[tuple[str, int], list[tuple[Scope, str | None]]]) -> None:
        """Enters the lambdas and comprehensions in ``node``."""
        if type(node) in ANONYMOUS:
            found.setdefault((ANONYMOUS[type(node)], node.lineno), []).append((node, private))  # type: ignore
        inner = node.name if isinstance(node, ast.ClassDef) else private
        body: set[int] = set(map(id, node.body)) if isinstance(node, ast.ClassDef) else set()
        for child in ast.iter_child_nodes(node):
            self._index_expressions(child, inner if id(child) in body else private, found)


COMPOUND = frozenset([ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.Match])


class ChildCodes:
    """The code objects directly within one code object, to be found by the node that each was made from."""

    def __init__(self, code: CodeType) -> None:
        self._codes: dict[tuple[str, int], list[CodeType]] = {}
        for constant in code.co_consts:
            if type(constant) is CodeType:
                self._codes.setdefault((constant.co_name, constant.co_firstlineno), []).append(constant)

    def find(self, node: Scope) -> CodeType:
        """The code object made from ``node``; the first of them where the host compiled it more than once."""
        kind = type(node)
        name = ANONYMOUS.get(kind)
        if name is None:
            return self._codes[node.name, first_line(node)][0]  # type: ignore
        candidates = self._codes[name, node.lineno]  # type: ignore[union-attr]
        if len(candidates) == 1:
            return candidates[0]
        for code in candidates:
            if _made_from(code, node):
                return code
        raise KeyError(name)


def _made_from(code: CodeType, node: Scope) -> bool:
    """Whether ``code`` stems from ``node`` and not from another lambda or comprehension at the same line."""
    position = first_position(code)
    if not contains(node, position):
        return False
    nested = (inner for inner in ast.walk(node) if inner is not node and type(inner) is type(node))
    return not any(contains(inner, position) for inner in nested)


def first_position(code: CodeType) -> tuple[int, int, int, int]:
    """Line, end line, column, end column of the first instruction past RESUME that has all four."""
    resume = code.co_code[::2].index(RESUME)
    for number, position in enumerate(code.co_positions()):
        if number > resume and None not in position and position[2] != position[3]:
            return position  # type: ignore[return-value]
    raise KeyError(code.co_name)


def contains(node: Scope, position: tuple[int, int, int, int]) -> bool:
    """Whether ``position`` lies in what is evaluated in the scope of ``node``, an expression."""
    line, end_line, column, end_column = position
    part: ast.expr = node.body if isinstance(node, ast.Lambda) else node  # type: ignore[assignment]
    if not isinstance(node, ast.Lambda):
        return position == (part.lineno, part.end_lineno, part.col_offset, part.end_col_offset)
    return ((part.lineno, part.col_offset) <= (line, column)
            and (end_line, end_column) <= (part.end_lineno, part.end_col_offset))


def _length(node: Scope) -> tuple[int, int]:
    """A measure that is smaller for a node within another."""
    end_line, end_column = node.end_lineno, node.end_col_offset  # type: ignore[union-attr]
    lines = end_line - node.lineno  # type: ignore
    return lines, end_column - node.col_offset if not lines else end_column  # type: ignore
