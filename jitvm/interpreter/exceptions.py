"""raise, handlers, with, imports and pattern matching."""
from jitvm.rpython.dialect import *

EXCEPTION_SUBCLASS = 1073741824
TYPE_SUBCLASS = 2147483648


@primitive
def is_exception(v: Object) -> Bool:
    return (type_flags(type_pointer(v)) & EXCEPTION_SUBCLASS) != 0


@primitive
def is_exception_type(v: Object) -> Bool:
    return (type_flags(type_pointer(v)) & TYPE_SUBCLASS) != 0 and (type_flags(v) & EXCEPTION_SUBCLASS) != 0


@control
def raise_0() -> None:
    """Bare raise: the handled exception goes on, without this frame being added to its traceback again."""
    set_position()
    if reraise_handled(thread) != 0:
        return ERROR
    return handler("unwind")


@helper()
def reraise_handled(thread: Ptr) -> Int:
    """Sets the exception being handled as raised; 1 with RuntimeError set if there is none."""
    item = ts_exc_info(thread)
    while item != NULLP:
        v = exc_info_value(item)
        if not is_null(v):
            if v is not _Py_NoneStruct:
                restore_exception(v)
                return 0
        item = load_pointer(item, 8)
    raise_made(NO_ACTIVE, _Py_NoneStruct, _Py_NoneStruct)
    return 1


@helper()
def restore_exception(v: Object) -> None:
    """Sets ``v`` as the raised exception, with the traceback it has."""
    tb = PyException_GetTraceback(v)
    PyErr_Restore(type_pointer(v), v, tb)


@opcode
def raise_1(exc: Object) -> Effect:
    raise_object(exc, NULL)


@opcode
def raise_2(exc: Object, cause: Object) -> Effect:
    raise_object(exc, cause)


@helper(raises=True, runs=True)
def raise_object(exc: Object, cause: Object) -> Int:
    """do_raise of CPython's ceval.c."""
    if is_exception_type(exc):
        made = PyObject_Vectorcall(exc, NULLP, 0, NULL)
        if not is_exception(made):
            return raise_made(RAISE_TYPE, exc, made)
        return raise_instance(made, cause)
    if is_exception(exc):
        return raise_instance(exc, cause)
    return raise_made(RAISE_TYPE, exc, NONE_GIVEN())


@primitive
def NONE_GIVEN() -> Object:
    return _Py_NoneStruct


@helper(raises=True, runs=True)
def raise_instance(exc: Object, cause: Object) -> Int:
    """Raises ``exc`` from ``cause`` (null: no ``from``)."""
    if not is_null(cause):
        if is_exception_type(cause):
            made = PyObject_Vectorcall(cause, NULLP, 0, NULL)
            PyException_SetCause(exc, made)
        elif is_exception(cause):
            PyException_SetCause(exc, cause)
        elif cause is _Py_NoneStruct:
            PyException_SetCause(exc, NULL)
        else:
            return raise_made(RAISE_CAUSE, cause, cause)
    PyErr_SetObject(type_pointer(exc), exc)
    return -1


@control
def reraise(exc: Object) -> None:
    """The exception goes on, without this frame being added to its traceback again."""
    set_position()
    restore_exception(exc)
    return handler("unwind")


@control
def load_position() -> None:
    """What a handler of the host's that cleans up begins with: the index of the instruction that raised, in two bytes."""
    frame = regs - FRAME_SIZE
    distance = as_int(frame_instr(frame)) - as_int(as_pointer(frame_code(frame))) - CODE_INSTRUCTIONS
    set_register(destination(), new_int(shift_right(distance, 1)))
    return goto(next_pc(), regs, consts)


@control
def reraise_at(exc: Object, position: Object) -> None:
    """As ``reraise``; the frame shows the instruction that had raised, by what ``load_position`` has noted."""
    frame = regs - FRAME_SIZE
    set_frame_instr(frame, as_pointer(frame_code(frame)) + CODE_INSTRUCTIONS + int_value(position) * 2)
    restore_exception(exc)
    return handler("unwind")


