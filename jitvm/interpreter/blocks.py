"""Small blocks of pymalloc, taken from its pools without a call: most of what making an int, a float or a short string costs.

A pool of 16 KiB has blocks of one size; the pools of a size that have room form a ring, whose head lies in a table of the host. The
layout is that of CPython 3.11's Objects/obmalloc.c (``struct pool_header``, ``usedpools``, ``pymalloc_alloc``); ``vm_pools`` finds the
table and tests that blocks come as expected. What needs a pool from an arena, or gives the last block of one away, is left to the host.
Blocks are freed by the host. While tracemalloc traces, and once another allocator is in place, all of them are the host's.
"""
from jitvm.rpython.dialect import *

DOMAIN_OBJECT = 2
MOST_POOLS = 4096


@primitive
def pool_words() -> Ptr:
    """What is known of the pools, for both contexts (``jitvm/spec/shared.py``)."""
    return as_pointer(pools())


@helper(spare=True, quiet=True)
def small_block(row: Int) -> Ptr:
    """A block of 16 * (``row`` + 1) bytes, at most 512; null where the host is to be asked."""
    if unlikely(load_i32(_Py_tracemalloc_config, TRACEMALLOC_TRACING) != 0):
        return NULLP
    head = load_pointer(pool_words(), POOLS_TABLE) + row * 16
    pool = load_pointer(head, POOL_NEXT)
    if pool == head:
        return NULLP
    block = load_pointer(pool, POOL_FREE)
    following = load_pointer(block, 0)
    if following == NULLP:
        offset = load_u32(pool, POOL_OFFSET)
        if offset > load_u32(pool, POOL_LAST):
            return NULLP
        following = pool + offset
        store_u32(pool, POOL_OFFSET, offset + (row + 1) * 16)
        store_int(following, 0, 0)
    store_pointer(pool, POOL_FREE, following)
    store_u32(pool, POOL_COUNT, load_u32(pool, POOL_COUNT) + 1)
    return block


@helper(cold=True, spare=True, quiet=True)
def watch_allocator() -> None:
    """Before the host is asked for a block: notices where another allocator is in place by now."""
    words = local5()
    PyMem_GetAllocator(DOMAIN_OBJECT, words)
    if load_int(words, 8) != load_int(pool_words(), POOLS_MALLOC) or load_int(words, 0) != load_int(pool_words(), POOLS_SELF):
        forget_pools()


@helper(cold=True, quiet=True)
def forget_pools() -> None:
    """From now on no pool is found: the heads of an empty table point to themselves."""
    table = pool_words() + POOLS_EMPTY
    row = 0
    while row < POOL_ROWS:
        store_pointer(table + row * 16, POOL_NEXT, table + row * 16)
        row = row + 1
    store_pointer(pool_words(), POOLS_TABLE, table)


@entry
def vm_pools(usual: Int) -> Int:
    """Finds the host's table of pools, where ``usual`` says that pymalloc is in place. 0 where that is not as expected."""
    entry_context()
    forget_pools()
    if usual == 0:
        return 0
    words = local5()
    PyMem_GetAllocator(DOMAIN_OBJECT, words)
    store_int(pool_words(), POOLS_SELF, load_int(words, 0))
    store_int(pool_words(), POOLS_MALLOC, load_int(words, 8))
    head = ring_head(1)
    if head == NULLP:
        return 0
    table = head - 16
    row = 1
    while row < 5:
        if comes_as_expected(table + row * 16, row) == 0:
            return 0
        row = row + 1
    store_pointer(pool_words(), POOLS_TABLE, table)
    return 1


@helper(cold=True)
def ring_head(row: Int) -> Ptr:
    """The head of the ring of pools with room, found from a pool; null if there is none."""
    first = PyObject_Malloc(16 * (row + 1))
    pool = as_pointer(as_int(first) & POOL_MASK)
    if load_u32(pool, POOL_ROW) != row or load_pointer(pool, POOL_FREE) == NULLP:
        PyObject_Free(first)
        return NULLP
    at = pool
    count = 0
    while count < MOST_POOLS and (as_int(at) & ~POOL_MASK) == 0:
        at = load_pointer(at, POOL_NEXT)
        count = count + 1
    PyObject_Free(first)
    if count == MOST_POOLS:
        return NULLP
    return at


@helper(cold=True)
def comes_as_expected(head: Ptr, row: Int) -> Int:
    """1 where the next block of a size comes from the first pool of its ring, and is counted there, or there is none."""
    pool = load_pointer(head, POOL_NEXT)
    if pool == head:
        return 1
    if (as_int(pool) & ~POOL_MASK) != 0:
        return 0
    if load_pointer(pool, POOL_PREVIOUS) != head or load_u32(pool, POOL_ROW) != row:
        return 0
    expected = load_pointer(pool, POOL_FREE)
    following = load_pointer(expected, 0)
    count = load_u32(pool, POOL_COUNT)
    offset = load_u32(pool, POOL_OFFSET)
    block = PyObject_Malloc(16 * (row + 1))
    good = 0
    if block == expected and load_u32(pool, POOL_COUNT) == count + 1:
        good = 1
        if following != NULLP:
            if load_pointer(pool, POOL_FREE) != following or load_u32(pool, POOL_OFFSET) != offset:
                good = 0
        elif offset <= load_u32(pool, POOL_LAST):
            if load_pointer(pool, POOL_FREE) != pool + offset or load_u32(pool, POOL_OFFSET) != offset + 16 * (row + 1):
                good = 0
    PyObject_Free(block)
    if load_u32(pool, POOL_COUNT) != count:
        return 0
    return good
