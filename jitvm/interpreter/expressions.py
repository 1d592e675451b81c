"""eval, exec and compile of texts: code that was compiled before is used again where nobody can tell (``runtime/expressions.py``).

The table is an array of sets of four rows (``spec/shared.py``). A row: tag, text, code, file name, checks, used lately, key, hand of
its set (first row only). A key says how the text is compiled: bits 0-1 the mode, 2 by ``compile``, 3-5 the optimisation plus 1, 17-24
the future flags. A text is compiled for the table when it comes a second time; until then its row holds the tag alone.
"""
from jitvm.rpython.dialect import *

MODE_EVAL = 0
MODE_EXEC = 1
MODE_SINGLE = 2
SET_BYTES = 256
LONGEST_TEXT = 16384
COMPILER_DEPTH = 60
IS_DICT = 536870912
CHECK_BYTES = 24


@helper(raises=True, runs=True)
def run_text(callee: Object, arguments: Ptr, count: Int, mode: Int) -> New:
    """eval or exec with positional arguments."""
    if below(count - 1, 3):
        frame = cframe_frame(ts_cframe(PyThreadState_Get()))
        cell = local()
        source = load_object(arguments, 0)
        if find_code(source, NULLP, mode | (code_flags(frame_code(frame)) & FUTURE_FLAGS), cell) != 0:
            code = owned(load_object(cell, 0))
            names = _Py_NoneStruct
            inner = _Py_NoneStruct
            if count > 1:
                names = load_object(arguments, 8)
            if count > 2:
                inner = load_object(arguments, 16)
            if names is _Py_NoneStruct:
                names = frame_globals(frame)
                if inner is _Py_NoneStruct:
                    inner = PyEval_GetLocals()
            elif inner is _Py_NoneStruct:
                inner = names
            if (type_flags(type_pointer(names)) & IS_DICT) != 0 and PyMapping_Check(inner) != 0:
                if PyDict_Contains(names, name_builtins) == 0:
                    PyDict_SetItem(names, name_builtins, frame_builtins(frame))
                return PyEval_EvalCode(code, names, inner)
    return call_host_text(callee, arguments, count, NULL)


@helper(raises=True, runs=True)
def compile_text(callee: Object, arguments: Ptr, count: Int, names: Object) -> New:
    """compile: the last arguments have names if ``names`` is not null."""
    key = compile_key(arguments, count, names)
    if key >= 0:
        cell = local()
        if find_code(load_object(arguments, 0), load_pointer(arguments, 8), key, cell) != 0:
            return owned(load_object(cell, 0))
    return call_host_text(callee, arguments, count, names)


@helper(raises=True, runs=True)
def call_host_text(callee: Object, arguments: Ptr, count: Int, names: Object) -> New:
    """eval, exec or compile by the host."""
    table = cfunction_def(callee)
    if callee is builtin_eval:
        return call_fast(def_function(table), cfunction_self(callee), arguments, count)
    return call_fast_keywords(def_function(table), cfunction_self(callee), arguments, count, names)


@helper(quiet=True)
def compile_key(arguments: Ptr, count: Int, names: Object) -> Int:
    """The key of a call of ``compile``; -1 where an argument is of no everyday kind."""
    if not below(count - 3, 4):
        return -1
    if type_pointer(load_object(arguments, 8)) is not PyUnicode_Type:
        return -1
    flags = 0
    alone = 0
    level = -1
    if count > 3:
        flags = small_number(load_object(arguments, 24))
    if count > 4:
        alone = small_number(load_object(arguments, 32))
    if count > 5:
        level = optimisation(load_object(arguments, 40))
    if not is_null(names):
        i = 0
        while i < var_size(names):
            name = load_object(as_pointer(names), TUPLE_ITEMS + i * 8)
            value = load_object(arguments, (count + i) * 8)
            if name is name_flags and count <= 3:
                flags = small_number(value)
            elif name is name_dont_inherit and count <= 4:
                alone = small_number(value)
            elif name is name_optimize and count <= 5:
                level = optimisation(value)
            else:
                return -1
            i = i + 1
    if flags < 0 or (flags & FUTURE_FLAGS) != flags or alone < 0 or not below(level + 1, 4):
        return -1
    if alone == 0:
        frame = cframe_frame(ts_cframe(PyThreadState_Get()))
        flags = flags | (code_flags(frame_code(frame)) & FUTURE_FLAGS)
    mode = load_object(arguments, 16)
    kind = select(mode is name_eval, MODE_EVAL, select(mode is name_exec, MODE_EXEC, select(mode is name_single, MODE_SINGLE, -1)))
    if kind < 0:
        return -1
    return flags | ((level + 1) << 3) | BY_COMPILE | kind


