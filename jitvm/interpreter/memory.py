"""Memory from the system in huge pages: pymalloc's arenas, and large blocks of the host's raw allocator.

The page faults of small pages are a fifth of a program that fills large containers. An arena is half of a 2 MiB piece; a block
begins 16 bytes behind a multiple of 2 MiB, which is where its header lies. A bitmap of all MiB of the address space says which are
ours: what the host's own allocators have given goes back to them. Blocks come and go without the interpreter lock and in any
thread, so what is shared is changed by atomic operations alone, and a fork finds nothing locked. ``jitvm/spec/shared.py`` says
what each word is. Memory that is kept for reuse, or open though nobody asked for it, is bounded (setting ``spare_memory``).
"""
from jitvm.rpython.dialect import *

PAGE_BITS = 12
PAGE_BYTES = 4096
PIECE_BYTES = 2097152
PIECE_PAGES = 512
ARENA_BYTES = 1048576
ARENA_BITS = 20
BLOCK_BYTES = 1048576
BLOCK_HEADER = 16
SMALL_AGAIN = 524288
LARGEST = 70368744177664
GROWTH = 8
LEAST_GROWTH = 33554432
MOST_BLOCKS = 4096
EARLY_ARENAS = 2

DOMAIN_RAW = 0
LIMIT_DATA = 2
PROT_NONE = 0
PROT_BOTH = 3
MAP_PRIVATE_ANONYMOUS = 34
MAP_NORESERVE = 16384
MADV_HUGEPAGE = 14
MAP_FAILED = -1


@entry
def vm_memory(spare: Int) -> Ptr:
    """Puts the allocators in place, once; ``spare`` in MiB. The address of the memory block, null where everything stays as it is."""
    entry_context()
    limits = local3()
    if getrlimit(LIMIT_AS, limits) != 0 or load_int(limits, 0) != -1:
        return NULLP
    if getrlimit(LIMIT_DATA, limits) != 0 or load_int(limits, 0) != -1:
        return NULLP
    block = mmap(NULLP, MEMORY_BYTES, PROT_BOTH, MAP_PRIVATE_ANONYMOUS + MAP_NORESERVE, -1, 0)
    if as_int(block) == MAP_FAILED:
        return NULLP
    set_memory(block)
    store_int(block, MEMORY_EARLY, EARLY_ARENAS)
    arenas = spare // 2
    store_int(block, MEMORY_ARENA_LIMIT, select(arenas < 1, 1, select(arenas > MEMORY_ARENA_SLOTS, MEMORY_ARENA_SLOTS, arenas)))
    store_int(block, MEMORY_SPARE_LIMIT, (spare - arenas) << (ARENA_BITS - PAGE_BITS))
    words = local5()
    PyObject_GetArenaAllocator(block + MEMORY_ARENA)
    store_int(words, 0, 0)
    store_pointer(words, 8, address_of("vm_arena_new"))
    store_pointer(words, 16, address_of("vm_arena_free"))
    PyObject_SetArenaAllocator(words)
    PyMem_GetAllocator(DOMAIN_RAW, block + MEMORY_RAW)
    if sizes_known(block) != 0:
        store_pointer(words, 8, address_of("vm_raw_malloc"))
        store_pointer(words, 16, address_of("vm_raw_calloc"))
        store_pointer(words, 24, address_of("vm_raw_realloc"))
        store_pointer(words, 32, address_of("vm_raw_free"))
        PyMem_SetAllocator(DOMAIN_RAW, words)
    return block


@helper(cold=True)
def sizes_known(block: Ptr) -> Int:
    """Whether malloc_usable_size speaks of the allocator that the host uses: another library's could have taken the place of one."""
    size = 24
    known = 1
    while size < BLOCK_BYTES:
        place = former_malloc(block, size)
        if place == NULLP:
            return 0
        usable = malloc_usable_size(place)
        if usable < size or usable > size + size + PAGE_BYTES:
            known = 0
        former_free(block, place)
        size = size * 8
    return known


# -- the host's former allocators


@primitive
def former_malloc(block: Ptr, size: Int) -> Ptr:
    """The host's raw malloc."""
    return call_pair(load_pointer(block, MEMORY_RAW + 8), load_pointer(block, MEMORY_RAW), size)


