"""A region: a hot loop with its inner loops and inlined calls, replayed from the profile into one LLVM function.

For each bytecode the outcomes that were recorded are replayed; unseen ones leave by side exits. Paths meet again at static join
points, where phis merge what differs. Loop headers learn by restart which registers need phis, and of which kind.
"""
from __future__ import annotations

from time import perf_counter

from jitvm.spec.bytecodes import HOST, UNIT
from jitvm.spec.layout import CO_OPTIMIZED
from jitvm.tracing.calls import CallsMixin
from jitvm.tracing.caught import Caught, CaughtMixin
from jitvm.tracing.emission import CONSTANTS, FIELDS, WORK, Abort, Cache, FrameReference, flat, number
from jitvm.tracing.endings import EndingsMixin
from jitvm.tracing.exits import Exit, ExitsMixin
from jitvm.tracing.forced import ForcedMixin
from jitvm.tracing.globals import GlobalsMixin
from jitvm.tracing.implied import DECLINED, IMPLYING
from jitvm.tracing.loops import Header, LoopsMixin
from jitvm.tracing.machine import MAY_END
from jitvm.tracing.mapped import Entered
from jitvm.tracing.profile import Profile
from jitvm.tracing.promotion import PromotionMixin
from jitvm.tracing.replayer import Fork, Mismatch, NotInlined, Replayer
from jitvm.tracing.shown import ShownMixin
from jitvm.tracing.suspended import Arrival
from jitvm.tracing.values import ANCHORED, NULL, OWNED, BoolValue, Const, FloatValue, Frame, IntValue, Obj, State, Unboxed, Value
from jitvm.tracing.verify import check_ownership

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROLOGUE = "define preserve_nonecc ptr @trace(ptr %pc, ptr %regs, ptr %consts, ptr %ctx, ptr %ts, i64 %word) nounwind {"
HOST_UNIT = 2
"""Bytes of an instruction of the host."""
COPIES = 3
"""How often a bytecode is replayed, each time with more known, before the paths that reach it are merged."""
METADATA = f'@work = external global i64{WORK}\n' '!0 = !{!"branch_weights", i32 2000, i32 1}\n!1 = !{!"branch_weights", i32 1, i32 2000}\n'


