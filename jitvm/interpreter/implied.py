"""Calls that an instruction implies: operators, items, properties and context managers of the program's classes, and their ``__init__``.

Where the method is a function of the VM its frame is pushed as a call's is, without C recursion. Such a frame's ``header_entry`` says what
becomes of the result: a kind, for operators also which one (``imply`` in rpython/intrinsics.py puts it together); ``header_kept`` holds
the function, ``header_made`` the instance that ``__init__`` is run for. Which method is the host's choice: slot functions of CPython's
typeobject.c, binary_op1 of abstract.c, do_richcompare of object.c.
"""
from jitvm.rpython.dialect import *

TYPE_IS_HEAP = 512


@helper(quiet=True)
def operator_method(left: Object, right: Object, what: Int) -> Object:
    """The function of the VM or host that does an operator first: the left operand's own, unless the right one's class is more special."""
    kind = type_pointer(left)
    if (type_flags(kind) & TYPE_IS_HEAP) == 0:
        return NULL
    other = type_pointer(right)
    if kind is not other and (type_flags(other) & TYPE_IS_HEAP) != 0 and PyType_IsSubtype(other, kind) != 0:
        return NULL
    if (what & 255) == IMPLIED_INPLACE and not is_null(_PyType_Lookup(kind, tuple_item(inplace_names, shift_right(what, 8) & 255))):
        return NULL
    return function_of(_PyType_Lookup(kind, tuple_item(operator_names, shift_right(what, 8) & 255)))


@helper(quiet=True)
def special_method(obj: Object, name: Object) -> Object:
    """The function that the class of an object has under ``name``, null if it has something else."""
    kind = type_pointer(obj)
    if (type_flags(kind) & TYPE_IS_HEAP) == 0:
        return NULL
    return function_of(_PyType_Lookup(kind, name))


@helper(quiet=True)
def property_getter(obj: Object, name: Object) -> Object:
    """The function that gives the attribute ``name`` of an object, if a property has it."""
    kind = type_pointer(obj)
    if type_getattro(kind) != type_getattro(PyBaseObject_Type):
        return NULL
    found = _PyType_Lookup(kind, name)
    if is_null(found) or type_pointer(found) is not property_type:
        return NULL
    return function_of(property_get(found))


@helper(quiet=True)
def super_method(kind: Object, obj: Object, name: Object) -> Object:
    """The function that ``super(kind, obj).name`` finds (super_getattro of typeobject.c); null if it is anything else."""
    own = type_pointer(obj)
    if (type_flags(type_pointer(kind)) & TYPE_SUBCLASS) == 0 or (type_flags(own) & TYPE_SUBCLASS) != 0:
        return NULL
    mro = type_mro(own)
    i = 0
    while i < var_size(mro):
        if tuple_item(mro, i) is kind:
            i = i + 1
            while i < var_size(mro):
                found = _PyDict_GetItem_KnownHash(type_dict(tuple_item(mro, i)), name, unicode_hash(name))
                if not is_null(found):
                    return function_of(found)
                i = i + 1
        i = i + 1
    return NULL


@helper()
def super_found(asked: Object, name: Object) -> Object:
    """What the next class has under ``name`` that a super object asks, if a call need not bind it; else null."""
    own = super_kind(asked)
    if is_null(own) or name is name_class:
        return NULL
    mro = type_mro(own)
    count = var_size(mro)
    i = 0
    while i < count:
        i = i + 1
        if tuple_item(mro, i - 1) is super_of(asked):
            while i < count:
                found = _PyDict_GetItem_KnownHash(type_dict(tuple_item(mro, i)), name, unicode_hash(name))
                if not is_null(found):
                    if binds_nothing(found):
                        return found
                    return NULL
                i = i + 1
    return NULL


