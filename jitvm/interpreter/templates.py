"""str.format with an ASCII template, and format(): values of exact ints, floats, strings, None and truth values, by plans.

Nothing here runs Python code: where a field, a specification or a value is of another kind, all is left to the host.
"""
from jitvm.rpython.dialect import *

OPENING = 8897841259083430779
CLOSING = 9042521604759584125
ONES = 72340172838076673
TOPS = -9187201950435737472


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
    made = fill_template(arguments, count, names)
    if likely(not is_null(made)):
        return made
    return PyObject_Vectorcall(callee, arguments, count, names)


@helper(quiet=True)
def simple_length(v: Object) -> Int:
    """len of an exact object of the commonest types; -1 of others."""
    kind = type_pointer(v)
    if kind is PyList_Type or kind is PyTuple_Type or kind is PyBytes_Type:
        return var_size(v)
    if kind is PyUnicode_Type:
        return unicode_length(v)
    if kind is PyDict_Type:
        return dict_used(v)
    if kind is PySet_Type or kind is PyFrozenSet_Type:
        return set_used(v)
    return -1


@helper(quiet=True)
def is_simple_value(v: Object) -> Bool:
    """Whether a value's formatting runs no Python code: an exact number, string or truth value, or None."""
    kind = type_pointer(v)
    if kind is PyLong_Type or kind is PyUnicode_Type or kind is PyFloat_Type or kind is PyBool_Type:
        return True
    return v is _Py_NoneStruct


@helper(raises=True, quiet=True, text=True)
def format_array(arguments: Ptr, count: Int, names: Object) -> New:
    """As format_template, for traces: of exact numbers, strings, truth values and None, which runs no Python code."""
    made = fill_template(arguments, count, names)
    if likely(not is_null(made)):
        return made
    return PyObject_Vectorcall(str_format, arguments, count, names)


@helper(quiet=True, text=True)
def fill_template(arguments: Ptr, count: Int, names: Object) -> New:
    """The filled template; null where this is the host's."""
    if count > 0 and formats_off() == 0:
        template = load_object(arguments, 0)
        if type_pointer(template) is PyUnicode_Type:
            if is_ascii(template):
                program = cached_program(template, OF_TEMPLATE)
                if program != NULLP:
                    if load_int(program, PROGRAM_PARTS) > 0:
                        return fill_program(program, arguments + 8, count - 1, names, OF_TEMPLATE)
    return NULL


@primitive
def bytes_equal(word: Int, pattern: Int) -> Int:
    """Not 0 if one of a word's bytes is as that of the pattern."""
    difference = word ^ pattern
    return (difference - ONES) & (difference ^ -1) & TOPS


@helper(quiet=True)
def compile_braces(build: Ptr, text: Ptr, length: Int) -> Bool:
    """Makes the parts of a template of str.format; False where it is the host's."""
    fields = 0
    i = 0
    while True:
        start = i
        while i + 8 <= length and (bytes_equal(load_word(text + i), OPENING) | bytes_equal(load_word(text + i), CLOSING)) == 0:
            i = i + 8
        while i < length and load_byte(text, i) != 123 and load_byte(text, i) != 125:
            i = i + 1
        if i == length:
            return add_literal(build, text + start, i - start, True) and fields > 0
        brace = load_byte(text, i)
        if i + 1 < length and load_byte(text, i + 1) == brace:
            if not add_literal(build, text + start, i + 1 - start, True):
                return False
            i = i + 2
        else:
            if brace == 125 or not add_literal(build, text + start, i - start, True):
                return False
            i = compile_field(build, text, i + 1, length)
            if i < 0:
                return False
            fields = fields + 1


