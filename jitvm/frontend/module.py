"""A module's source, its host code objects, and the units compiled from them so far; their form on disk.

A module that was stored is restored without the compiler; what was not compiled then is compiled now, from the source.
"""
from __future__ import annotations

import marshal
import sys
from _imp import source_hash

from jitvm.frontend.code import REASONS, CodeType, CodeUnit, Handler, Loop, Unsupported, host_codes
from jitvm.spec.bytecodes import HANDLER_WORDS, PLACE, PLACE_BITS
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Callable
    from typing import Any

    from jitvm.frontend.compiler import ModuleCompiler

    Row = tuple[Any, ...]

ONLY_AST = 0x400


def _call(function: Any, arguments: tuple[Any, ...]) -> Any:
    return function(*arguments)


calling: Callable[[Any, tuple[Any, ...]], Any] = _call
"""What calls ``compile`` for a tree: the runtime puts a function here that hides it from the collector, since trees are kept."""
loads: Callable[[bytes], Any] = marshal.loads
dumps: Callable[[Any], bytes] = marshal.dumps
"""The runtime puts functions here that raise no audit event."""
loading: Callable[[], None] | None = None
"""Called before the compiler is imported: the runtime puts a function here that has it in one piece."""
DEPTH = 10_000
"""How deep the compiler may recurse, whatever the depth of its caller: in 3.11 calls within Python take no C stack."""


class Module:
    """One source file: ``host`` is the host's code object of its body.

    ``quiet``: its compilation gave the host no reason to warn. One that did must not be stored: the host warns at each run.
    ``fresh``: units compiled since it was stored.
    Stored units are found by what their code objects say (``identity``), one at a time, when they are asked for.
    """

    def __init__(self, source: str | bytes, filename: str, stored: bytes | None = None, *,
                 iterator_paths: bool = True) -> None:
        """Compiles for the host: raises SyntaxError and ValueError as ``compile`` does.

        ``iterator_paths``: the setting.
        With ``stored``, what ``dump`` gave for the same source, filename and host, all is taken from there.
        """
        self._begin(filename, iterator_paths)
        self.source: str | bytes = source
        if stored is None:
            self.quiet, (tree, self.host) = watched(self._parse)
            self._make_compiler(tree)
        else:
            self.host, rows = loads(stored)
            self._stored.update(rows)

    def _begin(self, filename: str, iterator_paths: bool) -> None:
        self.filename, self.iterator_paths = filename, iterator_paths
        self.fresh = 0
        self.quiet = True
        self.loaded = False
        self._stored: dict[bytes, bytes] = {}
        self._new: dict[bytes, Row] = {}
        self._compiler: ModuleCompiler | None = None
        self._refused = False
        self._own: frozenset[int] | None = None

    @classmethod
    def of_loaded(cls, host: CodeType, filename: str, stored: bytes | None = None, *, iterator_paths: bool = True) -> Module:
        """The module of code that the host has loaded. Its source is read when something is to be compiled.

        ``stored`` is what ``dump`` gave for the same filename, whatever its source was: units are of code, not of places.
        """
        module = cls.__new__(cls)
        module._begin(filename, iterator_paths)
        module.loaded = True
        module.host = host
        if stored is not None:
            module._stored.update(loads(stored)[1])
        return module

    def _parse(self) -> tuple[ast.Module, CodeType]:
        tree = self._tree()
        return tree, compile(tree, self.filename, "exec", dont_inherit=True, optimize=-1)

    def _tree(self) -> ast.Module:
        tree: ast.Module = calling(compile, (self.source, self.filename, "exec", ONLY_AST, True))
        return tree

    def _make_compiler(self, tree: ast.Module) -> ModuleCompiler:
        if loading is not None and "jitvm.frontend.compiler" not in sys.modules:
            loading()
        from jitvm.frontend.compiler import ModuleCompiler
        has_walrus = (b":=" if isinstance(self.source, bytes) else ":=") in self.source  # type: ignore[operator]
        self._compiler = ModuleCompiler(tree, self.host, has_walrus, self.iterator_paths)
        return self._compiler

    @property
    def compiler(self) -> ModuleCompiler:
        """The compiler, for a module that was stored or loaded made when it is first needed.

        Raises Unsupported where the source is not what was loaded.
        """
        if self._compiler is not None:
            return self._compiler
        return self._make_compiler(self._source_of_loaded() if self.loaded else self._tree())

    def _source_of_loaded(self) -> ast.Module:
        """Reads the source of a loaded module, without warnings: the host has given those. The tree, if it is that of the host's code."""
        if not self._refused:
            self._refused = True
            try:
                with open(self.filename, "rb") as file:
                    self.source = file.read()
                found: tuple[ast.Module, CodeType] = silently(self._parse)
                if found[1] == self.host:
                    self._refused = False
                    return found[0]
            except (OSError, SyntaxError, ValueError, RecursionError):
                pass  # for the host it is code all the same
        raise Unsupported(REASONS["source"], self.host.co_firstlineno)

    def codes(self) -> dict[CodeType, ast.AST]:
        """Each code object of the module with the node of the scope that it was made from."""
        return {code: self.compiler.scope(code)[0] for code in host_codes(self.host)}

    def unit(self, code: CodeType) -> CodeUnit:
        """The register bytecode of a code object of this module, compiled at the first call.

        Raises Unsupported if the VM cannot take it, KeyError if it is not of this module.
        """
        return unit_of(self.row(code), code)

    def row(self, code: CodeType) -> Row:
        """The same in the form in which it is stored, see ``_row_of``."""
        key = identity(code)
        row = self._new.get(key)
        if row is None:
            stored = self._stored.get(key)
            row = self._compile(code, key) if stored is None else loads(stored)
        if len(row) == 2:
            raise Unsupported(*row)
        return row

    def _compile(self, code: CodeType, key: bytes) -> Row:
        if self._own is None:
            self._own = frozenset(map(id, host_codes(self.host)))
        if id(code) not in self._own:
            raise KeyError(code)
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + DEPTH)
        row: Row
        try:
            row = _row_of(self.compiler.compile(code))
        except Unsupported as unsupported:
            row = unsupported.reason, unsupported.line
        except RecursionError:
            row = REASONS["nested too deeply"], code.co_firstlineno
        finally:
            sys.setrecursionlimit(limit)
        if not self._refused:
            self.fresh += 1
            self._new[key] = row
        return row

    def dump(self) -> bytes:
        """The host's code, if it is not loaded by others, and all units known so far, for ``stored``."""
        rows = {**self._stored, **{key: dumps(row) for key, row in self._new.items()}}
        if self.loaded:  # what is of an earlier version of the source goes
            now = {identity(code) for code in host_codes(self.host)}
            rows = {key: row for key, row in rows.items() if key in now}
        return dumps((None if self.loaded else self.host, rows))