class Region(EndingsMixin, CaughtMixin, CallsMixin, LoopsMixin, PromotionMixin, ShownMixin, GlobalsMixin, ExitsMixin, ForcedMixin):
    """One attempt to replay a region. ``text`` is its LLVM module, or None if what was learned asks for another attempt."""

    deadline = float("inf")
    """When (perf_counter) the replay is given up."""
    mismatch = Mismatch
    refusal_label = ""
    """The block that leaves where the region cannot be entered."""
    puts_off = True
    """Whether ends of objects that may run code are put off."""

    def __init__(self, driver: Any, root: Any, root_pc: int, profile: Profile, specs: dict[Any, Any], refused: set[Any]) -> None:
        super().__init__(driver.native.peek)
        self.driver, self.root, self.root_pc, self.profile, self.specs, self.refused = driver, root, root_pc, profile, specs, refused
        self.generated = driver.generated
        self.eager = not driver.settings.locals_sync
        self.wide = bool(specs.get("wide"))
        self.seen: dict[int, dict[Any, Any]] = {}
        self.cold: list[Any] = []
        self.undescribed: list[Any] = []
        self.forks: list[Any] = []
        self.arrivals: dict[Any, list[Any]] = {}
        self.exits: list[Exit] = []
        self.instr_symbols: dict[tuple[int, int], str] = {}
        self.record_symbols: dict[int, tuple[str, Any]] = {}
        self.ending_places: list[tuple[tuple[int, ...], int]] = []
        self.current: tuple[tuple[int, ...], int] = ((), root_pc)
        self.start = self.state
        self.trail: list[Any] = []
        self.outcomes: list[int] = []
        self.vectors: list[Any] = []
        self.start_exit: tuple[State, int, str] | None = None
        self.again = False
        self.headers: list[Header] = []
        self.loads: dict[int, list[str]] = {}
        self.visited: set[tuple[Any, int]] = set()
        self.passed: dict[Any, int] = {}
        self.replayed = 0
        self.spills = 0
        self.arguments = 0

    # -- the whole region
    def build(self) -> str | None:
        """Replays everything; the module's text, or None if the headers' kinds changed and it must be done again."""
        self.state.frames = (Frame(self.root, 0),)
        self.begin()
        interp = self.op(f"load ptr, ptr {self.offset('%ts', FIELDS['ts_interp'][0])}")
        self.breaker = self.offset(interp, FIELDS["interp_eval_breaker"][0])
        self.guard_recursion()
        self.guard_globals()
        self.open_root()
        self.go_on(self.after(self.root_pc))
        while self.forks or self.arrivals:
            if self.forks:
                self.resume_fork(self.forks.pop())
            else:
                self.join()
        if self.again or self.steady():
            return None
        return self.module()

    def begin(self) -> None:
        """What the frame holds when the region is entered."""
        for index in range(self.root.unit.registers):
            self.load_register(index)

    def load_register(self, index: int) -> None:
        """A register of the frame as the region finds it."""
        name = f"%r{index}"
        place = f"%p{index}" if index else "%regs"
        lines = [f"  {name} = load ptr, ptr {place}"]
        if index:
            lines.insert(0, f"  {place} = getelementptr i8, ptr %regs, i64 {8 * index}")
        self.loads[index] = lines
        self.lines.append(lines)
        self.state.registers[0, index] = self.state.memory[index] = Obj(name)
        self.state.owners[name] = ANCHORED

    def open_root(self) -> None:
        """The header that the region begins at."""
        self.opening, self.taken = True, {}
        self.open_header(self.root_pc)
        self.opening = False

    def module(self) -> str:
        """The finished text."""
        self.finish_turns()
        self.describe_exits()
        for header in self.headers:
            header.finish(self.lines)
        body = ["entry:", *self.areas(), *flat(self.lines), *flat(self.cold), *self.leave_lines()]
        text = "\n".join(body)
        imports = "".join(f"@{name} = external global i8\n" for name in sorted(self.imports))
        constants = "".join(f"{c.symbol} = external global i8\n" for c in self.constant_symbols.values())
        names = [*self.instr_symbols.values(), *(name for name, _ in self.record_symbols.values()), *(e.symbol for e in self.exits),
                 *self.table_names()]
        others = "".join(f"{name} = external global i8\n" for name in names)
        others += "@ends = external global i64\n" if self.ending_places else ""
        others += "".join(f"@force{number} = external global i64\n" for number in range(self.forced))
        return "\n".join(sorted(self.declared)) + "\n" + imports + constants + others + PROLOGUE + "\n" + text + "\n}\n" + METADATA

    # -- instructions
    def record_of(self, state: State | None = None) -> Any:
        return (state or self.state).frames[-1].record

    @property
    def path(self) -> tuple[int, ...]:
        """The call sites that lead to the current frame."""
        frames = self.state.frames
        return tuple([frame.call_site for frame in frames[1:]]) if len(frames) > 1 else ()

    def after(self, pc: int) -> int:
        """The instruction after the one at ``pc``."""
        return pc + UNIT * int(self.record_of().instruction(pc).row.size)

    def go_on(self, pc: int, joined: bool = False) -> None:
        """Replays from ``pc`` until the path ends in an exit, a join point or a back-edge."""
        while True:
            record = self.record_of()
            instruction = record.instruction(pc)
            if instruction.row.name == "loop" and not self.passes(pc):
                self.settle(pc)
                if not joined and not self.is_open(pc):
                    self.arrive(pc)
                    return
                joined = False
                if not self.reach_header(pc):
                    return
                pc = self.after(pc)
                continue
            if not joined and (pc in record.merges() or self.often(pc)):
                self.arrive(pc)
                return
            joined = False
            if instruction.row.name == "loop":
                pc = self.after(pc)
                continue
            if not self.profile.vectors(self.path, pc):
                self.leave(self.state, pc, (self.path, pc))
                return
            following = self.bytecode(pc, instruction)
            if following is None:
                return
            pc = following

    def settle(self, pc: int) -> None:
        """The end of a bytecode: where it has kept something for an exit, the interpreter goes on at ``pc``."""
        if self.has_shown or self.has_ended:
            self.has_shown = self.has_ended = False
            test, good, bad = self.nothing_kept(), self.label(), self.label()
            self.emit(f"br i1 {test}, label %{good}, label %{bad}, !prof !0")
            self.leave(self.state, pc, (self.path, pc), bad)
            self.note_done()
            self.at(good)

    def note_done(self) -> None:
        """The exit just made is where what the last bytecode put off ends: seen from that one, whatever follows it."""
        path, pc = self.current
        record = self.record_of()
        if path == self.path and record.holds(pc) and record.holds(record.after(pc)):
            own, following = self.peek(pc + HOST), self.peek(record.after(pc) + HOST)
            self.exits[-1].done = following if following > own else own + HOST_UNIT  # a jump back is where it leads to

    def arrive(self, pc: int) -> None:
        self.settle(pc)
        super().arrive(pc)

    def join(self) -> None:
        self.has_shown = self.has_ended = False
        super().join()

    def often(self, pc: int) -> bool:
        """Whether so many paths came through here that all others are to be merged: else ways multiply from fork to fork."""
        key = (self.path, pc, len(self.state.open))
        self.passed[key] = self.passed.get(key, 0) + 1
        return self.passed[key] > COPIES

    def bytecode(self, pc: int, instruction: Any) -> int | None:
        """Replays one bytecode; where to go on, or None."""
        self.replayed += 1
        if self.replayed > self.driver.settings.trace_limit * 4 or (not self.replayed % 32 and perf_counter() > self.deadline):
            raise Abort("too-long", f"{self.replayed} bytecodes replayed")
        self.pc = pc
        self.visited.add((self.path, pc))
        self.start = self.state.copy()
        self.effected = False
        if self.has_shown or self.has_ended:
            self.has_shown = self.has_ended = False
            self.guard(self.nothing_kept(), True)
            self.note_done()
        self.trail, self.outcomes = [], []
        self.vectors = self.profile.vectors(self.path, pc)
        self.force_bytecode(pc)
        control = getattr(type(self), "do_" + instruction.row.name, None)
        if control is None and "g_" + instruction.row.handler not in self.generated:
            self.untraced(pc, instruction, "")
            return None
        if self.driver.settings.verify:
            check_ownership(self.state)
        self.current = self.path, pc
        self.quietly = self.puts_off
        try:
            following = self.perform(instruction, control)
        except Mismatch:
            self.leave(self.start, pc, (self.path, pc))
            return None
        except Caught:
            return None
        except Abort as error:
            if error.reason != "unsupported" or self.effected:
                raise
            self.untraced(pc, instruction, error.detail)
            return None
        finally:
            self.quietly = False
        return following

    def perform(self, instruction: Any, control: Any) -> int | None:
        """A bytecode's own way, or the call that it implies; where to go on."""
        following: int | None
        if control is None:
            if instruction.row.handler in IMPLYING and (self.path, self.pc) in self.profile.entries:
                following = self.imply(instruction)
                if following != DECLINED:
                    return following
                following = self.run_handler(instruction, [])
                return following if following is None else self.meet(following)
            return self.run_handler(instruction, [])
        following = control(self, instruction)
        if following is not None:
            self.hide_frames()
            self.reap()
            self.write_back()
        return following

    def fork_callee(self, label: str, state: State, alternative: int) -> None:
        """At ``label`` the next of a site's callees is tried."""
        fork = Fork(label, self, state, False, self.vectors)
        fork.trail, fork.outcomes, fork.alternative = [], [], alternative
        self.forks.append(fork)

    def leave_here(self) -> None:
        """The region ends before the current bytecode."""
        self.leave(self.start, self.pc, None)

    def write_back(self) -> None:
        """Without the setting locals_sync: what was kept in machine registers is written to frame and module."""
        if self.eager and not self.state.level:
            self.effect(True)

    def untraced(self, pc: int, instruction: Any, detail: str) -> None:
        """A bytecode that the interpreter must do: the region is left before it. In a generator it must be a rare one."""
        place = next((frame.place for frame in reversed(self.start.frames) if frame.place is not None), None)
        if place is not None and self.is_common(place, pc):
            raise NotInlined(self.refusal(len(place)))
        self.driver.note_untraced(self.record_of(self.start), pc, detail or instruction.row.name)
        self.leave(self.start, pc, None)

    def resume_fork(self, fork: Any) -> None:
        """Takes the other way at a condition."""
        if isinstance(fork, Arrival):
            self.resume_arrival(fork)
            return
        self.at(fork.label)
        self.state = fork.state
        self.pc, self.start, self.effected = fork.pc, fork.start, fork.effected
        self.trail, self.outcomes, self.vectors = list(fork.trail), list(fork.outcomes), fork.vectors
        instruction = self.record_of().instruction(fork.pc)
        self.alternative, self.quietly = fork.alternative, self.puts_off
        self.has_shown, self.has_ended = fork.kept
        self.current = self.path, fork.pc
        try:
            if fork.alternative:
                following = self.perform(instruction, getattr(type(self), "do_" + instruction.row.name, None))
            else:
                following = self.run_handler(instruction, fork.trail)
        except Mismatch:
            self.leave(self.start, fork.pc, (self.path, fork.pc))
            return
        except Caught:
            return
        except Abort as error:
            if error.reason != "unsupported" or self.effected:
                raise
            self.untraced(fork.pc, instruction, error.detail)
            return
        finally:
            self.alternative, self.quietly = 0, False
        if following is None:
            return
        if not fork.vectors:
            vector = tuple(self.outcomes)
            self.leave(self.state, following, (self.path, fork.pc, vector))
            return
        self.go_on(following)

    def run_handler(self, instruction: Any, trail: list[Any]) -> int | None:
        """Runs the generated handler, then stores its result and ends what it consumed."""
        handler = self.generated["g_" + instruction.row.handler]
        t = Replayer(self, trail)
        arguments = [self.operand(instruction, name, kind) for name, kind in self.driver.parameters[instruction.row.handler]]
        try:
            result = handler(t, *arguments)
        except Mismatch:
            self.leave(self.start, self.pc, (self.path, self.pc))
            return None
        except Entered as entered:
            return entered.pc
        self.hide_frames()
        values = instruction.values
        if result == self.ERROR:
            raise Abort("unsupported", "an explicit error")
        for name in instruction.consumed:
            self.kill(values[name])
        if result == self.EXHAUSTED:
            self.kill(values["iter"])
        if isinstance(result, Value):
            if isinstance(result, Obj):
                self.state.cse[f"present {result.name}"] = True
            self.write(values[instruction.row.operands[0].name], result)
        self.reap()
        self.write_back()
        distance = int(instruction.row.size) + (values["pair"] >> 32 if result == self.SKIP else 0)
        return self.pc + UNIT * (int(values["target"]) if result in (self.JUMP, self.EXHAUSTED) else distance)

    def destination(self) -> int:
        """The index of the current instruction's destination register."""
        instruction = self.record_of().instruction(self.pc)
        return int(instruction.values[instruction.row.operands[0].name])

    def operand(self, instruction: Any, name: str, kind: str) -> Any:
        """An operand as the generated handler takes it."""
        if kind == "template":
            return dict(instruction.row.template)[name]
        operand = instruction.row.operand(name)
        value = instruction.values[name]
        if operand.kind == "k":
            return self.constant(self.record_of().unit.constants[value])
        if operand.kind != "r":
            return value
        held = self.read(value)
        if instruction.row.name != "check_bound":
            self.note_bound((self.state.level, value), held)
        return held

    def write(self, index: int, value: Value) -> None:
        """Stores a result in a register of the current frame. What only its memory keeps alive ends with this bytecode."""
        state = self.state
        old = state.registers.get((state.level, index), NULL)
        state.registers[state.level, index] = value
        if not state.level and isinstance(old, Obj) and old != value and state.memory.get(index) == old and \
                state.owners.get(old.name) == ANCHORED and state.types.get(old.name) not in MAY_END:
            self.emit(f"store ptr null, ptr {self.place_of(index)}")
            state.owners[old.name] = OWNED
            state.memory[index] = NULL

    def kill(self, index: int) -> None:
        """A register of the current frame becomes empty; so does its memory, if that holds something with an end to notice."""
        state = self.state
        value = state.registers.pop((state.level, index), NULL)
        if state.level:
            return
        held = state.memory.get(index, NULL)
        if held is NULL or held == NULL:
            return
        place = self.place_of(index)
        if isinstance(held, Obj) and held == value and state.owners.get(held.name) == ANCHORED:
            self.emit(f"store ptr null, ptr {place}")
            state.owners[held.name] = OWNED
            state.memory[index] = NULL
        elif self.type_of(value) not in (int, float, bool):
            self.lose_memory(index)
            if not self.end_in_memory(place):
                self.before_end()
                self.emit(f"call void {self.helper('t_clear')}(ptr %ctx, ptr {place})")
                self.hide_frames()
            state.memory[index] = NULL

    def lose_memory(self, index: int) -> None:
        """The memory of a register is overwritten next: what it alone keeps alive gets a reference, if other registers hold it."""
        state = self.state
        held = state.memory.get(index)
        if isinstance(held, Obj) and state.owners.get(held.name) == ANCHORED and list(state.memory.values()).count(held) == 1:
            del state.owners[held.name]
            if held.name in state.live_names():
                self.reference(held.name)
                state.owners[held.name] = OWNED

    def place_of(self, index: int) -> str:
        """The address of a register of the root frame."""
        return self.offset("%regs", 8 * index)

    def reap(self) -> None:
        """Drops what the trace owns and no register holds any more."""
        state = self.state
        while True:  # what ends may have others written back and given up
            owned = [name for name, owner in state.owners.items() if owner == OWNED]
            live = state.live_names() if owned else ()
            dead = [name for name in owned if name not in live]
            if not dead:
                return
            for name in dead:
                if state.owners.get(name) == OWNED:
                    self.drop(name)

    # -- conditions
    def cond(self, test: Any) -> bool:
        """The outcome of a condition: decided by what is known, else as recorded, with a guard or a fork for the other."""
        self.hide_frames()
        place = len(self.outcomes)
        if not isinstance(test, bool) and test in self.state.facts:
            test = self.state.facts[test]
        if isinstance(test, bool):
            if self.vectors:
                agree = [v for v in self.vectors if place < len(v) and v[place] == test]
                if not agree and not self.effected:
                    raise Mismatch
                self.vectors = agree
            self.outcomes.append(int(test))
            return test
        wants = [v[place] for v in self.vectors if place < len(v)]
        want = bool(wants[0]) if wants else False
        others = [v for v in self.vectors if place < len(v) and bool(v[place]) != want]
        if not others and not self.effected:
            self.guard(test, want)
        else:
            self.fork(test, want, others)
        self.vectors = [v for v in self.vectors if place < len(v) and bool(v[place]) == want]
        self.assume(self.state, test, want)
        self.outcomes.append(int(want))
        return want

    def guard(self, test: Any, want: bool) -> None:
        """Leaves at the start of the bytecode unless ``test`` is ``want``."""
        self.hide_frames()
        if isinstance(test, bool):
            if test is not want:
                raise Mismatch
            return
        if self.state.facts.get(test) is want:
            return
        good, bad = self.label(), self.exit_at_start() if want else self.exit_without(test)
        yes, no = (good, bad) if want else (bad, good)
        self.branch(self.force_guard(test, want), yes, no, f", !prof !{0 if want else 1}")
        self.at(good)
        self.assume(self.state, test, want)

    def exit_at_start(self) -> str:
        """The block that leaves at the start of the bytecode: all its guards share one."""
        known = self.start_exit
        if known is None or known[0] is not self.start or known[1] != self.pc:
            known = self.start_exit = (self.start, self.pc, self.label())
            self.leave(self.start, self.pc, (self.path, self.pc), known[2])
        return known[2]

    def fork(self, test: Any, want: bool, others: list[Any], *, again: bool = False) -> None:
        """Both ways go on; with ``again`` the other one begins with what asked."""
        first, second = self.label(), self.label()
        yes, no = (first, second) if want else (second, first)
        weights = "" if others else f", !prof !{0 if want else 1}"
        self.branch(test, yes, no, weights)
        other = self.state.copy()
        self.assume(other, test, not want)
        self.forks.append(Fork(second, self, other, None if again else not want, others))
        self.at(first)

    # -- what the machine asks of the frame
    def frame_field(self, name: str, frame: FrameReference) -> Any:
        """A field of the current frame's struct: it does not change while the frame runs."""
        current = self.state.frames[frame.level]
        if frame.level == 0:
            if name == "frame_globals" and self.globals_const is not None:
                return self.globals_const
            offset, _kind = FIELDS[name]
            key = f"frame {name}"
            known = self.state.cse.get(key)
            if known is None:
                raw = self.op(f"load ptr, ptr {self.offset('%regs', offset - 72)}")
                known = self.state.cse[key] = Obj(raw)
                self.state.owners[raw] = ANCHORED
            return known
        if name == "frame_code":
            return self.constant(current.record.code)
        if name == "frame_locals" and current.place is None and current.record.code.co_flags & CO_OPTIMIZED:
            return NULL  # code that makes the dict of its locals is not inlined
        if name not in ("frame_globals", "frame_builtins"):
            raise Abort("unsupported", f"{name} of an inlined frame")
        if current.place is not None:
            return self.generator_field(name, frame)
        function = self.function_of_frame(frame.level)
        if isinstance(function, Const):
            value = function.object
            return self.constant(value.__globals__ if name == "frame_globals" else value.__builtins__)
        table = self.get_field({"frame_globals": "func_globals", "frame_builtins": "func_builtins"}[name], function)
        if name == "frame_builtins" or self.globals_const is None:
            return table
        own = current.record.record.module is self.root.record.module
        self.guard(self.same(table, self.globals_const), own)
        return self.globals_const if own else table

    def cache_pointer(self, cache: Cache) -> str:
        record = self.record_of()
        if not record.holds(cache.address):
            raise Abort("unsupported", "a cell of the table as a pointer")
        return self.instr_symbol(record, cache.address)

    def instr_symbol(self, record: Any, address: int) -> str:
        """The symbol of a word of a record's instructions."""
        key = (record.number, address - record.base)
        if key not in self.instr_symbols:
            self.instr_symbols[key] = f"@w{len(self.instr_symbols)}"
        return self.instr_symbols[key]

    def sync(self) -> None:
        """Foreign code may look at the frame next: locals that changed since the last time are written to it."""
        state = self.state
        place = next((frame.place for frame in reversed(state.frames) if frame.place is not None), None)
        if place is not None:
            raise NotInlined(self.refusal(len(place)))
        self.show_all(level=None if state.level else 0)
        for index in range(self.root.locals):
            value = state.registers.get((0, index), NULL)
            if state.memory.get(index, NULL) != value:
                self.sync_local(index, value)
        if state.level:
            self.show_frames()

    def boxed_in_frame(self, value: Unboxed) -> str | None:
        if isinstance(value, BoolValue) or isinstance(value.number, (int, float)):
            return None
        for index, held in self.state.memory.items():
            if held == value and index < self.root.locals:
                name = self.op(f"load ptr, ptr {self.place_of(index)}")
                self.state.types[name] = self.type_of(value)
                self.state.cse[f"number of {name}"] = value.number
                return name
        return None

    def sync_local(self, index: int, value: Value) -> None:
        """Writes one local to the frame."""
        state = self.state
        self.lose_memory(index)
        place = self.place_of(index)
        if isinstance(value, IntValue) and value.bound is True:
            self.emit(f"call void {self.helper('t_store_int')}(ptr %ctx, ptr {place}, i64 {value.number})")
        elif isinstance(value, FloatValue) and value.bound is True:
            self.emit(f"call void {self.helper('t_store_float')}(ptr %ctx, ptr {place}, double {number(value.number)})")
        else:
            name, new = self.box(value)
            if isinstance(value, Obj) and state.owners.get(name) == OWNED:
                state.owners[name] = ANCHORED
            elif not new:
                self.reference(name)
            else:
                state.owners.pop(name, None)
            self.emit(f"call void {self.helper('t_store_object')}(ptr %ctx, ptr {place}, ptr {name})")
        state.memory[index] = value

    def guard_globals(self) -> None:
        """The code was compiled for the globals of one module (or exec namespace)."""
        self.globals_const = self.constant(self.driver.globals_of(self.root))
        offset = FIELDS["frame_globals"][0] - CONSTANTS["FRAME_SIZE"]
        held = self.op(f"load ptr, ptr {self.offset('%regs', offset)}")
        test = self.op(f"icmp eq ptr {held}, {self.globals_const.symbol}")
        self.guard_entry(test)

    def guard_entry(self, test: str) -> None:
        """Leaves as the region was entered unless ``test`` holds."""
        good = self.label()
        if not self.refusal_label:
            self.refusal_label = self.label()
            self.leave(self.state, self.after(self.root_pc), None, self.refusal_label)
        self.emit(f"br i1 {test}, label %{good}, label %{self.refusal_label}, !prof !0")
        self.at(good)

    def object_at(self, address: int) -> Any:
        return self.driver.native.object_at(address)

    def guard_recursion(self) -> None:
        """Inlined calls are not counted one by one: near the recursion limit the interpreter runs."""
        remaining = self.op(f"load i32, ptr {self.offset('%ts', FIELDS['ts_recursion_remaining'][0])}")
        test = self.op(f"icmp sgt i32 {remaining}, {self.driver.settings.inline_depth + 1}")
        self.guard_entry(test)

    def position(self) -> None:
        """The root frame shows the current instruction."""
        if self.state.level:
            return
        word = self.instr_symbol(self.record_of(), self.pc + HOST)
        pointer = self.op(f"load ptr, ptr {word}")
        self.emit(f"store ptr {pointer}, ptr {self.offset('%regs', FIELDS['frame_instr'][0] - 72)}")

    def helper_signature(self, name: str) -> tuple[str, str, bool, bool]:
        return self.driver.helpers[name][:4]  # type: ignore[no-any-return]

    def helper_flags(self, name: str) -> frozenset[str]:
        row = self.driver.helpers.get(name)
        return frozenset() if row is None else row[4]

    def check(self, raw: str, result: str, fresh: list[str]) -> None:
        """An exception goes to its handler within the region, or leaves it: the interpreter unwinds."""
        row = self.handler_row()
        shown = self.frames_shown
        if self.state.level and shown is None:
            row = None  # the frames of inlined calls belong to the traceback
        if row is None:
            self.hide_frames()
        failed = f"eq ptr {raw}, null" if result in "NOP" else f"slt {'i32' if result == 'i' else 'i64'} {raw}, 0"
        test = self.op("icmp " + failed)
        good, bad = self.label(), self.label()
        self.emit(f"br i1 {test}, label %{bad}, label %{good}, !prof !1")
        if row is None:
            self.leave(self.state, self.pc, None, bad, raising=True)
        else:
            before, kept = self.state, (self.has_shown, self.has_ended)
            self.state = before.copy()
            self.at(bad)
            self.frames_shown = None
            self.catch_raised(row, fresh, shown)
            self.state, self.frames_shown = before, shown
            self.has_shown, self.has_ended = kept
        self.at(good)
        if result in "NO":
            self.state.cse[f"present {raw}"] = True
        self.hide_frames()
