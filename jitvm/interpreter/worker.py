"""The thread that runs LLVM beside the program: native from end to end, it never takes the interpreter lock.

It shares one block of words with ``jitvm/backend/worker.py``; ``jitvm/spec/shared.py`` says what each word is. A thread of Python
would wait for the lock before, between and after LLVM's functions, five milliseconds each time, while compiled loops hold it.
"""
from jitvm.rpython.dialect import *

RTLD_NOW = 2
LESS = 5
NAP = 1000
LONGEST_NAP = 64000
END_NAP = 20

MOST_ACTIVE = 4000000

LINK_DYNAMIC = 16
DT_PLTRELSZ = 2
DT_STRTAB = 5
DT_SYMTAB = 6
DT_JMPREL = 23
ELF_SYMBOL = 24
ELF_ROW = 24
R_JUMP_SLOT = 7
PROT_READ_WRITE = 3
ELF_SEGMENTS = 32
ELF_SEGMENT_COUNT = 56
ELF_SEGMENT_BYTES = 56
SEGMENT_ADDRESS = 16
SEGMENT_SIZE = 32
PT_LOAD = 1
PF_W = 2
MADV_DONTNEED = 4
NAME_MEM = 0x6D656D
NAME_NEW = 0x6E5A5F
NAME_DELETE = 0x645A5F


@entry
def vm_worker(block: Ptr) -> Ptr:
    """The thread's main function: takes jobs until it is paused for good. ``block`` is the shared block."""
    entry_context()
    if load_int(block, WORKER_YIELDS) != 0:
        nice(LESS)
    store_int(block, WORKER_PROCESS, getpid())
    store_pointer(block, WORKER_THREAD, pthread_self())
    while True:
        sem_wait(block)
        work_off(block)
    return NULLP


@helper(cold=True)
def work_off(block: Ptr) -> None:
    """Does the jobs that wait. Those whose code must first show that it is worth it are looked at often while it runs, else rarely."""
    left = 1
    nap = NAP
    before = now()
    while left != 0:
        store_int(block, WORKER_BUSY, 1)
        fence(block)
        left = 0
        if load_int(block, WORKER_PAUSED) == 0:
            if work_done() != 0:
                announce(block)
            moment = now()
            left = round_of_jobs(block, moment - before)
            before = moment
        store_int(block, WORKER_BUSY, 0)
        if left != 0:
            if left > WORKER_SLOTS:
                nap = NAP
            elif nap < LONGEST_NAP:
                nap = nap + nap
            usleep(nap)
    library = load_pointer(block, WORKER_LIBRARY)
    if load_int(block, WORKER_PAUSED) == WORKER_CLOSED and library != NULLP:
        let_go(load_int(library, 0))


@helper(cold=True)
def let_go(base: Int) -> None:
    """At exit, beside the host's own work: LLVM's pages are unmapped, which would take the system milliseconds once the host is done.

    They are those of the file, so whoever wants one after all gets it again. ``base``: where the library is, with its ELF header.
    """
    row = as_pointer(base + load_int(as_pointer(base), ELF_SEGMENTS))
    count = load_u32(as_pointer(base), ELF_SEGMENT_COUNT) & 0xFFFF
    while count > 0:
        kind = load_int(row, 0)
        if (kind & 0xFFFFFFFF) == PT_LOAD and (shift_right(kind, 32) & PF_W) == 0:
            start = (base + load_int(row, SEGMENT_ADDRESS)) & -4096
            end = base + load_int(row, SEGMENT_ADDRESS) + load_int(row, SEGMENT_SIZE)
            madvise(as_pointer(start), (end - start + 4095) & -4096, MADV_DONTNEED)
        row = row + ELF_SEGMENT_BYTES
        count = count - 1


@helper(cold=True)
def fence(block: Ptr) -> None:
    """What was stored is seen by others before anything is loaded."""
    sem_post(block)
    sem_wait(block)


@helper(cold=True)
def round_of_jobs(block: Ptr, elapsed: Int) -> Int:
    """Looks at each waiting job once; how many are left that wait, and more than there are slots if the code of one is running."""
    left = 0
    place = 0
    while place < WORKER_SLOTS:
        slot = block + WORKER_QUEUE + 8 * place
        job = load_pointer(slot, 0)
        if job != NULLP:
            if load_int(job, JOB_STATE) != JOB_WAITING:
                store_pointer(slot, 0, NULLP)
            elif load_int(block, WORKER_PAUSED) != 0:
                return 0
            elif worth_it(job, elapsed) != 0:
                compile_job(block, job)
                store_pointer(slot, 0, NULLP)
                announce(block)
            else:
                left = left + 1
                if load_int(job, JOB_ACTIVE) < 0:
                    left = left + WORKER_SLOTS
        place = place + 1
    return left