@primitive
def former_realloc(block: Ptr, place: Ptr, size: Int) -> Ptr:
    """The host's raw realloc."""
    return as_pointer(call_address(load_pointer(block, MEMORY_RAW + 24), load_int(block, MEMORY_RAW), as_int(place), size))


@primitive
def former_free(block: Ptr, place: Ptr) -> None:
    """The host's raw free."""
    call_address(load_pointer(block, MEMORY_RAW + 32), load_int(block, MEMORY_RAW), as_int(place))


# -- which MiB are ours


@primitive
def is_ours(block: Ptr, place: Ptr) -> Bool:
    """Whether the MiB in which ``place`` lies was mapped here."""
    number = shift_right(as_int(place), ARENA_BITS)
    if not below(number, MEMORY_MAP_BITS):
        return False
    return (shift_right(load_int(block + MEMORY_MAP, shift_right(number, 6) << 3), number & 63) & 1) != 0


@helper()
def mark(block: Ptr, place: Ptr) -> Int:
    """Says that the MiB at ``place`` is ours. 0 where the bitmap does not reach."""
    number = shift_right(as_int(place), ARENA_BITS)
    if not below(number, MEMORY_MAP_BITS):
        return 0
    atomic("or", block + MEMORY_MAP + (shift_right(number, 6) << 3), 1 << (number & 63))
    return 1


@helper()
def unmark(block: Ptr, place: Ptr) -> None:
    """Says that the MiB at ``place`` is not ours any more; to be done before it is given back."""
    number = shift_right(as_int(place), ARENA_BITS)
    atomic("and", block + MEMORY_MAP + (shift_right(number, 6) << 3), ~(1 << (number & 63)))


@helper()
def map_pieces(size: Int, protection: Int) -> Ptr:
    """Maps ``size`` bytes, a multiple of 2 MiB, at such a multiple, in huge pages where the system has them. Null: there is no room."""
    place = mmap(NULLP, size, protection, MAP_PRIVATE_ANONYMOUS, -1, 0)
    if as_int(place) == MAP_FAILED:
        return NULLP
    if (as_int(place) & (PIECE_BYTES - 1)) != 0:
        munmap(place, size)
        place = mmap(NULLP, size + PIECE_BYTES, protection, MAP_PRIVATE_ANONYMOUS, -1, 0)
        if as_int(place) == MAP_FAILED:
            return NULLP
        before = (0 - as_int(place)) & (PIECE_BYTES - 1)
        if before != 0:
            munmap(place, before)
        place = place + before
        if before != PIECE_BYTES:
            munmap(place + size, PIECE_BYTES - before)
    madvise(place, size, MADV_HUGEPAGE)
    return place


# -- arenas


@entry
def vm_arena_new(_context: Ptr, size: Int) -> Ptr:
    """The arena allocator's alloc. The first few arenas are the host's: a short script would not fill a piece."""
    entry_context()
    block = as_pointer(memory())
    if size == ARENA_BYTES:
        early = load_int(block, MEMORY_EARLY)
        if early == 0:
            arena = kept_arena(block)
            if arena == NULLP:
                arena = new_arena(block)
            if arena != NULLP:
                return arena
        else:
            store_int(block, MEMORY_EARLY, early - 1)
    return call_pair(load_pointer(block, MEMORY_ARENA + 8), load_pointer(block, MEMORY_ARENA), size)


@helper()
def kept_arena(block: Ptr) -> Ptr:
    """A free arena, or null."""
    slot = block + MEMORY_ARENAS
    end = slot + 8 * load_int(block, MEMORY_ARENA_LIMIT)
    while slot < end:
        arena = load_int(slot, 0)
        if arena != 0 and swap_if(slot, arena, 0):
            return as_pointer(arena)
        slot = slot + 8
    return NULLP


@helper()
def keep_arena(block: Ptr, arena: Ptr) -> Int:
    """Keeps a free arena for later. 0: there are enough."""
    slot = block + MEMORY_ARENAS
    end = slot + 8 * load_int(block, MEMORY_ARENA_LIMIT)
    while slot < end:
        if load_int(slot, 0) == 0 and swap_if(slot, 0, as_int(arena)):
            return 1
        slot = slot + 8
    return 0


