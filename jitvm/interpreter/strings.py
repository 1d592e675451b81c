"""f-strings: values, specifications, joining."""
from jitvm.rpython.dialect import *

AS_STR = 1
AS_REPR = 2
AS_ASCII = 3
LONGEST_JOINED = 1073741824


@opcode
def format_value(src: Object, convert: Imm) -> Object:
    if is_type(src, PyUnicode_Type) and convert < AS_REPR:
        return src
    if is_int(src):
        return format_int(int_value(src))
    if is_float(src):
        return format_float(float_value(src))
    if src is _Py_NoneStruct or is_type(src, PyBool_Type):
        return format_singleton(src)
    return format_plain(src, convert)


@helper(raises=True, runs=True)
def format_plain(v: Object, convert: Int) -> New:
    """f"{v}" with a conversion and no specification."""
    if convert == AS_REPR:
        return PyObject_Repr(v)
    if convert == AS_ASCII:
        return PyObject_ASCII(v)
    if convert == AS_STR:
        return PyObject_Str(v)
    return PyObject_Format(v, NULL)


@opcode
def format_spec(src: Object, spec: Object, convert: Imm) -> Object:
    if convert == 0:
        if is_int(src):
            return format_int_spec(int_value(src), spec, cache())
        if is_float(src):
            return format_float_spec(float_value(src), spec, cache())
        if is_type(src, PyUnicode_Type):
            return format_text_spec(src, spec, cache())
    elif convert == DYNAMIC_SPEC:
        if is_int(src):
            return format_int_spec(int_value(src), spec, NULLP)
        if is_float(src):
            return format_float_spec(float_value(src), spec, NULLP)
        if is_type(src, PyUnicode_Type):
            return format_text_spec(src, spec, NULLP)
    return format_with(src, spec, convert & 3)


@helper(raises=True, runs=True)
def format_with(v: Object, spec: Object, convert: Int) -> New:
    """f"{v:spec}" with a conversion."""
    if convert == 0:
        return PyObject_Format(v, spec)
    text = format_plain(v, convert)
    return PyObject_Format(text, spec)


@opcode
def build_string(base: Window, count: Imm) -> Object:
    return join_window(register_pointer(base), count)


@helper(raises=True)
def join_window(window: Ptr, count: Int) -> New:
    """The strings of a window in one."""
    total = 0
    state = COMPACT_ASCII
    i = 0
    while i < count:
        v = load_object(window, i * 8)
        total = total + unicode_length(v)
        state = state & unicode_state(v)
        i = i + 1
    if unlikely((state & COMPACT_ASCII) != COMPACT_ASCII or total > LONGEST_JOINED or formats_off() != 0):
        joined = _PyUnicode_JoinArray(empty_string, window, count)
        drop_registers(window, 0, count)
        return joined
    made = new_text(total)
    to = text_data(made)
    i = 0
    while i < count:
        v = load_object(window, i * 8)
        copy_text(to, text_data(v), unicode_length(v))
        to = to + unicode_length(v)
        store_int(window, i * 8, 0)
        xdecref(v)
        i = i + 1
    return made
