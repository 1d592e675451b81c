"""Loop headers: polling, counting, entering compiled loops, beginning and ending recordings."""
from jitvm.rpython.dialect import *

BLOCK = 0
SET_MASK = 2
ALL_BUT_CRASHES = -1257
MANY_YOUNG = 20000


@control
def loop(nest: Imm) -> None:
    """A loop header. In the recording interpreter it ends the segment; else it enters the compiled loop or counts."""
    if unlikely(interp_eval_breaker(ts_interp(thread)) != 0):
        set_position()
        poll()
    if is_recording():
        end_segment(pc, regs)
        if recording() != 0:
            return goto(next_pc(), regs, consts)
        return goto(pc, regs, consts, as_pointer(normal_context()))
    compiled = load_pointer(cache(), 0)
    if compiled != NULLP and likely(cframe_tracing(ts_cframe(thread)) == 0):
        if likely(stack_suffices()):
            return enter(compiled)
        return goto(next_pc(), regs, consts)
    left = load_int(cache(), 8) - 1
    store_int(cache(), 8, left)
    if unlikely(left == 0):
        set_position()
        hot_loop(pc, regs)
        if recording() != 0:
            set_recording(0)
            return goto(next_pc(), regs, consts, as_pointer(record_context()))
        if load_pointer(cache(), 0) != NULLP:
            return goto(pc, regs, consts)
    return goto(next_pc(), regs, consts)


@primitive
def jump_target(at: Ptr, instruction: Int) -> Ptr:
    """Where the jump at ``at`` leads to."""
    return at + ((instruction << 32) >> 48) * UNIT


@control
def jump_back() -> None:
    """A jump to a loop header, which is passed at once where it only counts."""
    header = jump_target(pc, word)
    left = load_int(header, COUNTER) - 1
    if likely(interp_eval_breaker(ts_interp(thread)) == 0) and likely(load_pointer(header, COUNTER - 8) == NULLP):
        if likely(left != 0) and likely(recording() == 0):
            store_int(header, COUNTER, left)
            return goto(header + LOOP_BYTES, regs, consts)
    return goto(header, regs, consts)


@helper(raises=True, cold=True)
def hot_loop(at: Ptr, registers: Ptr) -> Int:
    """A loop became hot: the runtime decides (vm_hot(pc, registers)); it sets ``recording`` to have a segment recorded."""
    return tell(vm_hot, at, registers)


@helper(raises=True, cold=True)
def end_segment(at: Ptr, registers: Ptr) -> Int:
    """A recording reached a loop header: the runtime takes the log (vm_recorded(pc, registers))."""
    set_recording(0)
    return tell(vm_recorded, at, registers)


@helper(cold=True)
def tell(function: Object, at: Ptr, registers: Ptr) -> Int:
    """Calls the runtime with two addresses, unseen: exception state and recursion budget of the thread stay as they are.

    -1 with an exception set if one must reach the program: a signal handler raised it while the runtime ran.
    """
    kind = local()
    value = local()
    trace = local()
    PyErr_Fetch(kind, value, trace)
    thread = PyThreadState_Get()
    remaining = ts_recursion_remaining(thread)
    set_ts_recursion_remaining(thread, remaining + 1000)
    mask = local16()
    hold_signals(mask)
    young = hide_from_collector()
    traced = hide_from_tracer(thread)
    answer = call_with_addresses(function, at, registers)
    if traced != 0:
        PyThreadState_LeaveTracing(thread)
    show_to_collector(young)
    pthread_sigmask(SET_MASK, mask, NULLP)
    set_ts_recursion_remaining(thread, remaining)
    if answer < 0:
        release_to(load_object(kind, 0))
        release_to(load_object(value, 0))
        release_to(load_object(trace, 0))
        return -1
    PyErr_Restore(owned(load_object(kind, 0)), owned(load_object(value, 0)), owned(load_object(trace, 0)))
    return 0


@helper(cold=True)
def hide_from_collector() -> Int:
    """The collector does not run until ``show_to_collector``; how many young objects it knows of, -1 if it is off already.

    What the runtime makes must neither bring a collection of the program's objects forward nor be seen by ``gc.callbacks``.
    """
    interpreter = ts_interp(PyThreadState_Get())
    if interp_young_limit(interpreter) == NO_LIMIT:
        return -1
    set_young_limit(interp_young_limit(interpreter))
    set_interp_young_limit(interpreter, NO_LIMIT)
    return interp_young(interpreter)


@helper(cold=True)
def show_to_collector(young: Int) -> None:
    """The collector may run again. What the runtime has made counts once it is much: there are cycles in it."""
    if young < 0:
        return
    interpreter = ts_interp(PyThreadState_Get())
    if interp_young_limit(interpreter) == NO_LIMIT:
        set_interp_young_limit(interpreter, young_limit())
    made = interp_young(interpreter) - young
    if made > 0:
        set_young_made(young_made() + made)
        if young_made() > MANY_YOUNG:
            young = young + young_made()
            set_young_made(0)
        set_interp_young(interpreter, young)


@helper(cold=True)
def hold_signals(mask: Ptr) -> None:
    """Signals wait while the runtime works, those of crashes excepted: their handlers are to see the program's frame, not the runtime's."""
    wanted = local16()
    store_int(wanted, 0, ALL_BUT_CRASHES)
    i = 8
    while i < 128:
        store_int(wanted, i, -1)
        i = i + 8
    pthread_sigmask(BLOCK, wanted, mask)


@helper(cold=True)
def call_with_addresses(function: Object, at: Ptr, registers: Ptr) -> Int:
    """0, or -1 with an exception set."""
    first = PyLong_FromLongLong(as_int(at))
    second = PyLong_FromLongLong(as_int(registers))
    cells = local3()
    store_pointer(cells, 0, as_pointer(first))
    store_pointer(cells, 8, as_pointer(second))
    PyObject_Vectorcall(function, cells, 2, NULL)
    return 0
