"""The names of restricted Python, for readers and linters: the translators know their meaning, nothing here is ever called.

See docs/RPYTHON.md.
"""
from __future__ import annotations

from typing import Any


def _mark(*_arguments: Any, **_flags: Any) -> Any:
    return lambda function: function


def __getattr__(_name: str) -> Any:
    return _mark
