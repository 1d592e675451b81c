"""Formatting of exact ints, floats and ASCII strings in native code; everything else, and every error, is the host's.

A specification is parsed into a plan of one word; a plan is nothing but numbers, so it can stand in an instruction's cache unit.
Numbers are written into a buffer first: digits of the integer part end at byte INTEGER_END, what follows them (point, decimals,
percent sign) begins there. CPython's rules: Python/formatter_unicode.c; shortest floats: ``float_repr``.
"""
from jitvm.rpython.dialect import *

# A plan: bits 0-3 kind, 8-14 fill, 16-18 align, 19-20 sign, 21 alternate, 22-23 grouping, 24 has precision, 25-31 precision,
# 32-43 width, 44 zero-filled, 45 there is a plan. PLAN_HOST: the host must format this.
FORMAT_NONE = 1
FORMAT_DECIMAL = 2
FORMAT_HEX = 3
FORMAT_HEX_UPPER = 4
FORMAT_OCTAL = 5
FORMAT_BINARY = 6
FORMAT_FIXED = 7
FORMAT_PERCENT = 8
FORMAT_TEXT = 9
FORMAT_GENERAL = 10
FORMAT_EXPONENT = 11
ALIGN_LEFT = 1
ALIGN_RIGHT = 2
ALIGN_CENTER = 3
ALIGN_INNER = 4
SIGN_PLUS = 1
SIGN_SPACE = 2
PLAN_ALTERNATE = 2097152
PLAN_GROUPING = 12582912
PLAN_PRECISE = 16777216
PLAN_ZERO = 17592186044416
PLAN_VALID = 35184372088832
PLAN_PLAIN = 35184372097025
PLAN_HOST = -1
NOT_FOR_TEXT = 16252928
LONGEST_SPEC = 24
WIDEST = 4096
MOST_DECIMALS = 17
DYNAMIC_SPEC = 4
COMPACT_ASCII = 96
MOST_IN_BLOCK = 463
"""Characters of the longest ASCII string that has a small block of the allocator."""
INTEGER_END = 64
WHOLE = 0
PART = 8
SCALE = 16
EIGHT_DIGITS = 100000000
ASCII_ZEROS = 3472328296227680304
LAST_DIGIT = 72057594037927936
LOWEST = -9223372036854775808
MANTISSA_BITS = 4503599627370496


# -- text
@primitive
def new_text(length: Int) -> New:
    """An ASCII string that is still to be written."""
    if likely(below(length - 1, TEXT_ROOM) and free_text_count() > 0):
        v = as_object(free_texts())
        set_free_texts(load_int(v, 16))
        set_free_text_count(free_text_count() - 1)
        set_refcount(v, 1)
        set_unicode_length(v, length)
        set_unicode_hash(v, -1)
        store_byte(text_data(v), length, 0)
        return owned(v)
    return new_host_text(length)


@helper(raises=True, quiet=True)
def new_host_text(length: Int) -> New:
    """As new_text, in a block of its own."""
    if likely(below(length - 1, MOST_IN_BLOCK)):
        block = small_block((TEXT_DATA + length) >> 4)
        if likely(block != NULLP):
            v = begin_object(block, PyUnicode_Type)
            set_unicode_length(v, length)
            set_unicode_hash(v, -1)
            set_unicode_state(v, PLAIN_TEXT)
            set_unicode_wide(v, NULLP)
            store_byte(text_data(v), length, 0)
            return owned(v)
    watch_allocator()
    return PyUnicode_New(length, 127)


@primitive
def text_data(v: Object) -> Ptr:
    return as_pointer(v) + TEXT_DATA


@primitive
def is_ascii(v: Object) -> Bool:
    """Whether a string's text is ASCII and lies in the object."""
    return (unicode_state(v) & COMPACT_ASCII) == COMPACT_ASCII


