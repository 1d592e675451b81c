"""Generators: making, resuming, suspending and ending them.

A generator is the host's own object, and while it is suspended its frame is one that the host can resume: locals in the host's order,
the host's operand stack, the host's instruction. A *site* of a code unit (``jitvm/frontend/suspension.py``) says for one place
where it can be suspended what of the VM's registers is where on that stack; the code record has a table of them by the host's
instruction. To run, the frame is copied to the thread's data stack, where VM frames lie, and back when it is suspended.

A site: pc to resume at, register of the value sent (or -1), the host's instruction, how many entries, the code record, whether the
host's stack is the first temporaries in order, the instruction of a ``yield`` (else 0); then an entry for each place of the host's
stack, kind and register or constant.
"""
from jitvm.rpython.dialect import *

GENERATOR_CREATED = 254
GENERATOR_SUSPENDED = 255
GENERATOR_EXECUTING = 0
GENERATOR_CLEARED = 4
RUNS_IN_VM = 2
"""Mark in the entry byte of a generator's own frame while the VM runs a copy of it."""
SITE_ENTRIES = 56
ENTRY_EMPTY = 0
ENTRY_REGISTER = 1
ENTRY_SHARED = 2
ENTRY_CONSTANT = 3
ENTRY_METHOD = 4
# who resumed a generator, in the entry word of its frame's header
FROM_LOOP = 2
FROM_SEND = 3
SEND_BYTES = 32
SEND_RETURN = 0
SEND_ERROR = -1
SEND_NEXT = 1


@control
def return_generator() -> None:
    """Begins a generator's code: gives the generator to the caller. The frame's locals are the generator's from now on."""
    frame = regs - FRAME_SIZE
    made = make_generator(regs, header_code(frame), load_pointer(cache(), 0))
    caller = frame_previous(frame)
    entered = header_entry(frame)
    if entered >= IMPLIED:
        return handler("return_implied", disown(made), regs, consts)
    leave_frame(thread, regs)
    if entered != 0:
        stop_recording()
        return leave(made)
    after = deliver(caller, disown(made))
    return goto(after, caller + FRAME_SIZE, vm_constants(header_code(caller)))


@helper(raises=True)
def make_generator(registers: Ptr, record: Ptr, site: Ptr) -> New:
    """A generator that has not begun; it takes the locals over."""
    count = vm_locals(record)
    made = new_generator(record, frame_func(registers - FRAME_SIZE), load_pointer(site, 16))
    inner = as_pointer(made) + GENERATOR_FRAME
    i = 0
    while i < count:
        store_int(inner, FRAME_SIZE + i * 8, load_int(registers, i * 8))
        store_int(registers, i * 8, 0)
        i = i + 1
    PyObject_GC_Track(made)
    return made


@helper(raises=True)
def made_generator(record: Ptr, callee: Object, window: Ptr, arguments: Ptr, count: Int) -> New:
    """As call_generator, for a call instruction: its window is empty afterwards."""
    made = call_generator(record, callee, arguments, count, True)
    store_int(window, 0, 0)
    release_to(callee)
    return made


@helper(raises=True)
def call_generator(record: Ptr, callee: Object, arguments: Ptr, count: Int, moves: Bool) -> New:
    """Calls a function that does nothing but make a generator of its arguments, taken over if it ``moves`` them. No frame is made."""
    made = new_generator(record, callee, vm_first_instr(record))
    place = as_pointer(made) + GENERATOR_FRAME + FRAME_SIZE
    i = 0
    while i < count:
        if moves:
            store_int(place, i * 8, load_int(arguments, i * 8))
            store_int(arguments, i * 8, 0)
        else:
            store_reference(place, i, load_object(arguments, i * 8))
        i = i + 1
    clear_from(place, count, vm_locals(record))
    if vm_free_count(record) > 0:
        copy_closure(record, place, func_closure(callee))
    PyObject_GC_Track(made)
    return made


@primitive
def makes_generator(record: Ptr, count: Int, names: Object) -> Bool:
    """Whether call_generator can do a call."""
    return (vm_flags(record) & FLAG_GENERATOR) != 0 and vm_arguments(record) == count and is_null(names)


