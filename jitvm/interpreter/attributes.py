"""Attributes and methods, with inline caches keyed by type version (CPython's typeobject.c and specialize.c have the rules).

An instruction has a *cell* of its own, for one type. Those for other types are in a table of bounded size, by instruction and version: a
cell that another one's place is needed for is made anew when it is missed.
"""
from jitvm.rpython.dialect import *

# how an attribute is found. A cell has the words: version of the object's type + 1; kind; offset, or the value itself; and two
# halves: misses so far, a second version (instances: 1 + the place of the entry where they have a dict of their own; kinds with DICT:
# where an instance whose class has a base in C has its dict). A value in a
# cache is borrowed: it lives as long as the version holds. A value's own class may become that of a descriptor, which changes no version
# of the class that has the value: a value is looked at again, and an inline value that stands before one of such a class (KIND_SHADOWING)
# has the class's value for its offset, and its offset for the second version.
KIND_NONE = 0
KIND_INLINE_VALUE = 1
KIND_SLOT = 2
KIND_METHOD = 3
KIND_METHOD_INLINE = 4
KIND_CLASS_VALUE = 5
KIND_CLASS_VALUE_INLINE = 6
KIND_MODULE = 7
KIND_INSTANCE_DICT = 9
KIND_SHADOWING = 10
KIND_DICT = 11
KIND_METHOD_DICT = 12
KIND_CLASS_VALUE_DICT = 13
KIND_PROPERTY = 14
TYPE_IS_IMMUTABLE = 256
TYPE_HAS_MANAGED_DICT = 16
TYPE_IS_METHOD_DESCRIPTOR = 131072
SPLIT_KEYS = 2
MEMBER_OBJECT = 16
MEMBER_READONLY = 1
MISSES = 32
RETRY = 64
OWN_MISSES = 2
OF_VALUE = 0
OF_STORE = 1
OF_METHOD = 2


@opcode
def load_attr(obj: Object, name: Const) -> Object:
    """obj.name: an instance's inline value or slot, a value of its class, a module's or class's attribute; else the long way."""
    kind = type_pointer(obj)
    cell = cell_of(obj, name, promote(type_version(kind)), cache(), OF_VALUE)
    if likely(cell != NULLP):
        if likely(load_int(cell, 8) == KIND_INLINE_VALUE):
            values = load_pointer(as_pointer(obj), INLINE_VALUES)
            if likely(values != NULLP):
                value = load_object(values, load_int(cell, 16))
                if likely(not is_null(value)):
                    return value
            else:
                value = own_value(obj, name, load_u32(cell, 28))
                if likely(not is_null(value)):
                    return value
                refill(obj, name, cell, OF_VALUE)
            value = class_default(obj, name)
            if likely(not is_null(value)):
                return value
        elif load_int(cell, 8) == KIND_SLOT:
            value = load_object(as_pointer(obj), load_int(cell, 16))
            if likely(not is_null(value)):
                return value
        elif load_int(cell, 8) == KIND_CLASS_VALUE:
            value = load_object(cell, 16)
            if likely(type_descr_get(type_pointer(value)) == NULLP):
                return value
        elif load_int(cell, 8) == KIND_CLASS_VALUE_INLINE:
            if likely(only_class_has(obj, kind, load_u32(cell, 28))):
                value = load_object(cell, 16)
                if likely(type_descr_get(type_pointer(value)) == NULLP):
                    return value
            elif instance_lacks(obj, name, cell) != 0:
                value = load_object(cell, 16)
                if likely(type_descr_get(type_pointer(value)) == NULLP):
                    return value
            else:
                refill(obj, name, cell, OF_VALUE)
        elif load_int(cell, 8) == KIND_MODULE:
            names = dict_keys(module_dict(obj))
            if likely(keys_version(names) == load_u32(cell, 28)):
                value = load_object(names, load_int(cell, 16))
                if likely(not is_null(value)):
                    return value
            else:
                refill(obj, name, cell, OF_VALUE)
        elif load_int(cell, 8) == KIND_TYPE:
            if likely(type_version(obj) == load_u32(cell, 28)):
                value = load_object(cell, 16)
                if likely(binds_nothing(value)):
                    return value
                if type_pointer(value) is PyStaticMethod_Type:
                    if is_function(static_callable(value)):
                        return static_callable(value)
            refill(obj, name, cell, OF_VALUE)
        elif load_int(cell, 8) == KIND_SHADOWING:
            if likely(type_descr_set(type_pointer(load_object(cell, 16))) == NULLP):
                values = load_pointer(as_pointer(obj), INLINE_VALUES)
                if likely(values != NULLP):
                    value = load_object(values, load_u32(cell, 28))
                    if likely(not is_null(value)):
                        return value
        elif load_int(cell, 8) == KIND_INSTANCE_DICT:
            value = own_value(obj, name, load_u32(cell, 28))
            if likely(not is_null(value)):
                return value
            refill(obj, name, cell, OF_VALUE)
        elif load_int(cell, 8) == KIND_DICT:
            value = dict_value(obj, name, load_u32(cell, 28))
            if likely(not is_null(value)):
                return value
        elif load_int(cell, 8) == KIND_CLASS_VALUE_DICT:
            if likely(dict_lacks(obj, name, load_u32(cell, 28)) != 0):
                value = load_object(cell, 16)
                if likely(type_descr_get(type_pointer(value)) == NULLP):
                    return value
    imply("push_property", IMPLIED_PROPERTY, obj, name)
    return PyObject_GetAttr(obj, name)


