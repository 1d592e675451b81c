"""Iteration: the host's own iterators advanced natively, and loops over pairs without the tuple.

An iterator is always the host's object and is left in the state that the host would leave it in; whatever is out of the ordinary
(a changed dict, the end, other types) is its own tp_iternext's business.
"""
from jitvm.rpython.dialect import *

LAST_INDEX = 9223372036854775807
SET_ENTRY = 16


@opcode
def get_iter(src: Object) -> Object:
    return PyObject_GetIter(src)


@opcode
def for_next(iter: Object) -> Object:
    """As for_iter, always by tp_iternext (the setting iterator_paths is off)."""
    item = next_item(iter)
    if is_null(item):
        check_exhausted()
        return EXHAUSTED
    return item


@opcode
def for_iter(iter: Object) -> Object:
    """The next item; where there is none the iterator's register becomes empty, and the loop ends."""
    if is_type(iter, PyRangeIter_Type):
        index = range_index(iter)
        if index < range_length(iter):
            if range_step(iter) == 1:
                set_range_index(iter, index + 1)
                return new_int(range_start(iter) + index)
            set_range_index(iter, index + 1)
            return new_int(range_start(iter) + index * range_step(iter))
        return EXHAUSTED
    if is_type(iter, PyListIter_Type):
        sequence = list_iter_list(iter)
        if is_null(sequence):
            return EXHAUSTED
        index = list_iter_index(iter)
        if index < var_size(sequence):
            set_list_iter_index(iter, index + 1)
            return list_item(sequence, index)
        end_list_iterator(iter)
        return EXHAUSTED
    if is_type(iter, PyTupleIter_Type):
        sequence = tuple_iter_tuple(iter)
        if is_null(sequence):
            return EXHAUSTED
        index = tuple_iter_index(iter)
        if index < var_size(sequence):
            set_tuple_iter_index(iter, index + 1)
            return tuple_item(sequence, index)
        end_tuple_iterator(iter)
        return EXHAUSTED
    if is_type(iter, PyDictIterKey_Type) or is_type(iter, PyDictIterValue_Type):
        entry = entry_ahead(iter)
        if entry >= 0:
            keys = dict_keys(dict_iter_dict(iter))
            place = place_of_key(keys, entry)
            go_past_entry(iter, entry)
            if is_type(iter, PyDictIterKey_Type):
                return load_object(keys, place)
            return load_object(keys, place + 8)
    elif is_type(iter, PySetIter_Type):
        member = next_member(iter)
        if not is_null(member):
            return member
    elif is_type(iter, ascii_iterator):
        text = iter_sequence(iter)
        index = iter_index(iter)
        if not is_null(text) and index < unicode_length(text):
            set_iter_index(iter, index + 1)
            return ascii_item(text, index)
    elif is_type(iter, PyBytesIter_Type):
        data = iter_sequence(iter)
        index = iter_index(iter)
        if not is_null(data) and index < var_size(data):
            set_iter_index(iter, index + 1)
            return new_int(byte_item(data, index))
    elif is_type(iter, PyListRevIter_Type):
        listed = iter_sequence(iter)
        index = iter_index(iter)
        if not is_null(listed) and below(index, var_size(listed)):
            set_iter_index(iter, index - 1)
            return list_item(listed, index)
    elif is_type(iter, PyEnum_Type) or is_type(iter, PyZip_Type) or is_type(iter, PyDictIterItem_Type):
        made = next_pair(iter)
        if not is_null(made):
            return made
    elif is_type(iter, PyMap_Type):
        if var_size(map_iterators(iter)) == 1:
            mapped = tuple_item(map_iterators(iter), 0)
            imply_item("push_mapped", IMPLIED_MAP, map_func(iter), mapped, upcoming(mapped))
    elif is_type(iter, PyFilter_Type):
        imply_item("push_mapped", IMPLIED_FILTER, filter_func(iter), filter_iterator(iter), upcoming(filter_iterator(iter)))
    aside("for_generator", is_type(iter, PyGen_Type))
    item = next_item(iter)
    if is_null(item):
        check_exhausted()
        return EXHAUSTED
    return item


