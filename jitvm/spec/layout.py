"""Struct offsets of the host, by CPython version: the one place for facts that differ from version to version.

Sources: CPython's Include/cpython/*.h and Include/internal/pycore_{frame,interp,dict,object}.h of each version.
``probe`` checks the offsets against live objects at start-up; an unknown or contradicting layout raises UnknownLayout, and the
script then runs on the host.
"""
from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType


class UnknownLayout(Exception):
    """The host's structs are not known to jitvm; the message says what was looked for."""


# name: (offset in bytes, type). Types: I i64, i i32 (signed), u u32, b u8, F double, O object, P raw pointer.
_FIELDS_311 = {
    "refcount": (0, "I"),
    "type_pointer": (8, "O"),
    "var_size": (16, "I"),
    # numbers
    "long_digits": (24, "I"),
    "long_digit0": (24, "u"),
    "float_payload": (16, "F"),
    # containers
    "list_items": (24, "P"),
    "list_capacity": (32, "I"),
    "tuple_items_": (24, "O"),
    "dict_used": (16, "I"),
    "dict_version": (24, "I"),
    "dict_keys": (32, "P"),
    "dict_values": (40, "P"),
    "keys_log2_size": (8, "b"),
    "keys_log2_index_bytes": (9, "b"),
    "keys_kind": (10, "b"),
    "keys_version": (12, "u"),
    "keys_usable": (16, "I"),
    "keys_entries": (24, "I"),
    "unicode_length": (16, "I"),
    "unicode_hash": (24, "I"),
    "unicode_state": (32, "u"),
    "unicode_wide": (40, "P"),
    "cell_contents": (16, "O"),
    # iterators
    "range_index": (16, "I"),
    "range_start": (24, "I"),
    "range_step": (32, "I"),
    "range_length": (40, "I"),
    "list_iter_index": (16, "I"),
    "list_iter_list": (24, "O"),
    "tuple_iter_index": (16, "I"),
    "tuple_iter_tuple": (24, "O"),
    "iter_index": (16, "I"),
    "iter_sequence": (24, "O"),
    "dict_iter_dict": (16, "O"),
    "dict_iter_used": (24, "I"),
    "dict_iter_position": (32, "I"),
    "dict_iter_left": (48, "I"),
    "dict_iter_result": (40, "O"),
    "set_used": (24, "I"),
    "set_mask": (32, "I"),
    "set_table": (40, "P"),
    "set_iter_set": (16, "O"),
    "set_iter_used": (24, "I"),
    "set_iter_position": (32, "I"),
    "set_iter_left": (40, "I"),
    "enum_index": (16, "I"),
    "enum_iterator": (24, "O"),
    "enum_result": (32, "O"),
    "map_iterators": (16, "O"),
    "map_func": (24, "O"),
    "filter_func": (16, "O"),
    "filter_iterator": (24, "O"),
    "zip_size": (16, "I"),
    "zip_iterators": (24, "O"),
    "zip_result": (32, "O"),
    "zip_strict": (40, "i"),
    # types
    "type_basicsize": (32, "I"),
    "type_dealloc": (48, "P"),
    "type_weaklistoffset": (208, "I"),
    "type_del": (376, "P"),
    "type_finalize": (392, "P"),
    "type_flags": (168, "I"),
    "type_iter": (216, "P"),
    "type_iternext": (224, "P"),
    "type_as_sequence": (104, "P"),
    "type_as_async": (80, "P"),
    "type_version": (384, "u"),
    "type_getattro": (144, "P"),
    "type_setattro": (152, "P"),
    "type_descr_get": (272, "P"),
    "type_descr_set": (280, "P"),
    "type_dictoffset": (288, "I"),
    "type_cached_keys": (872, "P"),
    "type_base": (256, "O"),
    "type_alloc": (304, "P"),
    "type_new": (312, "P"),
    "type_free": (320, "P"),
    "type_dict": (264, "O"),
    "type_mro": (344, "O"),
    "module_dict": (16, "O"),
    "descriptor_owner": (16, "O"),
    "descriptor_def": (40, "P"),
    "member_owner": (16, "O"),
    "member_def": (40, "P"),
    "def_type": (8, "i"),
    "def_offset": (16, "I"),
    "member_flags": (24, "i"),
    # functions and code
    "func_globals": (16, "O"),
    "func_builtins": (24, "O"),
    "func_name": (32, "O"),
    "func_qualname": (40, "O"),
    "func_code": (48, "O"),
    "func_defaults": (56, "O"),
    "func_kwdefaults": (64, "O"),
    "func_closure": (72, "O"),
    "func_annotations": (112, "O"),
    "func_dict": (88, "P"),
    "func_vectorcall": (120, "P"),
    "code_consts": (24, "O"),
    "code_names": (32, "O"),
    "code_handlers": (40, "O"),
    "code_flags": (48, "i"),
    "code_argcount": (56, "i"),
    "code_positional_only": (60, "i"),
    "code_keyword_only": (64, "i"),
    "code_stacksize": (68, "i"),
    "code_nlocalsplus": (76, "i"),
    "code_cell_count": (88, "i"),
    "code_free_count": (92, "i"),
    "code_variables": (96, "O"),
    "code_kinds": (104, "O"),
    "code_filename": (112, "O"),
    "code_name": (120, "O"),
    "code_qualname": (128, "O"),
    "code_lines": (136, "O"),
    "code_weakrefs": (144, "P"),
    "code_bytes": (152, "P"),
    "code_line_array": (160, "P"),
    "code_extra": (176, "P"),
    "extra_size": (0, "I"),
    "cfunction_def": (16, "P"),
    "cfunction_self": (24, "O"),
    "def_function": (8, "P"),
    "def_flags": (16, "i"),
    "method_func": (16, "O"),
    "method_self": (24, "O"),
    "property_get": (16, "O"),
    "method_function": (16, "O"),
    "static_callable": (16, "O"),  # of static and class methods
    "super_of": (16, "O"),
    "super_object": (24, "O"),
    "super_kind": (32, "O"),
    # generators
    "gen_code": (16, "O"),
    "gen_weakrefs": (24, "P"),
    "gen_name": (32, "O"),
    "gen_qualname": (40, "O"),
    "gen_exc_value": (48, "O"),
    "gen_exc_previous": (56, "P"),
    "gen_origin": (64, "P"),
    "gen_states": (72, "I"),
    "gen_state": (75, "b"),
    "async_closed": (73, "b"),
    "async_running": (74, "b"),
    "asend_generator": (16, "O"),
    "asend_value": (24, "O"),
    "asend_state": (32, "i"),
    "wrapped_value": (16, "O"),
    # thread state
    "ts_interp": (16, "P"),
    "ts_recursion_remaining": (32, "i"),
    "ts_recursion_limit": (36, "i"),
    "ts_cframe": (56, "P"),
    "ts_exc_info": (120, "P"),
    "ts_datastack_chunk": (296, "P"),
    "ts_datastack_top": (304, "P"),
    "ts_datastack_limit": (312, "P"),
    "ts_current_exception": (96, "P"),
    "ts_origin_depth": (200, "i"),
    "interp_eval_breaker": (100, "i"),
    "interp_young_limit": (688, "i"),
    "interp_young": (692, "i"),
    "cframe_tracing": (0, "b"),
    "cframe_frame": (8, "P"),
    "exc_info_value": (0, "O"),
    "chunk_previous": (0, "P"),
    "chunk_size": (8, "I"),
    "chunk_top": (16, "I"),
    # the frame struct, relative to its own start
    "frame_func": (0, "O"),
    "frame_globals": (8, "O"),
    "frame_builtins": (16, "O"),
    "frame_locals": (24, "O"),
    "frame_code": (32, "O"),
    "frame_object": (40, "O"),
    "frame_previous": (48, "P"),
    "frame_instr": (56, "P"),
    "frame_stacktop": (64, "i"),
    "frame_entry": (68, "b"),
    "frame_owner": (69, "b"),
    "frame_flags": (64, "I"),
    # the frame object
    "fo_back": (16, "O"),
    "fo_frame": (24, "P"),
    "fo_trace": (32, "O"),
}

