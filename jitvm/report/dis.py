"""``jitvm dis script.py``: the register bytecode of a script."""
from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def disassemble(source: bytes, filename: str) -> str:
    """The bytecode of a module and of all its functions, as text. Raises SyntaxError as the host does."""
    from jitvm.frontend import disassembler
    function: Callable[[bytes, str], str] = disassembler.disassemble_source
    return function(source, filename)


def main(path: str) -> int:
    """Prints a script's bytecode. Returns the exit status: 2 if the file cannot be read, 1 for a syntax error."""
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        sys.stderr.write(f"jitvm: can't open file {path!r}: [Errno {error.errno}] {error.strerror}\n")
        return 2
    try:
        sys.stdout.write(disassemble(source, path))
    except (SyntaxError, ValueError) as error:
        error.__traceback__ = None
        sys.excepthook(type(error), error, None)
        return 1
    return 0
