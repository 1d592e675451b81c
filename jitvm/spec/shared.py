"""Memory that native code and the runtime share, as constants of restricted Python: the queue of the compiler thread, the table of texts,
what the allocators keep.

Offsets are in bytes. Not on the path of a short script.
"""
from __future__ import annotations

from jitvm.spec.bytecodes import BYTECODES, COUNTER, HANDLER_WORDS, OPCODE_MASK, OPCODES, PLACE, PLACE_BITS, ROW, UNIT
from jitvm.spec.cfunctions import CELL_COUNT, CELL_WORDS, FORMAT_SET_WORDS, KEPT_LEVELS, MOST_INSTANCE_VALUES, NO_TABLE_YET, READY_COUNT

LLVM_FUNCTIONS = {
    "LLVM_INITIALIZE_TARGET": "InitializeNativeTarget",
    "LLVM_INITIALIZE_PRINTER": "InitializeNativeAsmPrinter",
    "LLVM_GET_TRIPLE": "GetProcessTriple",
    "LLVM_GET_CPU": "GetHostCPUName",
    "LLVM_GET_FEATURES": "GetHostCPUFeatures",
    "LLVM_GET_TARGET": "GetTargetFromTriple",
    "LLVM_CREATE_MACHINE": "CreateTargetMachine",
    "LLVM_CREATE_DATA": "CreateTargetMachineData",
    "LLVM_COPY_DATA": "CopyStringRepOfTargetData",
    "LLVM_CREATE_CONTEXT": "ContextCreate",
    "LLVM_DISPOSE_CONTEXT": "ContextDispose",
    "LLVM_PARSE": "ParseAssembly",
    "LLVM_DISPOSE_MODULE": "DisposeModule",
    "LLVM_SET_LAYOUT": "SetDataLayout",
    "LLVM_SET_TRIPLE": "SetTarget",
    "LLVM_EMIT": "TargetMachineEmitToMemory",
    "LLVM_BUFFER_START": "GetBufferStart",
    "LLVM_BUFFER_SIZE": "GetBufferSize",
    "LLVM_DISPOSE_BUFFER": "DisposeMemoryBuffer",
}
"""The functions that the compiler thread calls: the constant that is the place of each in the block, and its name after ``LLVMPY_``."""

_ARENA_SLOTS, _KEPT_SLOTS = 64, 16
_MAP_BITS = 1 << 27
"""A bit for each MiB of the address space of a process."""
_ARENAS = 192
_KEPT = _ARENAS + 8 * _ARENA_SLOTS
_MAP = 4096

_FUNCTIONS = 128
_NAMES = 320

_BYTES = {row.name: UNIT * row.size for row in BYTECODES}
_SIZED = {"LOOP": "loop", "FOR": "for_iter", "CALL": "call", "LOAD_ATTR": "load_attr", "RESUME": "resume"}
"""Bytecodes behind which, with their caches, handlers go on."""

_EXITS = "INT FLOAT OWNED SHARED EMPTY CONSTANT DROPPED FRAME GLOBAL_OWNED GLOBAL_SHARED RESUMED WAITING IMPLIED WORD"
_IMPLIED = ("OPERATOR INPLACE ITEM STORE_ITEM PROPERTY ENTER LEAVE MAP FILTER", "COMPARE IF UNLESS INIT")
_IMPLIED_FIRST, _IMPLIED_DEEP = 4, 16
"""Kinds of implied calls; the second ones count against the recursion limit once more, as the host's functions do."""

