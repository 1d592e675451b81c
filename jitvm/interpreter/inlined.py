"""Frames of calls that compiled code has inlined: they exist only while foreign code runs, which may look at them.

Compiled code makes them before such a call, outermost first, stores a reference of its own to each local, and drops them after it. A frame
whose object somebody keeps is detached then, as one that returns; but the activation goes on, so compiled code is left at the end of
the bytecode, and the frame that the exit makes gets that object back.

The block of what is kept for an exit: a word that is not 0 while there is anything; a frame object, or 0, for each level; how many objects
wait for their end (interpreter/endings.py), and these.
"""
from jitvm.rpython.dialect import *


@helper()
def t_show_frame(thread: Ptr, record: Ptr, site: Ptr, at: Ptr, callee: Object) -> Ptr:
    """The registers of a new frame, empty, that shows the instruction ``at``; its caller waits at ``site``. ``callee`` outlives it."""
    caller = cframe_frame(ts_cframe(thread))
    set_header_pc(caller, site)
    set_frame_instr(caller, load_pointer(site, 8))
    set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) - 1)
    registers = reserve_frame(thread, record)
    clear_from(registers, 0, vm_locals(record))
    link_frame(thread, record, registers, callee)
    set_frame_instr(registers - FRAME_SIZE, load_pointer(at, 8))
    return registers


@helper(quiet=True)
def callee_function(callee: Object) -> Object:
    """The function that a call of ``callee``, a function or a bound method, runs."""
    if type_pointer(callee) is PyMethod_Type:
        return method_func(callee)
    return callee


@helper()
def t_take_back(registers: Ptr, mask: Int, ended: Int) -> None:
    """The locals in ``mask`` were lent to a frame. One that goes on being seen gets references of its own to them."""
    seen = ended != 0 or not is_null(frame_object(registers - FRAME_SIZE))
    while mask != 0:
        place = registers + trailing_zeros(mask) * 8
        mask = mask & (mask - 1)
        if seen:
            t_xincref_(load_object(place, 0))
        else:
            store_int(place, 0, 0)


@helper()
def t_hide_frames(thread: Ptr, registers: Ptr, count: Int) -> None:
    """Drops the innermost ``count`` frames; an exception may be set."""
    while count > 0:
        caller = frame_previous(registers - FRAME_SIZE) + FRAME_SIZE
        fo = frame_object(registers - FRAME_SIZE)
        if unlikely(not is_null(fo)):
            keep_frame(fo, count)
        drop_frame(thread, registers, unlink_frame(thread, registers))
        registers = caller
        count = count - 1
    note_tracing(thread)


@primitive
def note_tracing(thread: Ptr) -> None:
    """Where somebody has begun to trace, compiled code is left at the end of the bytecode."""
    if unlikely(cframe_tracing(ts_cframe(thread)) != 0):
        store_int(kept_words(), 0, 1)


@helper()
def catch_inside(thread: Ptr, registers: Ptr, count: Int, implied: Int) -> New:
    """The exception that is set, with the innermost ``count`` frames, which end, and their caller in its traceback; it is set no longer.

    ``implied``: a bit for each frame, the innermost first, that says whether its call was implied by another instruction.
    """
    while count > 0:
        add_traceback(thread)
        caller = frame_previous(registers - FRAME_SIZE)
        drop_frame(thread, registers, unlink_frame(thread, registers))
        if (implied & 1) == 0:
            pass_caches(caller)
        implied = shift_right(implied, 1)
        registers = caller + FRAME_SIZE
        count = count - 1
    return catch_exception(thread)


@primitive
def kept_words() -> Ptr:
    return as_pointer(kept_frames())


@helper(cold=True)
def keep_frame(fo: Object, level: Int) -> None:
    """Remembers the object of a frame that is about to be detached, if anybody else has it, or it has a trace function."""
    if (refcount(fo) > 1 or not is_null(fo_trace(fo))) and level < KEPT_LEVELS:
        incref(fo)
        store_pointer(kept_words(), level * 8, as_pointer(fo))
        store_int(kept_words(), 0, 1)


@helper(cold=True)
def attach_frame(registers: Ptr, level: Int) -> None:
    """Gives a frame that an exit has just made its frame object back: what detach_frame did is undone."""
    fo = as_object(load_int(kept_words(), level * 8))
    if level >= KEPT_LEVELS or is_null(fo):
        return
    store_int(kept_words(), level * 8, 0)
    frame = registers - FRAME_SIZE
    data = as_pointer(fo) + FRAME_OBJECT_DATA
    if fo_frame(fo) != data:
        release_to(fo)
        return
    set_frame_locals(frame, frame_locals(data))
    set_frame_locals(data, NULL)
    set_frame_object(frame, fo)
    set_fo_frame(fo, frame)
    back = fo_back(fo)
    set_fo_back(fo, NULL)
    release_to(back)
    release_to(frame_func(data))
    release_to(frame_code(data))
    drop_registers(data + FRAME_SIZE, 0, vm_locals(header_code(frame)))


@helper(cold=True)
def forget_kept() -> None:
    """The end of an exit: what was kept for it is given up."""
    store_int(kept_words(), 0, 0)
    i = 1
    while i < KEPT_LEVELS:
        fo = as_object(load_int(kept_words(), i * 8))
        store_int(kept_words(), i * 8, 0)
        release_to(fo)
        i = i + 1
    end_what_waits()
