"""Attributes and methods, with inline caches keyed by type version (CPython's typeobject.c and specialize.c have the rules)."""
from jitvm.rpython.dialect import *  # noqa: F403

KIND_NONE = 0
KIND_INLINE_VALUE = 1
KIND_SLOT = 2
KIND_METHOD = 3
KIND_METHOD_INLINE = 4


@opcode
def load_attr(obj: Object, name: Const) -> Object:
    kind = type_pointer(obj)
    if likely(type_version(kind) + 1 == load_int(cache(), 0)):
        if load_int(cache(), 8) == KIND_INLINE_VALUE:
            values = load_pointer(as_pointer(obj), INLINE_VALUES)
            if likely(values != NULLP):
                value = load_object(values, load_int(cache(), 16))
                if likely(not is_null(value)):
                    return value
        elif load_int(cache(), 8) == KIND_SLOT:
            value = load_object(as_pointer(obj), load_int(cache(), 16))
            if likely(not is_null(value)):
                return value
    else:
        fill_attribute_cache(obj, name, cache())
    return PyObject_GetAttr(obj, name)


@helper(cold=True)
def fill_attribute_cache(obj: Object, name: Object, cell: Ptr) -> None:
    """Asks the runtime how ``obj.name`` is found; misses are counted so that a site that never settles is left alone."""
    misses = load_int(cell, 24)
    if misses > 16:
        return
    store_int(cell, 24, misses + 1)
    describe_attribute(obj, name, cell, 0)


@helper()
def describe_attribute(obj: Object, name: Object, cell: Ptr, method: Int) -> None:
    """Calls the runtime's vm_do(obj, name, address of the cache, method); errors are its own affair."""
    kind = local()
    value = local()
    trace = local()
    PyErr_Fetch(kind, value, trace)
    call_describe(obj, name, cell, method)
    PyErr_Restore(owned(load_object(kind, 0)), owned(load_object(value, 0)), owned(load_object(trace, 0)))


@helper(raises=True)
def call_describe(obj: Object, name: Object, cell: Ptr, method: Int) -> Int:
    address = PyLong_FromLongLong(as_int(cell))
    flag = PyLong_FromLongLong(method)
    cells = local4()
    store_pointer(cells, 0, as_pointer(obj))
    store_pointer(cells, 8, as_pointer(name))
    store_pointer(cells, 16, as_pointer(address))
    store_pointer(cells, 24, as_pointer(flag))
    done = call_runtime(vm_do, cells, 4)
    return 0


@opcode
def store_attr(obj: Object, src: Object, name: Const) -> Effect:
    kind = type_pointer(obj)
    if likely(type_version(kind) + 1 == load_int(cache(), 0)):
        if load_int(cache(), 8) == KIND_INLINE_VALUE:
            values = load_pointer(as_pointer(obj), INLINE_VALUES)
            if likely(values != NULLP):
                old = load_object(values, load_int(cache(), 16))
                if likely(not is_null(old)):
                    replace_at(values, load_int(cache(), 16), src)
                    return
    else:
        fill_store_cache(obj, name, cache())
    PyObject_SetAttr(obj, name, src)


@helper(cold=True)
def fill_store_cache(obj: Object, name: Object, cell: Ptr) -> None:
    misses = load_int(cell, 24)
    if misses > 16:
        return
    store_int(cell, 24, misses + 1)
    describe_attribute(obj, name, cell, 2)


@primitive
def replace_at(base: Ptr, offset: Int, value: Object) -> None:
    """Overwrites an object field; what it held is dropped after."""
    old = load_object(base, offset)
    incref(value)
    store_pointer(base, offset, as_pointer(value))
    xdecref(old)


@opcode
def delete_attr(obj: Object, name: Const) -> Effect:
    PyObject_SetAttr(obj, name, NULL)


@opcode
def load_method(base: Window, obj: Object, name: Const) -> Effect:
    kind = type_pointer(obj)
    if likely(type_version(kind) + 1 == load_int(cache(), 0)):
        if load_int(cache(), 8) == KIND_METHOD:
            set_register(base + 1, obj)
            set_register(base, load_object(cache(), 16))
            return
        if load_int(cache(), 8) == KIND_METHOD_INLINE:
            values = load_pointer(as_pointer(obj), INLINE_VALUES)
            if likely(values != NULLP):
                set_register(base + 1, obj)
                set_register(base, load_object(cache(), 16))
                return
    else:
        fill_method_cache(obj, name, cache())
    found = get_method(obj, name, register_pointer(base))


@helper(cold=True)
def fill_method_cache(obj: Object, name: Object, cell: Ptr) -> None:
    misses = load_int(cell, 24)
    if misses > 16:
        return
    store_int(cell, 24, misses + 1)
    describe_attribute(obj, name, cell, 1)


@helper(raises=True, runs=True)
def get_method(obj: Object, name: Object, window: Ptr) -> Int:
    """Puts what ``obj.name`` calls into a window: an unbound method and self, or a bound attribute and nothing."""
    place = local()
    store_int(place, 0, 0)
    unbound = _PyObject_GetMethod(obj, name, place)
    found = owned(load_object(place, 0))
    if is_null(found):
        return -1
    first = load_int(window, 0)
    second = load_int(window, 8)
    store_pointer(window, 0, disown(found))
    if unbound != 0:
        incref(obj)
        store_pointer(window, 8, as_pointer(obj))
    else:
        store_int(window, 8, 0)
    release_to(as_object(first))
    release_to(as_object(second))
    return 0


@opcode
def load_super_attr(base: Window, name: Const) -> Object:
    return PyObject_GetAttr(register(base), name)
