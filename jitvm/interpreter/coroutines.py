"""What ``await`` waits for, and what C code calls instead of the slots of the host's types of generators and coroutines."""
from jitvm.rpython.dialect import *

ITERABLE_COROUTINE = 256
AWAIT_SLOT = 0
ITER_SLOT = 8
NEXT_SLOT = 16


@opcode
def get_awaitable(src: Object, kind: Imm) -> Object:
    return awaitable_of(src, kind)


@primitive
def is_awaited_directly(v: Object) -> Bool:
    """A coroutine, or a generator that types.coroutine has made one."""
    if type_pointer(v) is PyCoro_Type:
        return True
    if type_pointer(v) is not PyGen_Type:
        return False
    return (code_flags(gen_code(v)) & ITERABLE_COROUTINE) != 0


@helper(raises=True, runs=True)
def awaitable_of(src: Object, kind: Int) -> New:
    """What ``await`` sends to (_PyCoro_GetAwaitableIter of CPython's genobject.c, and GET_AWAITABLE)."""
    if is_awaited_directly(src):
        if type_pointer(src) is PyCoro_Type and gen_state(src) == GENERATOR_SUSPENDED:
            waits = PyObject_GetAttr(src, name_awaits)
            if waits is not _Py_NoneStruct:
                raise_made(AWAITED_ALREADY, src, src)
        return src
    table = type_as_async(type_pointer(src))
    if table == NULLP:
        raise_made(not_awaitable(kind), src, src)
    getter = load_pointer(table, AWAIT_SLOT)
    if getter == NULLP:
        raise_made(not_awaitable(kind), src, src)
    made = call_unary(getter, src)
    if is_null(made):
        return NULL
    if is_awaited_directly(made):
        raise_made(AWAIT_COROUTINE, src, src)
    if PyIter_Check(made) == 0:
        raise_made(AWAIT_TYPE, made, made)
    return made


@primitive
def not_awaitable(kind: Int) -> Int:
    """How to word that something cannot be awaited: in an expression, what __aenter__ gave (1), what __aexit__ gave (2)."""
    return select(kind == 0, NOT_AWAITABLE, select(kind == 1, ENTER_AWAIT, EXIT_AWAIT))


@opcode
def async_enter(base: Window, manager: Object) -> Effect:
    enter_context(register_pointer(base), manager, True)


@opcode
def async_iter(src: Object) -> Object:
    return async_iterator(src)


@helper(raises=True, runs=True)
def async_iterator(src: Object) -> New:
    """GET_AITER of CPython's ceval.c."""
    getter = async_slot(src, ITER_SLOT)
    if getter == NULLP:
        raise_made(ASYNC_ITER_TYPE, src, src)
    made = call_unary(getter, src)
    if is_null(made):
        return NULL
    if async_slot(made, NEXT_SLOT) == NULLP:
        raise_made(ASYNC_ITER_RESULT, made, made)
    return made


@opcode
def async_next(iter: Object) -> Object:
    return async_item(iter)


@helper(raises=True, runs=True)
def async_item(iterator: Object) -> New:
    """GET_ANEXT of CPython's ceval.c: what to wait for."""
    getter = async_slot(iterator, NEXT_SLOT)
    if getter == NULLP:
        raise_made(ASYNC_NEXT_TYPE, iterator, iterator)
    made = call_unary(getter, iterator)
    if is_null(made):
        return NULL
    if type_pointer(iterator) is PyAsyncGen_Type:
        return made
    waits = awaitable_quietly(made)
    if is_null(waits):
        failure = fetch_exception()
        raise_made(ASYNC_NEXT_RESULT, made, failure)
    return waits


@helper(runs=True)
def awaitable_quietly(src: Object) -> New:
    """As awaitable_of, null with the exception set: the caller looks."""
    return awaitable_of(src, 0)


