"""The contracts of the host's C functions that generated code calls: one row each.

A row is ``name  arguments>result  flags``. Types: O object (an argument is borrowed, a result is borrowed), S object whose
reference the callee takes over, N new reference (results only), I 64-bit int, i 32-bit int, P raw pointer, F double, v nothing.
Flags: ``raises`` an exception is signalled by NULL or by a negative int; ``runs`` may run Python code or look at frames;
``pure`` no effect at all. Source: the C API reference and CPython's headers.
"""
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

ROWS = """
PyNumber_Add OO>N raises runs
PyNumber_Subtract OO>N raises runs
PyNumber_Multiply OO>N raises runs
PyNumber_TrueDivide OO>N raises runs
PyNumber_FloorDivide OO>N raises runs
PyNumber_Remainder OO>N raises runs
PyNumber_Power OOO>N raises runs
PyNumber_Lshift OO>N raises runs
PyNumber_Rshift OO>N raises runs
PyNumber_And OO>N raises runs
PyNumber_Or OO>N raises runs
PyNumber_Xor OO>N raises runs
PyNumber_MatrixMultiply OO>N raises runs
PyNumber_InPlaceAdd OO>N raises runs
PyNumber_InPlaceSubtract OO>N raises runs
PyNumber_InPlaceMultiply OO>N raises runs
PyNumber_InPlaceTrueDivide OO>N raises runs
PyNumber_InPlaceFloorDivide OO>N raises runs
PyNumber_InPlaceRemainder OO>N raises runs
PyNumber_InPlacePower OOO>N raises runs
PyNumber_InPlaceLshift OO>N raises runs
PyNumber_InPlaceRshift OO>N raises runs
PyNumber_InPlaceAnd OO>N raises runs
PyNumber_InPlaceOr OO>N raises runs
PyNumber_InPlaceXor OO>N raises runs
PyNumber_InPlaceMatrixMultiply OO>N raises runs
PyNumber_Negative O>N raises runs
PyNumber_Positive O>N raises runs
PyNumber_Invert O>N raises runs
PyObject_IsTrue O>i raises runs
PyObject_RichCompare OOi>N raises runs
PyObject_GetAttr OO>N raises runs
PyObject_SetAttr OOO>i raises runs
PyObject_GetItem OO>N raises runs
PyObject_SetItem OOO>i raises runs
PyObject_DelItem OO>i raises runs
PyObject_GetIter O>N raises runs
PyIter_Next O>N runs
PyIter_Check O>i
PySequence_Contains OO>i raises runs
PyObject_Vectorcall OPIO>N raises runs
PyObject_Call OOO>N raises runs
PyEval_EvalCode OOO>N raises runs
PyEval_EvalCodeEx OOOPiPiPiOO>N raises runs
PyObject_VectorcallDict OPIO>N raises runs
_PyType_CalculateMetaclass OO>O raises
PyEval_GetLocals >O raises runs
PyMapping_Check O>i
PyObject_Format OO>N raises runs
PyObject_Str O>N raises runs
PyObject_Repr O>N raises runs
PyObject_ASCII O>N raises runs
PyObject_Size O>I raises runs
PyObject_IsInstance OO>i raises runs
PyObject_Malloc I>P
PyObject_Free P>v
PyLong_FromLongLong I>N raises
PyLong_AsLongLong O>I
PyLong_AsLongLongAndOverflow OP>I
PyFloat_FromDouble F>N raises
PyList_New I>N raises
PyList_Append OO>i raises
PyDict_Next OPPP>i
PyList_AsTuple O>N raises
PyTuple_New I>N raises
PySequence_Tuple O>N raises runs
PySet_New O>N raises
PySet_Add OO>i raises runs
_PySet_Update OO>i raises runs
_PyList_Extend OO>N raises runs
PyDict_New >N raises
_PyDict_NewPresized I>N raises
PyDict_SetItem OOO>i raises runs
PyDict_DelItem OO>i raises runs
PyDict_GetItemWithError OO>O
PyDict_Contains OO>i raises runs
PyDict_Copy O>N raises
PyDict_Update OO>i raises runs
PyDict_Size O>I
_PyDict_MergeEx OOi>i runs
_PyDict_GetItem_KnownHash OOI>O
_PyDict_SetItem_KnownHash OOOI>i raises runs
PySlice_New OOO>N raises
_PyUnicode_JoinArray OPI>N raises
PyUnicode_Concat OO>N raises
PyUnicode_Append PO>v
PyFunction_New OO>N raises
PyCell_New O>N raises
PyMethod_New OO>N raises
_PyType_Lookup OO>O
PyType_IsSubtype OO>i
_PyObject_GetMethod OOP>i runs
_PyObject_LookupSpecial OO>N runs
_PyObject_LookupAttr OOP>i raises runs
PyObject_IsSubclass OO>i raises runs
PyErr_SetObject OO>v
PyErr_SetString OP>v
PyErr_SetNone O>v
_PyErr_SetKeyError O>v
PyErr_Occurred >O
PyErr_Clear >v
PyErr_SetHandledException O>v
Py_MakePendingCalls >i raises runs
PyErr_Fetch PPP>v
PyErr_Restore SSS>v
PyErr_NormalizeException PPP>v
PyErr_GivenExceptionMatches OO>i
PyErr_ExceptionMatches O>i
PyException_SetTraceback OO>i
PyException_GetTraceback O>N
PyException_SetCause OS>v
PyException_SetContext OS>v
PyTraceBack_Here O>i
PyThreadState_Get >P
_Py_IsFinalizing >i
PyInterpreterState_Main >P
_PyEval_EvalFrameDefault PPi>N raises runs
PyThreadState_EnterTracing P>v
PyThreadState_LeaveTracing P>v
PyThreadState_GetFrame P>N
Py_EnterRecursiveCall P>i raises
_Py_CheckRecursiveCall PP>i raises
_PyEval_SliceIndex OP>i raises runs
PyImport_ImportModuleLevelObject OOOOi>N raises runs
PyObject_GC_Track O>v
PyObject_GC_IsTracked O>i
PyObject_GC_UnTrack O>v
_PyTrash_begin PO>i
_PyTrash_end P>v runs
PyObject_GetArenaAllocator P>v
PyObject_SetArenaAllocator P>v
PyMem_GetAllocator iP>v
PyMem_SetAllocator iP>v
_Py_Dealloc O>v runs
_PyFunction_Vectorcall OPIO>N raises runs
PyUnicode_FromFormat PO>N raises
PyUnicode_New Ii>N raises
PyUnicode_FromOrdinal i>N raises
PyMapping_Keys O>N raises runs
PyNumber_Index O>N raises runs
PyUnicode_Compare OO>i
_PyUnicode_EQ OO>i pure
PyObject_Hash O>I runs
_PyObject_GC_New O>N raises
_PyObject_GC_NewVar OI>N raises
PyIter_Send OOP>i raises runs
_PyGen_SetStopIterationValue O>i
_PyErr_FormatFromCause OP>P
PySys_Audit PPOP>i raises runs
fmod FF>F pure
pthread_sigmask iPP>i
pthread_self >P
pthread_getattr_np PP>i
pthread_attr_getstack PPP>i
pthread_attr_destroy P>i
pow FF>F pure
floor FF>F pure
memcpy PPI>P
write iPI>I
signal iP>P
getpid >i
kill ii>i
dlopen PI>P
dlsym PP>P
sem_wait P>i
sem_post P>i
usleep I>i
nice i>i
clock_gettime IP>i
Py_AddPendingCall PP>i
mmap PIiiiI>P
munmap PI>i
mprotect PIi>i
madvise PIi>i
getrlimit iP>i
malloc_usable_size P>I
PyEval_SaveThread >P
PyEval_RestoreThread P>v
"""

