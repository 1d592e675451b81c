"""Frames: making, linking, leaving and detaching them; binding arguments; entry from C; unwinding.

A VM frame is the host's own frame struct on the thread's data stack (CPython's pycore_frame.h), preceded by a header of jitvm's:
saved pc, code record, and whether C code waits for the result. Registers begin where the host's localsplus does.
"""
from jitvm.rpython.dialect import *

RUNTIME_DEPTH = 500
HOST_CALL = 1
GENERATOR_MARK = 1
BYTES_DATA = 32


@primitive
def code_record(callee: Object) -> Ptr:
    """The code record of a function that the VM runs; else null, or one that says so."""
    if type_pointer(callee) is not PyFunction_Type:
        return NULLP
    extra = code_extra(func_code(callee))
    if extra == NULLP:
        return NULLP
    if extra_size(extra) <= extra_index():
        return NULLP
    return load_pointer(extra, 8 + extra_index() * 8)


@helper(cold=True)
def discover(callee: Object) -> Ptr:
    """Asks the runtime, once for each code object, whether a function is of a module of the program's own; its record if so."""
    ready_record_quietly(callee)
    return code_record(callee)


@primitive
def record_of(callee: Object) -> Ptr:
    """As code_record; the runtime is asked where nothing is known."""
    record = code_record(callee)
    if unlikely(record == NULLP):
        if type_pointer(callee) is PyFunction_Type:
            record = discover(callee)
    return record


@helper()
def enter_when_called(callee: Object) -> None:
    """A function that the host has made and no name of its module shows (a decorator has it): it enters the VM if it is ours."""
    record = record_of(callee)
    if record != NULLP and vm_state(record) != CODE_HOST:
        set_func_vectorcall(callee, address_of("vm_vectorcall"))


@helper(raises=True, cold=True)
def ready_record(callee: Object) -> Int:
    """Compiles a function at its first call."""
    cell = local()
    store_pointer(cell, 0, as_pointer(callee))
    call_runtime(vm_compile, cell, 1)
    return 0


@helper(raises=True, runs=True)
def call_runtime(function: Object, arguments: Ptr, count: Int) -> New:
    """Calls a function of the runtime: Python code of the host, which must not meet the program's recursion limit.

    The program's trace and profile functions do not see it.
    """
    thread = PyThreadState_Get()
    traced = hide_from_tracer(thread)
    set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) + RUNTIME_DEPTH)
    result = call_vector(function, arguments, count)
    set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) - RUNTIME_DEPTH)
    if traced != 0:
        PyThreadState_LeaveTracing(thread)
    return result


@primitive
def hide_from_tracer(thread: Ptr) -> Int:
    """Whether calls are traced; they are not until PyThreadState_LeaveTracing, then."""
    traced = cframe_tracing(ts_cframe(thread))
    if unlikely(traced != 0):
        PyThreadState_EnterTracing(thread)
    return traced


@helper(runs=True)
def call_vector(function: Object, arguments: Ptr, count: Int) -> New:
    """PyObject_Vectorcall, null with an exception set: the caller looks."""
    return PyObject_Vectorcall(function, arguments, count, NULL)


@helper(cold=True)
def ready_record_quietly(callee: Object) -> None:
    """Compiles a function at its first call; a failure leaves it to the host, as do the code of other interpreters and the end."""
    if _Py_IsFinalizing() != 0 or ts_interp(PyThreadState_Get()) != PyInterpreterState_Main():
        return
    kind = local()
    value = local()
    trace = local()
    PyErr_Fetch(kind, value, trace)
    ready_record(callee)
    PyErr_Restore(owned(load_object(kind, 0)), owned(load_object(value, 0)), owned(load_object(trace, 0)))