@inline
def binds_nothing(value: Object) -> Bool:
    """Whether what a class has is given as it is when the class is asked for it."""
    if type_pointer(value) is PyFunction_Type or type_pointer(value) is PyWrapperDescr_Type or type_pointer(value) is PyMethodDescr_Type:
        return True
    return type_descr_get(type_pointer(value)) == NULLP


@inline
def is_function(value: Object) -> Bool:
    """Whether what a static or class method is of is a function."""
    if is_null(value):
        return False
    return type_pointer(value) is PyFunction_Type


@helper()
def own_value(obj: Object, name: Object, place: Int) -> Object:
    """The value of ``name`` in the dict of an instance without inline values, perhaps entry number ``place`` - 1; else null."""
    if load_pointer(as_pointer(obj), INLINE_VALUES) != NULLP:
        return NULL
    names = load_object(as_pointer(obj), MANAGED_DICT)
    if is_null(names):
        return NULL
    keys = dict_keys(names)
    if place > 0 and keys_kind(keys) == KEYS_UNICODE and place <= keys_entries(keys) and dict_values(names) == NULLP:
        entry = keys + first_entry(keys) + 16 * (place - 1)
        if load_object(entry, 0) is name:
            return load_object(entry, 8)
    return text_value(names, name)


@primitive
def has_texts(names: Object) -> Bool:
    """Whether all keys of a dict are strings."""
    return keys_kind(dict_keys(names)) == KEYS_UNICODE or keys_kind(dict_keys(names)) == SPLIT_KEYS


@primitive
def text_value(names: Object, name: Object) -> Object:
    """What a dict has under ``name``; null where it lacks it, or not all keys are strings: these might be asked whether they are equal."""
    if not has_texts(names):
        return NULL
    return _PyDict_GetItem_KnownHash(names, name, unicode_hash(name))


@helper()
def dict_value(obj: Object, name: Object, offset: Int) -> Object:
    """The value of ``name`` in the dict that an object has at ``offset``; else null."""
    names = load_object(as_pointer(obj), offset)
    if is_null(names):
        return NULL
    return text_value(names, name)


@helper()
def dict_lacks(obj: Object, name: Object, offset: Int) -> Int:
    """1 if the dict that an object has at ``offset`` does not exist, or has only strings as keys and ``name`` is not one of them."""
    names = load_object(as_pointer(obj), offset)
    if is_null(names):
        return 1
    return text_lacks(names, name)


@primitive
def text_lacks(names: Object, name: Object) -> Int:
    """1 if all keys of a dict are strings and ``name`` is not one of them."""
    if not has_texts(names):
        return 0
    return as_int(is_null(_PyDict_GetItem_KnownHash(names, name, unicode_hash(name))))


@helper()
def own_place(obj: Object, name: Object) -> Int:
    """1 + the number of the entry of ``name`` in an instance's own dict, 0 if it has none such."""
    if load_pointer(as_pointer(obj), INLINE_VALUES) != NULLP:
        return 0
    names = load_object(as_pointer(obj), MANAGED_DICT)
    if is_null(names):
        return 0
    keys = dict_keys(names)
    if dict_values(names) != NULLP:
        return 0
    offset = entry_of(keys, name)
    if offset == 0:
        return 0
    return shift_right(offset - 8 - first_entry(keys), 4) + 1