@opcode
def push_exc(exc: Object) -> Object:
    """``exc`` is the handled exception from now on; the one before is kept in the destination."""
    return swap_handled(thread, exc)


@helper()
def swap_handled(thread: Ptr, exc: Object) -> New:
    item = ts_exc_info(thread)
    saved = exc_info_value(item)
    incref(exc)
    set_exc_info_value(item, exc)
    if is_null(saved):
        return _Py_NoneStruct
    return owned(saved)


@opcode
def pop_exc(saved: Local) -> Effect:
    restore_handled(thread, register_pointer(saved))


@helper()
def restore_handled(thread: Ptr, place: Ptr) -> None:
    item = ts_exc_info(thread)
    old = exc_info_value(item)
    set_exc_info_value(item, load_object(place, 0))
    store_int(place, 0, 0)
    release_to(old)


@helper()
def restore_saved(thread: Ptr, saved: Stolen) -> None:
    """As restore_handled; for traces."""
    item = ts_exc_info(thread)
    old = exc_info_value(item)
    set_exc_info_value(item, as_object(as_int(disown(saved))))
    release_to(old)


@helper()
def catch_exception(thread: Ptr) -> New:
    """The exception that is set, with the current frame in its traceback; it is set no longer. For traces."""
    add_traceback(thread)
    return fetch_exception()


@helper()
def raise_given(thread: Ptr, exc: Object) -> New:
    """The exception, after it was raised in the current frame. For traces that did not do so when it was."""
    PyErr_SetObject(type_pointer(exc), exc)
    return catch_exception(thread)


@helper()
def raise_inside(thread: Ptr, exc: Object, registers: Ptr, exit: Ptr, spill: Ptr) -> New:
    """As raise_given, where inlined calls raised: their frames are made by a descriptor, are in the traceback, and end."""
    keep_shared(exit, spill)
    inside = restore_entries(thread, registers, exit, spill)
    drop_replaced(exit, spill)
    set_frame_instr(inside - FRAME_SIZE, load_pointer(load_pointer(exit, 0), 8))
    PyErr_SetObject(type_pointer(exc), exc)
    while inside != registers:
        add_traceback(thread)
        frame = inside - FRAME_SIZE
        caller = frame_previous(frame)
        what = header_entry(frame)
        kept = load_pointer(frame, HEADER_KEPT)
        made = load_pointer(frame, HEADER_MADE)
        end_frame(thread, inside)
        if what >= IMPLIED:
            drop_implied(thread, what, kept, made)
        else:
            pass_caches(caller)
            release_to(as_object(kept))
        inside = caller + FRAME_SIZE
    return catch_exception(thread)


@helper()
def end_frame(thread: Ptr, registers: Ptr) -> None:
    """See leave_frame."""
    leave_frame(thread, registers)


@helper()
def new_exception(arguments: Ptr, count: Int, kind: Object) -> New:
    """kind(*arguments), which are given up; null with an exception set."""
    made = call_vector(kind, arguments, count)
    drop_registers(arguments, 0, count)
    return made


@helper(raises=True, runs=True)
def step_iterator(iterator: Object) -> New:
    """next(iterator), for traces; a mark of jitvm's own where it is over and has not said more of it."""
    if type_iternext(type_pointer(iterator)) == NULLP:
        cells = local()
        store_pointer(cells, 0, as_pointer(iterator))
        return PyObject_Vectorcall(builtin_next, cells, 1, NULL)
    item = next_of(iterator)
    if is_null(item):
        if is_null(PyErr_Occurred()):
            return nothing_function
        return NULL
    return item


@helper(raises=True)
def end_of_iterator() -> Object:
    """What next() raises at the end of an iterator."""
    PyErr_SetNone(PyExc_StopIteration)
    return NULL


@helper()
def set_exception_args(exc: Object, args: Object) -> None:
    """Makes a tuple of the same items the arguments of a new exception. For traces that have made it before."""
    replace_at(as_pointer(exc), EXCEPTION_ARGS, args)


