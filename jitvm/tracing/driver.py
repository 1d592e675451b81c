"""Hotness: what happens when a loop or an exit becomes hot. Recordings are taken in, regions compiled, failures penalised.

All of it runs inside the user's thread, called by native code; nothing of it may show (see ``tell`` in jitvm/interpreter/loops.py).
"""
from __future__ import annotations

import atexit
import gc
import sys
import time
from array import array
from types import FunctionType

from jitvm.backend import elf
from jitvm.backend.llvm import Compiler, LLVMError
from jitvm.spec import layout, reasons
from jitvm.spec.bytecodes import UNIT
from jitvm.spec.cfunctions import CFUNCTIONS, SLOTS
from jitvm.tracing.code import TracedCode
from jitvm.tracing.emission import FIELDS, Abort
from jitvm.tracing.exits import CONSTANT, FRAME, Exit
from jitvm.tracing.functions import FunctionRegion
from jitvm.tracing.loops import MISFIT
from jitvm.tracing.profile import Profile, split
from jitvm.tracing.region import NotInlined, Region
from jitvm.tracing.tiers import Upgrades

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LOG_WORDS_PER_BYTECODE = 8
ATTEMPTS = 16
"""Replays of a region until its headers' kinds settle."""
UNSEEN_SECONDS = 0.05
"""Other threads are not let in for so long while the compiler runs in the program's thread: they could see its frames."""
FREE_SECONDS = 0.1
"""What compiling may cost before its share of the run counts."""
RECOMPILATIONS = 40
"""Rebuilds of one region: each brings an exit in; then its exits stay exits."""
NEVER = 1 << 60
FRAME_TO_GLOBALS = layout.current()[1]["FRAME_SIZE"] - layout.current()[0]["frame_globals"][0]
COUNTER = 24
"""Bytes from a loop or resume instruction to its counter; the compiled code's address lies 8 bytes before."""


class Root:
    """A loop that became hot: its header, what was tried, what came of it."""

    def __init__(self, code: TracedCode, pc: int) -> None:
        self.code, self.pc = code, pc
        self.function = code.instruction(pc).row.name == "resume"
        self.specs: dict[Any, Any] = {}
        self.refused: set[Any] = set()
        self.failures = 0
        self.builds = 0
        self.misfits = 0
        self.reason = "not-finished"
        self.detail = ""
        self.compiled = False
        self.final = False
        self.loaded: list[Any] = []
        self.cached_words: dict[int, int] = {}


class Session:
    """A recording under way: for which root, from which path of inlined calls."""

    def __init__(self, root: Root, path: tuple[int, ...], code: TracedCode) -> None:
        self.root, self.path, self.code = root, path, code
        self.new = False


def unseen(method: Any) -> Any:
    """A callback from native code: whatever goes wrong in it must not reach the program; the JIT is switched off and says so."""

    def callback(self: Driver, *arguments: Any) -> None:
        if self.broken:
            return
        interval = sys.getswitchinterval()
        sys.setswitchinterval(max(interval, UNSEEN_SECONDS))
        try:
            method(self, *arguments)
        except BaseException as error:
            self.native.set_state("recording", 0)
            self.session = None
            if not _is_ours(error):
                raise
            self.broken = True
            print(f"jitvm: internal error, compilation is off: {error!r}", file=sys.stderr)
            if self.settings.verify or self.settings.dump:
                import traceback

                traceback.print_exc()
        finally:
            sys.setswitchinterval(interval)

    return callback


def _is_ours(error: BaseException) -> bool:
    """Whether an exception comes from jitvm itself; else a signal handler raised it, and cuts jitvm's frames off its traceback."""
    if isinstance(error, KeyboardInterrupt):
        error.__traceback__ = None
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith("jitvm."):
        trace = trace.tb_next
    if trace is None or isinstance(error, (RecursionError, MemoryError)):
        return True
    error.__traceback__ = trace
    return False


