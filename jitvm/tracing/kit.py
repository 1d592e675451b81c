"""The trace kit: what tracing needs of the handlers' source, made when the interpreter is built and kept beside it.

It holds the generated functions, of which those are made that a program's bytecodes need, the handlers' parameters and the helpers'
signatures.
"""
from __future__ import annotations

from jitvm.tracing.machine import ABSTRACT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FunctionType
    from typing import Any

    Pairs = tuple[tuple[str, Any], ...]
    Kit = tuple[tuple[CodeType, ...], Pairs, Pairs]
else:
    FunctionType = type(lambda: None)


class Generated:
    """The generated functions by name, each made when it is asked for, with those that it calls."""

    def __init__(self, codes: dict[str, CodeType]) -> None:
        self.codes = codes
        self.made: dict[str, Any] = {"__name__": "jitvm.tracing.generated"}  # whose errors are ours (callbacks.py)

    def __contains__(self, name: str) -> bool:
        return name in self.codes

    def __getitem__(self, name: str) -> Any:
        made = self.made
        if name not in made:
            made[name] = FunctionType(self.codes[name], made)
            for other in made[name].__code__.co_names:
                if other in self.codes and other not in made:
                    self[other]
        return made[name]


def make() -> Kit:
    """The kit, as values that can be frozen."""
    from jitvm.rpython import program, tracegen

    handlers = program.handler_program()
    source = tracegen.generate(handlers, ABSTRACT)
    parameters, helpers = [], []
    for function in handlers.functions.values():
        if function.kind == "opcode":
            parameters.append((function.name, tuple(map(tuple, function.parameters))))
        elif function.kind == "helper":
            signature = "".join(kind for _, kind in function.parameters)
            row = signature, function.result, "raises" in function.flags, "runs" in function.flags, function.flags & {"quiet", "text"}
            helpers.append((function.name, row))
    whole = compile(source, "<trace generator>", "exec")
    codes = tuple([code.replace(co_linetable=b"") for code in whole.co_consts if isinstance(code, type(whole))])
    return codes, tuple(parameters), tuple(helpers)


def load(kit: Kit) -> tuple[Generated, dict[str, Any], dict[str, Any]]:
    """Generated functions, parameters by handler, signatures by helper."""
    codes, parameters, helpers = kit
    return Generated({code.co_name: code for code in codes}), dict(parameters), dict(helpers)
