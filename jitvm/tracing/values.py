"""Abstract values of the trace machine, and the state of an execution at one point of a region."""
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType as FunctionType
    from types import MethodType as MethodType
    from typing import Any
else:  # not from the module types, which a program need not have loaded
    FunctionType = type(lambda: None)
    MethodType = type((lambda self: None).__get__(0))


class I64(str):
    """The LLVM name of an unboxed int."""

    __slots__ = ()


class F64(str):
    """The LLVM name of an unboxed float."""

    __slots__ = ()


class I1(str):
    """The LLVM name of a truth value."""

    __slots__ = ()


class Value:
    """What a register can hold. Values are compared by identity, except those whose class says otherwise."""

    __slots__ = ()
    kind = "?"

    def held(self) -> list[str]:
        """LLVM names of the objects that a register with this value holds."""
        return []


class Null(Value):
    """An empty register."""

    __slots__ = ()
    kind = "null"

    def __repr__(self) -> str:
        return "null"


class Const(Value):
    """A constant object of the script or the host; ``symbol`` is its name in LLVM text."""

    __slots__ = ("object", "symbol")
    kind = "const"

    def __init__(self, value: Any, symbol: str) -> None:
        self.object, self.symbol = value, symbol

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Const) and other.object is self.object

    def __hash__(self) -> int:
        return id(self.object)

    def __repr__(self) -> str:
        return f"const {self.object!r:.40}"


class Unboxed(Value):
    """An int, float or bool in a machine register (or a Python number where it is known).

    ``bound`` is True, or the name of a truth value: whether the register holds it or is empty (a local that a loop may not have set).
    """

    __slots__ = ("bound", "number")

    def __init__(self, number: Any, bound: Any = True) -> None:
        self.number, self.bound = number, bound

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and _same_number(other.number, self.number) and other.bound == self.bound

    def __hash__(self) -> int:
        return hash((self.kind, self.number))

    def __repr__(self) -> str:
        return f"{self.kind} {self.number}"


class IntValue(Unboxed):
    """An exact int within 64 bits."""

    __slots__ = ()
    kind = "int"


class FloatValue(Unboxed):
    """An exact float."""

    __slots__ = ()
    kind = "float"


class BoolValue(Unboxed):
    """True or False."""

    __slots__ = ()
    kind = "bool"


class Obj(Value):
    """A pointer to an object of a type that the state may know."""

    __slots__ = ("name",)
    kind = "object"

    def __init__(self, name: str) -> None:
        self.name = name

    def held(self) -> list[str]:
        return [self.name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Obj) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"object {self.name}"


class Packed(Value):
    """A tuple, list or dict of named values that has not been made (``tracing/packed.py``)."""

    __slots__ = ("items", "names", "type")
    kind = "packed"

    def __init__(self, kind: type, items: tuple[Value, ...], names: tuple[str, ...] = ()) -> None:
        self.type, self.items, self.names = kind, items, names

    @property
    def key(self) -> str:
        """Under which a state knows the object that was made of it."""
        return f"packed {id(self)}"

    def held(self) -> list[str]:
        return [name for item in self.items for name in item.held()]

    def __repr__(self) -> str:
        return f"packed {self.type.__name__} of {self.items}"


class Pointer:
    """A raw address: an LLVM pointer (``base``) or a number (base None), plus an offset known now."""

    __slots__ = ("base", "offset")

    def __init__(self, base: str | None, offset: int) -> None:
        self.base, self.offset = base, offset


class Window(Pointer):
    """The address of register ``offset // 8`` of the current frame."""

    __slots__ = ()

    def __init__(self, offset: int) -> None:
        super().__init__(None, offset)


NULL = Null()
OWNED, BORROWED, ANCHORED = "owned", "borrowed", "anchored"


def phi_value(kind: str, name: str, bound: Any = True) -> Value:
    """The abstract value of a phi."""
    if kind == "int":
        return IntValue(I64(name), bound)
    if kind == "float":
        return FloatValue(F64(name), bound)
    if kind == "bool":
        return BoolValue(I1(name), bound)
    return Obj(name)


def _same_number(a: Any, b: Any) -> bool:
    """Equality that tells 0.0 from -0.0, NaN from nothing, and a name from a number."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return repr(a) == repr(b)
    return bool(a == b)


class Frame:
    """One level of inlined calls: the record that runs, and where (address) it returns to, and ``what`` an implied call is for.

    A generator's has its ``place`` (the path to it), the ``site`` and unit (``first``) at which it went on, the loop headers it has
    ``passed`` since.
    """

    __slots__ = ("call_site", "first", "passed", "place", "record", "site", "what")

    def __init__(self, record: Any, call_site: int, place: tuple[int, ...] | None = None, site: Any = None, what: int = 0) -> None:
        self.record, self.call_site, self.place, self.site, self.what = record, call_site, place, site, what
        self.first = 0 if site is None else int(record.unit_at(site.resume))
        self.passed: frozenset[int] = frozenset()

    def rank(self, pc: int) -> int:
        """Where an address comes in the order in which the frame's code runs, about: a generator begins in the middle of it."""
        unit = int(self.record.unit_at(pc))
        return unit if unit >= self.first else unit + (1 << 16)


class Waiting:
    """A generator that waits and whose variables the region has (``tracing/suspended.py``): object, record, site."""

    __slots__ = ("generator", "record", "site")

    def __init__(self, generator: Obj, record: Any, site: Any) -> None:
        self.generator, self.record, self.site = generator, record, site


class State:
    """Everything known at one point: registers, what memory and the module's dict hold of them, ownership, types, facts,
    shared subexpressions, heap fields, generators that wait; whether something was called since the innermost loop's header."""

    __slots__ = ("called", "cse", "facts", "frames", "globals", "heap", "memory", "open", "owners", "registers", "types", "waiting")

    def __init__(self) -> None:
        self.registers: dict[tuple[int, int], Value] = {}
        self.memory: dict[int, Value] = {}
        self.globals: dict[int, Value] = {}
        self.owners: dict[str, str] = {}
        self.types: dict[str, Any] = {}
        self.facts: dict[str, bool] = {}
        self.cse: dict[str, Any] = {}
        self.heap: dict[tuple[str, str], tuple[Any, bool]] = {}
        self.open: tuple[Any, ...] = ()
        self.frames: tuple[Frame, ...] = ()
        self.waiting: dict[tuple[int, ...], Waiting] = {}
        self.called = False

    def copy(self) -> State:
        """A state that changes independently."""
        other = State.__new__(State)
        other.registers, other.memory, other.owners = self.registers.copy(), self.memory.copy(), self.owners.copy()
        other.types, other.facts, other.cse, other.heap = self.types.copy(), self.facts.copy(), self.cse.copy(), self.heap.copy()
        other.globals, other.waiting = self.globals.copy(), self.waiting.copy()
        other.open, other.frames, other.called = self.open, self.frames, self.called
        return other

    @property
    def level(self) -> int:
        """Depth of inlining of the current frame."""
        return len(self.frames) - 1

    def live_names(self) -> set[str]:
        """LLVM names of the objects that registers hold."""
        names: set[str] = set()
        for value in self.registers.values():
            if isinstance(value, Obj):
                names.add(value.name)
            elif isinstance(value, Packed):
                names.update(value.held())
        return names