@opcode
def for_pair(base: Window, iter: Object, pair: Imm) -> Branch:
    """As for_iter into ``base``, where the loop unpacks two; the two of common iterators go where they belong without a tuple.

    ``pair`` has two registers and how many units the instructions that follow have, which would unpack the tuple: SKIP passes them.
    """
    if is_type(iter, PyDictIterItem_Type):
        entry = entry_ahead(iter)
        if entry >= 0:
            keys = dict_keys(dict_iter_dict(iter))
            place = place_of_key(keys, entry)
            go_past_entry(iter, entry)
            set_pair(pair, load_object(keys, place), load_object(keys, place + 8))
            return SKIP
    elif is_type(iter, PyListIter_Type):
        rows = list_iter_list(iter)
        row_index = list_iter_index(iter)
        if not is_null(rows) and row_index < var_size(rows):
            row = list_item(rows, row_index)
            if is_type(row, PyTuple_Type) and var_size(row) == 2:
                set_list_iter_index(iter, row_index + 1)
                set_pair(pair, tuple_item(row, 0), tuple_item(row, 1))
                return SKIP
    elif is_type(iter, PyEnum_Type):
        number = enum_index(iter)
        if number < LAST_INDEX:
            inner = enum_iterator(iter)
            if is_type(inner, PyListIter_Type):
                sequence = list_iter_list(inner)
                index = list_iter_index(inner)
                if not is_null(sequence) and index < var_size(sequence):
                    set_list_iter_index(inner, index + 1)
                    set_enum_index(iter, number + 1)
                    set_pair(pair, new_int(number), list_item(sequence, index))
                    return SKIP
            second = advance(inner)
            if is_null(second):
                check_exhausted()
                return EXHAUSTED
            set_enum_index(iter, number + 1)
            set_pair(pair, new_int(number), second)
            return SKIP
    elif is_type(iter, PyZip_Type) and zip_size(iter) == 2 and zip_strict(iter) == 0:
        one = tuple_item(zip_iterators(iter), 0)
        two = tuple_item(zip_iterators(iter), 1)
        if one is not two:
            left_item = upcoming(one)
            right_item = upcoming(two)
            if not is_null(left_item) and not is_null(right_item):
                go_past(one)
                go_past(two)
                set_pair(pair, left_item, right_item)
                return SKIP
        fetched = next_item(one)
        if is_null(fetched):
            check_exhausted()
            return EXHAUSTED
        partner = next_item(two)
        if is_null(partner):
            check_exhausted()
            return EXHAUSTED
        set_pair(pair, fetched, partner)
        return SKIP
    aside("for_generator", is_type(iter, PyGen_Type))
    item = next_item(iter)
    if is_null(item):
        check_exhausted()
        return EXHAUSTED
    set_register(base, item)
    return NEXT


@inline
def entry_ahead(iter: Object) -> Int:
    """The entry of a dict that its iterator comes to next; -1 where that is tp_iternext's business."""
    d = dict_iter_dict(iter)
    if not is_null(d) and dict_iter_used(iter) == dict_used(d) and dict_values(d) == NULLP:
        keys = dict_keys(d)
        entry = dict_iter_position(iter)
        if entry < keys_entries(keys):
            if unlikely(load_int(keys, place_of_key(keys, entry) + 8) == 0):
                entry = next_entry(keys, entry + 1)
            if entry < keys_entries(keys) and dict_iter_left(iter) != 0:
                return entry
    return -1


@inline
def go_past_entry(iter: Object, entry: Int) -> None:
    """Leaves the entry behind that ``entry_ahead`` has told."""
    set_dict_iter_position(iter, entry + 1)
    set_dict_iter_left(iter, dict_iter_left(iter) - 1)


