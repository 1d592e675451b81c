"""Calls, returns, functions, classes. VM-to-VM calls use no C stack: a frame is pushed, the callee's first instruction follows."""
from jitvm.rpython.dialect import *

# kinds of C functions (CPython's methodobject.h); static ones, which get no self, are none of these
METHOD_KINDS = 687
METHOD_NO_ARGUMENTS = 4
TYPE_IS_ABSTRACT = 1048576
METHOD_O = 8
METHOD_FAST = 128
METHOD_FAST_KEYWORDS = 130


@primitive
def push_simple(thread: Ptr, record: Ptr, callee: Object, arguments: Ptr, count: Int) -> Ptr:
    """Pushes a frame for a call whose positional arguments fit the signature one to one: they are moved, not copied."""
    if enter_recursion(thread) < 0:
        return NULLP
    registers = reserve_frame(thread, record)
    if registers == NULLP:
        return NULLP
    i = 0
    while i < count:
        store_int(registers, i * 8, load_int(arguments, i * 8))
        store_int(arguments, i * 8, 0)
        i = i + 1
    clear_from(registers, count, vm_registers(record))
    link_frame(thread, record, registers, callee)
    return registers


@control
def call(base: Window, count: Imm) -> None:
    """Calls register ``base`` with the ``count`` registers after it.

    Cache: code object and record of the last function that the arguments fitted one to one; code object and plan of the last other.
    """
    window = register_pointer(base)
    callee = load_object(window, 0)
    set_position()
    if likely(type_pointer(callee) is PyFunction_Type):
        code = as_pointer(func_code(callee))
        if likely(code == load_pointer(cache(), 0)) and likely(cframe_tracing(ts_cframe(thread)) == 0):
            record = load_pointer(cache(), 8)
            inside = push_simple(thread, record, callee, window + 8, count)
            if unlikely(inside == NULLP):
                return ERROR
            set_header_pc(regs - FRAME_SIZE, pc)
            return goto(vm_words(record), inside, vm_constants(record))
        if likely(code == load_pointer(cache(), 16)) and likely(cframe_tracing(ts_cframe(thread)) == 0):
            planned = push_planned(thread, load_pointer(cache(), 24), callee, window + 8)
            if likely(planned != as_pointer(HOST_CALL)):
                if unlikely(planned == NULLP):
                    return ERROR
                set_header_pc(regs - FRAME_SIZE, pc)
                follow = header_code(planned - FRAME_SIZE)
                return goto(vm_words(follow), planned, vm_constants(follow))
        if as_int(code) + GENERATOR_MARK == load_int(cache(), 16) and may_make(thread):
            set_register(destination(), made_generator(load_pointer(cache(), 24), callee, window, window + 8, count))
            return goto(next_pc(), regs, consts)
        inside = enter_function(thread, callee, window + 8, count, NULL, cache())
        if unlikely(inside == NULLP):
            return ERROR
        if inside != as_pointer(HOST_CALL):
            set_header_pc(regs - FRAME_SIZE, pc)
            record = header_code(inside - FRAME_SIZE)
            return goto(vm_words(record), inside, vm_constants(record))
    elif type_pointer(callee) is PyMethod_Type:
        bound = enter_method(thread, callee, window + 8, count, NULL)
        if bound != as_pointer(HOST_CALL):
            if unlikely(bound == NULLP):
                return ERROR
            set_header_pc(regs - FRAME_SIZE, pc)
            start = header_code(bound - FRAME_SIZE)
            return goto(vm_words(start), bound, vm_constants(start))
    elif type_pointer(callee) is PyType_Type:
        instance = enter_class(thread, pc, regs, callee, window + 8, count, NULL)
        promote(type_version(callee))
        if instance != NULLP:
            return handler("enter_implied", pc, regs, instance)
    result = call_other(thread, callee, window + 8, count, NULL)
    drop_registers(window, 0, count + 1)
    set_register(destination(), result)
    aside("on_host", cframe_tracing(ts_cframe(thread)) != 0)
    return goto(next_pc(), regs, consts)


