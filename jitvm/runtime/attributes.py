"""How an attribute is found: fills the inline caches of load_attr, store_attr and load_method.

The kinds are those of ``jitvm/interpreter/attributes.py``; the rules are CPython's specialize.c.
"""
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jitvm.runtime.context import Native

INLINE_VALUE, SLOT, METHOD, METHOD_INLINE = 1, 2, 3, 4
HEAP_TYPE, MANAGED_DICT, METHOD_DESCRIPTOR, VALID_VERSION = 1 << 9, 1 << 4, 1 << 17, 1 << 19

native: Native | None = None
"""The loaded interpreter, set by the launcher."""


def describe(*arguments: Any) -> None:
    """Called by native code: (object, name, address of the cache, 0 load / 1 method / 2 store), or (new class,)."""
    if len(arguments) == 1:
        _adopt(arguments[0])
        return
    return None


def _adopt(kind: Any) -> None:
    """The functions in a new class run in the VM also when C code calls them."""