@helper()
def instance_lacks(obj: Object, name: Object, cell: Ptr) -> Int:
    """1 if an instance has no attribute ``name`` of its own: neither its inline values have it, nor a dict with strings as keys only.

    Shared keys get another version when one is added, and each time that an instance needs a dict: the cell's is renewed now and then.
    """
    names = load_object(as_pointer(obj), MANAGED_DICT)
    if is_null(names):
        keys = type_cached_keys(type_pointer(obj))
        if load_pointer(as_pointer(obj), INLINE_VALUES) == NULLP or shared_index(keys, name) != -1:
            return 0
        if may_fill(cell):
            store_u32(cell, 28, version_of(keys))
        return 1
    if load_pointer(as_pointer(obj), INLINE_VALUES) != NULLP:
        return 0
    return text_lacks(names, name)


@helper()
def class_default(obj: Object, name: Object) -> Object:
    """The value of its class for an instance that may have one of its own, in the cell's place, but has not; else null."""
    found = _PyType_Lookup(type_pointer(obj), name)
    if is_null(found) or type_descr_get(type_pointer(found)) != NULLP:
        return NULL
    if load_pointer(as_pointer(obj), INLINE_VALUES) == NULLP:
        names = load_object(as_pointer(obj), MANAGED_DICT)
        if is_null(names) or text_lacks(names, name) == 0:
            return NULL
    return found


@inline
def only_class_has(obj: Object, kind: Object, version: Int) -> Bool:
    """Whether an instance with inline values has no attribute that the shared keys of version ``version`` lack."""
    return is_null(load_object(as_pointer(obj), MANAGED_DICT)) and keys_version(type_cached_keys(kind)) == version


@primitive
def cell_of(obj: Object, name: Object, version: Int, site: Ptr, use: Int) -> Ptr:
    """The cell that says how ``name`` is found in objects of a type: the instruction's own, or one of the table; null if there is none."""
    if likely(version + 1 == load_int(site, 0)):
        return site
    return other_cell(obj, name, site, use)


@primitive
def known_cell(site: Ptr, version: Int) -> Ptr:
    """As cell_of, null where there is no cell yet."""
    if version + 1 == load_int(site, 0):
        return site
    row = cell_row(site, version)
    if load_pointer(row, CELL_SITE) == site and load_int(row, CELL_BODY) == version + 1:
        return row + CELL_BODY
    return NULLP


@helper()
def other_cell(obj: Object, name: Object, site: Ptr, use: Int) -> Ptr:
    """The cell of a type that the instruction's own cell is not of, from the table; made if it is missing."""
    version = type_version(type_pointer(obj))
    row = cell_row(site, version)
    if likely(load_pointer(row, CELL_SITE) == site and load_int(row, CELL_BODY) == version + 1):
        return row + CELL_BODY
    return new_cell(obj, name, site, row, use)


@primitive
def cell_row(site: Ptr, version: Int) -> Ptr:
    """Where in the table of cells the one of an instruction and a type is, if it is there."""
    mixed = (shift_right(as_int(site), 4) + version * CELL_FACTOR) & CELL_MASK
    return as_pointer(cells() + mixed * CELL_BYTES)


@helper(cold=True)
def new_cell(obj: Object, name: Object, site: Ptr, row: Ptr, use: Int) -> Ptr:
    """Fills the instruction's own cell for its first type, one of the table for others."""
    misses = load_u32(site, 24)
    if not may_fill(site):
        return NULLP
    cell = site
    if misses >= OWN_MISSES and misses % RETRY != 0:
        cell = row + CELL_BODY
        store_pointer(row, CELL_SITE, site)
        store_int(cell, 0, 0)
        store_int(cell, 24, 0)
    fill_cell(obj, name, cell, use)
    if load_int(cell, 0) == type_version(type_pointer(obj)) + 1:
        return cell
    return NULLP


@helper(cold=True)
def refill(obj: Object, name: Object, cell: Ptr, use: Int) -> None:
    """What a cell says does not hold for this object: it is filled anew, unless that happens all the time."""
    if may_fill(cell):
        fill_cell(obj, name, cell, use)


@helper(cold=True)
def fill_cell(obj: Object, name: Object, cell: Ptr, use: Int) -> None:
    """Finds out how ``name`` is found in objects like this one."""
    if use == OF_METHOD:
        fill_method_cache(obj, name, cell)
    elif use == OF_STORE:
        fill_store_cache(obj, name, cell)
    else:
        fill_attribute_cache(obj, name, cell)


