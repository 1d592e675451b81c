"""The format cache: specifications and templates that are known at run time only, each parsed once.

The table is an array of sets of four rows, in memory of the context. A row: tag (the text's hash and kind), plan or program, used
lately, length, a specification's text (24 bytes), hand of its set (first row only). Texts are compared, not objects: nobody sees a
reference to his string, and a text that is made anew each time is found as well. A set's row that was not used lately goes first.

A *program* is a template (of str.format or %) as one block of memory: how many parts, bytes of literal text, positional values
needed, where the template's text lies; then the parts (kind and conversion, plan, index of the value or -1, length and place of its
name); then the template's text, then the literal text. A literal part: kind, length, place. A nested specification: a part that says
how many parts it has itself. Where the host must format, a program has -1 parts.
"""
from jitvm.rpython.dialect import *

FORMAT_TAG = 0
FORMAT_PLAN = 8
FORMAT_USED = 16
FORMAT_LENGTH = 24
FORMAT_KEY = 32
FORMAT_HAND = 56
OF_SPEC = 1
OF_TEMPLATE = 2
OF_PERCENT = 3
LONGEST_TEMPLATE = 2048
MOST_PARTS = 40
MOST_VALUES = 16
AS_PERCENT = 4
PROGRAM_PARTS = 0
PROGRAM_LITERAL = 8
PROGRAM_NEED = 16
PROGRAM_TEXT = 24
PROGRAM_BODY = 32
PART_KIND = 0
PART_PLAN = 8
PART_INDEX = 16
PART_NAME = 24
PART_BYTES = 32
PART_LITERAL = 0
PART_VALUE = 1
PART_NESTED = 2
PART_INSIDE = 3
NAME_SHIFT = 16
BUILD_PROGRAM = 0
BUILD_PART = 8
BUILD_LIMIT = 16
BUILD_LITERAL = 24
BUILD_NEXT = 32
BUILD_AFTER = 40


# -- the table
@helper(quiet=True)
def text_tag(text: Ptr, length: Int, kind: Int) -> Int:
    """A hash of a text, with what it is the text of."""
    mixed = (length + 1) * TAG_FACTOR
    i = 0
    while i < length:
        mixed = (mixed ^ text_word(text, i, length)) * TAG_FACTOR
        mixed = mixed ^ shift_right(mixed, 32)
        i = i + 8
    return (mixed & -4) | kind


@primitive
def text_word(text: Ptr, i: Int, length: Int) -> Int:
    """Eight bytes of a text from ``i`` on; those behind its end count as 0. Strings have room for a whole word behind their text."""
    left = length - i
    return load_word(text + i) & select(left < 8, (1 << (left << 3)) - 1, -1)


@helper(quiet=True)
def same_bytes(a: Ptr, b: Ptr, length: Int) -> Bool:
    i = 0
    while i < length:
        if text_word(a, i, length) != text_word(b, i, length):
            return False
        i = i + 8
    return True


@primitive
def format_set(tag: Int) -> Ptr:
    return as_pointer(formats() + (shift_right(tag, 20) & format_mask()) * FORMAT_SET_BYTES)


@helper(quiet=True)
def find_format(tag: Int, text: Ptr, length: Int) -> Ptr:
    """The row of a text, or null."""
    row = format_set(tag)
    i = 0
    while i < WAYS:
        if load_int(row, FORMAT_TAG) == tag and load_int(row, FORMAT_LENGTH) == length:
            kept = row + FORMAT_KEY
            if (tag & 3) != OF_SPEC:
                program = load_pointer(row, FORMAT_PLAN)
                kept = program + load_int(program, PROGRAM_TEXT)
            if same_bytes(kept, text, length):
                set_format_hits(format_hits() + 1)
                store_int(row, FORMAT_USED, 1)
                return row
        row = row + ROW_BYTES
        i = i + 1
    set_format_misses(format_misses() + 1)
    return NULLP


