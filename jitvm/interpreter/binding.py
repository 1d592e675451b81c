"""Binding plans: how the arguments of one shape of call (how many, with which names) get to the parameters of one signature.

A plan is made at the first call of its shape, hangs on the code record, and is cached in the call sites. Arguments are moved by it from
the caller's window to the callee's registers; defaults are read from the function at each call, so that a change of them is seen.
What does not fit a signature gets no plan: ``bind_frame`` reports it.
"""
from jitvm.rpython.dialect import *

PLAN_NEXT = 0
PLAN_COUNT = 8
PLAN_RECORD = 24
PLAN_DIRECT = 32
PLAN_TOTAL = 40
PLAN_DEFAULTS = 48
PLAN_KEYWORD_DEFAULTS = 56
PLAN_REST = 64
PLAN_KEYWORDS = 72
PLAN_EMPTY = 80
PLAN_SOURCES = 88
HAS_COLLECTOR = 16384
HEAP_TYPE = 512
TYPE_OF_TYPES = 2147483648
FROM_DEFAULTS = -1
FROM_KEYWORD_DEFAULTS = -1000000
PLANS_OF_A_FUNCTION = 32
MOST_SPREAD = 12
NOT_SPREAD = 1099511627776


@helper(cold=True)
def plan_for(record: Ptr, callee: Object, count: Int, names: Object) -> Ptr:
    """The plan of a shape of call, made if it is new; null where the arguments do not fit or the function has plans enough."""
    if plans_off() != 0 or (vm_flags(record) & FLAG_COROUTINE) != 0:  # whether a coroutine needs its origin is asked at each call
        return NULLP
    plan = vm_plans(record)
    known = 0
    while plan != NULLP:
        if load_int(plan, PLAN_COUNT) == count and same_names(load_object(plan, PLAN_NAMES), names):
            set_plan_finds(plan_finds() + 1)
            return plan
        plan = load_pointer(plan, PLAN_NEXT)
        known = known + 1
    if known >= PLANS_OF_A_FUNCTION:
        return NULLP
    return make_plan(record, callee, count, names)


@primitive
def has_plan(cell: Ptr, callee: Object, count: Int) -> Bool:
    """Whether a call's cache has a plan for a function and so many positional arguments."""
    if as_pointer(func_code(callee)) != load_pointer(cell, 16):
        return False
    return load_int(load_pointer(cell, 24), PLAN_COUNT) == count


@helper()
def same_names(a: Object, b: Object) -> Bool:
    """Whether two tuples of keyword names, null for none, are the same."""
    if a is b:
        return True
    if is_null(a) or is_null(b):
        return False
    size = var_size(a)
    if size != var_size(b):
        return False
    i = 0
    while i < size:
        if tuple_item(a, i) is not tuple_item(b, i):
            return False
        i = i + 1
    return True


@helper()
def make_plan(record: Ptr, callee: Object, count: Int, names: Object) -> Ptr:
    """A new plan, or null where there is none."""
    positional = vm_arguments(record)
    total = positional + vm_keyword_only(record)
    given = 0
    if not is_null(names):
        given = var_size(names)
    plan = PyObject_Malloc(PLAN_SOURCES + (total + given) * 8)
    if plan == NULLP:
        return NULLP
    store_int(plan, PLAN_COUNT, count)
    store_pointer(plan, PLAN_RECORD, record)
    store_int(plan, PLAN_TOTAL, total)
    store_int(plan, PLAN_DIRECT, select(count < positional, count, positional))
    store_int(plan, PLAN_REST, -1)
    if (vm_flags(record) & FLAG_VARARGS) != 0:
        store_int(plan, PLAN_REST, select(count > positional, count - positional, 0))
    store_int(plan, PLAN_KEYWORDS, -1)
    store_int(plan, PLAN_EMPTY, 0)
    if (vm_flags(record) & FLAG_VARKEYWORDS) != 0:
        store_int(plan, PLAN_KEYWORDS, 0)
    if (count > positional and (vm_flags(record) & FLAG_VARARGS) == 0) or not plan_sources(plan, record, callee, count, names):
        PyObject_Free(plan)
        return NULLP
    if not is_null(names):
        incref(names)
    store_pointer(plan, PLAN_NAMES, as_pointer(names))
    store_pointer(plan, PLAN_NEXT, vm_plans(record))
    set_vm_plans(record, plan)
    set_plans_made(plans_made() + 1)
    return plan


