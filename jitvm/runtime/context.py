"""The context: one block of words through which generated code reaches everything outside itself, and its recording twin.

A context begins with the dispatch table; the host's functions and objects and the interpreter's own state follow
(``jitvm.spec.cfunctions.SLOTS``). The twin has the recording handlers in its table.
"""
from __future__ import annotations

import posix
import sys

from jitvm.backend import cache, elf
from jitvm.backend.foreign import Bytes, Int32, Int64, Object, Pointer, address_of, bind, function_at, value_at
from jitvm.backend.importing import amid
from jitvm.runtime import attributes, bundle, errors, frozen, interpreter
from jitvm.runtime.stamp import code_stamp, stamp
from jitvm.spec import layout
from jitvm.spec.bytecodes import BINARY, BYTECODES, COMPARE, OPCODES
from jitvm.spec.cfunctions import (
    CELL_COUNT,
    CELL_WORDS,
    CFUNCTIONS,
    CONTEXT_WORDS,
    EXCEPTION_TYPES,
    FORMAT_SET_WORDS,
    FREE_LIST_LIMIT,
    KEPT_LEVELS,
    MOST_INSTANCE_VALUES,
    OBJECTS,
    POOL_WORDS,
    READY_COUNT,
    SLOTS,
)
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OPERATORS = (*BINARY, *COMPARE)


def _operators() -> dict[str, Any]:
    """What implied calls of operators need (interpreter/implied.py), by the operators' numbers."""
    import _operator

    endings = ["and_" if name == "and" else "or_" if name == "or" else name for name in BINARY]
    return {
        "operator_names": tuple([sys.intern(f"__{name}__") for name in OPERATORS]),
        "inplace_names": tuple([sys.intern(f"__i{name}__") for name in BINARY]),
        "operator_functions": tuple([getattr(_operator, name) for name in endings]),
        "inplace_functions": tuple([getattr(_operator, "i" + name.rstrip("_")) for name in endings]),
        "declined_words": bytes(16),
    }


KIT_FOLDERS = (*interpreter.FOLDERS, "tracing", "baseline", "backend")
"""What the trace kit is made of."""
HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage/enabled"
CRASH_TEXT = b"jitvm: crashed in native code; `jitvm run --no-jit` runs the same program without compiled loops\n"


