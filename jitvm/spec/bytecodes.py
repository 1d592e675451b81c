"""The table of jitvm's register bytecodes: one row for each, and the encoding of an instruction.

An instruction is 16 bytes, followed by ``units`` cache units of 16 bytes each:

    word 0   bits 0-9 opcode, 10-15 consume flags, 16-31 A, 32-47 B, 48-63 C
    word 1   the host's instruction pointer for the same source position (filled when the code is linked)

Operands are named in a row in the order A, B, C; an operand past C, or one marked ``x``, lies in word 0 of the
first cache unit. Kinds of operand:

    d   destination register: its old value is dropped, the new one is owned
    r   source register, read in place; its consume flag says that it is a temporary whose life ends here
    q   source register or constant: such a row makes two opcodes, NAME and NAME_k (constant)
    k   index of a constant (names are constants too: interned strings)
    i   unsigned immediate
    j   jump offset: signed, in units of 16 bytes, relative to this instruction
    w   first register of a window of temporaries; the instruction leaves all of the window empty or overwritten
    l   register changed in place
    x   64-bit immediate in the cache unit

Registers are the host code object's "localsplus" (locals, cells, free variables; in its order) followed by temporaries.
What a bytecode means is written in its handler (``jitvm.interpreter``) and nowhere else.
"""
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

UNIT = 16
"""Bytes in an instruction and in a cache unit."""

HOST = 8
"""Bytes from an instruction to the address of the host's for the same position."""
COUNTER = 24
"""Bytes from a loop or resume instruction to its counter; the compiled code's address lies 8 bytes before."""
ROW = {name: number for number, name in enumerate("WORDS OFFSETS PLACES OWN HANDLERS REGISTERS LOOPS SITES".split())}
"""What a unit is stored as (``frontend/module.py``), in order: words, host offsets, places of the constants, those that are its own,
exception handlers, then what only Python code wants."""
PLACE = {"OWN": 0, "CONSTANT": 1, "NAME": 2}
"""Where a stored unit's constant is: with the unit, among the host's constants or its names. There it stays the same object."""
PLACE_BITS = 2
"""A place is the index there, and these bits below."""
HANDLER_WORDS = 5
"""Of a row of a unit's exception handlers (``Handler.row``)."""
OPCODE_BITS = 10
OPCODE_MASK = (1 << OPCODE_BITS) - 1
BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and", "or", "xor", "matmul")
COMPARE = ("lt", "le", "eq", "ne", "gt", "ge")


class Operand:
    """One operand of a row: its name, its kind (a letter of the table above) and where it is encoded."""

    __slots__ = ("consume_bit", "field", "kind", "name")

    def __init__(self, name: str, kind: str, field: str, consume_bit: int) -> None:
        self.name, self.kind, self.field, self.consume_bit = name, kind, field, consume_bit


