"""Source files and their bytecode on disk: what the frontend made of a source in an earlier run is not made again."""
from __future__ import annotations

import os
import sys

from jitvm.backend import cache
from jitvm.frontend.module import Module
from jitvm.runtime.stamp import stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

KIND = "bytecode"
FOLDERS = ("frontend", "spec")


class Sources:
    """Gives the modules of the process, from the cache where it has them; puts into it what was compiled anew."""

    def __init__(self, enabled: bool, iterator_paths: bool = True) -> None:
        self.enabled, self.iterator_paths = enabled, iterator_paths
        self.modules: list[tuple[bytes, Module]] = []
        self.hits = self.misses = 0
        self._parts = ""

    def module(self, source: str | bytes, filename: str) -> Module:
        """The module of a source text; raises SyntaxError and ValueError as the host's ``compile`` does."""
        text = b"s" + source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
        return self._find(filename, cache.digest(text), lambda stored: Module(
            source, filename, stored, iterator_paths=self.iterator_paths))

    def of_loaded(self, host: CodeType, filename: str) -> Module:
        """The module of code that the host has loaded from a file: what is stored counts whatever the file holds now."""
        return self._find(filename, b"", lambda stored: Module.of_loaded(host, filename, stored, iterator_paths=self.iterator_paths))

    def _find(self, filename: str, digest: bytes, make: Callable[[bytes | None], Module]) -> Module:
        if not self.enabled:
            return make(None)
        key = self._key(filename) + digest
        module = None
        try:
            data = cache.load(KIND, key)
            if data is not None:
                module = make(data)
        except cache.CacheUnavailable:
            self.enabled = False  # the interpreter's loader has said so
        except Exception:
            module = None  # not what this version stores
        if module is None:
            self.misses += 1
            module = make(None)
        else:
            self.hits += 1
        if module.quiet:
            self.modules.append((key, module))
        return module

    def _key(self, filename: str) -> bytes:
        """All that the result depends on but the source."""
        if not self._parts:
            self._parts = repr((stamp(FOLDERS), self.iterator_paths, sys.flags.optimize, sys.flags.int_max_str_digits,
                                sys._xoptions.get("no_debug_ranges"), os.environ.get("PYTHONNODEBUGRANGES")))
        return f"{self._parts}{filename!r}".encode("utf-8", "surrogatepass")

    def save(self) -> None:
        """Stores the modules of which something was compiled in this run. Nothing that goes wrong here shows."""
        for number, (key, module) in enumerate(self.modules):
            if module.fresh:
                module.fresh = 0
                try:
                    cache.store(KIND, key, module.dump())
                except (cache.CacheUnavailable, ValueError):
                    del self.modules[number:]
                    return
