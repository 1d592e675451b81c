"""What the runtime calls: memory by address, what the collector is not to see, the handler of fatal signals."""
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


FROZEN_EMPTY_STEP = 254
FROZEN_FIRST_ATOM = 4
LOWER_HALF = 4294967295


@entry
def vm_thaw(memory: Int, rows: Int, atoms: Object, steps: Int, count: Int, root: Int) -> New:
    """For the runtime: fills in the addresses in a piece of memory with frozen objects (``runtime/frozen.py``); the one at ``root`` there.

    The atoms are not freed any more: nobody counts the references to them from here.
    """
    set_refcount(atoms, refcount(atoms) + 1)
    items = as_pointer(as_int(atoms) + TUPLE_ITEMS)
    at = as_pointer(memory)
    step = as_pointer(steps)
    end = step + count
    while step != end:
        words = load_byte(step, 0)
        step = step + 1
        if words == 0:
            at = at + FROZEN_EMPTY_STEP * 8
        else:
            at = at + words * 8
            reference = load_int(at, 0)
            row = shift_right(reference, 32)
            if row < FROZEN_FIRST_ATOM:
                store_int(at, 0, load_int(as_pointer(rows), row * 8) + (reference & LOWER_HALF))
            else:
                store_int(at, 0, load_int(items, (row - FROZEN_FIRST_ATOM) * 8))
    v = as_object(memory + root)
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
