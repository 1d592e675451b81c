"""Primitives: reference counts, ints, floats, truth. A trace has its own meaning for each (``jitvm.tracing.machine``).

Int layout: CPython 3.11's longintrepr.h (30-bit digits, signed size). Free lists hold dead objects of the host's allocator.
"""
from jitvm.rpython.dialect import *

FREE_LIMIT = 512
DIGIT_BITS = 30
DIGIT_MASK = 1073741823
TWO_DIGITS = 1152921504606846976
SMALL_SIZE = 32
NUMBER_ROW = 1
"""Floats, and ints of up to two digits, have blocks of 32 bytes."""


@primitive
def incref(v: Object) -> None:
    set_refcount(v, refcount(v) + 1)


@primitive
def xdecref(v: Object) -> None:
    if not is_null(v):
        count = refcount(v) - 1
        set_refcount(v, count)
        if unlikely(count == 0):
            dealloc(v)


@primitive
def drop_at(v: Object, at: Ptr, registers: Ptr) -> None:
    """As xdecref, of what a register held: where the object ends, its finaliser sees the instruction ``at``."""
    if not is_null(v):
        count = refcount(v) - 1
        set_refcount(v, count)
        if unlikely(count == 0):
            set_frame_instr(registers - FRAME_SIZE, load_pointer(at, 8))
            dealloc(v)


PLAIN_TEXT = 228
"""State of a string: not interned, one byte a character, compact, ASCII, ready."""
TEXT_ROOM = 15
"""Characters for which the allocator gives a compact ASCII string the same 64 bytes as for one character."""


@helper(spare=True)
def dealloc(v: Object) -> None:
    """Ends an object's life; ints, floats, short strings and plain instances go to the free lists while those have room."""
    if type_pointer(v) is PyLong_Type and below(var_size(v) + 2, 5) and free_int_count() < FREE_LIMIT:
        store_int(v, 24, free_ints())
        set_free_ints(as_int(v))
        set_free_int_count(free_int_count() + 1)
        return
    if type_pointer(v) is PyFloat_Type and free_float_count() < FREE_LIMIT:
        store_int(v, 16, free_floats())
        set_free_floats(as_int(v))
        set_free_float_count(free_float_count() + 1)
        return
    if type_pointer(v) is PyUnicode_Type and (unicode_state(v) & 255) == PLAIN_TEXT and below(unicode_length(v), TEXT_ROOM + 1):
        if free_text_count() < free_text_limit() and unicode_wide(v) == NULLP:
            store_int(v, 16, free_texts())
            set_free_texts(as_int(v))
            set_free_text_count(free_text_count() + 1)
            return
    if type_dealloc(type_pointer(v)) == type_dealloc(plain_class) and end_instance(v) != 0:
        return
    _Py_Dealloc(v)


@primitive
def drop_if(registers: Ptr, word: Int, bit: Int, index: Int) -> None:
    """Empties register ``index`` if the instruction's flag says that this was its last use."""
    if (word & bit) != 0:
        place = registers + index * 8
        old = load_object(place, 0)
        store_int(place, 0, 0)
        xdecref(old)


@primitive
def is_int(v: Object) -> Bool:
    """An exact int that fits 64 bits."""
    if type_pointer(v) is not PyLong_Type:
        return False
    if likely(below(var_size(v) + 1, 3)):
        return True
    return is_wide_int(v)


@helper(cold=True, spare=True, quiet=True)
def is_wide_int(v: Object) -> Bool:
    """Whether an int of two digits or more fits 64 bits."""
    if below(var_size(v) + 2, 5):
        return True
    overflow = local()
    PyLong_AsLongLongAndOverflow(v, overflow)
    return load_i32(overflow, 0) == 0


@primitive
def int_value(v: Object) -> Int:
    size = var_size(v)
    if likely(below(size + 1, 3)):
        return long_digit0(v) * size
    return long_value(v)


@helper(spare=True, quiet=True)
def long_value(v: Object) -> Int:
    """The value of an int of two digits or more."""
    size = var_size(v)
    if below(size + 2, 5):
        digits = long_digits(v)
        total = (digits & DIGIT_MASK) | (shift_right(digits, 32) << DIGIT_BITS)
        if size < 0:
            return -total
        return total
    return PyLong_AsLongLong(v)


