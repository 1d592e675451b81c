"""Reads the text of a region: LLVM's assembly language, as far as replay writes it.

A function becomes blocks of operations over numbered values. Numbers from 0 on are values, negative ones constants: integers,
addresses by name, nothing (``undef``). What needs no instruction is resolved here: casts between what registers hold alike, parts of
pairs, and addresses, which become operands of the loads and stores that use them.
"""
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeGuard

    Constant = int | str | tuple[int] | None
    Address = tuple[int, int, int, int]

NONE = -1
"""The constant of ``undef``, and an operand that is not there."""
FRAME = -2
"""As the base of an address: the function's own frame. An address there is a constant: a tuple of its distance."""
DOUBLE = 65
WIDTHS = {"i1": 1, "i8": 8, "i32": 32, "i64": 64, "ptr": 64, "double": DOUBLE}
"""Bits of a type; double is told from integers of its size."""
NARROW = frozenset(("add", "sub", "mul", "and", "or", "xor"))
"""Operations to whose lower bits the bits above them do nothing."""
SCALES = {"i8": 1, "ptr": 8, "i64": 8, "i32": 4}
LIKELY = {"!0": 1, "!1": -1}
"""Which way a branch mostly goes, by its weights (``METADATA`` of tracing/loops.py)."""


class Unsupported(Exception):
    """The text has something that this compiler does not know; LLVM does."""


def is_small(constant: object) -> TypeGuard[int]:
    """Whether a constant is a number that fits in an instruction."""
    return isinstance(constant, int) and -1 << 31 <= constant < 1 << 31


class Op:
    """One operation: its name, the values that it gives (NONE for none), its operands, and what else it has by name."""

    __slots__ = ("dest", "extra", "name", "operands", "second")

    def __init__(self, name: str, dest: int, operands: tuple[int, ...], extra: Any = None, second: int = -1) -> None:
        self.name, self.dest, self.operands, self.extra, self.second = name, dest, operands, extra, second


class Block:
    """Operations without a branch, the branch last. ``phis`` are pairs of a value and its operands by predecessor."""

    __slots__ = ("cold", "depth", "index", "label", "ops", "phis", "predecessors", "selects", "successors")

    def __init__(self, label: str) -> None:
        self.label = label
        self.ops: list[Op] = []
        self.phis: list[tuple[int, dict[str, int]]] = []
        self.successors: list[tuple[str, bool]] = []
        self.predecessors: list[Block] = []
        self.cold = True
        self.selects = False
        self.depth = 0
        self.index = 0


