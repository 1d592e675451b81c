"""Leaving compiled code: the exit routine follows a descriptor (``jitvm/tracing/exits.py``); small functions that traces call.

A descriptor: pc, raising, counter, threshold, number, entries, the region's tables of names (null, or how many, and each), the host's
instruction behind what was done last (null: that of pc); then for each entry kind, register, payload. Values that were in machine
registers lie in the spill area, in the slot that the payload names; the first words of it, one for each entry, are for what is to be
dropped at the end.
"""
from jitvm.rpython.dialect import *

ENTRIES = 64


@helper()
def leave_trace(thread: Ptr, registers: Ptr, exit: Ptr, spill: Ptr) -> Ptr:
    """Restores the interpreter's frames; the registers of the innermost."""
    set_exits_taken(exits_taken() + 1)
    keep_shared(exit, spill)
    innermost = restore_entries(thread, registers, exit, spill)
    store_globals(frame_globals(registers - FRAME_SIZE), exit, spill)
    frame = innermost - FRAME_SIZE
    set_header_pc(frame, load_pointer(exit, 0))
    if load_int(exit, 8) == 0:
        following = load_pointer(exit, 56)
        if following == NULLP:
            following = load_pointer(load_pointer(exit, 0), 8)
        show_before(frame, following)
    drop_replaced(exit, spill)
    if unlikely(load_int(kept_words(), 0) != 0):
        forget_kept()
    tables = load_pointer(exit, 48)
    if tables != NULLP:
        renew_all(tables, exit)
    return innermost


@helper()
def renew_all(tables: Ptr, exit: Ptr) -> None:
    """A name was added somewhere: the code that looks at the tables is good again, and the exit is no reason to compile it anew."""
    i = load_int(tables, 0)
    while i > 0:
        if unlikely(renew_names(load_pointer(tables, i * 8))):
            store_int(exit, 16, load_int(exit, 16) - 1)
        i = i - 1


@helper()
def show_before(frame: Ptr, following: Ptr) -> None:
    """Finalisers see the end of what was done last: the host's instruction before the one that follows, those that do nothing skipped."""
    first = vm_first_instr(header_code(frame))
    last = select(below(as_int(first), as_int(following)), following - 2, first)
    while below(as_int(first), as_int(last)) and load_byte(last, 0) == HOST_NOP:
        last = last - 2
    set_frame_instr(frame, last)


@helper()
def keep_shared(exit: Ptr, spill: Ptr) -> None:
    """First of all, references for what is stored without giving up its own."""
    count = load_int(exit, 40)
    i = 0
    while i < count:
        entry = exit + ENTRIES + i * 24
        kind = load_int(entry, 0)
        if kind == EXIT_SHARED:
            t_xincref_(load_object(spill, load_int(entry, 16) * 8))
        elif kind == EXIT_CONSTANT:
            incref(load_object(entry, 16))
        i = i + 1


@primitive
def t_xincref_(v: Object) -> None:
    if not is_null(v):
        incref(v)


@helper()
def restore_entries(thread: Ptr, registers: Ptr, exit: Ptr, spill: Ptr) -> Ptr:
    """Stores each value; what it replaces goes to the entry's word of the spill area, to be dropped when all are stored."""
    count = load_int(exit, 40)
    base = registers
    level = 0
    waits = False
    i = 0
    while i < count:
        entry = exit + ENTRIES + i * 24
        kind = load_int(entry, 0) & ((1 << EXIT_SLOT_BITS) - 1)
        if kind == EXIT_FRAME or kind == EXIT_IMPLIED:
            function = select(kind == EXIT_IMPLIED, load_object(spill, (load_int(entry, 0) >> EXIT_SLOT_BITS) * 8), NULL)
            registers = push_restored(thread, registers, load_pointer(entry, 8), load_pointer(entry, 16), function)
            base = registers
            level = level + 1
            if unlikely(load_int(kept_words(), 0) != 0):
                attach_frame(registers, level)
            store_int(spill, i * 8, 0)
        elif kind == EXIT_RESUMED:
            registers = push_resumed(thread, registers, load_pointer(entry, 8), load_pointer(entry, 16))
            base = registers
            level = level + 1
            store_int(spill, i * 8, 0)
        elif kind == EXIT_WAITING:
            base = wait_at(load_object(spill, load_int(entry, 8) * 8), load_pointer(entry, 16))
            waits = True
            store_int(spill, i * 8, 0)
        elif kind == EXIT_WORD:
            store_int(registers + load_int(entry, 8) * 8, 0, load_int(entry, 16))
            store_int(spill, i * 8, 0)
            if (load_int(entry, 16) & 255) >= IMPLIED_DEEP:
                set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) - 1)
        elif kind < EXIT_DROPPED:
            place = base + load_int(entry, 8) * 8
            old = 0
            if not waits:
                old = load_int(place, 0)
            value = NULLP
            if kind == EXIT_INT:
                value = disown(new_int(load_int(spill, load_int(entry, 16) * 8)))
            elif kind == EXIT_FLOAT:
                value = disown(new_float(load_float(spill, load_int(entry, 16) * 8)))
            elif kind == EXIT_CONSTANT:
                value = load_pointer(entry, 16)
            elif kind != EXIT_EMPTY:
                value = load_pointer(spill, load_int(entry, 16) * 8)
            store_pointer(place, 0, value)
            store_int(spill, i * 8, old)
        elif kind == EXIT_DROPPED:
            store_int(spill, i * 8, load_int(spill, load_int(entry, 16) * 8))
        i = i + 1
    return registers