@primitive(raises=True)
def new_generator(record: Ptr, callee: Object, instr: Ptr) -> New:
    """A generator that has not begun (make_gen of CPython's genobject.c), without its locals, not tracked."""
    code = vm_code(record)
    count = vm_locals(record)
    kind = select((vm_flags(record) & FLAG_COROUTINE) != 0, PyCoro_Type,
                  select((vm_flags(record) & FLAG_ASYNC) != 0, PyAsyncGen_Type, PyGen_Type))
    made = _PyObject_GC_NewVar(kind, count + code_stacksize(code))
    inner = as_pointer(made) + GENERATOR_FRAME
    set_frame_func(inner, callee)
    set_frame_globals(inner, func_globals(callee))
    set_frame_builtins(inner, func_builtins(callee))
    set_frame_locals(inner, NULL)
    set_frame_code(inner, code)
    set_frame_object(inner, NULL)
    set_frame_previous(inner, NULLP)
    set_frame_instr(inner, instr)
    set_frame_flags(inner, count + (FRAME_OWNED_BY_GENERATOR << 40))
    incref(callee)
    incref(code)
    incref(code)
    set_gen_code(made, code)
    set_gen_weakrefs(made, NULLP)
    incref(func_name(callee))
    set_gen_name(made, func_name(callee))
    incref(func_qualname(callee))
    set_gen_qualname(made, func_qualname(callee))
    set_gen_exc_value(made, NULL)
    set_gen_exc_previous(made, NULLP)
    set_gen_origin(made, NULLP)
    set_gen_states(made, GENERATOR_CREATED << 24)
    return made


@primitive
def record_of_code(code: Object) -> Ptr:
    """The code record that hangs on a code object, or null."""
    extra = code_extra(code)
    if extra == NULLP:
        return NULLP
    if extra_size(extra) <= extra_index():
        return NULLP
    return load_pointer(extra, 8 + extra_index() * 8)


@helper(cold=True)
def first_seen(generator: Object) -> Ptr:
    """Asks the runtime whether a generator's code is of a module of the program's own; its record if so."""
    return discover(frame_func(as_pointer(generator) + GENERATOR_FRAME))


@primitive
def site_of(thread: Ptr, generator: Object) -> Ptr:
    """The site at which a generator waits; null where the host must go on with it, or there is nothing to go on with.

    A small cache finds sites by the host's instruction: the code that it names lives as long as its record.
    """
    if unlikely(gen_state(generator) < GENERATOR_CREATED):
        return NULLP
    if unlikely(cframe_tracing(ts_cframe(thread)) != 0) or unlikely(ts_recursion_remaining(thread) <= 0):
        return NULLP
    instr = frame_instr(as_pointer(generator) + GENERATOR_FRAME)
    entry = as_pointer(site_cache()) + ((as_int(instr) >> 1) & (SITE_CACHE - 1)) * 16
    if likely(load_pointer(entry, 0) == instr):
        return load_pointer(entry, 8)
    return find_site(generator, entry)


@helper()
def find_site(generator: Object, entry: Ptr) -> Ptr:
    """As site_of; what is found is put into the cache."""
    code = gen_code(generator)
    record = record_of_code(code)
    if unlikely(record == NULLP):
        record = first_seen(generator)
        if record == NULLP:
            return NULLP
    if unlikely(vm_state(record) != CODE_READY):
        return NULLP
    instr = frame_instr(as_pointer(generator) + GENERATOR_FRAME)
    distance = as_int(instr) - as_int(as_pointer(code)) - CODE_INSTRUCTIONS
    site = load_pointer(vm_sites(record), distance * 4)
    if site != NULLP:
        store_pointer(entry, 0, instr)
        store_pointer(entry, 8, site)
    return site


