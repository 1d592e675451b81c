"""Imports of this package amid the program's own: a trace function, a finaliser or a signal's handler may run while a module's lock is
being acquired, and have us load something.

The host notes for each thread which lock it waits for; an import within another forgets the outer one's note, which then fails with
KeyError (``_ModuleLock.acquire`` of importlib/_bootstrap.py, until 3.12).
"""
from __future__ import annotations

import _frozen_importlib
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_waiting: Any = getattr(_frozen_importlib, "_blocking_on", None)
if type(_waiting) is not dict:  # later hosts take care themselves
    _waiting = {}


def amid(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that may import, called while the program is in an import of its own."""

    def call(*arguments: Any) -> Any:
        thread = get_ident()
        lock = _waiting.get(thread)
        if lock is None:
            return function(*arguments)
        try:
            return function(*arguments)
        finally:
            _waiting[thread] = lock

    return call