@helper(quiet=True)
def new_format(tag: Int, length: Int, plan: Int) -> Ptr:
    """A row for a text: the next of its set that was not used since the hand came by."""
    row = row_to_replace(format_set(tag), FORMAT_HAND, FORMAT_USED)
    old = load_int(row, FORMAT_TAG)
    if old == 0:
        set_format_size(format_size() + 1)
    elif (old & 3) != OF_SPEC:
        PyObject_Free(load_pointer(row, FORMAT_PLAN))
    store_int(row, FORMAT_TAG, tag)
    store_int(row, FORMAT_PLAN, plan)
    store_int(row, FORMAT_USED, 0)
    store_int(row, FORMAT_LENGTH, length)
    return row


@helper(quiet=True)
def cached_plan(text: Ptr, length: Int) -> Int:
    """The plan of a specification of at most LONGEST_SPEC characters, parsed if it is new."""
    tag = text_tag(text, length, OF_SPEC)
    row = find_format(tag, text, length)
    if likely(row != NULLP):
        return load_int(row, FORMAT_PLAN)
    plan = parse_text(text, length)
    row = new_format(tag, length, plan)
    i = 0
    while i < length:
        store_int(row, FORMAT_KEY + i, text_word(text, i, length))
        i = i + 8
    return plan


@helper(quiet=True)
def cached_program(template: Object, kind: Int) -> Ptr:
    """The program of an ASCII template, compiled if it is new; null where there can be none."""
    length = unicode_length(template)
    if length > LONGEST_TEMPLATE:
        return NULLP
    text = text_data(template)
    tag = text_tag(text, length, kind)
    row = find_format(tag, text, length)
    if likely(row != NULLP):
        return load_pointer(row, FORMAT_PLAN)
    program = compile_template(text, length, kind)
    if program != NULLP:
        row = new_format(tag, length, as_int(program))
    return program


# -- templates to programs
@helper(quiet=True)
def compile_template(text: Ptr, length: Int, kind: Int) -> Ptr:
    """The program of a template; null where there is no memory."""
    marks = 0
    i = 0
    while i < length:
        char = load_byte(text, i)
        if char == 37 or char == 123 or char == 125:
            marks = marks + 1
        i = i + 1
    limit = select(marks < MOST_PARTS >> 1, 2 * marks + 1, MOST_PARTS)
    room = (length + 15) & -8
    start = PROGRAM_BODY + limit * PART_BYTES
    program = PyObject_Malloc(start + 2 * room)
    if program == NULLP:
        return NULLP
    build = local12()
    store_pointer(build, BUILD_PROGRAM, program)
    store_pointer(build, BUILD_PART, program + PROGRAM_BODY)
    store_int(build, BUILD_LIMIT, limit)
    store_int(build, BUILD_LITERAL, start + room)
    store_int(build, BUILD_NEXT, 0)
    store_int(program, PROGRAM_PARTS, 0)
    store_int(program, PROGRAM_LITERAL, 0)
    store_int(program, PROGRAM_NEED, 0)
    store_int(program, PROGRAM_TEXT, start)
    i = 0
    while i < length:
        store_int(program, start + i, text_word(text, i, length))
        i = i + 8
    done = False
    if kind == OF_PERCENT:
        done = compile_percent(build, text, length)
    else:
        done = compile_braces(build, text, length)
    if not done:
        store_int(program, PROGRAM_PARTS, -1)
    return program


@helper(quiet=True)
def add_part(build: Ptr, kind: Int, plan: Int, index: Int, name: Int) -> Bool:
    """Another part, unless there are too many."""
    program = load_pointer(build, BUILD_PROGRAM)
    parts = load_int(program, PROGRAM_PARTS)
    if parts >= load_int(build, BUILD_LIMIT):
        return False
    part = load_pointer(build, BUILD_PART)
    store_int(part, PART_KIND, kind)
    store_int(part, PART_PLAN, plan)
    store_int(part, PART_INDEX, index)
    store_int(part, PART_NAME, name)
    store_pointer(build, BUILD_PART, part + PART_BYTES)
    store_int(program, PROGRAM_PARTS, parts + 1)
    if index >= load_int(program, PROGRAM_NEED):
        store_int(program, PROGRAM_NEED, index + 1)
    return True


