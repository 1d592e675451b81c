"""What the runtime calls: memory by address, functions that are to enter the VM, the handler of fatal signals."""
from jitvm.rpython.dialect import *


@entry
def vm_peek(address: Int) -> Int:
    """For the runtime: the word at an address."""
    return load_int(as_pointer(address), 0)


@entry
def vm_poke(address: Int, value: Int) -> None:
    """For the runtime: stores a word."""
    store_int(as_pointer(address), 0, value)


@entry
def vm_object_at(address: Int) -> New:
    """For the runtime: the object at an address (a new reference)."""
    v = as_object(address)
    set_refcount(v, refcount(v) + 1)
    return owned_plain(v)


GC_HEADER = 16
GC_PREVIOUS = 8
GC_FINALIZED = 1
GC_FLAGS = 3
GC_POINTER = -4


@entry
def vm_parse(compiler: Object, arguments: Object, node: Object) -> New:
    """compile(*arguments) for a syntax tree that the runtime keeps: the collector does not know of it, and so need not go through it.

    There are no cycles in a tree. What is new is at the end of the collector's list of young objects, behind a mark of ours. Nodes are
    of the class ``node``.
    """
    entry_context()
    return parse_unseen(compiler, arguments, node)


@helper(raises=True, runs=True)
def parse_unseen(compiler: Object, arguments: Object, node: Object) -> New:
    interpreter = ts_interp(PyThreadState_Get())
    mark = PyList_New(0)
    known = interp_young(interpreter)
    young = hide_from_collector()
    result = call_with_tuple(compiler, arguments)
    if not is_null(result) and forget_since(as_pointer(mark) - GC_HEADER, interpreter + INTERP_YOUNG_HEAD, node):
        set_interp_young(interpreter, known)
    show_to_collector(young)
    return result


@helper(runs=True)
def call_with_tuple(function: Object, arguments: Object) -> New:
    """function(*arguments), null with an exception set: the caller looks."""
    return PyObject_Call(function, arguments, NULL)


@helper()
def forget_since(mark: Ptr, head: Ptr, node: Object) -> Bool:
    """The collector forgets what of a tree came into its list after a mark; False if that is not there any more."""
    at = gc_before(head)
    while at != mark and at != head:
        at = gc_before(at)
    if at == head:
        return False
    last = mark
    at = load_pointer(mark, 0)
    while at != head:
        after = load_pointer(at, 0)
        if is_of_tree(as_object(as_int(at + GC_HEADER)), node):
            store_int(at, 0, 0)
            store_int(at, GC_PREVIOUS, load_int(at, GC_PREVIOUS) & GC_FINALIZED)
        else:
            gc_link(last, at)
            last = at
        at = after
    gc_link(last, head)
    return True


@primitive
def is_of_tree(v: Object, node: Object) -> Bool:
    """Whether an object is a node, or of what nodes consist of. Some other objects must be known to the collector till they end."""
    kind = type_pointer(v)
    return kind is PyDict_Type or kind is PyList_Type or PyType_IsSubtype(kind, node) != 0


@entry
def vm_settle(mark: Object, young: Int) -> None:
    """What was made since ``mark`` stays: the collector need not go through it (as after gc.freeze), and knows of ``young`` objects.

    Nothing moves unless the mark is among the young objects still.
    """
    entry_context()
    interpreter = ts_interp(PyThreadState_Get())
    head = interpreter + INTERP_YOUNG_HEAD
    start = as_pointer(mark) - GC_HEADER
    at = gc_before(head)
    while at != start and at != head:
        at = gc_before(at)
    first = load_pointer(start, 0)
    if at == head or first == head:
        return
    last = gc_before(head)
    gc_link(start, head)
    settled = interpreter + INTERP_PERMANENT_HEAD
    gc_link(gc_before(settled), first)
    gc_link(last, settled)
    set_interp_young(interpreter, young)


@primitive
def gc_link(before: Ptr, after: Ptr) -> None:
    store_pointer(before, 0, after)
    store_int(after, GC_PREVIOUS, as_int(before) | (load_int(after, GC_PREVIOUS) & GC_FLAGS))