@helper(quiet=True)
def class_matches(kind: Object, wanted: Object) -> Int:
    """Whether a class of exceptions is a subclass of another; -1 where that is not a class of exceptions."""
    if is_exception_type(wanted):
        return PyType_IsSubtype(kind, wanted)
    return -1


@opcode
def branch_no_match(exc: Object, kind: Object) -> Branch:
    if matches(exc, kind) != 0:
        return NEXT
    return JUMP


@helper(raises=True, runs=True)
def matches(exc: Object, kind: Object) -> Int:
    """Whether an except clause for ``kind`` takes ``exc``; TypeError where ``kind`` names no exceptions."""
    if is_exception_type(kind):
        return PyErr_GivenExceptionMatches(exc, kind)
    if is_subclass_of_tuple(kind):
        i = 0
        while i < var_size(kind):
            if not is_exception_type(tuple_item(kind, i)):
                return raise_made(CATCH_TYPE, kind, kind)
            i = i + 1
        return PyErr_GivenExceptionMatches(exc, kind)
    return raise_made(CATCH_TYPE, kind, kind)


@primitive
def is_subclass_of_tuple(v: Object) -> Bool:
    return (type_flags(type_pointer(v)) & 67108864) != 0


@opcode
def check_group(rest: Local, kind: Object) -> Object:
    """``except* kind``: the part of an exception that it takes, or None; the rest stays."""
    return split_group(register_pointer(rest), kind)


@helper(raises=True, runs=True)
def split_group(place: Ptr, kind: Object) -> New:
    """CHECK_EG_MATCH of CPython's ceval.c: what is taken is the handled exception then."""
    given = PyTuple_New(2)
    store_reference(as_pointer(given) + TUPLE_ITEMS, 0, load_object(place, 0))
    store_reference(as_pointer(given) + TUPLE_ITEMS, 1, kind)
    parts = do_pair(given, _Py_TrueStruct)
    taken = tuple_item(parts, 0)
    if taken is not _Py_NoneStruct:
        old = load_object(place, 0)
        store_reference(place, 0, tuple_item(parts, 1))
        PyErr_SetHandledException(taken)
        release_to(old)
    return taken


@opcode
def prepare_reraise(exc: Object, raised: Object) -> Object:
    """What goes on after all clauses ``except*``: of the exception that came, and what they have raised or left; None if nothing does."""
    return group_to_raise(exc, raised)


@helper(raises=True, runs=True)
def group_to_raise(exc: Object, raised: Object) -> New:
    given = PyTuple_New(2)
    store_reference(as_pointer(given) + TUPLE_ITEMS, 0, exc)
    store_reference(as_pointer(given) + TUPLE_ITEMS, 1, raised)
    return do_pair(given, _Py_FalseStruct)


@opcode
def load_assertion_error() -> Object:
    return PyExc_AssertionError


@opcode
def with_enter(base: Window, manager: Object) -> Effect:
    imply("push_enter", IMPLIED_ENTER, manager, base)
    enter_context(register_pointer(base), manager, False)


@helper(raises=True, runs=True)
def enter_context(window: Ptr, manager: Object, waits: Bool) -> Int:
    """Puts the manager's bound __exit__ and the result of its __enter__ into a window; of the asynchronous ones if it ``waits``."""
    enter = _PyObject_LookupSpecial(manager, select(waits, name_aenter, name_enter))
    if is_null(enter):
        if not is_null(PyErr_Occurred()):
            return -1
        return raise_made(select(waits, NO_ASYNC_ENTER, NO_ENTER), manager, manager)
    exit = _PyObject_LookupSpecial(manager, select(waits, name_aexit, name_exit))
    if is_null(exit):
        if not is_null(PyErr_Occurred()):
            return -1
        return raise_made(select(waits, NO_ASYNC_EXIT, NO_EXIT), manager, manager)
    result = PyObject_Vectorcall(enter, NULLP, 0, NULL)
    first = load_int(window, 0)
    second = load_int(window, 8)
    store_pointer(window, 0, disown(exit))
    store_pointer(window, 8, disown(result))
    release_to(as_object(first))
    release_to(as_object(second))
    return 0