@control
def call_method(base: Window, count: Imm) -> None:
    """As call, for what load_method left: function, self or nothing, arguments."""
    window = register_pointer(base)
    callee = load_object(window, 0)
    arguments = window + 8
    total = count + 1
    if load_int(window, 8) == 0:
        arguments = window + 16
        total = count
    set_position()
    if type_pointer(callee) is PyFunction_Type:
        code = as_pointer(func_code(callee))
        if likely(code == load_pointer(cache(), 0)) and likely(cframe_tracing(ts_cframe(thread)) == 0):
            record = load_pointer(cache(), 8)
            if likely(vm_arguments(record) == total):
                inside = push_simple(thread, record, callee, arguments, total)
                if unlikely(inside == NULLP):
                    return ERROR
                set_header_pc(regs - FRAME_SIZE, pc)
                return goto(vm_words(record), inside, vm_constants(record))
        if likely(has_plan(cache(), callee, total)) and likely(cframe_tracing(ts_cframe(thread)) == 0):
            planned = push_planned(thread, load_pointer(cache(), 24), callee, arguments)
            if likely(planned != as_pointer(HOST_CALL)):
                if unlikely(planned == NULLP):
                    return ERROR
                set_header_pc(regs - FRAME_SIZE, pc)
                follow = header_code(planned - FRAME_SIZE)
                return goto(vm_words(follow), planned, vm_constants(follow))
        if as_int(code) + GENERATOR_MARK == load_int(cache(), 16) and vm_arguments(load_pointer(cache(), 24)) == total and may_make(thread):
            set_register(destination(), made_generator(load_pointer(cache(), 24), callee, window, arguments, total))
            return goto(next_pc(), regs, consts)
        inside = enter_function(thread, callee, arguments, total, NULL, cache())
        if unlikely(inside == NULLP):
            return ERROR
        if inside != as_pointer(HOST_CALL):
            set_header_pc(regs - FRAME_SIZE, pc)
            record = header_code(inside - FRAME_SIZE)
            return goto(vm_words(record), inside, vm_constants(record))
    elif type_pointer(callee) is PyMethod_Type:
        bound = enter_method(thread, callee, arguments, total, NULL)
        if bound != as_pointer(HOST_CALL):
            if unlikely(bound == NULLP):
                return ERROR
            set_header_pc(regs - FRAME_SIZE, pc)
            start = header_code(bound - FRAME_SIZE)
            return goto(vm_words(start), bound, vm_constants(start))
    elif type_pointer(callee) is PyType_Type:
        instance = enter_class(thread, pc, regs, callee, arguments, total, NULL)
        promote(type_version(callee))
        if instance != NULLP:
            return handler("enter_implied", pc, regs, instance)
    result = call_other(thread, callee, arguments, total, NULL)
    drop_registers(window, 0, count + 2)
    set_register(destination(), result)
    aside("on_host", cframe_tracing(ts_cframe(thread)) != 0)
    return goto(next_pc(), regs, consts)


@control
def call_kw(base: Window, count: Imm, names: Imm) -> None:
    """As call; the last arguments have names (a constant tuple)."""
    window = register_pointer(base)
    callee = load_object(window, 0)
    keywords = constant_at(names)
    positional = count - var_size(keywords)
    set_position()
    if type_pointer(callee) is PyFunction_Type:
        if likely(as_pointer(func_code(callee)) == load_pointer(cache(), 16)) and likely(cframe_tracing(ts_cframe(thread)) == 0):
            planned = push_planned(thread, load_pointer(cache(), 24), callee, window + 8)
            if likely(planned != as_pointer(HOST_CALL)):
                if unlikely(planned == NULLP):
                    return ERROR
                set_header_pc(regs - FRAME_SIZE, pc)
                follow = header_code(planned - FRAME_SIZE)
                return goto(vm_words(follow), planned, vm_constants(follow))
        inside = enter_function(thread, callee, window + 8, positional, keywords, cache())
        if unlikely(inside == NULLP):
            return ERROR
        if inside != as_pointer(HOST_CALL):
            set_header_pc(regs - FRAME_SIZE, pc)
            record = header_code(inside - FRAME_SIZE)
            return goto(vm_words(record), inside, vm_constants(record))
    elif type_pointer(callee) is PyMethod_Type:
        bound = enter_method(thread, callee, window + 8, positional, keywords)
        if bound != as_pointer(HOST_CALL):
            if unlikely(bound == NULLP):
                return ERROR
            set_header_pc(regs - FRAME_SIZE, pc)
            start = header_code(bound - FRAME_SIZE)
            return goto(vm_words(start), bound, vm_constants(start))
    elif type_pointer(callee) is PyType_Type:
        instance = enter_class(thread, pc, regs, callee, window + 8, positional, keywords)
        promote(type_version(callee))
        if instance != NULLP:
            return handler("enter_implied", pc, regs, instance)
    result = call_other(thread, callee, window + 8, positional, keywords)
    drop_registers(window, 0, count + 1)
    set_register(destination(), result)
    aside("on_host", cframe_tracing(ts_cframe(thread)) != 0)
    return goto(next_pc(), regs, consts)