@primitive
def gc_before(at: Ptr) -> Ptr:
    return as_pointer(load_int(at, GC_PREVIOUS) & GC_POINTER)


@entry
def vm_link(record: Ptr, row: Object, code: Object, registers: Int, number: Int, sizes: Ptr, loop_opcode: Int, count: Int) -> None:
    """Makes the code record of a unit from its row (runtime/records.py), with its instructions, constants and handlers behind it.

    ``sizes`` has a byte, the size in units, for each opcode; ``count`` is the counter of loops.
    """
    entry_context()
    units = var_size(tuple_item(row, 0)) >> 4
    words = record + CODE_RECORD
    constants = words + units * 16
    constant_count = var_size(tuple_item(row, 2)) >> 2
    handlers = constants + constant_count * 8
    handler_bytes = var_size(tuple_item(row, 4))
    memcpy(words, as_pointer(tuple_item(row, 0)) + BYTES_DATA, units * 16)
    memcpy(handlers, as_pointer(tuple_item(row, 4)) + BYTES_DATA, handler_bytes)
    start = as_int(as_pointer(code)) + CODE_INSTRUCTIONS
    offsets = as_pointer(tuple_item(row, 1)) + BYTES_DATA
    link_instructions(words, units, offsets, start, sizes, loop_opcode, count)
    link_constants(constants, constant_count, as_pointer(tuple_item(row, 2)) + BYTES_DATA, tuple_item(row, 3), code)
    set_vm_words(record, words)
    set_vm_constants(record, constants)
    set_vm_handlers(record, handlers)
    set_vm_handler_count(record, handler_bytes // 40)
    set_vm_registers(record, registers)
    set_vm_frame_bytes(record, HEADER + FRAME_SIZE + registers * 8)
    set_vm_first_instr(record, as_pointer(start + load_u32(offsets, 0)))
    set_vm_id(record, number)
    link_signature(record, code)
    set_vm_state(record, CODE_READY)


@helper()
def link_instructions(words: Ptr, units: Int, offsets: Ptr, start: Int, sizes: Ptr, loop_opcode: Int, count: Int) -> None:
    """Fills in the host's instruction pointers, by offsets of four bytes for each unit."""
    unit = 0
    while unit < units:
        at = words + unit * 16
        store_int(at, 8, start + load_u32(offsets, unit * 4))
        opcode = load_int(at, 0) & OPCODE_BITS
        if opcode == loop_opcode:
            store_int(at, 24, count)
        unit = unit + load_byte(sizes, opcode)


@helper()
def link_constants(constants: Ptr, count: Int, places: Ptr, own: Object, code: Object) -> None:
    """Fills in the addresses of the constants: those of the unit itself (0), the host's (1), its names (2)."""
    i = 0
    while i < count:
        place = load_u32(places, i * 4)
        index = place >> 2
        if place & 3 == 0:
            store_pointer(constants, i * 8, as_pointer(tuple_item(own, index)))
        elif place & 3 == 1:
            store_pointer(constants, i * 8, as_pointer(tuple_item(code_consts(code), index)))
        else:
            store_pointer(constants, i * 8, as_pointer(tuple_item(code_names(code), index)))
        i = i + 1


@helper()
def link_signature(record: Ptr, code: Object) -> None:
    """What calls want to know, from the host's code."""
    theirs = code_flags(code)
    flags = ((theirs & 12) >> 1)
    simple = flags == 0 and code_keyword_only(code) == 0
    if simple:
        flags = flags | FLAG_SIMPLE
    if theirs & 1 == 0:
        flags = flags | FLAG_NAMESPACE
    if theirs & 672 != 0:
        if theirs & 128 != 0:
            flags = flags | FLAG_COROUTINE
        elif theirs & 512 != 0:
            flags = flags | FLAG_ASYNC
        if simple and code_cell_count(code) == 0:
            flags = flags | FLAG_GENERATOR
    set_vm_flags(record, flags)
    set_vm_code(record, code)
    set_vm_locals(record, code_nlocalsplus(code))
    set_vm_arguments(record, code_argcount(code))
    set_vm_free_count(record, code_free_count(code))
    set_vm_first_free(record, code_nlocalsplus(code) - code_free_count(code))
    set_vm_keyword_only(record, code_keyword_only(code))
    set_vm_positional_only(record, code_positional_only(code))
    set_vm_names(record, as_pointer(code_variables(code)) + TUPLE_ITEMS)


OPCODE_BITS = 1023
LAST_JUMP_BACK = 176


@entry
def vm_loops(code: Object) -> Int:
    """1 if the body of a module or class loops, or that of a class within; it has not run yet."""
    entry_context()
    if loops_within(code):
        return 1
    return 0


@helper()
def loops_within(code: Object) -> Bool:
    at = as_pointer(code) + CODE_INSTRUCTIONS
    end = at + var_size(code) * 2
    while at != end:
        opcode = load_byte(at, 0)
        if unlikely(opcode >= 134) and opcode <= 176:
            if opcode == 140 or opcode == 134 or opcode >= 173:
                return True
        at = at + 2
    constants = code_consts(code)
    i = 0
    while i < var_size(constants):
        inner = tuple_item(constants, i)
        if type_pointer(inner) is type_pointer(code) and (code_flags(inner) & 1) == 0:
            if loops_within(inner):
                return True
        i = i + 1
    return False


@entry
def vm_adopt(function: Object) -> None:
    """Makes a function's vectorcall point to the VM."""
    set_func_vectorcall(function, address_of("vm_vectorcall"))


METHOD_FUNCTION = 16
TYPE_ON_HEAP = 512


@entry
def vm_enter(holder: Object, filename: Object) -> New:
    """Makes the functions of a file's code that a namespace (a dict, or a class's) holds enter the VM, those in method objects and
    properties too. A list of the values that may need more than that: classes, functions with attributes, objects of classes."""
    entry_context()
    return enter_names(holder, filename)


@helper(raises=True)
def enter_names(holder: Object, filename: Object) -> New:
    more = PyList_New(0)
    names = holder
    if (type_flags(type_pointer(holder)) & TYPE_SUBCLASS) != 0:
        names = type_dict(holder)
    cells = local3()
    store_int(cells, 0, 0)
    while PyDict_Next(names, cells, cells + 8, cells + 16) != 0:
        value = load_object(cells, 16)
        if not entered(value, filename):
            PyList_Append(more, value)
    return more


@helper()
def entered(value: Object, filename: Object) -> Bool:
    """Sees to one value of a namespace; False if it may need more."""
    kind = type_pointer(value)
    if kind is PyFunction_Type:
        return function_entered(value, filename)
    if kind is PyStaticMethod_Type or kind is PyClassMethod_Type:
        return function_entered(load_object(as_pointer(value), METHOD_FUNCTION), filename)
    if kind is property_type:
        i = 0
        plain = True
        while i < 3:
            if not function_entered(load_object(as_pointer(value), METHOD_FUNCTION + 8 * i), filename):
                plain = False
            i = i + 1
        return plain
    return (type_flags(kind) & (TYPE_SUBCLASS + TYPE_ON_HEAP)) == 0


@helper()
def function_entered(function: Object, filename: Object) -> Bool:
    """The same for one function, or nothing."""
    if is_null(function):
        return True
    if type_pointer(function) is not PyFunction_Type:
        return False
    theirs = code_filename(func_code(function))
    if theirs is filename or _PyUnicode_EQ(theirs, filename) != 0:
        set_func_vectorcall(function, address_of("vm_vectorcall"))
    return func_dict(function) == NULLP


@entry
def vm_crashed(number: Int) -> None:
    """The last handler of a fatal signal, after faulthandler has shown the Python stack: says how to run without compiled loops.

    Only functions that are safe in a signal handler are called. The signal then has its default effect.
    """
    entry_context()
    write(2, as_pointer(crash_text) + BYTES_DATA, var_size(crash_text))
    signal(number & 127, NULLP)
    kill(getpid(), number & 127)


@entry
def vm_guard(number: Int) -> None:
    """Makes vm_crashed the handler of a signal."""
    entry_context()
    signal(number, address_of("vm_crashed"))