@helper(raises=True, spare=True)
def grow_stack(thread: Ptr, size: Int) -> Ptr:
    """A new chunk of the data stack with room for ``size`` bytes, as push_chunk of CPython's pystate.c makes it."""
    allocator = local3()
    PyObject_GetArenaAllocator(allocator)
    bytes = CHUNK_BYTES
    while bytes < size + CHUNK_DATA + 8:
        bytes = bytes * 2
    chunk = call_pair(load_pointer(allocator, 8), load_pointer(allocator, 0), bytes)
    if chunk == NULLP:
        PyErr_SetNone(PyExc_MemoryError)
        return NULLP
    old = ts_datastack_chunk(thread)
    set_chunk_previous(chunk, old)
    set_chunk_size(chunk, bytes)
    set_chunk_top(chunk, 0)
    if old != NULLP:
        set_chunk_top(old, (as_int(ts_datastack_top(thread)) - as_int(old) - CHUNK_DATA) // 8)
    set_ts_datastack_chunk(thread, chunk)
    set_ts_datastack_limit(thread, chunk + bytes)
    start = chunk + CHUNK_DATA
    if old == NULLP:
        start = start + 8
    return start


@helper(spare=True)
def drop_chunk(thread: Ptr) -> None:
    """Gives the topmost chunk back, as _PyThreadState_PopFrame does."""
    chunk = ts_datastack_chunk(thread)
    previous = chunk_previous(chunk)
    set_ts_datastack_chunk(thread, previous)
    set_ts_datastack_top(thread, previous + CHUNK_DATA + chunk_top(previous) * 8)
    set_ts_datastack_limit(thread, previous + chunk_size(previous))
    allocator = local3()
    PyObject_GetArenaAllocator(allocator)
    call_release(load_pointer(allocator, 16), load_pointer(allocator, 0), chunk, chunk_size(chunk))


@primitive
def reserve_frame(thread: Ptr, record: Ptr) -> Ptr:
    """Room for a frame on the data stack; its registers, null where there is none (MemoryError is set)."""
    top = ts_datastack_top(thread)
    size = vm_frame_bytes(record)
    if unlikely(as_int(top) + size >= as_int(ts_datastack_limit(thread))) or unlikely(top == NULLP):
        top = grow_stack(thread, size)
        if top == NULLP:
            return NULLP
    set_ts_datastack_top(thread, top + size)
    return top + HEADER + FRAME_SIZE


@primitive
def clear_from(registers: Ptr, start: Int, end: Int) -> None:
    """Makes registers [start, end) empty without looking at what they held."""
    i = start
    while i < end:
        store_int(registers, i * 8, 0)
        i = i + 1


@primitive
def link_frame(thread: Ptr, record: Ptr, registers: Ptr, callee: Object) -> None:
    """Fills the header and the host's part of a frame and puts it on top of the thread's frames."""
    frame = registers - FRAME_SIZE
    set_header_code(frame, record)
    set_header_entry(frame, 0)
    set_header_generator(frame, NULL)
    set_frame_func(frame, callee)
    set_frame_globals(frame, func_globals(callee))
    set_frame_builtins(frame, func_builtins(callee))
    set_frame_locals(frame, NULL)
    set_frame_code(frame, vm_code(record))
    set_frame_object(frame, NULL)
    set_frame_instr(frame, vm_first_instr(record))
    set_frame_flags(frame, vm_locals(record))
    cframe = ts_cframe(thread)
    set_frame_previous(frame, cframe_frame(cframe))
    set_cframe_frame(cframe, frame)
    if unlikely(vm_free_count(record) > 0):
        copy_closure(record, registers, func_closure(callee))


@helper(spare=True)
def copy_closure(record: Ptr, registers: Ptr, closure: Object) -> None:
    """Puts the cells of a function's free variables into their registers."""
    place = registers + vm_first_free(record) * 8
    i = 0
    while i < vm_free_count(record):
        cell = load_object(as_pointer(closure), TUPLE_ITEMS + i * 8)
        incref(cell)
        store_pointer(place, i * 8, as_pointer(cell))
        i = i + 1


@helper(raises=True, cold=True, spare=True)
def too_deep(thread: Ptr) -> Int:
    """The recursion limit was passed: sets RecursionError as the host would, or 0 where the host still allows it."""
    empty = local()
    store_int(empty, 0, 0)
    return _Py_CheckRecursiveCall(thread, empty)


@primitive
def enter_recursion(thread: Ptr) -> Int:
    """Counts a call against the recursion limit; -1 with RecursionError set if it is passed."""
    remaining = ts_recursion_remaining(thread)
    set_ts_recursion_remaining(thread, remaining - 1)
    if unlikely(remaining <= 0):
        return too_deep(thread)
    return 0


@primitive
def drop_registers(registers: Ptr, start: Int, end: Int) -> None:
    """Drops and empties registers [start, end)."""
    i = start
    while i < end:
        v = load_object(registers, i * 8)
        if not is_null(v):
            store_int(registers, i * 8, 0)
            xdecref(v)
        i = i + 1


@primitive
def drop_temporaries(registers: Ptr, start: Int, end: Int) -> None:
    """As drop_registers, the last first: as the host empties its operand stack."""
    i = end - 1
    while i >= start:
        v = load_object(registers, i * 8)
        if not is_null(v):
            store_int(registers, i * 8, 0)
            xdecref(v)
        i = i - 1


@primitive
def leave_frame(thread: Ptr, registers: Ptr) -> None:
    """Takes the frame off the thread's frames, drops what it holds (temporaries first, as the host) and gives its room back.

    A return can leave temporaries behind: iterators and the like of the blocks around it, numbers that wait for their overwrite.
    """
    record = unlink_frame(thread, registers)
    drop_temporaries(registers, vm_locals(record), vm_registers(record))
    drop_frame(thread, registers, record)


@primitive
def unlink_frame(thread: Ptr, registers: Ptr) -> Ptr:
    """Takes a frame off the thread's frames; its record."""
    frame = registers - FRAME_SIZE
    record = header_code(frame)
    set_cframe_frame(ts_cframe(thread), frame_previous(frame))
    if unlikely((as_int(as_pointer(frame_object(frame))) | as_int(as_pointer(frame_locals(frame)))) != 0):
        detach_frame(thread, frame, vm_locals(record))
    return record


@primitive
def drop_frame(thread: Ptr, registers: Ptr, record: Ptr) -> None:
    """Drops a frame's locals and gives its room back."""
    drop_registers(registers, 0, vm_locals(record))
    set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) + 1)
    top = registers - FRAME_SIZE - HEADER
    if unlikely(top == ts_datastack_chunk(thread) + CHUNK_DATA):
        drop_chunk(thread)
    else:
        set_ts_datastack_top(thread, top)


