"""Samples for ``jitvm explain``: a signal's handler that writes down what the thread was doing, nothing else."""
from jitvm.interpreter.worker import now
from jitvm.rpython.dialect import *

MACHINE_R12 = 72
MACHINE_SP = 160
MACHINE_IP = 168


@entry
def vm_sample(_number: Int, _info: Ptr, machine: Ptr) -> None:
    """The handler of a timer's signal. ``machine`` is the C library's ucontext_t of x86-64 Linux, which has the registers.

    Handlers of bytecodes get the program counter in the first register of LLVM's ``preserve_none`` calling convention, r12. The top of the
    stack tells what has called the C function that runs. Where the frame is being changed its words are of no use; who reads them checks.
    """
    entry_context()
    block = as_pointer(samples())
    if block == NULLP or load_int(block, SAMPLES_COUNT) >= SAMPLES_MOST:
        return
    row = block + SAMPLES_ROWS + SAMPLE_BYTES * load_int(block, SAMPLES_COUNT)
    store_int(row, SAMPLE_IP, load_int(machine, MACHINE_IP))
    store_int(row, SAMPLE_PC, load_int(machine, MACHINE_R12))
    frame = cframe_frame(ts_cframe(load_pointer(block, SAMPLES_THREAD)))
    if frame != NULLP:
        store_int(row, SAMPLE_CODE, as_int(frame_code(frame)))
        store_int(row, SAMPLE_INSTRUCTION, as_int(frame_instr(frame)))
    store_int(row, SAMPLE_LIMIT, load_int(load_pointer(block, SAMPLES_LIMIT), 0))
    store_int(row, SAMPLE_TIME, now())
    stack = as_pointer(load_int(machine, MACHINE_SP))
    i = 0
    while i < SAMPLE_STACK_WORDS:
        store_int(row, SAMPLE_STACK + 8 * i, load_int(stack, 8 * i))
        i = i + 1
    store_int(block, SAMPLES_COUNT, load_int(block, SAMPLES_COUNT) + 1)
