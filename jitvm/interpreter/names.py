"""Moves, constants, locals, cells, globals."""
from jitvm.rpython.dialect import *

# kinds of exception that the runtime's vm_error makes (jitvm/runtime/errors.py has the same names in the same order)
UNBOUND_LOCAL = 0
UNBOUND_FREE = 1
UNDEFINED_NAME = 2
NO_BUILD_CLASS = 3
NO_ENTER = 4
NO_EXIT = 5
NO_IMPORT = 6
UNPACK_TYPE = 7
UNPACK_FEW = 8
UNPACK_MANY = 9
UNPACK_FEW_STAR = 10
MERGE = 11
LIST_EXTEND = 12
RAISE_TYPE = 13
RAISE_CAUSE = 14
NO_ACTIVE = 15
CATCH_TYPE = 16
IMPORT_FROM = 17
STAR_ARGUMENT = 18
INIT_RESULT = 19
YIELD_FROM_COROUTINE = 20
NOT_AWAITABLE = 21
AWAIT_COROUTINE = 22
AWAIT_TYPE = 23
AWAITED_ALREADY = 24
NO_ASYNC_ENTER = 25
NO_ASYNC_EXIT = 26
ASYNC_ITER_TYPE = 27
ASYNC_ITER_RESULT = 28
ASYNC_NEXT_TYPE = 29
ENTER_AWAIT = 30
EXIT_AWAIT = 31
ASYNC_NEXT_RESULT = 32
MRO_ENTRIES_TYPE = 33
PREPARE_RESULT = 34
CLASS_CELL_EMPTY = 35
CLASS_CELL_OTHER = 36
FIRST_OWN_VERSION = 1879048192


@helper(raises=True, cold=True)
def raise_made(kind: Int, first: Object, second: Object) -> Int:
    """Raises the exception that the runtime makes of ``kind`` and two objects."""
    number = new_int(kind)
    cells = local3()
    store_pointer(cells, 0, as_pointer(number))
    store_pointer(cells, 8, as_pointer(first))
    store_pointer(cells, 16, as_pointer(second))
    exception = call_runtime(vm_error, cells, 3)
    PyErr_SetObject(type_pointer(exception), exception)
    return -1


@opcode
def move(src: Object) -> Object:
    return src


@control
def take(src: Local) -> None:
    """Moves a temporary and leaves it empty."""
    place = register_pointer(src)
    value = load_pointer(place, 0)
    store_int(place, 0, 0)
    target = register_pointer(destination())
    old = load_object(target, 0)
    store_pointer(target, 0, value)
    drop_at(old, pc, regs)
    return goto(next_pc(), regs, consts)


@opcode
def load_const(value: Const) -> Object:
    return value


@control
def clear(src: Local) -> None:
    place = register_pointer(src)
    old = load_object(place, 0)
    store_int(place, 0, 0)
    drop_at(old, pc, regs)
    return goto(next_pc(), regs, consts)


@opcode
def check_bound(src: Object, name: Const) -> Effect:
    if unlikely(is_null(src)):
        raise_made(UNBOUND_LOCAL, name, name)


@opcode
def check_free(src: Object, name: Const) -> Effect:
    if unlikely(is_null(cell_contents(src))):
        raise_made(UNBOUND_FREE, name, name)


@control
def delete_local(src: Local, name: Const) -> None:
    place = register_pointer(src)
    old = load_object(place, 0)
    if is_null(old):
        raise_made(UNBOUND_LOCAL, name, name)
    store_int(place, 0, 0)
    drop_at(old, pc, regs)
    return goto(next_pc(), regs, consts)


@opcode
def make_cell(reg: Local) -> Effect:
    place = register_pointer(reg)
    cell = PyCell_New(load_object(place, 0))
    release_to(load_object(place, 0))
    store_pointer(place, 0, disown(cell))


@opcode
def load_deref(cell: Object, name: Const) -> Object:
    value = cell_contents(cell)
    if unlikely(is_null(value)):
        return unbound_cell(frame_code(frame()), name)
    return value


@helper(raises=True, cold=True)
def unbound_cell(code: Object, name: Object) -> New:
    """Always null; of a type that can be returned in place of what the cell does not have."""
    raise_made(UNBOUND_FREE, code, name)
    return NULL


@opcode
def store_deref(src: Object, cell: Object) -> Effect:
    swap_cell(cell, src)


@helper(runs=True)
def swap_cell(cell: Object, value: Object) -> None:
    """Stores into a cell; what it held is dropped after."""
    old = cell_contents(cell)
    if not is_null(value):
        incref(value)
    set_cell_contents(cell, value)
    release_to(old)


@opcode
def delete_deref(cell: Object, name: Const) -> Effect:
    if is_null(cell_contents(cell)):
        unbound_cell(frame_code(frame()), name)
    swap_cell(cell, NULL)


@opcode
def load_global(name: Const) -> Object:
    """A global, or a builtin: by the versions of the dicts' keys (as CPython's LOAD_GLOBAL_MODULE and LOAD_GLOBAL_BUILTIN)."""
    names = dict_keys(frame_globals(frame()))
    if likely(keys_version(names) + 1 == load_int(cache(), 0)):
        if load_int(cache(), 16) == 0:
            value = load_object(names, load_int(cache(), 8))
            if likely(not is_null(value)):
                return value
        elif likely(type_pointer(frame_builtins(frame())) is PyDict_Type):
            more = dict_keys(frame_builtins(frame()))
            if likely(keys_version(more) + 1 == load_int(cache(), 16)):
                value = load_object(more, load_int(cache(), 8))
                if likely(not is_null(value)):
                    return value
    return find_global(name, frame_globals(frame()), frame_builtins(frame()), cache())


