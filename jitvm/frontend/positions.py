"""Which of the host's instructions shows the source position of one of ours.

The source is the host code object itself: ``co_positions()``, one entry for each two bytes of ``co_code``.
"""
from __future__ import annotations

from jitvm.spec.layout import host_opcodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

Span = tuple[int, int, int, int]
"""Line, end line, column, end column: the order of ``co_positions``."""

opmap = host_opcodes()
RESUME, RETURN_GENERATOR = opmap["RESUME"], opmap["RETURN_GENERATOR"]
BEFORE_THE_START = ("make_cell", "return_generator")
"""Of a generator's code what runs when it is made."""
IGNORED = frozenset([opmap["CACHE"], opmap["EXTENDED_ARG"]])
DELETE_FAST = opmap["DELETE_FAST"]
RERAISE, END_ASYNC_FOR = opmap["RERAISE"], opmap["END_ASYNC_FOR"]
NEVER_RAISE = frozenset(opmap[name] for name in (
    "CACHE", "EXTENDED_ARG", "PRECALL", "KW_NAMES", "PUSH_NULL", "COPY", "SWAP", "POP_TOP", "NOP", "JUMP_FORWARD",
    "JUMP_BACKWARD", "LOAD_CONST", "MAKE_FUNCTION", "COPY_FREE_VARS", "MAKE_CELL"))

HOST_NAMES: tuple[tuple[str, str], ...] = (
    ("binary_", "BINARY_OP"), ("inplace_", "BINARY_OP"), ("unary_neg", "UNARY_NEGATIVE"),
    ("unary_pos", "UNARY_POSITIVE"), ("unary_invert", "UNARY_INVERT"), ("unary_not", "UNARY_NOT"),
    ("compare_", "COMPARE_OP"), ("is_", "IS_OP"), ("contains", "CONTAINS_OP"), ("not_contains", "CONTAINS_OP"),
    ("branch_if", "COMPARE_OP"), ("branch_unless", "COMPARE_OP"), ("branch_is", "IS_OP"),
    ("branch_in", "CONTAINS_OP"), ("branch_not_in", "CONTAINS_OP"),
    ("branch_true", "POP_JUMP_FORWARD_IF_TRUE POP_JUMP_FORWARD_IF_FALSE JUMP_IF_TRUE_OR_POP JUMP_IF_FALSE_OR_POP "
                    "POP_JUMP_BACKWARD_IF_TRUE POP_JUMP_BACKWARD_IF_FALSE"),
    ("branch_false", "POP_JUMP_FORWARD_IF_FALSE POP_JUMP_FORWARD_IF_TRUE JUMP_IF_FALSE_OR_POP JUMP_IF_TRUE_OR_POP "
                     "POP_JUMP_BACKWARD_IF_FALSE POP_JUMP_BACKWARD_IF_TRUE"),
    ("branch_no_match", "CHECK_EXC_MATCH"), ("check_group", "CHECK_EG_MATCH"), ("prepare_reraise", "PREP_RERAISE_STAR"),
    ("load_global", "LOAD_GLOBAL LOAD_NAME"),
    ("store_global", "STORE_NAME STORE_GLOBAL"), ("delete_global", "DELETE_NAME DELETE_GLOBAL"),
    ("check_bound", "LOAD_FAST"), ("delete_local", "DELETE_FAST"), ("move", "LOAD_FAST LOAD_CLOSURE COPY"),
    ("load_const", "LOAD_CONST"), ("take", "STORE_FAST"),
    ("load_name", "LOAD_NAME"), ("store_name", "STORE_NAME"), ("delete_name", "DELETE_NAME"),
    ("load_classderef", "LOAD_CLASSDEREF"), ("setup_annotations", "SETUP_ANNOTATIONS"),
    ("load_deref", "LOAD_DEREF"), ("store_deref", "STORE_DEREF"), ("delete_deref", "DELETE_DEREF"),
    ("load_attr", "LOAD_ATTR"), ("store_attr", "STORE_ATTR"), ("delete_attr", "DELETE_ATTR"),
    ("load_method", "LOAD_METHOD LOAD_ATTR"), ("load_item", "BINARY_SUBSCR"), ("store_item", "STORE_SUBSCR"),
    ("delete_item", "DELETE_SUBSCR"), ("get_iter", "GET_ITER"), ("for_", "FOR_ITER"),
    ("unpack_ex", "UNPACK_EX"), ("unpack", "UNPACK_SEQUENCE"), ("build_tuple", "BUILD_TUPLE"),
    ("build_list", "BUILD_LIST"), ("build_set", "BUILD_SET"), ("build_map", "BUILD_MAP"),
    ("build_const_map", "BUILD_CONST_KEY_MAP"), ("build_slice", "BUILD_SLICE"), ("build_string", "BUILD_STRING"),
    ("list_append", "LIST_APPEND"), ("list_extend", "LIST_EXTEND"), ("list_to_tuple", "LIST_TO_TUPLE"),
    ("set_add", "SET_ADD"), ("set_update", "SET_UPDATE"), ("map_add", "MAP_ADD"), ("map_update", "DICT_UPDATE"),
    ("map_merge", "DICT_MERGE"), ("format_", "FORMAT_VALUE"), ("make_function", "MAKE_FUNCTION"),
    ("call_ex", "CALL_FUNCTION_EX"), ("call", "CALL"), ("return_generator", "RETURN_GENERATOR"),
    ("return_", "RETURN_VALUE"), ("end_generator", "RETURN_VALUE"), ("yield_from_iter", "GET_YIELD_FROM_ITER"),
    ("async_wrap", "ASYNC_GEN_WRAP"), ("async_enter", "BEFORE_ASYNC_WITH"), ("async_iter", "GET_AITER"), ("async_next", "GET_ANEXT"),
    ("branch_no_async_end", "END_ASYNC_FOR"), ("get_awaitable", "GET_AWAITABLE"), ("yield_from", "SEND"), ("yield_", "YIELD_VALUE"),
    ("load_build_class", "LOAD_BUILD_CLASS"), ("raise_", "RAISE_VARARGS"), ("reraise", "RERAISE END_ASYNC_FOR"),
    ("load_position", "PUSH_EXC_INFO"),
    ("push_exc", "PUSH_EXC_INFO"), ("pop_exc", "POP_EXCEPT"), ("load_assertion_error", "LOAD_ASSERTION_ERROR"),
    ("with_enter", "BEFORE_WITH"), ("with_exit", "WITH_EXCEPT_START"), ("import_name", "IMPORT_NAME"),
    ("import_from", "IMPORT_FROM"), ("import_star", "IMPORT_STAR"), ("match_sequence", "MATCH_SEQUENCE"),
    ("match_mapping", "MATCH_MAPPING"), ("match_keys", "MATCH_KEYS"), ("match_class", "MATCH_CLASS"),
    ("get_len", "GET_LEN"), ("resume", "RESUME"), ("loop", "FOR_ITER JUMP_BACKWARD"),
    ("jump", "JUMP_BACKWARD JUMP_FORWARD"),
)
"""Beginnings of our names with the host's names for the same work; the first that fits holds."""


