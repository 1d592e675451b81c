"""Items, lists, tuples, dicts, sets, unpacking."""
from jitvm.rpython.dialect import *


@opcode
def load_item(obj: Object, key: Object) -> Object:
    if is_type(obj, PyList_Type) and is_int(key):
        index = wrapped(int_value(key), var_size(obj))
        if likely(below(index, var_size(obj))):
            return list_item(obj, index)
        return missing_index(0)
    elif is_type(obj, PyTuple_Type) and is_int(key):
        index = wrapped(int_value(key), var_size(obj))
        if likely(below(index, var_size(obj))):
            return tuple_item(obj, index)
        return missing_index(1)
    elif is_type(obj, PyDict_Type):
        if is_int(key):
            place = place_of_int(obj, int_value(key))
            if likely(place > 0):
                return load_object(dict_keys(obj), place)
            if place == ABSENT:
                return missing_key(key)
        elif is_type(key, PyUnicode_Type):
            where = place_of_text(obj, key)
            if likely(where > 0):
                return load_object(dict_keys(obj), where)
            if where == ABSENT:
                return missing_key(key)
        return dict_item(obj, key)
    elif is_type(obj, PyUnicode_Type) and is_int(key):
        index = wrapped(int_value(key), unicode_length(obj))
        if is_ascii(obj):
            if below(index, unicode_length(obj)):
                return ascii_item(obj, index)
            return missing_index(2)
    imply("push_item", IMPLIED_ITEM, obj, key)
    return PyObject_GetItem(obj, key)


@helper(raises=True)
def missing_key(key: Object) -> Object:
    """An exact dict has no such key: as dict.__getitem__ reports it."""
    _PyErr_SetKeyError(key)
    return NULL


@helper(raises=True)
def missing_index(which: Int) -> Object:
    """A list, tuple or string (0, 1, 2) has no such item."""
    PyErr_SetObject(PyExc_IndexError, tuple_item(index_texts, which))
    return NULL


@primitive
def wrapped(index: Int, size: Int) -> Int:
    """A negative index counts from the end."""
    return select(index < 0, index + size, index)


@primitive
def list_item(v: Object, index: Int) -> Object:
    return load_object(list_items(v), index * 8)


@primitive
def tuple_item(v: Object, index: Int) -> Object:
    return load_object(as_pointer(v), TUPLE_ITEMS + index * 8)


@opcode
def store_item(obj: Object, key: Object, src: Object) -> Effect:
    if is_type(obj, PyList_Type) and is_int(key):
        index = wrapped(int_value(key), var_size(obj))
        if likely(below(index, var_size(obj))):
            replace_item(obj, index, src)
            return
    elif is_type(obj, PyDict_Type):
        dict_store(obj, key, src)
        return
    imply("push_store_item", IMPLIED_STORE_ITEM, obj, key, src)
    PyObject_SetItem(obj, key, src)


@primitive(ends=True)
def replace_item(v: Object, index: Int, value: Object) -> None:
    replace_at(list_items(v), index * 8, value)


@opcode
def delete_item(obj: Object, key: Object) -> Effect:
    if is_type(obj, PyDict_Type):
        dict_delete(obj, key)
        return
    PyObject_DelItem(obj, key)


@opcode
def unpack(base: Window, src: Object, count: Imm) -> Effect:
    if is_type(src, PyTuple_Type) and var_size(src) == count:
        unpack_items(register_pointer(base), as_pointer(src) + TUPLE_ITEMS, count)
        return
    if is_type(src, PyList_Type) and var_size(src) == count:
        unpack_items(register_pointer(base), list_items(src), count)
        return
    unpack_any(src, register_pointer(base), count)


@primitive
def unpack_items(window: Ptr, items: Ptr, count: Int) -> None:
    i = 0
    while i < count:
        v = load_object(items, i * 8)
        incref(v)
        old = load_object(window, i * 8)
        store_pointer(window, i * 8, as_pointer(v))
        xdecref(old)
        i = i + 1