@opcode
def with_exit(base: Window, exc: Object) -> Object:
    imply("push_leave", IMPLIED_LEAVE, register(base), exc)
    return leave_context(register(base), exc)


@helper(raises=True, runs=True)
def leave_context(exit: Object, exc: Object) -> New:
    """exit(type, exc, traceback)."""
    tb = PyException_GetTraceback(exc)
    cells = local3()
    store_pointer(cells, 0, as_pointer(type_pointer(exc)))
    store_pointer(cells, 8, as_pointer(exc))
    store_pointer(cells, 16, as_pointer(select(is_null(tb), _Py_NoneStruct, tb)))
    return PyObject_Vectorcall(exit, cells, 3, NULL)


@opcode
def import_name(base: Window, name: Const) -> Object:
    return import_module(register(base), register(base + 1), name, frame_globals(frame()), frame_locals(frame()),
                           frame_builtins(frame()))


@helper(raises=True, runs=True)
def import_module(level: Object, names: Object, name: Object, globals: Object, visible: Object, more: Object) -> New:
    """Calls the frame's builtin ``__import__``."""
    function = PyDict_GetItemWithError(more, name_import)
    if is_null(function):
        if is_null(PyErr_Occurred()):
            raise_made(NO_IMPORT, name, name)
        return NULL
    cells = local5()
    store_pointer(cells, 0, as_pointer(name))
    store_pointer(cells, 8, as_pointer(globals))
    store_pointer(cells, 16, as_pointer(select(is_null(visible), _Py_NoneStruct, visible)))
    store_pointer(cells, 24, as_pointer(names))
    store_pointer(cells, 32, as_pointer(level))
    return PyObject_Vectorcall(function, cells, 5, NULL)


@opcode
def import_from(module: Object, name: Const) -> Object:
    return import_attribute(module, name)


@helper(raises=True, runs=True)
def import_attribute(module: Object, name: Object) -> New:
    """from module import name: the attribute, or the submodule; the runtime looks further and words the error."""
    place = local()
    store_int(place, 0, 0)
    _PyObject_LookupAttr(module, name, place)
    if load_int(place, 0) != 0:
        return owned(load_object(place, 0))
    return do_pair(module, name)


@helper(raises=True, runs=True)
def do_pair(first: Object, second: Object) -> New:
    """The runtime's vm_pair(first, second): a result in a list, or the exception to raise."""
    cells = local3()
    store_pointer(cells, 0, as_pointer(first))
    store_pointer(cells, 8, as_pointer(second))
    answer = call_runtime(vm_pair, cells, 2)
    if type_pointer(answer) is PyList_Type:
        return list_item(answer, 0)
    PyErr_SetObject(type_pointer(answer), answer)
    return NULL


@opcode
def import_star(module: Object) -> Effect:
    do_pair(module, frame_globals(frame()))


@opcode
def match_sequence(src: Object) -> Object:
    return new_bool((type_flags(type_pointer(src)) & 32) != 0)


@opcode
def match_mapping(src: Object) -> Object:
    return new_bool((type_flags(type_pointer(src)) & 64) != 0)


@opcode
def match_keys(src: Object, keys: Object) -> Object:
    return do_pair(src, keys)


@opcode
def match_class(base: Window, count: Imm) -> Object:
    return match_positions(register_pointer(base), count)


@helper(raises=True, runs=True)
def match_positions(window: Ptr, count: Int) -> New:
    """The attributes that a class pattern asks for, or None."""
    number = PyLong_FromLongLong(count)
    given = PyTuple_New(4)
    i = 0
    while i < 3:
        store_reference(as_pointer(given) + TUPLE_ITEMS, i, load_object(window, i * 8))
        i = i + 1
    store_reference(as_pointer(given) + TUPLE_ITEMS, 3, number)
    drop_registers(window, 0, 3)
    return do_pair(given, _Py_NoneStruct)