@helper()
def resume_frame(thread: Ptr, generator: Object, site: Ptr, sent: Ptr) -> Ptr:
    """Copies a generator's frame to the data stack and links it; its registers. ``sent`` is a reference that they take over.

    Null with MemoryError set where there is no room: the generator still waits.
    """
    record = load_pointer(site, 32)
    count = vm_locals(record)
    inner = as_pointer(generator) + GENERATOR_FRAME
    registers = reserve_frame(thread, record)
    if unlikely(registers == NULLP):
        release_to(as_object(as_int(sent)))
        return NULLP
    fill_resumed(registers - FRAME_SIZE, generator, record)
    straight = count
    if likely(load_int(site, 40) != 0):
        straight = count + load_int(site, 24)
    i = 0
    while i < straight:
        store_int(registers, i * 8, load_int(inner, FRAME_SIZE + i * 8))
        i = i + 1
    clear_from(registers, straight, vm_registers(record))
    if unlikely(load_int(site, 40) == 0):
        restore_stack(registers, inner + FRAME_SIZE + count * 8, site)
    link_resumed(thread, registers - FRAME_SIZE, generator)
    target = load_int(site, 8)
    if target >= 0:
        old = load_object(registers, target * 8)
        store_pointer(registers, target * 8, sent)
        xdecref(old)
    else:
        release_to(as_object(as_int(sent)))
    return registers


@primitive
def fill_resumed(frame: Ptr, generator: Object, record: Ptr) -> None:
    """Header and struct of the frame in which a generator runs, after its own frame's."""
    inner = as_pointer(generator) + GENERATOR_FRAME
    set_header_code(frame, record)
    set_header_entry(frame, 0)
    set_header_generator(frame, generator)
    set_frame_func(frame, frame_func(inner))
    set_frame_globals(frame, frame_globals(inner))
    set_frame_builtins(frame, frame_builtins(inner))
    set_frame_code(frame, frame_code(inner))
    set_frame_locals(frame, NULL)
    set_frame_object(frame, NULL)
    if unlikely((as_int(as_pointer(frame_object(inner))) | as_int(as_pointer(frame_locals(inner)))) != 0):
        move_frame_object(inner, frame)
    set_frame_instr(frame, frame_instr(inner))
    set_frame_flags(frame, vm_locals(record))


@primitive
def link_resumed(thread: Ptr, frame: Ptr, generator: Object) -> None:
    """A generator runs in ``frame``: its own frame is empty, and refers to that one; so do the thread's frames."""
    inner = as_pointer(generator) + GENERATOR_FRAME
    set_frame_instr(inner, as_pointer(frame_code(inner)) + CODE_INSTRUCTIONS)
    set_frame_flags(inner, (RUNS_IN_VM << 32) + (FRAME_OWNED_BY_GENERATOR << 40))
    set_frame_previous(inner, frame)
    cframe = ts_cframe(thread)
    set_frame_previous(frame, cframe_frame(cframe))
    set_cframe_frame(cframe, frame)
    set_gen_exc_previous(generator, ts_exc_info(thread))
    set_ts_exc_info(thread, as_pointer(generator) + GENERATOR_EXC)
    set_gen_state(generator, GENERATOR_EXECUTING)
    set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) - 1)


@helper()
def move_frame_object(source: Ptr, target: Ptr) -> None:
    """A frame goes to another place: its frame object shows it there."""
    fo = frame_object(source)
    set_frame_object(source, NULL)
    set_frame_object(target, fo)
    if not is_null(fo):
        set_fo_frame(fo, target)
    set_frame_locals(target, frame_locals(source))
    set_frame_locals(source, NULL)


@helper()
def restore_stack(registers: Ptr, stack: Ptr, site: Ptr) -> None:
    """Moves the host's operand stack to the registers that the site names."""
    count = load_int(site, 24)
    i = 0
    while i < count:
        entry = load_int(site, SITE_ENTRIES + i * 8)
        kind = entry & 7
        index = entry >> 3
        if kind == ENTRY_REGISTER:
            store_int(registers, index * 8, load_int(stack, i * 8))
        elif kind == ENTRY_METHOD:
            first = load_int(stack, i * 8)
            second = load_int(stack, i * 8 + 8)
            store_int(registers, index * 8, select(first == 0, second, first))
            store_int(registers, index * 8 + 8, select(first == 0, 0, second))
        elif kind != ENTRY_EMPTY:
            release_to(load_object(stack, i * 8))
        i = i + 1