@helper(raises=True, runs=True)
def unpack_any(src: Object, window: Ptr, count: Int) -> Int:
    """Unpacks any iterable of exactly ``count`` items, by way of a list; the runtime words the errors."""
    number = PyLong_FromLongLong(count)
    cells = local3()
    store_pointer(cells, 0, as_pointer(src))
    store_pointer(cells, 8, as_pointer(number))
    iterator = iterate_for_unpack(src)
    i = 0
    items = PyList_New(0)
    while i < count:
        item = call_unary(type_iternext(type_pointer(iterator)), iterator)
        if is_null(item):
            check_exhausted()
            return raise_unpack(UNPACK_FEW, count, i)
        PyList_Append(items, item)
        i = i + 1
    item = call_unary(type_iternext(type_pointer(iterator)), iterator)
    if not is_null(item):
        return raise_unpack(UNPACK_MANY, count, i)
    check_exhausted()
    unpack_items(window, list_items(items), count)
    return 0


@helper(raises=True, runs=True)
def iterate_for_unpack(src: Object) -> New:
    """iter(src), with the unpacking's own message for what is not iterable."""
    if type_iter(type_pointer(src)) == NULLP and not has_sequence_items(src):
        raise_made(UNPACK_TYPE, src, src)
    return PyObject_GetIter(src)


@helper(raises=True)
def raise_unpack(kind: Int, expected: Int, got: Int) -> Int:
    first = PyLong_FromLongLong(expected)
    second = PyLong_FromLongLong(got)
    return raise_made(kind, first, second)


@opcode
def unpack_ex(base: Window, src: Object, before: Imm, after: Imm) -> Effect:
    unpack_star(src, register_pointer(base), before, after)


@helper(raises=True, runs=True)
def unpack_star(src: Object, window: Ptr, before: Int, after: Int) -> Int:
    """Unpacks with a starred target: before items, a list of the middle, after items."""
    iterator = iterate_for_unpack(src)
    items = PyList_New(0)
    _PyList_Extend(items, iterator)
    total = var_size(items)
    if total < before + after:
        return raise_unpack(UNPACK_FEW_STAR, before + after, total)
    middle = PyList_New(0)
    i = before
    while i < total - after:
        PyList_Append(middle, load_object(list_items(items), i * 8))
        i = i + 1
    unpack_items(window, list_items(items), before)
    unpack_items(window + (before + 1) * 8, list_items(items) + (total - after) * 8, after)
    old = load_object(window, before * 8)
    store_pointer(window, before * 8, disown(middle))
    release_to(old)
    return 0


@opcode
def build_tuple(base: Window, count: Imm) -> Object:
    return tuple_of(register_pointer(base), count)


@helper(raises=True)
def tuple_of(window: Ptr, count: Int) -> New:
    """A tuple of the window's objects, which are moved into it."""
    made = PyTuple_New(count)
    i = 0
    while i < count:
        store_int(as_pointer(made), TUPLE_ITEMS + i * 8, load_int(window, i * 8))
        store_int(window, i * 8, 0)
        i = i + 1
    return made


@opcode
def build_list(base: Window, count: Imm) -> Object:
    return list_of(register_pointer(base), count)


@helper(raises=True)
def list_of(window: Ptr, count: Int) -> New:
    made = PyList_New(count)
    i = 0
    while i < count:
        store_int(list_items(made), i * 8, load_int(window, i * 8))
        store_int(window, i * 8, 0)
        i = i + 1
    return made


@opcode
def build_set(base: Window, count: Imm) -> Object:
    return set_of(register_pointer(base), count)


@helper(raises=True, runs=True)
def set_of(window: Ptr, count: Int) -> New:
    made = PySet_New(NULL)
    i = 0
    while i < count:
        PySet_Add(made, load_object(window, i * 8))
        i = i + 1
    drop_registers(window, 0, count)
    return made


@opcode
def build_map(base: Window, count: Imm) -> Object:
    return map_of(register_pointer(base), count)


@helper(raises=True, runs=True)
def map_of(window: Ptr, count: Int) -> New:
    made = _PyDict_NewPresized(count)
    i = 0
    while i < count:
        PyDict_SetItem(made, load_object(window, i * 16), load_object(window, i * 16 + 8))
        i = i + 1
    drop_registers(window, 0, count * 2)
    return made