OPCODES_311 = {
    "CACHE": 0, "POP_TOP": 1, "PUSH_NULL": 2, "NOP": 9, "UNARY_POSITIVE": 10, "UNARY_NEGATIVE": 11, "UNARY_NOT": 12, "UNARY_INVERT": 15,
    "BINARY_SUBSCR": 25, "GET_LEN": 30, "MATCH_MAPPING": 31, "MATCH_SEQUENCE": 32, "MATCH_KEYS": 33, "PUSH_EXC_INFO": 35,
    "CHECK_EXC_MATCH": 36, "CHECK_EG_MATCH": 37, "WITH_EXCEPT_START": 49, "GET_AITER": 50, "GET_ANEXT": 51, "BEFORE_ASYNC_WITH": 52,
    "BEFORE_WITH": 53, "END_ASYNC_FOR": 54, "STORE_SUBSCR": 60, "DELETE_SUBSCR": 61, "GET_ITER": 68, "GET_YIELD_FROM_ITER": 69,
    "PRINT_EXPR": 70, "LOAD_BUILD_CLASS": 71, "LOAD_ASSERTION_ERROR": 74, "RETURN_GENERATOR": 75, "LIST_TO_TUPLE": 82, "RETURN_VALUE": 83,
    "IMPORT_STAR": 84, "SETUP_ANNOTATIONS": 85, "YIELD_VALUE": 86, "ASYNC_GEN_WRAP": 87, "PREP_RERAISE_STAR": 88, "POP_EXCEPT": 89,
    "STORE_NAME": 90, "DELETE_NAME": 91, "UNPACK_SEQUENCE": 92, "FOR_ITER": 93, "UNPACK_EX": 94, "STORE_ATTR": 95, "DELETE_ATTR": 96,
    "STORE_GLOBAL": 97, "DELETE_GLOBAL": 98, "SWAP": 99, "LOAD_CONST": 100, "LOAD_NAME": 101, "BUILD_TUPLE": 102, "BUILD_LIST": 103,
    "BUILD_SET": 104, "BUILD_MAP": 105, "LOAD_ATTR": 106, "COMPARE_OP": 107, "IMPORT_NAME": 108, "IMPORT_FROM": 109, "JUMP_FORWARD": 110,
    "JUMP_IF_FALSE_OR_POP": 111, "JUMP_IF_TRUE_OR_POP": 112, "POP_JUMP_FORWARD_IF_FALSE": 114, "POP_JUMP_FORWARD_IF_TRUE": 115,
    "LOAD_GLOBAL": 116, "IS_OP": 117, "CONTAINS_OP": 118, "RERAISE": 119, "COPY": 120, "BINARY_OP": 122, "SEND": 123, "LOAD_FAST": 124,
    "STORE_FAST": 125, "DELETE_FAST": 126, "POP_JUMP_FORWARD_IF_NOT_NONE": 128, "POP_JUMP_FORWARD_IF_NONE": 129, "RAISE_VARARGS": 130,
    "GET_AWAITABLE": 131, "MAKE_FUNCTION": 132, "BUILD_SLICE": 133, "JUMP_BACKWARD_NO_INTERRUPT": 134, "MAKE_CELL": 135,
    "LOAD_CLOSURE": 136, "LOAD_DEREF": 137, "STORE_DEREF": 138, "DELETE_DEREF": 139, "JUMP_BACKWARD": 140, "CALL_FUNCTION_EX": 142,
    "EXTENDED_ARG": 144, "LIST_APPEND": 145, "SET_ADD": 146, "MAP_ADD": 147, "LOAD_CLASSDEREF": 148, "COPY_FREE_VARS": 149, "RESUME": 151,
    "MATCH_CLASS": 152, "FORMAT_VALUE": 155, "BUILD_CONST_KEY_MAP": 156, "BUILD_STRING": 157, "LOAD_METHOD": 160, "LIST_EXTEND": 162,
    "SET_UPDATE": 163, "DICT_MERGE": 164, "DICT_UPDATE": 165, "PRECALL": 166, "CALL": 171, "KW_NAMES": 172,
    "POP_JUMP_BACKWARD_IF_NOT_NONE": 173, "POP_JUMP_BACKWARD_IF_NONE": 174, "POP_JUMP_BACKWARD_IF_FALSE": 175,
    "POP_JUMP_BACKWARD_IF_TRUE": 176}