class Function:
    """A function: parameters (value and width), blocks in the order of the text, constants, widths of values."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.parameters: list[int] = []
        self.blocks: list[Block] = []
        self.constants: list[Constant] = [None, (0,)]
        self.widths: list[int] = []
        self.uses: list[int] = []
        self.frame_size = 0


class Numbers(dict[str, int]):
    """The numbers of values and constants by their names in the text. A constant is made when it is first asked for; a value too, which
    is then one of ``early`` until its definition comes."""

    def __init__(self, constants: list[Constant], widths: list[int]) -> None:
        self.constants, self.widths = constants, widths
        self.early: dict[str, int] = {}
        self.update(undef=NONE, null=self.add(0), false=self.add(0), true=self.add(1))

    def add(self, constant: Constant) -> int:
        """The number of a new constant."""
        self.constants.append(constant)
        return -len(self.constants)

    def __missing__(self, text: str) -> int:
        if text[0] == "@":
            number = self.add(text[1:])
        elif text[0] == "%":
            number = self.early[text] = len(self.widths)
            self.widths.append(0)
        elif text.startswith("0x"):
            number = self.add(int(text, 16))
        elif text == "0.0":
            number = self.add(0)
        else:
            number = self.add(int(text))
        self[text] = number
        return number


class Reader:
    """Reads one function."""

    def __init__(self, header: list[str]) -> None:
        at = next(index for index, word in enumerate(header) if word.startswith("@"))
        self.function = Function(header[at][1:])
        self.numbers = Numbers(self.function.constants, self.function.widths)
        self.addresses: dict[int, Address] = {}
        self.pairs: dict[str, tuple[int, int]] = {}
        self.pending: list[tuple[int, list[str]]] = []
        self.zero_extended: set[int] = set()
        self.block = Block("")
        words = header[at + 1:]
        for kind, name in zip(words[0:-2:2], words[1:-2:2], strict=True):
            self.function.parameters.append(self.value(name, WIDTHS[kind]))

    # -- values
    def value(self, name: str, width: int) -> int:
        """The number of a new value."""
        widths, early = self.function.widths, self.numbers.early
        if early and name in early:
            number = early.pop(name)
            widths[number] = width
            return number
        number = self.numbers[name] = len(widths)
        widths.append(width)
        return number

    def address(self, text: str) -> Address:
        """The address that an operand names: base, index (or NONE), scale, distance."""
        number = self.numbers[text]
        return self.addresses.get(number) or (number, NONE, 1, 0)

    def add(self, name: str, dest: int, operands: tuple[int, ...], extra: Any = None, second: int = NONE) -> None:
        """Adds an operation."""
        self.block.ops.append(Op(name, dest, operands, extra, second))

    # -- lines
    def label(self, name: str) -> None:
        """A block begins."""
        self.block = Block(name)
        self.function.blocks.append(self.block)

    def binary(self, words: list[str]) -> None:
        """``%d = add i64 a b``"""
        if words[3] in ("i8", "i32") and words[2] not in NARROW:
            raise Unsupported(f"{words[2]} {words[3]}")
        first, second = self.numbers[words[4]], self.numbers[words[5]]
        self.add(words[2], self.value(words[0], WIDTHS[words[3]]), (first, second))

    def compare(self, words: list[str]) -> None:
        """``%d = icmp eq i64 a b``"""
        first, second = self.numbers[words[5]], self.numbers[words[6]]
        self.add(words[2], self.value(words[0], 1), (first, second), (words[3], WIDTHS[words[4]]))

    def load(self, words: list[str]) -> None:
        """``%d = load i64 ptr a``"""
        address = self.address(words[5])
        number = self.value(words[0], WIDTHS[words[3]])
        if words[3] in ("i32", "i8"):
            self.zero_extended.add(number)
        self.add("load", number, address[:2], address)

    def store(self, words: list[str]) -> None:
        """``store i64 a ptr b``"""
        address = self.address(words[4])
        self.add("store", NONE, (self.numbers[words[2]], *address[:2]), (address, WIDTHS[words[1]]))

    def element(self, words: list[str]) -> None:
        """``%d = getelementptr i8 ptr a i64 b``: an address; an instruction only where it is used as a value."""
        number = self.numbers[words[5]]
        base, index, scale, distance = self.addresses.get(number) or (number, NONE, 1, 0)
        step, name = SCALES[words[3]], words[7]
        if name[0] != "%":
            distance += step * int(name)
        elif index == NONE:
            index, scale = self.numbers[name], step
        else:
            base, index, scale, distance = self.numbers[words[5]], self.numbers[name], step, 0
        if not -1 << 31 <= distance < 1 << 31:
            raise Unsupported("a distant address")
        if not distance and index == NONE and base != FRAME:
            self.numbers[words[0]] = base
            return
        if base == FRAME and index == NONE:
            self.in_frame(words[0], distance)
            return
        number = self.value(words[0], 64)
        self.addresses[number] = base, index, scale, distance
        self.add("address", number, (base, index), self.addresses[number])

    def in_frame(self, name: str, distance: int) -> None:
        """A name for a place in the frame."""
        number = self.numbers[name] = self.numbers.add((distance,))
        self.addresses[number] = FRAME, NONE, 1, distance

    def alloca(self, words: list[str]) -> None:
        """``%d = alloca 6 x i64``: a place in the frame."""
        self.in_frame(words[0], self.function.frame_size)
        self.function.frame_size += 8 * int(words[3])

    def alias(self, words: list[str]) -> None:
        """A cast that changes nothing in a register: ``%d = inttoptr i64 a to ptr``"""
        self.numbers[words[0]] = self.numbers[words[4]]

    def extend(self, words: list[str]) -> None:
        """``%d = zext i32 a to i64``: truth values, and what was loaded, are extended already."""
        source = self.numbers[words[4]]
        if source < 0 and words[4][0] == "-":
            raise Unsupported("an extension of a negative constant")
        if words[2] == "zext" and (words[3] == "i1" or source in self.zero_extended or source < 0):
            self.numbers[words[0]] = source
        else:
            self.add(words[2], self.value(words[0], WIDTHS[words[6]]), (source,), WIDTHS[words[3]])

    def convert(self, words: list[str]) -> None:
        """``%d = sitofp i64 a to double``"""
        if words[3] not in ("i64", "double"):
            raise Unsupported(f"{words[2]} {words[3]}")
        name = words[2] if words[2] != "trunc" else "truth" if words[6] == "i1" else "copy"
        self.add(name, self.value(words[0], WIDTHS[words[6]]), (self.numbers[words[4]],))

    def negative(self, words: list[str]) -> None:
        """``%d = fneg double a``"""
        self.add("fneg", self.value(words[0], DOUBLE), (self.numbers[words[4]],))

    def select(self, words: list[str]) -> None:
        """``%d = select i1 c i64 a i64 b``"""
        operands = self.numbers[words[4]], self.numbers[words[6]], self.numbers[words[8]]
        self.block.selects = True
        self.add("select", self.value(words[0], WIDTHS[words[5]]), operands)

    def phi(self, words: list[str]) -> None:
        """``%d = phi i64 a %L1 b %L2``: its operands may be defined later."""
        number = self.value(words[0], WIDTHS[words[3]])
        self.pending.append((number, words))
        self.block.phis.append((number, {}))

    def pair(self, words: list[str]) -> None:
        """``%d = insertvalue {i64 i64} {i64 undef i64 1} i64 %a 0``: what a function returns."""
        self.pairs[words[0]] = self.numbers[words[10]], self.numbers[words[8].rstrip("}")]
        if words[3:8] != ["{i64", "i64}", "{i64", "undef", "i64"] or words[11] != "0":
            raise Unsupported("a pair of another kind")

    def part(self, words: list[str]) -> None:
        """``%d = extractvalue {i64 i1} %a 0``"""
        self.numbers[words[0]] = self.pairs[words[5]][int(words[6])]

    def call(self, words: list[str]) -> None:
        """``%d = call ptr @f ptr a i64 b``, perhaps with a convention, or an operation that LLVM writes as a call."""
        dest, at = (words[0], 3) if words[1] == "=" else ("", 1)
        own = words[at] == "preserve_nonecc"
        at += own
        kind = words[at]
        if kind == "{i64":
            kind, at = "pair " + words[at + 1], at + 1
        name, rest = words[at + 1], words[at + 2:]
        kinds, operands = tuple([WIDTHS[word] for word in rest[0::2]]), tuple([self.numbers[word] for word in rest[1::2]])
        if name.startswith("@llvm."):
            self.intrinsic(name, dest, operands)
            return
        if kind == "pair i64}":
            parts = self.value(dest + ".0", 64), self.value(dest + ".1", 64)
            self.pairs[dest] = parts
            self.add("call", parts[0], operands, (name[1:], own, kinds), parts[1])
            return
        number = NONE if kind == "void" or not dest else self.value(dest, WIDTHS[kind])
        self.add("call", number, operands, (name[1:], own, kinds))

    def intrinsic(self, name: str, dest: str, operands: tuple[int, ...]) -> None:
        parts = name.split(".")
        if parts[1] == "fabs":
            self.add("fabs", self.value(dest, DOUBLE), operands)
        elif parts[2:] == ["with", "overflow", "i64"] and parts[1] in ("sadd", "ssub", "smul"):
            number = self.value(dest + ".0", 64)
            flag = self.value(dest + ".1", 1)
            self.pairs[dest] = number, flag
            self.add(parts[1][1:] + ".o", number, operands, None, flag)
        else:
            raise Unsupported(name)

    def tail(self, words: list[str]) -> None:
        """``%d = musttail call preserve_nonecc ptr @f ptr a``, and the ``ret`` that follows."""
        rest = words[7:]
        if len(rest) > 20:
            raise Unsupported("arguments on the stack")
        self.add("tail", NONE, tuple([self.numbers[word] for word in rest[1::2]]), words[6][1:])

    def ret(self, words: list[str]) -> None:
        """``ret {i64 i64} %a``; after a tail call there is nothing to do."""
        if words[1] == "ptr" and self.block.ops and self.block.ops[-1].name == "tail":
            return
        if words[1] != "{i64":
            raise Unsupported("a result of another kind")
        self.add("ret", NONE, self.pairs[words[3]])

    def unreachable(self, words: list[str]) -> None:
        self.add("trap", NONE, ())

    def branch(self, words: list[str]) -> None:
        """``br label %L`` or ``br i1 c label %L1 label %L2 !prof !0``"""
        block = self.block
        if words[1] == "label":
            block.successors = [(words[2][1:], True)]
            self.add("jump", NONE, ())
            return
        likely = LIKELY[words[8]] if len(words) > 7 else 0
        condition = self.numbers[words[2]]
        if condition < 0:
            taken = self.function.constants[~condition]
            block.successors = [(words[4 if taken else 6][1:], True)]
            self.add("jump", NONE, ())
            return
        block.successors = [(words[4][1:], likely >= 0), (words[6][1:], likely <= 0)]
        self.add("branch", NONE, (condition,))

    def finish(self) -> Function:
        """Resolves the operands of phis and returns the function. Raises Unsupported for a value without a definition of its own."""
        phis = {number: values for block in self.function.blocks for number, values in block.phis}
        for number, words in self.pending:
            phis[number].update(zip([label[1:] for label in words[5::2]], [self.numbers[word] for word in words[4::2]], strict=True))
        if self.numbers.early:
            raise Unsupported(f"use of {next(iter(self.numbers.early))} before its definition")
        return self.function


VALUES: dict[str, Callable[[Reader, list[str]], None]] = {
    **dict.fromkeys(("add", "sub", "mul", "and", "or", "xor", "shl", "lshr", "ashr", "srem", "sdiv",
                     "fadd", "fsub", "fmul", "fdiv"), Reader.binary),
    "icmp": Reader.compare, "fcmp": Reader.compare, "load": Reader.load, "getelementptr": Reader.element, "alloca": Reader.alloca,
    "inttoptr": Reader.alias, "ptrtoint": Reader.alias, "zext": Reader.extend, "sext": Reader.extend, "sitofp": Reader.convert,
    "fptosi": Reader.convert, "trunc": Reader.convert, "bitcast": Reader.convert, "fneg": Reader.negative, "select": Reader.select,
    "phi": Reader.phi, "insertvalue": Reader.pair, "extractvalue": Reader.part, "call": Reader.call, "musttail": Reader.tail}
STATEMENTS: dict[str, Callable[[Reader, list[str]], None]] = {
    "store": Reader.store, "br": Reader.branch, "call": Reader.call, "ret": Reader.ret, "unreachable": Reader.unreachable}
PUNCTUATION = str.maketrans({",": None, "[": None, "]": None, "(": " ", ")": " "})


def read(text: str) -> list[Function]:
    """The functions of a text. Raises Unsupported."""
    functions = []
    reader: Reader | None = None
    for line in text.replace(" ;work", "").translate(PUNCTUATION).split("\n"):
        if reader is None:
            if line.startswith("define"):
                reader = Reader(line.split())
            continue
        words = line.split()
        first = words[0]
        handler = VALUES.get(words[2]) if first[0] == "%" else STATEMENTS.get(first)
        if handler is not None:
            handler(reader, words)
        elif first[-1] == ":" and len(words) == 1:
            reader.label(first[:-1])
        elif first == "}":
            functions.append(reader.finish())
            reader = None
        elif first[0] != ";":
            raise Unsupported(" ".join(words[:4]))
    return functions
