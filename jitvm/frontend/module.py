"""A module's source, its host code objects, and the units compiled from them so far; their form on disk.

A module that was stored is restored without the compiler; what was not compiled then is compiled now, from the source.
"""
from __future__ import annotations

import marshal
import sys

from jitvm.frontend.code import REASONS, CodeUnit, Handler, Loop, Unsupported, host_codes
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Callable
    from types import CodeType
    from typing import Any

    from jitvm.frontend.compiler import ModuleCompiler

ONLY_AST = 0x400


def _call(function: Any, arguments: tuple[Any, ...]) -> Any:
    return function(*arguments)


calling: Callable[[Any, tuple[Any, ...]], Any] = _call
"""What calls ``compile`` for a tree: the runtime puts a function here that hides it from the collector, since trees are kept."""
DEPTH = 10_000
"""How deep the compiler may recurse, whatever the depth of its caller: in 3.11 calls within Python take no C stack."""


class Module:
    """One source file: ``host`` is the host's code object of its body.

    ``quiet``: its compilation gave the host no reason to warn. One that did must not be stored: the host warns at each run.
    ``fresh``: units compiled since it was stored.
    """

    def __init__(self, source: str | bytes, filename: str, stored: bytes | None = None, *,
                 iterator_paths: bool = True) -> None:
        """Compiles for the host: raises SyntaxError and ValueError as ``compile`` does.

        ``iterator_paths``: the setting.
        With ``stored``, what ``dump`` gave for the same source, filename and host, all is taken from there.
        """
        self.source, self.filename, self.iterator_paths = source, filename, iterator_paths
        self.fresh = 0
        self._units: dict[int, CodeUnit | Unsupported] = {}
        self._stored: dict[int, tuple[Any, ...]] = {}
        self._compiler: ModuleCompiler | None = None
        self.quiet = True
        if stored is None:
            self.quiet, (tree, self.host) = watched(self._parse)
            self._make_compiler(tree)
        else:
            self.host, self._stored = marshal.loads(stored)

    @property
    def host(self) -> CodeType:
        """The host's code object of the module's body. An equal one, compiled elsewhere, may be put in its place."""
        return self._host

    @host.setter
    def host(self, code: CodeType) -> None:
        self._host = code
        self._numbers = {id(inner): number for number, inner in enumerate(host_codes(code))}
        if self._compiler is not None:
            self._compiler.host = code

    def _parse(self) -> tuple[ast.Module, CodeType]:
        tree = self._tree()
        return tree, compile(tree, self.filename, "exec", dont_inherit=True, optimize=-1)

    def _tree(self) -> ast.Module:
        tree: ast.Module = calling(compile, (self.source, self.filename, "exec", ONLY_AST, True))
        return tree

    def _make_compiler(self, tree: ast.Module) -> ModuleCompiler:
        from jitvm.frontend.compiler import ModuleCompiler
        has_walrus = (b":=" if isinstance(self.source, bytes) else ":=") in self.source  # type: ignore[operator]
        self._compiler = ModuleCompiler(tree, self.host, has_walrus, self.iterator_paths)
        return self._compiler

    @property
    def compiler(self) -> ModuleCompiler:
        """The compiler, for a module that was stored made when it is first needed."""
        return self._compiler or self._make_compiler(self._tree())

    def codes(self) -> dict[CodeType, ast.AST]:
        """Each code object of the module with the node of the scope that it was made from."""
        return {code: self.compiler.scope(code)[0] for code in host_codes(self.host)}

    def unit(self, code: CodeType) -> CodeUnit:
        """The register bytecode of a code object of this module, compiled at the first call.

        Raises Unsupported if the VM cannot take it, KeyError if it is not of this module.
        """
        number = self._numbers[id(code)]
        known = self._units.get(number)
        if known is None:
            row = self._stored.get(number)
            known = self._units[number] = self._compile(code) if row is None else _unit_of(row, code)
        if isinstance(known, Unsupported):
            raise known.with_traceback(None)
        return known

    def _compile(self, code: CodeType) -> CodeUnit | Unsupported:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + DEPTH)
        self.fresh += 1
        try:
            return self.compiler.compile(code)
        except Unsupported as reason:
            return reason.with_traceback(None)
        except RecursionError:
            return Unsupported(REASONS["nested too deeply"], code.co_firstlineno)
        finally:
            sys.setrecursionlimit(limit)

    def dump(self) -> bytes:
        """The host's code and all units known so far, for ``Module(..., stored)``."""
        return marshal.dumps((self.host, {**self._stored, **{number: _row_of(unit) for number, unit in self._units.items()}}))


def _row_of(unit: CodeUnit | Unsupported) -> tuple[Any, ...]:
    """A unit as plain data. A constant that is one of the host's is named by its place there: it stays the same object."""
    if isinstance(unit, Unsupported):
        return unit.reason, unit.line
    places = {id(constant): place for place, constant in enumerate(unit.code.co_consts)}
    shared = [places.get(id(constant), -1) for constant in unit.constants]
    own = [constant if place < 0 else None for constant, place in zip(unit.constants, shared, strict=True)]
    offsets = array("I", unit.host_offsets)
    return (unit.name, unit.first_line, unit.registers, unit.words.tobytes(), offsets.tobytes(), shared, own,
            [row.row() for row in unit.handlers], [row.row() for row in unit.loops], unit.sites)


def _unit_of(row: tuple[Any, ...], code: CodeType) -> CodeUnit | Unsupported:
    """The opposite of ``_row_of``."""
    if len(row) == 2:
        return Unsupported(*row)
    name, first_line, registers, words, offsets, shared, own, handlers, loops, sites = row
    theirs = code.co_consts
    return CodeUnit(
        name=name, first_line=first_line, registers=registers, words=array("Q", words), host_offsets=tuple(array("I", offsets)),
        constants=tuple([value if place < 0 else theirs[place] for value, place in zip(own, shared, strict=True)]),
        handlers=tuple([Handler(*row) for row in handlers]), loops=tuple([Loop(*row) for row in loops]), code=code, sites=sites)


class _Watch(type):
    """The type of a category of warnings that none belongs to, and that notes when it is asked for."""

    asked = 0

    def __subclasscheck__(cls, other: type) -> bool:
        _Watch.asked += 1
        return False


class _Category(metaclass=_Watch):
    """What the filter names that ``watched`` puts before all others."""


def watched(action: Callable[[], Any]) -> tuple[bool, Any]:
    """Whether an action gave no reason to warn, whatever the filters make of it, and its result."""
    import _warnings
    filters: Any = getattr(sys.modules.get("warnings", _warnings), "filters", None)
    if type(filters) is not list:
        return False, action()
    before = _Watch.asked
    mark = ("ignore", None, _Category, None, 0)
    filters.insert(0, mark)
    try:
        result = action()
    finally:
        filters.remove(mark)
    return _Watch.asked == before, result