@helper(runs=True)
def put_inherited(asked: Object, found: Object, window: Ptr) -> Int:
    """Puts what a super object gives into a window as ``get_method`` does: with the object where it binds one. 0."""
    first = load_int(window, 0)
    second = load_int(window, 8)
    obj = super_object(asked)
    store_reference(window, 0, found)
    store_int(window, 8, 0)
    if type_descr_get(type_pointer(found)) != NULLP and obj is not super_kind(asked):
        store_reference(window, 1, obj)
    release_to(as_object(first))
    release_to(as_object(second))
    return 0


@helper(quiet=True)
def super_fits(kind: Object, obj: Object) -> Int:
    """1 where ``super(kind, obj)`` can be made without asking the object for its class (supercheck of typeobject.c)."""
    if (type_flags(type_pointer(kind)) & TYPE_SUBCLASS) == 0:
        return 0
    if (type_flags(type_pointer(obj)) & TYPE_SUBCLASS) != 0 and PyType_IsSubtype(obj, kind) != 0:
        return 1
    return as_int(PyType_IsSubtype(type_pointer(obj), kind) != 0)


@helper(raises=True)
def super_of(window: Ptr, count: Int) -> New:
    """super(class, object) of a window, which is empty then."""
    made = call_vector(super_type, window, count)
    drop_registers(window, 0, count)
    return made


@primitive
def function_of(v: Object) -> Object:
    if is_null(v) or type_pointer(v) is not PyFunction_Type:
        return NULL
    return v


@helper()
def push_implied(thread: Ptr, at: Ptr, registers: Ptr, callee: Object, cells: Ptr, count: Int, what: Int) -> Ptr:
    """The registers of the method's frame; null where the host must run it, 1 with an exception set.

    The arguments in ``cells`` are references of their own, which are gone then.
    """
    record = runnable(thread, callee)
    deep = 0
    if (what & 255) >= IMPLIED_DEEP:
        deep = 1
    if record == NULLP or makes_generator(record, count, NULL) or ts_recursion_remaining(thread) <= deep:
        drop_registers(cells, 0, count)
        return NULLP
    caller = registers - FRAME_SIZE
    set_frame_instr(caller, load_pointer(at, 8))
    set_header_pc(caller, at)
    incref(callee)
    kept = owned(callee)
    set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) - deep)
    cell = local4()
    inside = enter_ready(thread, record, callee, cells, count, NULL, cell)
    if inside == NULLP or inside == as_pointer(HOST_CALL):
        set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) + deep)
        drop_registers(cells, 0, count)
        if inside == NULLP:
            return as_pointer(HOST_CALL)
        return NULLP
    mark_implied(inside - FRAME_SIZE, what, disown(kept), NULLP)
    return inside


@primitive
def mark_implied(frame: Ptr, what: Int, kept: Ptr, made: Ptr) -> None:
    """Says what a new frame's result is for. ``kept`` and ``made``: references that the frame takes over."""
    set_header_entry(frame, what)
    store_pointer(frame, HEADER_KEPT, kept)
    store_pointer(frame, HEADER_MADE, made)


@control
def enter_implied() -> None:
    """Goes on in a frame that ``imply`` has pushed: consts is its registers, or 1 with an exception set."""
    if unlikely(consts == as_pointer(HOST_CALL)):
        return handler("raise_here", pc, regs, vm_constants(header_code(regs - FRAME_SIZE)))
    record = header_code(consts - FRAME_SIZE)
    return goto(vm_words(record), consts, vm_constants(record))


@helper()
def push_operator(thread: Ptr, at: Ptr, registers: Ptr, what: Int, left: Object, right: Object) -> Ptr:
    """For binary operators and comparisons: see push_implied."""
    return push_pair(thread, at, registers, what, operator_method(left, right, what), left, right)


@helper()
def push_item(thread: Ptr, at: Ptr, registers: Ptr, what: Int, obj: Object, key: Object) -> Ptr:
    """For obj[key]."""
    return push_pair(thread, at, registers, what, special_method(obj, name_getitem), obj, key)