@helper()
def plan_sources(plan: Ptr, record: Ptr, callee: Object, count: Int, names: Object) -> Bool:
    """Works out where each parameter's value comes from: an argument's index, or a default."""
    total = load_int(plan, PLAN_TOTAL)
    sources = plan + PLAN_SOURCES
    i = load_int(plan, PLAN_DIRECT)
    while i < total:
        store_int(sources, i * 8, FROM_KEYWORD_DEFAULTS)
        i = i + 1
    i = 0
    given = 0
    if not is_null(names):
        given = var_size(names)
    while i < given:
        place = find_parameter(record, tuple_item(names, i), total)
        if place >= 0:
            if place < load_int(plan, PLAN_DIRECT):
                return False
            if load_int(sources, place * 8) >= 0:
                return False
            store_int(sources, place * 8, count + i)
        else:
            extra = load_int(plan, PLAN_KEYWORDS)
            if extra < 0:
                return False
            store_int(sources, (total + extra) * 8, i)
            store_int(plan, PLAN_KEYWORDS, extra + 1)
        i = i + 1
    return plan_defaults(plan, vm_arguments(record), callee)


@helper()
def plan_defaults(plan: Ptr, positional: Int, callee: Object) -> Bool:
    """Gives parameters without an argument their defaults; False where one has none."""
    sources = plan + PLAN_SOURCES
    store_int(plan, PLAN_DEFAULTS, -1)
    store_int(plan, PLAN_KEYWORD_DEFAULTS, 0)
    have = 0
    if not is_null(func_defaults(callee)):
        have = var_size(func_defaults(callee))
    i = load_int(plan, PLAN_DIRECT)
    while i < load_int(plan, PLAN_TOTAL):
        if load_int(sources, i * 8) < 0:
            if i >= positional:
                store_int(plan, PLAN_KEYWORD_DEFAULTS, 1)
            else:
                place = i - (positional - have)
                if place < 0:
                    return False
                store_int(plan, PLAN_DEFAULTS, have)
                store_int(sources, i * 8, FROM_DEFAULTS - place)
        i = i + 1
    return True


@helper()
def push_planned(thread: Ptr, plan: Ptr, callee: Object, arguments: Ptr) -> Ptr:
    """Pushes a frame with the arguments moved to where the plan says; its registers, null with an exception set.

    HOST_CALL where the plan does not fit the function's defaults as they are now: then nothing was done.
    """
    wanted = load_int(plan, PLAN_DEFAULTS)
    defaults = func_defaults(callee)
    if wanted >= 0:
        if is_null(defaults):
            return as_pointer(HOST_CALL)
        if var_size(defaults) != wanted:
            return as_pointer(HOST_CALL)
    if unlikely(load_int(plan, PLAN_KEYWORD_DEFAULTS) != 0):
        if not has_keyword_defaults(plan, func_kwdefaults(callee)):
            return as_pointer(HOST_CALL)
    record = load_pointer(plan, PLAN_RECORD)
    rest = NULL
    keywords = NULL
    if unlikely((vm_flags(record) & (FLAG_VARARGS | FLAG_VARKEYWORDS)) != 0):
        if load_int(plan, PLAN_REST) >= 0:
            rest = as_object(as_int(disown(PyTuple_New(load_int(plan, PLAN_REST)))))
        if load_int(plan, PLAN_KEYWORDS) >= 0:
            keywords = new_keywords(plan, arguments)
            if is_null(keywords):
                release_to(rest)
                return NULLP
    registers = NULLP
    if likely(enter_recursion(thread) >= 0):
        registers = reserve_frame(thread, record)
    if unlikely(registers == NULLP):
        release_to(rest)
        release_to(keywords)
        return NULLP
    total = load_int(plan, PLAN_TOTAL)
    move_planned(plan, callee, registers, arguments)
    if not is_null(rest):
        count = load_int(plan, PLAN_REST)
        place = arguments + vm_arguments(record) * 8
        i = 0
        while i < count:
            store_int(as_pointer(rest), TUPLE_ITEMS + i * 8, load_int(place, i * 8))
            store_int(place, i * 8, 0)
            i = i + 1
        store_pointer(registers, total * 8, as_pointer(rest))
        total = total + 1
    if not is_null(keywords):
        store_pointer(registers, total * 8, as_pointer(keywords))
        total = total + 1
    clear_from(registers, total, vm_registers(record))
    link_frame(thread, record, registers, callee)
    return registers