@helper(quiet=True)
def compile_field(build: Ptr, text: Ptr, start: Int, length: Int) -> Int:
    """Makes the part of a field that begins at ``start``; where the text goes on, or -1."""
    name = compile_name(build, text, start, length)
    i = load_int(build, BUILD_AFTER)
    if i < 0:
        return -1
    convert = 0
    if load_byte(text, i) == 33 and i + 2 < length:
        letter = load_byte(text, i + 1)
        convert = select(letter == 115, AS_STR, select(letter == 114, AS_REPR, select(letter == 97, AS_ASCII, -1)))
        if convert < 0:
            return -1
        i = i + 2
    plan = 0
    if load_byte(text, i) == 58:
        i = i + 1
        end = i
        while end < length and load_byte(text, end) != 125 and load_byte(text, end) != 123:
            end = end + 1
        if end < length and load_byte(text, end) == 123:
            return compile_nested(build, text, i, length, name, convert)
        if end > i:
            if end - i > LONGEST_SPEC:
                return -1
            plan = parse_text(text + i, end - i)
            if plan == PLAN_HOST:
                return -1
        i = end
    if i >= length or load_byte(text, i) != 125 or not add_named(build, PART_VALUE | (convert << 3), plan, name):
        return -1
    return i + 1


@primitive
def add_named(build: Ptr, kind: Int, plan: Int, name: Int) -> Bool:
    """A part by what compile_name gave: a number, or the place and length of a name."""
    return add_part(build, kind, plan, select(name < 1 << NAME_SHIFT, name, -1), name)


@helper(quiet=True)
def compile_nested(build: Ptr, text: Ptr, start: Int, length: Int, name: Int, convert: Int) -> Int:
    """Makes the parts of a field whose specification, which begins at ``start``, has fields in it."""
    part = load_pointer(build, BUILD_PART)
    if not add_named(build, PART_NESTED | (convert << 3), 0, name):
        return -1
    count = 0
    i = start
    while True:
        from_here = i
        while i < length and load_byte(text, i) != 123 and load_byte(text, i) != 125:
            i = i + 1
        if i == length:
            return -1
        if i > from_here:
            if not add_literal(build, text + from_here, i - from_here, False):
                return -1
            count = count + 1
        if load_byte(text, i) == 125:
            store_int(part, PART_PLAN, count)
            return i + 1
        inner = compile_name(build, text, i + 1, length)
        i = load_int(build, BUILD_AFTER)
        if i < 0:
            return -1
        if load_byte(text, i) != 125 or not add_named(build, PART_VALUE, 0, inner):
            return -1
        count = count + 1
        i = i + 1


@helper(quiet=True)
def compile_name(build: Ptr, text: Ptr, start: Int, length: Int) -> Int:
    """What a field names: the number of a positional value, or a name's place and length, which is larger. Where the name ends (at
    a brace, a colon or an exclamation mark) is put into BUILD_AFTER, -1 for what is the host's. BUILD_NEXT is the next number of
    fields without names, -1 after one with a number."""
    store_int(build, BUILD_AFTER, -1)
    i = start
    while i < length and is_name_character(load_byte(text, i)):
        i = i + 1
    if i == length:
        return 0
    char = load_byte(text, i)
    if char != 125 and char != 58 and char != 33:
        return 0
    what = 0
    if i == start:
        what = load_int(build, BUILD_NEXT)
        if what < 0:
            return 0
        store_int(build, BUILD_NEXT, what + 1)
    elif below(load_byte(text, start) - 48, 10):
        k = start
        while k < i and below(load_byte(text, k) - 48, 10):
            what = what * 10 + load_byte(text, k) - 48
            k = k + 1
        if k < i or i - start > 4 or load_int(build, BUILD_NEXT) > 0:
            return 0
        store_int(build, BUILD_NEXT, -1)
    else:
        what = ((start + 1) << NAME_SHIFT) | (i - start)
    store_int(build, BUILD_AFTER, i)
    return what


@primitive
def is_name_character(char: Int) -> Bool:
    return below((char | 32) - 97, 26) or below(char - 48, 10) or char == 95


@helper(quiet=True, text=True)
def one_value(v: Object, convert: Int, plan: Int) -> New:
    """A value by a conversion and a plan (0: no specification); null where this is the host's."""
    if convert == AS_REPR or convert == AS_ASCII:
        if type_pointer(v) is PyUnicode_Type:
            shown = text_repr(v, convert)
            return one_text(shown, plan)
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
    if (plan == 0 or convert != 0) and (v is _Py_NoneStruct or type_pointer(v) is PyBool_Type):
        word = PyObject_Str(v)
        return one_text(word, plan)
    return NULL


@primitive
def one_text(v: Object, plan: Int) -> New:
    """A string by a plan (0: as it is)."""
    if plan == 0:
        return v
    return cut_text(v, plan)