CONSTANTS = {
    "OPCODE_MASK": OPCODE_MASK,
    "LOOP": OPCODES["loop"],
    "UNIT": UNIT,
    **{name + "_BYTES": _BYTES[row] for name, row in _SIZED.items()},
    "COUNTER": COUNTER,
    **{"ROW_" + name: number for name, number in ROW.items()},
    **{"PLACE_" + name: number for name, number in PLACE.items()},
    "PLACE_BITS": PLACE_BITS,
    "HANDLER_BYTES": 8 * HANDLER_WORDS,
    # the area of a native activation (interpreter/native.py, tracing/functions.py)
    **{"AREA_" + name: 8 * number for number, name in enumerate("REGISTERS CALLER SITE FUNCTION VALUES".split())},
    # a table of names (tracing/names.py)
    **{"NAMES_" + name: 8 * number for number, name in enumerate("VERSION START DICT COUNT ROWS BYTES".split())},
    "NO_TABLE_YET": NO_TABLE_YET,
    "FORMAT_SET_BYTES": 8 * FORMAT_SET_WORDS,
    # the entries of an exit's descriptor (tracing/exits.py), what an implied call is for (interpreter/implied.py)
    **{"EXIT_" + name: number for number, name in enumerate(_EXITS.split())},
    "EXIT_SLOT_BITS": 16,  # above these, an entry's kind has the slot of a frame's function
    "IMPLIED": _IMPLIED_FIRST,
    "IMPLIED_DEEP": _IMPLIED_DEEP,
    **{"IMPLIED_" + name: first + number for first, names in zip((_IMPLIED_FIRST, _IMPLIED_DEEP), _IMPLIED, strict=True)
       for number, name in enumerate(names.split())},
    "IMPLIED_CONSTANT": 1 << 16,
    # the table of attribute cells (interpreter/attributes.py): whose cell a row has, the cell
    "CELL_BYTES": 8 * CELL_WORDS,
    "CELL_MASK": CELL_COUNT - 1,
    "CELL_FACTOR": 37,
    "READY_MASK": READY_COUNT - 1,
    "KIND_TYPE": 8,  # what a cell says of an attribute of a class
    "CELL_SITE": 0,
    "CELL_BODY": 8,
    "KEPT_LEVELS": KEPT_LEVELS,
    "MOST_INSTANCE_VALUES": MOST_INSTANCE_VALUES,
    # where small blocks come from (interpreter/blocks.py)
    "POOLS_TABLE": 0,
    "POOLS_SELF": 8,
    "POOLS_MALLOC": 16,
    "POOLS_EMPTY": 24,
    "PLAN_NAMES": 16,  # in a binding plan (interpreter/binding.py)
    # the block of a compiler thread (backend/worker.py); it begins with the semaphore that wakes the thread
    "LIMIT_AS": 9,  # RLIMIT_AS
    "WORKER_PAUSED": 32,
    "WORKER_RESTS": 1,  # paused for a while, and for good
    "WORKER_CLOSED": 2,
    "WORKER_BUSY": 40,
    "WORKER_PATH": 48,
    "WORKER_LIBRARY": 56,
    "WORKER_REFUSED": 64,
    "WORKER_YIELDS": 72,
    "WORKER_MACHINES": 88,
    "WORKER_LAYOUT": 120,
    "WORKER_FUNCTIONS": _FUNCTIONS,
    "WORKER_FUNCTION_COUNT": len(LLVM_FUNCTIONS),
    "WORKER_NAMES": _NAMES,
    "WORKER_TEXTS": _NAMES + 8 * len(LLVM_FUNCTIONS),
    "WORKER_TRIPLE": 552,
    "WORKER_INTERPRETER": 560,
    "WORKER_TELLING": 576,
    "WORKER_PROCESS": 584,
    "WORKER_NEXT": 592,
    "WORKER_QUEUE": 600,
    "WORKER_SLOTS": 64,
    "WORKER_THREAD": 600 + 8 * 64,
    "WORKER_PARKED": 608 + 8 * 64,
    "WORKER_DIVERTED": 616 + 8 * 64,
    "WORKER_MOST_DIVERTED": 64,
    "WORKER_BYTES": 616 + 8 * 128,
    **{name: _FUNCTIONS + 8 * place for place, name in enumerate(LLVM_FUNCTIONS)},
    # the block of samples (interpreter/samples.py), and one sample
    "SAMPLES_COUNT": 0,
    "SAMPLES_THREAD": 8,
    "SAMPLES_LIMIT": 16,
    "SAMPLES_ROWS": 24,
    "SAMPLES_MOST": 32768,
    "SAMPLE_IP": 0,
    "SAMPLE_PC": 8,
    "SAMPLE_CODE": 16,
    "SAMPLE_INSTRUCTION": 24,
    "SAMPLE_LIMIT": 32,
    "SAMPLE_TIME": 40,
    "SAMPLE_STACK": 48,
    "SAMPLE_STACK_WORDS": 122,
    "SAMPLE_BYTES": 1024,
    # a job
    "JOB_STATE": 0,
    "JOB_TEXT": 8,
    "JOB_LEVEL": 16,
    "JOB_NEED": 24,
    "JOB_BUFFER": 32,
    "JOB_DATA": 40,
    "JOB_SIZE": 48,
    "JOB_WORK": 56,
    "JOB_ACTIVE": 64,
    "JOB_BYTES": 72,
    # its states
    "JOB_WAITING": 0,
    "JOB_DONE": 1,
    "JOB_FAILED": 2,
    "JOB_CANCELLED": 3,
    # the table of texts (interpreter/expressions.py)
    "ROW_TAG": 0,
    "ROW_TEXT": 8,
    "ROW_CODE": 16,
    "ROW_FILE": 24,
    "ROW_CHECKS": 32,
    "ROW_USED": 40,
    "ROW_KEY": 48,
    "ROW_HAND": 56,
    "ROW_BYTES": 64,
    "WAYS": 4,
    "BY_COMPILE": 4,
    "FUTURE_FLAGS": 33423360,
    "TAG_FACTOR": -7046029254386353131,
    "REFUSED": 1,
    "CHECK_CODE": -2,
    # the memory block (interpreter/memory.py): the host's allocators, counts, what is kept, the bitmap of what is ours
    "MEMORY_RAW": 0,
    "MEMORY_ARENA": 40,
    "MEMORY_EARLY": 64,
    "MEMORY_PIECES": 72,
    "MEMORY_BLOCKS": 80,
    "MEMORY_SPARE": 88,
    "MEMORY_SPARE_LIMIT": 96,
    "MEMORY_ARENA_LIMIT": 104,
    "MEMORY_FREED": 112,
    "MEMORY_WANTED": 120,
    "MEMORY_HAND": 128,
    "MEMORY_ARENAS": _ARENAS,
    "MEMORY_ARENA_SLOTS": _ARENA_SLOTS,
    "MEMORY_KEPT": _KEPT,
    "MEMORY_KEPT_SLOTS": _KEPT_SLOTS,
    "MEMORY_MAP": _MAP,
    "MEMORY_MAP_BITS": _MAP_BITS,
    "MEMORY_BYTES": _MAP + _MAP_BITS // 8,
}
"""By name, for both sides."""
