"""What ``await`` waits for, and what C code calls instead of the slots of the host's types of generators and coroutines."""
from jitvm.rpython.dialect import *

ITERABLE_COROUTINE = 256
# states of what ``asend`` and ``__anext__`` of an asynchronous generator give
ASEND_CREATED = 0
ASEND_BEGUN = 1
ASEND_OVER = 2
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


@opcode
def async_wrap(src: Object) -> Object:
    """What an asynchronous generator gives to its consumer, marked as such: what it waits for is not."""
    return marked_item(src)


@helper(raises=True)
def marked_item(value: Object) -> New:
    made = _PyObject_GC_New(_PyAsyncGenWrappedValue_Type)
    incref(value)
    set_wrapped_value(made, value)
    PyObject_GC_Track(made)
    return made


@helper()
def async_site(thread: Ptr, awaitable: Object, value: Object) -> Ptr:
    """The site at which the asynchronous generator waits that ``awaitable`` resumes; null where the host must do it, or refuse."""
    generator = asend_generator(awaitable)
    if asend_state(awaitable) == ASEND_CREATED:
        if async_running(generator) != 0:
            return NULLP
    elif asend_state(awaitable) != ASEND_BEGUN:
        return NULLP
    if gen_state(generator) == GENERATOR_CREATED and sent_first(awaitable, value) is not _Py_NoneStruct:
        return NULLP
    return site_of(thread, generator)


@primitive
def sent_first(awaitable: Object, value: Object) -> Object:
    """What an asynchronous generator is sent: at first what ``asend`` was given, unless there is something else; null is None."""
    given = value
    if is_null(given):
        given = _Py_NoneStruct
    if given is _Py_NoneStruct and asend_state(awaitable) == ASEND_CREATED:
        if not is_null(asend_value(awaitable)):
            given = asend_value(awaitable)
    return given


@helper(runs=True)
def resume_async(thread: Ptr, awaitable: Object, value: Object, site: Ptr, place: Ptr) -> Int:
    """async_gen_asend_send of CPython's genobject.c: what the generator waits for is put into ``place`` (SEND_NEXT), or what it gives.

    SEND_ERROR with an exception set: StopAsyncIteration at the end.
    """
    generator = asend_generator(awaitable)
    given = sent_first(awaitable, value)
    set_asend_state(awaitable, ASEND_BEGUN)
    set_async_running(generator, 1)
    incref(given)
    result = run_generator(thread, generator, site, as_pointer(given))
    if not is_null(result) and gen_state(generator) == GENERATOR_SUSPENDED:
        if type_pointer(result) is not _PyAsyncGenWrappedValue_Type:
            store_pointer(place, 0, disown(result))
            return SEND_NEXT
        item = wrapped_value(result)
        incref(item)
        store_pointer(place, 0, as_pointer(item))
        set_async_running(generator, 0)
        set_asend_state(awaitable, ASEND_OVER)
        return SEND_RETURN
    if not is_null(result):
        PyErr_SetNone(PyExc_StopAsyncIteration)
        set_async_closed(generator, 1)
    elif PyErr_ExceptionMatches(PyExc_StopAsyncIteration) != 0 or PyErr_ExceptionMatches(PyExc_GeneratorExit) != 0:
        set_async_closed(generator, 1)
    set_async_running(generator, 0)
    set_asend_state(awaitable, ASEND_OVER)
    return SEND_ERROR


@helper(runs=True)
def asend_result(thread: Ptr, awaitable: Object, value: Object, site: Ptr) -> New:
    """As resume_async, for C code: what is given comes as the value of StopIteration."""
    place = local()
    store_int(place, 0, 0)
    status = resume_async(thread, awaitable, value, site, place)
    if status == SEND_ERROR:
        return NULL
    result = owned(load_object(place, 0))
    if status == SEND_RETURN:
        _PyGen_SetStopIterationValue(result)
        return NULL
    return result


@entry
def vm_asend_iternext(awaitable: Object) -> New:
    """tp_iternext of what ``__anext__`` and ``asend`` give."""
    entry_context()
    thread = PyThreadState_Get()
    site = async_site(thread, awaitable, NULL)
    if site == NULLP:
        return call_unary(as_pointer(host_asend_iternext()), awaitable)
    return asend_result(thread, awaitable, NULL, site)


@entry
def vm_asend_send(awaitable: Object, value: Object) -> New:
    """The method ``send`` of what ``__anext__`` and ``asend`` give."""
    entry_context()
    thread = PyThreadState_Get()
    site = async_site(thread, awaitable, value)
    if site == NULLP:
        return call_binary(as_pointer(host_asend_send()), awaitable, value)
    return asend_result(thread, awaitable, value, site)


@entry
def vm_ag_frame(generator: Object, closure: Ptr) -> New:
    """The attribute ``ag_frame``, as ``gi_frame``."""
    entry_context()
    inner = as_pointer(generator) + GENERATOR_FRAME
    if gen_state(generator) != GENERATOR_EXECUTING or frame_entry(inner) != RUNS_IN_VM:
        return call_binary(as_pointer(host_ag_frame()), generator, as_object(as_int(closure)))
    return running_frame(generator, inner, looked_async)


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
