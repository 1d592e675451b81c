"""What the LLVM translator's parts share: its tables, its values, and the library of functions and instances."""
from __future__ import annotations

import ast
import struct
from dataclasses import dataclass

from jitvm.rpython.reader import Function
from jitvm.spec import layout, shared
from jitvm.spec.bytecodes import Bytecode
from jitvm.spec.cfunctions import CFUNCTIONS

LLVM = {"O": "ptr", "N": "ptr", "S": "ptr", "P": "ptr", "I": "i64", "i": "i32", "u": "i32", "b": "i8", "B": "i1", "F": "double",
        "v": "void"}
COMPARISONS = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne"}
OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
             ast.LShift: "shl", ast.RShift: "ashr", ast.FloorDiv: "sdiv", ast.Mod: "srem"}
HANDLER = "ptr %pc, ptr %regs, ptr %consts, ptr %ctx, ptr %ts, i64 %word"
CONVENTION = "preserve_nonecc"
HANDLER_NAMES = {"pc": "P", "regs": "P", "consts": "P", "thread": "P", "word": "I"}
SLOW_CALLS = {"call_op", *CFUNCTIONS}
"""What a handler returns where it has no way of its own: after such a call little things need not be fast."""
LIKELY, UNLIKELY = ", !prof !0", ", !prof !1"


@dataclass
class Value:
    """An LLVM value; ``slot`` is the slot that owns it, if it is a new reference."""

    text: str
    type: str
    slot: str | None = None


class Library:
    """The functions of a program and the instances of them that the text so far needs."""

    def __init__(self, functions: dict[str, Function], constants: dict[str, int]):
        self.functions = functions
        self.constants = {**constants, **layout.current()[1], **shared.CONSTANTS}
        self.wanted: dict[str, tuple[Function, dict[str, str], bool]] = {}
        self.handlers: set[str] = set()
        self.outlines: dict[str, str] = {}
        self.declarations: set[str] = set()

    def symbol(self, function: Function, row: Bytecode | None, template: dict[str, str], recording: bool) -> str:
        """The name of an instance in LLVM text."""
        if function.kind in ("opcode", "control"):
            return ("rec." if recording else "op.") + (row.name if row else function.name)
        name = ".".join([function.name, *template.values()])
        return "rec." + name if recording else name

    def instance(self, function: Function, template: dict[str, str], recording: bool) -> str:
        """Asks for an instance; its symbol."""
        name = self.symbol(function, None, template, recording)
        self.wanted.setdefault(name, (function, dict(template), recording))
        return name

    def outline(self, symbol: str) -> str:
        """Asks for a copy of a primitive's instance that is called, not inlined; its symbol."""
        if symbol not in self.outlines:
            function = self.wanted[symbol][0]
            kinds = [("ctx", "P"), *((n, kind) for n, kind in function.parameters if kind != "template")]
            given = ", ".join(f"{LLVM[kind]} %p.{n}" for n, kind in kinds)
            result = LLVM[function.result]
            call = f"call {result} @{symbol}({given})"
            lines = [call, "ret void"] if result == "void" else [f"%r = {call}", f"ret {result} %r"]
            self.outlines[symbol] = (f"define internal {result} @out.{symbol}({given}) noinline nounwind #0 {{\n  " + "\n  ".join(lines)
                                     + "\n}\n")
        return "out." + symbol

    def need(self, name: str) -> None:
        self.instance(self.functions[name], {}, False)

    def need_handler(self, name: str) -> None:
        self.handlers.add(name)

    def declare(self, text: str) -> None:
        self.declarations.add(text)


def convention(function: Function) -> str:
    """The calling convention of a helper: one that is ``spare`` saves all registers itself, so that what calls it need not."""
    return "preserve_mostcc " if "spare" in function.flags else ""


def float_literal(value: float) -> str:
    """LLVM's exact text of a double."""
    return "0x" + struct.pack(">d", value).hex().upper()