@primitive
def may_fill(cell: Ptr) -> Bool:
    """Counts a miss. A cell that never settles is tried again only now and then."""
    misses = load_u32(cell, 24)
    store_u32(cell, 24, misses + 1)
    return misses < MISSES or misses % RETRY == 0


@helper()
def fill(cell: Ptr, kind: Object, how: Int, what: Int, version: Int) -> None:
    """Writes a cache; it says KIND_NONE where the type has no version."""
    store_int(cell, 8, how)
    store_int(cell, 16, what)
    store_u32(cell, 28, version)
    if type_version(kind) != 0:
        store_int(cell, 0, type_version(kind) + 1)


@helper(cold=True)
def fill_attribute_cache(obj: Object, name: Object, cell: Ptr) -> None:
    """Finds out how ``obj.name`` is found (the rules of _Py_Specialize_LoadAttr)."""
    kind = type_pointer(obj)
    found = _PyType_Lookup(kind, name)
    fill(cell, kind, KIND_NONE, 0, 0)
    if looks_plainly(kind, PyBaseObject_Type) != 0:
        if fill_data(obj, kind, name, found, cell) != 0:
            return
        if not is_null(found) and type_pointer(found) is property_type:
            if type_getattro(kind) == type_getattro(PyBaseObject_Type):  # else an AttributeError has __getattr__ asked
                fill(cell, kind, KIND_PROPERTY, as_int(as_pointer(found)), 0)
        elif not is_null(found) and type_descr_get(type_pointer(found)) == NULLP:
            fill_class_value(kind, name, found, cell, KIND_CLASS_VALUE, KIND_CLASS_VALUE_INLINE, KIND_CLASS_VALUE_DICT)
        elif is_null(found) and type_dictoffset(kind) > 0:
            fill(cell, kind, KIND_DICT, 0, type_dictoffset(kind))
        return
    fill_namespace(obj, kind, name, found, cell)


@helper()
def looks_plainly(kind: Object, model: Object) -> Int:
    """1 if an attribute that is there is found in objects of a type as in those of ``model``: ``__getattr__`` is only asked for others."""
    if type_getattro(kind) == type_getattro(model):
        return 1
    if type_getattro(kind) != type_getattro(asking_type):
        return 0
    return as_int(_PyType_Lookup(kind, name_getattribute) is _PyType_Lookup(model, name_getattribute))


@helper()
def fill_data(obj: Object, kind: Object, name: Object, found: Object, cell: Ptr) -> Int:
    """Fills a cache for what an instance holds itself, inline value, slot or entry of its dict; 1 if it could."""
    if not is_null(found):
        if type_pointer(found) is PyMemberDescr_Type:
            member = member_def(found)
            if def_type(member) == MEMBER_OBJECT and PyType_IsSubtype(kind, member_owner(found)) != 0:
                fill(cell, kind, KIND_SLOT, def_offset(member), member_flags(member))
                return 1
        if type_descr_set(type_pointer(found)) != NULLP:
            return 0
    if (type_flags(kind) & TYPE_HAS_MANAGED_DICT) == 0:
        return 0
    index = shared_index(type_cached_keys(kind), name)
    place = own_place(obj, name)
    if not is_null(found) and (type_flags(type_pointer(found)) & TYPE_IS_IMMUTABLE) == 0:
        if index < 0:
            return 0
        fill(cell, kind, KIND_SHADOWING, as_int(as_pointer(found)), index * 8)
        return 1
    if index >= 0:
        fill(cell, kind, KIND_INLINE_VALUE, index * 8, place)
        return 1
    if place > 0:
        fill(cell, kind, KIND_INSTANCE_DICT, 0, place)
        return 1
    return 0


@helper()
def shared_index(keys: Ptr, name: Object) -> Int:
    """The place of ``name`` among the shared keys of a type; -1 if it is not there, -2 where that is not known."""
    if keys == NULLP:
        return -2
    if keys_kind(keys) != SPLIT_KEYS:
        return -2
    place = first_entry(keys)
    i = 0
    while i < keys_entries(keys):
        key = load_object(keys, place)
        if key is name:
            return i
        if unicode_hash(key) == unicode_hash(name):
            return -2
        place = place + 16
        i = i + 1
    return -1


