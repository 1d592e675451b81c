"""f-strings: values, specifications, joining."""
from jitvm.rpython.dialect import *

AS_STR = 1
AS_REPR = 2
AS_ASCII = 3


@opcode
def format_value(src: Object, convert: Imm) -> Object:
    if is_type(src, PyUnicode_Type) and convert < AS_REPR:
        return src
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
    return format_with(src, spec, convert)


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
    made = _PyUnicode_JoinArray(empty_string, window, count)
    drop_registers(window, 0, count)
    return made