def _host_operations(name: str) -> tuple[int, ...]:
    """The host's opcodes that do the work of our bytecode ``name``, best first."""
    for prefix, names in HOST_NAMES:
        if name.startswith(prefix):
            return tuple(opmap[host] for host in names.split())
    return ()


class HostOperations(dict[str, tuple[int, ...]]):
    """The host's opcodes by the names of ours, worked out when first asked for."""

    def __missing__(self, name: str) -> tuple[int, ...]:
        operations = self[name] = _host_operations(name)
        return operations


HOST_OPERATIONS = HostOperations()


class HostPositions:
    """The instructions of one host code object by span and opcode."""

    def __init__(self, code: CodeType) -> None:
        self.entries: list[Span] = list(code.co_positions())  # type: ignore[arg-type]
        operations = code.co_code[::2]
        self.code = code.co_code
        self.first = operations.index(RESUME) * 2
        self.begin = operations.index(RETURN_GENERATOR) * 2 if RETURN_GENERATOR in operations else self.first
        self.deletes_locals = DELETE_FAST in operations
        exact: dict[tuple[int, Span], int] = {}
        spans: dict[Span, int] = {}
        lines: dict[int | None, int] = {}
        offset = -2
        for operation, span in zip(operations, self.entries, strict=True):
            offset += 2
            if operation in IGNORED:
                continue
            exact.setdefault((operation, span), offset)
            if operation not in NEVER_RAISE:
                spans.setdefault(span, offset)
                lines.setdefault(span[0], offset)
        self.exact = exact
        self.spans = spans
        self.lines = lines

    def reraises(self) -> list[int]:
        """The offsets of all that has an exception go on which no handler wanted. Ours come in the same order."""
        code = self.code
        return [at for at in range(0, len(code), 2) if (code[at] == RERAISE and not code[at + 1]) or code[at] == END_ASYNC_FOR]

    def offset(self, name: str, span: Span, otherwise: int) -> int:
        """The byte offset that the host's frame shows while our bytecode ``name`` at ``span`` runs.

        Where the host has nothing at ``span`` nor on its first line it is ``otherwise``.
        """
        if name in BEFORE_THE_START:
            return self.begin
        exact = self.exact
        for operation in HOST_OPERATIONS[name]:
            found = exact.get((operation, span))
            if found is not None:
                return found
        found = self.spans.get(span)
        if found is None:
            found = self.lines.get(span[0], otherwise)
        return found if found > self.first else self.first
