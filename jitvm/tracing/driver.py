"""Hotness: what happens when a loop or an exit becomes hot. Recordings are taken in, regions compiled, failures penalised.

All of it runs inside the user's thread, called by native code; nothing of it may show (see ``tell`` in jitvm/interpreter/loops.py).
"""
from __future__ import annotations

import atexit
import sys
import time
from array import array

from jitvm.backend import elf
from jitvm.spec import layout, reasons
from jitvm.spec.bytecodes import COUNTER, UNIT
from jitvm.spec.cfunctions import CFUNCTIONS, SLOTS
from jitvm.spec.settings import STEPWISE
from jitvm.tracing.beliefs import FIELD_TEST, forget_type, look
from jitvm.tracing.budget import Budget
from jitvm.tracing.callbacks import unseen
from jitvm.tracing.code import TracedCode
from jitvm.tracing.edges import MISFIT
from jitvm.tracing.emission import FIELDS, Abort
from jitvm.tracing.endings import refuse_endings
from jitvm.tracing.entries import LOG_WORDS, EntriesMixin, EntryRegion
from jitvm.tracing.exits import CONSTANT, FRAME, IMPLIED, RESUMED, SLOT_BITS, WAITING, Exit
from jitvm.tracing.formatting import NOT_PLAIN
from jitvm.tracing.functions import FunctionRegion
from jitvm.tracing.names import Names
from jitvm.tracing.nests import NestsMixin
from jitvm.tracing.profile import Profile, split
from jitvm.tracing.rebuilds import LINE_SECONDS, NEVER, RebuildsMixin
from jitvm.tracing.region import Region
from jitvm.tracing.replayer import NotInlined
from jitvm.tracing.tiers import Build, Tiers
from jitvm.tracing.verify import Verifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jitvm.tracing.kit import Generated

LOG_WORDS_PER_BYTECODE = 8
SHORT_ROUNDS = 8
SHORT_STEPS = 160
"""Compiled code does not pay for loops that go round fewer times, in fewer bytecodes: entering and leaving costs more than it saves."""
FUNCTION_LOG_WORDS = 1200
"""The recording of a recursive function has no end of its own: after so much of it little is new."""
ATTEMPTS = 16
"""Replays of a region until its headers' kinds settle."""
DEEPEST_PATH = 64
"""Calls inside calls after which a recording is given up: a recursion has no end that it could wait for."""
QUIET_ROUNDS = 5
"""A loop has been recorded long enough when so many rounds of it in turn brought nothing new."""
LOOP_MILLISECONDS = 5
"""What compiling a loop costs the program, the threads beside it included."""
LATER = 4
"""A hot loop comes back after so many times more rounds where the run's share is used up: asking costs some of it."""
NOT_NATIVE = ("looks", "signature", "left-frame", "unsupported")
"""Why a recursive function is compiled as a region instead."""
RECOMPILATIONS = 40
"""Rebuilds of one region: each brings an exit in; then its exits stay exits."""
FRAME_TO_GLOBALS = layout.current()[1]["FRAME_SIZE"] - layout.current()[0]["frame_globals"][0]


class Root:
    """A loop that became hot: its header, what was tried, what came of it."""

    def __init__(self, code: TracedCode, pc: int) -> None:
        self.code, self.pc = code, pc
        self.function = code.instruction(pc).row.name == "resume"
        self.entry = False
        self.specs: dict[Any, Any] = {}
        self.seen: dict[int, dict[Any, Any]] = {}
        self.refused: set[Any] = set()
        self.failures = 0
        self.let_off = 0.0
        self.builds = 0
        self.misfits = 0
        self.reason = "not-finished"
        self.detail = ""
        self.compiled = False
        self.since = float("inf")
        """When (perf_counter) its first code was put in place."""
        self.final = False
        self.loaded: list[Any] = []
        self.pending: Build | None = None
        self.cost = 0.0
        """Seconds that its last build took, LLVM's included."""
        self.quiet = 0
        self.segments = 0.0
        self.steps = 0
        self.rounds = 0
        self.known_segments: dict[Any, Any] = {}
        self.cached_words: dict[int, int] = {}
        self.way_out = -1
        self.quiet_rounds, self.known_counts = QUIET_ROUNDS, 1.0
        """How long it is recorded: rounds in turn that brought nothing new; how much a piece counts that did not."""
        self.outer, self.put_off = 0, False
        """The address of the loop around it to which it was left; whether it was put off to see whether to leave it."""
        self.quiet_within = 0
        self.waits: dict[int, int] = {}
        self.ends: tuple[array[int], list[Any]] = array("Q"), []

    def holds(self, pc: int) -> bool:
        """Whether an instruction of the root's code lies within it."""
        return self.function or self.code.loop_contains(self.pc, pc)