@helper()
def push_pair(thread: Ptr, at: Ptr, registers: Ptr, what: Int, function: Object, first: Object, second: Object) -> Ptr:
    """function(first, second), if there is one: see push_implied."""
    if is_null(function):
        return NULLP
    cells = local3()
    store_reference(cells, 0, first)
    store_reference(cells, 1, second)
    return push_implied(thread, at, registers, function, cells, 2, what)


@helper()
def push_store_item(thread: Ptr, at: Ptr, registers: Ptr, what: Int, obj: Object, key: Object, value: Object) -> Ptr:
    """For obj[key] = value."""
    function = special_method(obj, name_setitem)
    if is_null(function):
        return NULLP
    cells = local3()
    store_reference(cells, 0, obj)
    store_reference(cells, 1, key)
    store_reference(cells, 2, value)
    return push_implied(thread, at, registers, function, cells, 3, what)


@helper()
def push_property(thread: Ptr, at: Ptr, registers: Ptr, what: Int, obj: Object, name: Object) -> Ptr:
    """For obj.name."""
    cell = known_cell(at + UNIT, type_version(type_pointer(obj)))
    if cell != NULLP and load_int(cell, 8) == KIND_PROPERTY:
        function = function_of(property_get(load_object(cell, 16)))
    else:
        function = property_getter(obj, name)
    if is_null(function):
        return NULLP
    cells = local3()
    store_reference(cells, 0, obj)
    return push_implied(thread, at, registers, function, cells, 1, what)


@helper()
def push_enter(thread: Ptr, at: Ptr, registers: Ptr, what: Int, manager: Object, base: Int) -> Ptr:
    """For ``with manager``: the bound __exit__ is put into the window before __enter__ runs."""
    function = special_method(manager, name_enter)
    leave = special_method(manager, name_exit)
    if is_null(function) or is_null(leave):
        return NULLP
    bound = new_method(leave, manager)
    if is_null(bound):
        return as_pointer(HOST_CALL)
    cells = local3()
    store_reference(cells, 0, manager)
    inside = push_implied(thread, at, registers, function, cells, 1, what)
    if inside != NULLP and inside != as_pointer(HOST_CALL):
        old = load_object(registers, base * 8)
        store_pointer(registers, base * 8, disown(bound))
        xdecref(old)
    return inside


@helper()
def new_method(function: Object, first: Object) -> New:
    """A bound method; null with an exception set."""
    return PyMethod_New(function, first)


@helper(raises=True)
def method_of(window: Ptr, count: Int) -> New:
    """A bound method of the function and object in a window, which is empty then."""
    function = owned(load_object(window, 0))
    first = owned(load_object(window, 8))
    store_int(window, 0, 0)
    store_int(window, 8, 0)
    return PyMethod_New(function, first)


@helper()
def push_mapped(thread: Ptr, at: Ptr, registers: Ptr, what: Int, called: Object, iterator: Object, item: Object) -> Ptr:
    """For a map or filter, which calls its function with the next item of ``iterator``; that is advanced then. Null for no item."""
    function = function_of(called)
    if is_null(item) or is_null(function):
        return NULLP
    cells = local3()
    store_reference(cells, 0, item)
    inside = push_implied(thread, at, registers, function, cells, 1, what)
    if inside != NULLP:
        go_past(iterator)
        if what == IMPLIED_FILTER and inside != as_pointer(HOST_CALL):
            incref(item)
            store_pointer(inside - FRAME_SIZE, HEADER_MADE, as_pointer(item))
    return inside


@helper()
def push_leave(thread: Ptr, at: Ptr, registers: Ptr, what: Int, leave: Object, exc: Object) -> Ptr:
    """For the __exit__ of a ``with`` that an exception leaves."""
    if type_pointer(leave) is not PyMethod_Type:
        return NULLP
    function = function_of(method_func(leave))
    if is_null(function):
        return NULLP
    tb = PyException_GetTraceback(exc)
    cells = local4()
    store_reference(cells, 0, method_self(leave))
    store_reference(cells, 1, type_pointer(exc))
    store_reference(cells, 2, exc)
    store_reference(cells, 3, select(is_null(tb), _Py_NoneStruct, tb))
    return push_implied(thread, at, registers, function, cells, 4, what)