class Driver:
    """The tracing compiler of the process."""

    def __init__(self, native: Any, records: Any, settings: Any, kit: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]) -> None:
        self.native, self.records, self.settings = native, records, settings
        self.generated, self.parameters, self.helpers = kit
        self.roots: dict[int, Root] = {}
        self.profiles: dict[int, Profile] = {}
        self.codes: dict[int, TracedCode] = {}
        self.by_base: dict[int, TracedCode] = {}
        self.exits: list[tuple[Root, Exit]] = []
        self.session: Session | None = None
        self.compile_next: Root | None = None
        self.log = array("Q", bytes(8 * (settings.trace_limit * LOG_WORDS_PER_BYTECODE + 256)))
        self.seconds = {"recording": 0.0, "replaying": 0.0, "compiling": 0.0}
        self.compiler = Compiler(0 if settings.tiers else settings.codegen)
        self.best_compiler = Compiler(settings.codegen, unlocked=True)
        self.upgrades = Upgrades(self.upgrade)
        atexit.register(self.close)
        self.keep: list[Any] = []
        self.broken = False
        self.descriptors: list[array[int]] = []
        self.started = time.perf_counter()
        self.namespaces: dict[int, dict[str, Any]] = {}
        self.untraced: dict[tuple[int, int], str] = {}
        self.defaults: dict[int, int] = {}

    # -- from native code
    @unseen
    def hot(self, pc: int, registers: int) -> None:
        """The counter of a loop or function ran out."""
        if self.native.twin[SLOTS["recording"]]:
            self.native.poke(pc + COUNTER, self.later())
            return
        if self.over_budget():
            self.native.poke(pc + COUNTER, self.later())
            return
        root = self.root_at(pc)
        if root is not None and root.function and not self.prepare_function(root, registers):
            return
        if root is not None and not root.final:
            self.namespaces[root.code.number] = self.native.object_at(self.native.peek(registers - FRAME_TO_GLOBALS))
            self.record(Session(root, (), root.code))

    @unseen
    def exit(self, number: int, _registers: int) -> None:
        """A side exit became hot: what follows it is recorded."""
        if self.native.twin[SLOTS["recording"]]:
            return
        root, exit = self.exits[number]
        if exit.key is not None and exit.key[0] == MISFIT:
            self.misfit(root, exit)
            return
        if self.over_budget():
            self.descriptors[number][2] = 0
            return
        if root.builds >= RECOMPILATIONS or root.final or exit.key is None:
            return
        path = exit.key[0]
        session = Session(root, path, root.code if not path else self.code_at(exit.pc))
        if len(exit.key) == 3:
            session.new = self.profile_of(root.code).add(*exit.key)
        self.record(session)

    def misfit(self, root: Root, exit: Exit) -> None:
        """The loop is entered with other types than it was compiled for: first it learns anew, then that register stays an object."""
        _, header, path, pc, register = exit.key
        spec = root.specs.get(header, {})
        root.misfits += 1
        root.builds += 1
        if root.builds >= RECOMPILATIONS or root.final or self.over_budget():
            place = 2 * root.code.unit_at(root.pc)
            root.code.record.instructions[place + 2], root.code.record.instructions[place + 3] = 0, NEVER
            root.final, root.compiled, root.reason, root.detail = True, False, "too-many-exits", str(root.builds)
            return
        if root.misfits == 1:
            for key in [key for key in root.specs if isinstance(key, tuple)]:
                del root.specs[key]
            self.profile_of(root.code).forget(lambda at: root.code.loop_contains(root.pc, at))
        elif register in spec:
            if register[0] == "type":
                del spec[register]
                root.refused.add((register, path, pc))
            else:
                spec[register] = "object"
        self.compile_next = root
        self.record(Session(root, path, root.code if not path else self.code_at(exit.pc)))

    @unseen
    def recorded(self, pc: int, _registers: int) -> None:
        """A recording reached a loop header."""
        session, self.session = self.session, None
        if session is None:
            return
        started = time.perf_counter()
        used = (self.native.twin[SLOTS["log"]] - self.log.buffer_info()[0]) // 8
        new, path, code = self.take_in(session, split(self.log[:used]))
        root = session.root
        if self.compile_next is root:
            self.compile_next, new = None, True
        self.seconds["recording"] += time.perf_counter() - started
        if root.function:
            if new or session.new or not root.compiled or self.outdated(root):
                self.compile(root)
            return
        if path is None or not pc:
            self.fail(root, "left-frame", "")
            return
        at_root = not path and pc == root.pc
        inside = bool(path) or root.code.loop_contains(root.pc, pc)
        if inside and not at_root and code is not None:
            after = pc + UNIT * code.instruction(pc).row.size
            if not self.profile_of(root.code).vectors(path, after):
                self.record(Session(root, path, code))
                return
        if not inside and not root.compiled:
            self.fail(root, "left-loop", "")
            return
        if not inside and not session.new and root.compiled:
            return
        if new or session.new or not root.compiled or self.outdated(root):
            self.compile(root)
        elif not root.specs.get("wide"):
            root.specs["wide"] = True
            self.compile(root)

    def outdated(self, root: Root) -> bool:
        """Whether inline caches whose contents are constants of the compiled code have been filled anew since."""
        return any(self.native.peek(address) != word for address, word in root.cached_words.items())

    def later(self) -> int:
        """The counter of a loop that is to be looked at again soon."""
        return max(1, int(self.settings.loop_threshold) // 16)

    def close(self) -> None:
        """At exit: no compiled loop is entered any more, and nothing of the program is kept alive."""
        self.broken = True
        self.upgrades.close()
        for root in self.roots.values():
            self.native.poke(root.pc + COUNTER, 0)
            self.native.poke(root.pc + COUNTER - 8, 0)
            root.cached_words = {}
        self.namespaces.clear()
        self.exits.clear()
        self.keep.clear()

    def over_budget(self) -> bool:
        """Whether recording and compiling have had their share of the run: a program must not become slow by being made fast."""
        if self.settings.loop_threshold <= 2 or not self.settings.compile_share:
            return False
        spent = sum(self.seconds.values())
        return bool(spent > FREE_SECONDS + (time.perf_counter() - self.started) * self.settings.compile_share / 100)

    def prepare_function(self, root: Root, registers: int) -> bool:
        """Whether a hot function is worth compiling by itself: a recursive one. Notes the kinds of its arguments."""
        code = root.code.code
        if code.co_name not in code.co_names:
            return False
        kinds = []
        for index in range(code.co_argcount):
            address = self.native.peek(registers + 8 * index)
            value = self.native.object_at(address) if address else None
            kinds.append({int: "int", float: "float", bool: "bool"}.get(type(value), "object"))
        root.specs.setdefault("arguments", kinds)
        root.specs.setdefault("result", "int")
        root.specs.setdefault("pure", True)
        return True

    # -- recording
    def record(self, session: Session) -> None:
        """Asks native code to go on in the recording interpreter."""
        self.session = session
        start = self.log.buffer_info()[0]
        twin = self.native.twin
        twin[SLOTS["log"]] = start
        twin[SLOTS["log_limit"]] = start + 8 * (len(self.log) - 128)
        twin[SLOTS["recording"]] = 1
        self.native.words[SLOTS["recording"]] = 1

    def take_in(self, session: Session, steps: list[tuple[int, Any]]) -> tuple[bool, Any, TracedCode | None]:
        """Adds a recording to the profile: whether anything is new, and the path and code at its end (None: it left the root frame)."""
        profile = self.profile_of(session.root.code)
        path, code = session.path, session.code
        stack = [code]
        if path:
            stack = [session.root.code, *(self.code_at(site) for site in path[1:]), code]
        new = False
        recursion: list[tuple[tuple[int, ...], list[TracedCode]]] = []
        for place, (pc, vector) in enumerate(steps):
            following = steps[place + 1][0] if place + 1 < len(steps) else 0
            new |= profile.add(path, pc, vector)
            name = code.instruction(pc).row.name
            if name.startswith("return_"):
                if not path and not recursion:
                    if session.root.function and code.base <= following < code.base + 8 * len(code.unit.words):
                        continue
                    return new, None, None
                if not path:
                    path, stack = recursion.pop()
                else:
                    path, stack = path[:-1], stack[:-1]
                code = stack[-1]
            elif name.startswith("call") and following:
                entered = self.record_at(following)
                if entered is not None and following == entered.base:
                    profile.entered[path, pc] = following
                    if session.root.function and entered is session.root.code and not path:
                        recursion.append((path, stack))
                        path, stack, code = (), [entered], entered
                    else:
                        path, code = (*path, pc), entered
                        stack = [*stack, entered]
            if following and not code.base <= following < code.base + 8 * len(code.unit.words):
                return new, None, None
        return new, path, code

    # -- compiling
    def compile(self, root: Root) -> None:
        """Replays and compiles a region and puts it in place; a failure is noted with its reason."""
        collecting = gc.isenabled()
        gc.disable()
        try:
            region, text = self.replay(root)
            self.install(root, region, text)
        except Abort as error:
            self.fail(root, error.reason, error.detail)
        except LLVMError as error:
            root.final = True
            self.fail(root, "llvm", str(error))
        finally:
            if collecting:
                gc.enable()

    def deadline(self) -> float:
        """When a replay must have ended: large regions may only take what the run's share allows."""
        if self.settings.loop_threshold <= 2 or not self.settings.compile_share:
            return float("inf")
        now = time.perf_counter()
        return float(now + FREE_SECONDS / 2 + (now - self.started) * self.settings.compile_share / 400)

    def replay(self, root: Root) -> tuple[Region, str]:
        """Replays until what the headers believe holds."""
        started = time.perf_counter()
        profile = self.profile_of(root.code)
        self.check_names(root)
        limit = self.deadline()
        attempts = 0
        try:
            while attempts < ATTEMPTS:
                kind = FunctionRegion if root.function else Region
                region = kind(self, root.code, root.pc, profile, root.specs, root.refused)
                region.deadline = limit
                try:
                    text = region.build()
                except NotInlined as error:
                    root.refused.add((error.path[:-1], error.path[-1]))
                    continue
                if text is not None:
                    return region, text
                attempts += 1
        finally:
            self.seconds["replaying"] += time.perf_counter() - started
        raise Abort("no-progress", "the kinds at its header do not settle")

    def install(self, root: Root, region: Region, text: str) -> None:
        """Compiles the text, loads it and lets the loop header enter it."""
        started = time.perf_counter()
        if "l" in self.settings.dump:
            print(text, file=sys.stderr)
        data = self.compiler.object_bytes(text, verify=bool(self.settings.verify))
        externals = self.externals(root, region)
        self.keep.append(region.constants)
        root.builds += 1
        root.cached_words = region.cached_words
        root.compiled, root.reason = True, ""
        self.enter_at(root, elf.load(data, externals))
        if self.settings.tiers:
            self.upgrades.add(root.pc, (root, root.builds, text, externals))
        self.seconds["compiling"] += time.perf_counter() - started
        if "e" in self.settings.dump:
            print(f"jitvm: compiled {root.code.code.co_filename}:{root.code.line(root.pc)} build {root.builds}, "
                  f"{region.replayed} bytecodes, {len(region.exits)} exits, {len(data)} bytes", file=sys.stderr)

    def enter_at(self, root: Root, loaded: Any) -> None:
        """The loop's header enters this code from now on."""
        root.loaded.append(loaded)
        root.code.record.instructions[2 * root.code.unit_at(root.pc) + 2] = loaded.names["trace"]

    def upgrade(self, job: tuple[Root, int, str, dict[str, int]]) -> None:
        """In the background thread: the same text, compiled well."""
        root, build, text, externals = job
        try:
            data = self.best_compiler.object_bytes(text)
            if root.builds == build and not root.final:
                self.enter_at(root, elf.load(data, externals))
                if "e" in self.settings.dump:
                    print(f"jitvm: better code for {root.code.code.co_filename}:{root.code.line(root.pc)}", file=sys.stderr)
        except (LLVMError, elf.LoaderError) as error:
            root.detail = str(error)

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
        for exit in region.exits:
            words = self.descriptor(root, exit)
            out[exit.symbol[1:]] = words.buffer_info()[0]
        for name, words in region.forced_words():
            self.keep.append(words)
            out[name] = words.buffer_info()[0]
        return out

    def descriptor(self, root: Root, exit: Exit) -> array[int]:
        """The words of an exit's descriptor: see jitvm/interpreter/exits.py."""
        number = len(self.exits)
        self.exits.append((root, exit))
        threshold = self.settings.exit_threshold << min(root.builds, 16) if exit.key is not None else NEVER
        words = [exit.pc, int(exit.raising), 0, threshold, number, len(exit.entries)]
        for kind, register, payload in exit.entries:
            if kind == FRAME:
                site, code = payload
                words += [kind, site, code.native_record]
            else:
                if kind == CONSTANT:
                    self.keep.append(payload)
                    payload = id(payload)
                words += [kind, register, payload]
        self.descriptors.append(array("Q", words))
        return self.descriptors[-1]

    def fail(self, root: Root, reason: str, detail: str) -> None:
        """Penalises a loop: it is tried again after many more iterations, and in the end left to the interpreter."""
        root.failures += 1
        root.reason, root.detail = reason, detail
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

    def default_count(self, code: TracedCode) -> int:
        """How many defaults the function of a code object had when it was first asked for."""
        if code.number not in self.defaults:
            functions = [f for f in gc.get_referrers(code.code) if isinstance(f, FunctionType)]
            self.defaults[code.number] = len(functions[0].__defaults__ or ()) if functions else 0
        return self.defaults[code.number]

    def report(self, stats: Any) -> None:
        """Adds every hot loop to the statistics: what came of it, and why."""
        for root in self.roots.values():
            outcome = "compiled" if root.compiled else "blacklisted" if root.final else "aborted"
            reason = "" if root.compiled else reasons.abort(root.reason).describe(root.detail)
            left = sorted({name for (number, _), name in self.untraced.items() if number == root.code.number})
            stats.loop(root.code.code.co_filename, root.code.line(root.pc), outcome, reason, function=root.code.code.co_qualname,
                       builds=root.builds, left_to_interpreter=left)
        stats.seconds["recording"] = round(self.seconds["recording"], 6)
        stats.seconds["compiling"] = round(self.seconds["replaying"] + self.seconds["compiling"], 6)
        stats.more["exits_taken"] = self.native.words[SLOTS["exits_taken"]]

    # -- look-ups
    def check_names(self, root: Root) -> None:
        """What was learned about a root names globals by their place: it is void once the dict has other keys."""
        keys = self.native.peek(id(self.globals_of(root.code)) + FIELDS["dict_keys"][0])
        stamp = keys, self.native.peek(keys + 8)
        if root.specs.get("keys") != stamp:
            for key in [key for key in root.specs if isinstance(key, tuple) or key in ("globals", "stored")]:
                del root.specs[key]
            root.specs["keys"] = stamp

    def globals_of(self, code: TracedCode) -> dict[str, Any]:
        """The module namespace in which a loop became hot."""
        return self.namespaces[code.number]

    def profile_of(self, code: TracedCode) -> Profile:
        return self.profiles.setdefault(code.number, Profile())

    def root_at(self, pc: int) -> Root | None:
        """The root of a loop header's address."""
        if pc not in self.roots:
            code = self.code_at(pc)
            self.roots[pc] = Root(code, pc)
        return self.roots[pc]

    def code_at(self, pc: int) -> TracedCode:
        """The code that an instruction belongs to."""
        for code in self.codes.values():
            if code.base <= pc < code.base + 8 * len(code.unit.words):
                return code
        for record in self.records.all:
            if record.unit is not None and record.base <= pc < record.base + 8 * len(record.instructions):
                return self.traced(record)
        raise KeyError(pc)

    def traced(self, record: Any) -> TracedCode:
        """The tracing view of a code record."""
        if record.number not in self.codes:
            code = self.codes[record.number] = TracedCode(record, record.variables)
            self.by_base[code.base] = code
        return self.codes[record.number]

    def record_at(self, base: int) -> TracedCode | None:
        """The code whose first instruction is at ``base``."""
        if base in self.by_base:
            return self.by_base[base]
        for record in self.records.all:
            if record.unit is not None and record.base == base:
                return self.traced(record)
        return None