"""The host's bytecodes (``opcode.opmap``): its module is a file, of which a program may have one by the same name."""

IMMUTABLE = ("range_start", "range_step", "range_length", "float_payload", "unicode_length")
"""Fields that never change in an object's life."""

CONSTANTS_311 = {
    "INTERP_AUDIT_HOOKS": 3552,
    "TRACEMALLOC_TRACING": 4,
    "INTERP_YOUNG_HEAD": 672,
    "INTERP_PERMANENT_HEAD": 752,
    "TS_PROFILE": 64,
    "TS_TRACE": 72,
    "FRAME_SIZE": 72,
    "CODE_INSTRUCTIONS": 184,
    "CODE_WARM_UP": 52,
    "FRAME_OBJECT_DATA": 48,
    "CHUNK_DATA": 24,
    "CHUNK_BYTES": 16 * 1024,
    "FRAME_OWNED_BY_GENERATOR": 1,
    "FRAME_OWNED_BY_FRAME_OBJECT": 2,
    "GENERATOR_EXC": 48,
    "GENERATOR_FRAME": 80,
    "TYPE_ITERNEXT": 224,
    "ASYNC_SEND": 24,
    "DESCRIPTOR_TABLE": 40,
    "DESCRIPTOR_WRAPPED": 48,
    "TUPLE_ITEMS": 24,
    "EXCEPTION_ARGS": 24,
    "TEXT_DATA": 48,
    "ASCII_SIZE": 56,  # from one of the characters' objects to the next
    "KEYS_INDICES": 32,
    # the header of a pool of pymalloc's (Objects/obmalloc.c): blocks in use, list of free ones, the ring, the row of its size, the next
    # block that was never given, and the last
    "POOL_MASK": -16384,
    "POOL_COUNT": 0,
    "POOL_FREE": 8,
    "POOL_NEXT": 16,
    "POOL_PREVIOUS": 24,
    "POOL_ROW": 36,
    "POOL_OFFSET": 40,
    "POOL_LAST": 44,
    "POOL_ROWS": 32,
    "PROPERTY_FIRST": 16,  # its three functions follow each other
    "HOST_NOP": OPCODES_311["NOP"],
    "HOST_JUMP_BACK_QUIETLY": OPCODES_311["JUMP_BACKWARD_NO_INTERRUPT"],
    "HOST_JUMP_BACK": OPCODES_311["JUMP_BACKWARD"],
    "HOST_FIRST_JUMP_BACK": OPCODES_311["POP_JUMP_BACKWARD_IF_NOT_NONE"],  # the first of POP_JUMP_BACKWARD_IF_*, and the last
    "HOST_LAST_JUMP_BACK": OPCODES_311["POP_JUMP_BACKWARD_IF_TRUE"],
    "HOST_CALL_EX": OPCODES_311["CALL_FUNCTION_EX"],
    "HOST_CALL_CACHES": 8,  # bytes of cache behind CALL
    "RANGE_ITEMS": 16,  # of a range: start, stop, step, length
    "RANGE_ITEM_COUNT": 4,
    "INLINE_VALUES": -32,
    "MANAGED_DICT": -24,
}