@control
def call_method_kw(base: Window, count: Imm, names: Imm) -> None:
    """As call_method, with names."""
    window = register_pointer(base)
    callee = load_object(window, 0)
    keywords = constant_at(names)
    arguments = window + 8
    positional = count + 1 - var_size(keywords)
    if load_int(window, 8) == 0:
        arguments = window + 16
        positional = positional - 1
    set_position()
    if type_pointer(callee) is PyFunction_Type:
        if likely(has_plan(cache(), callee, positional)) and likely(cframe_tracing(ts_cframe(thread)) == 0):
            planned = push_planned(thread, load_pointer(cache(), 24), callee, arguments)
            if likely(planned != as_pointer(HOST_CALL)):
                if unlikely(planned == NULLP):
                    return ERROR
                set_header_pc(regs - FRAME_SIZE, pc)
                follow = header_code(planned - FRAME_SIZE)
                return goto(vm_words(follow), planned, vm_constants(follow))
        inside = enter_function(thread, callee, arguments, positional, keywords, cache())
        if unlikely(inside == NULLP):
            return ERROR
        if inside != as_pointer(HOST_CALL):
            set_header_pc(regs - FRAME_SIZE, pc)
            record = header_code(inside - FRAME_SIZE)
            return goto(vm_words(record), inside, vm_constants(record))
    elif type_pointer(callee) is PyMethod_Type:
        bound = enter_method(thread, callee, arguments, positional, keywords)
        if bound != as_pointer(HOST_CALL):
            if unlikely(bound == NULLP):
                return ERROR
            set_header_pc(regs - FRAME_SIZE, pc)
            start = header_code(bound - FRAME_SIZE)
            return goto(vm_words(start), bound, vm_constants(start))
    elif type_pointer(callee) is PyType_Type:
        instance = enter_class(thread, pc, regs, callee, arguments, positional, keywords)
        promote(type_version(callee))
        if instance != NULLP:
            return handler("enter_implied", pc, regs, instance)
    result = call_other(thread, callee, arguments, positional, keywords)
    drop_registers(window, 0, count + 2)
    set_register(destination(), result)
    aside("on_host", cframe_tracing(ts_cframe(thread)) != 0)
    return goto(next_pc(), regs, consts)


@helper(raises=True, runs=True)
def call_moved(callee: Object, arguments: Ptr, count: Int, names: Object) -> New:
    """A call from a compiled loop: the arguments are given up, so that they live no longer than the callee has them."""
    cell = local4()
    total = count
    thread = PyThreadState_Get()
    if not is_null(names):
        total = count + var_size(names)
    if type_pointer(callee) is PyFunction_Type:
        inside = enter_function(thread, callee, arguments, count, names, cell)
        if inside != as_pointer(HOST_CALL):
            if inside == NULLP:
                drop_registers(arguments, 0, total)
                return NULL
            caller = frame_previous(inside - FRAME_SIZE)
            given = run_from_c(thread, header_code(inside - FRAME_SIZE), inside)
            if is_null(given):
                set_frame_instr(caller, frame_instr(caller) + HOST_CALL_CACHES)
            note_tracing(thread)
            return owned(given)
    result = call_unseen(callee, arguments, count, names)
    drop_registers(arguments, 0, total)
    note_tracing(thread)
    return result


@helper(runs=True)
def call_unseen(callee: Object, arguments: Ptr, count: Int, names: Object) -> New:
    """As call_other; null with an exception set: the caller looks."""
    return call_other(PyThreadState_Get(), callee, arguments, count, names)