@helper(quiet=True)
def add_literal(build: Ptr, text: Ptr, count: Int, outside: Bool) -> Bool:
    """Literal text; one behind another is one part. That of a specification is not ``outside``."""
    if count == 0:
        return True
    program = load_pointer(build, BUILD_PROGRAM)
    place = load_int(build, BUILD_LITERAL)
    copy_text(program + place, text, count)
    store_int(build, BUILD_LITERAL, place + count)
    if outside:
        store_int(program, PROGRAM_LITERAL, load_int(program, PROGRAM_LITERAL) + count)
        if load_int(program, PROGRAM_PARTS) > 0:
            last = load_pointer(build, BUILD_PART) - PART_BYTES
            if load_int(last, PART_KIND) == PART_LITERAL and load_int(last, PART_NAME) + load_int(last, PART_PLAN) == place:
                store_int(last, PART_PLAN, load_int(last, PART_PLAN) + count)
                return True
    return add_part(build, select(outside, PART_LITERAL, PART_INSIDE), count, -1, place)


# -- programs to text
@helper(quiet=True, text=True)
def fill_program(program: Ptr, values: Ptr, count: Int, names: Object, kind: Int) -> New:
    """The filled template; null where this is the host's. ``values``: positional ones, then those of ``names``."""
    if load_int(program, PROGRAM_NEED) > count:
        return NULL
    made = local16()
    done = 0
    total = load_int(program, PROGRAM_LITERAL)
    state = COMPACT_ASCII
    part = program + PROGRAM_BODY
    end = part + load_int(program, PROGRAM_PARTS) * PART_BYTES
    last = PART_LITERAL
    while as_int(part) < as_int(end):
        last = load_int(part, PART_KIND)
        if last != PART_LITERAL:
            if done == MOST_VALUES:
                break
            piece = as_object(as_int(disown(part_text(program, part, values, count, names))))
            if is_null(piece):
                break
            store_pointer(made, done * 8, as_pointer(piece))
            done = done + 1
            total = total + unicode_length(piece)
            state = state & unicode_state(piece)
            if (last & 7) == PART_NESTED:
                part = part + load_int(part, PART_PLAN) * PART_BYTES
        part = part + PART_BYTES
    if part == end and done > 0 and total < LONGEST_JOINED:
        piece = load_object(made, (done - 1) * 8)
        if kind == OF_PERCENT:
            if end == program + (PROGRAM_BODY + PART_BYTES):
                return owned(piece)
        elif unicode_length(piece) == total and last != PART_LITERAL and (total > 1 or refcount(piece) > 1):
            incref(piece)
            whole = owned(piece)
            drop_registers(made, 0, done)
            return whole
        if total != 1:
            return join_parts(program, made, done, total, state)
        if (state & COMPACT_ASCII) == COMPACT_ASCII:
            one = join_parts(program, made, done, total, state)
            return ascii_item(one, 0)
    drop_registers(made, 0, done)
    return NULL


@helper(quiet=True)
def part_text(program: Ptr, part: Ptr, values: Ptr, count: Int, names: Object) -> New:
    """The text of a part that is a value; null where this is the host's."""
    v = part_value(program, part, values, count, names)
    if is_null(v):
        return NULL
    plan = load_int(part, PART_PLAN)
    kind = load_int(part, PART_KIND)
    if (kind & 7) == PART_NESTED:
        spec = local5()
        size = nested_spec(program, part, values, count, names, spec)
        if size < 0:
            return NULL
        plan = 0
        if size > 0:
            plan = cached_plan(spec, size)
            if plan == PLAN_HOST:
                return NULL
    if (kind >> 3) == AS_PERCENT:
        return percent_piece(v, plan)
    return one_value(v, kind >> 3, plan)


