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
def first_entry(keys: Ptr) -> Int:
    """How far behind the beginning of a keys object its entries begin (DK_ENTRIES of pycore_dict.h)."""
    return KEYS_INDICES + (1 << keys_log2_index_bytes(keys))


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
    start = first_entry(keys)
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
    start = first_entry(keys)
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
        if is_null(PyErr_Occurred()):
            _PyErr_SetKeyError(key)
        return NULL
    return value


@helper(raises=True, runs=True)
def dict_store(d: Object, key: Object, value: Object) -> Int:
    """d[key] = value of an exact dict. A value that is there already is replaced at its place."""
    if load_int(d, GC_LINK) != 0 or is_plain(value):
        if type_pointer(key) is PyLong_Type:
            if is_int(key):
                place = place_of_int(d, int_value(key))
                if place > 0:
                    new_dict_version(d)
                    replace_at(dict_keys(d), place, value)
                    return 0
                if place == ABSENT and keys_usable(dict_keys(d)) > 0 and keys_kind(dict_keys(d)) == KEYS_GENERAL:
                    insert_int(d, key, value)
                    return 0
        elif type_pointer(key) is PyUnicode_Type:
            where = place_of_text(d, key)
            if where > 0:
                new_dict_version(d)
                replace_at(dict_keys(d), where, value)
                return 0
    return PyDict_SetItem(d, key, value)


@primitive
def new_dict_version(d: Object) -> None:
    """A changed dict gets a version that no other has: C extensions may cache what they found by it."""
    versions = dict_versions() + 1
    set_dict_versions(versions)
    set_dict_version(d, OWN_DICT_VERSION + versions)


@primitive
def slot_of(keys: Ptr, wanted: Int, entry: Int) -> Int:
    """The slot for a hash that names ``entry``; the first one free where ``entry`` is negative."""
    size = keys_log2_size(keys)
    mask = (1 << size) - 1
    perturb = wanted
    slot = wanted & mask
    index = index_at(keys, slot, size)
    while index != entry:
        if index < 0 and entry < 0:
            return slot
        perturb = shift_right(perturb, PERTURB_SHIFT)
        slot = (slot * 5 + perturb + 1) & mask
        index = index_at(keys, slot, size)
    return slot


@primitive
def set_index_at(keys: Ptr, slot: Int, entry: Int) -> None:
    size = keys_log2_size(keys)
    if size < 8:
        store_byte(keys, KEYS_INDICES + slot, entry)
    elif size < 16:
        place = keys + KEYS_INDICES + slot * 2
        store_half(place, (load_half(place) & 4294901760) | (entry & 65535))
    elif size < 32:
        store_u32(keys, KEYS_INDICES + slot * 4, entry)
    else:
        store_int(keys, KEYS_INDICES + slot * 8, entry)


@helper()
def insert_int(d: Object, key: Object, value: Object) -> None:
    """Adds an int that an exact dict with room does not have (insertdict of dictobject.c)."""
    keys = dict_keys(d)
    x = int_value(key)
    wanted = select(x == -1, -2, x)
    set_keys_version(keys, 0)
    entry = keys_entries(keys)
    set_index_at(keys, slot_of(keys, wanted, ABSENT), entry)
    place = first_entry(keys) + entry * 24
    store_int(keys, place, wanted)
    incref(key)
    store_pointer(keys, place + 8, as_pointer(key))
    incref(value)
    store_pointer(keys, place + 16, as_pointer(value))
    set_dict_used(d, dict_used(d) + 1)
    new_dict_version(d)
    set_keys_usable(keys, keys_usable(keys) - 1)
    set_keys_entries(keys, entry + 1)


@helper(raises=True, runs=True)
def dict_delete(d: Object, key: Object) -> Int:
    """del d[key] of an exact dict (delitem_common of dictobject.c)."""
    if type_pointer(key) is PyLong_Type:
        if is_int(key):
            place = place_of_int(d, int_value(key))
            if likely(place > 0):
                remove_entry(d, int_value(key), place)
                return 0
    return PyDict_DelItem(d, key)


@helper(runs=True)
def remove_entry(d: Object, x: Int, place: Int) -> None:
    """Takes the entry of an int, whose value is at ``place``, out of an exact dict."""
    keys = dict_keys(d)
    entry = (place - 16 - first_entry(keys)) // 24
    set_dict_used(d, dict_used(d) - 1)
    new_dict_version(d)
    set_keys_version(keys, 0)
    set_index_at(keys, slot_of(keys, select(x == -1, -2, x), entry), DUMMY_INDEX)
    key = load_object(keys, place - 8)
    value = load_object(keys, place)
    store_int(keys, place - 16, 0)
    store_int(keys, place - 8, 0)
    store_int(keys, place, 0)
    release_to(key)
    release_to(value)


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