@helper()
def store_globals(names: Object, exit: Ptr, spill: Ptr) -> None:
    """Stores the globals that were in machine registers."""
    count = load_int(exit, 40)
    i = 0
    while i < count:
        entry = exit + ENTRIES + i * 24
        kind = load_int(entry, 0)
        if kind == EXIT_GLOBAL_OWNED or kind == EXIT_GLOBAL_SHARED:
            value = load_int(spill, load_int(entry, 16) * 8)
            put_global(names, load_object(entry, 8), as_object(value))
            store_int(spill, i * 8, select(kind == EXIT_GLOBAL_SHARED, 0, value))
        i = i + 1


@helper()
def put_global(names: Object, name: Object, value: Object) -> None:
    """Stores into an existing entry of a dict: nothing that could fail."""
    _PyDict_SetItem_KnownHash(names, name, value, unicode_hash(name))


@helper()
def push_restored(thread: Ptr, caller: Ptr, site: Ptr, record: Ptr, function: Object) -> Ptr:
    """Makes the frame of an inlined call: the caller waits at ``site``, whose window holds the function or bound method, if not given."""
    set_header_pc(caller - FRAME_SIZE, site)
    set_frame_instr(caller - FRAME_SIZE, load_pointer(site, 8))
    set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) - 1)
    registers = reserve_frame(thread, record)
    clear_from(registers, 0, vm_registers(record))
    store_int(registers - FRAME_SIZE, HEADER_KEPT, 0)
    store_int(registers - FRAME_SIZE, HEADER_MADE, 0)
    if is_null(function):
        callee = load_object(caller, (shift_right(load_int(site, 0), 32) & 65535) * 8)
        link_frame(thread, record, registers, callee_function(callee))
    else:
        link_frame(thread, record, registers, function)
    return registers


@helper()
def push_resumed(thread: Ptr, caller: Ptr, site: Ptr, record: Ptr) -> Ptr:
    """Makes the frame of a generator that runs for the caller's ``for_iter`` at ``site``, whose iterator it is."""
    generator = load_object(caller, (shift_right(load_int(site, 0), 32) & 65535) * 8)
    set_header_pc(caller - FRAME_SIZE, site)
    set_frame_instr(caller - FRAME_SIZE, load_pointer(site, 8))
    registers = reserve_frame(thread, record)
    clear_from(registers, 0, vm_registers(record))
    fill_resumed(registers - FRAME_SIZE, generator, record)
    link_resumed(thread, registers - FRAME_SIZE, generator)
    set_header_entry(registers - FRAME_SIZE, FROM_LOOP)
    return registers


@helper()
def wait_at(generator: Object, site: Ptr) -> Ptr:
    """A generator whose variables the region had waits at ``site``; where they go. Its own frame holds no reference to anything."""
    inner = as_pointer(generator) + GENERATOR_FRAME
    set_frame_instr(inner, load_pointer(site, 16))
    set_frame_flags(inner, vm_locals(load_pointer(site, 32)) + load_int(site, 24) + (FRAME_OWNED_BY_GENERATOR << 40))
    set_gen_state(generator, GENERATOR_SUSPENDED)
    return inner + FRAME_SIZE


@helper(raises=True)
def t_make_generator(callee: Object, arguments: Ptr, count: Int) -> New:
    """As call_generator, which takes the arguments over; the function's record is ready."""
    return call_generator(code_record(callee), callee, arguments, count, True)