@helper(raises=True, runs=True)
def call_other(thread: Ptr, callee: Object, arguments: Ptr, count: Int, names: Object) -> New:
    """As call_object; what waits for the thread is done then, as by the host's CALL: a program may send itself a signal."""
    result = call_object(callee, arguments, count, names)
    heed(thread)
    return result


@primitive(raises=True, runs=True)
def heed(thread: Ptr) -> Int:
    """Does what waits for the thread."""
    if unlikely(interp_eval_breaker(ts_interp(thread)) != 0):
        return poll()
    return 0


@helper(raises=True, runs=True)
def call_object(callee: Object, arguments: Ptr, count: Int, names: Object) -> New:
    """Calls anything that the VM does not run itself.

    Fast C functions are called as the host's CALL_BUILTIN_FAST and CALL_BUILTIN_FAST_WITH_KEYWORDS do it: such a call does not
    count against the recursion limit.
    """
    if type_pointer(callee) is PyFunction_Type:
        record = code_record(callee)
        if record != NULLP:
            if vm_state(record) == CODE_READY and makes_generator(record, count, names) and may_make(PyThreadState_Get()):
                return call_generator(record, callee, arguments, count, False)
    elif type_pointer(callee) is PyCFunction_Type:
        if is_null(names):
            return call_c_function(cfunction_def(callee), callee, cfunction_self(callee), arguments, count)
        if callee is builtin_compile:
            return compile_text(callee, arguments, count, names)
        if def_flags(cfunction_def(callee)) & METHOD_KINDS == METHOD_FAST_KEYWORDS and callee is not build_class:
            return call_fast_keywords(def_function(cfunction_def(callee)), cfunction_self(callee), arguments, count, names)
        if callee is build_class:
            return make_class(callee, arguments, count, names)
    elif type_pointer(callee) is PyType_Type:
        if type_new(callee) == type_new(PyBaseObject_Type):
            return make_instance(callee, arguments, count, names)
        if is_null(names) and count == 1:
            if callee is PyUnicode_Type:
                return PyObject_Str(load_object(arguments, 0))
            if callee is PyType_Type:
                return type_pointer(load_object(arguments, 0))
            if callee is PyTuple_Type:
                return PySequence_Tuple(load_object(arguments, 0))
    elif callee is str_format:
        return format_template(callee, arguments, count, names)
    elif type_pointer(callee) is PyMethodDescr_Type and is_null(names) and count > 0:
        first = load_object(arguments, 0)
        owner = descriptor_owner(callee)
        if type_pointer(first) is owner or PyType_IsSubtype(type_pointer(first), owner) != 0:
            return call_method_c(descriptor_def(callee), callee, first, arguments, count)
    return PyObject_Vectorcall(callee, arguments, count, names)


@primitive
def may_make(thread: Ptr) -> Bool:
    """Whether a call that makes a generator needs no frame: nobody traces, nor asks for coroutines' origins; the stack is not too deep."""
    return cframe_tracing(ts_cframe(thread)) == 0 and ts_recursion_remaining(thread) > 0 and ts_origin_depth(thread) == 0


@helper(raises=True, runs=True)
def make_instance(kind: Object, arguments: Ptr, count: Int, names: Object) -> New:
    """kind(*arguments) for a class without __new__ (type_call and slot_tp_init of CPython's typeobject.c)."""
    init = _PyType_Lookup(kind, name_init)
    thread = PyThreadState_Get()
    named = 0
    if not is_null(names):
        named = var_size(names)
    if is_null(init) or (type_flags(kind) & TYPE_IS_ABSTRACT) != 0 or ts_recursion_remaining(thread) <= 0 or count + named > 11:
        return PyObject_Vectorcall(kind, arguments, count, names)
    if init is object_init and count + named == 0:
        return new_instance(kind)
    record = runnable(thread, init)
    if record == NULLP:
        return PyObject_Vectorcall(kind, arguments, count, names)
    incref(init)
    held = owned(init)
    made = new_instance(kind)
    cells = local12()
    store_reference(cells, 0, made)
    i = 0
    while i < count + named:
        store_reference(cells, i + 1, load_object(arguments, i * 8))
        i = i + 1
    set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) - 1)
    result = run_moved(thread, held, cells, count + 1, names)
    set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) + 1)
    if is_null(result):
        return NULL
    if result is not _Py_NoneStruct:
        raise_made(INIT_RESULT, result, result)
    return made


