"""Globals: where a region finds them, and those that it keeps in machine registers.

The places of names among the entries of their dict's keys are constants, under a guard on the version of the keys (``names.py``). What
the region stores into its module's dict is kept as a register of level -1 until somebody can look. Before an effect, and at exits,
changed values are written back through the host's own dict store.
"""
from __future__ import annotations

from jitvm.spec.bytecodes import UNIT
from jitvm.tracing.emission import FrameReference
from jitvm.tracing.machine import Machine
from jitvm.tracing.names import ENTRY_BYTES, MISSING, START, VALUE, VERSION, NameTable
from jitvm.tracing.values import BORROWED, Const, Null, Obj, Pointer, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEVEL = -1
"""The level of globals among registers."""
GUARDED = 0
"""Stands for the version of keys that a guard has compared with a table's."""
FOUND, BUILTIN = (1, 1, 0), (1, 0, 1, 1, 0)
"""The outcomes of the conditions of ``load_global`` where its cache holds: for a global, for a builtin."""


class GlobalsMixin(Machine):
    """The part of a region that keeps globals in registers."""

    specs: dict[Any, Any]
    again: bool

    # -- names
    def __init__(self, peek: Any) -> None:
        super().__init__(peek)
        self.tables: dict[int, tuple[NameTable, Pointer]] = {}
        """The tables of names that the region relies on, by the identities of the dicts, and their symbols."""
        self.given_words: dict[int, int] = {}
        """What inline caches of globals hold for the replay, whatever the interpreter has in them."""
        self.by_tables = True
        """Whether versions are compared with those of tables; else with those in inline caches."""

    def table_of(self, namespace: Any) -> tuple[NameTable, Pointer] | None:
        """The table of a dict and its symbol, None where it can have none."""
        known = self.tables.get(id(namespace))
        if known is None:
            table: NameTable | None = self.driver.names.of(namespace)
            if table is None:
                return None
            known = self.tables[id(namespace)] = table, Pointer(f"@n{len(self.tables)}", 0)
        return known

    def table_names(self) -> list[str]:
        """The symbols of the tables."""
        return [str(symbol.base) for _, symbol in self.tables.values()]

    def namespace_of(self, held: Any) -> Any:
        """The dict that an object will be: a constant, or what the guards on its keys' version are put for; None if unknown."""
        if isinstance(held, Const):
            return held.object
        known = self.state.cse.get(f"namespace {held.name}") if isinstance(held, Obj) else None
        return None if known is None else known.object

    def presume(self, held: Any, namespace: Any) -> None:
        """An object is taken for a dict: the version of its keys, which is guarded, is no other's but a copy's."""
        if isinstance(held, Obj):
            self.state.cse[f"namespace {held.name}"] = Const(namespace, "")

    def find_global(self, name: str) -> bool:
        """Before ``load_global`` is replayed: its inline cache holds, for the replay, where the name is now. True if it is a builtin."""
        cell = self.pc + UNIT
        frame = FrameReference(self.state.level)
        namespace = self.namespace_of(self.frame_field("frame_globals", frame))
        known = self.table_of(namespace)
        if known is not None:
            place = known[0].place(name)
            if place >= 0:
                return self.give(cell, place, builtin=False)
            held = self.frame_field("frame_builtins", frame)
            assert namespace is not None
            builtins = namespace.get("__builtins__")
            builtins = getattr(builtins, "__dict__", builtins)
            self.presume(held, builtins)
            more = self.table_of(builtins) if place == MISSING and self.namespace_of(held) is builtins else None
            place = MISSING if more is None else more[0].place(name)
            if place >= 0:
                return self.give(cell, place, builtin=True)
        self.by_tables = False
        for offset in (0, 8, 16):
            self.given_words.pop(cell + offset, None)
        return bool(self.cached_word(cell + 16))

    def give(self, cell: int, place: int, *, builtin: bool) -> bool:
        """Has the cache say that a name is at a place, of the version that ``get_field`` gives for guarded ones; ``builtin``."""
        self.given_words[cell], self.given_words[cell + 8] = GUARDED + 1, place * ENTRY_BYTES + VALUE
        self.given_words[cell + 16] = GUARDED + 1 if builtin else 0
        self.vectors = [BUILTIN if builtin else FOUND]
        return builtin

    def cached_word(self, address: int) -> int:
        given = self.given_words.get(address)
        return super().cached_word(address) if given is None else given

    def version_holds(self, keys: Pointer, symbol: Pointer) -> Any:
        """The test whether keys have the version that a table of names knows."""
        return self.compare("eq", super().get_field("keys_version", keys), self.load_at(symbol, VERSION, "I"))

    def entries(self, keys: Pointer, symbol: Pointer) -> Pointer:
        """Where the entries of keys begin, whose version a table of names knows."""
        return Pointer(self.pure(f"getelementptr i8, ptr {self.pointer(keys)}, i64 {self.load_at(symbol, START, 'I')}"), 0)

    def global_index(self, table: Const, place: int) -> int:
        """The register of a dict entry; the same in all attempts."""
        known: dict[tuple[int, int], int] = self.specs.setdefault("globals", {})
        return known.setdefault((id(table.object), place), len(known))

    def global_name(self, index: int) -> tuple[Const, Const, int]:
        """Dict, name and place of a register of globals."""
        for (address, place), number in self.specs["globals"].items():
            if number == index:
                namespace = self.globals_const
                assert namespace is not None and id(namespace.object) == address
                known = self.table_of(namespace.object)
                assert known is not None  # else nothing of it would be in registers
                return namespace, self.constant(known[0].names[place]), place
        raise KeyError(index)

    globals_const: Const | None = None
    """The module's dict; None where globals are not kept in registers."""

    # -- loads and stores
    def load_at(self, base: Any, offset: Any, kind: str) -> Any:
        found = self.keys_table(base) if kind == "O" and isinstance(offset, int) else None
        if found is None:
            return super().load_at(base, offset, kind)
        namespace, symbol = found
        entries = self.entries(base, symbol)
        if namespace == self.globals_const:
            index = self.global_index(namespace, offset // ENTRY_BYTES)
            if index in self.specs.setdefault("stored", set()):
                return self.load_global_entry(index, entries, offset // ENTRY_BYTES)
        return super().load_at(entries, offset, kind)

    def keys_table(self, keys: Any) -> tuple[Const, Pointer] | None:
        """The dict of a keys object, and the symbol of its table, where versions are compared with those of tables."""
        if not self.by_tables or not isinstance(keys, Pointer) or keys.base is None:
            return None
        namespace: Const | None = self.state.cse.get("keys of " + keys.base)
        if namespace is None or id(namespace.object) not in self.tables:
            return None
        return namespace, self.tables[id(namespace.object)][1]

    def load_global_entry(self, index: int, entries: Pointer, place: int) -> Value:
        """A stored global: from its register, or loaded into it."""
        state = self.state
        value = state.registers.get((LEVEL, index))
        if value is None:
            raw = self.op(f"load ptr, ptr {self.offset(self.pointer(entries), place * ENTRY_BYTES + VALUE)}")
            state.owners[raw] = BORROWED
            value = state.registers[LEVEL, index] = state.globals[index] = Obj(raw)
        return value

    def get_field(self, name: str, base: Any) -> Any:
        if name in ("module_dict", "dict_iter_dict"):
            self.show_globals(base)
        found = self.keys_table(base) if name == "keys_version" else None
        if found is not None:
            self.guard(self.version_holds(base, found[1]), True)
            return GUARDED
        value = super().get_field(name, base)
        if name == "dict_keys" and isinstance(value, Pointer) and value.base:
            namespace = self.namespace_of(base)
            if namespace is not None:
                self.state.cse["keys of " + value.base] = Const(namespace, "")
        return value

    def call_helper(self, name: str, *arguments: Any) -> Any:
        if name == "place_of_text":
            self.show_globals(*arguments)
        return super().call_helper(name, *arguments)

    def show_globals(self, *keep: Any) -> None:
        """A dict that may be the module's is read next: it must hold what is in registers."""
        if self.changed_globals():
            self.effect(False, keep)

    def call_c(self, name: str, *arguments: Any) -> Any:
        if name == "_PyDict_SetItem_KnownHash" and arguments[0] == self.globals_const and isinstance(arguments[1], Const):
            known = self.table_of(arguments[0].object)
            place = MISSING if known is None else known[0].place(arguments[1].object)
            if known is not None and place >= 0:
                return self.store_global(arguments[0], place, known[1], arguments[2])
        return super().call_c(name, *arguments)

    def store_global(self, table: Const, place: int, symbol: Pointer, value: Value) -> int:
        """Stores a global into its register."""
        keys = self.get_field("dict_keys", table)
        self.get_field("keys_version", keys)
        index = self.global_index(table, place)
        stored: set[int] = self.specs.setdefault("stored", set())
        if index not in stored:
            stored.add(index)
            self.again = True
        if (LEVEL, index) not in self.state.registers:
            self.load_global_entry(index, self.entries(keys, symbol), place)
        self.own(value)
        self.state.registers[LEVEL, index] = value
        return 0

    def guard(self, test: Any, want: bool) -> None:
        raise NotImplementedError

    # -- back to the dict
    def changed_globals(self) -> list[tuple[int, Value]]:
        """Registers of globals that the dict does not hold."""
        state = self.state
        return [(index, value) for (level, index), value in state.registers.items()
                if level == LEVEL and state.globals.get(index) != value and not isinstance(value, Null)]

    def write_global(self, index: int, value: Value) -> None:
        """Stores one global through the host."""
        table, name, _ = self.global_name(index)
        text, new = self.box(value)
        self.op(f"call i32 {self.helper('c._PyDict_SetItem_KnownHash')}(ptr {table.symbol}, ptr {name.symbol}, ptr {text}, "
                f"i64 {hash(name.object)})")
        if new:
            self.state.owners.pop(text, None)
            self.emit(f"call void {self.helper('t_decref')}(ptr %ctx, ptr {text})")

    def flush_globals(self) -> None:
        """Writes changed globals back and forgets all: foreign code may read and change them next."""
        state = self.state
        for index, value in self.changed_globals():
            self.write_global(index, value)
        for place in [p for p in state.registers if p[0] == LEVEL]:
            del state.registers[place]
        state.globals.clear()

    def effect(self, runs: bool, keep: tuple[Value, ...] = ()) -> None:
        if self.state.globals:
            self.effected = True
            for value in keep:
                self.own(value)
            for (level, _), value in self.state.registers.items():
                if level != LEVEL:
                    self.own(value)
            self.flush_globals()
        super().effect(runs, keep)

    def before_end(self) -> None:
        if self.state.globals:
            for (level, _), value in self.state.registers.items():
                if level != LEVEL:
                    self.own(value)
            self.flush_globals()
        super().before_end()

    def ensure_global(self, index: int) -> None:
        """At a header's edge: the register of a global holds it."""
        if (LEVEL, index) in self.state.registers:
            return
        namespace, name, place = self.global_name(index)
        known = self.table_of(namespace.object)
        assert known is not None and known[0].place(name.object) == place
        keys = self.get_field("dict_keys", namespace)
        self.guard_edge(self.version_holds(keys, known[1]), True)
        value = self.load_global_entry(index, self.entries(keys, known[1]), place)
        empty = self.is_null(value)
        if empty is not False:
            self.guard_edge(empty, False)

    def guard_edge(self, test: str, want: bool) -> None:
        raise NotImplementedError