@helper(raises=True, runs=True)
def find_global(name: Object, names: Object, more: Object, cell: Ptr) -> New:
    """Looks a global up the long way and fills the instruction's cache."""
    if type_pointer(names) is PyDict_Type and type_pointer(more) is PyDict_Type:
        value = _PyDict_GetItem_KnownHash(names, name, unicode_hash(name))
        if not is_null(value):
            place = entry_of(dict_keys(names), name)
            if place > 0:
                store_int(cell, 8, place)
                store_int(cell, 16, 0)
                store_int(cell, 0, version_of(dict_keys(names)) + 1)
            return value
        value = _PyDict_GetItem_KnownHash(more, name, unicode_hash(name))
        if not is_null(value):
            place = entry_of(dict_keys(more), name)
            if place > 0 and keys_kind(dict_keys(names)) == KEYS_UNICODE:
                store_int(cell, 8, place)
                store_int(cell, 16, version_of(dict_keys(more)) + 1)
                store_int(cell, 0, version_of(dict_keys(names)) + 1)
            return value
        raise_made(UNDEFINED_NAME, name, name)
    return find_name_slowly(name, names, more)


@helper(raises=True, runs=True)
def find_name_slowly(name: Object, names: Object, more: Object) -> New:
    """For dict subclasses, and builtins that are any other mapping: these are asked as all objects are."""
    value = item_if_there(names, name)
    if not is_null(value):
        return value
    if is_null(PyErr_Occurred()):
        other = item_if_there(more, name)
        if not is_null(other):
            return other
    if is_null(PyErr_Occurred()):
        raise_made(UNDEFINED_NAME, name, name)
    return NULL


@helper()
def entry_of(keys: Ptr, name: Object) -> Int:
    """Byte offset of the value of ``name`` in a dict's keys, 0 if identity does not find it (or not all keys are strings)."""
    if keys_kind(keys) != KEYS_UNICODE:
        return 0
    place = first_entry(keys)
    i = 0
    while i < keys_entries(keys):
        if load_object(keys, place) is name:
            return place + 8
        place = place + 16
        i = i + 1
    return 0


@helper()
def version_of(keys: Ptr) -> Int:
    """The version of a keys object, given one if it has none: the host resets it to 0 when a key is added or removed."""
    version = keys_version(keys)
    if version == 0:
        version = keys_next_version() + FIRST_OWN_VERSION
        set_keys_next_version(keys_next_version() + 1)
        set_keys_version(keys, version)
    return version


@helper(cold=True)
def renew_names(table: Ptr) -> Bool:
    """Looks again where the names of a table are (``jitvm/tracing/names.py``), if their dict has other keys; whether that was of use.

    It is not where one of them has moved: then the table is void for ever.
    """
    names = load_object(table, NAMES_DICT)
    keys = dict_keys(names)
    known = load_int(table, NAMES_VERSION)
    if known < 0 or known == keys_version(keys):
        return False
    start = first_entry(keys)
    rows = load_pointer(table, NAMES_ROWS)
    i = 0
    good = keys_kind(keys) == KEYS_UNICODE
    while good and i < load_int(table, NAMES_COUNT):
        good = is_at(names, keys + start, load_object(rows, i * 16), load_int(rows, i * 16 + 8))
        i = i + 1
    version = -1
    if good:
        version = version_of(keys)
    store_int(table, NAMES_START, start)
    store_int(table, NAMES_VERSION, version)
    return good


@helper()
def is_at(names: Object, entries: Ptr, name: Object, place: Int) -> Bool:
    """Whether a name is at a place among the entries of a dict's keys; with a negative place, whether it is missing."""
    if place < 0:
        return is_null(_PyDict_GetItem_KnownHash(names, name, unicode_hash(name)))
    if place >= keys_entries(dict_keys(names)):
        return False
    return load_object(entries, place * 16) is name


@entry
def vm_place_of(names: Object, name: Object) -> Int:
    """The place of a name among the entries of a dict's keys; -1 if it is missing, -2 if only an equal key is there."""
    entry_context()
    keys = dict_keys(names)
    offset = entry_of(keys, name)
    if offset > 0:
        return (offset - 8 - first_entry(keys)) >> 4
    if keys_kind(keys) == KEYS_UNICODE and is_null(_PyDict_GetItem_KnownHash(names, name, unicode_hash(name))):
        return -1
    return -2


@entry
def vm_renew_names(table: Int) -> Int:
    """As renew_names; whether the table is not void."""
    entry_context()
    renew_names(as_pointer(table))
    return select(load_int(as_pointer(table), NAMES_VERSION) < 0, 0, 1)


@opcode
def store_global(src: Object, name: Const) -> Effect:
    _PyDict_SetItem_KnownHash(frame_globals(frame()), name, src, unicode_hash(name))


@opcode
def delete_global(name: Const) -> Effect:
    if PyDict_Contains(frame_globals(frame()), name) == 0:
        raise_made(UNDEFINED_NAME, name, name)
    PyDict_DelItem(frame_globals(frame()), name)