@helper()
def enter_class(thread: Ptr, at: Ptr, registers: Ptr, kind: Object, arguments: Ptr, count: Int, names: Object) -> Ptr:
    """kind(*arguments) where that is a plain allocation and an __init__ of the VM: see push_implied. The arguments are gone then."""
    if type_new(kind) != type_new(PyBaseObject_Type) or (type_flags(kind) & TYPE_IS_ABSTRACT) != 0:
        return NULLP
    total = count
    if not is_null(names):
        total = count + var_size(names)
    init = function_of(_PyType_Lookup(kind, name_init))
    if is_null(init) or total > 11:
        return NULLP
    record = runnable(thread, init)
    if record == NULLP or makes_generator(record, count + 1, names) or ts_recursion_remaining(thread) <= 1:
        return NULLP
    incref(init)
    kept = owned(init)
    set_header_pc(registers - FRAME_SIZE, at)
    made = new_instance_unseen(kind)
    if is_null(made):
        return as_pointer(HOST_CALL)
    cells = local12()
    store_reference(cells, 0, made)
    move_values(arguments, cells + 8, total)
    set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) - 1)
    cell = local4()
    inside = enter_ready(thread, record, kept, cells, count + 1, names, cell)
    if inside == NULLP or inside == as_pointer(HOST_CALL):
        set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) + 1)
        if inside == as_pointer(HOST_CALL):
            move_values(cells + 8, arguments, total)
            drop_registers(cells, 0, 1)
            return NULLP
        drop_registers(cells, 0, total + 1)
        return as_pointer(HOST_CALL)
    mark_implied(inside - FRAME_SIZE, IMPLIED_INIT, disown(kept), disown(made))
    return inside


@control
def return_implied() -> None:
    """The end of an implied call: pc is its result, regs the frame's registers."""
    frame = regs - FRAME_SIZE
    caller = frame_previous(frame)
    what = header_entry(frame)
    kept = load_pointer(frame, HEADER_KEPT)
    made = load_pointer(frame, HEADER_MADE)
    leave_frame(thread, regs)
    after = take_implied(thread, caller, what, pc, kept, made)
    if unlikely(after == NULLP):
        return handler("raise_here", header_pc(caller), caller + FRAME_SIZE, vm_constants(header_code(caller)))
    return goto(after, caller + FRAME_SIZE, vm_constants(header_code(caller)))


@helper()
def drop_implied(thread: Ptr, what: Int, kept: Ptr, made: Ptr) -> None:
    """An implied call has ended by an exception: what its frame held besides."""
    if (what & 255) >= IMPLIED_DEEP:
        set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) + 1)
    release_to(as_object(made))
    release_to(as_object(kept))


@helper()
def ends_mapped(what: Int) -> Int:
    """1 where the exception of an implied call is how the iterator of a loop says that there is no more: it is set no longer."""
    if what != IMPLIED_MAP and what != IMPLIED_FILTER:
        return 0
    if PyErr_ExceptionMatches(PyExc_StopIteration) == 0:
        return 0
    PyErr_Clear()
    return 1


@control
def end_mapped() -> None:
    """The loop over a map or filter has ended in the function that this calls."""
    after = end_loop(regs - FRAME_SIZE)
    return goto(after, regs, consts)


