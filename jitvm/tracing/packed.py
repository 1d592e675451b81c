"""Tuples, lists and dicts of arguments that a region makes and nobody has seen yet: they are known by their items, and not made at all
where they end unseen. Starred parameters, calls with starred arguments, returned pairs.

The first use that is not known here makes the object (``show``): it takes the place of the packed value in all registers. Exits, joins
and loop headers do so too. A packed value counts as a holder of its items.
"""
from __future__ import annotations

from jitvm.tracing.emission import CONSTANTS
from jitvm.tracing.machine import Machine
from jitvm.tracing.values import BORROWED, NULL, OWNED, Const, MethodType, Obj, Packed, Pointer, State, Value, Window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

MAKERS: dict[Any, str] = {tuple: "tuple_of", list: "list_of", dict: "map_of_keys", MethodType: "method_of", super: "super_of"}
ENTRY = 8
"""Distance of the places that ``place_of_text`` gives for a packed dict; none is 0."""


class PackedItems(Pointer):
    """Where a packed value's items would lie: ``offset`` bytes from the object, from a list's items or from a dict's keys."""

    __slots__ = ("value",)

    def __init__(self, value: Packed, offset: int) -> None:
        super().__init__(None, offset)
        self.value = value


class PackedMixin(Machine):
    """The part of a region that packs."""

    arguments: int
    start: State
    if TYPE_CHECKING:
        def holders(self, value: Obj) -> int: ...
        def forget_memory(self, index: int) -> None: ...
        def make_map(self, window: Window, count: int) -> Value: ...
        def make_map_of_keys(self, window: Window, keys: Const) -> Value: ...

    # -- making
    def pack(self, kind: type, items: list[Value], names: tuple[str, ...] = ()) -> Packed:
        """A packed value. Its items end in the order in which the host's object would drop them."""
        value = Packed(kind, tuple(items), names)
        if kind is not dict:
            owners = self.state.owners
            for name in reversed(value.held()):
                if owners.get(name) == OWNED and self.holders(Obj(name)) == 0:
                    owners[name] = owners.pop(name)
        return value

    def take_window(self, window: Window, count: int) -> list[Value]:
        """The values of a window of the current frame, which is empty then."""
        first = window.offset // 8
        values = [self.read(first + i) for i in range(count)]
        for place in range(count):
            self.forget_memory(first + place)
            self.state.registers.pop((self.state.level, first + place), None)
        return values

    def tuple_of(self, window: Window, count: int) -> Value:
        return self.pack(tuple, self.take_window(window, count))

    def list_of(self, window: Window, count: int) -> Value:
        return self.pack(list, self.take_window(window, count))

    def map_of(self, window: Window, count: int) -> Value:
        first = window.offset // 8
        keys = [self.read(first + 2 * i) for i in range(count)]
        names: tuple[Any, ...] = tuple([key.object if isinstance(key, Const) else None for key in keys])
        if len(set(names)) < count or any(type(name) is not str for name in names):
            return self.make_map(window, count)
        return self.pack(dict, self.take_window(window, 2 * count)[1::2], names)

    def map_of_keys(self, window: Window, keys: Const) -> Value:
        names = keys.object
        if len(set(names)) < len(names) or any(type(name) is not str for name in names):
            return self.make_map_of_keys(window, keys)
        return self.pack(dict, self.take_window(window, len(names)), names)

    # -- showing
    def show(self, value: Packed) -> Obj:
        """Makes the object."""
        known = self.made(value)
        if known is not None:
            return known
        early = not self.effected and (self.start is self.state or self.start.registers == self.state.registers)
        places = [place for place, other in self.state.registers.items() if other is value]
        for place in places:
            self.state.registers[place] = NULL
        self.effect(False, value.items)
        made = self.make(value, self.show)
        for place in places:
            self.state.registers[place] = made
        if early:
            if self.start is not self.state:
                self.start = self.state.copy()
            self.effected = False
        return made

    def made(self, value: Packed) -> Obj | None:
        """The object that was made of a packed value, if there is one."""
        known = self.state.cse.get(value.key)
        return known[1] if known is not None and self.state.owners.get(known[1].name) == OWNED else None

    def make(self, value: Packed, inner: Callable[[Packed], Obj]) -> Obj:
        """The object, which nothing holds yet; ``inner`` gives those of packed items."""
        items = [inner(item) if isinstance(item, Packed) else item for item in value.items]
        self.fill_buffer(items)
        last = f"ptr {self.constant(value.names).symbol}" if value.type is dict else f"i64 {len(items)}"
        made = Obj(self.op(f"call ptr {self.helper(MAKERS[value.type])}(ptr %ctx, ptr %buffer, {last})"))
        self.state.owners[made.name] = OWNED
        self.state.types[made.name] = value.type
        self.state.cse[value.key] = (value, made)
        return made

    def fill_buffer(self, items: Sequence[Value]) -> None:
        """Moves references to values into the words that helpers take arguments from."""
        texts = []
        for item in items:
            text, new = self.box(item)
            if new:
                del self.state.owners[text]
            else:
                self.add_reference(text)
            texts.append(text)
        for place, text in enumerate(texts):
            self.emit(f"store ptr {text}, ptr {self.op(f'getelementptr ptr, ptr %buffer, i64 {place}')}")
        self.arguments = max(self.arguments, len(items))

    def shown(self, value: Any) -> Any:
        """A value that is no packed one."""
        return self.show(value) if isinstance(value, Packed) else value

    def show_all(self, *, level: int | None = None) -> None:
        """Makes what registers hold packed (of one level)."""
        registers = self.state.registers
        for place in [p for p, value in registers.items() if isinstance(value, Packed) and level in (None, p[0])]:
            value = registers.get(place)
            if isinstance(value, Packed):
                self.show(value)

    def show_differing(self, arrived: list[Any]) -> None:
        """At a join: makes what the paths do not all have packed alike, each at its own end."""
        states = [state for state, _, _ in arrived]
        for state, hole, block in arrived:
            self.state, self.start, self.lines, self.block = state, state, hole, block
            for place, value in list(state.registers.items()):
                if isinstance(value, Packed) and all(place in other.registers for other in states) and not keeps(states, place):
                    self.show(value)

    def show_at_exit(self) -> None:
        """As show_all, in a block that leaves: what is borrowed gets a reference first."""
        registers = self.state.registers
        packed = [place for place, value in registers.items() if isinstance(value, Packed)]
        if not packed:
            return
        for value in list(registers.values()):
            self.own(value)
        for place in packed:
            value = registers[place]
            assert isinstance(value, Packed)
            registers[place] = self.make_at_exit(value)

    def make_at_exit(self, value: Packed) -> Obj:
        return self.made(value) or self.make(value, self.make_at_exit)

    def own(self, value: Value) -> None:
        if isinstance(value, Packed):
            for item in reversed(value.items):
                self.own(item)
        else:
            super().own(value)

    def box(self, value: Value) -> tuple[str, bool]:
        if isinstance(value, Packed):
            return self.show(value).name, False
        return super().box(value)

    def call(self, symbol: str, signature: str, result: str, raises: bool, runs: bool, arguments: tuple[Any, ...], name: str) -> Any:
        return super().call(symbol, signature, result, raises, runs, tuple([self.shown(a) for a in arguments]), name)

    # -- looking
    def get_field(self, name: str, base: Any) -> Any:
        if isinstance(base, Packed):
            if name == "dict_used" or (name == "var_size" and base.type is not dict):
                return len(base.items)
            if name in ("method_func", "method_self"):
                return base.items[name == "method_self"]
            if name in ("list_items", "dict_keys"):
                return PackedItems(base, 0)
        return super().get_field(name, base)

    def tuple_item(self, sequence: Value, index: Any) -> Value:
        if isinstance(sequence, Packed) and isinstance(index, int):
            return sequence.items[index]
        return super().tuple_item(sequence, index)

    def list_item(self, sequence: Value, index: Any) -> Value:
        if isinstance(sequence, Packed):
            return sequence.items[index] if isinstance(index, int) else super().list_item(self.show(sequence), index)
        return super().list_item(sequence, index)

    def as_pointer(self, value: Any) -> Any:
        if isinstance(value, Packed):
            return PackedItems(value, -CONSTANTS["TUPLE_ITEMS"])
        return super().as_pointer(value)

    def pointer(self, value: Any) -> str:
        if isinstance(value, PackedItems):
            made = self.show(value.value)
            if value.value.type is tuple:
                return self.offset(made.name, value.offset + CONSTANTS["TUPLE_ITEMS"])
            field: Pointer = self.get_field("list_items" if value.value.type is list else "dict_keys", made)
            return self.offset(self.pointer(field), value.offset)
        return super().pointer(value)

    def binop(self, name: str, left: Any, right: Any) -> Any:
        if isinstance(left, PackedItems) and isinstance(right, int):
            return PackedItems(left.value, left.offset + (right if name == "add" else -right))
        return super().binop(name, left, right)

    def load_at(self, base: Any, offset: Any, kind: str) -> Any:
        if isinstance(base, PackedItems) and kind == "O" and isinstance(offset, int):
            place = base.offset + offset - (ENTRY if base.value.type is dict else 0)
            if place >= 0 and not place % 8 and place // 8 < len(base.value.items):
                return base.value.items[place // 8]
        return super().load_at(base, offset, kind)

    def call_helper(self, name: str, *arguments: Any) -> Any:
        if name == "place_of_text" and isinstance(arguments[0], Packed) and isinstance(arguments[1], Const):
            names, wanted = arguments[0].names, arguments[1].object
            return ENTRY * (1 + names.index(wanted)) if wanted in names else -1
        return super().call_helper(name, *arguments)

    def unpack_items(self, window: Window, items: Pointer, count: int) -> None:
        """The items of a tuple or list into a window."""
        first = window.offset // 8
        if isinstance(items, PackedItems) and items.offset == 0:
            for place in range(count):
                self.state.registers[self.state.level, first + place] = items.value.items[place]
            return
        if isinstance(items, PackedItems):
            items = Pointer(self.pointer(items), 0)
        for place in range(count):
            assert items.base is not None
            self.state.registers[self.state.level, first + place] = self.item_at(items.base, items.offset, place)

    def store_global(self, table: Const, place: int, symbol: Pointer, value: Value) -> int:
        return super().store_global(table, place, symbol, self.shown(value))  # type: ignore[misc, no-any-return]

    def same(self, left: Value, right: Value) -> Any:
        if isinstance(left, Packed) or isinstance(right, Packed):
            known = [self.state.cse[v.key][1] for v in (left, right) if isinstance(v, Packed) and v.key in self.state.cse]
            return left is right if not known else super().same(self.shown(left), self.shown(right))
        return super().same(left, right)


def keeps(states: list[State], place: tuple[int, int]) -> bool:
    """At a join: whether a register holds the same packed value on all paths, with the same references."""
    value = states[0].registers.get(place)
    if not isinstance(value, Packed) or any(state.registers.get(place) is not value for state in states):
        return False
    owners = [{state.owners.get(name) for state in states} for name in value.held()]
    return all(len(row) == 1 and BORROWED not in row for row in owners)