@primitive
def copy_text(to: Ptr, source: Ptr, count: Int) -> None:
    """Copies ``count`` bytes, none beyond: the last word overlaps the one before."""
    if count >= 8:
        if unlikely(count > 128):
            copied = memcpy(to, source, count)
            return
        i = 0
        while i + 8 < count:
            store_word(to + i, load_word(source + i))
            i = i + 8
        store_word(to + (count - 8), load_word(source + (count - 8)))
    elif count >= 4:
        last = load_half(source + (count - 4))
        store_half(to, load_half(source))
        store_half(to + (count - 4), last)
    elif count > 0:
        store_byte(to, 0, load_byte(source, 0))
        store_byte(to, count >> 1, load_byte(source, count >> 1))
        store_byte(to, count - 1, load_byte(source, count - 1))


@primitive
def fill_text(to: Ptr, char: Int, count: Int) -> None:
    i = 0
    while i < count:
        store_byte(to, i, char)
        i = i + 1


# -- digits
@primitive
def eight_digits(x: Int) -> Int:
    """The decimal digits of x < 10**8, one a byte, the first one lowest."""
    high = x // 10000
    pairs = high | ((x - high * 10000) << 32)
    hundreds = shift_right(pairs * 10486, 20) & 545460846719
    pairs = hundreds | ((pairs - hundreds * 100) << 16)
    tens = shift_right(pairs * 103, 10) & 4222189076152335
    return tens | ((pairs - tens * 10) << 8)


@primitive
def significant(digits: Int) -> Int:
    """How many of eight digits are left without leading zeros; at least one."""
    return 8 - shift_right(trailing_zeros(digits | LAST_DIGIT), 3)


@primitive
def write_digits(end: Ptr, x: Int) -> Int:
    """Writes the decimal digits of x >= 0, with zeros before them, so that they end at ``end``; how many they are."""
    if likely(x < EIGHT_DIGITS):
        digits = eight_digits(x)
        store_word(end - 8, digits + ASCII_ZEROS)
        return significant(digits)
    return write_many_digits(end, x)


@helper(quiet=True)
def write_many_digits(end: Ptr, x: Int) -> Int:
    """As write_digits, for nine digits and more: 24 bytes are written."""
    high = x // EIGHT_DIGITS
    store_word(end - 8, eight_digits(x - high * EIGHT_DIGITS) + ASCII_ZEROS)
    top = high // EIGHT_DIGITS
    middle = eight_digits(high - top * EIGHT_DIGITS)
    store_word(end - 16, middle + ASCII_ZEROS)
    first = eight_digits(top)
    store_word(end - 24, first + ASCII_ZEROS)
    if top == 0:
        return 8 + significant(middle)
    return 16 + significant(first)


# -- values without a specification
@helper(raises=True, quiet=True, text=True)
def format_int(x: Int) -> New:
    """str(x)."""
    if unlikely(x == LOWEST or formats_off() != 0):
        v = new_int(x)
        return PyObject_Str(v)
    buffer = local3()
    negative = as_int(x < 0)
    count = write_digits(buffer + 24, select(x < 0, -x, x))
    made = new_text(count + negative)
    store_byte(text_data(made), 0, 45)
    copy_text(text_data(made) + negative, buffer + (24 - count), count)
    return made


@helper(raises=True, quiet=True, text=True)
def format_float(x: Float) -> New:
    """repr(x)."""
    if formats_off() == 0:
        buffer = local12()
        shape = shortest(buffer, x)
        if shape != 0:
            return assemble(buffer, shape >> 8, shape & 255, as_int(bits(x) < 0) * 45, 0, PLAN_PLAIN)
    v = new_float(x)
    return PyObject_Repr(v)


@helper(raises=True, quiet=True, text=True)
def format_singleton(v: Object) -> New:
    """str of None, True and False."""
    return PyObject_Str(v)


# -- values with one
@primitive
def plan_of(spec: Object, place: Ptr) -> Int:
    """The plan of a specification: kept at ``place`` + 8, unless ``place`` is null (known only at run time)."""
    if place == NULLP:
        return parse_spec(spec)
    plan = load_int(place, 8)
    if unlikely(plan == 0):
        return keep_plan(spec, place)
    return plan


@helper(raises=True, quiet=True, text=True)
def format_int_spec(x: Int, spec: Object, place: Ptr) -> New:
    plan = plan_of(spec, place)
    made = int_text(x, plan)
    if likely(not is_null(made)):
        return made
    v = new_int(x)
    return PyObject_Format(v, spec)


