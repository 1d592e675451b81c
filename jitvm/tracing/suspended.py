"""Generators in a region: the consumer's ``for`` goes on in the generator's code, which goes on behind the ``for`` at its ``yield``.

A generator that the region has taken over is *held*: its variables are registers, those of a frame of one more level while it runs, of
a slot of its own (a negative level) while it waits. Its own frame in memory is empty then, and its state says that it runs, so that
nobody else can go on with it. Before anything that may look (``release_all``), and at exits, it is given back as the host knows it.

Which generators wait where is part of what a state is: paths that differ in it do not meet, and a loop header is another one for each.
So a loop over a generator begins with a round in which the generator is taken over, and comes back to a header at which it is held.
"""
from __future__ import annotations

from jitvm.spec.bytecodes import UNIT
from jitvm.spec.layout import CO_COROUTINE
from jitvm.tracing.code import Site
from jitvm.tracing.emission import CONSTANTS, FIELDS, KINDS, Abort, FrameReference
from jitvm.tracing.machine import MAY_END, Machine
from jitvm.tracing.values import ANCHORED, NULL, OWNED, Const, Frame, FunctionType, Null, Obj, Packed, State, Value, Waiting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GENERATOR = type((lambda: (yield))())
CREATED, SUSPENDED, EXECUTING, CLEARED = 254, 255, 0, 4
FRAME = CONSTANTS["GENERATOR_FRAME"]
VARIABLES = FRAME + CONSTANTS["FRAME_SIZE"]
OWNED_BY_GENERATOR = CONSTANTS["FRAME_OWNED_BY_GENERATOR"] << 40
FIRST_SLOT = -2
"""The level of the first slot: above it are those of globals and of frames."""
RARE = 8
"""Once in so many rounds a generator may do what only the interpreter can."""
VERSIONS = 4
"""So many open headers of one loop differ in where generators wait; beyond that they are given back."""


class Arrival:
    """A way on that is replayed later: a generator that waits at another of the sites seen."""

    __slots__ = ("label", "pc", "place", "site", "start", "state")

    def __init__(self, label: str, pc: int, place: tuple[int, ...], site: Site, start: State, state: State) -> None:
        self.label, self.pc, self.place, self.site, self.start, self.state = label, pc, place, site, start, state