@helper()
def fill_class_value(kind: Object, name: Object, found: Object, cell: Ptr, plain: Int, inline: Int, apart: Int) -> None:
    """Fills a cache for what only the class has: instances have no dict, inline values without that name, or a dict that is looked at."""
    if (type_flags(kind) & TYPE_HAS_MANAGED_DICT) == 0:
        if type_dictoffset(kind) == 0:
            fill(cell, kind, plain, as_int(as_pointer(found)), 0)
        elif type_dictoffset(kind) > 0:
            fill(cell, kind, apart, as_int(as_pointer(found)), type_dictoffset(kind))
        return
    keys = type_cached_keys(kind)
    if shared_index(keys, name) == -1:
        fill(cell, kind, inline, as_int(as_pointer(found)), version_of(keys))


@helper()
def fill_namespace(obj: Object, kind: Object, name: Object, found: Object, cell: Ptr) -> None:
    """Fills a cache for attributes of modules and of classes."""
    if not is_null(found):
        if type_descr_set(type_pointer(found)) != NULLP or (type_flags(type_pointer(found)) & TYPE_IS_IMMUTABLE) == 0:
            return
    if kind is PyModule_Type:
        place = entry_of(dict_keys(module_dict(obj)), name)
        if place > 0:
            fill(cell, kind, KIND_MODULE, place, version_of(dict_keys(module_dict(obj))))
    elif (type_flags(kind) & TYPE_SUBCLASS) != 0 and looks_plainly(kind, PyType_Type) != 0:
        value = _PyType_Lookup(obj, name)
        if is_null(value) or type_version(obj) == 0:
            return
        if binds_nothing(value) or type_pointer(value) is PyStaticMethod_Type or type_pointer(value) is PyClassMethod_Type:
            fill(cell, kind, KIND_TYPE, as_int(as_pointer(value)), type_version(obj))


@opcode
def store_attr(obj: Object, src: Object, name: Const) -> Effect:
    """obj.name = src: an inline value (also one that was not set so far), a slot; else the long way."""
    kind = type_pointer(obj)
    cell = cell_of(obj, name, promote(type_version(kind)), cache(), OF_STORE)
    if likely(cell != NULLP):
        if load_int(cell, 8) == KIND_INLINE_VALUE:
            values = load_pointer(as_pointer(obj), INLINE_VALUES)
            if likely(values != NULLP):
                if is_null(load_object(values, load_int(cell, 16))):
                    add_value(values, load_int(cell, 16), src)
                else:
                    replace_at(values, load_int(cell, 16), src)
                return
            if store_own(obj, name, src) != 0:
                return
        elif load_int(cell, 8) == KIND_SLOT:
            replace_at(as_pointer(obj), load_int(cell, 16), src)
            return
        elif load_int(cell, 8) == KIND_SHADOWING:
            if likely(type_descr_set(type_pointer(load_object(cell, 16))) == NULLP):
                values = load_pointer(as_pointer(obj), INLINE_VALUES)
                if likely(values != NULLP):
                    if is_null(load_object(values, load_u32(cell, 28))):
                        add_value(values, load_u32(cell, 28), src)
                    else:
                        replace_at(values, load_u32(cell, 28), src)
                    return
        elif load_int(cell, 8) == KIND_INSTANCE_DICT:
            if store_own(obj, name, src) != 0:
                return
    PyObject_SetAttr(obj, name, src)


@helper(raises=True, runs=True)
def store_own(obj: Object, name: Object, value: Object) -> Int:
    """Stores into the dict of an instance without inline values; 0 if it has none."""
    if load_pointer(as_pointer(obj), INLINE_VALUES) != NULLP:
        return 0
    names = load_object(as_pointer(obj), MANAGED_DICT)
    if is_null(names):
        return 0
    held = owned_dict(names)
    _PyDict_SetItem_KnownHash(held, name, value, unicode_hash(name))
    return 1


@helper()
def owned_dict(names: Object) -> New:
    """A reference: what the value replaces may take the instance's dict away."""
    incref(names)
    return owned(names)


@primitive
def add_value(values: Ptr, offset: Int, value: Object) -> None:
    """Sets an inline value that was not set: its place in the order of insertion is noted before the values."""
    count = load_byte(values, -2) + 1
    store_byte(values, -2 - count, shift_right(offset, 3))
    store_byte(values, -2, count)
    incref(value)
    store_pointer(values, offset, as_pointer(value))


