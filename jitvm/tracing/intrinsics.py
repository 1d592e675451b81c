"""C functions and types whose calls a region knows the meaning of: called often, they need no calling convention and run no Python code.

Each entry is keyed by the function object and takes the machine, the arguments and the names of the last ones; it gives the result, or
None where the arguments are not of the kind that it knows (the call is then made as any other).
"""
from __future__ import annotations

from jitvm.tracing.emission import MIN64
from jitvm.tracing.emission import number as number_text
from jitvm.tracing.values import F64, I64, BoolValue, Const, FloatValue, IntValue, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_LIST_FIELDS = ("var_size", "list_items", "list_capacity")
"""What list.append changes, of this list or of one that another name has for it."""


def _list_append(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
    if len(values) != 2 or names:
        return None
    test = t.type_test(values[0], list)
    if test is False:
        return None
    t.guard(test, True)
    t.call_helper("append_to", *values)
    for key in [key for key in t.state.heap if key[1] in _LIST_FIELDS]:
        del t.state.heap[key]
    return t.constant(None)  # type: ignore[no-any-return]


_SIZES = {list: "var_size", tuple: "var_size", bytes: "var_size", str: "unicode_length", dict: "dict_used", set: "set_used",
          frozenset: "set_used"}


def _len(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
    if len(values) != 1 or names:
        return None
    kind = t.type_of(values[0])
    if kind is not None:
        return IntValue(t.get_field(_SIZES[kind], values[0])) if kind in _SIZES else None
    size = t.call_helper("simple_length", values[0])
    return IntValue(size) if t.holds(t.compare("ge", size, 0)) else None


def _abs(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
    if len(values) != 1 or names:
        return None
    if isinstance(values[0], IntValue) and t.holds(t.compare("ne", values[0].number, MIN64)):
        number = values[0].number
        return IntValue(t.select(t.compare("lt", number, 0), t.neg(number), number))
    if isinstance(values[0], FloatValue):
        t.declared.add("declare double @llvm.fabs.f64(double)")
        return FloatValue(F64(t.pure(f"call double @llvm.fabs.f64(double {number_text(values[0].number)})")))
    return None


def _extreme(name: str) -> Any:
    """min or max of two ints, or of two floats: the second one only where it is really less, or greater."""
    def meaning(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
        if len(values) != 2 or names:
            return None
        first, second = values
        if isinstance(first, IntValue) and isinstance(second, IntValue):
            return IntValue(t.select(t.compare(name, second.number, first.number), second.number, first.number))
        if isinstance(first, FloatValue) and isinstance(second, FloatValue):
            test, texts = t.compare(name, second.number, first.number), [number_text(v.number) for v in (second, first)]
            if isinstance(test, bool):
                return second if test else first
            return FloatValue(F64(t.pure(f"select i1 {test}, double {texts[0]}, double {texts[1]}")))
        return None
    return meaning


def _str(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
    if len(values) != 1 or names:
        return None
    if isinstance(values[0], IntValue):
        return t.call_helper("format_int", values[0].number)  # type: ignore[no-any-return]
    if isinstance(values[0], FloatValue):
        return t.call_helper("format_float", values[0].number)  # type: ignore[no-any-return]
    return values[0] if t.type_of(values[0]) is str else None


def _repr(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
    if len(values) == 1 and not names and t.type_of(values[0]) is str:
        return t.call_helper("text_repr", values[0], 0)  # type: ignore[no-any-return]
    return _str(t, values, names)


def _float(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
    if len(values) != 1 or names:
        return None
    if isinstance(values[0], IntValue):
        return FloatValue(t.as_float(values[0].number))
    return values[0] if isinstance(values[0], FloatValue) else None


def _int(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
    if len(values) != 1 or names:
        return None
    if isinstance(values[0], FloatValue) and isinstance(values[0].number, F64):
        x = values[0].number
        if t.holds(t.both(t.compare("lt", x, 4e18), t.compare("gt", x, -4e18))):
            return IntValue(I64(t.pure(f"fptosi double {x} to i64")))
    return values[0] if isinstance(values[0], IntValue) else None


def _isinstance(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
    if len(values) != 2 or names or not isinstance(values[1], Const) or type(values[1].object) is not type:
        return None
    kind = t.type_of(values[0])
    return BoolValue(issubclass(kind, values[1].object)) if kind is not None and not kind.__flags__ & 1 << 9 else None


def _range(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
    if not 1 <= len(values) <= 3 or names or any(t.type_of(value) is not int for value in values):
        return None
    made: Value = t.call_helper("made_range", *values, *[t.NULL] * (3 - len(values)), len(values))
    t.state.types[made.name] = range  # type: ignore[attr-defined]
    return made


def _str_format(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
    return t.format_call(values, names)  # type: ignore[no-any-return]


def _format(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
    return t.format_with_spec(*values) if len(values) == 2 and not names else None


def _next(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
    return t.next_of(values[0]) if len(values) == 1 and not names and not t.state.level else None


def _super(t: Any, values: list[Value], names: tuple[str, ...]) -> Value | None:
    return t.own_super() if not values and not names else None


_FUNCTIONS: dict[Any, Any] = {
    list.append: _list_append, len: _len, str.format: _str_format, format: _format, abs: _abs, min: _extreme("lt"), max: _extreme("gt"),
    str: _str, repr: _repr, range: _range, float: _float, int: _int, isinstance: _isinstance,
    next: _next, super: _super}
INTRINSICS = {id(function): meaning for function, meaning in _FUNCTIONS.items()}
