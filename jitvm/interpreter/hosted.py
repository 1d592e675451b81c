"""Frames that go on in the host's evaluation loop: the program has begun to trace or to profile, and that loop tells of lines and calls.

A frame goes there when a call in it has returned, or raised. It stays where it is, with the host's operand stack in place of its
temporaries.
"""
from jitvm.rpython.dialect import *

PLACE_INSTR = 0
PLACE_CONSTANTS = 8
PLACE_COUNT = 24
PLACE_STACK = 32
PLACE_ENTRIES = 56
KIND_BITS = 7


@control
def on_host() -> None:
    """The call at pc has returned, and somebody traces."""
    place = host_place(thread, pc, regs, 0)
    if place == NULLP:
        return goto(pc + CALL_BYTES, regs, consts)
    stop_recording()
    return handler("give_result", run_on_host(thread, regs, place, 0), regs, consts)


@control
def exit_traced() -> None:
    """Compiled code was left before pc, and somebody traces. Where that is behind a call the frame is as if the call had just returned."""
    place = host_place(thread, pc - CALL_BYTES, regs, 0)
    if place == NULLP:
        return goto(pc, regs, consts)
    return handler("give_result", run_on_host(thread, regs, place, 0), regs, consts)


@control
def raise_on_host() -> None:
    """The instruction at pc has raised, and somebody traces."""
    place = host_place(thread, pc, regs, 1)
    if place == NULLP:
        add_traceback(thread)
        return handler("unwind")
    stop_recording()
    return handler("give_result", run_on_host(thread, regs, place, 1), regs, consts)


@helper(cold=True)
def host_place(thread: Ptr, at: Ptr, registers: Ptr, raises: Int) -> Ptr:
    """What the runtime knows of the host's loop behind a call (runtime/continuation.py); null where the frame must stay in the VM."""
    frame = registers - FRAME_SIZE
    record = header_code(frame)
    if not is_null(header_generator(frame)):
        return NULLP
    top = registers + (vm_locals(record) + code_stacksize(frame_code(frame))) * 8
    if as_int(top) >= as_int(ts_datastack_limit(thread)):
        return NULLP
    place = ask_for_place(at, vm_id(record))
    if place == NULLP or not all_there(registers, place, load_int(place, PLACE_COUNT) - raises):
        return NULLP
    return place


@helper(cold=True)
def all_there(registers: Ptr, place: Ptr, count: Int) -> Bool:
    """Whether the registers hold what is to be on the host's stack."""
    i = 0
    while i < count:
        entry = load_int(place, PLACE_ENTRIES + i * 8)
        kind = entry & KIND_BITS
        if kind != ENTRY_EMPTY and kind != ENTRY_CONSTANT and load_int(registers, (entry >> 3) * 8) == 0:
            return False
        i = i + 1
    return True


@helper(cold=True)
def ask_for_place(at: Ptr, number: Int) -> Ptr:
    """Calls vm_hosted(number, pc); null if that fails. An exception that is set stays so."""
    kind = local()
    value = local()
    trace = local()
    PyErr_Fetch(kind, value, trace)
    found = answered_place(at, number)
    if found < 0:
        found = 0
    PyErr_Restore(owned(load_object(kind, 0)), owned(load_object(value, 0)), owned(load_object(trace, 0)))
    return as_pointer(found)


@helper(cold=True)
def answered_place(at: Ptr, number: Int) -> Int:
    """-1 with an exception set: the caller looks."""
    cells = local3()
    first = PyLong_FromLongLong(number)
    second = PyLong_FromLongLong(as_int(at))
    store_pointer(cells, 0, as_pointer(first))
    store_pointer(cells, 8, as_pointer(second))
    answer = call_runtime(vm_hosted, cells, 2)
    return PyLong_AsLongLong(answer)


@helper(cold=True)
def run_on_host(thread: Ptr, registers: Ptr, place: Ptr, raises: Int) -> Ptr:
    """Runs a frame to its end in the host's loop; the result, a reference, or null with an exception set. The frame is there still.

    Where ``raises`` is 1 the call had no result, and the host looks for a handler first.
    """
    frame = registers - FRAME_SIZE
    record = header_code(frame)
    count = load_int(place, PLACE_COUNT) - raises
    stack = load_pointer(place, PLACE_STACK)
    flags = frame_flags(frame)
    store_int(place, PLACE_COUNT, count)
    store_stack(registers, stack, place, load_pointer(place, PLACE_CONSTANTS))
    store_int(place, PLACE_COUNT, count + raises)
    drop_temporaries(registers, vm_locals(record), vm_registers(record))
    i = 0
    while i < count:
        store_int(registers, (vm_locals(record) + i) * 8, load_int(stack, i * 8))
        i = i + 1
    top = registers + (vm_locals(record) + code_stacksize(frame_code(frame))) * 8
    if as_int(top) > as_int(ts_datastack_top(thread)):
        set_ts_datastack_top(thread, top)
    if raises == 0:
        set_frame_instr(frame, load_pointer(place, PLACE_INSTR))
    set_frame_flags(frame, vm_locals(record) + count)
    set_cframe_frame(ts_cframe(thread), frame_previous(frame))
    result = evaluate(thread, frame, raises)
    set_cframe_frame(ts_cframe(thread), frame)
    clear_from(registers, vm_locals(record), vm_registers(record))
    set_frame_flags(frame, flags)
    return disown(result)


@helper(runs=True)
def evaluate(thread: Ptr, frame: Ptr, raises: Int) -> New:
    """The host's evaluation loop; null with an exception set: the caller looks.

    Where it begins with an exception it tells of a call: that is kept from the program's trace and profile functions.
    """
    if raises == 0:
        return enter_loop(thread, frame, 0)
    traces = load_pointer(thread, TS_TRACE)
    profiles = load_pointer(thread, TS_PROFILE)
    if traces != NULLP:
        store_pointer(as_pointer(skipped()), 0, traces)
        store_pointer(thread, TS_TRACE, address_of("vm_skip_trace"))
    if profiles != NULLP:
        store_pointer(as_pointer(skipped()), 8, profiles)
        store_pointer(thread, TS_PROFILE, address_of("vm_skip_profile"))
    result = enter_loop(thread, frame, 1)
    if load_pointer(thread, TS_TRACE) == address_of("vm_skip_trace"):
        store_pointer(thread, TS_TRACE, traces)
    if load_pointer(thread, TS_PROFILE) == address_of("vm_skip_profile"):
        store_pointer(thread, TS_PROFILE, profiles)
    return result


@helper(runs=True)
def enter_loop(thread: Ptr, frame: Ptr, raises: Int) -> New:
    """See evaluate."""
    return _PyEval_EvalFrameDefault(thread, frame, raises)


@entry
def vm_skip_trace(given: Object, frame: Object, what: Int, argument: Object) -> Int:
    """A trace function, for one event: the program's own is put back."""
    entry_context()
    store_pointer(PyThreadState_Get(), TS_TRACE, load_pointer(as_pointer(skipped()), 0))
    return 0


@entry
def vm_skip_profile(given: Object, frame: Object, what: Int, argument: Object) -> Int:
    """As vm_skip_trace."""
    entry_context()
    store_pointer(PyThreadState_Get(), TS_PROFILE, load_pointer(as_pointer(skipped()), 8))
    return 0
