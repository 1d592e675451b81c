"""The whole interpreter as one LLVM module: all handlers, plain and recording, and the functions they need."""
from __future__ import annotations

from pathlib import Path

from jitvm.rpython import reader
from jitvm.rpython.library import Library
from jitvm.rpython.llvm import Emitter
from jitvm.rpython.reader import DialectError, Function, Program
from jitvm.spec.bytecodes import BYTECODES, Bytecode

ATTRIBUTES = 'attributes #0 = { "no-builtins" }\n'
"""Loops that clear a few registers stay loops: no calls of memset."""
METADATA = '!0 = !{!"branch_weights", i32 2000, i32 1}\n!1 = !{!"branch_weights", i32 1, i32 2000}\n!2 = !{!"rsp"}\n'
HANDLERS = Path(__file__).parent.parent / "interpreter"


def handler_program() -> Program:
    """The functions of all handler modules."""
    return reader.read(sorted(p for p in HANDLERS.glob("*.py") if p.name != "__init__.py"))


def handler_of(program: Program, row: Bytecode) -> Function:
    """The handler of a row; DialectError if nobody wrote it."""
    try:
        return program.functions[row.handler]
    except KeyError:
        raise DialectError(f"bytecode {row.name} has no handler {row.handler}") from None


def interpreter_text(program: Program) -> str:
    """LLVM text of the interpreter: op.NAME and rec.NAME for each row, entry points, helpers for traces."""
    library = Library(program.functions, program.constants)
    parts: list[str] = []
    for row in BYTECODES:
        function = handler_of(program, row)
        parts.extend(Emitter(function, library, row, dict(row.template), recording).build() for recording in (False, True))
    rows = {row.handler for row in BYTECODES}
    for function in program.functions.values():
        if function.kind == "control" and function.name not in rows:
            library.need_handler(function.name)
        if function.kind in ("entry", "helper") and not function.templates:
            library.instance(function, {}, False)
    done: set[str] = set()
    while True:
        names = [n for n in library.wanted if n not in done]
        handlers = [n for n in library.handlers if "op." + n not in done]
        if not names and not handlers:
            break
        for name in names:
            done.add(name)
            parts.append(Emitter(library.wanted[name][0], library, None, library.wanted[name][1], library.wanted[name][2]).build())
        for name in handlers:
            done.add("op." + name)
            parts.append(Emitter(program.functions[name], library, None, {}, False).build())
    parts += library.outlines.values()
    return "\n".join(sorted(library.declarations)) + "\n" + "".join(parts) + ATTRIBUTES + METADATA
