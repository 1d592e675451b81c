"""str.format with an ASCII template, and format(): values of exact ints, floats, strings, None and truth values, by plans.

Nothing here runs Python code: where a field, a specification or a value is of another kind, all is left to the host from the start.
"""
from jitvm.rpython.dialect import *

MOST_FIELDS = 14
OPENING = 8897841259083430779
CLOSING = 9042521604759584125
ONES = 72340172838076673
TOPS = -9187201950435737472
FIELD_VALUE = 0
FIELD_END = 8
FIELD_NEXT = 16


@helper(raises=True, runs=True)
def format_object(callee: Object, arguments: Ptr, count: Int) -> New:
    """format(value, spec)."""
    if count == 2:
        v = load_object(arguments, 0)
        spec = load_object(arguments, 8)
        if type_pointer(spec) is PyUnicode_Type and formats_off() == 0:
            if is_int(v):
                return format_int_spec(int_value(v), spec, NULLP)
            if is_float(v):
                return format_float_spec(float_value(v), spec, NULLP)
            if type_pointer(v) is PyUnicode_Type:
                return format_text_spec(v, spec, NULLP)
    return call_fast(def_function(cfunction_def(callee)), cfunction_self(callee), arguments, count)


@helper(raises=True, runs=True)
def format_template(callee: Object, arguments: Ptr, count: Int, names: Object) -> New:
    """template.format(...); the first argument is the template, the last ones have ``names``, if there are any."""
    if count > 0:
        template = load_object(arguments, 0)
        if type_pointer(template) is PyUnicode_Type and formats_off() == 0:
            if is_ascii(template) and are_simple(arguments, count, names):
                made = fill_template(template, arguments, count, names)
                if likely(not is_null(made)):
                    return made
    return PyObject_Vectorcall(callee, arguments, count, names)


@helper(quiet=True)
def are_simple(arguments: Ptr, count: Int, names: Object) -> Bool:
    """Whether all values are of the kinds that are formatted here."""
    total = count
    if not is_null(names):
        total = count + var_size(names)
    i = 1
    while i < total:
        v = load_object(arguments, i * 8)
        kind = type_pointer(v)
        if kind is not PyLong_Type and kind is not PyUnicode_Type and kind is not PyFloat_Type:
            if kind is not PyBool_Type and v is not _Py_NoneStruct:
                return False
        i = i + 1
    return True


@helper(quiet=True, text=True)
def fill_template(template: Object, arguments: Ptr, count: Int, names: Object) -> New:
    """The filled template; null where this is the host's."""
    pieces = local16()
    field = local4()
    text = text_data(template)
    length = unicode_length(template)
    store_int(field, FIELD_NEXT, 0)
    made = 0
    total = 0
    start = 0
    i = 0
    while made < MOST_FIELDS:
        while i + 8 <= length and (bytes_equal(load_word(text + i), OPENING) | bytes_equal(load_word(text + i), CLOSING)) == 0:
            i = i + 8
        while i < length and load_byte(text, i) != 123 and load_byte(text, i) != 125:
            i = i + 1
        brace = select(i < length, load_byte(text, i), 0)
        double = as_int(brace != 0 and load_byte(text, i + 1) == brace)
        if i + double > start:
            if brace == 0 and start == 0:
                return template
            literal = new_text(i + double - start)
            copy_text(text_data(literal), text + start, i + double - start)
            total = total + (i + double - start)
            store_pointer(pieces, made * 8, disown(literal))
            made = made + 1
        if brace == 0:
            if made == 0 or total == 1:
                break
            last = load_object(pieces, (made - 1) * 8)
            if start == length and unicode_length(last) == total:
                incref(last)
                whole = owned(last)
                drop_registers(pieces, 0, made)
                return whole
            return join_window(pieces, made)
        if double != 0:
            i = i + 2
            start = i
        else:
            piece = NULL
            if brace == 123:
                piece = fill_field(text, i + 1, field, arguments, count, names)
            if is_null(piece):
                break
            store_pointer(pieces, made * 8, as_pointer(piece))
            made = made + 1
            total = total + unicode_length(piece)
            start = load_int(field, FIELD_END)
            i = start
    drop_registers(pieces, 0, made)
    return NULL


@primitive
def bytes_equal(word: Int, pattern: Int) -> Int:
    """Not 0 if one of a word's bytes is as that of the pattern."""
    difference = word ^ pattern
    return (difference - ONES) & (difference ^ -1) & TOPS


@helper(quiet=True)
def fill_field(text: Ptr, start: Int, field: Ptr, arguments: Ptr, count: Int, names: Object) -> Object:
    """The text of the field whose name begins at ``start``, a reference of the caller's; where it ends is put into ``field``."""
    if not find_value(text, start, field, arguments, count, names):
        return NULL
    v = load_object(field, FIELD_VALUE)
    i = load_int(field, FIELD_END)
    convert = 0
    if load_byte(text, i) == 33:
        letter = load_byte(text, i + 1)
        convert = select(letter == 115, AS_STR, select(letter == 114, AS_REPR, select(letter == 97, AS_ASCII, -1)))
        if convert < 0:
            return NULL
        i = i + 2
    plan = 0
    if load_byte(text, i) == 58:
        i = i + 1
        end = i
        while load_byte(text, end) != 125 and load_byte(text, end) != 123 and load_byte(text, end) != 0:
            end = end + 1
        if load_byte(text, end) == 123:
            spec = local5()
            size = nested_spec(text, i, field, arguments, count, names, spec)
            if size < 0:
                return NULL
            end = load_int(field, FIELD_END)
            if size > 0:
                plan = parse_text(spec, size)
        elif end > i:
            if end - i > LONGEST_SPEC:
                return NULL
            plan = parse_text(text + i, end - i)
        if plan == PLAN_HOST:
            return NULL
        i = end
    if load_byte(text, i) != 125:
        return NULL
    store_int(field, FIELD_END, i + 1)
    return as_object(as_int(disown(one_value(v, convert, plan))))