@inline
def next_member(iter: Object) -> Object:
    """The next member of a set, null where it is tp_iternext's business."""
    members = set_iter_set(iter)
    if not is_null(members) and set_iter_used(iter) == set_used(members):
        slot = next_slot(set_table(members), set_iter_position(iter), set_mask(members))
        set_set_iter_position(iter, slot + 1)  # the host need not search again at the end
        if slot <= set_mask(members):
            set_set_iter_left(iter, set_iter_left(iter) - 1)
            return load_object(set_table(members), slot * SET_ENTRY)
    return NULL


@inline
def next_pair(iter: Object) -> New:
    """The next tuple of an iterator that makes tuples of two, null where it is tp_iternext's business."""
    if is_type(iter, PyEnum_Type):
        number = enum_index(iter)
        if number < LAST_INDEX:
            counted = upcoming(enum_iterator(iter))
            if not is_null(counted) and ends_unseen(counted):
                go_past(enum_iterator(iter))
                set_enum_index(iter, number + 1)
                return new_pair(enum_result(iter), new_int(number), counted)
    elif is_type(iter, PyZip_Type):
        if zip_size(iter) == 2:
            one = tuple_item(zip_iterators(iter), 0)
            two = tuple_item(zip_iterators(iter), 1)
            if one is not two:
                first = upcoming(one)
                second = upcoming(two)
                if not is_null(first) and not is_null(second) and ends_unseen(first) and ends_unseen(second):
                    go_past(one)
                    go_past(two)
                    return new_pair(zip_result(iter), first, second)
    elif is_type(iter, PyDictIterItem_Type):
        entry = entry_ahead(iter)
        if entry >= 0:
            keys = dict_keys(dict_iter_dict(iter))
            place = place_of_key(keys, entry)
            key = load_object(keys, place)
            value = load_object(keys, place + 8)
            if ends_unseen(key) and ends_unseen(value):
                go_past_entry(iter, entry)
                return new_pair(dict_iter_result(iter), key, value)
    return NULL


@inline
def advance(iterator: Object) -> New:
    """The next item of an iterator that another one takes its items from; null at the end or with an exception set."""
    item = upcoming(iterator)
    if not is_null(item):
        go_past(iterator)
        return item
    return next_item(iterator)


@inline
def upcoming(iterator: Object) -> New:
    """What ``advance`` would give, null where that is not known."""
    if is_type(iterator, PyListIter_Type):
        sequence = list_iter_list(iterator)
        if not is_null(sequence):
            index = list_iter_index(iterator)
            if index < var_size(sequence):
                return list_item(sequence, index)
    elif is_type(iterator, PyRangeIter_Type):
        position = range_index(iterator)
        if position < range_length(iterator):
            return new_int(range_start(iterator) + position * range_step(iterator))
    elif is_type(iterator, PyTupleIter_Type):
        row = tuple_iter_tuple(iterator)
        if not is_null(row):
            place = tuple_iter_index(iterator)
            if place < var_size(row):
                return tuple_item(row, place)
    elif is_type(iterator, ascii_iterator):
        text = iter_sequence(iterator)
        letter = iter_index(iterator)
        if not is_null(text) and letter < unicode_length(text):
            return ascii_item(text, letter)
    return NULL


@inline
def go_past(iterator: Object) -> None:
    """Leaves the item behind that ``upcoming`` has told."""
    if is_type(iterator, PyListIter_Type):
        set_list_iter_index(iterator, list_iter_index(iterator) + 1)
    elif is_type(iterator, PyRangeIter_Type):
        set_range_index(iterator, range_index(iterator) + 1)
    elif is_type(iterator, PyTupleIter_Type):
        set_tuple_iter_index(iterator, tuple_iter_index(iterator) + 1)
    else:
        set_iter_index(iterator, iter_index(iterator) + 1)


@inline
def ends_unseen(v: Object) -> Bool:
    """Whether nobody can notice when an item ends: a tuple that holds it need not be made in compiled code."""
    if is_int(v) or is_type(v, PyUnicode_Type) or is_float(v):
        return True
    return v is _Py_NoneStruct


