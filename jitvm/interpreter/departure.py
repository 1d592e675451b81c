"""The end of the process: whether anybody could tell that what is still in memory is left there instead of being freed.

The host frees all it can: most of its way out is spent on that. To be noticed, the end of an object has to run something: a finaliser,
a callback of a weak reference, the rest of a generator.
"""
from jitvm.rpython.dialect import *

KNOWN_OBJECTS = 0
KNOWN_TYPES = 1
KNOWN_REFERENCES = 2
KNOWN_SPACES = 3
GENERATION_BYTES = 24
GENERATION_COUNT = 3
COLLECTED_TYPE = 16384
WEAK_CALLBACK = 24
NAME_DESTROY = 0x796F72747365645F


@entry
def vm_departs_unseen(known: Object) -> Int:
    """1 where the end of no object that the collector knows of would be noticed; those that it was told to leave alone are not looked at.

    ``known`` (jitvm/runtime/departure.py): objects that are left out, types with finalisers that do nothing, types of weak references,
    namespaces of functions that may be their callbacks.
    """
    entry_context()
    head = ts_interp(PyThreadState_Get()) + INTERP_YOUNG_HEAD
    generation = 0
    while generation < GENERATION_COUNT:
        at = load_pointer(head, 0)
        while at != head:
            if departs_unseen(as_object(at + GC_HEADER), known) == 0:
                return 0
            at = load_pointer(at, 0)
        head = head + GENERATION_BYTES
        generation = generation + 1
    return 1


@helper()
def departs_unseen(v: Object, known: Object) -> Int:
    kind = type_pointer(v)
    if (type_flags(kind) & TYPE_SUBCLASS) != 0 and (type_flags(v) & COLLECTED_TYPE) == 0:
        if (type_finalize(v) != NULLP or type_del(v) != NULLP) and type_dealloc(v) == type_dealloc(plain_class):
            return 0  # a class of whose instances the collector does not know
    if type_weak(kind, known) != 0:
        return callback_unseen(load_object(as_pointer(v), WEAK_CALLBACK), known)
    if kind is PyGen_Type:
        state = gen_state(v)
        return as_int(state != GENERATOR_SUSPENDED and state != GENERATOR_EXECUTING)
    if kind is PyCoro_Type or kind is PyAsyncGen_Type:
        return 0
    if type_finalize(kind) == NULLP and type_del(kind) == NULLP:
        return 1
    return contained(tuple_item(known, KNOWN_TYPES), kind) | contained(tuple_item(known, KNOWN_OBJECTS), v)


@primitive
def type_weak(kind: Object, known: Object) -> Int:
    """1 for a type of weak references."""
    return contained(tuple_item(known, KNOWN_REFERENCES), kind)


@helper()
def callback_unseen(callback: Object, known: Object) -> Int:
    """1 where a weak reference has no callback, or one that does nothing but remove an entry from a table.

    Of C functions that is the one of ABCs' registries: ``_destroy`` of Modules/_abc.c.
    """
    if is_null(callback) or callback is _Py_NoneStruct:
        return 1
    if type_pointer(callback) is PyCFunction_Type:
        name = load_pointer(cfunction_def(callback), 0)
        return as_int(load_word(name) == NAME_DESTROY and load_byte(name, 8) == 0)
    if type_pointer(callback) is not PyFunction_Type:
        return 0
    return contained(tuple_item(known, KNOWN_SPACES), func_globals(callback))


@helper()
def contained(items: Object, v: Object) -> Int:
    """1 where a tuple has an object itself."""
    i = 0
    while i < var_size(items):
        if tuple_item(items, i) is v:
            return 1
        i = i + 1
    return 0