@helper()
def store_stack(registers: Ptr, stack: Ptr, site: Ptr, constants: Ptr) -> None:
    """Fills the host's operand stack from the registers."""
    count = load_int(site, 24)
    i = 0
    while i < count:
        entry = load_int(site, SITE_ENTRIES + i * 8)
        kind = entry & 7
        index = entry >> 3
        value = 0
        if kind == ENTRY_REGISTER:
            value = load_int(registers, index * 8)
            store_int(registers, index * 8, 0)
        elif kind == ENTRY_SHARED:
            value = load_int(registers, index * 8)
            incref(load_object(registers, index * 8))
        elif kind == ENTRY_CONSTANT:
            value = load_int(constants, index * 8)
            incref(load_object(constants, index * 8))
        elif kind == ENTRY_METHOD:
            first = load_int(registers, index * 8)
            second = load_int(registers, index * 8 + 8)
            store_int(registers, index * 8, 0)
            store_int(registers, index * 8 + 8, 0)
            value = select(second == 0, 0, first)
            i = i + 1
            store_int(stack, i * 8 - 8, value)
            value = select(second == 0, first, second)
        store_int(stack, i * 8, value)
        i = i + 1


@helper()
def suspend_frame(thread: Ptr, registers: Ptr, site: Ptr) -> None:
    """Takes a generator's frame off the thread's frames and puts it into the generator."""
    frame = registers - FRAME_SIZE
    record = header_code(frame)
    generator = header_generator(frame)
    inner = as_pointer(generator) + GENERATOR_FRAME
    count = vm_locals(record)
    depth = load_int(site, 24)
    straight = count
    if likely(load_int(site, 40) != 0):
        straight = count + depth
    i = 0
    while i < straight:
        store_int(inner, FRAME_SIZE + i * 8, load_int(registers, i * 8))
        i = i + 1
    if unlikely(load_int(site, 40) == 0):
        store_stack(registers, inner + FRAME_SIZE + count * 8, site, vm_constants(record))
    drop_registers(registers, straight, vm_registers(record))
    if unlikely((as_int(as_pointer(frame_object(frame))) | as_int(as_pointer(frame_locals(frame)))) != 0):
        move_frame_object(frame, inner)
    set_frame_instr(inner, load_pointer(site, 16))
    set_frame_flags(inner, count + depth + (FRAME_OWNED_BY_GENERATOR << 40))
    set_frame_previous(inner, NULLP)
    set_gen_state(generator, GENERATOR_SUSPENDED)
    unlink_generator(thread, frame, generator)
    set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) + 1)
    top = frame - HEADER
    if unlikely(top == ts_datastack_chunk(thread) + CHUNK_DATA):
        drop_chunk(thread)
    else:
        set_ts_datastack_top(thread, top)


@primitive
def unlink_generator(thread: Ptr, frame: Ptr, generator: Object) -> None:
    """The thread's frames and handled exceptions are the resumer's again."""
    set_cframe_frame(ts_cframe(thread), frame_previous(frame))
    set_ts_exc_info(thread, gen_exc_previous(generator))
    set_gen_exc_previous(generator, NULLP)


@helper()
def finish_frame(thread: Ptr, registers: Ptr, raised: Bool) -> None:
    """A generator ends, by a return or by an exception: nothing of its frame is left."""
    frame = registers - FRAME_SIZE
    record = header_code(frame)
    generator = header_generator(frame)
    inner = as_pointer(generator) + GENERATOR_FRAME
    unlink_generator(thread, frame, generator)
    set_gen_state(generator, GENERATOR_CLEARED)
    set_frame_previous(inner, NULLP)
    if raised:
        kind = type_pointer(generator)
        if PyErr_ExceptionMatches(PyExc_StopIteration) != 0:
            text = select(kind is PyCoro_Type, stopped_coroutine, select(kind is PyAsyncGen_Type, stopped_async, stopped_text))
            _PyErr_FormatFromCause(PyExc_RuntimeError, as_pointer(text) + BYTES_DATA)
        elif kind is PyAsyncGen_Type and PyErr_ExceptionMatches(PyExc_StopAsyncIteration) != 0:
            _PyErr_FormatFromCause(PyExc_RuntimeError, as_pointer(stopped_within) + BYTES_DATA)
    handled = gen_exc_value(generator)
    set_gen_exc_value(generator, NULL)
    release_to(handled)
    fo = frame_object(frame)
    if not is_null(fo) or not is_null(frame_locals(frame)):
        kept = False
        if not is_null(fo):
            kept = refcount(fo) > 1
        detach_frame(thread, frame, vm_locals(record))
        if kept:
            back = fo_back(fo)
            set_fo_back(fo, NULL)
            release_to(back)
    drop_temporaries(registers, vm_locals(record), vm_registers(record))
    drop_frame(thread, registers, record)
    release_to(frame_func(inner))
    release_to(frame_code(inner))