class SuspendedMixin(Machine):
    """The part of a region that goes into generators and comes out of them."""

    holds_generators = True
    """Whether this kind of region can hold generators."""
    driver: Any
    eager: bool
    forks: list[Any]
    profile: Any
    refused: set[Any]
    root: Any
    specs: dict[Any, Any]
    start: State
    vectors: list[Any]
    again: bool
    globals_const: Const | None
    if TYPE_CHECKING:
        @property
        def path(self) -> tuple[int, ...]: ...
        def guard(self, test: Any, want: bool) -> None: ...
        def check(self, raw: str, result: str, fresh: list[str]) -> None: ...
        def cached_word(self, address: int) -> int: ...
        def give_up(self, values: list[Value], window: list[int]) -> None: ...
        def position(self) -> None: ...
        def shown(self, value: Any) -> Any: ...
        def go_on(self, pc: int, joined: bool = False) -> None: ...
        def holders(self, value: Obj) -> int: ...
        def instr_symbol(self, record: Any, address: int) -> str: ...
        def kill(self, index: int) -> None: ...
        def reap(self) -> None: ...
        def record_of(self, state: State | None = None) -> Any: ...
        def run_handler(self, instruction: Any, trail: list[Any]) -> int | None: ...
        def resume_fork(self, fork: Any) -> None: ...
        def show(self, value: Packed) -> Obj: ...

    # -- places
    def slot(self, place: tuple[int, ...]) -> int:
        """The level of the registers of the generator that the ``for`` at the end of ``place`` consumes; the same in all attempts."""
        known: dict[tuple[int, ...], int] = self.specs.setdefault("slots", {})
        return known.setdefault(place, FIRST_SLOT - len(known))

    def waits(self) -> tuple[Any, ...]:
        """Which generators wait where: what states must have in common to meet."""
        return tuple(sorted((place, held.site.pc, held.generator.name) for place, held in self.state.waiting.items()))

    def locals_at(self, level: int) -> int:
        """How many registers of a level are locals."""
        if level > FIRST_SLOT:
            return int(self.state.frames[level].record.locals)
        return next(int(held.record.locals) for place, held in self.state.waiting.items() if self.slot(place) == level)

    def passes(self, pc: int) -> bool:
        """Whether a loop header in a generator is none of the region's: each round of it has a ``yield``, as far as is known."""
        frame = self.state.frames[-1]
        if frame.place is None or (self.path, pc) in self.specs.setdefault("rounds", set()):
            return False
        if pc in frame.passed:
            self.specs["rounds"].add((self.path, pc))
            self.again = True
            return False
        passed = Frame(frame.record, frame.call_site, frame.place, frame.site)
        passed.passed = frame.passed | {pc}
        self.state.frames = (*self.state.frames[:-1], passed)
        return True

    # -- for
    def do_for_iter(self, instruction: Any) -> int | None:
        """``for``: of a generator that was seen to be entered, goes on in its code; else what the handler does."""
        place = (*self.path, self.pc)
        seen = self.sites_seen()
        sites = [site for site in seen if (self.path, self.pc, site.pc) not in self.refused]
        generator = self.read(instruction.values["iter"])
        if not sites or any(1 in vector for vector in self.vectors) or not isinstance(generator, Obj):
            return self.run_handler(instruction, [])
        held = self.state.waiting.get(place)
        if held is not None and held.generator != generator:
            raise Abort("unsupported", "another generator at the same place")
        if held is None and not self.take_over(place, generator, sites, len(sites) < len(seen)):
            return self.run_handler(instruction, [])
        return self.resume(place)

    do_for_pair = do_for_iter

    def sites_seen(self) -> list[Site]:
        """The sites at which generators were seen to wait when the current ``for`` resumed them; none where they are not held."""
        seen = self.profile.resumed.get((self.path, self.pc))
        if not seen or not self.holds_generators or self.eager:
            return []
        record = self.driver.code_at(next(iter(seen)))
        frames = self.state.frames
        if len(frames) > self.driver.settings.inline_depth or any(frame.record is record for frame in frames):
            return []
        found = [site for site in record.sites() if site.resume in seen]
        return sorted(found, key=lambda site: -seen[site.resume].bit_length())

    def take_over(self, place: tuple[int, ...], generator: Obj, sites: list[Site], others: bool) -> bool:
        """Holds a generator that waits at one of ``sites``, of one code; leaves if it is anything else. False where it may wait at
        ``others``, from which on it is called."""
        self.guard(self.type_test(generator, GENERATOR), True)
        base = generator.name
        frames = self.op(f"load ptr, ptr {self.offset('%ts', FIELDS['ts_cframe'][0])}")
        tracing = self.op(f"load i8, ptr {self.offset(frames, FIELDS['cframe_tracing'][0])}")
        self.guard(self.op(f"icmp eq i8 {tracing}, 0"), True)
        handled = self.op(f"load ptr, ptr {self.offset(base, FIELDS['gen_exc_value'][0])}")
        none = self.op(f"icmp eq ptr {handled}, {self.constant(None).symbol}")
        self.guard(self.op(f"or i1 {none}, {self.op(f'icmp eq ptr {handled}, null')}"), True)
        status = self.op(f"load i8, ptr {self.offset(base, FIELDS['gen_state'][0])}")
        waits_at = self.op(f"load ptr, ptr {self.offset(base, FRAME + FIELDS['frame_instr'][0])}")
        record = self.driver.code_at(sites[0].resume)
        for site in sites if others else sites[:-1]:
            test = self.is_at(record, site, waits_at, status)
            there, elsewhere = self.label(), self.label()
            self.emit(f"br i1 {test}, label %{there}, label %{elsewhere}")
            self.forks.append(Arrival(there, self.pc, place, site, self.start, self.state.copy()))
            self.at(elsewhere)
        if others:
            return False
        self.guard(self.is_at(record, sites[-1], waits_at, status), True)
        self.hold(place, generator, record, sites[-1])
        return True

    def is_at(self, record: Any, site: Site, waits_at: str, status: str) -> str:
        """Whether a generator waits at a site: no two codes have an instruction in common."""
        known = self.op(f"load ptr, ptr {self.instr_symbol(record, site.pc + UNIT)}")
        instr = self.op(f"load ptr, ptr {self.op(f'getelementptr i8, ptr {known}, i64 16')}")
        here = self.op(f"icmp eq ptr {waits_at}, {instr}")
        waiting = self.op(f"icmp eq i8 {status}, {SUSPENDED - 256 if site.begun else CREATED - 256}")
        return self.op(f"and i1 {here}, {waiting}")

    def hold(self, place: tuple[int, ...], generator: Obj, record: Any, site: Site) -> None:
        """Takes a waiting generator's variables over; its frame is empty then."""
        self.effected = True
        state, level, base = self.state, self.slot(place), generator.name
        for index in range(site.count):
            there = self.offset(base, VARIABLES + 8 * index)
            name = self.op(f"load ptr, ptr {there}")
            self.emit(f"store ptr null, ptr {there}")
            state.owners[name] = OWNED
            state.registers[level, index] = Obj(name)
        self.emit(f"store i8 {EXECUTING}, ptr {self.offset(base, FIELDS['gen_state'][0])}")
        self.emit(f"store i64 {OWNED_BY_GENERATOR}, ptr {self.offset(base, FRAME + FIELDS['frame_flags'][0])}")
        state.waiting[place] = Waiting(generator, record, site)

    def resume_arrival(self, arrival: Arrival) -> None:
        """Goes on where a generator waits at another site."""
        self.at(arrival.label)
        self.state, self.start, self.pc = arrival.state, arrival.start, arrival.pc
        instruction = self.record_of().instruction(self.pc)
        generator = self.read(instruction.values["iter"])
        assert isinstance(generator, Obj)
        self.hold(arrival.place, generator, self.driver.code_at(arrival.site.resume), arrival.site)
        following = self.resume(arrival.place)
        self.reap()
        self.go_on(following)

    def resume(self, place: tuple[int, ...]) -> int:
        """A held generator runs: its frame is the innermost. Where it goes on."""
        state = self.state
        held = state.waiting.pop(place)
        slot, level = self.slot(place), state.level + 1
        for register in [p for p in state.registers if p[0] == level]:
            del state.registers[register]
        for register in [p for p in state.registers if p[0] == slot]:
            state.registers[level, register[1]] = state.registers.pop(register)
        state.frames = (*state.frames, Frame(held.record, self.pc, place, held.site))
        if held.site.sent >= 0:
            state.registers[level, held.site.sent] = self.constant(None)
        return int(held.site.resume)

    def is_common(self, place: tuple[int, ...], pc: int) -> bool:
        """Whether a bytecode of what runs in a generator is reached often when that goes on."""
        seen = sum(self.profile.outcomes.get((self.path, pc), {}).values())
        return bool(seen * RARE > sum(self.profile.resumed.get((place[:-1], place[-1]), {}).values()))

    # -- yield and return
    def consumer(self) -> tuple[Frame, Any, Any]:
        """The frame of the running generator, its record, and the consumer's instruction. Raises Abort where it is no generator's."""
        frame = self.state.frames[-1]
        if frame.place is None:
            raise Abort("unsupported", "a yield to who is not in the region")
        return frame, frame.record, self.state.frames[-2].record.instruction(frame.call_site)

    def do_yield_value(self, instruction: Any) -> int:
        """The generator waits; the consumer goes on behind its ``for`` with the value."""
        frame, record, consumer = self.consumer()
        site = record.site_at(self.pc)
        state = self.state
        level = state.level
        generator = state.registers.get((level - 1, consumer.values["iter"]))
        if site is None or not isinstance(generator, Obj):
            raise Abort("unsupported", "a yield within an expression")
        value = self.read(instruction.values["src"])
        self.own(value)
        for name in instruction.consumed:
            self.kill(instruction.values[name])
        slot = self.slot(frame.place or ())
        for register in [p for p in state.registers if p[0] == level]:
            held = state.registers.pop(register)
            if register[1] < site.count and not isinstance(held, Null):
                state.registers[slot, register[1]] = held
        for index in range(site.count):
            state.registers.setdefault((slot, index), NULL)
        state.waiting[frame.place or ()] = Waiting(generator, record, site)
        state.frames = state.frames[:-1]
        self.write(consumer.values[consumer.row.operands[0].name], value)
        if (self.path, frame.call_site, site.pc) in self.refused:
            self.effected = True
            self.release(frame.place or (), set())
        return int(frame.call_site + UNIT * consumer.row.size)

    do_yield_effect = do_yield_value

    def do_end_generator(self, instruction: Any) -> int:
        """The generator returns: its variables are dropped, the consumer's loop ends."""
        frame, _, consumer = self.consumer()
        state = self.state
        level = state.level
        generator = state.registers.get((level - 1, consumer.values["iter"]))
        if not isinstance(generator, Obj):
            raise Abort("unsupported", "a generator that nobody holds")
        for field in ("frame_object", "frame_locals"):
            seen = self.op(f"load ptr, ptr {self.offset(generator.name, FRAME + FIELDS[field][0])}")
            self.guard(self.op(f"icmp eq ptr {seen}, null"), True)
        self.effected = True
        self.emit(f"store i8 {CLEARED}, ptr {self.offset(generator.name, FIELDS['gen_state'][0])}")
        registers = sorted(index for at, index in state.registers if at == level)
        count = frame.record.locals
        for index in [i for i in registers if i >= count] + [i for i in registers if i < count]:
            del state.registers[level, index]
            self.reap()
        state.frames = state.frames[:-1]
        self.before_end()
        self.emit(f"call void {self.helper('t_end_generator')}(ptr %ctx, ptr {generator.name})")
        self.kill(consumer.values["iter"])
        return int(frame.call_site + UNIT * consumer.values["target"])

    # -- making
    def generator_call(self, callee: Value, values: list[Value], window: list[int]) -> Value | None:
        """A call that only makes a generator, as its cache says: nobody looks. None for any other."""
        cell = self.pc + UNIT
        mark = self.peek(cell + 16)
        if not self.holds_generators or self.eager or not mark & 1:
            return None
        code = self.driver.native.object_at(mark - 1)
        if code.co_argcount != len(values) or code.co_flags & CO_COROUTINE:
            return None
        if isinstance(callee, Const):
            if getattr(callee.object, "__code__", None) is not code:
                return None
        else:
            self.guard(self.type_test(callee, FunctionType), True)
            self.guard(self.same(self.get_field("func_code", callee), self.constant(code)), True)
        self.cached_word(cell + 16)
        values = [self.shown(value) for value in values]
        self.effect(False, (callee, *values))
        function, _ = self.box(callee)
        self.give_up(values, window)
        self.position()
        made = self.op(f"call ptr {self.helper('t_make_generator')}(ptr %ctx, ptr {function}, ptr %buffer, i64 {len(values)})")
        self.check(made, "N", [])
        self.state.owners[made] = OWNED
        self.state.types[made] = GENERATOR
        return Obj(made)

    def call_c(self, name: str, *arguments: Any) -> Any:
        if name == "PyObject_GetIter" and self.type_of(arguments[0]) is GENERATOR:
            return arguments[0]
        return super().call_c(name, *arguments)

    def refusal(self, level: int) -> tuple[Any, ...]:
        """What names the resumption that the generator's frame at a level comes from."""
        frame = self.state.frames[level]
        return self.path[:level - 1], frame.call_site, frame.site.pc

    # -- giving back
    def effect(self, runs: bool, keep: tuple[Value, ...] = ()) -> None:
        if runs:
            self.release_all(keep)
        super().effect(runs, keep)

    def before_end(self) -> None:
        self.release_all()
        super().before_end()

    def release_all(self, keep: tuple[Value, ...] = ()) -> None:
        """Foreign code may look at generators, or go on with them: those that wait are the host's again."""
        state = self.state
        if not state.waiting:
            return
        self.effected = True
        for value in (*state.registers.values(), *keep):
            self.own(value)
        for place in list(state.waiting):
            self.release(place, {name for value in keep for name in value.held()})

    def release(self, place: tuple[int, ...], keep: set[str]) -> None:
        """Gives one generator back: it waits as the host knows it. ``keep``: objects that are in use besides registers."""
        state, slot = self.state, self.slot(place)
        held = state.waiting[place]
        base = held.generator.name
        for value in [v for p, v in state.registers.items() if p[0] == slot]:
            if isinstance(value, Packed):
                self.show(value)
        del state.waiting[place]
        for register in [p for p in state.registers if p[0] == slot]:
            value = state.registers.pop(register)
            if isinstance(value, Null):
                continue
            text, new = self.box(value)
            if new or (isinstance(value, Obj) and state.owners.get(text) == OWNED and not self.holders(value) and text not in keep):
                state.owners.pop(text, None)
            else:
                self.reference(text)
            self.emit(f"store ptr {text}, ptr {self.offset(base, VARIABLES + 8 * register[1])}")
        known = self.op(f"load ptr, ptr {self.instr_symbol(held.record, held.site.pc + UNIT)}")
        instr = self.op(f"load ptr, ptr {self.op(f'getelementptr i8, ptr {known}, i64 16')}")
        self.emit(f"store ptr {instr}, ptr {self.offset(base, FRAME + FIELDS['frame_instr'][0])}")
        flags = held.site.count + OWNED_BY_GENERATOR
        self.emit(f"store i64 {flags}, ptr {self.offset(base, FRAME + FIELDS['frame_flags'][0])}")
        self.emit(f"store i8 {SUSPENDED - 256}, ptr {self.offset(base, FIELDS['gen_state'][0])}")

    # -- headers and joins: where something ends, nothing is held
    def ends_before(self, header: Any) -> bool:
        """Whether a back-edge drops what may have an end to notice."""
        state = self.state
        kept = {name for place, value in state.registers.items() if header.spec.get(place) == "object" for name in value.held()}
        return any(owner == OWNED and name not in kept and header.state.owners.get(name) != OWNED and
                   state.types.get(name) not in MAY_END for name, owner in state.owners.items())

    def gives_back(self, spec: dict[Any, Any]) -> bool:
        """Whether a header's phis take the place of a generator that is held, or end what may have an end to notice."""
        state = self.state
        dead = [value for place, value in state.registers.items() if spec.get(place) == "dead"]
        changed = [value for place, value in state.registers.items() if spec.get(place) in KINDS]
        return any(held.generator in dead or held.generator in changed for held in state.waiting.values()) or \
            any(isinstance(value, Obj) and state.owners.get(value.name) == OWNED and state.types.get(value.name) not in MAY_END
                for value in dead)

    def give_back_differing(self, arrived: list[Any]) -> None:
        """Before a join at which something ends that may have an end to notice: no path holds generators, nor globals."""
        states = [state for state, _, _ in arrived]
        if not states[0].waiting and not any(state.globals for state in states):
            return
        kept = {name for name, owner in states[0].owners.items() if all(state.owners.get(name) == owner for state in states)}
        held = {name for place, value in states[0].registers.items() for name in value.held()
                if all(state.registers.get(place) == value for state in states)}
        moved = [p for p in states[0].registers if all(p in state.registers for state in states)]
        for state in states:
            taken = {name for place in moved for name in state.registers[place].held()}
            if any(owner == OWNED and not (name in kept and name in held) and name not in taken and state.types.get(name) not in MAY_END
                   for name, owner in state.owners.items()):
                break
        else:
            return
        for state, hole, block in arrived:
            self.state, self.start, self.lines, self.block = state, state, hole, block
            self.before_end()

    # -- frames
    def generator_field(self, name: str, frame: FrameReference) -> Any:
        """Globals or builtins of a generator: those of its own frame."""
        current = self.state.frames[frame.level]
        site = self.state.frames[frame.level - 1].record.instruction(current.call_site)
        generator = self.state.registers[frame.level - 1, site.values["iter"]]
        key = f"{name} of {self.pointer_of(generator)}"
        known = self.state.cse.get(key)
        if known is None:
            raw = self.op(f"load ptr, ptr {self.offset(self.pointer_of(generator), FRAME + FIELDS[name][0])}")
            known = self.state.cse[key] = Obj(raw)
            self.state.owners[raw] = ANCHORED
        if name == "frame_builtins" or self.globals_const is None:
            return known
        own = current.record.record.module is self.root.record.module
        self.guard(self.same(known, self.globals_const), own)
        return self.globals_const if own else known
