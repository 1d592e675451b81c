"""Modules of this package in one piece: found, read and checked at once, where the host's importer would look for each by itself.

A part of the package that is loaded while a program waits for it (what each program begins with, the frontend, the tracing compiler) is
kept as code objects in an order in which none imports one that follows (``bundling.py``). They lie ready in memory (``frozen.py``), but for
the few modules that see to that, which ``marshal`` makes. This module and those that it imports come from their files.
"""
import gc
import sys

from jitvm.backend import cache
from jitvm.runtime.stamp import PACKAGE, stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

    Row = tuple[str, str, CodeType]

KIND = "modules"
FOLDERS = ("backend", "frontend", "report", "runtime", "spec")
EARLIEST = ("jitvm.cli", "jitvm.runtime.bundle")
BASE = ("jitvm.runtime.interpreter", "jitvm.runtime.frozen")
START = ("jitvm.runtime.command", "jitvm.runtime.launch", "jitvm.runtime.attributes", "jitvm.runtime.context", "jitvm.runtime.continuation",
         "jitvm.runtime.modules", "jitvm.runtime.records")
"""Modules with which each program begins."""
FRONTEND = ("jitvm.frontend.compiler",)
TRACING = ("jitvm.tracing.driver", "jitvm.tracing.kit", "jitvm.backend.worker", "jitvm.backend.linker")
LATE = frozenset(("jitvm.backend.linker", "jitvm.backend.llvm", "jitvm.backend.worker"))
"""Modules that are executed when something of them is asked for."""

mark: "list[int] | None" = None
"""How many young objects the collector knew of at the beginning (``Native.settle``); None where it was off."""


def begin() -> None:
    """Loads what each program begins with, if it can be had in one piece. The collector, if it was on, is off from here to the machine's
    start: ``mark`` says so."""
    global mark
    if gc.isenabled():
        mark = [gc.get_count()[0]]
        gc.disable()
    try:
        _load_base()
        from jitvm.runtime import interpreter

        interpreter.find()
    except Exception:
        return  # whoever starts the machine meets the same, and says so
    load(START, BASE)


def _load_base() -> None:
    """Loads the modules that have others thawed."""
    import marshal

    key = repr(BASE).encode() + stamp(FOLDERS)
    data = cache.load(KIND, key)
    if data is None:
        cache.store(KIND, key, b"")  # who cannot write there need not make it
        from jitvm.runtime import bundling

        cache.store(KIND, key, marshal.dumps(bundling.make(BASE, EARLIEST)))
    elif data:
        install(marshal.loads(data))


def load(roots: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Loads modules that lie ready; what cannot be had in this way the importer finds as it finds everything. Where the interpreter is
    there and they are not, they are made for the next process."""
    from jitvm.runtime import frozen, interpreter

    if interpreter.code is None:
        return
    key = repr((roots, known, sys.abiflags)).encode() + stamp(FOLDERS)
    try:
        rows = frozen.load(frozen.KIND, key, interpreter.code)
        if rows is None:
            cache.store(frozen.KIND, key, b"")
            from jitvm.runtime import bundling, freezing

            cache.store(frozen.KIND, key, freezing.frozen(bundling.make(roots, known)))
            return
    except cache.CacheUnavailable:
        return
    install(rows)


class Late(type(sys)):  # type: ignore[misc]
    """A module that is executed when an attribute is asked for that it does not have."""

    def __getattr__(self, name: str) -> "Any":
        code = self.__dict__.pop("__code__", None)
        if code is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        self.__class__ = type(sys)  # type: ignore[assignment]
        exec(code, self.__dict__)
        return getattr(self, name)


def install(rows: "tuple[Row, ...]") -> None:
    """Loads the modules that are not there yet."""
    from _frozen_importlib import ModuleSpec
    from _frozen_importlib_external import SourceFileLoader

    modules: Any = sys.modules
    kind: Any = type(sys)
    for name, path, code in rows:
        if name in modules:
            continue
        package, _, last = name.rpartition(".")
        module = (Late if name in LATE else kind)(name)
        file = PACKAGE + path
        module.__file__, module.__package__ = file, package
        module.__loader__ = SourceFileLoader(name, file)
        module.__spec__ = ModuleSpec(name, module.__loader__, origin=file)
        module.__spec__.has_location = True
        modules[name] = module
        if name in LATE:
            module.__code__ = code
        else:
            try:
                exec(code, module.__dict__)
            except BaseException:
                del modules[name]
                raise
        setattr(modules[package], last, module)