@helper()
def t_end_generator(generator: Object) -> None:
    """A generator whose variables the region had and dropped has returned: its frame gives up what it refers to."""
    inner = as_pointer(generator) + GENERATOR_FRAME
    handled = gen_exc_value(generator)
    set_gen_exc_value(generator, NULL)
    release_to(handled)
    release_to(frame_func(inner))
    release_to(frame_code(inner))


@helper()
def drop_replaced(exit: Ptr, spill: Ptr) -> None:
    """Last, drops what was replaced and what the trace owned besides."""
    count = load_int(exit, 40)
    i = 0
    while i < count:
        xdecref(load_object(spill, i * 8))
        i = i + 1


@control
def after_exit() -> None:
    """Goes on in the interpreter after ``leave_trace``; pc is the descriptor. A hot exit may begin a recording."""
    exit = pc
    frame = regs - FRAME_SIZE
    record = header_code(frame)
    at = header_pc(frame)
    if load_int(exit, 8) != 0:
        if frame_instr(frame) != load_pointer(at, 8) + HOST_CALL_CACHES:
            set_frame_instr(frame, load_pointer(at, 8))
        return handler("raise_here", at, regs, vm_constants(record))
    if unlikely(cframe_tracing(ts_cframe(thread)) != 0):
        return handler("exit_traced", at, regs, vm_constants(record))
    count = load_int(exit, 16) + 1
    store_int(exit, 16, count)
    if unlikely(count == load_int(exit, 24)) and interp_eval_breaker(ts_interp(thread)) != 0:
        store_int(exit, 16, count - 1)
    elif unlikely(count == load_int(exit, 24)):
        set_frame_instr(frame, load_pointer(at, 8))
        if hot_exit(load_int(exit, 32), regs) < 0:
            return handler("raise_here", at, regs, vm_constants(record))
        if recording() != 0:
            set_recording(0)
            return goto(at, regs, vm_constants(record), as_pointer(record_context()))
    return goto(at, regs, vm_constants(record))


@helper(cold=True)
def hot_exit(number: Int, registers: Ptr) -> Int:
    """An exit became hot: the runtime decides (vm_exit(number, registers)); -1 as ``tell``."""
    return tell(vm_exit, as_pointer(number), registers)


@helper()
def t_new_int(x: Int) -> New:
    return new_int(x)


@helper()
def t_new_float(x: Float) -> New:
    return new_float(x)


@helper()
def t_new_int_if(x: Int, bound: Bool) -> New:
    if bound:
        return new_int(x)
    return NULL


@helper()
def t_new_float_if(x: Float, bound: Bool) -> New:
    if bound:
        return new_float(x)
    return NULL


@helper(raises=True)
def made_range(first: Object, second: Object, third: Object, count: Int) -> New:
    """range() of so many ints."""
    cells = local3()
    store_pointer(cells, 0, as_pointer(first))
    store_pointer(cells, 8, as_pointer(second))
    store_pointer(cells, 16, as_pointer(third))
    return PyObject_Vectorcall(PyRange_Type, cells, count, NULL)


@helper()
def t_is_int(v: Object) -> Bool:
    return is_int(v)


@helper()
def t_int_value(v: Object) -> Int:
    return int_value(v)


@helper()
def t_xincref(v: Object) -> None:
    if not is_null(v):
        incref(v)


@helper()
def t_decref(v: Object) -> None:
    xdecref(v)


@helper()
def t_clear(place: Ptr) -> None:
    """Empties a register."""
    old = load_object(place, 0)
    store_int(place, 0, 0)
    xdecref(old)


@helper()
def t_clear_all(place: Ptr, count: Int) -> None:
    """Empties registers that follow each other."""
    i = 0
    while i < count:
        t_clear(place + i * 8)
        i = i + 1


@helper()
def t_take_int(v: Object, place: Ptr) -> Int:
    """Unboxes an int of 64 bits. 1; 0 where there is no object, -1 where it is something else."""
    store_int(place, 0, 0)
    if is_null(v):
        return 0
    if is_int(v):
        store_int(place, 0, int_value(v))
        return 1
    return -1


@helper()
def t_store_int(place: Ptr, x: Int) -> None:
    store_new_int(place, x)


@helper()
def t_store_float(place: Ptr, x: Float) -> None:
    store_new_float(place, x)


@helper()
def t_store_object(place: Ptr, v: Object) -> None:
    """Stores a reference that the register owns from now on."""
    old = load_object(place, 0)
    store_pointer(place, 0, as_pointer(v))
    xdecref(old)
