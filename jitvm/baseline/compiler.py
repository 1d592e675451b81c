"""From the text of a region to machine code."""
from __future__ import annotations

from jitvm.baseline.blocks import arrange, simplify
from jitvm.baseline.emitter import Emitter
from jitvm.baseline.reader import read
from jitvm.baseline.x86 import Assembler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitvm.backend.elf import Image


def compile_text(text: str) -> Image:
    """The machine code of a text. Raises reader.Unsupported where it has what this compiler does not know."""
    assembler = Assembler()
    for function in read(text):
        arrange(function)
        simplify(function)
        Emitter(function, assembler).run()
    return assembler.image()