C_OPERATORS = {"add": "Add", "sub": "Subtract", "mul": "Multiply", "truediv": "TrueDivide", "floordiv": "FloorDivide",
               "mod": "Remainder", "pow": "Power", "lshift": "Lshift", "rshift": "Rshift", "and": "And", "or": "Or", "xor": "Xor",
               "matmul": "MatrixMultiply", "neg": "Negative", "pos": "Positive", "invert": "Invert"}
"""How the C functions of an operator end: PyNumber_Add, PyNumber_InPlaceAdd."""

DATA = """
PyLong_Type PyFloat_Type PyBool_Type PyUnicode_Type PyList_Type PyTuple_Type PyDict_Type PySet_Type PyFrozenSet_Type PyBytes_Type
PyStaticMethod_Type PyClassMethod_Type
PyRange_Type PyRangeIter_Type PyListIter_Type PyTupleIter_Type PyFunction_Type PyMethod_Type PyCell_Type PyModule_Type PyType_Type
PyCFunction_Type PyMethodDescr_Type PyMemberDescr_Type PyWrapperDescr_Type PyEnum_Type PyZip_Type PyGen_Type PyCoro_Type PyAsyncGen_Type
_PyAsyncGenASend_Type _PyAsyncGenWrappedValue_Type
PyBaseObject_Type PySlice_Type PyUnicodeIter_Type PyBytesIter_Type PyDictIterKey_Type PyDictIterValue_Type PyDictIterItem_Type
PySetIter_Type PyListRevIter_Type PyMap_Type PyFilter_Type
_Py_tracemalloc_config
_Py_NoneStruct _Py_TrueStruct _Py_FalseStruct _Py_NotImplementedStruct _Py_EllipsisObject
"""
"""Objects of the host (exported structs) that handlers name."""

