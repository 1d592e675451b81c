"""The trace kit: what tracing needs of the handlers' source, made when the interpreter is built and kept beside it.

It holds the generated trace generator as a code object, the handlers' parameters and the helpers' signatures.
"""
from __future__ import annotations

import marshal

from jitvm.tracing.machine import ABSTRACT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def make() -> bytes:
    """The kit, as bytes that ``marshal`` reads."""
    from jitvm.rpython import program, tracegen

    handlers = program.handler_program()
    source = tracegen.generate(handlers, ABSTRACT)
    parameters, helpers = {}, {}
    for function in handlers.functions.values():
        if function.kind == "opcode":
            parameters[function.name] = function.parameters
        elif function.kind == "helper":
            signature = "".join(kind for _, kind in function.parameters)
            helpers[function.name] = (signature, function.result, "raises" in function.flags, "runs" in function.flags,
                                      function.flags & {"quiet", "text"})
    return marshal.dumps((compile(source, "<trace generator>", "exec"), parameters, helpers))


def load(data: bytes) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Generated functions, parameters by handler, signatures by helper."""
    code, parameters, helpers = marshal.loads(data)
    names: dict[str, Any] = {"__name__": "jitvm.tracing.generated"}  # whose errors are ours (callbacks.py)
    exec(code, names)
    return names, parameters, helpers