@helper(spare=True)
def detach_frame(thread: Ptr, frame: Ptr, count: Int) -> None:
    """A frame with a frame object ends: if somebody keeps the object, it takes the locals over (take_ownership of frame.c)."""
    fo = frame_object(frame)
    if not is_null(fo):
        set_frame_object(frame, NULL)
        if refcount(fo) > 1:
            data = as_pointer(fo) + FRAME_OBJECT_DATA
            memcpy(data, frame, FRAME_SIZE + count * 8)
            clear_from(frame + FRAME_SIZE, 0, count)
            set_frame_previous(data, NULLP)
            set_frame_locals(data, frame_locals(frame))
            set_frame_locals(frame, NULL)
            incref(frame_func(frame))
            incref(frame_code(frame))
            set_frame_flags(data, count + (FRAME_OWNED_BY_FRAME_OBJECT << 40))
            set_fo_frame(fo, data)
            kind = local()
            value = local()
            trace = local()
            PyErr_Fetch(kind, value, trace)
            set_fo_back(fo, as_object(as_int(disown(PyThreadState_GetFrame(thread)))))
            PyErr_Restore(owned(load_object(kind, 0)), owned(load_object(value, 0)), owned(load_object(trace, 0)))
            if PyObject_GC_IsTracked(fo) == 0:
                PyObject_GC_Track(fo)
            release_to(fo)
            return
        release_to(fo)
    names = frame_locals(frame)
    set_frame_locals(frame, NULL)
    release_to(names)


