"""The memory of dead instances, for new ones: allocating and freeing is most of what a short-lived object costs.

Instances of plain classes (no slots, no finaliser, no base of other fields) consist of two blocks: one of the same size for all, and
their values, of which there are as many as the keys that the class shares have room for. Those that end here are kept in bounded lists
by that number, and become instances of any class that has as many, or fewer. What the host's counts say (references to the class, young
objects of the collector) stays what it would be.
"""
from jitvm.rpython.dialect import *

TYPE_IS_PLAIN = 16912
"""A class made by a class statement, whose instances the collector knows and which have a dict that need not exist."""
KEPT_INSTANCES = 512


@helper(raises=True)
def new_instance(kind: Object) -> New:
    """An instance of a class without __new__, not initialised."""
    again = instance_again(kind)
    if not is_null(again):
        return again
    return call_ternary(type_new(kind), kind, empty_tuple, NULL)


@helper()
def new_instance_unseen(kind: Object) -> New:
    """As new_instance; null with an exception set."""
    return new_instance(kind)


@primitive
def instances_of(size: Int) -> Ptr:
    """The list of the dead instances with room for so many values; the list at 0 is their number."""
    return as_pointer(free_instances()) + size * 8


@primitive
def is_plain_class(kind: Object) -> Bool:
    """Whether instances of a class are laid out as those of a class statement without bases."""
    if type_basicsize(kind) != PLAIN_BASICSIZE or type_weaklistoffset(kind) != WEAK_REFERENCES:
        return False
    return (type_flags(kind) & TYPE_IS_PLAIN) == TYPE_IS_PLAIN and type_cached_keys(kind) != NULLP


@primitive
def values_of(keys: Ptr) -> Int:
    """How many values an instance has (shared_keys_usable_size of dictobject.c), 0 while each instance that is made reduces that."""
    return select(keys_usable(keys) > 1, 0, keys_entries(keys) + keys_usable(keys))


@helper()
def instance_again(kind: Object) -> New:
    """A dead instance as one of a class: as object.__new__ makes it. Null where there is none, or the collector would have its turn.

    Null as well while tracemalloc notes what is allocated.
    """
    traced = load_i32(as_pointer(_Py_tracemalloc_config), TRACEMALLOC_TRACING)
    if not is_plain_class(kind) or type_alloc(kind) != type_alloc(plain_class) or traced != 0:
        return NULL
    size = values_of(type_cached_keys(kind))
    if not below(size - 1, MOST_INSTANCE_VALUES):
        return NULL
    v = load_object(instances_of(size), 0)
    interpreter = ts_interp(PyThreadState_Get())
    young = interp_young(interpreter)
    if is_null(v) or young >= interp_young_limit(interpreter):
        return NULL
    store_int(instances_of(size), 0, refcount(v))
    store_int(instances_of(0), 0, load_int(instances_of(0), 0) - 1)
    set_interp_young(interpreter, young + 1)
    incref(kind)
    set_refcount(v, 1)
    store_pointer(v, 8, as_pointer(kind))
    values = load_pointer(as_pointer(v), INLINE_VALUES)
    store_byte(values, -2, 0)
    i = 0
    while i < size:
        store_int(values, i * 8, 0)
        i = i + 1
    PyObject_GC_Track(v)
    return owned(v)


@helper()
def end_instance(v: Object) -> Int:
    """Ends an instance that nobody refers to any more, as subtype_dealloc of typeobject.c, and keeps it. 0: the host is to do that."""
    kind = type_pointer(v)
    if not is_plain_class(kind) or type_finalize(kind) != NULLP or type_del(kind) != NULLP or refcount(kind) < 2:
        return 0
    keys = type_cached_keys(kind)
    values = load_pointer(as_pointer(v), INLINE_VALUES)
    if values == NULLP or load_int(v, MANAGED_DICT) != 0 or load_int(v, WEAK_REFERENCES) != 0 or type_free(kind) != type_free(plain_class):
        return 0
    if not below(values_of(keys) - 1, MOST_INSTANCE_VALUES) or load_int(instances_of(0), 0) >= KEPT_INSTANCES:
        return 0
    base = type_base(kind)
    while type_dealloc(base) == type_dealloc(plain_class):
        base = type_base(base)
    if type_dealloc(base) != type_dealloc(PyBaseObject_Type):
        return 0
    thread = PyThreadState_Get()
    PyObject_GC_UnTrack(v)
    deep = ends_others(values, keys_entries(keys))
    if deep and _PyTrash_begin(thread, v) != 0:
        return 1
    i = 0
    while i < keys_entries(keys):
        xdecref(load_object(values, i * 8))
        i = i + 1
    interpreter = ts_interp(thread)
    if interp_young(interpreter) > 0:
        set_interp_young(interpreter, interp_young(interpreter) - 1)
    size = values_of(keys)
    store_int(v, 0, load_int(instances_of(size), 0))
    store_int(instances_of(size), 0, as_int(v))
    store_int(instances_of(0), 0, load_int(instances_of(0), 0) + 1)
    release_to(kind)
    if deep:
        _PyTrash_end(thread)
    return 1


@primitive
def ends_others(values: Ptr, count: Int) -> Bool:
    """Whether an object that has references itself ends with these: the host bounds how deep that goes."""
    i = 0
    while i < count:
        v = load_object(values, i * 8)
        if not is_null(v):
            if refcount(v) == 1 and not ends_plainly(type_pointer(v)):
                return True
        i = i + 1
    return False