@primitive
def async_slot(v: Object, offset: Int) -> Ptr:
    """An entry of a type's table of asynchronous methods, or null."""
    table = type_as_async(type_pointer(v))
    if table == NULLP:
        return NULLP
    return load_pointer(table, offset)


@opcode
def branch_no_async_end(exc: Object) -> Branch:
    if PyErr_GivenExceptionMatches(exc, PyExc_StopAsyncIteration) != 0:
        return NEXT
    return JUMP


@entry
def vm_gen_iternext(generator: Object) -> New:
    """tp_iternext of generators."""
    entry_context()
    thread = PyThreadState_Get()
    site = site_of(thread, generator)
    if site == NULLP:
        return call_unary(as_pointer(host_iternext()), generator)
    return next_of_generator(thread, generator, site)


@entry
def vm_gen_send(generator: Object, value: Object) -> New:
    """The method ``send`` of generators."""
    entry_context()
    return send_method(generator, value)


@helper(runs=True)
def send_method(generator: Object, value: Object) -> New:
    thread = PyThreadState_Get()
    site = site_of(thread, generator)
    if site == NULLP or (gen_state(generator) == GENERATOR_CREATED and value is not _Py_NoneStruct):
        return call_binary(as_pointer(host_send()), generator, value)
    incref(value)
    result = run_generator(thread, generator, site, as_pointer(value))
    if gen_state(generator) == GENERATOR_SUSPENDED or is_null(result):
        return result
    if result is _Py_NoneStruct:
        PyErr_SetNone(PyExc_StopIteration)
    else:
        _PyGen_SetStopIterationValue(result)
    return NULL


@entry
def vm_gen_send_slot(generator: Object, value: Object, place: Ptr) -> Int:
    """am_send of generators."""
    entry_context()
    thread = PyThreadState_Get()
    site = site_of(thread, generator)
    if site == NULLP or (gen_state(generator) == GENERATOR_CREATED and value is not _Py_NoneStruct):
        return call_send(as_pointer(host_send_slot()), generator, value, place)
    incref(value)
    result = run_generator(thread, generator, site, as_pointer(value))
    ended = is_null(result)
    store_pointer(place, 0, disown(result))
    if ended:
        return SEND_ERROR
    return select(gen_state(generator) == GENERATOR_SUSPENDED, SEND_NEXT, SEND_RETURN)


@entry
def vm_gi_frame(generator: Object, closure: Ptr) -> New:
    """The attribute ``gi_frame``: of a generator that runs in the VM the frame that runs."""
    entry_context()
    inner = as_pointer(generator) + GENERATOR_FRAME
    if gen_state(generator) != GENERATOR_EXECUTING or frame_entry(inner) != RUNS_IN_VM:
        return call_binary(as_pointer(host_gi_frame()), generator, as_object(as_int(closure)))
    return running_frame(generator, inner, looked_name)


@entry
def vm_cr_frame(coroutine: Object, closure: Ptr) -> New:
    """The attribute ``cr_frame``, as ``gi_frame``."""
    entry_context()
    inner = as_pointer(coroutine) + GENERATOR_FRAME
    if gen_state(coroutine) != GENERATOR_EXECUTING or frame_entry(inner) != RUNS_IN_VM:
        return call_binary(as_pointer(host_cr_frame()), coroutine, as_object(as_int(closure)))
    return running_frame(coroutine, inner, looked_coroutine)


@helper()
def running_frame(generator: Object, inner: Ptr, name: Object) -> New:
    """The frame object of the copy that runs; made as for the thread's topmost frame."""
    PySys_Audit(as_pointer(looked_event) + BYTES_DATA, as_pointer(looked_format) + BYTES_DATA, generator,
                as_pointer(name) + BYTES_DATA)
    thread = PyThreadState_Get()
    cframe = ts_cframe(thread)
    top = cframe_frame(cframe)
    set_cframe_frame(cframe, frame_previous(inner))
    fo = PyThreadState_GetFrame(thread)
    set_cframe_frame(cframe, top)
    return fo