@helper(cold=True)
def fill_store_cache(obj: Object, name: Object, cell: Ptr) -> None:
    """Finds out how ``obj.name = ...`` is done (the rules of _Py_Specialize_StoreAttr)."""
    kind = type_pointer(obj)
    found = _PyType_Lookup(kind, name)
    fill(cell, kind, KIND_NONE, 0, 0)
    if type_setattro(kind) == type_setattro(PyBaseObject_Type):
        if fill_data(obj, kind, name, found, cell) != 0:
            if load_int(cell, 8) == KIND_SLOT and (load_u32(cell, 28) & MEMBER_READONLY) != 0:
                store_int(cell, 8, KIND_NONE)
        elif is_null(found) and (type_flags(kind) & TYPE_HAS_MANAGED_DICT) != 0:
            store_int(cell, 0, 0)  # the first instances: the name is not among the shared keys yet


@primitive(ends=True)
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
    """What ``obj.name(...)`` calls: a function and self, or an attribute and nothing."""
    kind = type_pointer(obj)
    cell = cell_of(obj, name, promote(type_version(kind)), cache(), OF_METHOD)
    if likely(cell != NULLP):
        if load_int(cell, 8) == KIND_METHOD:
            set_register(base + 1, obj)
            set_register(base, load_object(cell, 16))
            return
        if load_int(cell, 8) == KIND_METHOD_INLINE:
            if likely(only_class_has(obj, kind, load_u32(cell, 28))):
                set_register(base + 1, obj)
                set_register(base, load_object(cell, 16))
                return
            if instance_lacks(obj, name, cell) != 0:
                set_register(base + 1, obj)
                set_register(base, load_object(cell, 16))
                return
            refill(obj, name, cell, OF_METHOD)
        elif load_int(cell, 8) == KIND_METHOD_DICT:
            if likely(dict_lacks(obj, name, load_u32(cell, 28)) != 0):
                set_register(base + 1, obj)
                set_register(base, load_object(cell, 16))
                return
        elif load_int(cell, 8) == KIND_MODULE:
            names = dict_keys(module_dict(obj))
            if likely(keys_version(names) == load_u32(cell, 28)):
                value = load_object(names, load_int(cell, 16))
                if likely(not is_null(value)):
                    set_register(base + 1, NULL)
                    set_register(base, value)
                    return
            else:
                refill(obj, name, cell, OF_METHOD)
        elif load_int(cell, 8) == KIND_TYPE:
            if likely(type_version(obj) == load_u32(cell, 28)):
                value = load_object(cell, 16)
                if likely(binds_nothing(value)):
                    set_register(base + 1, NULL)
                    set_register(base, value)
                    return
                if type_pointer(value) is PyClassMethod_Type:
                    if is_function(static_callable(value)):
                        set_register(base + 1, obj)
                        set_register(base, static_callable(value))
                        return
                elif type_pointer(value) is PyStaticMethod_Type:
                    if is_function(static_callable(value)):
                        set_register(base + 1, NULL)
                        set_register(base, static_callable(value))
                        return
            refill(obj, name, cell, OF_METHOD)
        elif load_int(cell, 8) == KIND_INLINE_VALUE:
            values = load_pointer(as_pointer(obj), INLINE_VALUES)
            if likely(values != NULLP):
                value = load_object(values, load_int(cell, 16))
                if likely(not is_null(value)):
                    set_register(base + 1, NULL)
                    set_register(base, value)
                    return
    get_method(obj, name, register_pointer(base))


@helper(cold=True)
def fill_method_cache(obj: Object, name: Object, cell: Ptr) -> None:
    """Finds out how ``obj.name(...)`` finds its function (the rules of _Py_Specialize_LoadMethod)."""
    kind = type_pointer(obj)
    found = _PyType_Lookup(kind, name)
    fill(cell, kind, KIND_NONE, 0, 0)
    if looks_plainly(kind, PyBaseObject_Type) != 0:
        if not is_null(found) and (type_flags(type_pointer(found)) & TYPE_IS_METHOD_DESCRIPTOR) != 0:
            fill_class_value(kind, name, found, cell, KIND_METHOD, KIND_METHOD_INLINE, KIND_METHOD_DICT)
        elif fill_data(obj, kind, name, found, cell) != 0:
            if load_int(cell, 8) == KIND_SLOT:
                store_int(cell, 8, KIND_NONE)
        return
    fill_namespace(obj, kind, name, found, cell)


@helper(raises=True, runs=True)
def get_method(obj: Object, name: Object, window: Ptr) -> Int:
    """Puts what ``obj.name`` calls into a window: an unbound method and self, or a bound attribute and nothing."""
    place = local()
    store_int(place, 0, 0)
    if type_pointer(obj) is super_type:
        inherited = super_found(obj, name)
        if not is_null(inherited):
            return put_inherited(obj, inherited, window)
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