@primitive
def take_source(place: Ptr, last: Bool) -> Object:
    """What a register holds, as a reference that nobody's slot owns; it is empty then if this was its last use."""
    value = load_object(place, 0)
    if last:
        store_int(place, 0, 0)
        return value
    incref(value)
    return value


@control
def yield_value(src: Local) -> None:
    """Suspends the generator: ``src`` goes to who resumed it, what it is sent comes to the destination."""
    value = take_source(register_pointer(src), consumed("src"))
    frame = regs - FRAME_SIZE
    entered = header_entry(frame)
    caller = frame_previous(frame)
    suspend_frame(thread, regs, load_pointer(cache(), 0))
    if likely(entered == FROM_LOOP):
        give_item(caller, as_pointer(value))
        return goto(header_pc(caller) + FOR_BYTES, caller + FRAME_SIZE, vm_constants(header_code(caller)))
    if is_recording():
        stop_recording()
    if entered == FROM_SEND:
        return handler("yield_on", as_pointer(value), caller + FRAME_SIZE, NULLP, as_pointer(normal_context()))
    return leave(value)


@control
def yield_effect(src: Local) -> None:
    """As yield_value; nobody wants what is sent."""
    value = take_source(register_pointer(src), consumed("src"))
    frame = regs - FRAME_SIZE
    entered = header_entry(frame)
    caller = frame_previous(frame)
    suspend_frame(thread, regs, load_pointer(cache(), 0))
    if likely(entered == FROM_LOOP):
        give_item(caller, as_pointer(value))
        return goto(header_pc(caller) + FOR_BYTES, caller + FRAME_SIZE, vm_constants(header_code(caller)))
    if is_recording():
        stop_recording()
    if entered == FROM_SEND:
        return handler("yield_on", as_pointer(value), caller + FRAME_SIZE, NULLP, as_pointer(normal_context()))
    return leave(value)


@opcode
def yield_from_iter(src: Object) -> Object:
    """What ``yield from`` sends to: a generator itself, the iterator of anything else."""
    if is_type(src, PyGen_Type):
        return src
    if is_type(src, PyCoro_Type):
        raise_made(YIELD_FROM_COROUTINE, src, src)
    return PyObject_GetIter(src)


@control
def yield_from(value: Local, iter: Local) -> None:
    """Sends ``value`` to ``iter``. What that yields goes on to who resumed this generator, and this instruction is run again with what is
    sent then; its result, when it has ended, is left in ``value``."""
    set_position()
    place = register_pointer(value)
    if not is_recording():
        receiver = load_object(register_pointer(iter), 0)
        if type_pointer(receiver) is PyGen_Type or type_pointer(receiver) is PyCoro_Type:
            site = site_of(thread, receiver)
            sent = load_pointer(place, 0)
            if likely(site != NULLP) and (gen_state(receiver) == GENERATOR_SUSPENDED or as_object(as_int(sent)) is _Py_NoneStruct):
                store_int(place, 0, 0)
                inside = resume_frame(thread, receiver, site, sent)
                if inside == NULLP:
                    return ERROR
                set_header_entry(inside - FRAME_SIZE, FROM_SEND)
                set_header_pc(regs - FRAME_SIZE, pc)
                if unlikely(interp_eval_breaker(ts_interp(thread)) != 0) and load_int(site, 48) != 0:
                    return handler("poll_generator", load_pointer(site, 48), inside, vm_constants(load_pointer(site, 32)))
                return goto(load_pointer(site, 0), inside, vm_constants(load_pointer(site, 32)))
    status = send_to(thread, load_object(register_pointer(iter), 0), place)
    if status == SEND_RETURN:
        ended = load_object(register_pointer(iter), 0)
        store_int(register_pointer(iter), 0, 0)
        xdecref(ended)
        return goto(next_pc(), regs, consts)
    result = load_pointer(place, 0)
    store_int(place, 0, 0)
    set_header_pc(regs - FRAME_SIZE, pc)
    if is_recording():
        if header_entry(regs - FRAME_SIZE) == FROM_LOOP:
            return handler("yield_on", result, regs, NULLP)
        stop_recording()
    return handler("yield_on", result, regs, NULLP, as_pointer(normal_context()))


