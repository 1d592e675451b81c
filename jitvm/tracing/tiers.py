"""When and how well a region is compiled: at once by the baseline compiler, and by LLVM beside the program when that code runs for long.

LLVM compiles the first code as well where the baseline compiler does not know what a text has, and with ``-X tiers=0``. In the program's
own thread it does so where there is one CPU only or somebody wants to see each step (thresholds of 1 and 2, ``-X background=0``). Code
is kept on disk; the next run of the program begins with the best that this one had.
"""
from __future__ import annotations

import posix

from jitvm.backend import cache
from jitvm.backend.elf import PAGE, LoaderError
from jitvm.backend.foreign import Int32, Pointer, bind
from jitvm.baseline.compiler import compile_text
from jitvm.baseline.reader import Unsupported
from jitvm.spec.shared import CONSTANTS
from jitvm.spec.words import array
from jitvm.tracing.emission import WORK, Abort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from jitvm.backend.elf import Image
    from jitvm.backend.llvm import Compiler
    from jitvm.backend.worker import Job, Worker

SECONDS_PER_LINE, SECONDS_AT_LEAST = 250e-6, 0.15
"""A region is compiled well when its first code was seen to run for so long: by lines of the text, and for opening LLVM's library. LLVM's
code is up to a seventh faster, seldom more; making it takes 40 microseconds a line on another CPU (and 25 milliseconds the first time),
which slows the program by half of that where CPUs share a core. So it is begun when as much was lost (the ski rental rule): programs that
end sooner never pay."""
BASELINE = -1
"""The level of code that the baseline compiler has made."""
UNLIMITED = (1 << 64) - 1
_getrlimit = bind("getrlimit", Int32, Int32, Pointer)
ROOM = 1 << 30
"""Bytes of address space without which LLVM is not begun with: where it finds no memory it ends the process."""


def lacks_room() -> bool:
    """Whether the address space of the process has a limit that is near."""
    limits = array("Q", bytes(16))
    if _getrlimit(CONSTANTS["LIMIT_AS"], limits.buffer_info()[0]) or limits[0] == UNLIMITED:
        return False
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(limits[0]) - int(file.read().split()[0]) * PAGE < ROOM


class Store:
    """Machine code on disk, found by the text that it was made of: nothing in the text is an address, so it fits every process.

    What is compiled is kept until the program ends, and then written.
    """

    def __init__(self, key: bytes, used: bool) -> None:
        self.key, self.used = key, used
        self.fresh: dict[bytes, bytes | Image] = {}
        self.hits = self.misses = 0

    def load(self, text: str) -> bytes | None:
        """The object of a text, if it was kept before."""
        if not self.used:
            return None
        try:
            data: bytes | None = cache.load("trace", self.key_of(text))
            return data
        except cache.CacheUnavailable:
            self.used = False
            return None

    def keep(self, text: str, data: bytes | Image) -> None:
        """Notes an object, to be written at the end."""
        if self.used:
            self.fresh[self.key_of(text)] = data

    def drop(self, text: str) -> None:
        """An object need not be written: there is a better one."""
        if self.used:
            self.fresh.pop(self.key_of(text), None)

    def key_of(self, text: str) -> bytes:
        """What the object of a text is kept under."""
        return self.key + cache.digest(text.encode())

    def save(self) -> None:
        """Writes what is new. A cache that cannot be written costs the next run time, nothing else."""
        try:
            while self.fresh:
                key, data = self.fresh.popitem()
                cache.store("trace", key, data if isinstance(data, bytes) else data.to_bytes())
        except cache.CacheUnavailable:
            self.fresh = {}


class Build:
    """One replay of a region on its way to machine code: ``number`` counts those of a root once they are in place."""

    __slots__ = ("counting", "externals", "job", "level", "number", "region", "root", "text", "work")

    def __init__(self, root: Any, region: Any, text: str) -> None:
        self.root, self.region, self.counting = root, region, text
        self.text = "\n".join([line for line in text.split("\n") if not line.endswith(WORK)])
        self.work = array("Q", bytes(8))
        self.externals: dict[str, int] = {}
        self.job: Job | None = None
        self.number = 0
        self.level = 0


