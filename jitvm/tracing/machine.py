"""The abstract machine on which generated handlers run: primitives fold what is known and emit LLVM text for the rest.

Values, ownership and heap fields are in ``State``. An operation that may have effects goes through ``effect``: dirty heap fields are
written back, cached ones forgotten, borrowed objects that live on get a reference of their own. Nothing here names an opcode.
"""
from __future__ import annotations

import math
import struct

from jitvm.spec import layout
from jitvm.spec.cfunctions import C_OPERATORS, CFUNCTIONS
from jitvm.tracing.values import (
    ANCHORED,
    BORROWED,
    F64,
    I1,
    I64,
    NULL,
    OWNED,
    BoolValue,
    Const,
    FloatValue,
    IntValue,
    Null,
    Obj,
    Pointer,
    State,
    Unboxed,
    Value,
    Window,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FIELDS, CONSTANTS = layout.current()
LLVM = {"O": "ptr", "N": "ptr", "P": "ptr", "I": "i64", "i": "i32", "u": "i32", "b": "i8", "B": "i1", "F": "double", "v": "void"}
KINDS = {"int": "i64", "float": "double", "bool": "i1", "object": "ptr"}
TYPE_NAMES = {"PyLong_Type": int, "PyFloat_Type": float, "PyBool_Type": bool, "PyUnicode_Type": str, "PyList_Type": list,
              "PyTuple_Type": tuple, "PyDict_Type": dict, "PySet_Type": set, "PyFrozenSet_Type": frozenset, "PyBytes_Type": bytes,
              "PyRange_Type": range, "PyRangeIter_Type": type(iter(range(0))), "PyListIter_Type": type(iter([])),
              "PyTupleIter_Type": type(iter(())), "PyFunction_Type": type(lambda: 0), "PyType_Type": type}
SINGLETONS = {"_Py_NoneStruct": None, "_Py_TrueStruct": True, "_Py_FalseStruct": False, "_Py_NotImplementedStruct": NotImplemented,
              "_Py_EllipsisObject": ...}
QUIET = frozenset("PyFloat_FromDouble PyLong_FromLongLong".split())
"""C functions that neither run Python code nor change an object that a trace has fields of; helpers say so themselves."""
MAY_END = frozenset((int, float, bool, str, bytes, range, type(None), type(iter(range(0)))))
"""Types whose end of life runs no Python code."""
ABSTRACT = frozenset("""
is_int is_float is_type int_value float_value new_int new_float new_bool list_item tuple_item shift_fits
tuple_of list_of set_of map_of map_of_keys slice_of join_window unpack_items get_method new_function call_spread drop_window
replace_at join_two
""".split())
"""Primitives and helpers of the handlers for which the machine has a meaning of its own."""
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


class Cache:
    """The cache units of the current instruction: constants at compile time."""

    __slots__ = ("address",)

    def __init__(self, address: int) -> None:
        self.address = address


class Machine:
    """Emission and primitives. ``Region`` adds control: instructions, guards, exits, joins, loops."""

    NEXT, JUMP, ERROR, EXHAUSTED = "NEXT", "JUMP", "ERROR", "EXHAUSTED"
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

    # -- text
    def emit(self, text: str) -> None:
        self.lines.append("  " + text)

    def op(self, text: str) -> str:
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
        return None

    def type_test(self, value: Value, kind: Any) -> Any:
        """Whether the exact type is ``kind``: a bool, or the name of a truth value."""
        known = self.type_of(value)
        if known is not None:
            if known is int and kind is int and isinstance(value, Const):
                return MIN64 <= value.object <= MAX64
            return known is kind
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
                test = self.unless(f"wide {value.name}", test, "i1", "true", f"call i1 {self.helper('t_is_int')}(ptr %ctx, ptr {value.name})")
        self.implied(test, value.name, kind)
        return I1(test)

    def implied(self, test: str, name: str, kind: Any) -> None:
        """Notes what the truth of ``test`` says about an object's type."""
        self.state.cse["implies " + test] = (name, kind)

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
            if value.name in self.state.types:
                return False
            return I1(self.pure(f"icmp eq ptr {value.name}, null"))
        if isinstance(value, Unboxed) and value.bound is not True:
            return self.not_(value.bound)
        return False

    # -- numbers
    def int_value(self, value: Value) -> Any:
        if isinstance(value, IntValue):
            return value.number
        if isinstance(value, Const):
            return int(value.object)
        assert isinstance(value, Obj)
        size = self.pure(f"load i64, ptr {self.offset(value.name, FIELDS['var_size'][0])}")
        digits = self.pure(f"load i64, ptr {self.offset(value.name, FIELDS['long_digits'][0])}")
        low = self.pure(f"and i64 {digits}, 1073741823")
        high = self.pure(f"shl i64 {self.pure(f'lshr i64 {digits}, 32')}, 30")
        both = self.pure(f"or i64 {low}, {high}")
        small = self.pure(f"icmp ult i64 {self.pure(f'add i64 {size}, 1')}, 3")
        magnitude = self.pure(f"select i1 {small}, i64 {low}, i64 {both}")
        zero = self.pure(f"icmp eq i64 {size}, 0")
        magnitude = self.pure(f"select i1 {zero}, i64 0, i64 {magnitude}")
        negative = self.pure(f"icmp slt i64 {size}, 0")
        number = self.pure(f"select i1 {negative}, i64 {self.pure(f'sub i64 0, {magnitude}')}, i64 {magnitude}")
        if self.wide:
            near = self.pure(f"icmp ult i64 {self.pure(f'add i64 {size}, 2')}, 5")
            call = f"call i64 {self.helper('t_int_value')}(ptr %ctx, ptr {value.name})"
            number = self.unless(f"number {value.name}", near, "i64", number, call)
        return I64(number)

    wide = False
    """Whether ints of more than 60 bits were seen: they are unboxed too, at the price of a test each time."""

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

    def float_value(self, value: Value) -> Any:
        if isinstance(value, FloatValue):
            return value.number
        if isinstance(value, Const):
            return float(value.object)
        assert isinstance(value, Obj)
        return F64(self.pure(f"load double, ptr {self.offset(value.name, FIELDS['float_payload'][0])}"))

    def new_int(self, number: Any) -> Value:
        return IntValue(number)

    def new_float(self, number: Any) -> Value:
        return FloatValue(number)

    def new_bool(self, truth: Any) -> Value:
        return BoolValue(truth)

    def overflow_op(self, name: str, left: Any, right: Any) -> tuple[Any, Any]:
        if isinstance(left, int) and isinstance(right, int):
            total = {"add": left + right, "sub": left - right, "mul": left * right}[name]
            return total, not MIN64 <= total <= MAX64
        self.declared.add(f"declare {{i64, i1}} @llvm.s{name}.with.overflow.i64(i64, i64)")
        pair = self.pure(f"call {{i64, i1}} @llvm.s{name}.with.overflow.i64(i64 {left}, i64 {right})")
        return I64(self.pure(f"extractvalue {{i64, i1}} {pair}, 0")), I1(self.pure(f"extractvalue {{i64, i1}} {pair}, 1"))

    def number_op(self, name: str, left: Any, right: Any) -> Any:
        name = {"truediv": "div"}.get(name, name)
        if isinstance(left, (float, F64)):
            return F64(self.pure(f"f{name} double {number(left)}, {number(right)}"))
        return self.binop(name, left, right)

    def binop(self, name: str, left: Any, right: Any) -> Any:
        """Arithmetic of ints, of floats, or of a pointer and an int."""
        if isinstance(left, Pointer):
            distance = right if name == "add" else -right
            if isinstance(distance, int):
                return type(left)(left.offset + distance) if isinstance(left, Window) else Pointer(left.base, left.offset + distance)
            return Pointer(self.op(f"getelementptr i8, ptr {self.pointer(left)}, i64 {distance}"), 0)
        if isinstance(left, (float, F64)) or isinstance(right, (float, F64)):
            return F64(self.pure(f"f{name} double {number(left)}, {number(right)}"))
        if isinstance(left, int) and isinstance(right, int):
            folded = _fold(name, left, right)
            if folded is not None:
                return folded
        if right == 0 and name in ("add", "sub", "or", "shl", "ashr") and not isinstance(right, str):
            return left
        return I64(self.pure(f"{name} i64 {left}, {right}"))

    def neg(self, value: Any) -> Any:
        if isinstance(value, (int, float)):
            return -value
        if isinstance(value, F64):
            return F64(self.pure(f"fneg double {value}"))
        return I64(self.pure(f"sub i64 0, {value}"))

    def compare(self, name: str, left: Any, right: Any) -> Any:
        if isinstance(left, Pointer) or isinstance(right, Pointer):
            if left == 0 or right == 0:
                present = left if isinstance(left, Pointer) else right
                if present.base is None:
                    return name == "ne"
                return I1(self.pure(f"icmp {name} ptr {self.pointer(present)}, null"))
            return I1(self.pure(f"icmp {name} ptr {self.pointer(left)}, {self.pointer(right)}"))
        if isinstance(left, (float, F64)) or isinstance(right, (float, F64)):
            if isinstance(left, float) and isinstance(right, float):
                return _compare(name, left, right)
            return I1(self.pure(f"fcmp {'une' if name == 'ne' else 'o' + name} double {number(left)}, {number(right)}"))
        if isinstance(left, int) and isinstance(right, int):
            return _compare(name, left, right)
        if left == right:
            return name in ("le", "ge", "eq")
        return I1(self.pure(f"icmp {name if name in ('eq', 'ne') else 's' + name} i64 {left}, {right}"))

    compare_values = compare

    def below(self, left: Any, right: Any) -> Any:
        if isinstance(left, int) and isinstance(right, int):
            return left & (1 << 64) - 1 < right & (1 << 64) - 1
        return I1(self.pure(f"icmp ult i64 {left}, {right}"))

    def select(self, test: Any, yes: Any, no: Any) -> Any:
        if isinstance(test, bool):
            return yes if test else no
        if isinstance(yes, Value):
            raise Abort("unsupported", "a choice between objects")
        return I64(self.pure(f"select i1 {test}, i64 {yes}, i64 {no}"))

    def not_(self, test: Any) -> Any:
        if isinstance(test, bool):
            return not test
        return I1(self.pure(f"xor i1 {test}, true"))

    def both(self, left: Any, right: Any) -> Any:
        if isinstance(left, bool):
            return right if left else False
        return I1(self.pure(f"and i1 {left}, {truth(right)}"))

    def as_float(self, value: Any) -> Any:
        return float(value) if isinstance(value, int) else F64(self.pure(f"sitofp i64 {value} to double"))

    def as_int(self, value: Any) -> Any:
        if isinstance(value, (bool, int)):
            return int(value)
        if isinstance(value, I1):
            return I64(self.pure(f"zext i1 {value} to i64"))
        raise Abort("unsupported", "an address as an int")

    def rich_op(self, name: str) -> int:
        return ("lt", "le", "eq", "ne", "gt", "ge").index(name)

    def shift_fits(self, x: Any, n: Any) -> Any:
        moved = self.binop("ashr", self.binop("shl", x, n), n)
        return self.compare("eq", moved, x)

    # -- identity
    def same(self, left: Value, right: Value) -> Any:
        """Whether two values are the same object. Unboxed ints and floats have no identity: only unequal kinds are told apart."""
        if isinstance(left, Const) and isinstance(right, Const):
            return left.object is right.object
        for value, other in ((left, right), (right, left)):
            if isinstance(value, BoolValue) and isinstance(other, Const):
                if other.object is True:
                    return value.number
                return self.not_(value.number) if other.object is False else False
            if isinstance(value, Null):
                return isinstance(other, Null) or self.is_null(other)
            if isinstance(value, Unboxed):
                if isinstance(other, Const) and not isinstance(other.object, (int, float)):
                    return False
                kind = self.type_of(other)
                if kind is not None and kind is not self.type_of(value):
                    return False
                raise Abort("unsupported", "identity of an int or float")
        if isinstance(left, Obj) and isinstance(right, Const) and self.type_of(left) not in (None, type(right.object)):
            return False
        return I1(self.pure(f"icmp eq ptr {self.pointer_of(left)}, {self.pointer_of(right)}"))

    def pointer_of(self, value: Value) -> str:
        if isinstance(value, Const):
            return value.symbol
        if isinstance(value, Obj):
            return value.name
        raise Abort("unsupported", f"the address of {value!r}")

    # -- memory
    def offset(self, base: str, offset: int) -> str:
        return base if offset == 0 else self.pure(f"getelementptr i8, ptr {base}, i64 {offset}")

    def pointer(self, value: Any) -> str:
        """A pointer as LLVM text."""
        if isinstance(value, Pointer):
            if value.base is None:
                raise Abort("unsupported", "the address of a register")
            return self.offset(value.base, value.offset)
        return self.pointer_of(value)

    def get_field(self, name: str, base: Any) -> Any:
        """A field of an object or struct; remembered until something may change it."""
        offset, kind = FIELDS[name]
        if isinstance(base, FrameReference):
            return self.frame_field(name, base)
        if isinstance(base, Unboxed) and name == "type_pointer":
            return self.constant(self.type_of(base))
        if name == "type_pointer" and self.type_of(base) is not None:
            return self.constant(self.type_of(base))
        if isinstance(base, Const):
            known = self.constant_field(name, base)
            if known is not None:
                return known
        key = (self.pointer(base), name)
        if name in layout.IMMUTABLE:
            return self.immutable_field(key[0], name)
        known = self.state.heap.get(key)
        if known is None:
            loaded = self.load(key[0], offset, kind)
            known = self.state.heap[key] = (loaded, False)
        return known[0]

    def immutable_field(self, base: str, name: str) -> Any:
        """A field that never changes: loaded once, before a loop where the object outlives it."""
        key = f"field {base} {name}"
        known = self.state.cse.get(key)
        if known is None:
            offset, kind = FIELDS[name]
            known = self.state.cse[key] = self.load(base, offset, kind)
        return known

    def constant_field(self, name: str, base: Const) -> Any:
        """Fields of constants that never change."""
        if name == "unicode_hash" and type(base.object) is str:
            return hash(base.object)
        if name == "var_size" and type(base.object) is tuple:
            return len(base.object)
        if name == "type_version" and not base.object.__flags__ & 1 << 9:
            return self.peek(id(base.object) + FIELDS[name][0]) & 0xFFFFFFFF
        if name == "type_flags" and not base.object.__flags__ & 1 << 9:
            return self.peek(id(base.object) + FIELDS[name][0])
        return None

    def load(self, base: str, offset: int, kind: str) -> Any:
        """A load that is not shared."""
        raw = self.op(f"load {LLVM[kind]}, ptr {self.offset(base, offset)}")
        return self.typed(raw, kind)

    def typed(self, raw: str, kind: str) -> Any:
        """A loaded word as an abstract value; objects are borrowed."""
        if kind in "iub":
            return I64(self.op(f"{'sext' if kind == 'i' else 'zext'} {LLVM[kind]} {raw} to i64"))
        if kind == "I":
            return I64(raw)
        if kind == "F":
            return F64(raw)
        if kind == "P":
            return Pointer(raw, 0)
        self.state.owners[raw] = BORROWED
        return Obj(raw)

    def set_field(self, name: str, base: Any, value: Any) -> None:
        """Sets a field of a struct: written back before anybody else can see it."""
        if FIELDS[name][1] not in "Iiub":
            raise Abort("unsupported", f"store of {name}")
        self.state.heap[self.pointer(base), name] = (value, True)

    def write_field(self, base: str, name: str, value: Any) -> None:
        offset, kind = FIELDS[name]
        text = str(value)
        if kind in "iub":
            text = self.op(f"trunc i64 {value} to {LLVM[kind]}")
        self.emit(f"store {LLVM[kind]} {text}, ptr {self.offset(base, offset)}")

    def list_item(self, sequence: Value, index: Any) -> Value:
        items = self.get_field("list_items", sequence)
        return self.item_at(items.base, 0, index)

    def tuple_item(self, sequence: Value, index: Any) -> Value:
        if isinstance(sequence, Const) and isinstance(index, int):
            return self.constant(sequence.object[index])
        return self.item_at(self.pointer_of(sequence), CONSTANTS["TUPLE_ITEMS"], index)

    def item_at(self, base: str, offset: int, index: Any) -> Value:
        """An item of an array of objects."""
        start = self.offset(base, offset)
        place = self.op(f"getelementptr ptr, ptr {start}, i64 {index}")
        name = self.op(f"load ptr, ptr {place}")
        self.state.owners[name] = BORROWED
        return Obj(name)

    def cache(self) -> Cache:
        return Cache(self.pc + 16)

    def frame(self) -> FrameReference:
        return FrameReference(self.state.level)

    def frame_field(self, name: str, frame: FrameReference) -> Any:
        raise NotImplementedError

    def register_pointer(self, index: int) -> Window:
        return Window(index * 8)

    def load_int(self, base: Any, offset: Any) -> Any:
        if isinstance(base, Cache):
            return self.cached_word(base.address + offset)
        return self.load_at(base, offset, "I")

    def cached_word(self, address: int) -> int:
        """A word of an inline cache: a constant of this build, noted so that a change of it can be noticed."""
        word: int = self.peek(address)
        self.cached_words[address] = word
        return word

    def load_u32(self, base: Any, offset: Any) -> Any:
        if isinstance(base, Cache):
            word = self.cached_word(base.address + (offset & ~7)) & (1 << 64) - 1
            return word >> 8 * (offset & 7) & 0xFFFFFFFF
        return self.load_at(base, offset, "u")

    def replace_at(self, base: Pointer, offset: Any, value: Value) -> None:
        """Overwrites an object field; what it held is dropped after."""
        self.effect(False, (value,))
        start = self.pointer(base)
        place = self.offset(start, offset) if isinstance(offset, int) else self.op(f"getelementptr i8, ptr {start}, i64 {offset}")
        name, new = self.box(value)
        if new:
            del self.state.owners[name]
        else:
            self.add_reference(name)
        old = self.op(f"load ptr, ptr {place}")
        self.emit(f"store ptr {name}, ptr {place}")
        self.emit(f"call void {self.helper('t_decref')}(ptr %ctx, ptr {old})")

    def load_pointer(self, base: Any, offset: Any) -> Any:
        return self.load_at(base, offset, "P")

    def load_object(self, base: Any, offset: Any) -> Any:
        if isinstance(base, Cache):
            return self.object_in_cache(base.address + offset)
        return self.load_at(base, offset, "O")

    def object_in_cache(self, address: int) -> Value:
        raise NotImplementedError

    def load_at(self, base: Any, offset: Any, kind: str) -> Any:
        """A word at an offset from a raw pointer: shared until an effect."""
        if isinstance(base, Window):
            if kind == "O":
                return self.read(base.offset // 8 + offset // 8)
            raise Abort("unsupported", "a register as a raw word")
        if not isinstance(offset, int):
            return self.load(self.op(f"getelementptr i8, ptr {self.pointer(base)}, i64 {offset}"), 0, kind)
        key = (self.pointer(base), f"+{offset}{kind}")
        known = self.state.heap.get(key)
        if known is None:
            known = self.state.heap[key] = (self.load(key[0], offset, kind), False)
        return known[0]

    def as_pointer(self, value: Any) -> Any:
        return value if isinstance(value, Pointer) else Pointer(self.pointer_of(value), 0)

    def read(self, index: int) -> Value:
        """What register ``index`` of the current frame holds."""
        return self.state.registers.get((self.state.level, index), NULL)

    register = read

    def set_register(self, index: int, value: Value) -> None:
        self.state.registers[self.state.level, index] = value

    # -- ownership and effects
    def add_reference(self, name: str) -> None:
        count = self.op(f"load i64, ptr {name}")
        self.emit(f"store i64 {self.op(f'add i64 {count}, 1')}, ptr {name}")

    def own(self, value: Value) -> None:
        """Gives an object that is borrowed a reference of the trace's."""
        if isinstance(value, Obj) and self.state.owners.get(value.name) == BORROWED:
            if value.name in self.state.types:
                self.add_reference(value.name)
            else:
                self.emit(f"call void {self.helper('t_xincref')}(ptr %ctx, ptr {value.name})")
            self.state.owners[value.name] = OWNED

    def flush(self, forget: bool = True) -> None:
        """Writes dirty heap fields back; with ``forget`` nothing about the heap is known afterwards."""
        for (base, name), (value, dirty) in list(self.state.heap.items()):
            if dirty:
                self.write_field(base, name, value)
                self.state.heap[base, name] = (value, False)
        if forget:
            self.state.heap.clear()

    def effect(self, runs: bool, keep: tuple[Value, ...] = ()) -> None:
        """Something that may change the heap, and with ``runs`` run any Python code, comes next."""
        self.effected = True
        for value in (*self.state.registers.values(), *keep):
            self.own(value)
        self.flush()
        for name, owner in list(self.state.owners.items()):
            if owner == BORROWED:
                del self.state.owners[name]
        if runs:
            self.forget_types()
            self.sync()

    def forget_types(self) -> None:
        """After foreign code: objects of classes may have got another class."""
        for name, kind in list(self.state.types.items()):
            if kind.__flags__ & 1 << 9:
                del self.state.types[name]

    def sync(self) -> None:
        raise NotImplementedError

    def position(self) -> None:
        raise NotImplementedError

    def box(self, value: Value) -> tuple[str, bool]:
        """The value as an object: its LLVM name, and whether it is a new reference."""
        if isinstance(value, Const):
            return value.symbol, False
        if isinstance(value, Obj):
            return value.name, False
        if isinstance(value, Null):
            return "null", False
        assert isinstance(value, Unboxed)
        if value.bound is not True:
            return self.box_if_bound(value)
        if isinstance(value, IntValue):
            name = self.op(f"call ptr {self.helper('t_new_int')}(ptr %ctx, i64 {value.number})")
        elif isinstance(value, FloatValue):
            name = self.op(f"call ptr {self.helper('t_new_float')}(ptr %ctx, double {number(value.number)})")
        else:
            if isinstance(value.number, bool):
                return self.constant(value.number).symbol, False
            chosen = self.op(f"select i1 {value.number}, ptr {self.constant(True).symbol}, ptr {self.constant(False).symbol}")
            return chosen, False
        self.state.owners[name] = OWNED
        self.state.types[name] = self.type_of(value)
        return name, True

    def box_if_bound(self, value: Unboxed) -> tuple[str, bool]:
        """As box; null where the register is empty."""
        if isinstance(value, BoolValue):
            true, false = self.constant(True).symbol, self.constant(False).symbol
            chosen = self.op(f"select i1 {truth(value.number)}, ptr {true}, ptr {false}")
            return self.op(f"select i1 {value.bound}, ptr {chosen}, ptr null"), False
        kind, text = ("int", f"i64 {value.number}") if isinstance(value, IntValue) else ("float", f"double {number(value.number)}")
        name = self.op(f"call ptr {self.helper(f't_new_{kind}_if')}(ptr %ctx, {text}, i1 {value.bound})")
        self.state.owners[name] = OWNED
        return name, True

    def drop(self, name: str) -> None:
        """Gives up a reference of the trace's."""
        kind = self.state.types.get(name)
        self.state.owners.pop(name, None)
        if kind not in MAY_END:
            self.before_end()
        self.emit(f"call void {self.helper('t_decref')}(ptr %ctx, ptr {name})")

    def before_end(self) -> None:
        """An object's end may run Python code."""
        self.effected = True
        for value in self.state.registers.values():
            self.own(value)
        self.flush()

    # -- calls
    def call_c(self, name: str, *arguments: Any) -> Any:
        row = CFUNCTIONS[name]
        return self.call(f"c.{name}", row.arguments, row.result, row.raises, row.runs, arguments, name)

    def plain(self, name: str, arguments: tuple[Any, ...]) -> bool:
        """Whether a call that may run Python code in general does not for arguments of these exact types."""
        kinds = PLAIN.get(name)
        if kinds is None or not all(isinstance(a, Value) and self.type_of(a) in kinds for a in arguments[:2]):
            return False
        return all(self.type_of(a) is not slice or f"slice of ints {a!r}" in self.state.cse for a in arguments[:2])

        extra = (self.constant(None),) if name == "pow" else ()
        return self.call_c(prefix + C_OPERATORS[name], *arguments, *extra)

    def call_helper(self, name: str, *arguments: Any) -> Any:
        signature, result, raises, runs = self.helper_signature(name)
        return self.call(name, signature, result, raises, runs, arguments, name)

    def helper_signature(self, name: str) -> tuple[str, str, bool, bool]:
        raise NotImplementedError

    def helper_flags(self, name: str) -> frozenset[str]:
        """What a helper promises: ``quiet``, ``text`` (see docs/RPYTHON.md); nothing for C functions."""
        raise NotImplementedError

    def call(self, symbol: str, signature: str, result: str, raises: bool, runs: bool, arguments: tuple[Any, ...], name: str) -> Any:
        """A residual call: boxes what must be boxed, keeps what may die, checks for an exception."""
        if any(isinstance(a, Window) for a in arguments):
            raise Abort("unsupported", f"a window of registers for {name}")
        flags = self.helper_flags(name)
        if name not in QUIET and "quiet" not in flags:
            self.effect(runs, tuple(a for a in arguments if isinstance(a, Value)))
        texts, fresh = [], []
        if not symbol.startswith("c."):
            texts.append("ptr %ctx")
        for argument, kind in zip(arguments, signature, strict=True):
            text, new = self.argument(argument, kind)
            texts.append(f"{LLVM[kind] if kind != 'S' else 'ptr'} {text}")
            if new:
                fresh.append(text)
        if runs or raises:
            self.position()
        call = f"call {LLVM[result]} {self.helper(symbol)}({', '.join(texts)})"
        value: Any = None
        if result == "v":
            self.emit(call)
        else:
            raw = self.op(call)
            if raises:
                self.check(raw, result, fresh)
            if result == "N":
                self.state.owners[raw] = OWNED
                value = Obj(raw)
                if "text" in flags:
                    self.state.types[raw] = str
            elif result == "O":
                self.state.owners[raw] = BORROWED
                value = Obj(raw)
            elif result == "i":
                value = I64(self.op(f"sext i32 {raw} to i64"))
            else:
                value = {"I": I64, "F": F64, "B": I1}.get(result, I64)(raw)
        for text in fresh:
            self.drop(text)
        return value

    def argument(self, argument: Any, kind: str) -> tuple[str, bool]:
        """An argument as text, and whether it is an object that was boxed for the call."""
        if kind in "OS":
            if isinstance(argument, Pointer):
                return self.pointer(argument), False
            text, new = self.box(argument)
            if kind == "S":
                raise Abort("unsupported", "an argument that is taken over")
            return text, new
        if kind == "P":
            if argument == 0:
                return "null", False
            if isinstance(argument, Cache):
                return self.cache_pointer(argument), False
            return self.pointer(argument), False
        if kind == "F":
            return number(argument), False
        if kind == "B":
            return truth(argument), False
        return str(argument), False

    def cache_pointer(self, cache: Cache) -> str:
        raise NotImplementedError

    def check(self, raw: str, result: str, fresh: list[str]) -> None:
        raise NotImplementedError


def number(value: Any) -> str:
    """A number as LLVM text."""
    if isinstance(value, float):
        return "0x" + struct.pack(">d", value).hex().upper()
    return str(value)


def truth(value: Any) -> str:
    """A truth value as LLVM text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _fold(name: str, left: int, right: int) -> int | None:
    """Arithmetic of known 64-bit ints."""
    if name in ("sdiv", "srem"):
        if right == 0:
            return None
        quotient = math.trunc(left / right) if abs(left) < 1 << 50 > abs(right) else None
        if quotient is None:
            return None
        return quotient if name == "sdiv" else left - quotient * right
    total = {"add": lambda: left + right, "sub": lambda: left - right, "mul": lambda: left * right, "and": lambda: left & right,
             "or": lambda: left | right, "xor": lambda: left ^ right, "shl": lambda: left << (right & 63),
             "ashr": lambda: left >> (right & 63)}[name]()
    return (total + (1 << 63)) % (1 << 64) - (1 << 63)


def _compare(name: str, left: Any, right: Any) -> bool:
    return bool({"lt": left < right, "le": left <= right, "eq": left == right, "ne": left != right, "gt": left > right,
                 "ge": left >= right}[name])


__all__ = ["ANCHORED", "Abort", "Machine", "State"]
