"""Functions compiled as native calls (``jitvm/tracing/functions.py``): recursion without frames, until somebody must see one.

Each activation of a native function has an area of words on the C stack: registers of its frame (0 while it has none), the area of its
native caller, the descriptor of the call site at which it waits, its function object, then the values that live across that call, raw.
A frame is made from an area when foreign code or the interpreter runs next: outermost first, so that the data stack is in order.
"""
from jitvm.rpython.dialect import *


@control
def resume(kind: Imm) -> None:
    """The first instruction of a function: polls, counts calls, enters the native function if there is one."""
    if unlikely(interp_eval_breaker(ts_interp(thread)) != 0):
        set_position()
        poll()
    compiled = load_pointer(cache(), 0)
    if compiled != NULLP:
        if is_recording():
            if load_int(cache(), 8) > 0:
                return goto(next_pc(), regs, consts)  # a region: what calls it is to have it within
        if likely(stack_suffices()):
            return enter(compiled)
        return goto(next_pc(), regs, consts)
    if is_recording():
        return goto(next_pc(), regs, consts)
    left = load_int(cache(), 8) - 1
    store_int(cache(), 8, left)
    if unlikely(left == 0):
        hot_function(pc, regs)
        if recording() != 0:
            set_recording(0)
            return goto(next_pc(), regs, consts, as_pointer(record_context()))
    return goto(next_pc(), regs, consts)


@helper(raises=True, cold=True)
def hot_function(at: Ptr, registers: Ptr) -> Int:
    """A function became hot: the runtime decides, as for a loop."""
    return tell(vm_hot, at, registers)


@control
def recording_full() -> None:
    """The log of a recording is full: the runtime takes what there is, the plain interpreter goes on."""
    end_segment(NULLP, regs)
    return goto(pc, regs, consts, as_pointer(normal_context()))


@helper(cold=True)
def materialize(thread: Ptr, area: Ptr) -> None:
    """Makes the frames of native activations that have none yet, from ``area`` outwards."""
    if area == NULLP:
        return
    if load_int(area, AREA_REGISTERS) != 0:
        return
    materialize(thread, load_pointer(area, AREA_CALLER))
    registers = push_native(thread, area)
    site = load_pointer(area, AREA_SITE)
    keep_shared(site, area + AREA_VALUES)
    restore_entries(thread, registers, site, area + AREA_VALUES)
    set_frame_instr(registers - FRAME_SIZE, load_pointer(load_pointer(site, 0), 8))


@helper(cold=True)
def push_native(thread: Ptr, area: Ptr) -> Ptr:
    """An empty frame for a native activation. Its call was counted against the recursion limit when it was made."""
    record = code_record(load_object(area, AREA_FUNCTION))
    registers = reserve_frame(thread, record)
    clear_from(registers, 0, vm_registers(record))
    link_frame(thread, record, registers, load_object(area, AREA_FUNCTION))
    store_pointer(area, AREA_REGISTERS, registers)
    return registers


@helper(cold=True)
def leave_native(thread: Ptr, area: Ptr, exit: Ptr, spill: Ptr) -> Object:
    """A native activation takes a side exit: the interpreter runs the rest of it. Its result, null if it raised."""
    materialize(thread, load_pointer(area, AREA_CALLER))
    registers = load_pointer(area, AREA_REGISTERS)
    if registers == NULLP:
        registers = push_native(thread, area)
    innermost = leave_trace(thread, registers, exit, spill)
    set_header_entry(registers - FRAME_SIZE, 1)
    return run_handler("after_exit", exit, innermost, NULLP, thread)


@control
def native_return() -> None:
    """What a native function that the interpreter called has given: pc is the value (null: it raised), consts the caller's frame.

    The word's low byte says whether the frame is gone already (the interpreter finished it), the rest whether C code waits.
    """
    entered = word >> 8
    if (word & 255) == 0:
        leave_frame(thread, regs)
    if entered != 0:
        return leave(as_object(pc))
    caller = consts
    if pc == NULLP:
        return handler("raise_here", header_pc(caller), caller + FRAME_SIZE, vm_constants(header_code(caller)))
    after = deliver(caller, pc)
    return goto(after, caller + FRAME_SIZE, vm_constants(header_code(caller)))


@control
def give_result() -> None:
    """Ends a frame of which the host's loop or a function's region has run the rest: pc is what it gave, null with an exception set.

    Its caller goes on as it did.
    """
    if pc == NULLP:
        return handler("leave_raising", pc, regs, consts)
    frame = regs - FRAME_SIZE
    caller = frame_previous(frame)
    entered = header_entry(frame)
    if entered >= IMPLIED:
        return handler("return_implied", pc, regs, consts)
    leave_frame(thread, regs)
    if entered != 0:
        return leave(as_object(as_int(pc)))
    after = deliver(caller, pc)
    if cframe_tracing(ts_cframe(thread)) != 0:
        return handler("on_host", after - CALL_BYTES, caller + FRAME_SIZE, vm_constants(header_code(caller)))
    return goto(after, caller + FRAME_SIZE, vm_constants(header_code(caller)))


@control
def interpret_function() -> None:
    """Arguments of other kinds than the native function takes: the interpreter runs this call."""
    return goto(pc + RESUME_BYTES, regs, consts)