@primitive
def is_float(v: Object) -> Bool:
    return type_pointer(v) is PyFloat_Type


@primitive
def float_value(v: Object) -> Float:
    return float_payload(v)


@primitive
def new_int(x: Int) -> New:
    if below(x + 5, 262):
        small = as_object(as_int(small_ints) + (x + 5) * SMALL_SIZE)
        incref(small)
        return owned(small)
    if likely(free_int_count() > 0) and below(x + TWO_DIGITS - 1, TWO_DIGITS * 2 - 1):
        v = as_object(free_ints())
        set_free_ints(load_int(v, 24))
        set_free_int_count(free_int_count() - 1)
        set_refcount(v, 1)
        write_int(v, x)
        return owned(v)
    return new_wide_int(x)


@helper(spare=True, quiet=True)
def new_wide_int(x: Int) -> New:
    """An int that is none of the small ones."""
    if below(x + TWO_DIGITS - 1, TWO_DIGITS * 2 - 1):
        block = small_block(NUMBER_ROW)
        if likely(block != NULLP):
            v = begin_object(block, PyLong_Type)
            write_int(v, x)
            return owned(v)
    watch_allocator()
    return PyLong_FromLongLong(x)


@primitive
def begin_object(block: Ptr, kind: Object) -> Object:
    """A block as an object of one of the host's static types, with one reference."""
    store_int(block, 0, 1)
    store_pointer(block, 8, as_pointer(kind))
    return as_object(as_int(block))


@primitive
def write_int(v: Object, x: Int) -> None:
    """Overwrites an int of room for two digits; |x| < 2**60."""
    magnitude = select(x < 0, -x, x)
    high = shift_right(magnitude, DIGIT_BITS)
    size = select(high == 0, select(magnitude == 0, 0, 1), 2)
    set_var_size(v, select(x < 0, -size, size))
    set_long_digits(v, (magnitude & DIGIT_MASK) | (high << 32))


@primitive
def store_new_int(place: Ptr, x: Int) -> None:
    """Puts an int into a register; the int that dies there is reused where nobody else has it."""
    old = load_object(place, 0)
    if not is_null(old):
        if type_pointer(old) is PyLong_Type and refcount(old) == 1:
            if below(var_size(old) + 2, 5) and below(x + TWO_DIGITS - 1, TWO_DIGITS * 2 - 1) and not below(x + 5, 262):
                if var_size(old) != 0:
                    write_int(old, x)
                    return
        store_pointer(place, 0, disown(new_int(x)))
        xdecref(old)
        return
    store_pointer(place, 0, disown(new_int(x)))


@primitive
def new_float(x: Float) -> New:
    if likely(free_float_count() > 0):
        v = as_object(free_floats())
        set_free_floats(load_int(v, 16))
        set_free_float_count(free_float_count() - 1)
        set_refcount(v, 1)
        set_float_payload(v, x)
        return owned(v)
    return new_host_float(x)


@helper(spare=True, quiet=True)
def new_host_float(x: Float) -> New:
    block = small_block(NUMBER_ROW)
    if likely(block != NULLP):
        v = begin_object(block, PyFloat_Type)
        set_float_payload(v, x)
        return owned(v)
    watch_allocator()
    return PyFloat_FromDouble(x)


@primitive
def store_new_float(place: Ptr, x: Float) -> None:
    """As store_new_int, for floats."""
    old = load_object(place, 0)
    if not is_null(old):
        if type_pointer(old) is PyFloat_Type and refcount(old) == 1:
            set_float_payload(old, x)
            return
    store_pointer(place, 0, disown(new_float(x)))
    xdecref(old)


@primitive
def new_bool(x: Bool) -> Object:
    return select(x, _Py_TrueStruct, _Py_FalseStruct)


@primitive
def is_type(v: Object, kind: Object) -> Bool:
    """Exactly of the type ``kind``."""
    return type_pointer(v) is kind