@control
def yield_on() -> None:
    """A generator gives on what the one that it delegates to has yielded: the value is in pc."""
    frame = regs - FRAME_SIZE
    entered = header_entry(frame)
    caller = frame_previous(frame)
    suspend_frame(thread, regs, load_pointer(header_pc(frame), 16))
    if entered == FROM_SEND:
        return handler("yield_on", pc, caller + FRAME_SIZE, NULLP)
    if likely(entered == FROM_LOOP):
        give_item(caller, pc)
        return goto(header_pc(caller) + FOR_BYTES, caller + FRAME_SIZE, vm_constants(header_code(caller)))
    return leave(as_object(as_int(pc)))


@primitive
def give_item(caller: Ptr, value: Ptr) -> None:
    """Stores what a generator yielded into the register that the caller's ``for_iter`` names."""
    place = caller + FRAME_SIZE + (shift_right(load_int(header_pc(caller), 0), 16) & 65535) * 8
    old = load_object(place, 0)
    store_pointer(place, 0, value)
    xdecref(old)


@primitive
def end_loop(caller: Ptr) -> Ptr:
    """The iterator of the caller's ``for_iter`` has ended: its register is emptied; where to go on."""
    at = header_pc(caller)
    word = load_int(at, 0)
    place = caller + FRAME_SIZE + (shift_right(word, 32) & 65535) * 8
    ended = load_object(place, 0)
    store_int(place, 0, 0)
    xdecref(ended)
    return at + (word >> 48) * 16


@control
def poll_generator() -> None:
    """A generator goes on after the ``yield`` at pc while a signal or another thread waits: an exception is raised within it."""
    set_position()
    poll()
    return goto(load_pointer(load_pointer(pc, 16), 0), regs, consts)


@control
def for_generator() -> None:
    """``for_iter`` of a generator: its code follows, without C recursion, if the VM has it."""
    frame = regs - FRAME_SIZE
    generator = load_object(regs, (shift_right(word, 32) & 65535) * 8)
    set_frame_instr(frame, load_pointer(pc, 8))
    set_header_pc(frame, pc)
    site = site_of(thread, generator)
    if likely(site != NULLP):
        incref(_Py_NoneStruct)
        inside = resume_frame(thread, generator, site, as_pointer(_Py_NoneStruct))
        if inside == NULLP:
            return handler("raise_here")
        set_header_entry(inside - FRAME_SIZE, FROM_LOOP)
        if unlikely(interp_eval_breaker(ts_interp(thread)) != 0) and load_int(site, 48) != 0:
            return handler("poll_generator", load_pointer(site, 48), inside, vm_constants(load_pointer(site, 32)))
        return goto(load_pointer(site, 0), inside, vm_constants(load_pointer(site, 32)))
    item = next_of(generator)
    if is_null(item):
        if check_exhausted_quietly() < 0:
            return handler("raise_here")
        after = end_loop(frame)
        return goto(after, regs, consts)
    give_item(frame, disown(item))
    return goto(pc + FOR_BYTES, regs, consts)


@helper()
def check_exhausted_quietly() -> Int:
    """As check_exhausted, for who looks at the result: -1 with the exception set."""
    check_exhausted()
    return 0


