"""Class bodies: names that are looked up in a namespace, and ``__build_class__``, which runs the body in the VM."""
from jitvm.rpython.dialect import *


@opcode
def load_name(name: Const) -> Object:
    """A name in the frame's namespace, a global or a builtin."""
    names = frame_locals(frame())
    if likely(type_pointer(names) is PyDict_Type):
        value = _PyDict_GetItem_KnownHash(names, name, unicode_hash(name))
        if not is_null(value):
            return value
    return find_name(name, names, frame_globals(frame()), frame_builtins(frame()))


@helper(raises=True, runs=True)
def find_name(name: Object, names: Object, more: Object, most: Object) -> New:
    """LOAD_NAME of CPython's ceval.c; a namespace that is a dict does not have it."""
    if type_pointer(names) is not PyDict_Type:
        found = item_if_there(names, name)
        if not is_null(found):
            return found
    value = PyDict_GetItemWithError(more, name)
    if not is_null(value):
        return value
    builtin = found_in(most, name)
    if not is_null(builtin):
        return builtin
    if is_null(PyErr_Occurred()):
        raise_made(UNDEFINED_NAME, name, name)
    return NULL


@helper(runs=True)
def found_in(names: Object, name: Object) -> New:
    """The item of a dict, or of any other mapping; null where there is none, or with an exception set: the caller looks."""
    if type_pointer(names) is not PyDict_Type:
        return item_if_there(names, name)
    found = PyDict_GetItemWithError(names, name)
    if is_null(found):
        return NULL
    return found


@helper(runs=True)
def item_if_there(names: Object, name: Object) -> New:
    """names[name]; null where there is none (KeyError), or with another exception set: the caller looks."""
    found = get_item_quietly(names, name)
    if is_null(found):
        if PyErr_ExceptionMatches(PyExc_KeyError) != 0:
            PyErr_Clear()
    return found


@helper(runs=True)
def get_item_quietly(names: Object, name: Object) -> New:
    """names[name], null with the exception set: the caller looks."""
    return PyObject_GetItem(names, name)


@opcode
def store_name(src: Object, name: Const) -> Effect:
    names = frame_locals(frame())
    if likely(type_pointer(names) is PyDict_Type):
        _PyDict_SetItem_KnownHash(names, name, src, unicode_hash(name))
    else:
        PyObject_SetItem(names, name, src)


@opcode
def delete_name(name: Const) -> Effect:
    remove_name(frame_locals(frame()), name)


@helper(raises=True, runs=True)
def remove_name(names: Object, name: Object) -> Int:
    """DELETE_NAME: whatever is wrong becomes a NameError."""
    if remove_quietly(names, name) < 0:
        PyErr_Clear()
        return raise_made(UNDEFINED_NAME, name, name)
    return 0


@helper(runs=True)
def remove_quietly(names: Object, name: Object) -> Int:
    """-1 with the exception set: the caller looks."""
    PyObject_DelItem(names, name)
    return 0


@opcode
def load_classderef(cell: Object, name: Const) -> Object:
    """A name in the frame's namespace, or the contents of a cell of the function around it."""
    names = frame_locals(frame())
    value = NULL
    if likely(type_pointer(names) is PyDict_Type):
        value = _PyDict_GetItem_KnownHash(names, name, unicode_hash(name))
        if not is_null(value):
            return value
    return find_around(name, names, cell, frame_code(frame()))


@helper(raises=True, runs=True)
def find_around(name: Object, names: Object, cell: Object, code: Object) -> New:
    """LOAD_CLASSDEREF; a namespace that is a dict does not have it."""
    if type_pointer(names) is not PyDict_Type:
        found = item_if_there(names, name)
        if not is_null(found):
            return found
        if not is_null(PyErr_Occurred()):
            return NULL
    value = cell_contents(cell)
    if is_null(value):
        unbound_cell(code, name)
    return value


@opcode
def setup_annotations() -> Effect:
    """Sees to it that the namespace has ``__annotations__``."""
    make_annotations(frame_locals(frame()))


