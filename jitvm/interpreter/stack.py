"""How much of the C stack is left. Compiled code nests on it where it calls itself or what it has not inlined; the interpreter does not,
so that it goes on where half of the stack is used: a program may set a recursion limit as high as CPython allows.
"""
from jitvm.rpython.dialect import *


@primitive
def stack_suffices() -> Bool:
    """Whether compiled code may be entered, as far as the C stack goes."""
    at = stack_pointer()
    return (at > stack_from() and at < stack_until()) or find_stack(at) != 0


@helper(cold=True)
def find_stack(at: Int) -> Int:
    """Finds the bounds of the thread's stack, for the next time; 0 if less than half of it is left at ``at``.

    Nobody knows the bounds of a stack of the program's own making: it is taken to be large enough.
    """
    if at > stack_bottom() and at <= stack_from():
        return 0
    attributes = local12()
    if pthread_getattr_np(pthread_self(), attributes) != 0:
        return 1
    bounds = local3()
    pthread_attr_getstack(attributes, bounds, bounds + 8)
    pthread_attr_destroy(attributes)
    bottom = load_int(bounds, 0)
    size = load_int(bounds, 8)
    if at <= bottom or at >= bottom + size:
        return 1
    set_stack_bottom(bottom)
    set_stack_from(bottom + (size >> 1))
    set_stack_until(bottom + size)
    return as_int(at > stack_from())
