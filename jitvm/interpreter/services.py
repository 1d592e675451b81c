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


@entry
def vm_adopt(function: Object) -> None:
    """Makes a function's vectorcall point to the VM."""
    set_func_vectorcall(function, address_of("vm_vectorcall"))


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
