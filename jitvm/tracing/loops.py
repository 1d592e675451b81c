"""Loop headers and join points: where paths meet and phis are made.

A header starts with a belief about what the loop changes (``beliefs.py``). Each back-edge that contradicts it adds a phi of the right
kind to the header's ``spec``, and the region is replayed; it settles after one pass or two.
"""
from __future__ import annotations

import itertools

from jitvm.spec import layout
from jitvm.tracing.beliefs import FIELD, FIELD_LOAD, FIELD_TEST, NUMBER, SURE, TYPE_KINDS, first_beliefs, inherited
from jitvm.tracing.edges import KIND_TYPES, EdgesMixin
from jitvm.tracing.emission import KINDS, Abort, number, truth
from jitvm.tracing.globals import LEVEL
from jitvm.tracing.pairs import PairsMixin
from jitvm.tracing.polls import PollsMixin, Turn
from jitvm.tracing.suspended import VERSIONS, SuspendedMixin
from jitvm.tracing.values import (
    ANCHORED,
    BORROWED,
    I1,
    I64,
    NULL,
    OWNED,
    Const,
    Null,
    Obj,
    State,
    Unboxed,
    Value,
    phi_value,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNKNOWN = Null()
"""Stands for what memory holds where paths disagree; equal to no value of a register."""


class Header:
    """An open loop header: the phis it has, and the state that its body starts with."""

    def __init__(self, key: Any, pc: int, path: tuple[int, ...], label: str, spec: dict[Any, Any]) -> None:
        self.key, self.pc, self.path, self.label, self.spec = key, pc, path, label, spec
        self.phis: dict[Any, tuple[list[str], str, str, list[tuple[str, str]]]] = {}
        self.state = State()
        self.waits: tuple[Any, ...] = ()
        self.pair: tuple[int, int] | None = None
        self.hole: list[str] = []
        self.turn: Turn | None = None

    def add(self, place: Any, hole: list[str], name: str, kind: str, value: str, block: str) -> None:
        """A phi with its first incoming value; ``hole`` is where its line goes."""
        self.phis[place] = (hole, name, kind, [(value, block)])

    def finish(self, _lines: list[Any]) -> None:
        """Writes the phi lines, now that all incoming values are known."""
        for hole, name, kind, incoming in self.phis.values():
            hole[:] = [f"  {name} = phi {kind} " + ", ".join(f"[{value}, %{block}]" for value, block in incoming)]


class LoopsMixin(SuspendedMixin, PollsMixin, PairsMixin, EdgesMixin):
    """The part of a region that opens headers, closes back-edges and joins paths."""

    specs: dict[Any, Any]
    seen: dict[int, dict[Any, Any]]
    headers: list[Header]
    force_guard: Any
    show_all: Any
    show_differing: Any
    arrivals: dict[Any, list[Any]]

    # -- reaching a header
    def reach_header(self, pc: int) -> bool:
        """A path comes to a loop header: a back-edge, an inner loop, or the end. True if the path goes on behind the header."""
        header = self.open_at(pc)
        if header is not None:
            self.close(header)
            return False
        if not self.profile.vectors(self.path, self.after(pc)) or not self.inner(pc):
            self.leave(self.state, pc, (self.path, pc) if self.inner(pc) else None)
            return False
        self.open_header(pc)
        return True

    def open_at(self, pc: int) -> Header | None:
        """The open header at ``pc`` to which the path can come back, with the same generators held."""
        if self.state.waiting:
            alike = [header for header in self.state.open if header.pc == pc and header.path == self.path]
            match: Header | None = next((h for h in alike if h.waits == self.waits() and h.pair == self.pair_at(pc)), None)
            if match is not None and not self.ends_before(match):
                return match
            if match is not None or len(alike) >= VERSIONS:
                self.release_all()
        waits, pair = self.waits(), self.pair_at(pc)
        open_headers: tuple[Header, ...] = self.state.open
        return next((h for h in open_headers if h.pc == pc and h.path == self.path and h.waits == waits and h.pair == pair), None)

    def is_open(self, pc: int) -> bool:
        """Whether the path is inside the loop whose header is at ``pc``."""
        waits, pair = self.waits(), self.pair_at(pc)
        return any(h.pc == pc and h.path == self.path and h.waits == waits and h.pair == pair for h in self.state.open)

    def close_left(self, pc: int) -> None:
        """Loops that the path has left are no longer open."""
        state, depth = self.state, len(self.path)
        while len(state.open) > 1:
            last = state.open[-1]
            if len(last.path) < depth or (last.path == self.path and self.record_of().loop_contains(last.pc, pc)):
                return
            state.open = state.open[:-1]

    def inner(self, pc: int) -> bool:
        """Whether a header lies within the root loop (or in an inlined call)."""
        return bool(self.path) or self.root.loop_contains(self.root_pc, pc)

    def open_header(self, pc: int) -> None:
        """Opens a header: guards and coerces what its spec wants, then starts its block with phis."""
        state = self.state
        self.pc = pc
        self.start = state
        self.effected = False
        key, pair = self.header_key(pc), self.pair_at(pc)
        spec = self.specs.get(key)
        new = spec is None
        if spec is None:
            spec = self.specs[key] = self.believe(pc)
        if state.waiting and self.gives_back(spec):
            self.release_all()
            self.open_header(pc)
            return
        self.visited.add((self.path, pc))
        self.kill_dead(spec)
        self.reap()
        self.split_pair(pair, spec if new else None)
        self.show_all()
        for place in list(spec):
            if place[0] == LEVEL:
                self.ensure_global(place[1])
        self.check_kinds(spec, key)
        self.hoist(spec, key)
        if self.opening:
            state.registers.update(self.taken)
        fields = self.field_phis(spec)
        self.flush_except({key for key, _ in fields})
        self.own_elsewhere(spec)
        places = [p for p, kind in spec.items() if isinstance(p[0], int) and kind in KINDS]
        incoming = [(p, spec[p], self.coerce(p, spec[p])) for p in sorted(places, key=lambda p: spec[p] == "object")]
        bounds = {place: bound_of(state.registers.pop(place, NULL)) for place in places}
        self.reap()
        header = Header(key, pc, self.path, self.label(), spec)
        header.waits, header.pair = self.waits(), pair
        if key[3 + (pair is not None):] != tuple(row[:2] for row in header.waits):
            raise Abort("unsupported", "a generator that is given back at a loop's header")
        self.headers.append(header)
        before = self.block
        self.emit(f"br label %{header.label}")
        self.at(header.label)
        self.lines.append(header.hole)
        for place, kind, text in incoming:
            self.new_phi(header, place, kind, text, bounds[place], before)
        for (base, name), value in fields:
            hole: list[str] = []
            self.lines.append(hole)
            self.count += 1
            phi = f"%v{self.count}"
            header.add((FIELD, base, name), hole, phi, "i64", str(value), before)
            state.heap[base, name] = (I64(phi), True)
        state.open = (*state.open, header)
        state.called = False
        header.state = state.copy()
        self.join_pairs()

    def header_key(self, pc: int) -> Any:
        """What a header's spec is known by in all attempts."""
        waits = tuple(row[:2] for row in self.waits())
        pair = self.pair_at(pc)
        return (tuple(h.key for h in self.state.open), self.path, pc, *([] if pair is None else [pair]), *waits)

    def believe(self, pc: int) -> dict[Any, Any]:
        """The first spec of a header."""
        alone = self.driver.roots.get(pc)
        if alone is not None and (alone.compiled or alone.pending is not None) and ((), (), pc) in alone.specs:
            return inherited(alone.specs[(), (), pc], len(self.path))
        seen = {} if self.path else self.seen.get(pc, {})
        return first_beliefs(self.record_of(), pc, self.path, self.profile, {**self.known_types(), **seen})

    def known_types(self) -> dict[int, Any]:
        """The exact types of the numbers in the registers of the current frame."""
        out = {}
        for (level, index), value in self.state.registers.items():
            kind = self.type_of(value) if level == self.state.level else None
            if kind in TYPE_KINDS:
                out[index] = kind
        return out

    def new_phi(self, header: Header, place: tuple[int, int], kind: str, text: str, bound: str, block: str) -> None:
        state = self.state
        hole: list[str] = []
        self.lines.append(hole)
        self.count += 1
        name = f"%v{self.count}"
        header.add(place, hole, name, KINDS[kind], text, block)
        if bound != "true" and (SURE, place) not in header.spec:
            header.spec["maybe", place] = True
        flag: Any = True
        if ("maybe", place) in header.spec and (SURE, place) not in header.spec and kind in KIND_TYPES:
            hole = []
            self.lines.append(hole)
            self.count += 1
            flag = I1(f"%v{self.count}")
            header.add(("bound", place), hole, flag, "i1", bound, block)
        state.registers[place] = phi_value(kind, name, flag)
        if place[0] == 0:
            state.memory[place[1]] = UNKNOWN
        elif place[0] == LEVEL:
            state.globals[place[1]] = UNKNOWN
        if kind == "object":
            state.owners[name] = OWNED

    def note_bound(self, place: tuple[int, int], value: Value) -> None:
        """A register is read without a check: it is bound, and was so at each header since which it has not changed."""
        for header in self.state.open:
            if header.state.registers.get(place) is value and (SURE, place) not in header.spec:
                test = self.is_null(value)
                if not isinstance(test, bool) and test not in self.state.facts:
                    header.spec[SURE, place] = True

    def kill_place(self, place: Any) -> None:
        """A register that is dead at a header."""
        if place[0] == self.state.level:
            self.kill(place[1])
        else:
            self.state.registers.pop(place, None)

    def field_phis(self, spec: dict[Any, Any]) -> list[tuple[tuple[str, str], Any]]:
        """Heap fields that the loop changes and keeps in registers: their keys and values at entry. Not those of objects that change."""
        out = []
        for place, kind in spec.items():
            if place[0] == FIELD and spec.get(place[1]) not in KINDS:
                value = self.state.registers.get(place[1], NULL)
                if isinstance(value, Obj) and self.type_of(value) is kind:
                    out.append(((value.name, place[2]), self.get_field(place[2], value)))
        return out

    def flush_except(self, keep: set[tuple[str, str]]) -> None:
        """At a header nothing about the heap is known, the fields that become phis excepted."""
        for key, (value, dirty) in list(self.state.heap.items()):
            if key in keep:
                continue
            if dirty:
                self.write_field(key[0], key[1], value)
            del self.state.heap[key]

    def own_elsewhere(self, spec: dict[Any, Any]) -> None:
        """What lives through the loop must not depend on registers' memory that the loop may overwrite."""
        state = self.state
        for place, value in state.registers.items():
            if isinstance(value, Obj) and place not in spec:
                owner = state.owners.get(value.name)
                if owner == BORROWED:
                    self.own(value)
                elif owner == ANCHORED and not (place[0] == 0 and state.memory.get(place[1]) == value):
                    self.reference(value.name)
                    state.owners[value.name] = OWNED

    def coerce(self, place: tuple[int, int], kind: str) -> str:
        """The register's value as a phi of ``kind`` takes it. Objects: the phi owns a reference."""
        state = self.state
        value = state.registers.get(place, NULL)
        if isinstance(value, Null) and kind in KIND_TYPES:
            return {"int": "0", "float": "0.0", "bool": "false"}[kind]
        if kind == "int":
            return str(self.int_value(value))
        if kind == "float":
            return number(self.float_value(value))
        if kind == "bool":
            if isinstance(value, Obj):
                return self.op(f"icmp eq ptr {value.name}, {self.constant(True).symbol}")
            return truth(value.object if isinstance(value, Const) else value.number)  # type: ignore[attr-defined]
        name, new = self.box(value)
        if new:
            del state.owners[name]
            return name
        if isinstance(value, Obj) and state.owners.get(value.name) == OWNED and self.holders(value) == 1:
            del state.owners[value.name]
        elif isinstance(value, Obj) and state.owners.get(value.name) == ANCHORED and place[0] == 0 and \
                state.memory.get(place[1]) == value and self.holders(value) == 1:
            self.emit(f"store ptr null, ptr {self.place_of(place[1])}")
            del state.owners[value.name]
        elif name != "null":
            self.reference(name)
        return name

    def holders(self, value: Obj) -> int:
        """In how many registers an object is."""
        return sum(value.name in other.held() for other in self.state.registers.values())

    # -- back-edges
    def close(self, header: Header) -> None:
        """A path comes back to an open header: the back-edge, or what it teaches."""
        self.pc = header.pc
        self.start = self.state
        before = header.state
        for place in [p for p in self.state.registers if p not in before.registers and p != header.pair]:
            if place[0] == LEVEL and self.state.globals.get(place[1]) != self.state.registers[place]:
                header.spec[place] = TYPE_KINDS.get(self.type_of(self.state.registers[place]), "object")
                self.again = True
            self.drop_place(place)
        self.reap()
        self.split_pair(header.pair)
        self.show_all()
        for place in [p for p in before.registers if p[0] == LEVEL and p not in self.state.registers]:
            self.ensure_global(place[1])  # last: what ends or is made has globals written back
        if self.learn(header):
            self.again = True
            self.emit("unreachable")
            return
        self.poll_turn(header)
        self.check_kinds({p: k for p, k in header.spec.items() if p[0] != "type"}, header.key)
        fields = {(b, n): p for p in header.phis if p[0] == FIELD for _, b, n in [p]}
        values = {p: self.get_field(key[1], Obj(key[0])) for key, p in fields.items()}
        self.flush_except(set(fields))
        places = [p for p in header.phis if isinstance(p[0], int)]
        bounds = {p: bound_of(self.state.registers.get(p[1], NULL)) for p in header.phis if p[0] == "bound"}
        incoming = {p: self.coerce(p, header.spec[p]) for p in sorted(places, key=lambda p: header.spec[p] == "object")}
        self.drop_rest(header)
        for place, text in incoming.items():
            header.phis[place][3].append((text, self.block))
        for place, value in [*values.items(), *bounds.items()]:
            header.phis[place][3].append((str(value), self.block))
        self.emit(f"br label %{header.label}")

    def steady(self) -> bool:
        """Whether a number was believed to change that does not: it is to stay the object that it is."""
        found = False
        for header in self.headers:
            for place, (_, name, _, incoming) in header.phis.items():
                key = "steady", header.key, place
                if isinstance(place[0], int) and header.spec.get(place) in KIND_TYPES and len(incoming) > 1 and \
                        key not in self.refused and all(text == name for text, _ in incoming[1:]):
                    del header.spec[place]
                    self.refused.add(key)
                    found = True
        return found

    def drop_place(self, place: tuple[int, int]) -> None:
        """A register that the header does not have."""
        if place[0] == self.state.level:
            self.kill(place[1])
            return
        value = self.state.registers[place]
        if place[0] == LEVEL and self.state.globals.pop(place[1], None) != value:
            self.write_global(place[1], value)
        del self.state.registers[place]

    def drop_rest(self, header: Header) -> None:
        """What the path owns and neither a phi nor the header's state takes over."""
        registers = self.state.registers
        self.drop_taken({name for place, kind in header.spec.items() if kind == "object" for name in registers.get(place, NULL).held()
                         if header.state.owners.get(name) != OWNED})
        for name, owner in list(self.state.owners.items()):
            if owner == OWNED and header.state.owners.get(name) != OWNED:
                self.drop(name)

    def learn(self, header: Header) -> bool:
        """Compares a back-edge's state with the header's; True if the spec had to grow."""
        state, before, spec = self.state, header.state, header.spec
        changed = False
        for place, old in before.registers.items():
            value = state.registers.get(place, NULL)
            kind = spec.get(place)
            if kind in KINDS:
                known = self.type_of(value)
                if kind in KIND_TYPES and known is not None and known is not KIND_TYPES[kind]:
                    spec[place] = "object"
                    changed = True
                if kind in KIND_TYPES and bound_of(value) != "true" and ("maybe", place) not in spec and (SURE, place) not in spec:
                    spec["maybe", place] = True
                    changed = True
                continue
            if place not in state.registers and place[0] != LEVEL and place[1] >= self.locals_at(place[0]):
                spec[place] = "dead"
                changed = True
            elif value != old or (isinstance(value, Obj) and state.owners.get(value.name) != before.owners.get(value.name)):
                known = self.type_of(value)
                if known is None and place[0] == 0 and isinstance(value, Obj):
                    known = self.seen.get(header.pc, {}).get(place[1])
                spec[place] = TYPE_KINDS.get(known, "object")
                changed = True
            elif isinstance(value, Obj):
                changed |= self.learn_type(header, place, value)
        return changed

    def learn_type(self, header: Header, place: Any, value: Obj) -> bool:
        """An unchanging register whose type the body found out: the header can guard it once. Fields that changed become phis."""
        state, before, spec = self.state, header.state, header.spec
        changed = False
        known = state.types.get(value.name)
        key = ("type", place)
        if known is not None and value.name not in before.types and key not in spec and \
                (key, header.path, header.pc) not in self.refused and not known.__flags__ & 1 << 9:
            spec[key] = known
            changed = True
        if value.name not in before.types and key not in spec:
            return changed  # of unknown type: fields of several types lie at the same place
        for name in layout.IMMUTABLE:
            field = f"field {value.name} {name}"
            if field in state.cse and field not in before.cse and (FIELD_LOAD, place, name) not in spec:
                spec[FIELD_LOAD, place, name] = True
                changed = True
            test = state.cse.get(f"icmp eq i64 {state.cse.get(field)}, 1")
            if test in state.facts and test not in before.facts and (FIELD_TEST, place, name) not in spec and \
                    ((FIELD_TEST, place, name), header.path, header.pc) not in self.refused:
                spec[FIELD_TEST, place, name] = state.facts[test]
                changed = True
        if f"number of {value.name}" in state.cse and f"number of {value.name}" not in before.cse and \
                (FIELD_LOAD, place, NUMBER) not in spec:
            spec[FIELD_LOAD, place, NUMBER] = True
            changed = True
        for (base, name), (_number, dirty) in state.heap.items():
            if base == value.name and dirty and (FIELD, place, name) not in spec and name in layout.current()[0] and known is not None:
                spec[FIELD, place, name] = known
                changed = True
        return changed

    def drop_taken(self, names: set[str]) -> None:
        """Gives up references to objects of which phis have got their own: nothing ends."""
        for name in names:
            if self.state.owners.get(name) == OWNED:
                del self.state.owners[name]
                self.emit(f"call void {self.helper('t_decref')}(ptr %ctx, ptr {name})")

    # -- joins
    def arrive(self, pc: int) -> None:
        """A path comes to a static join point and waits for the others."""
        self.close_left(pc)
        frames = self.state.frames
        positions = tuple(frame.rank(inner.call_site) for frame, inner in itertools.pairwise(frames))
        key = ((*positions, frames[-1].rank(pc)), tuple(h.label for h in self.state.open), self.path, pc, self.waits())
        hole: list[Any] = []
        self.lines.append(hole)
        self.arrivals.setdefault(key, []).append((self.state, hole, self.block))

    def join(self) -> None:
        """Goes on at the earliest join point at which paths wait."""
        key = min(self.arrivals, key=lambda k: (k[0], k[1]))
        arrived = self.arrivals.pop(key)
        label, pc = self.label(), key[3]
        lines = self.lines
        if len(arrived) == 1:
            self.state, hole, block = arrived[0]
            if lines[-1] is hole:  # nothing was written since: the path simply goes on
                self.block = block
            else:
                hole.append(f"  br label %{label}")
                self.at(label)
        else:
            self.merge(arrived, label, pc, lines)
        self.go_on(pc, joined=True)

    def merge(self, arrived: list[Any], label: str, pc: int, lines: list[Any]) -> None:
        """Makes one state of several; each path coerces its values at its own end."""
        states = [state for state, _, _ in arrived]
        self.pc = pc
        self.give_back_differing(arrived)
        self.show_differing(arrived)
        kinds = self.merge_kinds(states)
        for place in {p for s in states for p in s.registers} - {p for p in states[0].registers if all(p in s.registers for s in states)}:
            kinds.pop(place, None)
        fields = shared_fields(states)
        maybe = [p for p, kind in kinds.items() if kind in KIND_TYPES and any(bound_of(s.registers[p]) != "true" for s in states)]
        incoming: dict[Any, list[tuple[str, str]]] = {place: [] for place in [*kinds, *fields, *(("bound", p) for p in maybe)]}
        kept = [p for p in states[0].registers if p not in kinds and all(p in s.registers for s in states)]
        held = {name for p in kept for name in states[0].registers[p].held()}
        lost = lost_anchors(states, held, kinds)
        for state, hole, block in arrived:
            self.state, self.lines, self.block = state, hole, block
            self.start = state
            for name in lost:
                self.reference(name)
                state.owners[name] = OWNED
            for place in [p for p in state.registers if p not in kinds and p not in kept]:
                self.drop_place(place)
            numbers_first = sorted(kinds.items(), key=lambda row: row[1] == "object")
            texts: dict[Any, str] = {place: self.coerce(place, kind) for place, kind in numbers_first}
            for key in fields:
                texts[key] = str(state.heap[key][0])
            for place in maybe:
                texts["bound", place] = bound_of(state.registers[place])
            self.drop_taken({name for place in kinds for name in state.registers[place].held()} - held)
            for name, owner in list(state.owners.items()):
                if owner == OWNED and name not in held:
                    self.drop(name)
            for place, text in texts.items():
                incoming[place].append((text, self.block))
        for state, hole, block in arrived:
            self.state, self.lines, self.block = state, hole, block
            for key, (value, dirty) in list(state.heap.items()):
                if dirty and key not in fields and any(s.heap.get(key) != (value, dirty) for s in states):
                    self.write_field(key[0], key[1], value)
            self.emit(f"br label %{label}")
        self.lines = lines
        self.at(label)
        self.state = self.merged(states, kinds, kept, held)
        for place, ways in incoming.items():
            kind = KINDS[kinds[place]] if place in kinds else "i1" if place[0] == "bound" else "i64"
            name = self.op(f"phi {kind} " + ", ".join(f"[{text}, %{block}]" for text, block in ways))
            if place in kinds:
                self.state.registers[place] = phi_value(kinds[place], name)
                if kinds[place] == "object":
                    self.state.owners[name] = OWNED
            elif place[0] == "bound":
                number_of = self.state.registers[place[1]]
                assert isinstance(number_of, Unboxed)
                self.state.registers[place[1]] = type(number_of)(number_of.number, I1(name))
            else:
                self.state.heap[place] = (I64(name), True)

    def merge_kinds(self, states: list[State]) -> dict[tuple[int, int], str]:
        """Registers that differ between states, and the kind of phi for each."""
        kinds = {}
        for place in states[0].registers:
            if not all(place in s.registers for s in states):
                continue
            values = [s.registers[place] for s in states]
            owners = {s.owners.get(v.name) if isinstance(v, Obj) else None for s, v in zip(states, values, strict=True)}
            if all(v == values[0] for v in values) and len(owners) == 1 and BORROWED not in owners:
                continue
            types: set[Any] = set()
            for state, value in zip(states, values, strict=True):
                self.state = state
                if not isinstance(value, Null):
                    known = self.type_of(value)
                    types.add(None if known is int and not self.is_narrow(value) else known)
            kinds[place] = TYPE_KINDS.get(types.pop(), "object") if len(types) == 1 else "object"
        return kinds

    def merged(self, states: list[State], kinds: dict[Any, str], kept: list[Any], held: set[str]) -> State:
        """The state after a join, without the phis."""
        first, out = states[0], State()
        out.frames, out.open, out.waiting = first.frames, first.open, first.waiting
        out.called = any(s.called for s in states)
        out.registers = {place: first.registers[place] for place in kept}
        out.memory = {i: v if all(s.memory.get(i, NULL) == v for s in states) and v is not UNKNOWN and (0, i) not in kinds else UNKNOWN
                      for i, v in first.memory.items()}
        out.globals = {i: v if all(s.globals.get(i, NULL) == v for s in states) and v is not UNKNOWN else UNKNOWN
                       for i, v in first.globals.items() if (LEVEL, i) in out.registers or (LEVEL, i) in kinds}
        out.owners = {name: owner for name, owner in first.owners.items()
                      if all(s.owners.get(name) == owner for s in states) and (name in held or owner == ANCHORED)}
        for field in ("types", "facts", "cse"):
            setattr(out, field, {k: v for k, v in getattr(first, field).items() if all(getattr(s, field).get(k) == v for s in states)})
        out.heap = {k: v for k, v in first.heap.items() if all(s.heap.get(k) == v for s in states)
                    and not (isinstance(v[0], Obj) and v[0].name not in out.owners)}
        return out


def lost_anchors(states: list[State], held: set[str], kinds: dict[Any, Any]) -> list[str]:
    """Objects that registers hold behind a join and that only memory keeps alive of which nothing is known there."""
    anchored = [name for name in held if all(s.owners.get(name) == ANCHORED for s in states)]
    if not anchored:
        return []
    kept = {held.name for i, held in states[0].memory.items()
            if isinstance(held, Obj) and (0, i) not in kinds and all(s.memory.get(i) == held for s in states)}
    known = {held.name for s in states for held in s.memory.values() if isinstance(held, Obj)}
    return sorted(name for name in anchored if name not in kept and name in known)


def shared_fields(states: list[State]) -> list[tuple[str, str]]:
    """Dirty heap fields that every state knows with different values, of objects that all of them hold."""
    out = []
    for key in states[0].heap:
        rows = [s.heap.get(key) for s in states]
        if all(row is not None and isinstance(row[0], (I64, int)) for row in rows) and any(row != rows[0] for row in rows) \
                and any(row is not None and row[1] for row in rows):
            out.append(key)
    return out


def bound_of(value: Value) -> str:
    """Whether a register is bound, as LLVM text; objects tell by themselves."""
    if isinstance(value, Null):
        return "false"
    return truth(value.bound) if isinstance(value, Unboxed) else "true"