@helper(quiet=True)
def part_value(program: Ptr, part: Ptr, values: Ptr, count: Int, names: Object) -> Object:
    """The value that a part names, or null."""
    index = load_int(part, PART_INDEX)
    if index >= 0:
        return load_object(values, index * 8)
    if not is_null(names):
        name = program + (load_int(program, PROGRAM_TEXT) + (load_int(part, PART_NAME) >> NAME_SHIFT) - 1)
        length = load_int(part, PART_NAME) & ((1 << NAME_SHIFT) - 1)
        k = 0
        while k < var_size(names):
            given = tuple_item(names, k)
            if unicode_length(given) == length and is_ascii(given):
                if same_bytes(text_data(given), name, length):
                    return load_object(values, (count + k) * 8)
            k = k + 1
    return NULL


@helper(quiet=True)
def nested_spec(program: Ptr, part: Ptr, values: Ptr, count: Int, names: Object, spec: Ptr) -> Int:
    """Writes the specification of a part with its fields filled; its length, or -1."""
    left = load_int(part, PART_PLAN)
    size = 0
    while left > 0:
        part = part + PART_BYTES
        if load_int(part, PART_KIND) == PART_INSIDE:
            if size + load_int(part, PART_PLAN) > LONGEST_SPEC:
                return -1
            copy_text(spec + size, program + load_int(part, PART_NAME), load_int(part, PART_PLAN))
            size = size + load_int(part, PART_PLAN)
        else:
            v = part_value(program, part, values, count, names)
            if is_null(v):
                return -1
            inner = one_value(v, 0, 0)
            if is_null(inner):
                return -1
            if not is_ascii(inner) or size + unicode_length(inner) > LONGEST_SPEC:
                return -1
            copy_text(spec + size, text_data(inner), unicode_length(inner))
            size = size + unicode_length(inner)
        left = left - 1
    store_byte(spec, size, 0)
    return size


@helper(quiet=True, text=True)
def join_parts(program: Ptr, made: Ptr, done: Int, total: Int, state: Int) -> New:
    """Literal text and the texts of the values in one string; the latter are dropped. Null without memory."""
    if unlikely((state & COMPACT_ASCII) != COMPACT_ASCII):
        return join_wide(program, made, done)
    whole = new_text(total)
    to = text_data(whole)
    part = program + PROGRAM_BODY
    end = part + load_int(program, PROGRAM_PARTS) * PART_BYTES
    used = 0
    while as_int(part) < as_int(end):
        kind = load_int(part, PART_KIND)
        if kind == PART_LITERAL:
            copy_text(to, program + load_int(part, PART_NAME), load_int(part, PART_PLAN))
            to = to + load_int(part, PART_PLAN)
        else:
            piece = load_object(made, used * 8)
            copy_text(to, text_data(piece), unicode_length(piece))
            to = to + unicode_length(piece)
            store_int(made, used * 8, 0)
            xdecref(piece)
            used = used + 1
            if (kind & 7) == PART_NESTED:
                part = part + load_int(part, PART_PLAN) * PART_BYTES
        part = part + PART_BYTES
    return whole


@helper(quiet=True, text=True)
def join_wide(program: Ptr, made: Ptr, done: Int) -> New:
    """As join_parts, where not all is ASCII."""
    pieces = PyObject_Malloc(MOST_PARTS * 8)
    if pieces == NULLP:
        drop_registers(made, 0, done)
        return NULL
    part = program + PROGRAM_BODY
    end = part + load_int(program, PROGRAM_PARTS) * PART_BYTES
    used = 0
    count = 0
    while as_int(part) < as_int(end):
        kind = load_int(part, PART_KIND)
        if kind == PART_LITERAL:
            literal = new_text(load_int(part, PART_PLAN))
            copy_text(text_data(literal), program + load_int(part, PART_NAME), load_int(part, PART_PLAN))
            store_pointer(pieces, count * 8, disown(literal))
        else:
            store_int(pieces, count * 8, load_int(made, used * 8))
            used = used + 1
            if (kind & 7) == PART_NESTED:
                part = part + load_int(part, PART_PLAN) * PART_BYTES
        part = part + PART_BYTES
        count = count + 1
    whole = join_window(pieces, count)
    PyObject_Free(pieces)
    return whole
