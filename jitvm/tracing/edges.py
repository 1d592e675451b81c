"""What is done at the edge of a loop header, before the loop: types are guarded, numbers unboxed, what does not change is loaded once.

At a region's own header that is done once for each time it is entered, so it is left to native helpers where that is less code.
"""
from __future__ import annotations

from jitvm.tracing.beliefs import FIELD_LOAD, FIELD_TEST, NUMBER, SURE, forget_type
from jitvm.tracing.emission import KINDS, Abort
from jitvm.tracing.machine import Machine
from jitvm.tracing.values import I1, I64, NULL, IntValue, Null, Obj, Value, phi_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KIND_TYPES = {"int": int, "float": float, "bool": bool}
MISFIT = "misfit"
"""First in the key of an exit at a header's edge."""


class EdgesMixin(Machine):
    """The part of a region that prepares what a loop relies on."""

    again: bool
    path: Any
    refused: set[Any]
    loads: dict[int, list[str]]
    """The lines that load each register of the frame when the region is entered."""
    force_guard: Any
    coerce: Any
    place_of: Any
    kill_place: Any
    leave: Any
    after: Any
    opening = False
    """Whether the header is the region's own."""
    taken: dict[tuple[int, int], Value]
    """The numbers of registers that may be empty, at the region's own header: exits before it leave the frame as it is."""

    def kill_dead(self, spec: dict[Any, Any]) -> None:
        """Empties the registers that are dead at a header. At the region's own they are not even loaded."""
        dead = [place for place, kind in spec.items() if kind == "dead"]
        if self.opening and dead and all(place[0] == 0 and place[1] in self.loads for place in dead):
            self.clear_frame([place[1] for place in dead])
            return
        for place in dead:
            self.kill_place(place)

    def clear_frame(self, dead: list[int]) -> None:
        """Empties registers of the frame as it was found."""
        state = self.state
        dead.sort()
        self.before_end()
        runs: list[list[int]] = []
        for index in dead:
            state.owners.pop(state.registers.pop((0, index)).name, None)  # type: ignore[attr-defined]
            state.memory[index] = NULL
            self.loads[index].clear()
            if runs and runs[-1][0] + runs[-1][1] == index:
                runs[-1][1] += 1
            else:
                runs.append([index, 1])
        for first, count in runs:
            self.emit(f"call void {self.helper('t_clear_all')}(ptr %ctx, ptr {self.place_of(first)}, i64 {count})")

    def check_kinds(self, spec: dict[Any, Any], header: Any) -> None:
        """Guards the types that the loop relies on; a kind that cannot be is given up."""
        for place, kind in list(spec.items()):
            self.edge = (MISFIT, header, self.path, self.pc, place)
            if place[0] == "type":
                value = self.state.registers.get(place[1], NULL)
                self.expect(spec, place, value, kind)
            elif kind in KIND_TYPES:
                value = self.state.registers.get(place, NULL)
                known = self.type_of(value)
                if known is not None and known is not KIND_TYPES[kind]:
                    spec[place] = "object"
                    self.again = True
                elif isinstance(value, Obj):
                    self.take_number(place, kind, value, (SURE, place) in spec)
        self.edge = None

    def hoist(self, spec: dict[Any, Any], header: Any) -> None:
        """Loads once what the body uses of unchanging objects: fields, the number in an int or float; and guards what it found of them."""
        state = self.state
        for place, wanted in spec.items():
            if place[0] not in (FIELD_LOAD, FIELD_TEST):
                continue
            value = state.registers.get(place[1], NULL)
            kind = state.types.get(value.name) if isinstance(value, Obj) else None
            if kind is None:
                continue
            if place[2] != NUMBER:
                loaded = self.immutable_field(value.name, place[2])  # type: ignore[attr-defined]
                if place[0] == FIELD_TEST and not isinstance(loaded, int):
                    self.edge = (MISFIT, header, self.path, self.pc, place)
                    self.guard_edge(self.compare("eq", loaded, 1), wanted)
                    if wanted:
                        state.cse[f"field {value.name} {place[2]}"] = 1  # type: ignore[attr-defined]
            elif kind is int:
                self.int_value(value)
            elif kind is float:
                self.float_value(value)
        self.edge = None

    def take_number(self, place: tuple[int, int], kind: str, value: Obj, sure: bool) -> None:
        """At a header's edge: a register of unknown type becomes a number; an empty one stays empty, which is noted."""
        if kind == "int" and self.is_found(place, value):
            self.take_int(place, value, sure)
            return
        state = self.state
        empty = not sure and self.is_null(value)
        if empty is False or place[0] != 0 or state.facts.get(empty) is False:
            self.guard_type(value, KIND_TYPES[kind], sure)
            return
        full, join, start = self.label(), self.label(), self.block
        self.emit(f"br i1 {empty}, label %{join}, label %{full}")
        self.at(full)
        self.state = state.copy()
        self.state.facts[empty] = False
        self.guard_type(value, KIND_TYPES[kind])
        text = self.coerce(place, kind)
        end = self.block
        self.emit(f"br label %{join}")
        self.state = state
        self.at(join)
        zero = {"int": "0", "float": "0.0", "bool": "false"}[kind]
        name = self.op(f"phi {KINDS[kind]} [{zero}, %{start}], [{text}, %{end}]")
        state.registers[place] = phi_value(kind, name, I1(self.op(f"phi i1 [false, %{start}], [true, %{end}]")))

    def expect(self, spec: dict[Any, Any], place: Any, value: Value, kind: Any) -> None:
        """Guards that an unchanging register has the type that the loop's body learned."""
        known = self.type_of(value)
        if isinstance(value, Null) or (known is not None and known is not kind):
            forget_type(spec, place[1])
            self.refused.add((place, self.path, self.pc))
            self.again = True
        elif known is None and isinstance(value, Obj) and kind is int and (SURE, place[1]) in spec and self.is_found(place[1], value):
            self.take_int(place[1], value, True)
        elif known is None:
            self.guard_type(value, kind, (SURE, place[1]) in spec)

    def guard_type(self, value: Value, kind: Any, sure: bool = False) -> None:
        """A guard at a header's edge; it leaves behind the header instruction. ``sure``: the register is bound."""
        empty = not sure and self.is_null(value)
        if empty is not False:
            self.guard_edge(empty, False)
        test = self.type_test(value, kind)
        if isinstance(test, bool):
            if not test:
                raise Abort("unsupported", "a header's kind that cannot be")
            return
        self.guard_edge(test, True)

    edge: tuple[Any, ...] | None = None
    """While kinds are guarded at a header's edge: the key of the exit, which names header and register."""

    def guard_edge(self, test: str, want: bool) -> None:
        """Leaves behind the header instruction unless ``test`` is ``want``."""
        if self.state.facts.get(test) is want:
            return
        good, bad = self.label(), self.label()
        yes, no = (good, bad) if want else (bad, good)
        self.emit(f"br i1 {self.force_guard(test, want)}, label %{yes}, label %{no}, !prof !{0 if want else 1}")
        self.leave(self.state, self.after(self.pc), self.edge, bad)
        self.at(good)
        self.assume(self.state, test, want)

    def is_found(self, place: tuple[int, int], value: Value) -> bool:
        """Whether a register holds what the region found in the frame when it was entered."""
        return self.opening and place[0] == 0 and place[1] in self.loads and self.state.memory.get(place[1]) is value

    def take_int(self, place: tuple[int, int], value: Obj, sure: bool) -> None:
        """An int in the frame, or an empty register, as the region finds it: a helper tells which, and what the number is."""
        state = self.state
        found = self.op(f"call i64 {self.helper('t_take_int')}(ptr %ctx, ptr {value.name}, ptr %spill)")
        taken = I64(self.op("load i64, ptr %spill"))
        self.guard_edge(self.op(f"icmp sg{'t' if sure else 'e'} i64 {found}, 0"), True)
        if sure:
            state.types[value.name] = int
            state.cse[f"number of {value.name}"] = taken
        else:
            self.taken[place] = IntValue(taken, I1(self.op(f"icmp ne i64 {found}, 0")))