@primitive
def move_planned(plan: Ptr, callee: Object, registers: Ptr, arguments: Ptr) -> None:
    """Fills the parameters."""
    direct = load_int(plan, PLAN_DIRECT)
    i = 0
    while i < direct:
        store_int(registers, i * 8, load_int(arguments, i * 8))
        store_int(arguments, i * 8, 0)
        i = i + 1
    end = load_int(plan, PLAN_TOTAL)
    while i < end:
        source = load_int(plan, PLAN_SOURCES + i * 8)
        if source >= 0:
            store_int(registers, i * 8, load_int(arguments, source * 8))
            store_int(arguments, source * 8, 0)
        elif source > FROM_KEYWORD_DEFAULTS:
            store_reference(registers, i, tuple_item(func_defaults(callee), FROM_DEFAULTS - source))
        else:
            store_reference(registers, i, keyword_default(plan, func_kwdefaults(callee), i))
        i = i + 1


@helper()
def keyword_default(plan: Ptr, defaults: Object, parameter: Int) -> Object:
    """The default of a keyword-only parameter, or null."""
    name = load_object(vm_names(load_pointer(plan, PLAN_RECORD)), parameter * 8)
    if type_pointer(defaults) is not PyDict_Type:
        return NULL
    place = place_of_text(defaults, name)
    if place <= 0:
        return NULL
    return load_object(dict_keys(defaults), place)


@helper()
def has_keyword_defaults(plan: Ptr, defaults: Object) -> Bool:
    """Whether a function has the defaults of keyword-only parameters that a plan takes from it."""
    if is_null(defaults):
        return False
    i = load_int(plan, PLAN_DIRECT)
    while i < load_int(plan, PLAN_TOTAL):
        if load_int(plan, PLAN_SOURCES + i * 8) == FROM_KEYWORD_DEFAULTS:
            if is_null(keyword_default(plan, defaults, i)):
                return False
        i = i + 1
    return True


@helper()
def new_keywords(plan: Ptr, arguments: Ptr) -> Object:
    """The dict of the keyword arguments that are no parameters (the arguments move into it); null with an exception set.

    It is a copy of a dict of the plan's, which has the names but no values.
    """
    count = load_int(plan, PLAN_KEYWORDS)
    if count == 0:
        return as_object(as_int(disown(PyDict_New())))
    if load_int(plan, PLAN_EMPTY) == 0:
        empty = empty_keywords(plan)
        if is_null(empty):
            return NULL
        store_pointer(plan, PLAN_EMPTY, as_pointer(empty))
    made = PyDict_Copy(load_object(plan, PLAN_EMPTY))
    keys = dict_keys(made)
    entries = keys + (first_entry(keys) + 8)
    given = arguments + load_int(plan, PLAN_COUNT) * 8
    sources = plan + PLAN_SOURCES + load_int(plan, PLAN_TOTAL) * 8
    collected = 0
    i = 0
    while i < count:
        place = given + load_int(sources, i * 8) * 8
        value = load_object(place, 0)
        store_int(place, 0, 0)
        store_pointer(entries, i * 16, as_pointer(value))
        collected = collected | as_int(is_collected(value))
        i = i + 1
    set_refcount(_Py_NoneStruct, refcount(_Py_NoneStruct) - count)
    if collected != 0:
        PyObject_GC_Track(made)
    return as_object(as_int(disown(made)))


@helper(cold=True)
def empty_keywords(plan: Ptr) -> Object:
    """A dict of the names that a plan puts into a dict, all None; null with an exception set."""
    made = PyDict_New()
    sources = plan + PLAN_SOURCES + load_int(plan, PLAN_TOTAL) * 8
    i = 0
    while i < load_int(plan, PLAN_KEYWORDS):
        PyDict_SetItem(made, tuple_item(load_object(plan, PLAN_NAMES), load_int(sources, i * 8)), _Py_NoneStruct)
        i = i + 1
    return as_object(as_int(disown(made)))