def identity(code: CodeType) -> bytes:
    """What stands for all that a code object's unit depends on: two with the same have the same unit. KeyError where it has none."""
    constants = [value.co_qualname if type(value) is CodeType else value for value in code.co_consts]
    try:
        data = dumps_plainly((
            code.co_code, code.co_linetable, code.co_exceptiontable, constants, code.co_names, code.co_varnames, code.co_cellvars,
            code.co_freevars, code.co_flags, code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_qualname))
    except ValueError:
        raise KeyError(code) from None  # a constant that no compiler makes
    return source_hash(len(data), data)


def _row_of(unit: CodeUnit) -> Row:
    """A unit as plain data (``ROW``), which native code reads (``vm_link`` in interpreter/linking.py). A code object without a unit has a
    row of two: the reason and the line."""
    places = {id(name): place << PLACE_BITS | PLACE["NAME"] for place, name in enumerate(unit.code.co_names)}
    places.update({id(constant): place << PLACE_BITS | PLACE["CONSTANT"] for place, constant in enumerate(unit.code.co_consts)})
    own: list[object] = []
    shared = array("I")
    for constant in unit.constants:
        place = places.get(id(constant))
        if place is None:
            place = len(own) << PLACE_BITS | PLACE["OWN"]
            own.append(constant)
        shared.append(place)
    handlers = array("q", [number for row in unit.handlers for number in row.row()])
    return (unit.words.tobytes(), unit.host_offsets.tobytes(), shared.tobytes(), tuple(own), handlers.tobytes(), unit.registers,
            tuple([row.row() for row in unit.loops]), unit.sites)


def unit_of(row: Row, code: CodeType) -> CodeUnit:
    """The opposite of ``_row_of``."""
    words, offsets, shared, own, handlers, registers, loops, sites = row
    tables = own, code.co_consts, code.co_names
    numbers = array("q", handlers)
    table = (1 << PLACE_BITS) - 1
    return CodeUnit(
        name=code.co_qualname, first_line=code.co_firstlineno, registers=registers, words=array("Q", words),
        host_offsets=array("I", offsets),
        constants=tuple([tables[place & table][place >> PLACE_BITS] for place in array("I", shared)]),
        handlers=tuple([Handler(*numbers[at:at + HANDLER_WORDS]) for at in range(0, len(numbers), HANDLER_WORDS)]),
        loops=tuple([Loop(*row) for row in loops]), code=code, sites=sites)


def dumps_plainly(value: Any) -> bytes:
    """Equal objects give equal bytes: who else holds them does not matter, as it does for later versions of the format."""
    return dumps(value, 2)  # type: ignore[call-arg]


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


_IGNORE = ("ignore", None, Warning, None, 0)


def silently(action: Callable[[], Any]) -> Any:
    """The result of an action whose warnings nobody sees. The list of filters is changed directly, unnoticed."""
    filters = getattr(sys.modules.get("warnings"), "filters", None)
    if not isinstance(filters, list):
        return action()
    filters.insert(0, _IGNORE)
    try:
        return action()
    finally:
        filters.remove(_IGNORE)