@primitive
def small_number(v: Object) -> Int:
    """An int that is not negative, or a truth value; else -1."""
    if is_int(v):
        return select(int_value(v) < 0, -1, int_value(v))
    return select(v is _Py_TrueStruct, 1, select(v is _Py_FalseStruct, 0, -1))


@primitive
def optimisation(v: Object) -> Int:
    """A level of optimisation, -1 for that of the process; else a number that is none."""
    if is_int(v):
        return int_value(v)
    return 99


@helper(raises=True, runs=True)
def find_code(text: Object, file: Ptr, key: Int, cell: Ptr) -> Int:
    """Puts the code of a text at ``cell``, a reference; 0 where the host must compile it.

    The host's compiler gives up by the depth of its caller: texts that could come near that are its own.
    """
    thread = PyThreadState_Get()
    if type_pointer(text) is not PyUnicode_Type or expressions() == 0:
        return 0
    length = unicode_length(text)
    if length > LONGEST_TEXT or length + COMPILER_DEPTH > 3 * ts_recursion_remaining(thread):
        return 0
    if load_pointer(ts_interp(thread), INTERP_AUDIT_HOOKS) != NULLP:
        return 0
    if expressions() == NO_TABLE_YET:
        ask(NULLP, 0)
        return 0
    tag = (PyObject_Hash(text) ^ (key * TAG_FACTOR)) | 1
    row = find_row(text, file, key, tag)
    if row != NULLP and load_int(row, ROW_CODE) > REFUSED:
        if unshared(row):
            set_expression_hits(expression_hits() + 1)
            return take_code(row, cell)
    set_expression_misses(expression_misses() + 1)
    if row == NULLP:
        note_text(tag)
        return 0
    store_int(row, ROW_USED, 1)
    if load_int(row, ROW_CODE) == REFUSED:
        return 0
    replaced = ask_for_code(text, file, key, (as_int(row) - expressions()) // ROW_BYTES)
    row = find_row(text, file, key, tag)
    if row == NULLP:
        return 0
    if below(load_int(row, ROW_CODE), REFUSED + 1):
        return 0
    note_counts(load_pointer(row, ROW_CHECKS))
    return take_code(row, cell)


@primitive
def take_code(row: Ptr, cell: Ptr) -> Int:
    """The row's code, with a reference."""
    code = load_object(row, ROW_CODE)
    incref(code)
    store_pointer(cell, 0, as_pointer(code))
    store_int(row, ROW_USED, 1)
    return 1


@helper(raises=True, runs=True)
def ask_for_code(text: Object, file: Ptr, key: Int, number: Int) -> New:
    """Has the runtime compile a text, or copy its code, for a row. What was in the row is dropped by the caller, last of all."""
    cells = local4()
    boxed_key = new_int(key)
    boxed_number = new_int(number)
    store_pointer(cells, 0, as_pointer(text))
    store_pointer(cells, 8, select(file == NULLP, as_pointer(_Py_NoneStruct), file))
    store_pointer(cells, 16, as_pointer(boxed_key))
    store_pointer(cells, 24, as_pointer(boxed_number))
    return ask(cells, 4)


@helper(raises=True, runs=True)
def ask(cells: Ptr, count: Int) -> New:
    """Calls the runtime's part of the cache. It gives an exception, a signal's, in a tuple, without its own frames."""
    if unlikely(interp_eval_breaker(ts_interp(PyThreadState_Get())) != 0):
        poll()
    answer = call_runtime(vm_expression, cells, count)
    if unlikely(type_pointer(answer) is PyTuple_Type):
        exception = load_object(as_pointer(answer), TUPLE_ITEMS)
        PyErr_SetObject(type_pointer(exception), exception)
        return NULL
    return answer


@helper(quiet=True)
def find_row(text: Object, file: Ptr, key: Int, tag: Int) -> Ptr:
    """The row of a text; one that holds nothing but its tag counts, and so does one whose text the host must compile."""
    row = set_of_rows(tag)
    i = 0
    while i < WAYS:
        if load_int(row, ROW_TAG) == tag:
            if below(load_int(row, ROW_CODE), REFUSED + 1):
                return row
            if load_int(row, ROW_KEY) == key and load_pointer(row, ROW_FILE) == file:
                if _PyUnicode_EQ(load_object(row, ROW_TEXT), text) != 0:
                    return row
        row = row + ROW_BYTES
        i = i + 1
    return NULLP


@primitive
def set_of_rows(tag: Int) -> Ptr:
    return as_pointer(expressions() + (shift_right(tag, 20) & expression_mask()) * SET_BYTES)


@helper(quiet=True)
def row_to_replace(rows: Ptr, hand_place: Int, used_place: Int) -> Ptr:
    """The next row of a set, in this table or that of formats, that was not used since the hand came by (the clock algorithm)."""
    hand = load_int(rows, hand_place)
    steps = 0
    while steps < 2 * WAYS:
        hand = (hand + 1) & (WAYS - 1)
        if load_int(rows + hand * ROW_BYTES, used_place) == 0:
            break
        store_int(rows + hand * ROW_BYTES, used_place, 0)
        steps = steps + 1
    store_int(rows, hand_place, hand)
    return rows + hand * ROW_BYTES


@helper(quiet=True)
def note_text(tag: Int) -> None:
    """Remembers that a text came, in the row of its set that was not used for the longest time, or nearly."""
    row = row_to_replace(set_of_rows(tag), ROW_HAND, ROW_USED)
    store_int(row, ROW_TAG, tag)
    store_int(row, ROW_CODE, 0)
    store_int(row, ROW_USED, 0)


@helper(quiet=True)
def note_counts(checks: Ptr) -> None:
    """Notes how many references there are to what only the row's code should hold."""
    at = checks + 8
    left = load_int(checks, 0)
    while left > 0:
        store_int(at, 8, refcount(load_object(at, 0)))
        at = at + CHECK_BYTES
        left = left - 1


@helper(quiet=True)
def unshared(row: Ptr) -> Bool:
    """Whether nobody holds a part of the code, so that nobody can tell it from code compiled anew.

    Where somebody holds a constant that is a number or text, the code gets another one.
    """
    checks = load_pointer(row, ROW_CHECKS)
    at = checks + 8
    left = load_int(checks, 0)
    while left > 0:
        v = load_object(at, 0)
        place = load_int(at, 16)
        if refcount(v) != load_int(at, 8):
            if place < 0:
                return False
            if not renew_constant(load_object(row, ROW_CODE), at, v, place):
                return False
        elif place == CHECK_CODE:
            if code_weakrefs(v) != NULLP:
                return False
        at = at + CHECK_BYTES
        left = left - 1
    return True


@helper(quiet=True)
def renew_constant(code: Object, at: Ptr, old: Object, place: Int) -> Bool:
    """Puts a copy in place of a constant that somebody else holds too."""
    made = copy_constant(old)
    if is_null(made):
        return False
    pointer = disown(made)
    store_pointer(as_pointer(code_consts(code)), TUPLE_ITEMS + place * 8, pointer)
    store_pointer(at, 0, pointer)
    xdecref(old)
    return True


@helper(quiet=True)
def copy_constant(v: Object) -> New:
    """Another object of the same value: of an int, a float or an ASCII string; else null."""
    if is_int(v):
        return new_int(int_value(v))
    if is_float(v):
        return new_float(float_value(v))
    if type_pointer(v) is PyUnicode_Type and is_ascii(v):
        made = new_text(unicode_length(v))
        copy_text(text_data(made), text_data(v), unicode_length(v))
        return made
    return NULL