# jitvm's own structs. The code record: what the interpreter knows of one function. The header before each frame.
_OWN_FIELDS = {
    # what every call and return wants is in the first 64 bytes: one line of the processor's cache
    "vm_words": (0, "P"),
    "vm_constants": (8, "P"),
    "vm_code": (16, "O"),
    "vm_first_instr": (24, "P"),
    "vm_state": (32, "i"),
    "vm_flags": (36, "i"),
    "vm_registers": (40, "i"),
    "vm_locals": (44, "i"),
    "vm_arguments": (48, "i"),
    "vm_frame_bytes": (52, "i"),
    "vm_free_count": (56, "i"),
    "vm_first_free": (60, "i"),
    "vm_handlers": (64, "P"),
    "vm_handler_count": (72, "I"),
    "vm_keyword_only": (80, "I"),
    "vm_positional_only": (88, "I"),
    "vm_calls": (96, "I"),
    "vm_id": (104, "I"),
    "vm_native": (112, "P"),
    "vm_names": (120, "P"),
    "vm_sites": (128, "P"),
    "vm_plans": (136, "P"),
    "header_pc": (-8, "P"),
    "header_code": (-16, "P"),
    "header_entry": (-24, "I"),
    "header_generator": (-32, "O"),
    "header_kept": (-40, "O"),
    "header_made": (-48, "O"),
}
_OWN_CONSTANTS = {
    "HEADER": 48,
    "HEADER_KEPT": -40,
    "HEADER_MADE": -48,
    "CODE_RECORD": 192,
    "CODE_READY": 1,
    "CODE_HOST": 2,
    "FLAG_SIMPLE": 1,
    "FLAG_VARARGS": 2,
    "FLAG_VARKEYWORDS": 4,
    "FLAG_GENERATOR": 8,
    "FLAG_COROUTINE": 16,
    "FLAG_NAMESPACE": 32,
    "FLAG_ASYNC": 64,
    "SITE_CACHE": 256,
    "NO_LIMIT": (1 << 31) - 1,
}
CO_OPTIMIZED, CO_VARARGS, CO_VARKEYWORDS, CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR = 1, 4, 8, 0x20, 0x80, 0x200
"""Flags of code objects (``inspect``'s)."""
FUTURE_ANNOTATIONS = 0x1000000
"""The compiler's flag of ``from __future__ import annotations``."""
CO_SUSPENDS = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_OWN_CONSTANTS.update({name: number for name, number in globals().items() if name.startswith("CO_")})