@helper(quiet=True)
def find_value(text: Ptr, start: Int, field: Ptr, arguments: Ptr, count: Int, names: Object) -> Bool:
    """Puts the value that a field names and the end of the name into ``field``. FIELD_NEXT is the next number of fields without
    names, -1 after one with a number."""
    i = start
    char = load_byte(text, i)
    value = NULL
    if below(char - 48, 10):
        index = 0
        while below(load_byte(text, i) - 48, 10) and i < start + 4:
            index = index * 10 + load_byte(text, i) - 48
            i = i + 1
        if load_int(field, FIELD_NEXT) > 0 or index >= count - 1:
            return False
        store_int(field, FIELD_NEXT, -1)
        value = load_object(arguments, (index + 1) * 8)
    elif char == 125 or char == 58 or char == 33:
        index = load_int(field, FIELD_NEXT)
        if index < 0 or index >= count - 1:
            return False
        store_int(field, FIELD_NEXT, index + 1)
        value = load_object(arguments, (index + 1) * 8)
    else:
        if is_null(names):
            return False
        while is_name_character(load_byte(text, i)):
            i = i + 1
        k = 0
        while k < var_size(names):
            name = load_object(as_pointer(names), TUPLE_ITEMS + k * 8)
            if unicode_length(name) == i - start and is_ascii(name):
                if equal_bytes(text_data(name), text + start, i - start):
                    value = load_object(arguments, (count + k) * 8)
            k = k + 1
        if is_null(value):
            return False
    char = load_byte(text, i)
    store_pointer(field, FIELD_VALUE, as_pointer(value))
    store_int(field, FIELD_END, i)
    return char == 125 or char == 58 or char == 33


@primitive
def is_name_character(char: Int) -> Bool:
    return below((char | 32) - 97, 26) or below(char - 48, 10) or char == 95


@helper(quiet=True)
def equal_bytes(a: Ptr, b: Ptr, count: Int) -> Bool:
    i = 0
    while i < count:
        if load_byte(a, i) != load_byte(b, i):
            return False
        i = i + 1
    return True


@helper(quiet=True)
def nested_spec(text: Ptr, start: Int, field: Ptr, arguments: Ptr, count: Int, names: Object, spec: Ptr) -> Int:
    """Writes the specification that begins at ``start``, with the fields in it filled; its length, or -1."""
    i = start
    size = 0
    while True:
        char = load_byte(text, i)
        if char == 125:
            store_int(field, FIELD_END, i)
            store_byte(spec, size, 0)
            return size
        if char == 0 or size > LONGEST_SPEC:
            return -1
        if char == 123:
            if not find_value(text, i + 1, field, arguments, count, names):
                return -1
            i = load_int(field, FIELD_END)
            if load_byte(text, i) != 125:
                return -1
            inner = one_value(load_object(field, FIELD_VALUE), 0, 0)
            if is_null(inner):
                return -1
            if not is_ascii(inner) or size + unicode_length(inner) > LONGEST_SPEC:
                return -1
            copy_text(spec + size, text_data(inner), unicode_length(inner))
            size = size + unicode_length(inner)
        else:
            store_byte(spec, size, char)
            size = size + 1
        i = i + 1


@helper(quiet=True, text=True)
def one_value(v: Object, convert: Int, plan: Int) -> New:
    """A value by a conversion and a plan (0: no specification); null where this is the host's."""
    if convert == AS_REPR or convert == AS_ASCII:
        if type_pointer(v) is PyUnicode_Type:
            quoted = PyObject_Repr(v)
            if convert == AS_ASCII and not is_ascii(quoted):
                return NULL
            return one_text(quoted, plan)
    if is_int(v):
        if plan == 0:
            return format_int(int_value(v))
        if convert != 0:
            made = format_int(int_value(v))
            return cut_text(made, plan)
        return int_text(int_value(v), plan)
    if is_float(v):
        if plan == 0:
            return format_float(float_value(v))
        if convert != 0:
            shown = format_float(float_value(v))
            return cut_text(shown, plan)
        return float_text(float_value(v), plan)
    if type_pointer(v) is PyUnicode_Type:
        return one_text(v, plan)
    if type_pointer(v) is PyLong_Type:
        return NULL
    if plan == 0 or convert != 0:
        word = PyObject_Str(v)
        return one_text(word, plan)
    return NULL


@primitive
def one_text(v: Object, plan: Int) -> New:
    """A string by a plan (0: as it is)."""
    if plan == 0:
        return v
    return cut_text(v, plan)
