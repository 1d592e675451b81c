"""Modules of the program's own, imported by the host's machinery: their functions run in the VM, their bodies where these loop.

The host's importer executes a module's code by calling ``exec``, a name that it finds in its own namespace first: there stands a
C function of ours. The source of a module is parsed when it is first needed; the code objects that the host has loaded are kept.
"""
from __future__ import annotations

import builtins
import os
import sys

from jitvm.runtime import attributes
from jitvm.spec import layout
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FunctionType
    from typing import Any

    from jitvm.frontend import Module
    from jitvm.runtime.context import Native
    from jitvm.runtime.records import Records
    from jitvm.runtime.sources import Sources
else:
    FunctionType = type(lambda: None)
    CodeType = type((lambda: None).__code__)

HOST_STATE = 2
CO_OPTIMIZED = 1
NOT_OWN = ("site-packages", "dist-packages")
BACKWARD = frozenset((140, 134, 173, 174, 175, 176))
"""The host's opcodes that jump backward (3.11's JUMP_BACKWARD_NO_INTERRUPT, JUMP_BACKWARD, POP_JUMP_BACKWARD_IF_*)."""
_IGNORE = ("ignore", None, Warning, None, 0)


class OwnModules:
    """The modules below one directory, that of the program, and not of the host's library."""

    def __init__(self, native: Native, records: Records, sources: Sources) -> None:
        self.native, self.records, self.sources = native, records, sources
        self.folder = ""
        self.library = os.path.dirname(os.__file__) + os.sep
        self.loaded: dict[str, tuple[CodeType, dict[str, Any]]] = {}
        self.reasons: dict[str, str] = {}
        size = layout.current()[1]["CODE_RECORD"]
        self.foreign = array("Q", bytes(size))
        self.foreign[layout.current()[0]["vm_state"][0] // 8] = HOST_STATE
        records.foreign = self.foreign.buffer_info()[0]

    def begin(self, folder: str) -> None:
        """The program's directory is known."""
        self.folder = os.path.join(os.path.abspath(folder), "")

    def is_own(self, filename: str) -> bool:
        """Whether a file is part of the program."""
        if not self.folder or not filename.startswith(self.folder) or filename.startswith(self.library):
            return False
        rest = filename[len(self.folder):]
        return rest.endswith(".py") and not any(part in rest for part in NOT_OWN)

    def execute(self, code: CodeType, namespace: dict[str, Any]) -> FunctionType | None:
        """Called by native code in place of ``exec``: the function that runs a module's body in the VM, None for the host."""
        if "__builtins__" not in namespace:
            namespace["__builtins__"] = builtins.__dict__
        sys.audit("exec", code)
        if type(code) is not CodeType or not self.is_own(code.co_filename):
            return None
        self.loaded[code.co_filename] = code, namespace
        if not _loops(code) or not self.take(code.co_filename):
            return None
        record = self.records.by_code[id(code)]
        return FunctionType(code, namespace) if self.records.ready(record) else None

    def discover(self, function: FunctionType) -> None:
        """Called for a function without a record, once for each code object."""
        code = function.__code__
        if code.co_filename in self.loaded and code.co_filename not in self.reasons:
            self.take(code.co_filename)
        if id(code) not in self.records.by_code:
            self.records.set_extra(code, self.native.extra_index, self.foreign.buffer_info()[0])

    def parse(self, source: bytes, filename: str) -> Module:
        """The module of a source, without warnings: the host has given those. The list of filters is changed directly, unnoticed."""
        filters = getattr(sys.modules.get("warnings"), "filters", None)
        if not isinstance(filters, list):
            return self.sources.module(source, filename, warned=True)
        filters.insert(0, _IGNORE)
        try:
            return self.sources.module(source, filename, warned=True)
        finally:
            filters.remove(_IGNORE)

    def take(self, filename: str) -> bool:
        """Gives records to the code objects of a loaded module; False where its source is not what was loaded."""
        host, namespace = self.loaded[filename]
        if id(host) in self.records.by_code:
            return True
        try:
            with open(filename, "rb") as file:
                source = file.read()
            module = self.parse(source, filename)
        except (OSError, SyntaxError, ValueError, RecursionError) as error:
            self.reasons[filename] = f"its source cannot be read: {type(error).__name__}"
            return False
        if module.host != host:
            self.reasons[filename] = "its source is not what was loaded"
            return False
        module.host = host
        self.records.add(module)
        for value in tuple(namespace.values()):
            attributes.adopt(value)
            if issubclass(type(value), type) and attributes.namespace_of(value).get("__module__") == namespace.get("__name__"):
                for body in _bodies(host, value):
                    attributes.adopt_class(value, body)
        return True


def _loops(code: CodeType) -> bool:
    """Whether the body of a module or class loops, or that of a class within."""
    return bool(BACKWARD.intersection(code.co_code[::2])) or any(
        type(inner) is CodeType and not inner.co_flags & CO_OPTIMIZED and _loops(inner) for inner in code.co_consts)


def _bodies(host: CodeType, kind: type) -> Iterator[CodeType]:
    """The code of the body of a class at module level."""
    for code in host.co_consts:
        if type(code) is CodeType and code.co_qualname == attributes.qualname_of(kind):
            yield code