@helper(raises=True, runs=True)
def send_to(thread: Ptr, receiver: Object, place: Ptr) -> Int:
    """Sends what ``place`` holds; its place is taken by what is yielded (1) or returned (0)."""
    value = load_object(place, 0)
    if type_pointer(receiver) is PyGen_Type or type_pointer(receiver) is PyCoro_Type:
        site = site_of(thread, receiver)
        if site != NULLP and (gen_state(receiver) == GENERATOR_SUSPENDED or value is _Py_NoneStruct):
            store_int(place, 0, 0)
            result = run_generator(thread, receiver, site, as_pointer(value))
            if is_null(result):
                return -1
            store_pointer(place, 0, disown(result))
            return select(gen_state(receiver) == GENERATOR_SUSPENDED, SEND_NEXT, SEND_RETURN)
    elif type_pointer(receiver) is _PyAsyncGenASend_Type:
        site = async_site(thread, receiver, value)
        if site != NULLP:
            store_int(place, 0, 0)
            ended = resume_async(thread, receiver, value, site, place)
            release_to(value)
            return ended
    cell = local()
    store_int(cell, 0, 0)
    status = PyIter_Send(receiver, value, cell)
    store_int(place, 0, load_int(cell, 0))
    release_to(value)
    return status


@control
def end_generator(src: Local) -> None:
    """The generator returns."""
    value = take_source(register_pointer(src), consumed("src"))
    frame = regs - FRAME_SIZE
    if unlikely(not is_null(frame_object(frame))):
        set_position()
    entered = header_entry(frame)
    caller = frame_previous(frame)
    finish_frame(thread, regs, False)
    if likely(entered == FROM_LOOP):
        xdecref(value)
        after = end_loop(caller)
        return goto(after, caller + FRAME_SIZE, vm_constants(header_code(caller)))
    if is_recording():
        stop_recording()
    if entered == FROM_SEND:
        give_item(caller, as_pointer(value))
        ended = caller + FRAME_SIZE + (shift_right(load_int(header_pc(caller), 0), 32) & 65535) * 8
        delegate = load_object(ended, 0)
        store_int(ended, 0, 0)
        xdecref(delegate)
        return goto(header_pc(caller) + SEND_BYTES, caller + FRAME_SIZE, vm_constants(header_code(caller)), as_pointer(normal_context()))
    return leave(value)


@control
def unwind_generator() -> None:
    """An exception leaves the generator."""
    frame = regs - FRAME_SIZE
    entered = header_entry(frame)
    caller = frame_previous(frame)
    finish_frame(thread, regs, True)
    stop_recording()
    if entered == FROM_LOOP or entered == FROM_SEND:
        return handler("raise_here", header_pc(caller), caller + FRAME_SIZE, vm_constants(header_code(caller)),
                       as_pointer(normal_context()))
    return leave(NULL)


@primitive(runs=True)
def run_generator(thread: Ptr, generator: Object, site: Ptr, sent: Ptr) -> New:
    """Resumes a generator that waits at ``site``: what it yields or returns (its state says which), or null with an exception set."""
    registers = resume_frame(thread, generator, site, sent)
    if registers == NULLP:
        return NULL
    set_header_entry(registers - FRAME_SIZE, 1)
    if unlikely(interp_eval_breaker(ts_interp(thread)) != 0) and load_int(site, 48) != 0:
        return owned(run_handler("poll_generator", load_pointer(site, 48), registers, vm_constants(load_pointer(site, 32)), thread))
    return owned(run_frame(load_pointer(site, 0), registers, vm_constants(load_pointer(site, 32)), thread))


@primitive(runs=True)
def next_of_generator(thread: Ptr, generator: Object, site: Ptr) -> New:
    """As tp_iternext: null at the end; StopIteration is set only where a value was returned."""
    incref(_Py_NoneStruct)
    result = run_generator(thread, generator, site, as_pointer(_Py_NoneStruct))
    if gen_state(generator) == GENERATOR_SUSPENDED or is_null(result):
        return result
    if result is not _Py_NoneStruct:
        _PyGen_SetStopIterationValue(result)
    return NULL
