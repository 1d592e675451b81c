"""Globals in machine registers: what a region stores into its module's dict is kept as a register of level -1 until somebody can look.

Only names that the region stores are treated so; they are found by the offset of their entry in the dict's keys object, which the
guard on the keys' version fixes. Before an effect, and at exits, changed values are written back through the host's own dict store.
"""
from __future__ import annotations

from jitvm.tracing.emission import CONSTANTS, FIELDS
from jitvm.tracing.machine import Machine
from jitvm.tracing.values import BORROWED, Const, Null, Obj, Pointer, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEVEL = -1
"""The level of globals among registers."""
UNICODE_KEYS, ENTRY_BYTES = 1, 16


class GlobalsMixin(Machine):
    """The part of a region that keeps globals in registers."""

    specs: dict[Any, Any]
    again: bool

    # -- names
    def entry_offset(self, table: dict[str, Any], name: str) -> tuple[int, int]:
        """Offset of a name's value within the dict's keys object, and the keys' version; (0, 0) where there is none."""
        keys = self.peek(id(table) + FIELDS["dict_keys"][0])
        word = self.peek(keys + 8) & (1 << 64) - 1
        if word >> 16 & 0xFF != UNICODE_KEYS or not word >> 32:
            return 0, 0
        place = CONSTANTS["KEYS_INDICES"] + (1 << (word >> 8 & 0xFF))
        for _ in range(self.peek(keys + FIELDS["keys_entries"][0])):
            if self.peek(keys + place) == id(name):
                return place + 8, word >> 32
            place += ENTRY_BYTES
        return 0, 0

    def global_index(self, table: Const, offset: int) -> int:
        """The register of a dict entry; the same in all attempts."""
        known: dict[tuple[int, int], int] = self.specs.setdefault("globals", {})
        return known.setdefault((id(table.object), offset), len(known))

    def global_name(self, index: int) -> tuple[Const, Const, int]:
        """Dict, name and offset of a register of globals."""
        for (address, offset), number in self.specs["globals"].items():
            if number == index:
                table = self.globals_const
                assert table is not None and id(table.object) == address
                keys = self.peek(address + FIELDS["dict_keys"][0])
                return table, self.constant(self.object_at(self.peek(keys + offset - 8))), offset
        raise KeyError(index)

    globals_const: Const | None = None
    """The module's dict; None where globals are not kept in registers."""

    def object_at(self, address: int) -> Any:
        raise NotImplementedError

    # -- loads and stores
    def load_at(self, base: Any, offset: Any, kind: str) -> Any:
        if kind == "O" and isinstance(base, Pointer) and base.base is not None and isinstance(offset, int):
            table = self.state.cse.get("keys of " + base.base)
            if table is not None:
                index = self.global_index(table, offset)
                if index in self.specs.setdefault("stored", set()):
                    return self.load_global_entry(index, base, offset)
        return super().load_at(base, offset, kind)

    def load_global_entry(self, index: int, base: Pointer, offset: int) -> Value:
        """A stored global: from its register, or loaded into it."""
        state = self.state
        value = state.registers.get((LEVEL, index))
        if value is None:
            raw = self.op(f"load ptr, ptr {self.offset(self.pointer(base), offset)}")
            state.owners[raw] = BORROWED
            value = state.registers[LEVEL, index] = state.globals[index] = Obj(raw)
        return value

    def get_field(self, name: str, base: Any) -> Any:
        if name in ("module_dict", "dict_iter_dict"):
            self.show_globals(base)
        value = super().get_field(name, base)
        if name == "dict_keys" and isinstance(base, Const) and base is self.globals_const and isinstance(value, Pointer) and value.base:
            self.state.cse["keys of " + value.base] = base
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
            offset, version = self.entry_offset(arguments[0].object, arguments[1].object)
            if offset:
                return self.store_global(arguments[0], offset, version, arguments[2])
        return super().call_c(name, *arguments)

    def store_global(self, table: Const, offset: int, version: int, value: Value) -> int:
        """Stores a global into its register."""
        keys = self.get_field("dict_keys", table)
        self.guard(self.compare("eq", self.get_field("keys_version", keys), version), True)
        index = self.global_index(table, offset)
        stored: set[int] = self.specs.setdefault("stored", set())
        if index not in stored:
            stored.add(index)
            self.again = True
        if (LEVEL, index) not in self.state.registers:
            self.load_global_entry(index, keys, offset)
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
        table, name, offset = self.global_name(index)
        found, version = self.entry_offset(table.object, name.object)
        keys = self.get_field("dict_keys", table)
        test = self.compare("eq", self.get_field("keys_version", keys), version if found == offset else -1)
        if not isinstance(test, bool):
            self.guard_edge(test, True)
        value = self.load_global_entry(index, keys, offset)
        empty = self.is_null(value)
        if empty is not False:
            self.guard_edge(empty, False)

    def guard_edge(self, test: str, want: bool) -> None:
        raise NotImplementedError

