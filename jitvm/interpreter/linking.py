"""Code records made of what is stored of a unit, and functions of modules that the host has run: how they come to enter the VM."""
from jitvm.rpython.dialect import *


@entry
def vm_link(record: Ptr, row: Object, code: Object, registers: Int, number: Int, sizes: Ptr, count: Int) -> None:
    """Makes the code record of a unit from its row (runtime/records.py), with its instructions, constants and handlers behind it.

    ``sizes`` has a byte, the size in units, for each opcode; ``count`` is the counter of loops.
    """
    entry_context()
    units = var_size(tuple_item(row, ROW_WORDS)) // UNIT
    words = record + CODE_RECORD
    constants = words + units * UNIT
    constant_count = var_size(tuple_item(row, ROW_PLACES)) >> 2
    handlers = constants + constant_count * 8
    handler_bytes = var_size(tuple_item(row, ROW_HANDLERS))
    memcpy(words, as_pointer(tuple_item(row, ROW_WORDS)) + BYTES_DATA, units * UNIT)
    memcpy(handlers, as_pointer(tuple_item(row, ROW_HANDLERS)) + BYTES_DATA, handler_bytes)
    start = as_int(as_pointer(code)) + CODE_INSTRUCTIONS
    offsets = as_pointer(tuple_item(row, ROW_OFFSETS)) + BYTES_DATA
    link_instructions(words, units, offsets, start, sizes, count)
    link_constants(constants, constant_count, as_pointer(tuple_item(row, ROW_PLACES)) + BYTES_DATA, tuple_item(row, ROW_OWN), code)
    set_vm_words(record, words)
    set_vm_constants(record, constants)
    set_vm_handlers(record, handlers)
    set_vm_handler_count(record, handler_bytes // HANDLER_BYTES)
    set_vm_registers(record, registers)
    set_vm_frame_bytes(record, HEADER + FRAME_SIZE + registers * 8)
    set_vm_first_instr(record, as_pointer(start + load_u32(offsets, 0)))
    set_vm_id(record, number)
    link_signature(record, code)
    set_vm_state(record, CODE_READY)


@helper()
def link_instructions(words: Ptr, units: Int, offsets: Ptr, start: Int, sizes: Ptr, count: Int) -> None:
    """Fills in the host's instruction pointers, by offsets of four bytes for each unit."""
    unit = 0
    while unit < units:
        at = words + unit * UNIT
        store_int(at, 8, start + load_u32(offsets, unit * 4))
        opcode = load_int(at, 0) & OPCODE_MASK
        if opcode == LOOP:
            store_int(at, COUNTER, count)
        unit = unit + load_byte(sizes, opcode)


@helper()
def link_constants(constants: Ptr, count: Int, places: Ptr, own: Object, code: Object) -> None:
    """Fills in the addresses of the constants: those of the unit itself, the host's, its names."""
    i = 0
    while i < count:
        place = load_u32(places, i * 4)
        index = place >> PLACE_BITS
        kind = place & ((1 << PLACE_BITS) - 1)
        if kind == PLACE_OWN:
            store_pointer(constants, i * 8, as_pointer(tuple_item(own, index)))
        elif kind == PLACE_CONSTANT:
            store_pointer(constants, i * 8, as_pointer(tuple_item(code_consts(code), index)))
        else:
            store_pointer(constants, i * 8, as_pointer(tuple_item(code_names(code), index)))
        i = i + 1


@helper()
def link_signature(record: Ptr, code: Object) -> None:
    """What calls want to know, from the host's code."""
    theirs = code_flags(code)
    flags = 0
    if theirs & CO_VARARGS != 0:
        flags = FLAG_VARARGS
    if theirs & CO_VARKEYWORDS != 0:
        flags = flags | FLAG_VARKEYWORDS
    simple = flags == 0 and code_keyword_only(code) == 0
    if simple:
        flags = flags | FLAG_SIMPLE
    if theirs & CO_OPTIMIZED == 0:
        flags = flags | FLAG_NAMESPACE
    if theirs & CO_SUSPENDS != 0:
        if theirs & CO_COROUTINE != 0:
            flags = flags | FLAG_COROUTINE
        elif theirs & CO_ASYNC_GENERATOR != 0:
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
        if unlikely(opcode >= HOST_JUMP_BACK_QUIETLY) and opcode <= HOST_LAST_JUMP_BACK:
            if opcode == HOST_JUMP_BACK_QUIETLY or opcode == HOST_JUMP_BACK or opcode >= HOST_FIRST_JUMP_BACK:
                return True
        at = at + 2
    constants = code_consts(code)
    i = 0
    while i < var_size(constants):
        inner = tuple_item(constants, i)
        if type_pointer(inner) is type_pointer(code) and (code_flags(inner) & CO_OPTIMIZED) == 0:
            if loops_within(inner):
                return True
        i = i + 1
    return False


@entry
def vm_adopt(function: Object) -> None:
    """Makes a function's vectorcall point to the VM."""
    set_func_vectorcall(function, address_of("vm_vectorcall"))


TYPE_ON_HEAP = 512
PROPERTY_FUNCTIONS = 3


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
        return function_entered(method_function(value), filename)
    if kind is property_type:
        i = 0
        plain = True
        while i < PROPERTY_FUNCTIONS:
            if not function_entered(load_object(as_pointer(value), PROPERTY_FIRST + 8 * i), filename):
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
