"""Why a hot loop or function is not compiled, or not any more. ``--stats`` shows the text; the code names it within jitvm.

Why a function runs on the host is the frontend's to say (``REASONS`` in ``jitvm/frontend/code.py``).
"""
from __future__ import annotations

TABLE = {
    "too-long": "the recording is longer than trace_limit ({} bytecodes)",
    "too-many-exits": "more ways through the loop than are kept ({})",
    "left-frame": "the recording left the function it began in",
    "too-deep": "the recording went into a deep recursion",
    "left-loop": "the loop ended while it was recorded",
    "no-progress": "a recompilation brought nothing new: {}",
    "looks": "a recursive function that does what may look at its frames is not compiled as native calls",
    "signature": "a recursive function with cells or star parameters is not compiled as native calls",
    "not-yet": "the function had not run for as long as compiling it takes",
    "short-call": "a short function is compiled as part of what calls it",
    "around": "the loop around it is compiled with it",
    "body": "the body of a module or class is not compiled from its beginning; its loops are",
    "suspended": "a generator or coroutine is compiled as part of the loops that run it",
    "unsupported": "compiled code cannot do this yet: {}",
    "llvm": "LLVM refused the loop: {}",
    "too-dear": "compiling it would have exceeded compile_share so far",
    "ends-soon": "it was to end before compiling it would have paid",
    "too-early": "the program was over, or had little of its time in hot loops, before the compiler was worth loading",
    "host-called": "called by Python code that the host runs, which on this version runs what it calls as well, or while something traced",
    "not-finished": "the program ended before it was compiled",
}
"""By code; ``{}`` stands for a detail."""


def describe(code: str, detail: object = "") -> str:
    """The text for people. Raises KeyError where there is no such code: a reason must be in the table before it is given."""
    return TABLE[code].replace("{}", str(detail))