class Native:
    """The loaded interpreter: its code, the contexts, and functions to call it. One for the process."""

    def __init__(self, code: elf.Loaded) -> None:
        self.code = code
        self.words = array("Q", bytes(8 * CONTEXT_WORDS))
        self.twin = array("Q", bytes(8 * CONTEXT_WORDS))
        self.address = self.words.buffer_info()[0]
        self.twin_address = self.twin.buffer_info()[0]
        self.keep: list[Any] = []
        self._fill()
        self.run_module = function_at(code.names["vm_run_module"], Object, Object, Object, Int64)
        self.peek = function_at(code.names["vm_peek"], Int64, Int64)
        self.poke = function_at(code.names["vm_poke"], None, Int64, Int64)
        self.object_at = function_at(code.names["vm_object_at"], Object, Int64)
        self.adopt = function_at(code.names["vm_adopt"], None, Object)
        self._settle = function_at(code.names["vm_settle"], None, Object, Int64)
        self._parse = function_at(code.names["vm_parse"], Object, Object, Object, Object)
        self.execute = function_at(code.names["vm_exec"], Object, Object, Object)
        self.enter = function_at(code.names["vm_enter"], Object, Object, Object)
        self.link = function_at(code.names["vm_link"], None, Int64, Object, Object, Int64, Int64, Bytes, Int64)
        self.loops = function_at(code.names["vm_loops"], Int64, Object)
        self.place_of = function_at(code.names["vm_place_of"], Int64, Object, Object)
        self.renew_names = function_at(code.names["vm_renew_names"], Int64, Int64)
        self.guard = function_at(code.names["vm_guard"], None, Int64)
        self.poke(code.names["context"], self.address)
        self.pools = bool(function_at(code.names["vm_pools"], Int64, Int64)(int(self.pymalloc)))
        """Whether small blocks are taken from pymalloc's pools without a call."""
        constants = layout.current()[1]
        thread = bind("PyThreadState_Get", Pointer)()
        self.interpreter = interpreter = self.peek(thread + layout.current()[0]["ts_interp"][0])
        places = (thread + constants["TS_PROFILE"], thread + constants["TS_TRACE"], interpreter + constants["INTERP_AUDIT_HOOKS"])
        self.young = value_at(interpreter + layout.current()[0]["interp_young_limit"][0])
        """The word with the collector's limit of young objects, and their number in the upper half."""
        settled = interpreter + constants["INTERP_PERMANENT_HEAD"]
        self.settles = self.peek(settled) == settled == self.peek(settled + 8)
        """Whether the collector's permanent generation is where it is expected, and empty."""
        self.settled_tail = self.settled_last()
        self.stop_workers = function_at(code.names["vm_workers_end"], None)
        self.observers = [value_at(place) for place in places]
        """Not zero where the main thread has a profile or trace function, or the process an audit hook of Python code."""

    def _fill(self) -> None:
        """Writes function and object addresses, dispatch tables and initial state into both contexts."""
        words = self.words
        for name in (*CFUNCTIONS, *OBJECTS, *EXCEPTION_TYPES):
            try:
                words[SLOTS[name]] = address_of(name)
            except OSError:
                raise layout.UnknownLayout(f"this Python exports no {name}") from None
        for name, value in self._computed().items():
            self.keep.append(value)
            words[SLOTS[name]] = id(value)
        if id(-4) - id(-5) != 32 or id(256) - id(-5) != 261 * 32:
            raise layout.UnknownLayout("the host's small ints are not where they are expected")
        if id(chr(1)) - id(chr(0)) != 56 or id(chr(127)) - id(chr(0)) != 127 * 56:
            raise layout.UnknownLayout("the host's characters are not where they are expected")
        words[SLOTS["small_ints"]] = id(-5)
        words[SLOTS["normal_context"]] = self.address
        words[SLOTS["record_context"]] = self.twin_address
        self.extra_index: int = bind("_PyEval_RequestCodeExtraIndex", Int64, Pointer)(None)
        words[SLOTS["extra_index"]] = self.extra_index
        cleared = bind("calloc", Pointer, Int64, Int64)
        words[SLOTS["cells"]] = cleared(8 * CELL_WORDS, CELL_COUNT)  # so large that untouched pages cost nothing
        words[SLOTS["ready_codes"]] = cleared(16, READY_COUNT)
        words[SLOTS["pools"]] = cleared(8, POOL_WORDS)
        words[SLOTS["kept_frames"]] = cleared(8, 2 * KEPT_LEVELS)
        words[SLOTS["free_instances"]] = cleared(8, MOST_INSTANCE_VALUES + 1)
        words[SLOTS["skipped"]] = cleared(8, 2)  # of both contexts: who recorded until now may be the one that skips
        allocator = bind("_PyMem_GetCurrentAllocatorName", Bytes)()
        if (allocator or b"").endswith(b"_debug") or (allocator is None and sys.flags.dev_mode):
            raise layout.UnknownLayout("debug hooks check every memory block")  # an int of one digit has no room for a second one
        self.pymalloc = allocator == b"pymalloc"
        if self.pymalloc:
            words[SLOTS["free_text_limit"]] = FREE_LIST_LIMIT
        self.twin[:] = words
        self.twin[SLOTS["keys_next_version"]] = 1 << 30  # versions that either context gives are no other's
        self.twin[SLOTS["dict_versions"]] = 1 << 61
        for row in BYTECODES:
            words[OPCODES[row.name]] = self.code.names["op." + row.name]
            self.twin[OPCODES[row.name]] = self.code.names["rec." + row.name]

    def _computed(self) -> dict[str, Any]:
        """The objects of cfunctions.COMPUTED that exist before any script."""
        import builtins

        return {
            "build_class": builtins.__build_class__, "builtins_module": builtins, "empty_string": "", "empty_tuple": (),
            "nothing_function": _nothing, "vm_error": errors.make, "vm_do": attributes.describe, "vm_merge": errors.merge_keywords,
            "vm_pair": errors.pair, "vm_compile": _nothing, "vm_hosted": _nothing, "vm_module": _nothing, "crash_text": CRASH_TEXT,
            "vm_hot": _nothing, "vm_recorded": _nothing, "vm_exit": _nothing, "vm_ready": _nothing,
            "name_enter": "__enter__", "name_exit": "__exit__", "name_import": "__import__", "name_build_class": "__build_class__",
            "list_append": list.append, "name_init": "__init__", "vm_expression": _nothing,
            "str_format": str.format, "builtin_format": builtins.format, "builtin_eval": builtins.eval, "builtin_exec": builtins.exec,
            "builtin_compile": builtins.compile, "name_builtins": "__builtins__", "name_eval": "eval", "name_exec": "exec",
            "name_single": "single",
            "name_flags": "flags", "name_dont_inherit": "dont_inherit", "name_optimize": "optimize",
            "first_character": chr(0), "ascii_iterator": type(iter("")), "object_init": object.__init__, "plain_class": Native,
            "property_type": property, "builtin_next": builtins.next,
            "super_type": super, "name_getitem": "__getitem__", "name_setitem": "__setitem__",
            "index_texts": ("list index out of range", "tuple index out of range", "string index out of range"), **_operators(),
            "stopped_text": b"generator raised StopIteration",
            "stopped_coroutine": b"coroutine raised StopIteration", "looked_coroutine": b"cr_frame", "looked_async": b"ag_frame",
            "stopped_async": b"async generator raised StopIteration",
            "stopped_within": b"async generator raised StopAsyncIteration", "name_awaits": "cr_await",
            "name_aenter": "__aenter__", "name_aexit": "__aexit__", "name_annotations": "__annotations__",
            "name_metaclass": "metaclass", "name_prepare": "__prepare__", "name_mro_entries": "__mro_entries__",
            "name_orig_bases": "__orig_bases__", "asking_type": type("Asking", (), {"__getattr__": None}),
            "name_getattribute": "__getattribute__", "name_class": "__class__",
            "looked_event": b"object.__getattr__", "looked_format": b"Os", "looked_name": b"gi_frame",
        }

    def take_memory(self, spare: int) -> int:
        """Has the host's allocators take large amounts in huge pages, where the system has them; ``spare`` MiB are kept for reuse.

        The address of the memory block (``jitvm/spec/shared.py``). 0: everything is left alone, as it is where another allocator than
        the usual one is in place, or a hook like tracemalloc's, or the address space has a limit.
        """
        if not self.pymalloc:
            return 0
        try:
            file = posix.open(HUGE_PAGES, posix.O_RDONLY | posix.O_CLOEXEC)
            with_pages = b"[never]" not in posix.read(file, 64)
            posix.close(file)
        except OSError:
            return 0
        return function_at(self.code.names["vm_memory"], Int64, Int64)(spare) if with_pages else 0

    def set_object(self, name: str, value: Any) -> None:
        """Puts a function of the runtime into both contexts. Native code calls it at any moment of the program."""
        value = amid(value)
        self.keep.append(value)
        self.words[SLOTS[name]] = self.twin[SLOTS[name]] = id(value)

    def make_formats(self, bound: int) -> None:
        """Makes the table of the format cache, for at most ``bound`` texts."""
        sets = 1
        while 8 * sets <= bound:
            sets *= 2
        table = array("Q", bytes(8 * FORMAT_SET_WORDS * sets))
        self.keep.append(table)
        self.format_bound = 4 * sets
        self.set_state("format_mask", sets - 1)
        self.set_state("formats", table.buffer_info()[0])

    def parse(self, compiler: Any, arguments: tuple[Any, ...]) -> Any:
        """``compiler(*arguments)`` for a syntax tree, which the collector does not get to know."""
        import _ast
        return self._parse(compiler, arguments, _ast.AST)

    def settle(self, mark: list[int]) -> None:
        """The collector need not go through what was made since ``mark``, for good; it has been off since then.

        The mark holds how many young objects the collector knew of when it was made (``gc.get_count``).
        """
        if self.settles:
            self._settle(mark, mark[0])
            self.settled_tail = self.settled_last()

    def settled_last(self) -> int:
        """The last of what the collector leaves alone; ``settled_tail`` is the last of what it was told to by jitvm."""
        last: int = self.peek(self.interpreter + layout.current()[1]["INTERP_PERMANENT_HEAD"] + 8)
        return last

    def state(self, name: str) -> int:
        """A word of the normal context's state."""
        return self.words[SLOTS[name]]

    def set_state(self, name: str, value: int) -> None:
        """Sets a word of state in both contexts."""
        self.words[SLOTS[name]] = self.twin[SLOTS[name]] = value