class Tiers:
    """The builds under way. ``place`` puts code in place, ``rearm`` hears of builds that a fork has lost."""

    def __init__(self, native: Any, settings: Any, key: bytes, place: Callable[[Build, bytes | Image], None],
                 rearm: Callable[[Any], None]) -> None:
        self.settings, self.place, self.rearm = settings, place, rearm
        self.best: int = settings.codegen
        self.beside = settings.beside()
        self.store = Store(key, settings.cache and settings.tiers)
        self.native = native
        self._worker: Worker | None = None
        self._compiler: Compiler | None = None
        self.builds: list[Build] = []
        posix.register_at_fork(after_in_child=self.forget)

    @property
    def worker(self) -> Worker:
        """LLVM beside the program. Most programs never need it."""
        if self._worker is None:
            from jitvm.backend.worker import Worker

            self._worker = Worker(self.native, yields=bool(self.settings.tiers))
        return self._worker

    @property
    def compiler(self) -> Compiler:
        """LLVM in the program's own thread."""
        if self._compiler is None:
            from jitvm.backend.llvm import Compiler

            self._compiler = Compiler(self.best)
        return self._compiler

    def object_bytes(self, text: str) -> bytes:
        """What LLVM makes of a text in the program's own thread. Raises Abort where it refuses it."""
        from jitvm.backend.llvm import LLVMError

        try:
            return self.compiler.object_bytes(text, verify=bool(self.settings.verify))
        except LLVMError as error:
            raise Abort("llvm", str(error)) from None

    def assembly(self, text: str) -> str:
        """What LLVM makes of a text, for people."""
        from jitvm.backend.llvm import LLVMError

        try:
            return self.compiler.assembly(text)
        except LLVMError as error:
            return str(error)

    def compile(self, build: Build) -> None:
        """The first code of a build. Raises Abort where LLVM compiles it at once and refuses it."""
        root = build.root
        for other in self.builds:
            if other.root is root and other.job is not None:
                other.job.cancel()
        self.builds = [other for other in self.builds if other.root is not root]
        root.pending = None
        if not self.from_disk(build) and not self.by_baseline(build):
            self.by_llvm(build)

    def by_baseline(self, build: Build) -> bool:
        """Code of the baseline compiler."""
        if not self.settings.tiers:
            return False
        if self.settings.verify:
            self.object_bytes(build.counting)
        try:
            image = compile_text(build.counting)
        except Unsupported:
            return False
        build.level = BASELINE
        self.keep(build, image)
        self.place(build, image)
        self.improve(build)
        return True

    def by_llvm(self, build: Build) -> None:
        """LLVM's code, as good as it will be."""
        if lacks_room():
            raise Abort("llvm", "little is left of the address space, which has a limit")
        build.level = self.best
        if self.beside:
            build.job = self.post(build)
        if build.job is not None:
            build.root.pending = build
            self.builds.append(build)
            return
        data = self.object_bytes(build.text)
        self.keep(build, data)
        self.place(build, data)

    def from_disk(self, build: Build) -> bool:
        """Puts what an earlier run has kept in place: LLVM's code, else the baseline compiler's."""
        known, level = self.store.load(build.text), self.best
        if known is None:
            known, level = self.store.load(build.counting), BASELINE
        if self.store.used:
            self.store.hits += known is not None
            self.store.misses += known is None
        if known is None:
            return False
        build.level = level
        self.place(build, known)
        self.improve(build)
        return True

    def post(self, build: Build, *, work: int = 0, need: float = 0.0) -> Job | None:
        """Has LLVM compile a build beside the program; None where it cannot: there is no library, no thread, or no room in the queue."""
        from jitvm.backend.llvm import LLVMError

        try:
            return self.worker.post(build.text, self.best, work=work, need=need)
        except LLVMError:
            return None

    def improve(self, build: Build) -> None:
        """Has better code made later on."""
        if self.best and build.level < self.best and not lacks_room():
            build.level = self.best
            need = SECONDS_AT_LEAST + SECONDS_PER_LINE * build.text.count("\n")
            build.job = self.post(build, work=build.work.buffer_info()[0], need=need)
            if build.job is not None:
                self.builds.append(build)

    def collect(self) -> None:
        """Puts what the worker has finished in place."""
        for build in [build for build in self.builds if build.job is not None and build.job.done]:
            self.builds.remove(build)
            data = self.taken(build)
            build.job = None
            root = build.root
            if root.pending is build:
                root.pending = None
            if data is None and not build.number:
                root.final, root.reason, root.detail = True, "llvm", "its library cannot be used, or refused the text"
            if data is None or root.final or (build.number and build.number != root.builds):
                continue
            self.keep(build, data)
            try:
                self.place(build, data)
            except LoaderError as error:
                root.detail = str(error)

    def forget(self) -> None:
        """In the child of a fork: what was under way in the parent is lost."""
        for build in self.builds:
            build.root.pending = None
            self.rearm(build.root)
        self.builds = []

    def close(self) -> None:
        """At exit: nothing more is begun, and nothing of the program is kept alive. Good code under way is kept for the next run."""
        if self._worker is not None:
            self._worker.close(wait=self.store.used)
        for build in self.builds:
            build.root.pending = None
            data = self.taken(build) if build.job is not None and build.job.done else None
            if data is not None:
                self.keep(build, data)
        self.builds = []
        self.store.save()

    def keep(self, build: Build, data: bytes | Image) -> None:
        """Keeps an object for the next run: the best one of a build."""
        if build.level == self.best:
            self.store.drop(build.counting)
            self.store.keep(build.text, data)
        else:
            self.store.keep(build.counting, data)

    def taken(self, build: Build) -> bytes | None:
        """The object of a build whose job is done; None if LLVM refused the text."""
        assert build.job is not None
        return self.worker.take(build.job)