@helper(runs=True)
def run_moved(thread: Ptr, callee: Object, arguments: Ptr, count: Int, names: Object) -> New:
    """Runs a function of the VM from C code; null with an exception set if it raised. The arguments are given up."""
    cell = local4()
    inside = enter_function(thread, callee, arguments, count, names, cell)
    if inside == NULLP or inside == as_pointer(HOST_CALL):
        result = NULL
        if inside != NULLP:
            result = as_object(as_int(disown(call_unseen(callee, arguments, count, names))))
        total = count
        if not is_null(names):
            total = count + var_size(names)
        drop_registers(arguments, 0, total)
        return owned(result)
    return owned(run_from_c(thread, header_code(inside - FRAME_SIZE), inside))


@primitive
def move_values(source: Ptr, target: Ptr, count: Int) -> None:
    """Moves references from words, which are empty then, to others, whatever those held."""
    i = 0
    while i < count:
        store_int(target, i * 8, load_int(source, i * 8))
        store_int(source, i * 8, 0)
        i = i + 1


@helper()
def enter_method(thread: Ptr, callee: Object, arguments: Ptr, count: Int, names: Object) -> Ptr:
    """As enter_function, for a bound method of a function."""
    total = count
    if not is_null(names):
        total = count + var_size(names)
    if type_pointer(method_func(callee)) is not PyFunction_Type or total > 11:
        return as_pointer(HOST_CALL)
    cells = local12()
    store_reference(cells, 0, method_self(callee))
    move_values(arguments, cells + 8, total)
    cell = local4()
    inside = enter_function(thread, method_func(callee), cells, count + 1, names, cell)
    if inside == NULLP or inside == as_pointer(HOST_CALL):
        move_values(cells + 8, arguments, total)
        drop_registers(cells, 0, 1)
    return inside


@primitive(raises=True, runs=True)
def call_c_function(table: Ptr, callee: Object, first: Object, arguments: Ptr, count: Int) -> New:
    """Calls a C function with positional arguments, as its kind wants it."""
    flags = def_flags(table) & METHOD_KINDS
    if flags == METHOD_O:
        if count == 1:
            return call_counted(table, callee, first, load_object(arguments, 0), arguments, 1)
    elif flags == METHOD_FAST:
        if callee is builtin_eval:
            return run_text(callee, arguments, count, MODE_EVAL)
        if callee is builtin_format:
            return format_object(callee, arguments, count)
        return call_fast(def_function(table), first, arguments, count)
    elif flags == METHOD_FAST_KEYWORDS:
        if callee is build_class:
            return make_class(callee, arguments, count, NULL)
        if callee is builtin_exec:
            return run_text(callee, arguments, count, MODE_EXEC)
        if callee is builtin_compile:
            return compile_text(callee, arguments, count, NULL)
        return call_fast_keywords(def_function(table), first, arguments, count, NULL)
    return PyObject_Vectorcall(callee, arguments, count, NULL)


@primitive(raises=True, runs=True)
def call_method_c(table: Ptr, callee: Object, first: Object, arguments: Ptr, count: Int) -> New:
    """As call_c, for the methods of C types: the first argument is self."""
    flags = def_flags(table) & METHOD_KINDS
    if flags == METHOD_O:
        if count == 2:
            if callee is list_append and var_size(first) < list_capacity(first):
                append_item(first, load_object(arguments, 8))
                return _Py_NoneStruct
            return call_counted(table, callee, first, load_object(arguments, 8), arguments, 2)
    elif flags == METHOD_NO_ARGUMENTS:
        if count == 1:
            return call_counted(table, callee, first, NULL, arguments, 1)
    elif flags == METHOD_FAST:
        return call_fast(def_function(table), first, arguments + 8, count - 1)
    elif flags == METHOD_FAST_KEYWORDS:
        return call_fast_keywords(def_function(table), first, arguments + 8, count - 1, NULL)
    return PyObject_Vectorcall(callee, arguments, count, NULL)