@primitive
def is_collected(v: Object) -> Bool:
    """Whether the collector must look at a dict for the sake of a value in it (MAINTAIN_TRACKING of CPython's dictobject.c)."""
    kind = type_pointer(v)
    if kind is PyLong_Type or kind is PyUnicode_Type or kind is PyFloat_Type:
        return False
    if kind is PyTuple_Type:
        return PyObject_GC_IsTracked(v) != 0
    if (type_flags(kind) & TYPE_OF_TYPES) != 0:
        return (type_flags(v) & HEAP_TYPE) != 0
    return (type_flags(kind) & HAS_COLLECTOR) != 0


@primitive
def spread_size(given: Object) -> Int:
    """How many items an exact tuple has, NOT_SPREAD for all else: for recordings."""
    return select(type_pointer(given) is PyTuple_Type, var_size(given), NOT_SPREAD)


@helper()
def enter_spread(thread: Ptr, callee: Object, window: Ptr, keywords: Int, cell: Ptr) -> Ptr:
    """As enter_function, for a call with a tuple or list and a dict in the window; they keep their items."""
    given = load_object(window, 8)
    items = as_pointer(given) + TUPLE_ITEMS
    if type_pointer(given) is PyList_Type:
        items = list_items(given)
    elif type_pointer(given) is not PyTuple_Type:
        return as_pointer(HOST_CALL)
    count = var_size(given)
    named = 0
    table = NULL
    if keywords != 0:
        table = load_object(window, 16)
        named = dict_used(table)
        if keys_kind(dict_keys(table)) != KEYS_UNICODE or dict_values(table) != NULLP:
            return as_pointer(HOST_CALL)
    if count + named > MOST_SPREAD:
        return as_pointer(HOST_CALL)
    record = runnable(thread, callee)
    if record == NULLP:
        return as_pointer(HOST_CALL)
    cells = local12()
    i = 0
    while i < count:
        store_reference(cells, i, load_object(items, i * 8))
        i = i + 1
    if named != 0:
        copy_values(table, cells + count * 8)
    inside = enter_copied(thread, record, callee, cells, count, table, named, cell)
    drop_registers(cells, 0, count + named)
    return inside


@helper()
def copy_values(table: Object, cells: Ptr) -> None:
    """The values of a dict with strings as keys, in their order."""
    keys = dict_keys(table)
    i = 0
    while i < keys_entries(keys):
        value = load_object(keys, place_of_key(keys, i) + 8)
        if not is_null(value):
            incref(value)
            store_pointer(cells, 0, as_pointer(value))
            cells = cells + 8
        i = i + 1


@helper(quiet=True)
def named_entries(table: Object, names: Object) -> Ptr:
    """The entries of an exact dict, key and value in turn, whose keys are those of a tuple, in that order; else null."""
    if type_pointer(table) is not PyDict_Type:
        return NULLP
    keys = dict_keys(table)
    if keys_kind(keys) != KEYS_UNICODE or dict_values(table) != NULLP or keys_entries(keys) != var_size(names):
        return NULLP
    if not has_names(table, dict_used(table), names):
        return NULLP
    return keys + first_entry(keys)


@helper()
def names_of(table: Object, named: Int) -> New:
    """The keys of a dict as a tuple; null with an exception set."""
    made = PyTuple_New(named)
    keys = dict_keys(table)
    place = as_pointer(made) + TUPLE_ITEMS
    i = 0
    while i < keys_entries(keys):
        if load_int(keys, place_of_key(keys, i) + 8) != 0:
            store_reference(place, 0, load_object(keys, place_of_key(keys, i)))
            place = place + 8
        i = i + 1
    return made


@helper()
def has_names(table: Object, named: Int, names: Object) -> Bool:
    """Whether a dict has exactly the keys of a tuple of names, in that order."""
    if var_size(names) != named:
        return False
    keys = dict_keys(table)
    found = 0
    i = 0
    while i < keys_entries(keys):
        if load_int(keys, place_of_key(keys, i) + 8) != 0:
            if load_object(keys, place_of_key(keys, i)) is not tuple_item(names, found):
                return False
            found = found + 1
        i = i + 1
    return True


