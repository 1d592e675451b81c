"""C functions whose meaning a region knows: called often, they need no calling convention and run no Python code.

Each entry is keyed by the function object and takes the machine and the arguments; it gives the result, or None where the
arguments are not of the kind that it knows (the call is then made as any other).
"""
from __future__ import annotations

from jitvm.tracing.values import IntValue, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_LIST_FIELDS = ("var_size", "list_items", "list_capacity")
"""What list.append changes, of this list or of one that another name has for it."""


def _list_append(t: Any, values: list[Value]) -> Value | None:
    if len(values) != 2:
        return None
    test = t.type_test(values[0], list)
    if test is False:
        return None
    t.guard(test, True)
    t.call_helper("append_to", *values)
    for key in [key for key in t.state.heap if key[1] in _LIST_FIELDS]:
        del t.state.heap[key]
    return t.constant(None)  # type: ignore[no-any-return]


def _len(t: Any, values: list[Value]) -> Value | None:
    if len(values) != 1 or t.type_of(values[0]) not in (list, tuple, bytes):
        return None
    return IntValue(t.get_field("var_size", values[0]))


INTRINSICS: dict[int, Any] = {id(list.append): _list_append, id(len): _len}
KEEP = (list.append, len)