@helper()
def take_implied(thread: Ptr, caller: Ptr, what: Int, value: Ptr, kept: Ptr, made: Ptr) -> Ptr:
    """Gives the result of an implied call to the instruction; where to go on, null with an exception set."""
    function = owned(as_object(kept))
    result = owned(as_object(value))
    kind = what & 255
    at = header_pc(caller)
    word = load_int(at, 0)
    registers = caller + FRAME_SIZE
    if kind >= IMPLIED_DEEP:
        set_ts_recursion_remaining(thread, ts_recursion_remaining(thread) + 1)
    if kind == IMPLIED_INIT:
        instance = owned(as_object(made))
        if result is not _Py_NoneStruct:
            raise_made(INIT_RESULT, result, result)
            return NULLP
        return deliver(caller, disown(instance))
    first = shift_right(word, 16) & 65535
    second = shift_right(word, 32) & 65535
    third = shift_right(word, 48)
    if kind == IMPLIED_MAP:
        put_register(registers, first, disown(result))
        return at + FOR_BYTES
    if kind == IMPLIED_FILTER:
        return take_filtered(caller, owned(as_object(made)), result)
    if kind == IMPLIED_PROPERTY:
        drop_if(registers, word, CONSUMES_FIRST, second)
        put_register(registers, first, disown(result))
        return at + LOAD_ATTR_BYTES
    if kind == IMPLIED_ENTER:
        drop_if(registers, word, CONSUMES_FIRST, second)
        put_register(registers, first + 1, disown(result))
        return at + UNIT
    if kind == IMPLIED_LEAVE:
        drop_if(registers, word, CONSUMES_FIRST, third)
        put_register(registers, first, disown(result))
        return at + UNIT
    if kind == IMPLIED_STORE_ITEM:
        drop_if(registers, word, CONSUMES_FIRST, first)
        drop_if(registers, word, CONSUMES_SECOND, second)
        drop_if(registers, word, CONSUMES_THIRD, third)
        return at + UNIT
    return take_operator(caller, what, at, function, result)


@helper()
def take_filtered(caller: Ptr, item: Object, result: Object) -> Ptr:
    """What the function of a filter says of an item: the loop goes on with it, or with the next one."""
    truth = truth_unseen(result)
    at = header_pc(caller)
    if truth < 0:
        if ends_mapped(IMPLIED_FILTER) == 0:
            return NULLP
        return end_loop(caller)
    if truth > 0:
        incref(item)
        put_register(caller + FRAME_SIZE, shift_right(load_int(at, 0), 16) & 65535, as_pointer(item))
        return at + FOR_BYTES
    if (load_int(at, -LOOP_BYTES) & OPCODE_MASK) == LOOP:
        return at - LOOP_BYTES
    return at


@helper(quiet=True)
def simple_truth(v: Object) -> Int:
    """The truth of an object of a common type; -1 for any other."""
    kind = type_pointer(v)
    if v is _Py_TrueStruct:
        return 1
    if v is _Py_FalseStruct or v is _Py_NoneStruct:
        return 0
    if kind is PyLong_Type or kind is PyList_Type or kind is PyTuple_Type or kind is PyBytes_Type:
        return as_int(var_size(v) != 0)
    if kind is PyUnicode_Type:
        return as_int(unicode_length(v) != 0)
    if kind is PyFloat_Type:
        return as_int(float_payload(v) != 0.0)
    if kind is PyDict_Type:
        return as_int(dict_used(v) != 0)
    return -1


CONSUMES_FIRST = 1024
CONSUMES_SECOND = 2048
CONSUMES_THIRD = 4096


@primitive
def put_register(registers: Ptr, index: Int, value: Ptr) -> None:
    """Stores a reference that the register owns from now on."""
    old = load_object(registers, index * 8)
    store_pointer(registers, index * 8, value)
    xdecref(old)