@helper(raises=True)
def bind_frame(thread: Ptr, record: Ptr, callee: Object, arguments: Ptr, count: Int, names: Object) -> Ptr:
    """Registers of a new frame, linked, with the arguments bound; null with an exception set.

    ``arguments`` holds ``count`` positional values, then one for each of ``names``. Whatever is wrong with them is reported by
    host's own binding, so that the message is its own.
    """
    if enter_recursion(thread) < 0:
        return NULLP
    registers = reserve_frame(thread, record)
    if registers == NULLP:
        return NULLP
    clear_from(registers, 0, vm_registers(record))
    if bind_arguments(record, callee, registers, arguments, count, names) != 0:
        drop_registers(registers, 0, vm_registers(record))
        top = registers - FRAME_SIZE - HEADER
        if top == ts_datastack_chunk(thread) + CHUNK_DATA:
            drop_chunk(thread)
        else:
            set_ts_datastack_top(thread, top)
        set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) + 1)
        if is_null(PyErr_Occurred()):
            _PyFunction_Vectorcall(callee, arguments, count, names)
        return NULLP
    link_frame(thread, record, registers, callee)
    return registers


@helper()
def bind_arguments(record: Ptr, callee: Object, registers: Ptr, arguments: Ptr, count: Int, names: Object) -> Int:
    """Moves arguments to registers, fills defaults; 0, or 1 where they do not fit the signature (or an exception is set)."""
    positional = vm_arguments(record)
    flags = vm_flags(record)
    total = positional + vm_keyword_only(record)
    given = select(count < positional, count, positional)
    i = 0
    while i < given:
        store_reference(registers, i, load_object(arguments, i * 8))
        i = i + 1
    if (flags & FLAG_VARARGS) != 0:
        rest = PyTuple_New(select(count > positional, count - positional, 0))
        i = positional
        while i < count:
            store_reference(as_pointer(rest) + TUPLE_ITEMS, i - positional, load_object(arguments, i * 8))
            i = i + 1
        store_pointer(registers, total * 8, disown(rest))
    elif count > positional:
        return 1
    if (flags & FLAG_VARKEYWORDS) != 0:
        store_pointer(registers, (total + (flags & FLAG_VARARGS) // 2) * 8, disown(PyDict_New()))
    if not is_null(names):
        if bind_keywords(record, registers, arguments + count * 8, names) != 0:
            return 1
    if count < positional:
        if fill_defaults(record, callee, registers) != 0:
            return 1
    if total > positional:
        return fill_keyword_defaults(record, callee, registers)
    return 0


@primitive
def store_reference(base: Ptr, index: Int, value: Object) -> None:
    incref(value)
    store_pointer(base, index * 8, as_pointer(value))


@helper()
def bind_keywords(record: Ptr, registers: Ptr, values: Ptr, names: Object) -> Int:
    """Binds keyword arguments; 1 where one does not fit."""
    positional = vm_arguments(record)
    total = positional + vm_keyword_only(record)
    count = var_size(names)
    i = 0
    while i < count:
        name = load_object(as_pointer(names), TUPLE_ITEMS + i * 8)
        value = load_object(values, i * 8)
        place = find_parameter(record, name, total)
        if place >= 0:
            if load_int(registers, place * 8) != 0:
                return 1
            store_reference(registers, place, value)
        else:
            if (vm_flags(record) & FLAG_VARKEYWORDS) == 0:
                return 1
            target = load_object(registers, (total + (vm_flags(record) & FLAG_VARARGS) // 2) * 8)
            if PyDict_Contains(target, name) != 0:
                return 1
            PyDict_SetItem(target, name, value)
        i = i + 1
    return 0


@helper()
def find_parameter(record: Ptr, name: Object, total: Int) -> Int:
    """The register of the parameter called ``name`` that may be given by keyword, or -1."""
    table = vm_names(record)
    i = vm_positional_only(record)
    while i < total:
        if load_object(table, i * 8) is name:
            return i
        i = i + 1
    i = vm_positional_only(record)
    while i < total:
        if PyUnicode_Compare(load_object(table, i * 8), name) == 0:
            return i
        i = i + 1
    return -1


@helper()
def fill_defaults(record: Ptr, callee: Object, registers: Ptr) -> Int:
    """Fills positional parameters that were not given; 1 where one has no default."""
    positional = vm_arguments(record)
    defaults = func_defaults(callee)
    have = 0
    if not is_null(defaults):
        have = var_size(defaults)
    i = 0
    while i < positional:
        if load_int(registers, i * 8) == 0:
            place = i - (positional - have)
            if place < 0:
                return 1
            store_reference(registers, i, load_object(as_pointer(defaults), TUPLE_ITEMS + place * 8))
        i = i + 1
    return 0


@helper()
def fill_keyword_defaults(record: Ptr, callee: Object, registers: Ptr) -> Int:
    """Fills keyword-only parameters that were not given; 1 where one has no default."""
    defaults = func_kwdefaults(callee)
    i = vm_arguments(record)
    total = i + vm_keyword_only(record)
    while i < total:
        if load_int(registers, i * 8) == 0:
            if is_null(defaults):
                return 1
            value = PyDict_GetItemWithError(defaults, load_object(vm_names(record), i * 8))
            if is_null(value):
                return 1
            store_reference(registers, i, value)
        i = i + 1
    return 0


@entry
def vm_vectorcall(callee: Object, arguments: Ptr, count_and_flag: Int, names: Object) -> New:
    """What a VM function's vectorcall points to: runs it in the interpreter, on the host where it must be."""
    entry_context()
    thread = PyThreadState_Get()
    record = runnable(thread, callee)
    if record == NULLP:
        set_host_entries(host_entries() + 1)
        return _PyFunction_Vectorcall(callee, arguments, count_and_flag, names)
    count = count_and_flag & 9223372036854775807
    if unlikely(has_declined(callee, arguments, count)):
        return _Py_NotImplementedStruct
    if makes_generator(record, count, names) and ts_recursion_remaining(thread) > 0:
        return call_generator(record, callee, arguments, count, False)
    registers = bind_frame(thread, record, callee, arguments, count, names)
    if registers == NULLP:
        return NULL
    return owned(run_from_c(thread, record, registers))


@entry
def vm_run_module(callee: Object, names: Object, visible: Int) -> New:
    """Runs a module body: a function without arguments whose locals are ``names``. It has no caller unless ``visible``.

    What called it does not count against the recursion limit either.
    """
    entry_context()
    return run_body(callee, names, visible)


@helper()
def run_body(callee: Object, names: Object, visible: Int) -> New:
    """See vm_run_module."""
    thread = PyThreadState_Get()
    record = code_record(callee)
    depth = ts_recursion_limit(thread) - ts_recursion_remaining(thread)
    if visible == 0:
        set_ts_recursion_remaining(thread, ts_recursion_limit(thread))
    registers = bind_frame(thread, record, callee, NULLP, 0, NULL)
    if registers == NULLP:
        return NULL
    frame = registers - FRAME_SIZE
    incref(names)
    set_frame_locals(frame, names)
    caller = frame_previous(frame)
    if visible == 0:
        set_frame_previous(frame, NULLP)
    result = run_from_c(thread, record, registers)
    set_cframe_frame(ts_cframe(thread), caller)
    if visible == 0:
        set_ts_recursion_remaining(thread, ts_recursion_limit(thread) - depth)
    return owned(result)


@entry
def vm_exec(code: Object, names: Object) -> New:
    """exec(code, names), for the host's importer: the bodies of the program's own modules run in the VM."""
    entry_context()
    return execute(code, names)


@helper(raises=True, runs=True)
def execute(code: Object, names: Object) -> New:
    cells = local3()
    store_pointer(cells, 0, as_pointer(code))
    store_pointer(cells, 8, as_pointer(names))
    answer = call_runtime(vm_module, cells, 2)
    if type_pointer(answer) is PyFunction_Type and cframe_tracing(ts_cframe(PyThreadState_Get())) == 0:
        return run_body(answer, names, 1)
    result = PyEval_EvalCode(code, names, names)
    if answer is _Py_TrueStruct:
        store_pointer(cells, 16, as_pointer(_Py_NoneStruct))
        call_runtime(vm_module, cells, 3)
    return result


@helper()
def run_from_c(thread: Ptr, record: Ptr, registers: Ptr) -> Object:
    """Runs a linked frame until it returns to C; null with an exception set if it raised."""
    frame = registers - FRAME_SIZE
    set_header_entry(frame, 1)
    set_frame_flags(frame, frame_flags(frame) | (1 << 32))
    set_entries(entries() + 1)
    return run_frame(vm_words(record), registers, vm_constants(record), thread)


@helper()
def find_handler(record: Ptr, unit: Int) -> Ptr:
    """The innermost handler row that covers instruction ``unit``, or null."""
    row = vm_handlers(record)
    i = vm_handler_count(record)
    while i > 0:
        if load_int(row, 0) <= unit and unit < load_int(row, 8):
            return row
        row = row + HANDLER_BYTES
        i = i - 1
    return NULLP


@helper(spare=True)
def fetch_exception() -> New:
    """The exception that is set, normalised, with its traceback; it is set no longer."""
    kind = local()
    value = local()
    trace = local()
    PyErr_Fetch(kind, value, trace)
    PyErr_NormalizeException(kind, value, trace)
    exception = owned(load_object(value, 0))
    tb = owned(load_object(trace, 0))
    PyException_SetTraceback(exception, select(is_null(tb), _Py_NoneStruct, tb))
    release_to(load_object(kind, 0))
    return exception


@helper(spare=True)
def add_traceback(thread: Ptr) -> None:
    """Adds the current frame to the traceback of the exception that is set."""
    known = frame_object(cframe_frame(ts_cframe(thread)))
    if not is_null(known):
        PyTraceBack_Here(known)
        return
    kind = local()
    value = local()
    trace = local()
    PyErr_Fetch(kind, value, trace)
    fo = PyThreadState_GetFrame(thread)
    PyErr_Restore(owned(load_object(kind, 0)), owned(load_object(value, 0)), owned(load_object(trace, 0)))
    if not is_null(fo):
        PyTraceBack_Here(fo)


@control
def raise_here() -> None:
    """An exception was raised by the instruction at pc."""
    if unlikely(cframe_tracing(ts_cframe(thread)) != 0):
        return handler("raise_on_host")
    add_traceback(thread)
    return handler("unwind")


@primitive
def pass_caches(caller: Ptr) -> None:
    """A call of a function has raised: its position is the end of its caches, as the host's is then."""
    if load_byte(frame_instr(caller), 0) != HOST_CALL_EX:
        set_frame_instr(caller, load_pointer(header_pc(caller), 8) + HOST_CALL_CACHES)


@control
def unwind() -> None:
    """Goes on at the handler that covers pc, or leaves the frame."""
    frame = regs - FRAME_SIZE
    record = header_code(frame)
    row = find_handler(record, (as_int(pc) - as_int(vm_words(record))) // 16)
    if row != NULLP:
        drop_temporaries(regs, load_int(row, 32), vm_registers(record))
        place = regs + load_int(row, 24) * 8
        old = load_object(place, 0)
        store_pointer(place, 0, disown(fetch_exception()))
        xdecref(old)
        return goto(vm_words(record) + load_int(row, 16) * 16, regs, consts)
    if not is_null(header_generator(frame)):
        return handler("unwind_generator")
    return handler("leave_raising")


@control
def leave_raising() -> None:
    """Ends a frame that no handler covers: the exception goes on in its caller."""
    frame = regs - FRAME_SIZE
    caller = frame_previous(frame)
    entered = header_entry(frame)
    kept = load_pointer(frame, HEADER_KEPT)
    made = load_pointer(frame, HEADER_MADE)
    leave_frame(thread, regs)
    if entered >= IMPLIED:
        drop_implied(thread, entered, kept, made)
        if unlikely(ends_mapped(entered) != 0):
            return handler("end_mapped", pc, caller + FRAME_SIZE, vm_constants(header_code(caller)))
    elif entered != 0:
        stop_recording()
        return leave(NULL)
    else:
        pass_caches(caller)
    return handler("raise_here", header_pc(caller), caller + FRAME_SIZE, vm_constants(header_code(caller)))


@primitive
def stop_recording() -> None:
    """The activation that records returns to C: the recording ends. A signal's exception has no place to go to here."""
    if unlikely(recording() != 0):
        set_recording(0)
        if tell(vm_recorded, NULLP, NULLP) < 0:
            PyErr_Clear()