@helper(quiet=True, text=True)
def int_text(x: Int, plan: Int) -> New:
    """An int by a plan; null if this is the host's."""
    kind = plan & 15
    if kind == FORMAT_FIXED or kind == FORMAT_PERCENT or kind == FORMAT_GENERAL or kind == FORMAT_EXPONENT:
        return float_text(as_float(x), plan)
    if kind < FORMAT_FIXED and (plan & PLAN_PRECISE) == 0 and x != LOWEST:
        buffer = local12()
        magnitude = select(x < 0, -x, x)
        count = 0
        if kind <= FORMAT_DECIMAL:
            count = write_digits(buffer + INTEGER_END, magnitude)
        else:
            count = write_bits(buffer + INTEGER_END, magnitude, select(kind <= FORMAT_HEX_UPPER, 4, select(kind == FORMAT_OCTAL, 3, 1)),
                               select(kind == FORMAT_HEX_UPPER, 7, 39))
        prefix = 0
        if (plan & PLAN_ALTERNATE) != 0 and kind > FORMAT_DECIMAL:
            prefix = select(kind == FORMAT_HEX, 120, select(kind == FORMAT_HEX_UPPER, 88, select(kind == FORMAT_OCTAL, 111, 98)))
        return assemble(buffer, count, 0, sign_of(x < 0, plan), prefix, plan)
    return NULL


@primitive
def write_bits(end: Ptr, x: Int, width: Int, letters: Int) -> Int:
    """Writes the digits of x >= 0 in base 2**width so that they end at ``end``; how many they are."""
    count = 0
    rest = x
    while True:
        digit = rest & ((1 << width) - 1)
        count = count + 1
        store_byte(end - count, 0, digit + 48 + select(digit > 9, letters, 0))
        rest = rest >> width
        if rest == 0:
            break
    return count


@primitive
def sign_of(negative: Bool, plan: Int) -> Int:
    """The sign that is shown, as a character, or 0."""
    sign = (plan >> 19) & 3
    return select(negative, 45, select(sign == SIGN_PLUS, 43, select(sign == SIGN_SPACE, 32, 0)))


@helper(raises=True, quiet=True, text=True)
def format_float_spec(x: Float, spec: Object, place: Ptr) -> New:
    made = float_text(x, plan_of(spec, place))
    if likely(not is_null(made)):
        return made
    v = new_float(x)
    return PyObject_Format(v, spec)


@helper(quiet=True, text=True)
def float_text(x: Float, plan: Int) -> New:
    """A float by a plan: rounded by exact integer arithmetic, or the shortest text that reads back; null if this is the host's."""
    if (plan & PLAN_ALTERNATE) == 0:
        buffer = local12()
        shape = 0
        kind = plan & 15
        shown = x
        if kind == FORMAT_FIXED:
            shape = fixed(buffer, x, decimals(plan))
        elif kind == FORMAT_PERCENT:
            shown = x * 100.0
            shape = fixed(buffer, shown, decimals(plan))
            if shape != 0:
                store_byte(buffer + (INTEGER_END + (shape & 255)), 0, 37)
                shape = shape + 1
        elif kind == FORMAT_EXPONENT:
            shape = scientific(buffer, x, decimals(plan) + 1, 0)
        elif kind == FORMAT_GENERAL:
            shape = general(buffer, x, select(decimals(plan) == 0, 1, decimals(plan)), 0)
        elif kind == FORMAT_NONE:
            if (plan & PLAN_PRECISE) == 0:
                shape = shortest(buffer, x)
            else:
                shape = general(buffer, x, select(decimals(plan) == 0, 1, decimals(plan)), 1)
        if shape != 0:
            return assemble(buffer, shape >> 8, shape & 255, sign_of(bits(x) < 0, plan), 0, plan)
    return NULL


@primitive
def decimals(plan: Int) -> Int:
    return select((plan & PLAN_PRECISE) != 0, (plan >> 25) & 127, 6)