@helper()
def enter_copied(thread: Ptr, record: Ptr, callee: Object, cells: Ptr, count: Int, table: Object, named: Int, cell: Ptr) -> Ptr:
    """Enters a function with arguments in ``cells``; what is left there the caller drops. As enter_function for the rest."""
    if named == 0 and vm_arguments(record) == count and (vm_flags(record) & FLAG_SIMPLE) != 0:
        return push_simple(thread, record, callee, cells, count)
    if has_plan(cell - 16, callee, count):
        names = load_object(load_pointer(cell, 8), PLAN_NAMES)
        if is_null(names):
            if named == 0:
                return push_planned(thread, load_pointer(cell, 8), callee, cells)
        elif has_names(table, named, names):
            return push_planned(thread, load_pointer(cell, 8), callee, cells)
    if named == 0:
        return enter_new(thread, record, callee, cells, count, NULL, cell)
    made = names_of(table, named)
    if is_null(made):
        return NULLP
    return enter_new(thread, record, callee, cells, count, made, cell)


@helper()
def enter_new(thread: Ptr, record: Ptr, callee: Object, cells: Ptr, count: Int, names: Object, cell: Ptr) -> Ptr:
    """Enters a function by a plan that the call's cache does not have."""
    plan = plan_for(record, callee, count, names)
    if plan == NULLP:
        return as_pointer(HOST_CALL)
    store_pointer(cell, 0, as_pointer(func_code(callee)))
    store_pointer(cell, 8, plan)
    return push_planned(thread, plan, callee, cells)


@helper()
def runnable(thread: Ptr, callee: Object) -> Ptr:
    """The ready code record of a function, or null where the host must run it.

    A table has what was found before, by code object: its records are as many lines of memory away. Those live as long as the process.
    """
    if cframe_tracing(ts_cframe(thread)) != 0:
        return NULLP
    if unlikely(type_pointer(callee) is not PyFunction_Type):
        return NULLP
    code = as_pointer(func_code(callee))
    row = as_pointer(ready_codes() + ((shift_right(as_int(code), 5) ^ shift_right(as_int(code), 14)) & READY_MASK) * 16)
    if load_pointer(row, 0) == code:
        return load_pointer(row, 8)
    record = record_of(callee)
    if unlikely(record == NULLP):
        return NULLP
    if vm_state(record) != CODE_READY:
        return NULLP
    if (vm_flags(record) & (FLAG_COROUTINE + FLAG_NAMESPACE)) != 0:
        if (vm_flags(record) & FLAG_NAMESPACE) != 0 or ts_origin_depth(thread) != 0:
            return NULLP
        return record
    store_pointer(row, 0, code)
    store_pointer(row, 8, record)
    return record


@helper()
def enter_function(thread: Ptr, callee: Object, arguments: Ptr, count: Int, names: Object, cell: Ptr) -> Ptr:
    """Registers of a linked frame for a call; null with an exception set, HOST_CALL where the host must run it.

    The arguments are the callee's from then on.
    ``cell``, the call's inline cache, gets code object and record where the arguments fit one to one, else code object and plan;
    for a function that only makes a generator, marked code object and record.
    """
    record = runnable(thread, callee)
    if record == NULLP:
        return as_pointer(HOST_CALL)
    return enter_ready(thread, record, callee, arguments, count, names, cell)


@helper()
def enter_ready(thread: Ptr, record: Ptr, callee: Object, arguments: Ptr, count: Int, names: Object, cell: Ptr) -> Ptr:
    """As enter_function, for a function that the VM can run."""
    if makes_generator(record, count, names) and ts_recursion_remaining(thread) > 0:
        store_int(cell, 16, as_int(as_pointer(func_code(callee))) + GENERATOR_MARK)
        store_pointer(cell, 24, record)
        return as_pointer(HOST_CALL)
    if is_null(names) and vm_arguments(record) == count and (vm_flags(record) & (FLAG_SIMPLE + FLAG_COROUTINE)) == FLAG_SIMPLE:
        store_pointer(cell, 0, as_pointer(func_code(callee)))
        store_pointer(cell, 8, record)
        return push_simple(thread, record, callee, arguments, count)
    plan = plan_for(record, callee, count, names)
    if plan != NULLP:
        store_pointer(cell, 16, as_pointer(func_code(callee)))
        store_pointer(cell, 24, plan)
        inside = push_planned(thread, plan, callee, arguments)
        if inside != as_pointer(HOST_CALL):
            return inside
    registers = bind_frame(thread, record, callee, arguments, count, names)
    if registers != NULLP:
        total = count
        if not is_null(names):
            total = count + var_size(names)
        drop_registers(arguments, 0, total)
    return registers