@opcode
def build_const_map(base: Window, keys: Const) -> Object:
    return map_of_keys(register_pointer(base), keys)


@helper(raises=True, runs=True)
def map_of_keys(window: Ptr, keys: Object) -> New:
    count = var_size(keys)
    made = _PyDict_NewPresized(count)
    i = 0
    while i < count:
        PyDict_SetItem(made, load_object(as_pointer(keys), TUPLE_ITEMS + i * 8), load_object(window, i * 8))
        i = i + 1
    drop_registers(window, 0, count)
    return made


@opcode
def build_slice(base: Window, count: Imm) -> Object:
    return slice_of(register_pointer(base), count)


@helper(raises=True)
def slice_of(window: Ptr, count: Int) -> New:
    step = NULL
    if count == 3:
        step = load_object(window, 16)
    made = PySlice_New(load_object(window, 0), load_object(window, 8), step)
    drop_registers(window, 0, count)
    return made


@opcode
def list_append(list: Object, src: Object) -> Effect:
    append_to(list, src)


@helper(raises=True, quiet=True)
def append_to(v: Object, item: Object) -> Int:
    """list.append of an exact list: in place while there is room."""
    size = var_size(v)
    if likely(size < list_capacity(v)):
        incref(item)
        store_pointer(list_items(v), size * 8, as_pointer(item))
        set_var_size(v, size + 1)
        return 0
    return PyList_Append(v, item)


@opcode
def list_extend(list: Object, src: Object) -> Effect:
    promote(spread_size(src))
    extend_list(list, src)


@helper(raises=True, runs=True)
def extend_list(v: Object, src: Object) -> Int:
    """list.extend for ``*src`` in a display or call; what is not iterable is reported as the host does."""
    if type_iter(type_pointer(src)) == NULLP and not has_sequence_items(src):
        return raise_made(LIST_EXTEND, src, src)
    _PyList_Extend(v, src)
    return 0


@opcode
def list_to_tuple(src: Object) -> Object:
    return PyList_AsTuple(src)


@opcode
def set_add(set: Object, src: Object) -> Effect:
    PySet_Add(set, src)


@opcode
def set_update(set: Object, src: Object) -> Effect:
    _PySet_Update(set, src)


@opcode
def map_add(map: Object, key: Object, src: Object) -> Effect:
    PyDict_SetItem(map, key, src)


@opcode
def map_update(map: Object, src: Object) -> Effect:
    update_map(map, src)


@helper(raises=True, runs=True)
def update_map(map: Object, src: Object) -> Int:
    if PyDict_Update(map, src) < 0:
        return -1
    return 0


@opcode
def map_merge(map: Object, src: Object, callee: Object) -> Effect:
    merge_map(map, src, callee)


@helper(raises=True, runs=True)
def merge_map(map: Object, src: Object, callee: Object) -> Int:
    """``**src`` in a call: the runtime words the errors for doubled keywords and non-mappings."""
    if type_pointer(src) is PyDict_Type:
        if _PyDict_MergeEx(map, src, 2) == 0:
            return 0
        if PyErr_ExceptionMatches(PyExc_KeyError) == 0:
            return -1
        PyErr_Clear()
    cells = local3()
    store_pointer(cells, 0, as_pointer(map))
    store_pointer(cells, 8, as_pointer(src))
    store_pointer(cells, 16, as_pointer(callee))
    failed = call_runtime(vm_merge, cells, 3)
    if failed is _Py_NoneStruct:
        return 0
    PyErr_SetObject(type_pointer(failed), failed)
    return -1


@opcode
def get_len(src: Object) -> Object:
    size = PyObject_Size(src)
    return new_int(size)


@primitive
def has_sequence_items(v: Object) -> Bool:
    """Whether the type has sq_item (PySequence_Check), so that iter() works without __iter__."""
    table = type_as_sequence(type_pointer(v))
    if table == NULLP:
        return False
    return load_pointer(table, 24) != NULLP