marshalled_as = bind("PyMarshal_WriteObjectToString", Object, Object, Int32)


def marshalled(value: Any, version: int = 4) -> Any:
    """``marshal.dumps`` without its audit event."""
    return marshalled_as(value, version)


def _nothing(*_arguments: object) -> None:
    """The empty host function whose call lets the host handle signals, other threads and asynchronous exceptions."""


def trace_key() -> bytes:
    """What the machine code of compiled loops depends on besides LLVM's input; part of its key on disk."""
    return code_stamp(KIT_FOLDERS)


def trace_kit(*, files: bool = False) -> Any:
    """What tracing needs of the handlers, from the cache or made now; with it come the modules of tracing, if not from their files."""
    key = stamp(KIT_FOLDERS)
    found = None
    try:
        assert interpreter.code is not None
        found = frozen.load("tracekit", key, interpreter.code)
    except cache.CacheUnavailable:
        pass
    if found and not files:
        bundle.install(found[0])
    from jitvm.tracing import kit

    return kit.load(found[1] if found else _make_kit(key))


def _make_kit(key: bytes) -> Any:
    """Makes the trace kit, and keeps it on disk with the modules of tracing."""
    from jitvm.runtime import bundling, freezing
    from jitvm.tracing import kit

    made = kit.make()
    try:
        cache.store("tracekit", key, freezing.frozen((bundling.make(bundle.TRACING, (*bundle.BASE, *bundle.START)), made)))
    except cache.CacheUnavailable:
        pass
    return made


def load() -> Native:
    """The interpreter, from the cache or built now. Raises layout.UnknownLayout, elf.LoaderError, backend.llvm.LLVMError."""
    layout.current()
    return Native(interpreter.load(trace_kit))  # made with it: nothing of the program's is on the path yet that could stand for a module
