"""The abstract machine on which generated handlers run: primitives fold what is known and emit LLVM text for the rest.

Values, ownership and heap fields are in ``State``. An operation that may have effects goes through ``effect``: dirty heap fields are
written back, cached ones forgotten, borrowed objects that live on get a reference of their own. Nothing here names an opcode.
"""
from __future__ import annotations

from jitvm.spec import layout
from jitvm.spec.cfunctions import C_OPERATORS, CFUNCTIONS
from jitvm.tracing.emission import CONSTANTS, FIELDS, LLVM, Abort, Cache, FrameReference, number, truth
from jitvm.tracing.numbers import Numbers
from jitvm.tracing.values import (
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
    Unboxed,
    Value,
    Window,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

QUIET = frozenset("PyFloat_FromDouble PyLong_FromLongLong PyDict_GetItemWithError".split())
"""C functions that neither run Python code nor change an object that a trace has fields of; helpers say so themselves."""
MAY_END = frozenset((int, float, bool, str, bytes, range, type(None), type(iter(range(0)))))
"""Types whose end of life runs no Python code."""
ABSTRACT = frozenset("""
is_int is_float is_type int_value float_value new_int new_float new_bool list_item tuple_item shift_fits
tuple_of list_of set_of map_of map_of_keys slice_of join_window unpack_items get_method new_function call_spread drop_window
replace_at join_two next_item ascii_item add_value cell_of new_pair
missing_key missing_index raise_object swap_handled restore_handled matches enter_context
""".split())
"""Primitives and helpers of the handlers for which the machine has a meaning of its own."""
_SIMPLE = frozenset((int, float, bool, str, bytes, tuple, list, slice, range, type(iter(range(0))), type(iter([])), type(iter(()))))
_NUMBERS = frozenset((int, float, bool, complex))
_TEXTS = frozenset((str, bytes))
PLAIN = {"PyObject_GetItem": _SIMPLE, "PyObject_GetIter": _SIMPLE, "PyObject_Size": _SIMPLE, "PyObject_IsTrue": _SIMPLE,
         "PyObject_RichCompare": _NUMBERS | _TEXTS, "PySequence_Contains": _TEXTS,
         **{f"PyNumber_{part}{name}": _NUMBERS | _TEXTS for part in ("", "InPlace") for name in
            ("Add", "Subtract", "Multiply", "TrueDivide", "FloorDivide", "Remainder", "Power", "Lshift", "Rshift", "And", "Or", "Xor")},
         "PyNumber_Negative": _NUMBERS, "PyNumber_Positive": _NUMBERS, "PyNumber_Invert": _NUMBERS}
"""Operations that run no Python code where their first two arguments are exactly of these types (slices: made of ints)."""

class Machine(Numbers):
    """Memory, ownership and calls. ``Region`` adds control: instructions, guards, exits, joins, loops."""

    # -- memory
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
        if name in ("type_descr_get", "type_descr_set") and base.object.__flags__ & 1 << 8:
            return None if self.peek(id(base.object) + FIELDS[name][0]) else self.NULLP
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
        self.state.cse[f"present {name}"] = True
        return Obj(name)

    def load_byte(self, base: Any, offset: Any) -> Any:
        return self.load_at(self.as_pointer(base) if isinstance(base, Value) else base, offset, "b")

    def ascii_item(self, text: Value, index: Any) -> Value:
        """A character of an ASCII string."""
        place = self.binop("mul", self.load_byte(text, self.binop("add", index, CONSTANTS["TEXT_DATA"])), CONSTANTS["ASCII_SIZE"])
        name = self.op(f"getelementptr i8, ptr {self.constant(chr(0)).symbol}, i64 {place}")
        self.state.owners[name] = BORROWED
        self.state.types[name] = str
        self.state.cse[f"present {name}"] = True
        return Obj(name)

    def next_item(self, iterator: Value) -> Value:
        return self.call_helper("next_of", iterator)  # type: ignore[no-any-return]

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

    def add_value(self, base: Pointer, offset: int, value: Value) -> None:
        """Sets an inline value that was not set: nothing dies, and no other field that is known changes."""
        self.effected = True
        start = self.pointer(base)
        name, new = self.box(value)
        if new:
            self.state.owners[name] = BORROWED
            if isinstance(value, IntValue | FloatValue):
                self.state.cse[f"number of {name}"] = value.number
        else:
            self.add_reference(name)
        place = self.op(f"getelementptr i8, ptr {start}, i64 -2")
        count = self.op(f"add i8 {self.op(f'load i8, ptr {place}')}, 1")
        back = self.op(f"sub i64 -2, {self.op(f'zext i8 {count} to i64')}")
        self.emit(f"store i8 {offset >> 3}, ptr {self.op(f'getelementptr i8, ptr {start}, i64 {back}')}")
        self.emit(f"store i8 {count}, ptr {place}")
        self.emit(f"store ptr {name}, ptr {self.offset(start, offset)}")
        key = f"+{offset}O"
        for known in [known for known in self.state.heap if known[1] in (key, "+-2b")]:
            del self.state.heap[known]
        self.state.cse[f"present {name}"] = True
        if not isinstance(value, Const):
            self.state.owners.setdefault(name, BORROWED)
        self.state.heap[start, key] = (value if isinstance(value, Const) else Obj(name), False)

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

    def write(self, index: int, value: Value) -> None:
        raise NotImplementedError

    def set_pair(self, pair: int, first: Value, second: Value) -> None:
        """Two items of an iteration go to the registers that ``pair`` names."""
        self.write(pair & 65535, first)
        self.write(pair >> 16 & 65535, second)

    # -- ownership and effects
    def add_reference(self, name: str) -> None:
        count = self.op(f"load i64, ptr {name}")
        self.emit(f"store i64 {self.op(f'add i64 {count}, 1')}, ptr {name}")

    def reference(self, name: str) -> None:
        """Another reference to an object, if there is one."""
        state = self.state
        empty = state.cse.get(f"icmp eq ptr {name}, null")
        if name in state.types or f"present {name}" in state.cse or (empty is not None and state.facts.get(empty) is False):
            self.add_reference(name)
        elif name != "null":
            self.emit(f"call void {self.helper('t_xincref')}(ptr %ctx, ptr {name})")

    def own(self, value: Value) -> None:
        """Gives an object that is borrowed a reference of the trace's."""
        if isinstance(value, Obj) and self.state.owners.get(value.name) == BORROWED:
            self.reference(value.name)
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
        self.hide_frames()
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

    def hide_frames(self) -> None:
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
        there = self.boxed_in_frame(value)
        if there is not None:
            return there, False
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
        self.state.cse[f"number of {name}"] = value.number
        return name, True

    def given_away(self, value: Value) -> str:
        """The value as an object with a reference for somebody else: the trace's own, if it has one."""
        name, new = self.box(value)
        if new or (isinstance(value, Obj) and self.state.owners.get(name) == OWNED):
            self.state.owners.pop(name, None)
        else:
            self.reference(name)
        return name

    def boxed_in_frame(self, value: Unboxed) -> str | None:
        """The object of a value that the frame's memory holds since it was synchronised."""
        return None

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
        self.release_reference(name, f"call void {self.helper('t_decref')}(ptr %ctx, ptr {name})")

    def release_reference(self, name: str, end: str) -> None:
        """Counts a reference down; ``end`` (LLVM text) does it where it may be the last one, or there is no object."""
        more, last, join = self.label(), self.label(), self.label()
        empty = self.is_null(Obj(name))
        if empty is not False and self.state.facts.get(empty) is not False:
            there = self.label()
            self.emit(f"br i1 {empty}, label %{join}, label %{there}")
            self.at(there)
        count = self.op(f"load i64, ptr {name}")
        self.emit(f"br i1 {self.op(f'icmp eq i64 {count}, 1')}, label %{last}, label %{more}")
        self.at(last)
        self.emit(end)
        self.emit(f"br label %{join}")
        self.at(more)
        self.emit(f"store i64 {self.op(f'add i64 {count}, -1')}, ptr {name}")
        self.emit(f"br label %{join}")
        self.at(join)

    def before_end(self) -> None:
        """An object's end may run Python code."""
        self.effected = True
        for value in self.state.registers.values():
            self.own(value)
        self.flush()

    # -- calls
    def call_c(self, name: str, *arguments: Any) -> Any:
        row = CFUNCTIONS[name]
        return self.call(f"c.{name}", row.arguments, row.result, row.raises, row.runs and not self.plain(name, arguments), arguments, name)

    def plain(self, name: str, arguments: tuple[Any, ...]) -> bool:
        """Whether a call that may run Python code in general does not for arguments of these exact types."""
        kinds = PLAIN.get(name)
        if kinds is None or not all(isinstance(a, Value) and self.type_of(a) in kinds for a in arguments[:2]):
            return False
        return all(self.type_of(a) is not slice or f"slice of ints {a!r}" in self.state.cse for a in arguments[:2])

    def call_op(self, prefix: str, name: str, *arguments: Any) -> Any:
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