@primitive
def split_number(buffer: Ptr, x: Float, precision: Int) -> Bool:
    """|x| times 10**precision, rounded half to even, exactly: divided by that scale into WHOLE and PART. False if it is too large."""
    word = bits(x)
    exponent = (word >> 52) & 2047
    mantissa = word & (MANTISSA_BITS - 1)
    if exponent > 1085 or precision > MOST_DECIMALS:
        return False
    if exponent == 0:
        exponent = 1
    else:
        mantissa = mantissa + MANTISSA_BITS
    shift = 1075 - exponent
    whole = 0
    fraction = 0
    if shift <= 0:
        whole = mantissa << (0 - shift)
    else:
        if shift < 64:
            whole = mantissa >> shift
            fraction = mantissa & ((1 << shift) - 1)
        else:
            fraction = mantissa
    scale = select(precision == 2, 100, 1)
    if precision != 2:
        scale = power_of_ten(precision)
    part = 0
    if fraction != 0 and shift < 112:
        high = multiply_high(fraction, scale)
        low = fraction * scale
        over = 0
        half = 0
        exact = 0
        if shift < 64:
            part = (high << (64 - shift)) | shift_right(low, shift)
            over = low & ((1 << shift) - 1)
            half = 1 << (shift - 1)
        elif shift == 64:
            part = high
            over = low
            half = LOWEST
        else:
            part = high >> (shift - 64)
            over = high & ((1 << (shift - 64)) - 1)
            half = 1 << (shift - 65)
            exact = low
        if over == half:
            last = select(precision == 0, whole, part)
            if exact != 0 or (last & 1) != 0:
                part = part + 1
        elif below(half, over):
            part = part + 1
        if part == scale:
            part = 0
            whole = whole + 1
    store_int(buffer, WHOLE, whole)
    store_int(buffer, PART, part)
    store_int(buffer, SCALE, scale)
    return True


@helper(quiet=True)
def fixed(buffer: Ptr, x: Float, precision: Int) -> Int:
    """|x| rounded to ``precision`` decimals, half to even, exactly. How many digits are before the end of the integer part, times
    256, plus how many characters follow; 0 if this is the host's."""
    if not split_number(buffer, x, precision):
        return 0
    whole = load_int(buffer, WHOLE)
    part = load_int(buffer, PART)
    tail = 0
    if precision > 0:
        write_padded(buffer + (INTEGER_END + 1 + precision), part, precision)
        store_byte(buffer + INTEGER_END, 0, 46)
        tail = precision + 1
    count = write_digits(buffer + INTEGER_END, whole)
    return count * 256 + tail


@primitive
def leading_place(buffer: Ptr, size: Float) -> Int:
    """How many digits a number has before the point; if none, minus the zeros after it. 0.0001 <= size < 2**63."""
    if size >= 1.0:
        return write_digits(buffer + INTEGER_END, as_int(size))
    return select(size < 0.001, -3, select(size < 0.01, -2, select(size < 0.1, -1, 0)))


