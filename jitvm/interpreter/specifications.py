"""Format specifications: text to plan (``formats.py`` says what a plan is)."""
from jitvm.rpython.dialect import *


@primitive
def alignment(char: Int) -> Int:
    """The number of an alignment character, or 0."""
    right = select(char == 62, ALIGN_RIGHT, select(char == 94, ALIGN_CENTER, select(char == 61, ALIGN_INNER, 0)))
    return select(char == 60, ALIGN_LEFT, right)


@helper(quiet=True)
def parse_spec(spec: Object) -> Int:
    """The plan of a specification; PLAN_HOST where it has an error, is of another kind, or the native paths are off."""
    if type_pointer(spec) is PyUnicode_Type and is_ascii(spec) and unicode_length(spec) <= LONGEST_SPEC and formats_off() == 0:
        return cached_plan(text_data(spec), unicode_length(spec))
    return PLAN_HOST


@helper(quiet=True)
def keep_plan(spec: Object, place: Ptr) -> Int:
    """The plan of a constant specification, kept at ``place`` + 8 and counted."""
    plan = PLAN_HOST
    if type_pointer(spec) is PyUnicode_Type and is_ascii(spec) and unicode_length(spec) <= LONGEST_SPEC and formats_off() == 0:
        plan = parse_text(text_data(spec), unicode_length(spec))
    store_int(place, 8, plan)
    if plan == PLAN_HOST:
        set_formats_refused(formats_refused() + 1)
    else:
        set_formats_parsed(formats_parsed() + 1)
    return plan


@helper(quiet=True)
def parse_text(text: Ptr, length: Int) -> Int:
    """[[fill]align][sign][#][0][width][grouping][.precision][kind]. The text ends with a zero byte."""
    plan = PLAN_VALID
    i = 0
    fill = 32
    filled = 0
    if length >= 2 and alignment(load_byte(text, 1)) != 0:
        fill = load_byte(text, 0)
        plan = plan | (alignment(load_byte(text, 1)) << 16)
        filled = 1
        i = 2
    elif alignment(load_byte(text, 0)) != 0:
        plan = plan | (alignment(load_byte(text, 0)) << 16)
        i = 1
    char = load_byte(text, i)
    if char == 43 or char == 45 or char == 32:
        plan = plan | (select(char == 43, SIGN_PLUS, select(char == 32, SIGN_SPACE, 3)) << 19)
        i = i + 1
    if load_byte(text, i) == 35:
        plan = plan | PLAN_ALTERNATE
        i = i + 1
    if filled == 0 and load_byte(text, i) == 48:
        fill = 48
        plan = plan | PLAN_ZERO
        i = i + 1
    width = 0
    while below(load_byte(text, i) - 48, 10):
        width = width * 10 + load_byte(text, i) - 48
        i = i + 1
        if width >= WIDEST:
            return PLAN_HOST
    char = load_byte(text, i)
    if char == 44 or char == 95:
        plan = plan | (select(char == 44, 1, 2) << 22)
        i = i + 1
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
    kind = FORMAT_NONE
    if i < length:
        kind = kind_of(load_byte(text, i))
        i = i + 1
    if kind == 0 or i != length:
        return PLAN_HOST
    if kind >= FORMAT_HEX and kind <= FORMAT_BINARY and ((plan >> 22) & 3) == 1:
        return PLAN_HOST
    return plan | (width << 32) | (fill << 8) | kind


@primitive
def kind_of(char: Int) -> Int:
    """The kind of a specification by its last character; 0 for those that are the host's."""
    if char == 102 or char == 70:
        return FORMAT_FIXED
    if char == 100:
        return FORMAT_DECIMAL
    if char == 120:
        return FORMAT_HEX
    if char == 88:
        return FORMAT_HEX_UPPER
    if char == 37:
        return FORMAT_PERCENT
    if char == 115:
        return FORMAT_TEXT
    if char == 103:
        return FORMAT_GENERAL
    if char == 101:
        return FORMAT_EXPONENT
    if char == 98:
        return FORMAT_BINARY
    if char == 111:
        return FORMAT_OCTAL
    return 0