@helper(raises=True, runs=True)
def make_annotations(names: Object) -> Int:
    """SETUP_ANNOTATIONS."""
    if type_pointer(names) is PyDict_Type:
        if is_null(PyDict_GetItemWithError(names, name_annotations)):
            return PyDict_SetItem(names, name_annotations, PyDict_New())
        return 0
    found = item_if_there(names, name_annotations)
    if is_null(found):
        if not is_null(PyErr_Occurred()):
            return -1
        return PyObject_SetItem(names, name_annotations, PyDict_New())
    return 0


@helper(raises=True, runs=True)
def make_class(callee: Object, arguments: Ptr, count: Int, names: Object) -> New:
    """Calls ``__build_class__``: function of the body, name, bases, then values of ``names``. The body runs in the VM if it can."""
    if count >= 2:
        function = load_object(arguments, 0)
        if runnable_body(PyThreadState_Get(), function) != NULLP and is_text(load_object(arguments, 8)):
            given = copied_tuple(arguments + 16, count - 2)
            if is_null(names):
                return define_class(function, load_object(arguments, 8), given, NULL)
            return define_class(function, load_object(arguments, 8), given, named_values(arguments + count * 8, names))
    result = PyObject_Vectorcall(callee, arguments, count, names)
    adopt_class(result, load_object(arguments, 0))
    return result


@helper(raises=True, runs=True)
def make_class_of(callee: Object, arguments: Object, names: Object) -> New:
    """As make_class, with the arguments in a tuple and a dict (or null)."""
    if is_null(names):
        return make_class(callee, as_pointer(arguments) + TUPLE_ITEMS, var_size(arguments), NULL)
    if var_size(arguments) >= 2:
        function = tuple_item(arguments, 0)
        if runnable_body(PyThreadState_Get(), function) != NULLP and is_text(tuple_item(arguments, 1)):
            given = copied_tuple(as_pointer(arguments) + TUPLE_ITEMS + 16, var_size(arguments) - 2)
            return define_class(function, tuple_item(arguments, 1), given, PyDict_Copy(names))
    result = PyObject_Call(callee, arguments, names)
    if var_size(arguments) > 0:
        adopt_class(result, tuple_item(arguments, 0))
    return result


@primitive
def is_text(v: Object) -> Bool:
    """Whether an object is a str, of a subclass also."""
    return (type_flags(type_pointer(v)) & 268435456) != 0


@primitive
def is_class(v: Object) -> Bool:
    return (type_flags(type_pointer(v)) & TYPE_SUBCLASS) != 0


@helper()
def runnable_body(thread: Ptr, function: Object) -> Ptr:
    """The ready code record of the function that a class body is, or null where the host must run it."""
    if cframe_tracing(ts_cframe(thread)) != 0:
        return NULLP
    record = record_of(function)
    if record == NULLP:
        return NULLP
    if vm_state(record) != CODE_READY:
        return NULLP
    if (vm_flags(record) & FLAG_NAMESPACE) == 0:
        return NULLP
    return record


@helper(raises=True)
def copied_tuple(items: Ptr, count: Int) -> New:
    """A tuple of objects in memory, which keeps them too."""
    made = PyTuple_New(count)
    i = 0
    while i < count:
        store_reference(as_pointer(made) + TUPLE_ITEMS, i, load_object(items, i * 8))
        i = i + 1
    return made


@helper(raises=True, runs=True)
def named_values(values: Ptr, names: Object) -> New:
    """The dict of keyword arguments."""
    made = PyDict_New()
    i = 0
    while i < var_size(names):
        PyDict_SetItem(made, tuple_item(names, i), load_object(values, i * 8))
        i = i + 1
    return made


@helper(raises=True, runs=True)
def define_class(function: Object, name: Object, given: Object, named: Object) -> New:
    """builtin___build_class__ of CPython's bltinmodule.c; ``named``, a dict of our own or null, loses the metaclass."""
    bases = real_bases(given)
    kind = PyType_Type
    by_class = True
    asked = NULL
    if not is_null(named):
        asked = PyDict_GetItemWithError(named, name_metaclass)
        if is_null(asked) and not is_null(PyErr_Occurred()):
            return NULL
    if not is_null(asked):
        kind = asked
        by_class = is_class(asked)
    elif var_size(bases) > 0:
        kind = type_pointer(tuple_item(bases, 0))
    incref(kind)
    held = owned(kind)
    if not is_null(asked):
        PyDict_DelItem(named, name_metaclass)
    if by_class:
        kind = _PyType_CalculateMetaclass(held, bases)
    incref(kind)
    metaclass = owned(kind)
    names = prepare_names(metaclass, by_class, name, bases, named)
    cell = run_class_body(function, names)
    if bases is not given:
        PyObject_SetItem(names, name_orig_bases, given)
    return call_metaclass(metaclass, name, bases, names, named, cell)


