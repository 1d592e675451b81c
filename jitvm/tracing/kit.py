"""The trace kit: what tracing needs of the handlers' source, made when the interpreter is built and kept beside it.

It holds the generated functions, of which those are made that a program's bytecodes need, the handlers' parameters and the helpers'
signatures.
"""
from __future__ import annotations

from jitvm.tracing.machine import ABSTRACT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType
    from typing import Any

    Kit = tuple[dict[str, bytes], dict[str, Any], dict[str, Any]]
else:
    FunctionType = type(lambda: None)


class Generated:
    """The generated functions by name, each made when it is asked for, with those that it calls."""

    def __init__(self, codes: dict[str, bytes], unmarshalled: Callable[[bytes], Any]) -> None:
        self.codes, self.unmarshalled = codes, unmarshalled
        self.made: dict[str, Any] = {"__name__": "jitvm.tracing.generated"}  # whose errors are ours (callbacks.py)

    def __contains__(self, name: str) -> bool:
        return name in self.codes

    def __getitem__(self, name: str) -> Any:
        made = self.made
        if name not in made:
            made[name] = FunctionType(self.unmarshalled(self.codes[name]), made)
            for other in made[name].__code__.co_names:
                if other in self.codes and other not in made:
                    self[other]
        return made[name]


def make() -> Kit:
    """The kit, as values that ``marshal`` writes."""
    from marshal import dumps

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
    whole = compile(source, "<trace generator>", "exec")
    codes = {code.co_name: dumps(code.replace(co_linetable=b"")) for code in whole.co_consts if isinstance(code, type(whole))}
    return codes, parameters, helpers


def load(kit: Kit, unmarshalled: Callable[[bytes], Any]) -> tuple[Generated, dict[str, Any], dict[str, Any]]:
    """Generated functions, parameters by handler, signatures by helper. ``unmarshalled`` is ``marshal.loads``."""
    codes, parameters, helpers = kit
    return Generated(codes, unmarshalled), parameters, helpers
