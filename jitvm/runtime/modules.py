"""Modules of the program's own, imported by the host's machinery: their functions run in the VM, their bodies where these loop.

The host's importer executes a module's code by calling ``exec``, a name that it finds in its own namespace first: there stands a
C function of ours. The code objects that the host has loaded are kept; the source is read when one of them was not compiled before.
"""
from __future__ import annotations

import builtins
import os
import sys

from jitvm.frontend.code import host_codes
from jitvm.runtime import attributes
from jitvm.runtime.stamp import PACKAGE
from jitvm.spec import layout
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FunctionType
    from typing import Any

    from jitvm.frontend.module import Module
    from jitvm.runtime.context import Native
    from jitvm.runtime.records import Records
    from jitvm.runtime.sources import Sources
else:
    FunctionType = type(lambda: None)
    CodeType = type((lambda: None).__code__)

NOT_OWN = ("site-packages", "dist-packages")


class OwnModules:
    """The modules below one directory, that of the program, and not of the host's library."""

    def __init__(self, native: Native, records: Records, sources: Sources) -> None:
        self.native, self.records, self.sources = native, records, sources
        self.folder = ""
        self.library = os.path.dirname(os.__file__) + os.sep
        self.loaded: dict[str, tuple[CodeType, dict[str, Any]]] = {}
        """By file name, the modules of which nothing was called yet: the code of the body, and its namespace while the body runs."""
        self.modules: dict[str, list[Module]] = {}
        """Those of which something was, and that of the script. There are several of a file that is loaded again."""
        fields, constants = layout.current()
        self.foreign = array("Q", bytes(constants["CODE_RECORD"]))
        self.foreign[fields["vm_state"][0] // 8] = constants["CODE_HOST"]
        records.foreign = self.foreign.buffer_info()[0]

    def begin(self, folder: str) -> None:
        """The program's directory is known."""
        self.folder = os.path.join(os.path.abspath(folder), "")

    def is_own(self, filename: str) -> bool:
        """Whether a file is part of the program."""
        if not self.folder or not filename.startswith(self.folder) or filename.startswith((self.library, PACKAGE)):
            return False
        rest = filename[len(self.folder):]
        return rest.endswith(".py") and not any(part in rest for part in NOT_OWN)

    def know(self, module: Module) -> None:
        """From now on functions of a module are found."""
        self.modules.setdefault(module.filename, []).append(module)

    def execute(self, code: CodeType, namespace: dict[str, Any], *_ended: None) -> FunctionType | bool | None:
        """Called by native code in place of ``exec``: the function that runs a module's body in the VM, None for the host.

        True has native code call again, with one argument more, when the host has run the body.
        """
        if _ended:
            self.enter(code.co_filename, namespace)
            if code.co_filename in self.loaded:
                self.loaded[code.co_filename] = code, {}  # its names are done
            return None
        if "__builtins__" not in namespace:
            namespace["__builtins__"] = builtins.__dict__
        sys.audit("exec", code)
        if type(code) is not CodeType or not self.is_own(code.co_filename):
            return None
        self.loaded[code.co_filename] = code, namespace
        if not self.native.loops(code):
            return True
        record = self.records.add(self.take(code.co_filename), code)
        return FunctionType(code, namespace) if record is not None and not record.reason else None

    def discover(self, function: FunctionType) -> None:
        """Called for a function without a record, once for each code object."""
        code = function.__code__
        filename = code.co_filename
        if filename in self.loaded:
            self.take(filename)
        if not any(self.records.add(module, code) for module in reversed(self.modules.get(filename, ()))):
            self.records.set_extra(code, self.native.extra_index, self.foreign.buffer_info()[0])

    def take(self, filename: str) -> Module:
        """The module of a file that the host has loaded; the functions and classes that it has made so far enter the VM when called."""
        host, namespace = self.loaded.pop(filename)
        module = self.sources.of_loaded(host, filename)
        self.know(module)
        self.enter(filename, namespace)
        return module

    def enter(self, filename: str, namespace: dict[str, Any]) -> None:
        """The functions and classes that a module has made so far enter the VM when they are called, by whomever."""
        name = namespace.get("__name__")
        for value in self.native.enter(namespace, filename):
            kind = type(value)
            if issubclass(kind, type):
                if attributes.namespace_of(value).get("__module__") == name:
                    attributes.adopt_class(value, filename)
            else:
                attributes.adopt(value, filename)

    def run_by_host(self) -> Iterator[CodeType]:
        """Functions of the program's modules that the host has run though the VM could: Python code of its own called them (3.11 runs
        what it calls by position), or something traced. Not those that the VM has refused, which are known with their reasons.

        The host counts the first calls of a code object.
        """
        hosts = [module.host for rows in self.modules.values() for module in rows]
        refused = {id(record.code) for record in self.records.all if record.reason}
        never = self._calls(_untouched.__code__)
        for host in [*hosts, *(code for code, _ in self.loaded.values())]:
            for code in host_codes(host):
                named = code.co_flags & layout.CO_OPTIMIZED and (not code.co_name.startswith("<") or code.co_name == "<lambda>")
                if named and self._calls(code) != never and id(code) not in refused:
                    yield code

    def _calls(self, code: CodeType) -> int:
        place = id(code) + layout.current()[1]["CODE_WARM_UP"]
        return int(self.native.peek(place & -8)) >> 8 * (place & 7) & 0xffff


def _untouched() -> None:
    """Is never called."""
