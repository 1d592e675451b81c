"""Functions made by class bodies, which the host runs: they enter the VM also when C code calls them (slots, sort keys, map)."""
from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType
    from typing import Any

    from jitvm.runtime.context import Native
else:
    FunctionType = type(lambda: None)

native: Native | None = None
"""The loaded interpreter, set by the launcher."""
WRAPPERS = 8
"""How many functions within each other (functools.wraps) are looked at."""
# Not by getattr: a metaclass may have an opinion.
namespace_of = type.__dict__["__dict__"].__get__
qualname_of = type.__dict__["__qualname__"].__get__


def describe(*arguments: Any) -> None:
    """Called by native code with a new class and the function of its body."""
    if len(arguments) == 2:
        adopt_class(arguments[0], arguments[1].__code__.co_filename)


def adopt_class(kind: Any, filename: str) -> None:
    """Sees to the functions of a class that a file's code has made, and to those of classes made within its body."""
    assert native is not None
    if not issubclass(type(kind), type):
        return  # a metaclass that is a function gave something else
    members = namespace_of(kind)
    for value in native.enter(kind, filename):
        if issubclass(type(value), type):
            if value is not kind and namespace_of(value).get("__module__") == members.get("__module__") \
                    and qualname_of(value).startswith(qualname_of(kind) + "."):
                adopt_class(value, filename)
        else:
            adopt(value, filename)


def adopt(value: Any, filename: str, depth: int = 0) -> None:
    """Makes a function of a file's code, or those within a wrapper, method object or property, enter the VM."""
    assert native is not None
    kind = type(value)
    if kind is FunctionType:
        if value.__code__.co_filename == filename:
            native.adopt(value)
        if "<locals>" in value.__code__.co_qualname:  # not of each: who asks for the dict of attributes has it made
            wrapped = value.__dict__.get("__wrapped__")
            if depth < WRAPPERS and type(wrapped) is FunctionType:
                adopt(wrapped, filename, depth + 1)
    elif kind is staticmethod or kind is classmethod:
        adopt(value.__func__, filename)
    elif kind is property:
        for function in (value.fget, value.fset, value.fdel):
            adopt(function, filename)
    elif "functools" in sys.modules:
        functools = sys.modules["functools"]
        if kind is functools.cached_property:
            adopt(value.func, filename)
        elif kind is functools._lru_cache_wrapper:
            adopt(value.__wrapped__, filename)