@helper()
def drop_kept(block: Ptr, arena: Ptr) -> Int:
    """Takes this very arena from those that are kept. 0: it is not among them."""
    slot = block + MEMORY_ARENAS
    end = slot + 8 * load_int(block, MEMORY_ARENA_LIMIT)
    while slot < end:
        if load_int(slot, 0) == as_int(arena) and swap_if(slot, as_int(arena), 0):
            return 1
        slot = slot + 8
    return 0


@helper()
def new_arena(block: Ptr) -> Ptr:
    """The first half of a new piece; the other is kept. Null: there is no memory."""
    arena = map_pieces(PIECE_BYTES, PROT_BOTH)
    if arena == NULLP:
        return NULLP
    if mark(block, arena) == 0:
        munmap(arena, PIECE_BYTES)
        return NULLP
    mark(block, arena + ARENA_BYTES)
    if keep_arena(block, arena + ARENA_BYTES) == 0:
        give_back(block, arena + ARENA_BYTES, ARENA_BYTES)
    atomic("add", block + MEMORY_PIECES, 1)
    return arena


@helper()
def give_back(block: Ptr, arena: Ptr, size: Int) -> None:
    """Gives one or two arenas back to the system."""
    unmark(block, arena)
    if size != ARENA_BYTES:
        unmark(block, arena + ARENA_BYTES)
    munmap(arena, size)


@entry
def vm_arena_free(_context: Ptr, place: Ptr, size: Int) -> None:
    """The arena allocator's free: keeps the arena, or gives it back, together with the piece's other half if that is free as well."""
    entry_context()
    block = as_pointer(memory())
    if size != ARENA_BYTES or not is_ours(block, place):
        call_release(load_pointer(block, MEMORY_ARENA + 16), load_pointer(block, MEMORY_ARENA), place, size)
        return
    if keep_arena(block, place) != 0:
        return
    other = as_pointer(as_int(place) ^ ARENA_BYTES)
    if drop_kept(block, other) != 0:
        give_back(block, as_pointer(as_int(place) & ~ARENA_BYTES), PIECE_BYTES)
    else:
        give_back(block, place, ARENA_BYTES)


# -- large blocks: a reservation, the open part at its beginning, the header in its first bytes


@entry
def vm_raw_malloc(_context: Ptr, size: Int) -> Ptr:
    """PyMem_RawMalloc."""
    entry_context()
    block = as_pointer(memory())
    if unlikely(not below(size, BLOCK_BYTES)):
        place = new_block(block, size, 0, 0)
        if place != NULLP:
            return place
    return former_malloc(block, size)


@entry
def vm_raw_calloc(_context: Ptr, count: Int, size: Int) -> Ptr:
    """PyMem_RawCalloc: large blocks are fresh from the system, hence zero."""
    entry_context()
    block = as_pointer(memory())
    if multiply_high(count, size) == 0 and not below(count * size, BLOCK_BYTES):
        place = new_block(block, count * size, 0, 1)
        if place != NULLP:
            return place
    return as_pointer(call_address(load_pointer(block, MEMORY_RAW + 16), load_int(block, MEMORY_RAW), count, size))


@entry
def vm_raw_free(_context: Ptr, place: Ptr) -> None:
    """PyMem_RawFree."""
    entry_context()
    block = as_pointer(memory())
    if unlikely(is_block(block, place)):
        free_block(block, place - BLOCK_HEADER)
        return
    former_free(block, place)


@entry
def vm_raw_realloc(_context: Ptr, place: Ptr, size: Int) -> Ptr:
    """PyMem_RawRealloc: what grows becomes a large block, a large block that gets small becomes one of the host's."""
    entry_context()
    block = as_pointer(memory())
    if unlikely(is_block(block, place)):
        return resize_block(block, place, size)
    if unlikely(not below(size, BLOCK_BYTES)):
        moved = grow_to_block(block, place, size)
        if moved != NULLP:
            return moved
    return former_realloc(block, place, size)


@primitive
def is_block(block: Ptr, place: Ptr) -> Bool:
    """Whether ``place`` is what new_block has given."""
    return (as_int(place) & (PIECE_BYTES - 1)) == BLOCK_HEADER and is_ours(block, place)


@primitive
def page_up(size: Int) -> Int:
    """Rounds up to whole pages."""
    return (size + (PAGE_BYTES - 1)) & (0 - PAGE_BYTES)


@primitive
def piece_up(size: Int) -> Int:
    """Rounds up to whole pieces."""
    return (size + (PIECE_BYTES - 1)) & (0 - PIECE_BYTES)