@helper(quiet=True)
def scientific(buffer: Ptr, x: Float, precision: Int, strip: Int) -> Int:
    """x rounded to ``precision`` digits with an exponent, given as by ``fixed``; with ``strip`` without zeros at the end."""
    size = select(bits(x) < 0, -x, x)
    if not (size >= 0.0001 and size < 4000000000000000000.0) or precision > MOST_DECIMALS:
        return 0
    digits = leading_place(buffer, size)
    number = 0
    limit = power_of_ten(precision)
    if digits <= precision:
        if not split_number(buffer, x, precision - digits):
            return 0
        number = load_int(buffer, WHOLE) * load_int(buffer, SCALE) + load_int(buffer, PART)
    else:
        whole = as_int(size)
        unit = power_of_ten(digits - precision)
        number = whole // unit
        over = (whole - number * unit) * 2
        if over > unit:
            number = number + 1
        elif over == unit:
            if as_float(whole) != size or (number & 1) != 0:
                number = number + 1
    if number == limit:
        number = number // 10
        digits = digits + 1
    count = precision
    if strip != 0:
        while count > 1 and number % 10 == 0:
            number = number // 10
            count = count - 1
    write_padded(buffer + (INTEGER_END + count), number, count)
    store_byte(buffer, INTEGER_END - 1, load_byte(buffer, INTEGER_END))
    store_byte(buffer, INTEGER_END, 46)
    tail = select(count > 1, count, 0)
    exponent = digits - 1
    end = buffer + (INTEGER_END + tail)
    store_byte(end, 0, 101)
    store_byte(end, 1, select(exponent < 0, 45, 43))
    exponent = select(exponent < 0, -exponent, exponent)
    store_byte(end, 2, 48 + exponent // 10)
    store_byte(end, 3, 48 + exponent % 10)
    return 256 + tail + 4


@primitive
def power_of_ten(n: Int) -> Int:
    power = 1
    left = n
    while left > 0:
        power = power * 10
        left = left - 1
    return power


@helper(quiet=True)
def general(buffer: Ptr, x: Float, precision: Int, least: Int) -> Int:
    """x rounded to ``precision`` digits without zeros at the end (``least`` decimals are kept), given as by ``fixed``."""
    size = select(bits(x) < 0, -x, x)
    digits = 1
    if size != 0.0:
        if not (size >= 0.0001 and size < 4000000000000000000.0):
            return 0
        digits = leading_place(buffer, size)
    if digits > precision - least:
        return scientific(buffer, x, precision, 1)
    shape = fixed(buffer, x, precision - digits)
    count = shape >> 8
    if shape == 0:
        return 0
    if count > precision - least and load_int(buffer, WHOLE) != 0:
        return scientific(buffer, x, precision, 1)
    tail = shape & 255
    if tail > 0:
        while load_byte(buffer, INTEGER_END + tail - 1) == 48:
            tail = tail - 1
        if tail == 1:
            tail = 0
    if tail == 0 and least != 0:
        store_byte(buffer, INTEGER_END, 46)
        store_byte(buffer, INTEGER_END + 1, 48)
        tail = 2
    return count * 256 + tail


@primitive
def write_padded(end: Ptr, x: Int, count: Int) -> None:
    """Writes ``count`` digits of x, with zeros before them (and up to 24 bytes in all)."""
    if likely(count <= 8):
        store_word(end - 8, eight_digits(x) + ASCII_ZEROS)
    else:
        written = write_many_digits(end, x)


@helper(quiet=True)
def shortest(buffer: Ptr, x: Float) -> Int:
    """The digits of repr(x), given as by ``fixed``; 0 for those of more than 15 digits or with an exponent.

    Decimals of up to 15 digits are told apart by doubles. So if one of them, D / 10**k with D and 10**k doubles, is x when divided
    (correctly rounded), then it is the shortest text that reads back as x.
    """
    size = select(bits(x) < 0, -x, x)
    if size < 1000000000000000.0:
        whole = as_int(size)
        part = 0
        k = 1
        if as_float(whole) != size:
            if size < 0.0001:
                return 0
            k = 15
            if size >= 1.0:
                k = 15 - write_digits(buffer + INTEGER_END, whole)
            elif size < 0.001:
                k = 18
            elif size < 0.01:
                k = 17
            elif size < 0.1:
                k = 16
            if k <= 0:
                return 0
            scale = power_of_ten(k)
            whole_digits = as_int(size * as_float(scale) + 0.5)
            if as_float(whole_digits) / as_float(scale) != size:
                return 0
            part = whole_digits - whole * scale
            if part % EIGHT_DIGITS == 0:
                part = part // EIGHT_DIGITS
                k = k - 8
            if part % 10000 == 0:
                part = part // 10000
                k = k - 4
            if part % 100 == 0:
                part = part // 100
                k = k - 2
            if part % 10 == 0:
                part = part // 10
                k = k - 1
        write_padded(buffer + (INTEGER_END + 1 + k), part, k)
        store_byte(buffer + INTEGER_END, 0, 46)
        return write_digits(buffer + INTEGER_END, whole) * 256 + k + 1
    return 0


@helper(raises=True, quiet=True)
def assemble(buffer: Ptr, count: Int, tail: Int, sign: Int, prefix: Int, plan: Int) -> New:
    """The string of a number: sign, prefix, ``count`` digits before INTEGER_END in the buffer, ``tail`` characters after, filled."""
    width = (plan >> 32) & (WIDEST - 1)
    rest = tail + select(sign != 0, 1, 0) + select(prefix != 0, 2, 0)
    digits = buffer + (INTEGER_END - count)
    if likely((plan & PLAN_GROUPING) == 0 and prefix == 0):
        if width <= count + rest:
            if unlikely(count + rest == 1):
                return PyUnicode_FromOrdinal(load_byte(digits, 0))
            made = new_text(count + rest)
            to = text_data(made)
            if sign != 0:
                store_byte(to, 0, sign)
                to = to + 1
            copy_text(to, digits, count + tail)
            return made
    align = (plan >> 16) & 7
    fill = (plan >> 8) & 127
    if align == 0:
        align = select((plan & PLAN_ZERO) != 0, ALIGN_INNER, ALIGN_RIGHT)
    size = 0
    shown = count
    body = count
    if (plan & PLAN_GROUPING) != 0:
        kind = plan & 15
        size = select(kind >= FORMAT_HEX and kind <= FORMAT_BINARY, 4, 3)
        if align == ALIGN_INNER and fill == 48:
            needed = width - rest
            while shown + (shown - 1) // size < needed:
                shown = shown + 1
        body = shown + (shown - 1) // size
    padding = select(width > body + rest, width - body - rest, 0)
    left = select(align == ALIGN_RIGHT, padding, select(align == ALIGN_CENTER, padding >> 1, 0))
    inner = select(align == ALIGN_INNER, padding, 0)
    made = new_text(body + rest + padding)
    to = text_data(made)
    fill_text(to, fill, left)
    to = to + left
    if sign != 0:
        store_byte(to, 0, sign)
        to = to + 1
    if prefix != 0:
        store_byte(to, 0, 48)
        store_byte(to, 1, prefix)
        to = to + 2
    fill_text(to, fill, inner)
    to = to + inner
    if size == 0:
        copy_text(to, digits, count)
    else:
        write_groups(to, digits, count, shown, size, select(((plan >> 22) & 3) == 1, 44, 95))
    to = to + body
    copy_text(to, buffer + INTEGER_END, tail)
    fill_text(to + tail, fill, padding - left - inner)
    return made


@primitive
def write_groups(to: Ptr, digits: Ptr, count: Int, shown: Int, size: Int, separator: Int) -> None:
    """Digits in groups; zeros are put before them if more are to be shown than there are."""
    place = to
    i = 0
    until = (shown - 1) % size + 1
    while i < shown:
        if until == 0:
            store_byte(place, 0, separator)
            place = place + 1
            until = size
        if i < shown - count:
            store_byte(place, 0, 48)
        else:
            store_byte(place, 0, load_byte(digits, i - (shown - count)))
        place = place + 1
        until = until - 1
        i = i + 1


@helper(raises=True, quiet=True, text=True)
def format_text_spec(v: Object, spec: Object, place: Ptr) -> New:
    made = cut_text(v, plan_of(spec, place))
    if likely(not is_null(made)):
        return made
    return PyObject_Format(v, spec)


@helper(quiet=True, text=True)
def cut_text(v: Object, plan: Int) -> New:
    """A string by a plan: cut to its precision, filled to its width; null if this is the host's."""
    kind = plan & 15
    align = (plan >> 16) & 7
    if (kind == FORMAT_NONE or kind == FORMAT_TEXT) and (plan & NOT_FOR_TEXT) == 0 and align != ALIGN_INNER and is_ascii(v):
        count = unicode_length(v)
        width = (plan >> 32) & (WIDEST - 1)
        if (plan & PLAN_PRECISE) != 0 and ((plan >> 25) & 127) < count:
            count = (plan >> 25) & 127
        elif width <= count:
            return v
        padding = select(width > count, width - count, 0)
        left = select(align == ALIGN_RIGHT, padding, select(align == ALIGN_CENTER, padding >> 1, 0))
        made = new_text(count + padding)
        to = text_data(made)
        fill = (plan >> 8) & 127
        fill_text(to, fill, left)
        copy_text(to + left, text_data(v), count)
        fill_text(to + (left + count), fill, padding - left)
        return made
    return NULL
