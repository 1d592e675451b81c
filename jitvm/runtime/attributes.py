"""Functions made by class bodies, which the host runs: they enter the VM also when C code calls them (slots, sort keys, map)."""
from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FunctionType
    from typing import Any

    from jitvm.runtime.context import Native
    from jitvm.runtime.records import Records
else:
    FunctionType = type(lambda: None)
    CodeType = type((lambda: None).__code__)

native: Native | None = None
"""The loaded interpreter, set by the launcher."""
records: Records | None = None
"""All code records, set by the launcher."""
# Not by getattr: a metaclass may have an opinion.
namespace_of = type.__dict__["__dict__"].__get__
qualname_of = type.__dict__["__qualname__"].__get__


def describe(*arguments: Any) -> None:
    """Called by native code with a new class and the function of its body."""
    if len(arguments) == 2:
        adopt_class(arguments[0], arguments[1].__code__)


def adopt_class(kind: Any, body: CodeType) -> None:
    """Sees to the functions of a new class and of classes made within its body."""
    assert records is not None
    if not issubclass(type(kind), type):
        return  # a metaclass that is a function gave something else
    for value in tuple(namespace_of(kind).values()):
        if issubclass(type(value), type):
            for inner in body.co_consts:
                if type(inner) is CodeType and inner.co_qualname == qualname_of(value):
                    adopt_class(value, inner)
        else:
            adopt(value)


def adopt(value: Any) -> None:
    """Makes a function, or those within a method object or property, enter the VM."""
    assert native is not None and records is not None
    kind = type(value)
    if kind is FunctionType:
        if id(value.__code__) in records.by_code:
            native.adopt(value)
    elif kind is staticmethod or kind is classmethod:
        adopt(value.__func__)
    elif kind is property:
        for function in (value.fget, value.fset, value.fdel):
            adopt(function)
    elif "functools" in sys.modules and kind is sys.modules["functools"].cached_property:
        adopt(value.func)
