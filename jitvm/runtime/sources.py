"""Source files and their bytecode on disk: what the frontend made of a source in an earlier run is not made again."""
from __future__ import annotations

import os
import sys

from jitvm.backend import cache
from jitvm.frontend.module import Module
from jitvm.runtime.stamp import stamp

KIND = "bytecode"
FOLDERS = ("frontend", "spec")


class Sources:
    """Gives the modules of the process, from the cache where it has them; puts into it what was compiled anew."""

    def __init__(self, enabled: bool, iterator_paths: bool = True) -> None:
        self.enabled, self.iterator_paths = enabled, iterator_paths
        self.modules: list[tuple[bytes, Module]] = []
        self.hits = self.misses = 0

    def module(self, source: str | bytes, filename: str, *, warned: bool = False) -> Module:
        """The module of a source text; raises SyntaxError and ValueError as the host's ``compile`` does.

        ``warned``: what the host had to warn of it has warned of already, and will again by itself.
        """
        if not self.enabled:
            return Module(source, filename, iterator_paths=self.iterator_paths)
        key = self._key(source, filename)
        module = None
        try:
            data = cache.load(KIND, key)
            if data is not None:
                module = Module(source, filename, data, iterator_paths=self.iterator_paths)
        except cache.CacheUnavailable:
            self.enabled = False  # the interpreter's loader has said so
        except Exception:
            module = None  # not what this version stores
        if module is None:
            self.misses += 1
            module = Module(source, filename, iterator_paths=self.iterator_paths)
        else:
            self.hits += 1
        if module.quiet or warned:
            self.modules.append((key, module))
        return module

    def _key(self, source: str | bytes, filename: str) -> bytes:
        """All that the result depends on."""
        if isinstance(source, str):
            source = b"s" + source.encode("utf-8", "surrogatepass")
        parts = (stamp(FOLDERS), filename, self.iterator_paths, sys.flags.optimize, sys.flags.int_max_str_digits,
                 sys._xoptions.get("no_debug_ranges"), os.environ.get("PYTHONNODEBUGRANGES"))
        return repr(parts).encode("utf-8", "surrogatepass") + cache.digest(source)

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
