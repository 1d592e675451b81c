"""``jitvm dis script.py``: the register bytecode of a script."""
from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType


def disassemble(source: bytes | str, filename: str) -> str:
    """The bytecode of a module and of all its functions and classes, as text; of what runs on the host, the reason.

    Raises SyntaxError as the host does.
    """
    from jitvm.frontend.code import Unsupported
    from jitvm.frontend.disassembler import disassemble as listing
    from jitvm.frontend.module import Module
    module = Module(source, filename)
    parts = []
    for code in _codes(module.host):
        head = f"{code.co_qualname}, {filename}:{code.co_firstlineno}"
        try:
            unit = module.unit(code)
        except Unsupported as refusal:
            parts.append(f"{head}, runs on the host: {refusal}\n")
        else:
            parts.append(f"{head}, {unit.registers} registers\n{listing(unit, code)}")
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and all those inside it, in the order of the source."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            yield from _codes(constant)


def main(path: str) -> int:
    """Prints a script's bytecode. Returns the exit status: 2 if the file cannot be read, 1 for a syntax error."""
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        sys.stderr.write(f"jitvm: can't open file {path!r}: [Errno {error.errno}] {error.strerror}\n")
        return 2
    try:
        text = disassemble(source, path)
    except (SyntaxError, ValueError) as error:
        sys.__excepthook__(type(error), error.with_traceback(None), None)
        return 1
    sys.stdout.write(text)
    return 0
