"""The interpreter's machine code: from disk, or translated and compiled now."""
from __future__ import annotations

import sys

from jitvm.backend import cache, elf
from jitvm.backend.foreign import address_of
from jitvm.runtime.stamp import code_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FOLDERS = ("interpreter", "rpython", "spec")
"""What it is made of."""
code: elf.Loaded | None = None
"""Where it is, once it was found."""


def find() -> elf.Loaded | None:
    """The code that is on disk, if it is. Raises cache.CacheUnavailable, elf.LoaderError."""
    global code
    if code is None:
        region = elf.Region()
        data = cache.taken("interpreter", code_stamp(FOLDERS), region.take)
        if isinstance(data, memoryview):
            code = elf.load_in_place(region, data, _externals())
        else:
            region.free()
    return code


def load(kept: Callable[[], None]) -> elf.Loaded:
    """The code, built if it has to be; ``kept`` is called where it is on disk then. Raises elf.LoaderError, backend.llvm.LLVMError."""
    global code
    warning = ""
    try:
        find()
    except cache.CacheUnavailable as error:
        warning = str(error)
    if code is None:
        print("jitvm: building the interpreter for this machine (once, a few seconds) ...", file=sys.stderr, flush=True)
        data = _build()
        code = elf.load(data, _externals())
        try:
            cache.store("interpreter", code_stamp(FOLDERS), data)
            kept()
        except cache.CacheUnavailable as error:
            warning = str(error)
    if warning:
        print(f"jitvm: warning: the interpreter is not kept on disk: {warning}", file=sys.stderr)
    return code


def _externals() -> dict[str, int]:
    return {name: address_of(name) for name in ("memset", "memcpy", "memmove")}


def _build() -> bytes:
    """Translates and compiles the interpreter; an image's bytes."""
    from jitvm.backend.linker import link
    from jitvm.backend.llvm import Compiler
    from jitvm.rpython import program

    return link(Compiler(1).object_bytes(program.interpreter_text(program.handler_program()), passes=1)).to_bytes()