@helper()
def spend(block: Ptr, pages: Int) -> Int:
    """Counts pages that are open though nobody needs them (less than 0: as many are needed now). 0: there are enough of them."""
    before = atomic("add", block + MEMORY_SPARE, pages)
    if pages > 0 and before + pages > load_int(block, MEMORY_SPARE_LIMIT):
        atomic("add", block + MEMORY_SPARE, 0 - pages)
        return 0
    return 1


@helper()
def describe_block(base: Ptr, reserved: Int, opened: Int, spare: Int) -> None:
    """Writes a block's header: bytes that are mapped, bytes of them that are open, pages of these that were counted as spare."""
    store_int(base, 0, ((reserved >> PAGE_BITS) << 32) + spare)
    store_int(base, 8, opened)


@primitive
def block_reserved(base: Ptr) -> Int:
    return shift_right(load_int(base, 0), 32) << PAGE_BITS


@primitive
def block_spare(base: Ptr) -> Int:
    return load_int(base, 0) & 4294967295


@primitive
def size_class(size: Int) -> Int:
    """The largest power of two that is not above ``size``."""
    bit = BLOCK_BYTES
    while bit + bit <= size:
        bit = bit + bit
    return bit


@helper()
def new_block(block: Ptr, size: Int, grows: Int, zero: Int) -> Ptr:
    """A large block, null where it is the host's turn. One that grows gets addresses to grow into."""
    if not below(size, LARGEST):
        return NULLP
    need = page_up(size + BLOCK_HEADER)
    asked = size_class(need)
    if grows != 0:
        asked = 0 - asked
    asked = asked & load_int(block, MEMORY_FREED)
    if (asked & ~load_int(block, MEMORY_WANTED)) != 0:
        atomic("or", block + MEMORY_WANTED, asked)
    if atomic("add", block + MEMORY_BLOCKS, 1) < MOST_BLOCKS:
        base = NULLP
        if zero == 0:
            base = kept_block(block, need, grows)
        if base == NULLP:
            base = map_block(block, need, grows)
        if base != NULLP:
            return base + BLOCK_HEADER
    atomic("add", block + MEMORY_BLOCKS, -1)
    return NULLP


@helper()
def map_block(block: Ptr, need: Int, grows: Int) -> Ptr:
    """Maps a block with ``need`` bytes open, and the rest of the last huge page if that may be. Null: there is no memory."""
    opened = piece_up(need)
    spare = (opened - need) >> PAGE_BITS
    reserved = opened
    protection = PROT_BOTH
    if grows != 0:
        reserved = piece_up(select(need * GROWTH < LEAST_GROWTH, LEAST_GROWTH, need * GROWTH))
        protection = PROT_NONE
    base = map_pieces(reserved, protection)
    if base == NULLP:
        return NULLP
    if spend(block, spare) == 0:
        opened = need
        spare = 0
    bad = 0
    if grows != 0:
        bad = mprotect(base, opened, PROT_BOTH)
    elif opened != reserved:
        munmap(base + opened, reserved - opened)
        reserved = opened
    if bad == 0 and mark(block, base) != 0:
        describe_block(base, reserved, opened, spare)
        return base
    spend(block, 0 - spare)
    munmap(base, reserved)
    return NULLP


@helper()
def kept_block(block: Ptr, need: Int, grows: Int) -> Ptr:
    """A block that is kept and fits: for one that grows, any that is large enough. Null: there is none."""
    slot = block + MEMORY_KEPT
    end = slot + 8 * MEMORY_KEPT_SLOTS
    while slot < end:
        word = load_int(slot, 0)
        pages = word & (PIECE_BYTES - 1)
        spare = pages - (need >> PAGE_BITS)
        if word != 0 and spare >= 0 and (grows != 0 or spare < PIECE_PAGES) and swap_if(slot, word, 0):
            base = as_pointer(word - pages)
            spend(block, spare - pages)
            describe_block(base, block_reserved(base), pages << PAGE_BITS, spare)
            return base
        slot = slot + 8
    return NULLP