VERSIONS = {(3, 11): (_FIELDS_311, CONSTANTS_311)}
OPCODES = {(3, 11): OPCODES_311}


_current: tuple[dict[str, tuple[int, str]], dict[str, int]] | None = None


def current() -> tuple[dict[str, tuple[int, str]], dict[str, int]]:
    """Fields and constants of the running host; UnknownLayout if this version has no table."""
    global _current
    if _current is None:
        _current = _find()
    return _current


def _find() -> tuple[dict[str, tuple[int, str]], dict[str, int]]:
    if sys.implementation.name != "cpython":
        raise UnknownLayout(f"{sys.implementation.name} is not CPython")
    try:
        fields, constants = VERSIONS[sys.version_info[:2]]
        return {**fields, **_OWN_FIELDS}, {**constants, **_OWN_CONSTANTS}
    except KeyError:
        known = ", ".join(f"{a}.{b}" for a, b in VERSIONS)
        version = ".".join(map(str, sys.version_info[:2]))
        raise UnknownLayout(f"the object layout of CPython {version} is not known (known: {known})") from None


def host_opcodes() -> dict[str, int]:
    """The numbers of the host's bytecodes, by name."""
    return OPCODES[sys.version_info[:2]]


def parameter_count(code: CodeType) -> int:
    """How many locals of a code object are parameters."""
    flags = code.co_flags
    return code.co_argcount + code.co_kwonlyargcount + bool(flags & CO_VARARGS) + bool(flags & CO_VARKEYWORDS)
