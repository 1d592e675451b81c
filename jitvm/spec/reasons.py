"""The table of reasons: why a loop was not compiled, why compiled code was left, why a function runs on the host.

Every such event names a row of this table by its code; nothing happens without a reason, and no reason is written elsewhere.
"""
from __future__ import annotations

ABORT = "abort"
"""A recording or a compilation was given up."""
EXIT = "exit"
"""Compiled code was left for the interpreter."""
HOST = "host"
"""A function, a call or a whole run is executed by CPython."""


class Reason:
    """One row: the kind, a short stable code, a text for people (``{}`` stands for a detail), and two properties.

    ``final``: trying again cannot help. ``counts``: an exit counts towards compiling it in, an abort towards giving up.
    """

    __slots__ = ("code", "counts", "final", "kind", "text")

    def __init__(self, kind: str, code: str, text: str, *, final: bool = False, counts: bool = True) -> None:
        self.kind = kind
        self.code = code
        self.text = text
        self.final = final
        self.counts = counts

    def describe(self, detail: object = "") -> str:
        """The text for people, with its detail filled in."""
        return self.text.replace("{}", str(detail))

    def __repr__(self) -> str:
        return f"<{self.kind} {self.code}>"


TABLE = (
    Reason(ABORT, "too-long", "the recording is longer than trace_limit ({} bytecodes)"),
    Reason(ABORT, "too-deep", "calls are nested deeper than inline_depth ({})"),
    Reason(ABORT, "too-many-exits", "more ways through the loop than are kept ({})"),
    Reason(ABORT, "left-frame", "the recording left the function it began in"),
    Reason(ABORT, "left-loop", "the loop ended while it was recorded"),
    Reason(ABORT, "no-progress", "a recompilation brought nothing new: {}", final=True),
    Reason(ABORT, "bytecode", "bytecode {} cannot be compiled yet", final=True),
    Reason(ABORT, "looks", "a recursive function that does what may look at its frames is not compiled as native calls", final=True),
    Reason(ABORT, "signature", "a recursive function with cells or star parameters is not compiled as native calls", final=True),
    Reason(ABORT, "unsupported", "compiled code cannot do this yet: {}"),
    Reason(ABORT, "raised", "an exception left the loop while it was recorded: {}"),
    Reason(ABORT, "suspended", "a generator was suspended while it was recorded"),
    Reason(ABORT, "traced", "a trace or profile function was set", counts=False),
    Reason(ABORT, "polled", "a signal or another thread interrupted the recording", counts=False),
    Reason(ABORT, "nested", "another recording was under way", counts=False),
    Reason(ABORT, "memory", "the bound on code memory is reached ({} MiB)", counts=False),
    Reason(ABORT, "llvm", "LLVM refused the loop: {}", final=True),
    Reason(ABORT, "no-llvm", "LLVM cannot be loaded: {}", final=True),
    Reason(ABORT, "no-executable-memory", "the system gives no executable memory", final=True),
    Reason(ABORT, "blacklisted", "given up after {} failed recordings", final=True),
    Reason(ABORT, "jit-off", "compilation is switched off", final=True, counts=False),
    Reason(ABORT, "too-dear", "compiling it would have exceeded compile_share so far", counts=False),
    Reason(ABORT, "not-finished", "the program ended before it was compiled", counts=False),
    Reason(ABORT, "internal", "internal error: {}", final=True),

    Reason(EXIT, "branch", "a condition went the other way"),
    Reason(EXIT, "type", "a value of another type"),
    Reason(EXIT, "value", "another value, callee or definition than recorded"),
    Reason(EXIT, "overflow", "an integer no longer fits in 64 bits"),
    Reason(EXIT, "bounds", "an index outside of its sequence"),
    Reason(EXIT, "loop-end", "the loop ended"),
    Reason(EXIT, "raised", "an exception was raised"),
    Reason(EXIT, "unbound", "a name without a value"),
    Reason(EXIT, "globals", "a global or builtin was changed"),
    Reason(EXIT, "poll", "a signal or another thread wants to run", counts=False),
    Reason(EXIT, "better-code", "better code for the loop is ready", counts=False),
    Reason(EXIT, "stack", "the C stack runs low", counts=False),
    Reason(EXIT, "forced", "forced by a test", counts=False),

    Reason(HOST, "unsupported", "{} is not supported yet", final=True),
    Reason(HOST, "no-source", "there is no source text", final=True),
    Reason(HOST, "not-taken", "not the script's own code", final=True),
    Reason(HOST, "too-large", "the function is too large ({})", final=True),
    Reason(HOST, "traced", "a trace or profile function is set"),
    Reason(HOST, "called-by-host", "called by code that runs on the host"),
    Reason(HOST, "layout", "the object layout of this Python is unknown: {}", final=True),
    Reason(HOST, "platform", "this machine is not supported: {}", final=True),
    Reason(HOST, "no-executable-memory", "the system gives no executable memory", final=True),
    Reason(HOST, "no-interpreter", "the interpreter cannot be built: {}", final=True),
)
"""All reasons. A code is unique within its kind."""

_ROWS = {(row.kind, row.code): row for row in TABLE}


def reason(kind: str, code: str) -> Reason:
    """The row of a code. Raises KeyError where there is none: a reason must be in the table before it is given."""
    return _ROWS[kind, code]


def abort(code: str) -> Reason:
    """The abort reason of that code."""
    return _ROWS[ABORT, code]


def exit_reason(code: str) -> Reason:
    """The exit reason of that code."""
    return _ROWS[EXIT, code]


def host(code: str) -> Reason:
    """The host reason of that code."""
    return _ROWS[HOST, code]