class Session:
    """A recording under way: for which root, from which path of inlined calls."""

    def __init__(self, root: Root, path: tuple[int, ...], code: TracedCode) -> None:
        self.root, self.path, self.code = root, path, code
        self.new = False
        self.exit = -1
        self.reason = "left-frame"
        """Why it ended, if it is of no use."""

    def following(self, path: Any, code: TracedCode, new: bool) -> Session:
        """What goes on behind a loop header, from where this one ends."""
        session = Session(self.root, path, code)
        session.new, session.exit = self.new or new, self.exit
        return session


class Driver(EntriesMixin, RebuildsMixin, NestsMixin):
    """The tracing compiler of the process."""

    def __init__(self, native: Any, records: Any, settings: Any, kit: tuple[Generated, dict[str, Any], dict[str, Any]],
                 key: bytes, outlook: Any) -> None:
        self.native, self.records, self.settings, self.outlook = native, records, settings, outlook
        self.generated, self.parameters, self.helpers = kit
        self.roots: dict[int, Root] = {}
        self.waiting: dict[int, tuple[Root, tuple[int, ...]]] = {}
        self.profiles: dict[int, Profile] = {}
        self.codes: dict[int, TracedCode] = {}
        self.exits: list[tuple[Root, Exit]] = []
        self.session: Session | None = None
        self.compile_next: Root | None = None
        self.log = array("Q", bytes(8 * (settings.trace_limit * LOG_WORDS_PER_BYTECODE + 256)))
        self.budget = Budget(settings)
        self.names = Names(native)
        self.tiers = Tiers(native, settings, key, self.place, self.rearm)
        atexit.register(self.close)
        self.keep: list[Any] = []
        self.verifier = Verifier(self) if settings.verify else None
        self.broken = self.finished = False
        self.inside = 0
        self.descriptors: list[array[int]] = []
        self.namespaces: dict[int, dict[str, Any]] = {}
        self.untraced: dict[tuple[int, int], str] = {}
        self.versions: dict[int, Any] = {}

    # -- from native code
    @unseen
    def hot(self, pc: int, registers: int) -> None:
        """The counter of a loop or function ran out."""
        if self.native.twin[SLOTS["recording"]]:
            self.native.poke(pc + COUNTER, self.settings.soon())
            return
        root = self.root_at(pc)
        if root.pending is not None:
            self.tiers.collect()
        if self.budget.over() or root.pending is not None:
            self.native.poke(pc + COUNTER, self.settings.soon() * (LATER if root.pending is None else 1))
            return
        if root.compiled and self.native.peek(pc + COUNTER - 8):
            return
        if root.function and not self.prepare_function(root, registers):
            return
        if not root.compiled and (self.waited(pc, registers) or self.ends_soon(root, pc, registers)):
            return
        if not root.final and (root.compiled or root.function or not self.left_to_outer(root, pc, registers)):
            self.look(root, pc, registers)
            self.namespaces[root.code.number] = self.native.object_at(self.native.peek(registers - FRAME_TO_GLOBALS))
            self.record(Session(root, (), root.code))

    def go_on_within(self, root: Root, path: tuple[int, ...], pc: int) -> None:
        """Goes on with the recording of a root from ``pc``, below the calls of a path."""
        self.record(Session(root, path, root.code if not path else self.code_at(pc)))

    def ends_soon(self, root: Root, pc: int, registers: int) -> bool:
        """Whether a loop is known to end before compiling it would pay, also with the times it was let off before."""
        known = self.records.left(pc, registers) if self.settings.loop_threshold > STEPWISE and self.settings.compile_share else None
        if known is None:
            return False
        rounds, expected = known
        expected = max(expected, rounds * self.outlook.round_of(pc))
        root.let_off += 1 + expected
        if root.let_off >= LOOP_MILLISECONDS:
            return False
        root.reason = "ends-soon"
        self.native.poke(pc + COUNTER, rounds + self.settings.soon())
        return True

    @unseen
    def exit(self, number: int, registers: int) -> None:
        """A side exit became hot: what follows it is recorded. To verify frames, every exit comes here."""
        if self.verifier is not None and not self.verifier.left(number, registers):
            self.descriptors[number][2] = 0
            return
        if self.native.twin[SLOTS["recording"]]:
            return
        root, exit = self.exits[number]
        if root.pending is not None:
            self.tiers.collect()
            self.descriptors[number][2] = 0
            return
        if exit.key is not None and exit.key[0] == MISFIT:
            if self.budget.over():
                self.descriptors[number][2] = 0
            else:
                self.misfit(root, exit)
            return
        if exit.key is not None and exit.key[0] == NOT_PLAIN:
            root.refused.add(exit.key)
            self.compile_next = root
            exit.key = exit.key[1:]
        if refuse_endings(root, self.settings.exit_threshold):
            self.compile_next = root
        if self.budget.over():
            self.descriptors[number][2] = 0
            return
        if exit.recorded:
            self.compile(root)
            return
        if root.builds >= RECOMPILATIONS or root.final or exit.key is None:
            return
        path = exit.key[0]
        session = Session(root, path, root.code if not path else self.code_at(exit.pc))
        session.exit = number
        if len(exit.key) == 3:
            session.new = self.profile_of(root.code).add(*exit.key)
        self.record(session)

    def misfit(self, root: Root, exit: Exit) -> None:
        """The loop is entered with other types than it was compiled for: first it learns anew, then that register stays an object."""
        _, header, path, pc, register = exit.key
        spec = root.specs.get(header, {})
        root.misfits += 1
        root.builds += 1
        if root.builds >= RECOMPILATIONS or root.final:
            place = 2 * root.code.unit_at(root.pc)
            root.code.record.instructions[place + 2], root.code.record.instructions[place + 3] = 0, NEVER
            root.final, root.compiled, root.reason, root.detail = True, False, "too-many-exits", str(root.builds)
            return
        root.seen.clear()
        if root.misfits == 1:
            for key in [key for key in root.specs if isinstance(key, tuple)]:
                del root.specs[key]
            self.profile_of(root.code).forget(lambda at: root.code.loop_contains(root.pc, at))
        elif register in spec:
            if register[0] in ("type", FIELD_TEST):
                if register[0] == "type":
                    forget_type(spec, register[1])
                else:
                    del spec[register]
                root.refused.add((register, path, pc))
            else:
                spec[register] = "object"
        self.compile_next = root
        self.record(Session(root, path, root.code if not path else self.code_at(exit.pc)))

    @unseen
    def recorded(self, pc: int, registers: int) -> None:
        """A recording reached a loop header."""
        session, self.session = self.session, None
        if session is None:
            return
        started = time.perf_counter()
        used = (self.native.twin[SLOTS["log"]] - self.log.buffer_info()[0]) // 8
        root = session.root
        words = self.log[:used]
        key = session.path, words.tobytes()
        known = root.known_segments.get(key)
        if known is None:
            steps = split(words)
            new, path, code, count = self.take_in(session, steps)
            known = path, code, count
            if not root.compiled:
                root.known_segments[key] = known
        else:
            new, (path, code, _) = False, known
        root.steps += known[2]
        if self.verifier is not None and path is not None and code is not None and pc:
            self.verifier.recorded(path, code, pc, registers)
        if self.compile_next is root:
            self.compile_next, new = None, True
        self.budget.seconds["recording"] += time.perf_counter() - started
        if root.entry:
            self.call_recorded(root, session, (path, code, pc, registers), new)
            return
        if root.function:
            if new or session.new or not root.compiled or self.outdated(root):
                self.compile(root)
            return
        if path is None or not pc:
            self.left(root, session.reason)
            return
        at_root = not path and pc == root.pc
        inside = bool(path) or root.code.loop_contains(root.pc, pc)
        if inside and not at_root and code is not None:
            after = pc + UNIT * code.instruction(pc).row.size
            if not self.profile_of(root.code).vectors(path, after):
                self.record(session.following(path, code, new), go_on=True)
                return
        if not inside and not root.compiled:
            self.left(root, "left-loop")
            return
        if root.compiled and not path and root.code.loop_contains(pc, root.pc) and self.outwards(session, pc, registers, new):
            return
        if not inside and not session.new and root.compiled:
            return
        if inside and not path:
            self.look(root, pc, registers)
        if not root.compiled and inside and not at_root and not path and self.arm(pc, root, new or session.new):
            return
        if not root.compiled and inside and not at_root and self.wait_for_end(root, path, pc, registers, new or session.new):
            return
        if code is not None and not root.compiled and inside and not self.is_enough(root, pc) and self.goes_on(root, new, at_root):
            self.record(Session(root, path, code), go_on=True)
        else:
            self.build(session, new)

    def outwards(self, session: Session, pc: int, registers: int, new: bool) -> bool:
        """What follows a compiled loop has reached the header of a loop around it: that one is recorded now, to become one region with it.

        False where it is not to be.
        """
        outer = self.root_at(pc)
        self.look(outer, pc, registers)
        if outer.compiled or outer.final or outer.pending is not None or session.exit < 0 or self.budget.over():
            return False
        session.root.way_out = session.exit
        following = Session(outer, (), outer.code)
        following.new = new
        self.record(following, go_on=True)
        return True

    def goes_on(self, root: Root, new: bool, at_root: bool) -> bool:
        """Whether a loop is to be recorded further before its first build: what is seen now needs no exit, no rebuild later."""
        root.segments += 1 if new or at_root else root.known_counts
        root.rounds += at_root
        root.quiet = 0 if new else root.quiet + at_root
        return root.quiet < root.quiet_rounds and root.segments < self.settings.warm_up

    def left(self, root: Root, reason: str) -> None:
        """A recording of a new loop broke off: what was seen before is compiled, unless the loop went round a few times only."""
        segments, rounds, steps = root.segments, root.rounds, root.steps
        root.segments, root.rounds, root.quiet, root.steps = 0.0, 0, 0, 0
        pays = rounds >= SHORT_ROUNDS or steps >= SHORT_STEPS
        if self.settings.loop_threshold <= STEPWISE:
            pays = bool(segments if reason == "left-frame" else rounds)
        if not root.compiled and pays:
            self.compile(root)
        else:
            self.fail(root, reason, "")

    @unseen
    def ready(self, _pc: int, _registers: int) -> None:
        """The worker has finished something: taken at the end of the outermost callback, since a pending call may come amid another."""
        self.finished = True

    def outdated(self, root: Root) -> bool:
        """Whether inline caches whose contents are constants of the compiled code have been filled anew since."""
        return any(self.native.peek(address) != word for address, word in root.cached_words.items())

    def close(self) -> None:
        """At exit: no compiled loop is entered any more, and nothing of the program is kept alive."""
        self.broken = True
        self.tiers.close()
        for root in self.roots.values():
            self.native.poke(root.pc + COUNTER, 0)
            self.native.poke(root.pc + COUNTER - 8, 0)
            root.cached_words = {}
        self.names.close()
        self.namespaces.clear()
        self.exits.clear()
        self.keep.clear()

    def look(self, root: Root, pc: int, registers: int) -> None:
        """Notes the types of what a frame holds at a loop's header, for the first replay."""
        if not root.function and pc not in root.seen:
            root.seen[pc] = look(root.code, pc, self.native, registers, FIELDS["range_step"][0])

    # -- recording
    def record(self, session: Session, *, go_on: bool = False) -> None:
        """Asks native code to go on in the recording interpreter; with ``go_on`` it is there already, and other activations are not."""
        self.session = session
        start = self.log.buffer_info()[0]
        twin = self.native.twin
        twin[SLOTS["log"]] = start
        words = LOG_WORDS if session.root.entry else FUNCTION_LOG_WORDS if session.root.function else len(self.log)
        twin[SLOTS["log_limit"]] = start + 8 * min(words, len(self.log) - 128)
        twin[SLOTS["recording"]] = 1
        if not go_on:
            self.native.words[SLOTS["recording"]] = 1

    def take_in(self, session: Session, steps: list[tuple[int, Any]]) -> tuple[bool, Any, TracedCode | None, int]:
        """Adds a recording to the profile: whether anything is new, path and code at its end (None: it left the root frame), and how many
        bytecodes it had."""
        profile = self.profile_of(session.root.code)
        path, code = session.path, session.code
        stack = [code]
        if path:
            stack = [session.root.code, *(self.code_at(site) for site in path[1:]), code]
        new = False
        recursion: list[tuple[tuple[int, ...], list[TracedCode]]] = []
        for place, (pc, vector) in enumerate(steps):
            following = steps[place + 1][0] if place + 1 < len(steps) else 0
            known = len(path) <= self.settings.inline_depth  # what is deeper will not be inlined
            if known:
                new |= profile.add(path, pc, vector)
            elif len(path) > DEEPEST_PATH:
                session.reason = "too-deep"
                return new, None, None, place + 1
            name = code.instruction(pc).row.name
            if name.startswith("return_"):
                if not path and not recursion:
                    if session.root.function and code.holds(following):
                        continue
                    return new, None, None, place + 1
                if not path:
                    path, stack = recursion.pop()
                else:
                    path, stack = path[:-1], stack[:-1]
                code = stack[-1]
            elif name in ("yield_value", "yield_effect", "end_generator") or (name == "yield_from" and following != code.after(pc)):
                if not path or not following:
                    return new, None, None, place + 1
                path, stack, code = path[:-1], stack[:-1], stack[-2]
            elif name.startswith("for_") and following and (entered := self.resumed_at(code, pc, following)) is not None:
                new |= known and profile.resume(path, pc, following)
                path, code, stack = (*path, pc), entered, [*stack, entered]
            elif following and (name.startswith("call") or not code.holds(following)):
                entered = self.record_at(following)
                if entered is not None and following == entered.base:
                    if known:
                        profile.enter(path, pc, following)
                    if session.root.function and entered is session.root.code and not path:
                        recursion.append((path, stack))
                        path, stack, code = (), [entered], entered
                    else:
                        path, code, stack = (*path, pc), entered, [*stack, entered]
            if path and pc == code.base and code.holds(following) and following == stack[-2].after(path[-1]):
                path, stack, code = path[:-1], stack[:-1], stack[-2]  # the activation, of the same function, ran as native code
            elif following and path and code.holds(pc) and code.holds(following) and following not in code.successors(pc):
                depth = self.caught_at(path, stack, pc, following)
                path, stack, code = path[:depth], stack[:depth + 1], stack[depth]
            if following and not code.holds(following):
                while path and not recursion and not code.holds(following):
                    path, stack = path[:-1], stack[:-1]  # an exception has left frames
                    code = stack[-1]
                if not code.holds(following):
                    return new, None, None, place + 1
        return new, path, code, len(steps)

    def resumed_at(self, code: TracedCode, pc: int, following: int) -> TracedCode | None:
        """The code of the generator that a ``for`` at ``pc`` has resumed, if it has."""
        entered = None if following in code.successors(pc) else self.code_around(following)
        return entered if entered is not None and entered.resumes_at(following) else None

    @staticmethod
    def caught_at(path: tuple[int, ...], stack: list[TracedCode], pc: int, handler: int) -> int:
        """The level whose frame an exception raised at ``pc`` goes on in: activations of one function have their handlers in one place."""
        if stack[-1].handler_of(pc) != handler:
            for level in range(len(path) - 1, -1, -1):
                caught = stack[level].handler_of(path[level])
                if caught is not None:
                    return level if caught == handler else len(path)
        return len(path)

    # -- compiling
    def compile(self, root: Root) -> None:
        """Replays and compiles a region and puts it in place; a failure is noted with its reason. Too dear a one has to wait."""
        if not root.compiled and self.budget.over(self.budget.estimate(root, self.profile_of(root.code).outcomes)):
            root.reason = "too-dear"
            again = self.settings.call_threshold if root.function else self.settings.loop_threshold
            root.code.record.instructions[2 * root.code.unit_at(root.pc) + 3] = again
            self.release(root)
            return
        try:
            region, text = self.replay(root)
            self.install(root, region, text)
        except Abort as error:
            root.final = root.final or error.reason == "llvm"
            self.fail(root, error.reason, error.detail)

    def replay(self, root: Root) -> tuple[Region, str]:
        """Replays until what the headers believe holds."""
        started = time.perf_counter()
        profile = self.profile_of(root.code)
        self.check_names(root)
        limit = self.budget.deadline()
        attempts = 0
        try:
            while attempts < ATTEMPTS:
                kind = EntryRegion if root.entry else FunctionRegion if root.function else Region
                region = kind(self, root.code, root.pc, profile, root.specs, root.refused)
                region.seen = root.seen
                region.deadline = limit
                try:
                    text = region.build()
                except NotInlined as error:
                    root.refused.add(error.key)
                    continue
                if text is not None:
                    root.cost = time.perf_counter() - started + LINE_SECONDS * text.count("\n")
                    return region, text
                attempts += 1
        finally:
            self.budget.seconds["replaying"] += time.perf_counter() - started
        raise Abort("no-progress", "the kinds at its header do not settle")

    def install(self, root: Root, region: Region, text: str) -> None:
        """Has the text compiled: at once, or beside the program."""
        started = time.perf_counter()
        if "l" in self.settings.dump:
            print(text, file=sys.stderr)
        if "a" in self.settings.dump:
            print(self.tiers.assembly(text), file=sys.stderr)
        self.tiers.compile(Build(root, region, text))
        self.budget.seconds["compiling"] += time.perf_counter() - started

    def place(self, build: Build, data: bytes | elf.Image) -> None:
        """Loads a build's code and lets the loop header enter it. Raises elf.LoaderError."""
        root, region = build.root, build.region
        if not build.externals:
            build.externals = self.externals(root, region)
            build.externals["work"] = build.work.buffer_info()[0]
            self.keep += [region.constants, build.work]
            root.builds += 1
            build.number = root.builds
            root.cached_words = region.cached_words
            root.compiled, root.reason = True, ""
            root.since = min(root.since, time.perf_counter())
            root.known_segments = {}
        loaded = elf.load(data, build.externals)
        root.loaded.append(loaded)
        place = 2 * root.code.unit_at(root.pc)
        root.code.record.instructions[place + 2] = loaded.names["trace"]
        if root.entry:
            root.code.record.instructions[place + 3] = NEVER
        if "e" in self.settings.dump:
            print(f"jitvm: {self.now()} ms: compiled {root.code.code.co_filename}:{root.code.line(root.pc)} build {root.builds}, "
                  f"level {build.level}, {region.replayed} bytecodes, {len(region.exits)} exits, {loaded.code_size} bytes, "
                  f"{root.cost * 1000:.0f} ms", file=sys.stderr)

    def now(self) -> int:
        """Milliseconds since the first loop became hot."""
        return int(self.budget.run() * 1000)

    def rearm(self, root: Root) -> None:
        """A build was lost: the loop is to become hot again."""
        if not root.compiled and not root.final:
            root.code.record.instructions[2 * root.code.unit_at(root.pc) + 3] = self.settings.soon()

    def externals(self, root: Root, region: Region) -> dict[str, int]:
        """The address of each symbol of a region's text."""
        out: dict[str, int] = {}
        for name in region.imports:
            short = name.removeprefix("c.")
            if name.startswith("c.") and short in CFUNCTIONS:
                out[name] = self.native.words[SLOTS[short]]
            else:
                out[name] = self.native.code.names[name]
        for constant in region.constant_symbols.values():
            out[constant.symbol[1:]] = id(constant.object)
        for (number, distance), symbol in region.instr_symbols.items():
            out[symbol[1:]] = self.records.all[number].base + distance
        for symbol, code in region.record_symbols.values():
            out[symbol[1:]] = code.native_record
        tables = 0
        if region.tables:
            addresses = [table.address for table, _ in region.tables.values()]
            self.keep.append(array("Q", [len(addresses), *addresses]))
            tables = self.keep[-1].buffer_info()[0]
            out.update(zip([name[1:] for name in region.table_names()], addresses, strict=True))
        for exit in region.exits:
            words = self.descriptor(root, exit, tables)
            out[exit.symbol[1:]] = words.buffer_info()[0]
        if region.ending_places:
            root.ends = array("Q", bytes(8 * len(region.ending_places))), region.ending_places
            self.keep.append(root.ends[0])
            out["ends"] = root.ends[0].buffer_info()[0]
        for name, words in region.forced_words():
            self.keep.append(words)
            out[name] = words.buffer_info()[0]
        return out

    def descriptor(self, root: Root, exit: Exit, tables: int) -> array[int]:
        """The words of an exit's descriptor: see jitvm/interpreter/exits.py."""
        number = len(self.exits)
        self.exits.append((root, exit))
        threshold = 1 if self.verifier is not None else self.hot_after(root, exit)
        words = [exit.pc, int(exit.raising), 0, threshold, number, len(exit.entries), tables, exit.done]
        for kind, register, payload in exit.entries:
            if kind in (FRAME, RESUMED, IMPLIED):
                site, code = payload
                words += [kind | register << SLOT_BITS, site, code.native_record]
            elif kind == WAITING:
                words += [kind, register, self.native.peek(payload + UNIT)]
            else:
                if kind == CONSTANT:
                    self.keep.append(payload)
                    payload = id(payload)
                words += [kind, register & (1 << 64) - 1, payload]
        self.descriptors.append(array("Q", words))
        return self.descriptors[-1]

    def fail(self, root: Root, reason: str, detail: str) -> None:
        """Penalises a loop: it is tried again after many more iterations, and in the end left to the interpreter."""
        if root.function and not root.entry and reason in NOT_NATIVE:
            self.begin_anew(root)
            return
        root.failures += 1
        root.reason, root.detail = reason, detail
        self.release(root)
        if "e" in self.settings.dump:
            print(f"jitvm: {root.code.code.co_filename}:{root.code.line(root.pc)}: {reason}: {detail}", file=sys.stderr)
        if root.failures > self.settings.retries:
            root.final = True
        if not root.compiled and not root.final:
            again = self.settings.loop_threshold * 4 ** root.failures
            root.code.record.instructions[2 * root.code.unit_at(root.pc) + 3] = again

    def note_untraced(self, code: TracedCode, pc: int, name: str) -> None:
        """A bytecode that compiled code leaves to the interpreter."""
        self.untraced[code.number, pc] = name
        if "e" in self.settings.dump:
            print(f"jitvm: {code.code.co_filename}:{code.line(pc)}: left to the interpreter: {name}", file=sys.stderr)

    def report(self, stats: Any) -> None:
        """Adds every hot loop to the statistics: what came of it, and why."""
        for root in self.roots.values():
            outcome = "compiled" if root.compiled else "inlined" if self.is_inlined(root) else "blacklisted" if root.final \
                else "aborted"
            reason = "" if root.compiled else reasons.describe(root.reason, root.detail)
            left = sorted({name for (number, _), name in self.untraced.items() if number == root.code.number})
            stats.loop(root.code.code.co_filename, root.code.line(root.pc), outcome, reason, function=root.code.code.co_qualname,
                       builds=root.builds, left_to_interpreter=left)
        stats.seconds["recording"] = round(self.budget.seconds["recording"], 6)
        stats.seconds["compiling"] = round(self.budget.seconds["replaying"] + self.budget.seconds["compiling"], 6)
        store = self.tiers.store
        stats.cache("machine code", store.hits, store.misses, store.hits + store.misses, 0)
        stats.more["exits_taken"] = self.native.words[SLOTS["exits_taken"]]

    def is_inlined(self, root: Root) -> bool:
        """Whether a hot loop or function that is not compiled by itself is part of what is."""
        return root.reason == "short-call" or (root.reason == "around" and self.roots[root.outer].compiled)

    # -- look-ups
    def check_names(self, root: Root) -> None:
        """What was learned about a root names globals by their place: it is void once one of those has moved."""
        table = self.names.of(self.globals_of(root.code))
        if table is None or root.specs.get("names") is not table:
            for key in [key for key in root.specs if isinstance(key, tuple) or key in ("globals", "stored")]:
                del root.specs[key]
            root.specs["names"] = table

    def globals_of(self, code: TracedCode) -> dict[str, Any]:
        """The module namespace in which a loop became hot."""
        return self.namespaces[code.number]

    def profile_of(self, code: TracedCode) -> Profile:
        return self.profiles.setdefault(code.number, Profile())

    def root_at(self, pc: int) -> Root:
        """The root of a loop header's address."""
        if pc not in self.roots:
            self.roots[pc] = Root(self.code_at(pc), pc)
        return self.roots[pc]

    def code_at(self, pc: int) -> TracedCode:
        """The code that an instruction belongs to."""
        found = self.code_around(pc)
        if found is None:
            raise KeyError(pc)
        return found

    def code_around(self, pc: int) -> TracedCode | None:
        """As code_at, None where there is none."""
        record = self.records.at(pc)
        return None if record is None else self.traced(record)

    def traced(self, record: Any) -> TracedCode:
        """The tracing view of a code record."""
        if record.number not in self.codes:
            self.codes[record.number] = TracedCode(record, record.variables)
        return self.codes[record.number]

    def record_at(self, base: int) -> TracedCode | None:
        """The code whose first instruction is at ``base``."""
        record = self.records.at(base)
        return self.traced(record) if record is not None and record.base == base else None
