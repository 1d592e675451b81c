"""Reading, binding and unbinding of names: locals in registers, cells, globals."""
from __future__ import annotations

from jitvm.frontend import tree as ast
from jitvm.frontend.assembler import Assembler
from jitvm.frontend.constants import fold
from jitvm.frontend.positions import opmap
from jitvm.frontend.scopes import ChildCodes, mangle
from jitvm.spec.layout import CO_OPTIMIZED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType

    Later = ast.AST | Sequence[ast.AST] | None
    """What is evaluated between the reading of an operand and the instruction that uses it."""


EXTENDED_ARG, LOAD_GLOBAL = opmap["EXTENDED_ARG"], opmap["LOAD_GLOBAL"]
DEREFS = frozenset(opmap[name] for name in ("LOAD_CLASSDEREF", "STORE_DEREF", "DELETE_DEREF"))
GLOBALS = frozenset(opmap[name] for name in ("LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL"))
"""The host's opcodes by which the body of a class uses cells, and globals that it declares as such."""


def class_names(code: CodeType, cells: dict[str, int]) -> tuple[dict[str, int], frozenset[str]]:
    """The names that the body of a class reads and binds in cells, as in ``cells``, and those that it declares to be global.

    A name can be in a cell for the class's functions and, independently, in its namespace.
    """
    shared, others, extended = set(), set(), 0
    for at in range(0, len(code.co_code), 2):
        operation, argument = code.co_code[at], extended << 8 | code.co_code[at + 1]
        extended = argument if operation == EXTENDED_ARG else 0
        if operation in DEREFS:
            shared.add(argument)
        elif operation in GLOBALS:
            others.add(code.co_names[argument >> (operation == LOAD_GLOBAL)])
    return {name: register for name, register in cells.items() if register in shared}, frozenset(others)


class VariableCompiler(Assembler):
    """Emits the instructions for names."""

    def __init__(self, code: CodeType, private: str | None, walrus: frozenset[str]) -> None:
        super().__init__(code, private)
        self.walrus = walrus
        self.in_class = not code.co_flags & CO_OPTIMIZED and code.co_name != "<module>"
        if self.in_class:
            self.closure = {**self.cells, **{name: self.names.order.index(name) for name in code.co_cellvars}}
            self.cells, self.globals = class_names(code, self.cells)
        else:
            self.closure = self.cells
        self._children: ChildCodes | None = None

    @property
    def children(self) -> ChildCodes:
        """The code objects of the scopes directly within this one."""
        if self._children is None:
            self._children = ChildCodes(self.host)
        return self._children

    def name_constant(self, name: str) -> int:
        """The index of the constant that is ``name``, mangled within a class."""
        return self.constant(name if self.private is None else mangle(self.private, name))

    def read_local(self, register: int, name: str) -> None:
        """Makes sure that the local in ``register`` is bound."""
        if not self.bound >> register & 1:
            self.emit("check_bound", register, self.name_constant(name))
            self.bound |= 1 << register

    def load_name(self, node: ast.Name, target: int) -> int:
        """Loads a name into ``target``, or a new temporary if it is negative."""
        name = node.id
        self.at = node
        register = self.locals.get(name)
        if register is not None:
            self.read_local(register, name)
            if target < 0:
                target = self.push()
            if target != register:
                self.emit("move", target, register)
            return target
        cell = self.cells.get(name)
        if cell is not None:
            target = self.result(self.top, target)
            self.emit("load_classderef" if self.in_class else "load_deref", target, cell, self.name_constant(name))
        elif name == "__debug__":
            target = self.load_constant(fold(node), target)
        else:
            target = self.result(self.top, target)
            self.emit("load_" + self.space(name), target, self.name_constant(name))
        return target

    def space(self, name: str) -> str:
        """Where a name is that is in no register: a "global", in the body of a class a "name" of its namespace."""
        return "name" if self.in_class and mangle(self.private, name) not in self.globals else "global"

    def store_name(self, name: str, source: int, keep: bool = False) -> None:
        """Binds ``name`` to what ``source`` holds; a temporary is emptied unless ``keep``."""
        register = self.locals.get(name)
        if register is not None:
            if source >= self.first_temporary and not keep:
                self.emit("take", register, source)
            elif source != register:
                self.emit("move", register, source, keep=1)
            self.bound |= 1 << register
            return
        cell = self.cells.get(name)
        if cell is not None:
            self.emit("store_deref", source, cell, keep=keep)
        else:
            self.emit("store_" + self.space(name), source, self.name_constant(name), keep=keep)

    def delete_name(self, name: str) -> None:
        """Unbinds ``name``."""
        register = self.locals.get(name)
        if register is not None:
            self.emit("delete_local", register, self.name_constant(name))
            self.bound &= ~(1 << register)
        elif name in self.cells:
            self.emit("delete_deref", self.cells[name], self.name_constant(name))
        else:
            self.emit("delete_" + self.space(name), self.name_constant(name))

    def forget_name(self, name: str) -> None:
        """Unbinds ``name`` whether it is bound or not: at the end of ``except ... as name``."""
        register = self.locals.get(name)
        if register is not None:
            self.emit("clear", register)
            self.bound &= ~(1 << register)
            return
        none = self.load_constant(None)
        self.store_name(name, none)
        self.top = none
        self.delete_name(name)

    def rebinds(self, later: Later, name: str) -> bool:
        """Whether ``later`` binds ``name`` by an assignment expression."""
        nodes: Sequence[ast.AST] = later if isinstance(later, (list, tuple)) else (later,)
        return any(type(inner) is ast.NamedExpr and inner.target.id == name
                   for node in nodes if node is not None for inner in ast.walk(node))