@helper(cold=True)
def worth_it(job: Ptr, elapsed: Int) -> Int:
    """Whether a job is to be done now: its code, as it is, has run for so long as the job asks (the sign of JOB_ACTIVE: it is running)."""
    work = load_pointer(job, JOB_WORK)
    if work == NULLP:
        return 1
    active = load_int(job, JOB_ACTIVE)
    if active < 0:
        active = 0 - active
    if load_int(work, 0) == 0:
        store_int(job, JOB_ACTIVE, active)
        return 0
    store_int(work, 0, 0)
    active = active + select(elapsed < MOST_ACTIVE, elapsed, MOST_ACTIVE)
    store_int(job, JOB_ACTIVE, 0 - active)
    return as_int(active >= load_int(job, JOB_NEED))


@helper(cold=True)
def now() -> Int:
    """The monotonic clock, in nanoseconds."""
    words = local3()
    clock_gettime(1, words)
    return load_int(words, 0) * 1000000000 + load_int(words, 8)


@helper(cold=True)
def compile_job(block: Ptr, job: Ptr) -> None:
    """Compiles a job's text to an object in memory."""
    state = JOB_FAILED
    if open_llvm(block) != 0:
        machine = machine_of(block, load_int(job, JOB_LEVEL))
        if machine != 0:
            message = local()
            store_int(message, 0, 0)
            context = call_address(load_pointer(block, LLVM_CREATE_CONTEXT))
            module = call_address(load_pointer(block, LLVM_PARSE), context, load_int(job, JOB_TEXT), as_int(message))
            if module != 0:
                call_address(load_pointer(block, LLVM_SET_LAYOUT), module, load_int(block, WORKER_LAYOUT))
                call_address(load_pointer(block, LLVM_SET_TRIPLE), module, load_int(block, WORKER_TRIPLE))
                buffer = call_address(load_pointer(block, LLVM_EMIT), machine, module, 1, as_int(message))
                if buffer != 0:
                    store_int(job, JOB_BUFFER, buffer)
                    store_int(job, JOB_DATA, call_address(load_pointer(block, LLVM_BUFFER_START), buffer))
                    store_int(job, JOB_SIZE, call_address(load_pointer(block, LLVM_BUFFER_SIZE), buffer))
                    state = JOB_DONE
                call_address(load_pointer(block, LLVM_DISPOSE_MODULE), module)
            call_address(load_pointer(block, LLVM_DISPOSE_CONTEXT), context)
    store_int(job, JOB_STATE, state)


@helper(cold=True)
def open_llvm(block: Ptr) -> Int:
    """Opens the library at the first job; 0 if it cannot be used."""
    if load_int(block, WORKER_LIBRARY) != 0:
        return 1
    if load_int(block, WORKER_REFUSED) != 0:
        return 0
    library = dlopen(load_pointer(block, WORKER_PATH), RTLD_NOW)
    if library == NULLP:
        store_int(block, WORKER_REFUSED, 1)
        return 0
    i = 0
    while i < WORKER_FUNCTION_COUNT:
        function = dlsym(library, load_pointer(block, WORKER_NAMES + 8 * i))
        if function == NULLP:
            store_int(block, WORKER_REFUSED, 1)
            return 0
        store_pointer(block, WORKER_FUNCTIONS + 8 * i, function)
        i = i + 1
    call_address(load_pointer(block, LLVM_INITIALIZE_TARGET))
    call_address(load_pointer(block, LLVM_INITIALIZE_PRINTER))
    call_address(load_pointer(block, LLVM_GET_TRIPLE), as_int(block + WORKER_TRIPLE))
    store_pointer(block, WORKER_LIBRARY, library)
    return 1


@helper(cold=True)
def machine_of(block: Ptr, level: Int) -> Int:
    """LLVM's target machine for a level of code generation, made at first use; 0 if there is none."""
    place = block + WORKER_MACHINES + 8 * (level & 3)
    if load_int(place, 0) == 0:
        words = local4()
        triple = load_int(block, WORKER_TRIPLE)
        call_address(load_pointer(block, LLVM_GET_CPU), as_int(words))
        call_address(load_pointer(block, LLVM_GET_FEATURES), as_int(words + 8))
        target = call_address(load_pointer(block, LLVM_GET_TARGET), triple, as_int(words + 16))
        if target == 0:
            return 0
        texts = block + WORKER_TEXTS
        machine = call_address(load_pointer(block, LLVM_CREATE_MACHINE), target, triple, load_int(words, 0), load_int(words, 8),
                               level, load_int(texts, 0), load_int(texts, 8), 0, 1, load_int(texts, 16))
        if machine == 0:
            return 0
        if load_int(block, WORKER_LAYOUT) == 0:
            data = call_address(load_pointer(block, LLVM_CREATE_DATA), machine)
            call_address(load_pointer(block, LLVM_COPY_DATA), data, as_int(block + WORKER_LAYOUT))
        store_int(place, 0, machine)
    return load_int(place, 0)


