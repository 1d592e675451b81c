"""f-strings: values, specifications, joining."""
from jitvm.rpython.dialect import *

AS_STR = 1
AS_REPR = 2
AS_ASCII = 3
LONGEST_JOINED = 1073741824
SPACES = 2314885530818453536
QUOTES = 2821266740684990247
BACKSLASHES = 6655295901103053916
DELETES = 9187201950435737471


@opcode
def format_value(src: Object, convert: Imm) -> Object:
    if is_type(src, PyUnicode_Type):
        if convert < AS_REPR:
            return src
        return text_repr(src, convert)
    if is_int(src):
        return format_int(int_value(src))
    if is_float(src):
        return format_float(float_value(src))
    if src is _Py_NoneStruct or is_type(src, PyBool_Type):
        return format_singleton(src)
    return format_plain(src, convert)


@helper(raises=True, quiet=True, text=True)
def text_repr(v: Object, convert: Int) -> New:
    """repr or ascii of an exact string."""
    if is_ascii(v) and formats_off() == 0:
        made = quoted(v)
        if likely(not is_null(made)):
            return made
    if convert == AS_ASCII:
        return PyObject_ASCII(v)
    return PyObject_Repr(v)


@helper(quiet=True)
def quoted(v: Object) -> New:
    """An ASCII string in quotes; null where it has quotes, backslashes or characters that cannot be printed."""
    text = text_data(v)
    length = unicode_length(v)
    i = 0
    while i < length:
        word = load_word(text + i)
        if length - i < 8:
            inside = (1 << ((length - i) << 3)) - 1
            word = (word & inside) | (SPACES & (inside ^ -1))
        changed = bytes_equal(word, QUOTES) | bytes_equal(word, BACKSLASHES) | bytes_equal(word, DELETES)
        if (changed | ((word - SPACES) & (word ^ -1) & TOPS)) != 0:
            return NULL
        i = i + 8
    made = new_text(length + 2)
    store_byte(text_data(made), 0, 39)
    copy_text(text_data(made) + 1, text, length)
    store_byte(text_data(made), length + 1, 39)
    return made


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