class Bytecode:
    """One row. ``handler`` names the handler function, ``template`` its compile-time arguments.

    ``size`` is its length in units of 16 bytes, cache units included. The operands are worked out when asked for: a run whose
    bytecode is on disk never does.
    """

    __slots__ = ("_operands", "_texts", "ends", "handler", "jumps", "name", "size", "template", "units")

    def __init__(self, name: str, texts: tuple[str, ...], units: int, handler: str, template: tuple[tuple[str, str], ...],
                 jumps: bool, ends: bool) -> None:
        self.name, self._texts, self.units, self.handler = name, texts, units, handler
        self.template, self.jumps, self.ends = template, jumps, ends
        self.size = 1 + units
        self._operands: tuple[Operand, ...] | None = None

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The operands in their order."""
        if self._operands is None:
            self._operands = _operands(self._texts, self.name.endswith("_k"))
        return self._operands

    def operand(self, name: str) -> Operand:
        """The operand called ``name``; KeyError if there is none."""
        for operand in self.operands:
            if operand.name == name:
                return operand
        raise KeyError(name)


ROWS = """
# moves and constants
move            dst:d src:r
take            dst:d src:l
load_const      dst:d value:k
clear           src:l
check_bound     src:r name:k
check_free      src:r name:k
delete_local    src:l name:k
# arithmetic
binary_*        dst:d left:r right:q
inplace_*       dst:d left:r right:q
unary_neg       dst:d src:r
unary_pos       dst:d src:r
unary_invert    dst:d src:r
unary_not       dst:d src:r
# comparison
compare_?       dst:d left:r right:q
is_op           dst:d left:r right:q
is_not_op       dst:d left:r right:q
contains        dst:d item:r container:r
not_contains    dst:d item:r container:r
# jumps
jump            target:j
branch_true     src:r target:j
branch_false    src:r target:j
branch_if_?     left:r right:q target:j
branch_unless_? left:r right:q target:j
branch_is       left:r right:q target:j
branch_is_not   left:r right:q target:j
branch_in       item:r container:r target:j
branch_not_in   item:r container:r target:j
loop            nest:i +1
resume          kind:i +1
# names
load_global     dst:d name:k +2
store_global    src:r name:k
delete_global   name:k
load_deref      dst:d cell:r name:k
store_deref     src:r cell:r
delete_deref    cell:r name:k
make_cell       reg:l
load_name       dst:d name:k
store_name      src:r name:k
delete_name     name:k
load_classderef dst:d cell:r name:k
setup_annotations
# attributes and items
load_attr       dst:d obj:r name:k +2
store_attr      obj:r src:r name:k +2
delete_attr     obj:r name:k
load_method     base:w obj:r name:k +2
load_item       dst:d obj:r key:q
store_item      obj:r key:r src:r
delete_item     obj:r key:r
# iteration
get_iter        dst:d src:r
for_iter        dst:d iter:r target:j +1
for_next        dst:d iter:r target:j
for_pair        base:w iter:r target:j pair:x +1
unpack          base:w src:r count:i
unpack_ex       base:w src:r before:i after:x +1
# building
build_tuple     dst:d base:w count:i
build_list      dst:d base:w count:i
build_set       dst:d base:w count:i
build_map       dst:d base:w count:i
build_const_map dst:d base:w keys:k
build_slice     dst:d base:w count:i
build_string    dst:d base:w count:i
list_append     list:r src:r
list_extend     list:r src:r
list_to_tuple   dst:d src:r
set_add         set:r src:r
set_update      set:r src:r
map_add         map:r key:r src:r
map_update      map:r src:r
map_merge       map:r src:r callee:r
format_value    dst:d src:r convert:i
format_spec     dst:d src:r spec:q convert:x +1
# functions, calls and classes
make_function   dst:d base:w flags:i
call            dst:d base:w count:i +2
call_method     dst:d base:w count:i +2
call_kw         dst:d base:w count:i names:x +2
call_method_kw  dst:d base:w count:i names:x +2
call_ex         dst:d base:w keywords:i +2
return_value    src:r !
return_const    value:k !
load_build_class dst:d
load_super_attr dst:d base:w name:k
# exceptions
raise_0         !
raise_1         exc:r !
raise_2         exc:r cause:r !
reraise         exc:r !
load_position   dst:d
reraise_at      exc:r position:r !
push_exc        saved:d exc:r
pop_exc         saved:l
branch_no_match exc:r kind:r target:j
check_group     dst:d rest:l kind:r
prepare_reraise dst:d exc:r raised:r
load_assertion_error dst:d
with_enter      base:w manager:r
with_exit       dst:d base:w exc:r
# generators
return_generator +1
yield_value     dst:d src:r +1
yield_effect    src:r +1
yield_from_iter dst:d src:r
get_awaitable   dst:d src:r kind:i
async_wrap      dst:d src:r
async_enter     base:w manager:r
async_iter      dst:d src:r
async_next      dst:d iter:r
branch_no_async_end exc:r target:j
yield_from      value:l iter:l +1
end_generator   src:r !
# imports
import_name     dst:d base:w name:k
import_from     dst:d module:r name:k
import_star     module:r
# pattern matching
match_sequence  dst:d src:r
match_mapping   dst:d src:r
match_keys      dst:d src:r keys:r
match_class     dst:d base:w count:i
get_len         dst:d src:r
"""

FIELDS = ("A", "B", "C", "X")


def _operands(texts: tuple[str, ...], constant: bool) -> tuple[Operand, ...]:
    """The operands of one row; with ``constant`` its operand of kind q is a constant, else a register."""
    out = []
    sources = 0
    for place, text in enumerate(texts):
        name, kind = text.split(":")
        field = "X" if kind == "x" else FIELDS[place]
        if kind == "q":
            kind = "k" if constant else "r"
        consume = -1
        if kind == "r":
            consume = sources
            sources += 1
        out.append(Operand(name, kind, field, consume))
    return tuple(out)


def _rows() -> list[tuple[Any, ...]]:
    """Expands the table, to what a row is made of: families (``*`` arithmetic, ``?`` comparison) and constant variants."""
    out = []
    for line in ROWS.strip().splitlines():
        if line.startswith("#"):
            continue
        pattern, *rest = line.split()
        texts = tuple([text for text in rest if ":" in text])
        units = int(rest[-1][1:]) if rest and rest[-1][0] == "+" else 0
        jumps = ":j" in line
        mark = "*" if "*" in pattern else "?" if "?" in pattern else ""
        names = {"*": BINARY, "?": COMPARE, "": ("",)}[mark]
        for name in names:
            full = pattern.replace(mark, name) if mark else pattern
            handler = pattern.replace("_" + mark, "") if mark else pattern
            template = (("op", name),) if mark else ()
            variants = ("", "_k") if ":q" in line else ("",)
            out += [(full + variant, texts, units, handler, template, jumps, "!" in rest) for variant in variants]
    return out


_TABLE: Final = tuple(_rows())
BYTECODES: tuple[Bytecode, ...] = tuple([Bytecode(*row) for row in _TABLE])
OPCODES: dict[str, int] = {row[0]: number for number, row in enumerate(_TABLE)}
assert len(BYTECODES) <= OPCODE_MASK + 1


def encode(row: Bytecode, values: dict[str, int], consumed: frozenset[str] = frozenset()) -> list[int]:
    """The words of one instruction (host pointers and cache words 0), given each operand's value by name.

    Raises OverflowError where a value does not fit its field.
    """
    word = OPCODES[row.name]
    extra = 0
    for operand in row.operands:
        value = values[operand.name]
        if operand.name in consumed:
            if operand.consume_bit < 0:
                raise ValueError(f"{row.name}: operand {operand.name} cannot be consumed")
            word |= 1 << (OPCODE_BITS + operand.consume_bit)
        if operand.field == "X":
            extra = value & (1 << 64) - 1
            continue
        signed = operand.kind == "j"
        if not (-0x8000 <= value < 0x8000 if signed else 0 <= value < 0x10000):
            raise OverflowError(f"{row.name}: operand {operand.name} = {value} does not fit 16 bits")
        word |= (value & 0xFFFF) << (16 + 16 * FIELDS.index(operand.field))
    words = [word, 0] + [0, 0] * row.units
    if any(operand.field == "X" for operand in row.operands):
        words[2] = extra
    return words


def decode(word: int, extra: int = 0) -> tuple[Bytecode, dict[str, int], frozenset[str]]:
    """The inverse of ``encode``: row, operand values by name, names of the consumed operands."""
    row = BYTECODES[word & OPCODE_MASK]
    values: dict[str, int] = {}
    consumed = set()
    for operand in row.operands:
        if operand.field == "X":
            values[operand.name] = extra
            continue
        value = word >> (16 + 16 * FIELDS.index(operand.field)) & 0xFFFF
        if operand.kind == "j" and value >= 0x8000:
            value -= 0x10000
        values[operand.name] = value
        if operand.consume_bit >= 0 and word >> (OPCODE_BITS + operand.consume_bit) & 1:
            consumed.add(operand.name)
    return row, values, frozenset(consumed)