@helper()
def take_operator(caller: Ptr, what: Int, at: Ptr, function: Object, given: Object) -> Ptr:
    """take_implied for operators: NotImplemented has the host ask the others."""
    word = load_int(at, 0)
    registers = caller + FRAME_SIZE
    kind = what & 255
    if kind == IMPLIED_IF or kind == IMPLIED_UNLESS:
        return take_branch(caller, what, at, function, given)
    first = shift_right(word, 32) & 65535
    second = shift_right(word, 48)
    incref(given)
    result = owned(given)
    if result is _Py_NotImplementedStruct and kind != IMPLIED_ITEM:
        left = load_object(registers, first * 8)
        right = other_operand(caller, what, second)
        result = ask_others(what, function, left, right)
        if is_null(result):
            return NULLP
    drop_if(registers, word, CONSUMES_FIRST, first)
    if (what & IMPLIED_CONSTANT) == 0:
        drop_if(registers, word, CONSUMES_SECOND, second)
    put_register(registers, shift_right(word, 16) & 65535, disown(result))
    return at + UNIT


@helper()
def take_branch(caller: Ptr, what: Int, at: Ptr, function: Object, given: Object) -> Ptr:
    """take_operator for a comparison that is a condition."""
    word = load_int(at, 0)
    registers = caller + FRAME_SIZE
    first = shift_right(word, 16) & 65535
    second = shift_right(word, 32) & 65535
    incref(given)
    result = owned(given)
    if result is _Py_NotImplementedStruct:
        left = load_object(registers, first * 8)
        right = other_operand(caller, what, second)
        result = ask_others(what, function, left, right)
        if is_null(result):
            return NULLP
    truth = truth_unseen(result)
    if truth < 0:
        return NULLP
    drop_if(registers, word, CONSUMES_FIRST, first)
    if (what & IMPLIED_CONSTANT) == 0:
        drop_if(registers, word, CONSUMES_SECOND, second)
    if (what & 255) == IMPLIED_UNLESS:
        truth = 1 - truth
    if truth != 0:
        return at + (word >> 48) * UNIT
    return at + UNIT


@primitive
def other_operand(caller: Ptr, what: Int, index: Int) -> Object:
    """The right operand of an operator: a register or a constant."""
    if (what & IMPLIED_CONSTANT) != 0:
        return load_object(vm_constants(header_code(caller)), index * 8)
    return load_object(caller + FRAME_SIZE, index * 8)


@helper()
def truth_unseen(v: Object) -> Int:
    """The truth of an object; -1 with an exception set."""
    if v is _Py_TrueStruct:
        return 1
    if v is _Py_FalseStruct:
        return 0
    return truth_of(v)


@helper(cold=True)
def ask_others(what: Int, function: Object, left: Object, right: Object) -> New:
    """``function`` has said NotImplemented: the host does the operator, and is told so again when it comes to this function.

    Null with an exception set.
    """
    incref(left)
    incref(right)
    first = owned(left)
    second = owned(right)
    cells = as_pointer(declined_words) + BYTES_DATA
    store_pointer(cells, 8, as_pointer(left))
    store_pointer(cells, 0, as_pointer(function))
    result = do_operator(what, first, second)
    store_int(cells, 0, 0)
    return result


@primitive
def has_declined(callee: Object, arguments: Ptr, count: Int) -> Bool:
    """Whether a call is the one that ``ask_others`` knows the result of; it is asked for once."""
    cells = as_pointer(declined_words) + BYTES_DATA
    if likely(load_int(cells, 0) == 0):
        return False
    if load_object(cells, 0) is not callee or count != 2:
        return False
    if load_int(cells, 8) != load_int(arguments, 0):
        return False
    store_int(cells, 0, 0)
    return True


@helper(cold=True)
def do_operator(what: Int, left: Object, right: Object) -> New:
    """An operator by the host; null with an exception set."""
    number = shift_right(what, 8) & 255
    if number >= COMPARISONS_FROM:
        return PyObject_RichCompare(left, right, number - COMPARISONS_FROM)
    cells = local3()
    store_pointer(cells, 0, as_pointer(left))
    store_pointer(cells, 8, as_pointer(right))
    if (what & 255) == IMPLIED_INPLACE:
        return call_vector(tuple_item(inplace_functions, number), cells, 2)
    return call_vector(tuple_item(operator_functions, number), cells, 2)


COMPARISONS_FROM = 13
