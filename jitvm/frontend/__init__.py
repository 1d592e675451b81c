"""The frontend: Python source to register bytecode, a function at a time, at its first call."""
from __future__ import annotations

from jitvm.frontend.code import CodeUnit, Unsupported
from jitvm.frontend.module import Module

__all__ = ["CodeUnit", "Module", "Unsupported", "parse"]


def parse(source: str | bytes, filename: str) -> Module:
    """Parses ``source`` and compiles it for the host; nothing is compiled to register bytecode yet.

    Raises SyntaxError (and ValueError for null bytes) as the host's ``compile`` does.
    """
    return Module(source, filename)