EXCEPTIONS = """
PyExc_BaseException PyExc_Exception PyExc_NameError PyExc_UnboundLocalError PyExc_TypeError PyExc_ValueError PyExc_StopIteration
PyExc_AssertionError PyExc_AttributeError PyExc_RuntimeError PyExc_SystemError PyExc_ImportError PyExc_KeyError
PyExc_IndexError PyExc_MemoryError PyExc_StopAsyncIteration PyExc_GeneratorExit
"""
"""Exported pointers to exception types: read through the pointer."""

COMPUTED: Final = tuple("""
small_ints build_class builtins_module empty_string empty_tuple nothing_function
vm_compile vm_hosted vm_hot vm_recorded vm_exit vm_ready vm_error vm_do vm_merge vm_pair name_enter name_exit name_import
name_build_class list_append vm_module crash_text name_init
str_format builtin_format builtin_eval builtin_exec builtin_compile name_builtins name_eval name_exec name_single name_flags
name_dont_inherit name_optimize
vm_expression
first_character ascii_iterator object_init plain_class property_type name_getitem name_setitem
operator_names operator_functions inplace_names inplace_functions declined_words index_texts builtin_next super_type
stopped_text stopped_coroutine looked_event looked_format looked_name looked_coroutine name_awaits name_aenter name_aexit
looked_async stopped_async stopped_within
name_annotations name_metaclass name_prepare name_mro_entries name_orig_bases asking_type name_getattribute name_class
""".split())
"""Objects that the runtime works out when it makes a context; vm_ ones are its own functions, called from native code."""

STATE: Final = tuple("""
free_ints free_int_count free_floats free_float_count free_instances log log_limit recording entries host_entries exit_id forced_exit
exits_taken extra_index record_context normal_context keys_next_version loop_threshold poll_function adopted
host_iternext host_send_slot host_send host_gi_frame host_cr_frame host_ag_frame host_asend_iternext host_asend_send
site_cache
work_done formats_off formats_parsed formats_refused free_texts free_text_count free_text_limit
formats format_mask format_hits format_misses format_size
expressions expression_mask expression_hits expression_misses dict_versions
plans_off plans_made plan_finds
young_limit young_made workers
memory pools cells ready_codes kept_frames skipped
stack_bottom stack_from stack_until
samples
""".split())
"""Mutable words of a context. Those that count are statistics; none belongs to a thread: the interpreter lock guards them."""

NO_TABLE_YET = 1
"""What stands for the address of the table of texts (``expressions``) before that is made."""

FORMAT_SET_WORDS = 32
"""Words of a set of the format cache (interpreter/programs.py): four rows of eight."""

POOL_WORDS = 80
"""What is known of pymalloc's pools (interpreter/blocks.py), and a table of none."""

KEPT_LEVELS = 32
"""Levels of inlined calls whose frame objects are remembered (interpreter/inlined.py); so many words are for objects whose end waits."""

MOST_INSTANCE_VALUES = 30
"""Attributes that an instance's values have room for at most (SHARED_KEYS_MAX_SIZE of CPython): a list of dead ones for each number."""

CELL_WORDS, CELL_COUNT = 8, 2048
"""The table of attribute cells (interpreter/attributes.py): words of a row, rows."""

READY_COUNT = 4096
"""Rows of two words of the table of code objects that the VM runs."""

FREE_LIST_LIMIT = 512
"""Dead ints, and dead floats, that a context keeps for reuse: more would keep memory of a burst for ever."""


class CFunction:
    """One row. ``raises``: signals an exception by its result; ``runs``: may run Python code or look at frames."""

    __slots__ = ("arguments", "flags", "name", "raises", "result", "runs")

    def __init__(self, name: str, arguments: str, result: str, flags: tuple[str, ...]) -> None:
        self.name, self.arguments, self.result, self.flags = name, arguments, result, flags
        self.raises, self.runs = "raises" in flags, "runs" in flags


def _table() -> list[tuple[str, str, str, tuple[str, ...]]]:
    """What the rows are made of."""
    out = []
    for line in ROWS.strip().splitlines():
        name, signature, *flags = line.split()
        arguments, result = signature.split(">")
        out.append((name, arguments, result, tuple(flags)))
    return out


_TABLE: Final = tuple(_table())
CFUNCTIONS: dict[str, CFunction] = {row[0]: CFunction(*row) for row in _TABLE}
OBJECTS: Final = tuple(DATA.split())
EXCEPTION_TYPES: Final = tuple(EXCEPTIONS.split())

DISPATCH_SLOTS = 1024
_NAMES: Final = (*(row[0] for row in _TABLE), *OBJECTS, *EXCEPTION_TYPES, *COMPUTED, *STATE)
SLOTS: dict[str, int] = dict(zip(_NAMES, range(DISPATCH_SLOTS, DISPATCH_SLOTS + len(_NAMES)), strict=True))
"""Word of a context that holds each name: the dispatch table comes first, then functions, objects and state."""
CONTEXT_WORDS = DISPATCH_SLOTS + len(SLOTS) + 64
