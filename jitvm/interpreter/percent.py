"""The percent operator with an ASCII template: its pieces are formatted by plans (``formats.py``)."""
from jitvm.rpython.dialect import *

PERCENTS = 2676586395008836901


@helper(raises=True, quiet=True)
def format_percent_one(template: Object, value: Object) -> New:
    """template % value for an exact int, float or string: runs no Python code."""
    return format_percent(template, value)


@helper(raises=True, quiet=True)
def percent_int(template: Object, x: Int) -> New:
    """template % an exact int."""
    plan = percent_alone(template)
    if plan != PLAN_HOST:
        made = percent_int_piece(x, plan)
        if likely(not is_null(made)):
            return made
    value = new_int(x)
    return format_percent_one(template, value)


@helper(raises=True, quiet=True)
def percent_float(template: Object, x: Float) -> New:
    """template % an exact float."""
    plan = percent_alone(template)
    if plan != PLAN_HOST:
        made = percent_float_piece(x, plan)
        if likely(not is_null(made)):
            return made
    value = new_float(x)
    return format_percent_one(template, value)


@helper(quiet=True)
def percent_alone(template: Object) -> Int:
    """The plan of an ASCII template that is one conversion and nothing else; else PLAN_HOST."""
    if is_ascii(template) and formats_off() == 0:
        program = cached_program(template, OF_PERCENT)
        if program != NULLP:
            if load_int(program, PROGRAM_PARTS) == 1 and load_int(program, PROGRAM_NEED) == 1:
                return load_int(program + PROGRAM_BODY, PART_PLAN)
    return PLAN_HOST


@helper(raises=True, runs=True)
def format_percent(template: Object, values: Object) -> New:
    """template % values of a string."""
    if is_ascii(template) and formats_off() == 0:
        made = percent_text(template, values)
        if likely(not is_null(made)):
            return made
    return PyNumber_Remainder(template, values)


@helper(raises=True, quiet=True, text=True)
def percent_array(template: Object, values: Ptr, count: Int) -> New:
    """template % a tuple of exact numbers, strings, truth values and None in an array, for traces: runs no Python code."""
    if is_ascii(template) and formats_off() == 0:
        made = fill_percent(template, values, count)
        if likely(not is_null(made)):
            return made
    given = PyTuple_New(count)
    i = 0
    while i < count:
        store_reference(as_pointer(given) + TUPLE_ITEMS, i, load_object(values, i * 8))
        i = i + 1
    return PyNumber_Remainder(template, given)


@helper(quiet=True)
def percent_text(template: Object, values: Object) -> New:
    """template % values where all conversions and values are simple; null if this is the host's."""
    if type_pointer(values) is PyTuple_Type:
        return fill_percent(template, as_pointer(values) + TUPLE_ITEMS, var_size(values))
    cell = local()
    store_pointer(cell, 0, as_pointer(values))
    return fill_percent(template, cell, 1)


@helper(quiet=True)
def fill_percent(template: Object, values: Ptr, count: Int) -> New:
    """As percent_text, for an ASCII template and values in an array."""
    program = cached_program(template, OF_PERCENT)
    if program != NULLP:
        if load_int(program, PROGRAM_PARTS) > 0 and load_int(program, PROGRAM_NEED) == count:
            return fill_program(program, values, count, NULL, OF_PERCENT)
    return NULL


@helper(quiet=True)
def compile_percent(build: Ptr, text: Ptr, length: Int) -> Bool:
    """Makes the parts of a template of the percent operator; False where it is the host's."""
    after = local()
    taken = 0
    i = 0
    while True:
        start = i
        while i + 8 <= length and bytes_equal(load_word(text + i), PERCENTS) == 0:
            i = i + 8
        while i < length and load_byte(text, i) != 37:
            i = i + 1
        if i == length:
            return add_literal(build, text + start, i - start, True) and taken > 0
        if load_byte(text, i + 1) == 37:
            if not add_literal(build, text + start, i + 1 - start, True):
                return False
            i = i + 2
        else:
            if not add_literal(build, text + start, i - start, True):
                return False
            plan = percent_plan(text, i + 1, after)
            if plan == PLAN_HOST:
                return False
            if not add_part(build, PART_VALUE | (AS_PERCENT << 3), plan, taken, 0):
                return False
            taken = taken + 1
            i = load_int(after, 0)


@helper(quiet=True)
def percent_piece(v: Object, plan: Int) -> New:
    """One value of ``%``; null if this is the host's."""
    if is_int(v):
        return percent_int_piece(int_value(v), plan)
    if is_float(v):
        return percent_float_piece(float_value(v), plan)
    if type_pointer(v) is PyUnicode_Type and (plan & 15) == FORMAT_TEXT:
        return cut_text(v, plan)
    return NULL


@helper(quiet=True)
def percent_int_piece(x: Int, plan: Int) -> New:
    """The same for an int."""
    return int_text(x, select((plan & 15) == FORMAT_TEXT, plan - FORMAT_TEXT + FORMAT_DECIMAL, plan))


@helper(quiet=True)
def percent_float_piece(x: Float, plan: Int) -> New:
    """The same for a float."""
    kind = plan & 15
    if kind == FORMAT_TEXT and (plan & PLAN_PRECISE) == 0:
        return float_text(x, plan - FORMAT_TEXT + FORMAT_NONE)
    if kind >= FORMAT_FIXED and kind != FORMAT_TEXT:
        return float_text(x, plan)
    return NULL


@helper(quiet=True)
def percent_plan(text: Ptr, start: Int, after: Ptr) -> Int:
    """The plan of the conversion whose flags begin at ``start``; where it ends is put at ``after``."""
    i = start
    left = 0
    zero = 0
    sign = 0
    while True:
        char = load_byte(text, i)
        if char == 45:
            left = 1
        elif char == 48:
            zero = 1
        elif char == 43:
            sign = SIGN_PLUS
        elif char == 32:
            if sign == 0:
                sign = SIGN_SPACE
        else:
            break
        i = i + 1
    width = 0
    while below(load_byte(text, i) - 48, 10):
        width = width * 10 + load_byte(text, i) - 48
        i = i + 1
        if width >= WIDEST:
            return PLAN_HOST
    plan = PLAN_VALID | (width << 32)
    if load_byte(text, i) == 46:
        i = i + 1
        precision = 0
        if not below(load_byte(text, i) - 48, 10):
            return PLAN_HOST
        while below(load_byte(text, i) - 48, 10):
            precision = precision * 10 + load_byte(text, i) - 48
            i = i + 1
            if precision > 127:
                return PLAN_HOST
        plan = plan | PLAN_PRECISE | (precision << 25)
    char = load_byte(text, i)
    kind = select(char == 105 or char == 117, FORMAT_DECIMAL, kind_of(char))
    if kind == 0 or kind == FORMAT_BINARY or kind == FORMAT_PERCENT:
        return PLAN_HOST
    if kind == FORMAT_TEXT and (zero != 0 or sign != 0):
        return PLAN_HOST
    store_int(after, 0, i + 1)
    plan = plan | (sign << 19) | kind
    if left != 0:
        return plan | (ALIGN_LEFT << 16) | (32 << 8)
    if zero != 0:
        return plan | PLAN_ZERO | (48 << 8)
    return plan | (ALIGN_RIGHT << 16) | (32 << 8)
