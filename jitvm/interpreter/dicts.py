"""Exact dicts: finding, storing and testing ints and strings as CPython's dictobject.c does, without its calls.

A keys object is a header, a table of indices (of 1, 2, 4 or 8 bytes, by its size), then the entries: key and value where all keys are
strings, else hash, key and value. What is not found by these simple ways is left to the C API.
"""
from jitvm.rpython.dialect import *

ABSENT = -1
NOT_KNOWN = -2
DUMMY_INDEX = -2
KEYS_GENERAL = 0
KEYS_UNICODE = 1
PERTURB_SHIFT = 5
PLAIN_HASH = 1152921504606846976
"""Ints below 2**60 are their own hash, -1 excepted."""
GC_LINK = -16
OWN_DICT_VERSION = 4611686018427387904


@primitive
def index_at(keys: Ptr, slot: Int, size: Int) -> Int:
    """The entry that a slot of the table of ``1 << size`` indices names: negative if none (-1 never used, -2 deleted)."""
    if size < 8:
        return (load_byte(keys, KEYS_INDICES + slot) ^ 128) - 128
    if size < 16:
        return ((load_half(keys + KEYS_INDICES + slot * 2) & 65535) ^ 32768) - 32768
    if size < 32:
        return load_i32(keys, KEYS_INDICES + slot * 4)
    return load_int(keys, KEYS_INDICES + slot * 8)


@helper(quiet=True)
def place_of_int(d: Object, x: Int) -> Int:
    """Where an exact dict has the value of the int ``x``: bytes from its keys on; ABSENT, or NOT_KNOWN by simple means."""
    keys = dict_keys(d)
    if keys_kind(keys) != KEYS_GENERAL:
        return ABSENT
    if not below(x + PLAIN_HASH, PLAIN_HASH * 2):
        return NOT_KNOWN
    wanted = select(x == -1, -2, x)
    size = keys_log2_size(keys)
    mask = (1 << size) - 1
    start = KEYS_INDICES + (1 << keys_log2_index_bytes(keys))
    perturb = wanted
    slot = wanted & mask
    while True:
        index = index_at(keys, slot, size)
        if likely(index >= 0):
            place = start + index * 24
            if load_int(keys, place) == wanted:
                key = load_object(keys, place + 8)
                if type_pointer(key) is not PyLong_Type:
                    return NOT_KNOWN
                if not is_int(key):
                    return NOT_KNOWN
                if likely(int_value(key) == x):
                    return place + 16
        elif index != DUMMY_INDEX:
            return ABSENT
        perturb = shift_right(perturb, PERTURB_SHIFT)
        slot = (slot * 5 + perturb + 1) & mask
    return NOT_KNOWN


@helper(quiet=True)
def place_of_text(d: Object, name: Object) -> Int:
    """As place_of_int, for an exact str."""
    wanted = unicode_hash(name)
    keys = dict_keys(d)
    if wanted == -1 or dict_values(d) != NULLP:
        return NOT_KNOWN
    size = keys_log2_size(keys)
    mask = (1 << size) - 1
    start = KEYS_INDICES + (1 << keys_log2_index_bytes(keys))
    stride = 16
    if keys_kind(keys) == KEYS_GENERAL:
        stride = 24
        start = start + 8
    perturb = wanted
    slot = wanted & mask
    while True:
        index = index_at(keys, slot, size)
        if likely(index >= 0):
            place = start + index * stride
            key = load_object(keys, place)
            if likely(key is name):
                return place + 8
            if type_pointer(key) is PyUnicode_Type:
                if unicode_hash(key) == wanted and _PyUnicode_EQ(key, name) != 0:
                    return place + 8
            elif load_int(keys, place - 8) == wanted:
                return NOT_KNOWN
        elif index != DUMMY_INDEX:
            return ABSENT
        perturb = shift_right(perturb, PERTURB_SHIFT)
        slot = (slot * 5 + perturb + 1) & mask
    return NOT_KNOWN


@helper(raises=True, runs=True)
def dict_item(obj: Object, key: Object) -> New:
    """obj[key] of an exact dict, by the C API; a missing key is reported as dict.__getitem__ does."""
    if type_pointer(key) is PyUnicode_Type and unicode_hash(key) != -1:
        value = _PyDict_GetItem_KnownHash(obj, key, unicode_hash(key))
    else:
        value = PyDict_GetItemWithError(obj, key)
    if is_null(value):
        if not is_null(PyErr_Occurred()):
            return NULL
        return PyObject_GetItem(obj, key)
    return value


@helper(raises=True, runs=True)
def dict_store(d: Object, key: Object, value: Object) -> Int:
    """d[key] = value of an exact dict. A value that is there already is replaced at its place."""
    place = NOT_KNOWN
    if type_pointer(key) is PyLong_Type:
        if is_int(key):
            place = place_of_int(d, int_value(key))
    elif type_pointer(key) is PyUnicode_Type:
        place = place_of_text(d, key)
    if place > 0 and (load_int(d, GC_LINK) != 0 or is_plain(value)):
        versions = dict_versions() + 1
        set_dict_versions(versions)
        set_dict_version(d, OWN_DICT_VERSION + versions)
        replace_at(dict_keys(d), place, value)
        return 0
    return PyDict_SetItem(d, key, value)


@primitive
def is_plain(v: Object) -> Bool:
    """Whether an object is of a type that the collector does not track: a dict of such values alone is not tracked either."""
    return type_pointer(v) is PyLong_Type or type_pointer(v) is PyFloat_Type or type_pointer(v) is PyUnicode_Type


@inline
def known_item(item: Object, container: Object) -> Int:
    """``item in container`` of an exact dict: 1 or 0 where simple means tell, else NOT_KNOWN."""
    if is_type(container, PyDict_Type):
        if is_int(item):
            return presence(place_of_int(container, int_value(item)))
        if is_type(item, PyUnicode_Type):
            return presence(place_of_text(container, item))
    return NOT_KNOWN


@primitive
def presence(place: Int) -> Int:
    """1 for a place, 0 for ABSENT, NOT_KNOWN as it is."""
    return select(place > 0, 1, select(place == ABSENT, 0, NOT_KNOWN))