@primitive
def append_item(v: Object, item: Object) -> None:
    """list.append where there is room."""
    store_reference(list_items(v), var_size(v), item)
    set_var_size(v, var_size(v) + 1)


@primitive(raises=True, runs=True)
def call_counted(table: Ptr, callee: Object, first: Object, second: Object, arguments: Ptr, count: Int) -> New:
    """Calls a C function of one or two arguments; it counts against the recursion limit."""
    thread = PyThreadState_Get()
    if unlikely(ts_recursion_remaining(thread) <= 0):
        return PyObject_Vectorcall(callee, arguments, count, NULL)
    set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) - 1)
    result = call_binary(def_function(table), first, second)
    set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) + 1)
    return result


@control
def call_ex(base: Window, keywords: Imm) -> None:
    """Calls register ``base`` with an iterable of arguments and, if ``keywords``, a dict: both stay where they are, as in the host.

    Cache: code object and plan of the last function entered.
    """
    window = register_pointer(base)
    callee = load_object(window, 0)
    promote(spread_size(load_object(window, 8)))
    set_position()
    if type_pointer(callee) is PyFunction_Type:
        inside = enter_spread(thread, callee, window, keywords, cache())
        if inside != as_pointer(HOST_CALL):
            if unlikely(inside == NULLP):
                return ERROR
            set_header_pc(regs - FRAME_SIZE, pc)
            record = header_code(inside - FRAME_SIZE)
            return goto(vm_words(record), inside, vm_constants(record))
    result = call_spread(callee, load_object(window, 8), window, keywords)
    drop_registers(window, 0, 1)
    set_register(destination(), result)
    aside("on_host", cframe_tracing(ts_cframe(thread)) != 0)
    return goto(next_pc(), regs, consts)


@helper(raises=True, runs=True)
def call_spread(callee: Object, arguments: Object, window: Ptr, keywords: Int) -> New:
    names = NULL
    if keywords != 0:
        names = load_object(window, 16)
    result = call_with_all(callee, arguments, names)
    heed(PyThreadState_Get())
    return result


@helper(raises=True, runs=True)
def call_with_all(callee: Object, arguments: Object, names: Object) -> New:
    """callee(*arguments, **names)."""
    if type_pointer(arguments) is not PyTuple_Type:
        return call_iterable(callee, arguments, names)
    if callee is build_class:
        return make_class_of(callee, arguments, names)
    enter_when_called(callee)
    return PyObject_Call(callee, arguments, names)


@helper(raises=True, runs=True)
def call_iterable(callee: Object, arguments: Object, names: Object) -> New:
    """f(*arguments): any iterable, made a tuple only now."""
    if type_iter(type_pointer(arguments)) == NULLP and not has_sequence_items(arguments):
        raise_made(STAR_ARGUMENT, callee, arguments)
    return call_with_all(callee, PySequence_Tuple(arguments), names)


@helper(runs=True)
def drop_window(window: Ptr, count: Int) -> None:
    """Empties a window of temporaries."""
    drop_registers(window, 0, count)


@primitive
def deliver(caller: Ptr, value: Ptr) -> Ptr:
    """Hands a result to the call instruction at which ``caller`` waits; the pc after it."""
    registers = caller + FRAME_SIZE
    at = header_pc(caller)
    word = load_int(at, 0)
    callee = registers + ((shift_right(word, 32) & 65535) * 8)
    old = load_object(callee, 0)
    store_int(callee, 0, 0)
    place = registers + ((shift_right(word, 16) & 65535) * 8)
    previous = load_object(place, 0)
    store_pointer(place, 0, value)
    xdecref(previous)
    xdecref(old)
    return at + CALL_BYTES




@control
def return_value(src: Local) -> None:
    """Ends the frame with the value of a register."""
    value = load_pointer(register_pointer(src), 0)
    frame = regs - FRAME_SIZE
    if likely(is_null(frame_object(frame))):
        store_int(register_pointer(src), 0, 0)
    else:
        set_position()
        incref(as_object(as_int(value)))  # who keeps the frame sees the local
    caller = frame_previous(frame)
    entered = header_entry(frame)
    if entered >= IMPLIED:
        return handler("return_implied", value, regs, consts)
    leave_frame(thread, regs)
    if entered != 0:
        stop_recording()
        return leave(as_object(value))
    after = deliver(caller, value)
    return goto(after, caller + FRAME_SIZE, vm_constants(header_code(caller)))