@helper(raises=True)
def new_pair(result: Object, first: Object, second: Object) -> New:
    """A tuple of two, as enum_next and its like make it: ``result``, which the iterator keeps, where nobody else has it."""
    if refcount(result) == 1:
        incref(result)
        left = owned(tuple_item(result, 0))
        right = owned(tuple_item(result, 1))
        store_reference(as_pointer(result), TUPLE_ITEMS // 8, first)
        store_reference(as_pointer(result), TUPLE_ITEMS // 8 + 1, second)
        if load_int(as_pointer(result), GC_LINK) == 0:
            PyObject_GC_Track(result)
        return owned(result)
    made = PyTuple_New(2)
    store_reference(as_pointer(made), TUPLE_ITEMS // 8, first)
    store_reference(as_pointer(made), TUPLE_ITEMS // 8 + 1, second)
    return made


@helper(quiet=True, spare=True)
def next_entry(keys: Ptr, position: Int) -> Int:
    """The first entry from ``position`` on that is in use, or how many there are.

    After dictiter_iternextkey and its like in CPython's dictobject.c.
    """
    index = position
    end = keys_entries(keys)
    while index < end:
        if likely(load_int(keys, place_of_key(keys, index) + 8) != 0):
            return index
        index = index + 1
    return end


@primitive
def place_of_key(keys: Ptr, entry: Int) -> Int:
    """Where an entry's key lies, in bytes from the keys object on; the value follows."""
    general = keys_kind(keys) == KEYS_GENERAL
    start = first_entry(keys)
    return start + select(general, entry * 24 + 8, entry * 16)


@helper(quiet=True, spare=True)
def next_slot(table: Ptr, position: Int, last: Int) -> Int:
    """The first slot of a set's table from ``position`` on that holds a member, behind ``last`` if none does.

    After setiter_iternext of CPython's setobject.c. A slot is a member and its hash; of one that nobody is in the member is NULL,
    or a placeholder with the hash -1.
    """
    slot = position
    while slot <= last:
        place = table + slot * SET_ENTRY
        if load_int(place, 0) != 0:
            if likely(load_int(place, 8) != -1):
                return slot
        elif slot + 4 <= last and load_int(place, 16) | load_int(place, 32) | load_int(place, 48) == 0:
            slot = slot + 3
        slot = slot + 1
    return slot


@primitive
def ascii_item(v: Object, index: Int) -> Object:
    """The character of an ASCII string: the host has one object for each."""
    return as_object(as_int(first_character) + load_byte(v, TEXT_DATA + index) * ASCII_SIZE)


@primitive
def byte_item(v: Object, index: Int) -> Int:
    return load_byte(v, BYTES_DATA + index)


@helper()
def end_list_iterator(iterator: Object) -> None:
    """An exhausted list iterator lets its list go."""
    sequence = list_iter_list(iterator)
    set_list_iter_list(iterator, NULL)
    release_to(sequence)


@helper()
def end_tuple_iterator(iterator: Object) -> None:
    sequence = tuple_iter_tuple(iterator)
    set_tuple_iter_tuple(iterator, NULL)
    release_to(sequence)


@primitive
def next_item(iterator: Object) -> New:
    """The next item of any iterator, null at the end or with an exception set."""
    return call_unary(type_iternext(type_pointer(iterator)), iterator)


@helper(runs=True)
def next_of(iterator: Object) -> New:
    """As next_item, for traces."""
    return call_unary(type_iternext(type_pointer(iterator)), iterator)


@helper(raises=True)
def check_exhausted() -> Int:
    """After a null item: StopIteration is the end, another exception is raised."""
    if is_null(PyErr_Occurred()):
        return 0
    if PyErr_ExceptionMatches(PyExc_StopIteration) != 0:
        PyErr_Clear()
        return 0
    return -1