@entry
def vm_workers_end() -> None:
    """Called when the host is finalised, before the C library's clean-up and LLVM's own: what is under way must not meet that.

    It is not waited for: it is diverted for ever where it next asks for memory. The process ends, and the thread with it.
    """
    entry_context()
    block = as_pointer(workers())
    while block != NULLP:
        atomic("or", block + WORKER_PAUSED, 1)
        block = load_pointer(block, WORKER_NEXT)
    block = as_pointer(workers())
    while block != NULLP:
        if load_int(block, WORKER_PROCESS) == getpid():
            while load_int(block, WORKER_BUSY) != 0 and load_int(block, WORKER_LIBRARY) == 0:
                usleep(END_NAP)  # the library's own beginning is the dynamic loader's, which nobody may leave half done
            if load_int(block, WORKER_BUSY) != 0:
                park(block, load_pointer(block, WORKER_LIBRARY))
        block = load_pointer(block, WORKER_NEXT)


@helper(cold=True)
def park(block: Ptr, library: Ptr) -> None:
    """Waits until a thread is where LLVM calls the C library for memory, with none of its locks: there it stays."""
    divert(library, block + WORKER_DIVERTED, as_int(address_of("vm_park")))
    while load_int(block, WORKER_BUSY) != 0 and load_int(block, WORKER_PARKED) == 0:
        usleep(END_NAP)
    divert(library, block + WORKER_DIVERTED, 0)


@helper(cold=True)
def divert(library: Ptr, kept: Ptr, target: Int) -> None:
    """Has the library's calls of functions that deal with memory go to ``target``; 0: where they went before, which ``kept`` has.

    ``library`` is the dynamic loader's: the base address, the name, the dynamic section, whose words name the rows that fill the table
    through which the library calls others.
    """
    base = load_int(library, 0)
    rows = in_library(base, dynamic_entry(load_pointer(library, LINK_DYNAMIC), DT_JMPREL))
    size = dynamic_entry(load_pointer(library, LINK_DYNAMIC), DT_PLTRELSZ)
    symbols = in_library(base, dynamic_entry(load_pointer(library, LINK_DYNAMIC), DT_SYMTAB))
    strings = in_library(base, dynamic_entry(load_pointer(library, LINK_DYNAMIC), DT_STRTAB))
    place = 0
    count = 0
    while place < size and count < WORKER_MOST_DIVERTED:
        row = as_pointer(rows + place)
        name = as_pointer(strings + load_u32(as_pointer(symbols + ELF_SYMBOL * shift_right(load_int(row, 8), 32)), 0))
        start = load_u32(name, 0) & 0xFFFFFF
        if (load_int(row, 8) & 0xFFFFFFFF) == R_JUMP_SLOT and (start == NAME_MEM or start == NAME_NEW or start == NAME_DELETE):
            slot = as_pointer(base + load_int(row, 0))
            if target == 0:
                if load_int(kept, 8 * count) != 0:
                    store_int(slot, 0, load_int(kept, 8 * count))
            elif mprotect(as_pointer(as_int(slot) & -4096), 4096, PROT_READ_WRITE) == 0:
                store_int(kept, 8 * count, load_int(slot, 0))
                store_int(slot, 0, target)
            else:
                return
            count = count + 1
        place = place + ELF_ROW


@helper(cold=True)
def dynamic_entry(section: Ptr, tag: Int) -> Int:
    """The value of a row of a dynamic section; 0 if there is none."""
    row = section
    while load_int(row, 0) != 0:
        if load_int(row, 0) == tag:
            return load_int(row, 8)
        row = row + 16
    return 0


@helper(cold=True)
def in_library(base: Int, address: Int) -> Int:
    """An address of a dynamic section: some dynamic loaders leave it relative to the base."""
    return select(address < base, address + base, address)


@entry
def vm_park() -> None:
    """Where a thread that runs LLVM ends up when the process ends."""
    entry_context()
    block = as_pointer(workers())
    while block != NULLP:
        if load_pointer(block, WORKER_THREAD) == pthread_self():
            store_int(block, WORKER_PARKED, 1)
        block = load_pointer(block, WORKER_NEXT)
    while True:
        usleep(LONGEST_NAP)


@helper(cold=True)
def announce(block: Ptr) -> None:
    """Something is finished: by a flag for who polls, and a pending call for code on the host. Not while paused: the host may be going.

    On 3.11 a pending call made by another thread than the main one wakes nobody, so the running thread is woken here.
    """
    set_work_done(1)
    store_int(block, WORKER_TELLING, 1)
    fence(block)
    if load_int(block, WORKER_PAUSED) == 0:
        Py_AddPendingCall(address_of("vm_work_done"), NULLP)
        set_interp_eval_breaker(load_pointer(block, WORKER_INTERPRETER), 1)
    store_int(block, WORKER_TELLING, 0)


@entry
def vm_work_done(_argument: Ptr) -> Int:
    """The pending call: in the main thread, with the interpreter lock."""
    entry_context()
    return take_work()


@helper(cold=True)
def take_work() -> Int:
    """Has the runtime take what the worker has finished (vm_ready). -1 with an exception set if one must reach the program."""
    if work_done() == 0:
        return 0
    set_work_done(0)
    return tell(vm_ready, NULLP, NULLP)