@control
def return_const(value: Const) -> None:
    """Ends the frame with a constant."""
    incref(value)
    frame = regs - FRAME_SIZE
    if unlikely(not is_null(frame_object(frame))):
        set_position()
    caller = frame_previous(frame)
    entered = header_entry(frame)
    if entered >= IMPLIED:
        return handler("return_implied", as_pointer(value), regs, consts)
    leave_frame(thread, regs)
    if entered != 0:
        stop_recording()
        return leave(value)
    after = deliver(caller, as_pointer(value))
    return goto(after, caller + FRAME_SIZE, vm_constants(header_code(caller)))


@helper(raises=True, runs=True, cold=True)
def poll() -> Int:
    """Handles what waits for this thread: signals, whose handlers see the current frame; threads, async exceptions, finished code."""
    if take_work() < 0:
        return -1
    Py_MakePendingCalls()
    thread = PyThreadState_Get()
    if interp_eval_breaker(ts_interp(thread)) == 0:
        return 0
    result = call_nothing()
    if is_null(result):
        drop_trace()
        return -1
    if interp_eval_breaker(ts_interp(thread)) != 0:
        settle_breaker()
    return 0


@helper(cold=True)
def settle_breaker() -> None:
    """Whatever waits is not for this thread: taking the lock anew works out whether anything does."""
    PyEval_RestoreThread(PyEval_SaveThread())


@helper(runs=True)
def call_nothing() -> New:
    """Calls an empty function of the host: its evaluation loop does what is to be done. Null with an exception set."""
    return PyObject_Vectorcall(nothing_function, NULLP, 0, NULL)


@helper()
def drop_trace() -> None:
    """The exception that is set forgets where it came from."""
    kind = local()
    value = local()
    trace = local()
    PyErr_Fetch(kind, value, trace)
    release_to(load_object(trace, 0))
    PyErr_Restore(owned(load_object(kind, 0)), owned(load_object(value, 0)), NULL)


@opcode
def make_function(base: Window, flags: Imm) -> Object:
    """A function of the code object in the window, with what the flags name after it."""
    window = register_pointer(base)
    function = new_function(window, flags, frame_globals(frame()))
    drop_window(window, 1 + (flags & 1) + ((flags >> 1) & 1) + ((flags >> 2) & 1) + ((flags >> 3) & 1))
    return function


@helper(raises=True)
def new_function(window: Ptr, flags: Int, names: Object) -> New:
    """Makes a genuine function object. Its vectorcall points to the VM, unless it is known that its code is the host's."""
    function = PyFunction_New(load_object(window, 0), names)
    place = window + 8
    if (flags & 1) != 0:
        set_func_defaults(function, as_object(load_int(place, 0)))
        store_int(place, 0, 0)
        place = place + 8
    if (flags & 2) != 0:
        set_func_kwdefaults(function, as_object(load_int(place, 0)))
        store_int(place, 0, 0)
        place = place + 8
    if (flags & 4) != 0:
        set_func_annotations(function, as_object(load_int(place, 0)))
        store_int(place, 0, 0)
        place = place + 8
    if (flags & 8) != 0:
        set_func_closure(function, as_object(load_int(place, 0)))
        store_int(place, 0, 0)
    record = code_record(function)
    if record == NULLP or vm_state(record) != CODE_HOST:
        set_func_vectorcall(function, address_of("vm_vectorcall"))
    return function


@opcode
def load_build_class() -> Object:
    return find_build_class(frame_builtins(frame()))


@helper(raises=True, runs=True)
def find_build_class(names: Object) -> New:
    """LOAD_BUILD_CLASS of CPython's ceval.c."""
    found = found_in(names, name_build_class)
    if not is_null(found):
        return found
    if is_null(PyErr_Occurred()):
        raise_made(NO_BUILD_CLASS, _Py_NoneStruct, _Py_NoneStruct)
    return NULL