@helper(raises=True, runs=True)
def real_bases(given: Object) -> New:
    """update_bases of bltinmodule.c: what ``__mro_entries__`` gives in place of what is no class."""
    i = 0
    while i < var_size(given) and is_class(tuple_item(given, i)):
        i = i + 1
    if i == var_size(given):
        return given
    made = PyList_New(0)
    changed = 0
    i = 0
    while i < var_size(given):
        changed = changed + add_bases(made, tuple_item(given, i), given)
        i = i + 1
    if changed == 0:
        return given
    return PyList_AsTuple(made)


@helper(raises=True, runs=True)
def add_bases(made: Object, base: Object, given: Object) -> Int:
    """Adds a base to a list, or what stands for it; 1 if it does not stand for itself."""
    place = local()
    store_int(place, 0, 0)
    if not is_class(base):
        _PyObject_LookupAttr(base, name_mro_entries, place)
    if load_int(place, 0) == 0:
        PyList_Append(made, base)
        return 0
    method = owned(load_object(place, 0))
    store_pointer(place, 0, as_pointer(given))
    instead = PyObject_Vectorcall(method, place, 1, NULL)
    if not is_subclass_of_tuple(instead):
        return raise_made(MRO_ENTRIES_TYPE, base, instead)
    i = 0
    while i < var_size(instead):
        PyList_Append(made, tuple_item(instead, i))
        i = i + 1
    return 1


@helper(raises=True, runs=True)
def prepare_names(metaclass: Object, by_class: Bool, name: Object, bases: Object, named: Object) -> New:
    """The namespace of a class body: what the metaclass's ``__prepare__`` gives."""
    place = local()
    store_int(place, 0, 0)
    _PyObject_LookupAttr(metaclass, name_prepare, place)
    if load_int(place, 0) == 0:
        return PyDict_New()
    prepare = owned(load_object(place, 0))
    cells = local3()
    store_pointer(cells, 0, as_pointer(name))
    store_pointer(cells, 8, as_pointer(bases))
    names = PyObject_VectorcallDict(prepare, cells, 2, named)
    if PyMapping_Check(names) == 0:
        raise_made(PREPARE_RESULT, select(by_class, metaclass, _Py_NoneStruct), names)
    return names


@helper(raises=True, runs=True)
def run_class_body(function: Object, names: Object) -> New:
    """Runs the body; the cell of ``__class__`` or None. ``__prepare__`` may have begun to trace: then the host does it."""
    if runnable_body(PyThreadState_Get(), function) != NULLP:
        return run_body(function, names, 1)
    return PyEval_EvalCodeEx(func_code(function), func_globals(function), names, NULLP, 0, NULLP, 0, NULLP, 0, NULL,
                             func_closure(function))


@helper(raises=True, runs=True)
def call_metaclass(metaclass: Object, name: Object, bases: Object, names: Object, named: Object, cell: Object) -> New:
    """Makes the class and checks that it has found its way into the cell of ``__class__``."""
    cells = local3()
    store_pointer(cells, 0, as_pointer(name))
    store_pointer(cells, 8, as_pointer(bases))
    store_pointer(cells, 16, as_pointer(names))
    made = PyObject_VectorcallDict(metaclass, cells, 3, named)
    if is_class(made) and type_pointer(cell) is PyCell_Type:
        inside = cell_contents(cell)
        if is_null(inside):
            raise_made(CLASS_CELL_EMPTY, name, made)
        elif inside is not made:
            store_pointer(cells, 8, as_pointer(inside))
            raise_made(CLASS_CELL_OTHER, copied_tuple(cells, 2), made)
    return made


@helper()
def adopt_class(kind: Object, body: Object) -> None:
    """The functions that a class body made on the host run in the VM when C code calls them."""
    cells = local3()
    store_pointer(cells, 0, as_pointer(kind))
    store_pointer(cells, 8, as_pointer(body))
    call_runtime(vm_do, cells, 2)
