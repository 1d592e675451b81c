"""The standard ``array``, imported without the package ``collections`` (2 ms), of which it only wants the abstract classes.

Those are loaded in any case, as ``_collections_abc``; ``array`` asks for them by that package's name.
"""
from __future__ import annotations

import _collections_abc
import sys

if "collections" in sys.modules or "threading" in sys.modules:
    from array import array
else:
    _names = ("collections", "collections.abc")
    sys.modules.update(dict.fromkeys(_names, _collections_abc))
    try:
        from array import array
    finally:
        for _name in _names:
            del sys.modules[_name]

__all__ = ["array"]