@helper()
def free_block(block: Ptr, base: Ptr) -> None:
    """Gives a block back to the system. It is kept for later where a block as large was asked for after one had been freed:
    a dict that grows frees small tables for larger ones, and asks for none of them again.
    """
    opened = load_int(base, 8)
    pages = opened >> PAGE_BITS
    spare = block_spare(base)
    kind = size_class(opened)
    atomic("add", block + MEMORY_BLOCKS, -1)
    atomic("or", block + MEMORY_FREED, kind)
    if pages < PIECE_BYTES and (load_int(block, MEMORY_WANTED) & kind) != 0 and make_room(block, pages - spare) != 0:
        spare = pages
        slot = block + MEMORY_KEPT
        end = slot + 8 * MEMORY_KEPT_SLOTS
        while slot < end:
            if load_int(slot, 0) == 0 and swap_if(slot, 0, as_int(base) + pages):
                return
            slot = slot + 8
    drop_block(block, base, spare)


@helper()
def drop_block(block: Ptr, base: Ptr, spare: Int) -> None:
    """Gives a block back to the system; so many pages of it were counted as spare."""
    spend(block, 0 - spare)
    unmark(block, base)
    munmap(base, block_reserved(base))


@helper()
def make_room(block: Ptr, pages: Int) -> Int:
    """As spend, but drops what was kept before rather than refuse."""
    if pages > load_int(block, MEMORY_SPARE_LIMIT):
        return 0
    tries = 0
    while spend(block, pages) == 0:
        slot = block + MEMORY_KEPT + 8 * (atomic("add", block + MEMORY_HAND, 1) & (MEMORY_KEPT_SLOTS - 1))
        word = load_int(slot, 0)
        if word != 0 and swap_if(slot, word, 0):
            kept = word & (PIECE_BYTES - 1)
            drop_block(block, as_pointer(word - kept), kept)
        tries = tries + 1
        if tries > MEMORY_KEPT_SLOTS:
            return 0
    return 1


@helper()
def grow_to_block(block: Ptr, place: Ptr, size: Int) -> Ptr:
    """Moves what the host has given into a large block. Null, and nothing done, where it is large already or there is no memory."""
    used = 0
    if place != NULLP:
        used = malloc_usable_size(place)
        if used >= BLOCK_BYTES:
            return NULLP
    moved = new_block(block, size, as_int(used != 0), 0)
    if moved != NULLP and used != 0:
        memcpy(moved, place, used)
        former_free(block, place)
    return moved


@helper()
def resize_block(block: Ptr, place: Ptr, size: Int) -> Ptr:
    """Resizes a large block, where it is if that can be. Null, and nothing done, where there is no memory."""
    base = place - BLOCK_HEADER
    opened = load_int(base, 8)
    if below(size, SMALL_AGAIN):
        moved = former_malloc(block, size)
        if moved == NULLP:
            return NULLP
        memcpy(moved, place, size)
        free_block(block, base)
        return moved
    if not below(size, LARGEST):
        return NULLP
    need = page_up(size + BLOCK_HEADER)
    if need <= opened:
        shrink_block(block, base, need)
        return place
    if need <= block_reserved(base) and open_block(block, base, need) != 0:
        return place
    wider = new_block(block, size, 1, 0)
    if wider == NULLP:
        wider = former_malloc(block, size)
        if wider == NULLP:
            return NULLP
    memcpy(wider, place, opened - BLOCK_HEADER)
    free_block(block, base)
    return wider


@helper()
def shrink_block(block: Ptr, base: Ptr, need: Int) -> None:
    """A block needs ``need`` bytes of what is open: the rest is spare, or given back."""
    opened = load_int(base, 8)
    spare = (opened - need) >> PAGE_BITS
    if spend(block, spare - block_spare(base)) != 0:
        describe_block(base, block_reserved(base), opened, spare)
    else:
        spend(block, 0 - block_spare(base))
        munmap(base + need, block_reserved(base) - need)
        describe_block(base, need, need, 0)


@helper()
def open_block(block: Ptr, base: Ptr, need: Int) -> Int:
    """Opens more of what a block has reserved, whole huge pages if that may be. 0: the system refuses."""
    reserved = block_reserved(base)
    opened = load_int(base, 8)
    wanted = piece_up(need)
    spare = (wanted - need) >> PAGE_BITS
    if wanted > reserved or spend(block, spare) == 0:
        wanted = need
        spare = 0
    if mprotect(base + opened, wanted - opened, PROT_BOTH) != 0:
        spend(block, 0 - spare)
        return 0
    spend(block, 0 - block_spare(base))
    describe_block(base, reserved, wanted, spare)
    return 1
