"""The last moment of a process: where nobody can notice that nothing is freed any more, it ends at once.

CPython 3.11 takes modules, classes and the heap apart (``Py_FinalizeEx`` of Python/pylifecycle.c). What a program can see of that are
finalisers, callbacks of weak references, generators being closed and files being flushed. If none of them is left when everything
registered at ``atexit`` has run, the standard streams are flushed and the process ends here, by the C library's ``exit``; in all other
cases the host goes its way.
"""
from __future__ import annotations

import atexit
import gc
import posix
import sys
from _frozen_importlib import BuiltinImporter, ModuleSpec
from _frozen_importlib_external import ExtensionFileLoader
from _weakref import CallableProxyType, ProxyType, ReferenceType

from jitvm.backend.foreign import Int32, Int64, Object, bind, function_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

QUIET_MODULES = frozenset("""
    sys builtins _imp _thread _warnings _weakref _io marshal posix _codecs _abc _stat atexit faulthandler _ctypes _struct
    _operator itertools _functools _collections math cmath _random _datetime _json _sre _bisect _heapq _string _blake2 _sha1
    _sha256 _sha512 _md5 _sha3 array _symtable _ast gc errno _signal _opcode unicodedata _locale _statistics _decimal time zlib
    binascii _csv _pickle _typing _contextvars _bz2 _lzma _zoneinfo _uuid pwd grp zipimport
""".split())
"""Extension modules of the host whose objects do nothing at their end but free memory, files aside."""
TABLES = ("weakref", "_weakrefset")
"""Modules whose functions, as callbacks, remove entries from tables."""
_exit = bind("exit", None, Int32)


class Departure:
    """What has to be known at the end from the beginning on. To be made right before the function that calls ``leave`` is registered.
    ``tells``: it says so on stderr."""

    def __init__(self, native: Any, *, tells: bool) -> None:
        self.native, self.tells = native, tells
        self.status: int | None = None
        """The exit status, once the program has ended with one; None: the host has something to report."""
        streams = sys.stdin, sys.stdout, sys.stderr
        self.streams = tuple(map(id, streams))
        """Addresses: what the host writes at its end is flushed when it gives the streams up, and nobody else may have them."""
        kinds = type(None), sys.modules["_io"].TextIOWrapper
        usual = not sys.warnoptions and all(map(kinds.__contains__, map(type, streams)))
        self.possible = usual and native.settles and not atexit._ncallbacks()
        """Whether nothing that is registered at ``atexit`` comes later, and the streams are the host's."""
        self.filters = sys.modules["_warnings"].filters
        self.usual = list(self.filters)
        """The filters of warnings of the beginning: files that were left open are reported nowhere."""
        self.callbacks, self.garbage, self.debug = gc.callbacks, gc.garbage, gc.get_debug
        self.unseen = function_at(native.code.names["vm_departs_unseen"], Int64, Object)

    def leave(self) -> None:
        """Ends the process, if nobody can tell. To be called last of what is registered at ``atexit``."""
        collecting = gc.isenabled()
        gc.disable()
        try:
            ends = self.possible and self.status is not None and self.quiet() and self.flushed()
        except Exception:
            ends = False
        if collecting:
            gc.enable()
        if ends:
            if self.tells:
                print("jitvm: the end: nothing is left that must be freed", file=sys.stderr)
            self.native.stop_workers()
            _exit(self.status)

    def quiet(self) -> bool:
        """Whether nothing that is left would be noticed at its end."""
        flags, native = sys.flags, self.native
        if flags.verbose or flags.inspect or flags.dev_mode or any(observer.value for observer in native.observers):
            return False
        if b"PYTHONMALLOCSTATS" in posix.environ or "PYTHONINSPECT" in sys.modules["os"].environ:
            return False
        if self.callbacks or self.debug() or self.garbage or sys.modules["_thread"]._count() or self.filters != self.usual:
            return False
        warnings = sys.modules.get("warnings")
        if native.settled_last() != native.settled_tail or (warnings is not None and warnings.filters is not self.filters):
            return False
        if not all(map(harmless, list(sys.modules), list(sys.modules.values()))):
            return False
        references = [ReferenceType, ProxyType, CallableProxyType]
        weak = sys.modules.get("weakref")
        kinds = type.__subclasses__(ReferenceType)
        if weak is not None:
            references += [weak.KeyedRef, weak.WeakMethod]
            kinds += [*type.__subclasses__(weak.KeyedRef), *type.__subclasses__(weak.WeakMethod)]
        if any(kind not in references for kind in kinds):
            return False
        files = sys.modules["_io"]
        spaces = tuple([vars(sys.modules[name]) for name in TABLES if name in sys.modules])
        known = tuple(self.stream_objects()), (files.StringIO, files.BytesIO), tuple(references), spaces
        return bool(self.unseen(known))

    def stream_objects(self) -> list[Any]:
        """The standard streams, with what is below them."""
        found = []
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            while stream is not None:
                found.append(stream)
                stream = getattr(stream, "buffer", None) or getattr(stream, "raw", None)
        return found

    def flushed(self) -> bool:
        """Whether the standard streams are those of the beginning, and have been flushed."""
        if (id(sys.stdin), id(sys.stdout), id(sys.stderr)) != self.streams:
            return False
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
        return True


def harmless(name: str, module: Any) -> bool:
    """Whether the end of what a module has made is known to do nothing: it is Python code, or an extension of the host."""
    if name in QUIET_MODULES or name.startswith("jitvm."):
        return True
    if type(module) is not type(sys):
        return False
    spec = module.__dict__.get("__spec__")
    loader = spec.loader if type(spec) is ModuleSpec else module.__dict__.get("__loader__")
    if loader is BuiltinImporter:
        return name == "__main__"
    return type(loader) is not ExtensionFileLoader
