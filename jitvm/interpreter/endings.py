"""References that compiled code gives up: an object that ends without running any code ends at once, any other waits for an exit.

So compiled code goes on believing what it knows, and finalisers see true frames. An end is quiet where nothing but memory is freed: of
numbers and text, and of tuples, lists, dicts and plain instances whose items are such, or live on elsewhere.
"""
from jitvm.rpython.dialect import *

MOST_ITEMS = 16
PLAIN_BASICSIZE = 24
WEAK_REFERENCES = 16


@helper()
def t_end(v: Object, counter: Ptr) -> None:
    """Gives up a reference; puts that off where it would run code, and counts it."""
    if is_null(v):
        return
    if refcount(v) > 1:
        set_refcount(v, refcount(v) - 1)
        return
    if ends_quietly(v) == 0:
        put_off(v, counter)
        return
    xdecref(v)


@helper(cold=True)
def put_off(v: Object, counter: Ptr) -> None:
    """Keeps a reference until compiled code is left, which it is at the end of the bytecode."""
    store_int(counter, 0, load_int(counter, 0) + 1)
    count = load_int(kept_words(), KEPT_LEVELS * 8)
    if count == KEPT_LEVELS - 1:
        xdecref(v)
        return
    store_pointer(kept_words(), (KEPT_LEVELS + 1 + count) * 8, as_pointer(v))
    store_int(kept_words(), KEPT_LEVELS * 8, count + 1)
    store_int(kept_words(), 0, 1)


@helper(cold=True)
def end_what_waits() -> None:
    """After an exit: gives up the references that waited for it, the first one first. What that runs may come here as well."""
    while load_int(kept_words(), KEPT_LEVELS * 8) > 0:
        count = load_int(kept_words(), KEPT_LEVELS * 8) - 1
        place = kept_words() + (KEPT_LEVELS + 1) * 8
        v = load_object(place, 0)
        i = 0
        while i < count:
            store_int(place, i * 8, load_int(place, i * 8 + 8))
            i = i + 1
        store_int(kept_words(), KEPT_LEVELS * 8, count)
        xdecref(v)


@primitive
def ends_plainly(kind: Object) -> Bool:
    """Whether the end of objects of a type concerns nobody else."""
    return kind is PyLong_Type or kind is PyFloat_Type or kind is PyUnicode_Type or kind is PyBytes_Type


@helper()
def ends_quietly(v: Object) -> Int:
    """1 where the end of an object, which has one reference left, only frees memory."""
    kind = type_pointer(v)
    if ends_plainly(kind):
        return 1
    if kind is PyTuple_Type:
        return items_quiet(as_pointer(v) + TUPLE_ITEMS, var_size(v), 8)
    if kind is PyList_Type:
        return items_quiet(list_items(v), var_size(v), 8)
    if kind is PyRange_Type:
        return items_quiet(as_pointer(v) + RANGE_ITEMS, RANGE_ITEM_COUNT, 8)
    if kind is PyDict_Type:
        keys = dict_keys(v)
        if keys_kind(keys) != KEYS_UNICODE or dict_values(v) != NULLP:
            return 0
        return items_quiet(keys + (first_entry(keys) + 8), keys_entries(keys), 16)
    if type_iternext(kind) != NULLP and type_dealloc(kind) != type_dealloc(plain_class):
        return iterator_ends_quietly(v, kind)
    if type_dealloc(kind) != type_dealloc(plain_class) or type_basicsize(kind) != PLAIN_BASICSIZE:
        return 0
    if type_weaklistoffset(kind) != WEAK_REFERENCES or type_finalize(kind) != NULLP or type_del(kind) != NULLP or refcount(kind) < 2:
        return 0
    values = load_pointer(as_pointer(v), INLINE_VALUES)
    if values == NULLP or load_int(as_pointer(v), MANAGED_DICT) != 0 or load_int(as_pointer(v), WEAK_REFERENCES) != 0:
        return 0
    return items_quiet(values, keys_entries(type_cached_keys(kind)), 8)


@helper()
def iterator_ends_quietly(v: Object, kind: Object) -> Int:
    """ends_quietly for the host's iterators over what lives on, and pairs of these."""
    if kind is PyRangeIter_Type:
        return 1
    if kind is PyListIter_Type:
        return lives_on(list_iter_list(v))
    if kind is PyTupleIter_Type:
        return lives_on(tuple_iter_tuple(v))
    if kind is PyDictIterKey_Type or kind is PyDictIterValue_Type:
        return lives_on(dict_iter_dict(v))
    if kind is PySetIter_Type:
        return lives_on(set_iter_set(v))
    if kind is ascii_iterator or kind is PyBytesIter_Type or kind is PyListRevIter_Type:
        return lives_on(iter_sequence(v))
    if kind is PyDictIterItem_Type:
        return lives_on(dict_iter_dict(v)) & result_quiet(dict_iter_result(v))
    if kind is PyEnum_Type:
        return result_quiet(enum_result(v)) & inner_quiet(enum_iterator(v))
    if kind is PyZip_Type:
        inner = zip_iterators(v)
        if zip_size(v) != 2 or refcount(inner) > 1 or result_quiet(zip_result(v)) == 0 or tuple_item(inner, 0) is tuple_item(inner, 1):
            return 0
        return inner_quiet(tuple_item(inner, 0)) & inner_quiet(tuple_item(inner, 1))
    return 0


@primitive
def lives_on(v: Object) -> Int:
    """1 where giving up a reference to an iterator's container, if it still has one, ends nothing but text."""
    if is_null(v):
        return 1
    return as_int(refcount(v) > 1 or ends_plainly(type_pointer(v)))


@helper()
def inner_quiet(v: Object) -> Int:
    """1 where an iterator that another one holds lives on, or ends quietly."""
    if refcount(v) > 1:
        return 1
    return ends_quietly(v)


@helper()
def result_quiet(v: Object) -> Int:
    """1 where the tuple of two that an iterator keeps lives on, or nobody can notice that its items end."""
    if refcount(v) > 1:
        return 1
    return as_int(unnoticed(tuple_item(v, 0)) and unnoticed(tuple_item(v, 1)))


@primitive
def unnoticed(v: Object) -> Bool:
    return v is _Py_NoneStruct or ends_plainly(type_pointer(v))


@helper()
def items_quiet(items: Ptr, count: Int, distance: Int) -> Int:
    """1 where each item, so many bytes apart, has a quiet end or stays alive: it has another reference, and is not among these twice."""
    if count > MOST_ITEMS:
        return 0
    i = 0
    while i < count:
        v = load_object(items, i * distance)
        if not is_null(v):
            if not ends_plainly(type_pointer(v)):
                if refcount(v) < 2:
                    return 0
                j = i + 1
                while j < count:
                    if load_object(items, j * distance) is v:
                        return 0
                    j = j + 1
        i = i + 1
    return 1
