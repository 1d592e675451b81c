"""The ground of the abstract machine: LLVM text, constants, types of values."""
from __future__ import annotations

from jitvm.spec import layout
from jitvm.spec.words import array
from jitvm.tracing.values import (
    I1,
    NULL,
    BoolValue,
    Const,
    FloatValue,
    IntValue,
    Null,
    Obj,
    Packed,
    Pointer,
    State,
    Unboxed,
    Value,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FIELDS, CONSTANTS = layout.current()
LLVM = {"O": "ptr", "N": "ptr", "P": "ptr", "I": "i64", "i": "i32", "u": "i32", "b": "i8", "B": "i1", "F": "double", "v": "void"}
WORK = " ;work"
"""End of lines that are for the first code only (tracing/tiers.py): those that show that it runs."""
KINDS = {"int": "i64", "float": "double", "bool": "i1", "object": "ptr"}
TYPE_NAMES = {"PyLong_Type": int, "PyFloat_Type": float, "PyBool_Type": bool, "PyUnicode_Type": str, "PyList_Type": list,
              "PyTuple_Type": tuple, "PyDict_Type": dict, "PySet_Type": set, "PyFrozenSet_Type": frozenset, "PyBytes_Type": bytes,
              "PyRange_Type": range, "PyRangeIter_Type": type(iter(range(0))), "PyListIter_Type": type(iter([])),
              "PyTupleIter_Type": type(iter(())), "PyFunction_Type": type(lambda: 0), "PyType_Type": type,
              "PyDictIterKey_Type": type(iter({})), "PyDictIterValue_Type": type(iter({}.values())), "PyZip_Type": zip,
              "PyDictIterItem_Type": type(iter({}.items())), "PySetIter_Type": type(iter(set())), "PyEnum_Type": enumerate,
              "ascii_iterator": type(iter("")), "PyBytesIter_Type": type(iter(b"")), "PyListRevIter_Type": type(reversed([])),
              "PyMap_Type": map, "PyFilter_Type": filter}
SINGLETONS = {"_Py_NoneStruct": None, "_Py_TrueStruct": True, "_Py_FalseStruct": False, "_Py_NotImplementedStruct": NotImplemented,
              "_Py_EllipsisObject": ...}
MIN64, MAX64 = -(1 << 63), (1 << 63) - 1


class Abort(Exception):
    """The region cannot be compiled; ``reason`` is a name of the reasons table, the message has the detail."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail


class FrameReference:
    """The current frame as handlers name it."""

    __slots__ = ("level",)

    def __init__(self, level: int) -> None:
        self.level = level


class Cache(Pointer):
    """The cache units of an instruction, or a cell of the table of cells: constants at compile time."""

    __slots__ = ("address",)

    def __init__(self, address: int) -> None:
        super().__init__(None, address)
        self.address = address


class Emission:
    """Text, constants and types: what every part of a region builds on."""

    NEXT, JUMP, ERROR, EXHAUSTED, SKIP = "NEXT", "JUMP", "ERROR", "EXHAUSTED", "SKIP"
    NULL, NULLP = NULL, 0
    thread = Pointer("%ts", 0)

    def __init__(self, peek: Any) -> None:
        self.peek = peek
        self.lines: list[Any] = []
        self.count = 0
        self.block = "entry"
        self.state = State()
        self.constants: list[Any] = []
        self.constant_symbols: dict[int, Const] = {}
        self.imports: set[str] = set()
        self.declared: set[str] = set()
        self.effected = False
        self.pc = 0
        self.cached_words: dict[int, int] = {}

    wide = False
    """Whether ints of more than 60 bits were seen: they are unboxed too, at the price of a test each time."""

    # -- text
    def emit(self, text: str) -> None:
        if "call " in text and "@llvm." not in text:
            self.state.called = True
        self.lines.append("  " + text)

    def op(self, text: str) -> str:
        if "call " in text and "@llvm." not in text:
            self.state.called = True
        self.count += 1
        self.lines.append(f"  %v{self.count} = {text}")
        return f"%v{self.count}"

    def label(self) -> str:
        self.count += 1
        return f"L{self.count}"

    def at(self, label: str) -> None:
        self.lines.append(label + ":")
        self.block = label

    def pure(self, text: str) -> str:
        """An operation without effects: done once for each path."""
        known = self.state.cse.get(text)
        if known is None:
            known = self.state.cse[text] = self.op(text)
        return str(known)

    def helper(self, name: str) -> str:
        """The symbol of a function of the interpreter's object."""
        self.imports.add(name)
        return f"@{name}"

    def constant(self, value: Any) -> Const:
        """A constant object."""
        known = self.constant_symbols.get(id(value))
        if known is None:
            known = Const(value, f"@k{len(self.constants)}")
            self.constants.append(value)
            self.constant_symbols[id(value)] = known
        return known

    def named(self, name: str) -> Value:
        """An object of the host by its C name."""
        if name in TYPE_NAMES:
            return self.constant(TYPE_NAMES[name])
        if name in SINGLETONS:
            return self.constant(SINGLETONS[name])
        raise Abort("unsupported", f"object {name}")

    def unknown(self, name: str, *_: Any) -> Any:
        raise Abort("unsupported", f"operation {name}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Abort("unsupported", f"operation {name}")

    def unless(self, key: str, test: str, kind: str, value: str, call: str) -> str:
        """``value`` where ``test`` holds, else what ``call`` gives."""
        known = self.state.cse.get(key)
        if known is None:
            other, join, start = self.label(), self.label(), self.block
            self.emit(f"br i1 {test}, label %{join}, label %{other}, !prof !0")
            self.at(other)
            called = self.op(call)
            self.emit(f"br label %{join}")
            self.at(join)
            known = self.state.cse[key] = self.op(f"phi {kind} [{value}, %{start}], [{called}, %{other}]")
        return str(known)

    def offset(self, base: str, offset: int) -> str:
        return base if offset == 0 else self.pure(f"getelementptr i8, ptr {base}, i64 {offset}")

    def pointer(self, value: Any) -> str:
        """A pointer as LLVM text."""
        if isinstance(value, Pointer):
            if value.base is None:
                raise Abort("unsupported", "the address of a register")
            return self.offset(value.base, value.offset)
        return self.pointer_of(value)

    def pointer_of(self, value: Value) -> str:
        if isinstance(value, Const):
            return value.symbol
        if isinstance(value, Obj):
            return value.name
        if isinstance(value, Packed):
            return self.box(value)[0]
        raise Abort("unsupported", f"the address of {value!r}")

    def box(self, value: Value) -> tuple[str, bool]:
        raise NotImplementedError

    # -- conditions: Region decides
    def cond(self, test: Any) -> bool:
        raise NotImplementedError

    def decide(self, test: Any) -> bool:
        """A condition that the recording does not know: only what is certain."""
        if isinstance(test, bool):
            return test
        known = self.state.facts.get(test)
        if known is None:
            raise Abort("unsupported", "an undecided condition inside a primitive")
        return known

    # -- types
    def type_of(self, value: Value) -> Any:
        """The exact type, or None."""
        if isinstance(value, IntValue):
            return int
        if isinstance(value, FloatValue):
            return float
        if isinstance(value, BoolValue):
            return bool
        if isinstance(value, Const):
            return type(value.object)
        if isinstance(value, Obj):
            return self.state.types.get(value.name)
        return value.type if isinstance(value, Packed) else None

    def type_test(self, value: Value, kind: Any) -> Any:
        """Whether the exact type is ``kind``: a bool, or the name of a truth value."""
        known = self.type_of(value)
        if known is not None and (known is not int or kind is not int or self.is_narrow(value)):
            return known is kind
        if isinstance(value, Const):
            return MIN64 <= value.object <= MAX64
        if isinstance(value, Null):
            return False
        assert isinstance(value, Obj)
        pointer = self.type_word(value)
        test = self.pure(f"icmp eq ptr {pointer}, {self.constant(kind).symbol}")
        if kind is int:
            size = self.pure(f"load i64, ptr {self.offset(value.name, FIELDS['var_size'][0])}")
            near = self.pure(f"add i64 {size}, 2")
            test = self.pure(f"and i1 {test}, {self.pure(f'icmp ult i64 {near}, 5')}")
            if self.wide:
                call = f"call i1 {self.helper('t_is_int')}(ptr %ctx, ptr {value.name})"
                test = self.unless(f"wide {value.name}", test, "i1", "true", call)
        self.implied(test, value.name, kind)
        return I1(test)

    def is_narrow(self, value: Value) -> bool:
        """Whether an int is known to be unboxed, or to fit: that it is an int says nothing of its size."""
        if isinstance(value, Obj):
            return f"number of {value.name}" in self.state.cse or f"narrow {value.name}" in self.state.cse
        return isinstance(value, IntValue)

    def implied(self, test: str, name: str, kind: Any) -> None:
        """Notes what the truth of ``test`` says about an object's type."""
        self.state.cse["implies " + test] = (name, kind)

    def assume(self, state: State, test: str, outcome: bool) -> None:
        """Notes an outcome and what it implies."""
        state.facts[test] = outcome
        implied = state.cse.get("implies " + test)
        if implied is not None and outcome:
            state.types[implied[0]] = implied[1]
            if implied[1] is int:
                state.cse[f"narrow {implied[0]}"] = True

    def type_word(self, value: Obj) -> str:
        return self.pure(f"load ptr, ptr {self.offset(value.name, 8)}")

    def is_type(self, value: Value, kind: Const) -> Any:
        return self.type_test(value, kind.object)

    def is_int(self, value: Value) -> Any:
        return self.type_test(value, int)

    def is_float(self, value: Value) -> Any:
        return self.type_test(value, float)

    def is_null(self, value: Any) -> Any:
        if isinstance(value, Null):
            return True
        if isinstance(value, Obj):
            if value.name in self.state.types or f"present {value.name}" in self.state.cse:
                return False
            return I1(self.pure(f"icmp eq ptr {value.name}, null"))
        if isinstance(value, Unboxed) and value.bound is not True:
            return self.not_(value.bound)
        return False


def number(value: Any) -> str:
    """A number as LLVM text."""
    if isinstance(value, float):
        return "0x" + array("d", (value,)).tobytes()[::-1].hex().upper()
    return str(value)


def truth(value: Any) -> str:
    """A truth value as LLVM text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def flat(lines: list[Any]) -> list[str]:
    """The text of nested lists of lines."""
    out: list[str] = []
    for line in lines:
        if line.__class__ is str:
            out.append(line)
        else:
            out += flat(line)
    return out
