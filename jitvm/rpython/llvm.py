"""Restricted Python -> LLVM text: handlers (plain and recording), inline functions, helpers and entry points.

Ownership is inserted here. A call that gives a new reference parks it in a slot (an alloca that starts as null); each way out of a
function releases the slots it does not hand on. LLVM's scalar replacement turns the slots into nothing where they are not needed.
"""
from __future__ import annotations

import ast
from dataclasses import dataclass

from jitvm.rpython.reader import Function
from jitvm.spec import layout
from jitvm.spec.bytecodes import FIELDS as OPERAND_FIELDS
from jitvm.spec.bytecodes import OPCODE_BITS, OPCODE_MASK, UNIT, Bytecode
from jitvm.spec.cfunctions import CFUNCTIONS, COMPUTED, EXCEPTION_TYPES, LIBM, OBJECTS, SLOTS, STATE

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


class Emitter:
    """Translates one function. ``library`` resolves the names of other functions and collects the instances needed."""

    def __init__(self, function: Function, library: Library, row: Bytecode | None, template: dict[str, str], recording: bool):
        self.function, self.library, self.row, self.template, self.recording = function, library, row, template, recording
        self.lines: list[str] = []
        self.allocas: list[str] = []
        self.count = 0
        self.variables: dict[str, Value] = {}
        self.stored: dict[str, str] = {}
        self.slots: list[str] = []
        self.loops: list[tuple[str, str]] = []
        self.numbers: set[str] = set()
        self.positioned = False
        self.cold = False
        self.is_handler = function.kind in ("opcode", "control")
        self.multiple = _assigned_twice(function.node)

    # -- text
    def emit(self, text: str) -> None:
        self.lines.append("  " + text)

    def value(self, text: str) -> str:
        self.count += 1
        self.lines.append(f"  %v{self.count} = {text}")
        return f"%v{self.count}"

    def label(self, hint: str = "b") -> str:
        self.count += 1
        return f"{hint}{self.count}"

    def at(self, label: str) -> None:
        self.lines.append(label + ":")

    def offset(self, pointer: str, offset: int) -> str:
        return pointer if offset == 0 else self.value(f"getelementptr i8, ptr {pointer}, i64 {offset}")

    def slot_of_context(self, name: str) -> str:
        return self.offset("%ctx", SLOTS[name] * 8)

    # -- the whole function
    def build(self) -> str:
        """The text of the definition."""
        if self.is_handler:
            self._operands()
        else:
            for name, kind in self.function.parameters:
                if kind == "template":
                    continue
                value = Value(f"%p.{name}", "O" if kind == "S" else kind)
                if kind == "S":
                    value.slot = self.park(value.text)
                self.assign(name, value)
        falls = self.body(self.function.node.body)
        if falls:
            self.give_back(None, self.function.node)
        body = "\n".join(["entry:", *self.allocas, *self.lines])
        return f"{self.signature()} {{\n{body}\n}}\n"

    def signature(self) -> str:
        name = self.library.symbol(self.function, self.row, self.template, self.recording)
        if self.is_handler:
            return f"define {CONVENTION} ptr @{name}({HANDLER}) nounwind #0"
        parameters = ", ".join(f"{LLVM[kind]} %p.{n}" for n, kind in self.function.parameters if kind != "template")
        kind = self.function.kind
        result = LLVM[self.function.result]
        if kind == "entry":
            return f"define {result} @{name}({parameters}) nounwind #0"
        parameters = "ptr %ctx" + (", " + parameters if parameters else "")
        if kind == "helper":
            cold = " cold" if "cold" in self.function.flags else ""
            return f"define {convention(self.function)}{result} @{name}({parameters}) noinline nounwind{cold} #0"
        return f"define internal {result} @{name}({parameters}) alwaysinline nounwind #0"

    def _operands(self) -> None:
        """Loads a handler's operands from the registers and constants."""
        for name, kind in HANDLER_NAMES.items():
            self.variables[name] = Value({"thread": "%ts"}.get(name, "%" + name), kind)
        if self.row is None:
            return
        for name, kind in self.function.parameters:
            if kind == "template":
                continue
            operand = self.row.operand(name)
            index = self.operand_field(operand.field, operand.kind == "j")
            if kind in ("imm",) or operand.kind in ("i", "w", "l", "x", "d"):
                self.variables[name] = Value(index, "I")
                continue
            base = "%consts" if operand.kind == "k" else "%regs"
            place = self.value(f"getelementptr ptr, ptr {base}, i64 {index}")
            self.variables[name] = Value(self.value(f"load ptr, ptr {place}"), "O")
        if self.recording:
            self.bound_log()
            self.log(self.value(f"or i64 {self.value('ptrtoint ptr %pc to i64')}, {1 << 63}"))

    def operand_field(self, name: str, signed: bool = False) -> str:
        """The value of operand field A, B, C or X of the current instruction."""
        if name == "X":
            return self.value(f"load i64, ptr {self.offset('%pc', UNIT)}")
        shift = 16 + 16 * OPERAND_FIELDS.index(name)
        if signed:
            assert shift == 48 or True
            moved = self.value(f"shl i64 %word, {48 - shift}") if shift < 48 else "%word"
            return self.value(f"ashr i64 {moved}, 48")
        moved = self.value(f"lshr i64 %word, {shift}")
        return moved if shift == 48 else self.value(f"and i64 {moved}, 65535")

    def bound_log(self) -> None:
        """A recording that grows too long is given up: the plain interpreter goes on at this instruction."""
        used = self.value(f"load ptr, ptr {self.slot_of_context('log')}")
        limit = self.value(f"load ptr, ptr {self.slot_of_context('log_limit')}")
        full, room = self.label("full"), self.label("room")
        self.emit(f"br i1 {self.value(f'icmp ugt ptr {used}, {limit}')}, label %{full}, label %{room}{UNLIKELY}")
        self.at(full)
        self.library.need_handler("recording_full")
        self.tail("@op.recording_full", "%pc", "%regs", "%consts", "%ctx", "%word")
        self.at(room)

    def log(self, word: str) -> None:
        """Appends a word to the recording's log."""
        place = self.slot_of_context("log")
        pointer = self.value(f"load ptr, ptr {place}")
        self.emit(f"store i64 {word}, ptr {pointer}")
        self.emit(f"store ptr {self.offset(pointer, 8)}, ptr {place}")

    # -- variables and ownership
    def assign(self, name: str, value: Value) -> None:
        """Binds a local of the dialect."""
        if name not in self.multiple:
            self.variables[name] = value
            return
        if name not in self.stored:
            self.stored[name] = value.type
            self.allocas.append(f"  %l.{name} = alloca {LLVM[value.type]}")
        elif self.stored[name] != value.type:
            raise self.function.fail(self.function.node, f"{name} changes its type from {self.stored[name]} to {value.type}")
        self.emit(f"store {LLVM[value.type]} {value.text}, ptr %l.{name}")

    def lookup(self, node: ast.Name) -> Value:
        name = node.id
        if name in self.stored:
            kind = self.stored[name]
            return Value(self.value(f"load {LLVM[kind]}, ptr %l.{name}"), kind)
        if name in self.variables:
            return self.variables[name]
        if name in self.library.constants:
            return Value(str(self.library.constants[name]), "I")
        if name in OBJECTS or name in COMPUTED:
            return Value(self.value(f"load ptr, ptr {self.slot_of_context(name)}"), "O")
        if name in EXCEPTION_TYPES:
            pointer = self.value(f"load ptr, ptr {self.slot_of_context(name)}")
            return Value(self.value(f"load ptr, ptr {pointer}"), "O")
        if name == "NULL":
            return Value("null", "O")
        if name == "NULLP":
            return Value("null", "P")
        if name == "CONTEXT":
            return Value("%ctx", "P")
        raise self.function.fail(node, f"unknown name {name}")

    def park(self, text: str) -> str:
        """A slot that owns the reference ``text``."""
        slot = f"%own{len(self.slots)}"
        self.slots.append(slot)
        self.allocas += [f"  {slot} = alloca ptr", f"  store ptr null, ptr {slot}"]
        if self.loops:
            self.decref(self.value(f"load ptr, ptr {slot}"))
        self.emit(f"store ptr {text}, ptr {slot}")
        return slot

    def decref(self, text: str) -> None:
        self.emit(f"call void @{self.primitive('xdecref')}(ptr %ctx, ptr {text})")

    def incref(self, text: str) -> None:
        self.emit(f"call void @{self.primitive('incref')}(ptr %ctx, ptr {text})")

    def primitive(self, name: str) -> str:
        """The symbol of a primitive without template arguments."""
        return self.instance(self.library.functions[name], {})

    def instance(self, target: Function, template: dict[str, str]) -> str:
        """The symbol of another function. A recording handler runs rarely: it calls primitives out of line, to stay small."""
        symbol = self.library.instance(target, template, self.recording and target.kind == "inline")
        if (self.recording or self.cold) and target.kind == "primitive":
            return self.library.outline(symbol)
        return symbol

    def release(self, keep: str | None = None) -> None:
        """Drops what the slots own, ``keep`` excepted."""
        for slot in self.slots:
            if slot != keep:
                self.decref(self.value(f"load ptr, ptr {slot}"))

    def move_out(self, value: Value) -> None:
        """Makes ``value`` a reference that somebody else owns from now on."""
        if value.slot:
            self.emit(f"store ptr null, ptr {value.slot}")
        elif value.text != "null":
            self.incref(value.text)

    # -- statements
    def body(self, statements: list[ast.stmt]) -> bool:
        """Translates statements; True if control can fall off their end."""
        for statement in statements:
            handler = getattr(self, "do_" + type(statement).__name__, None)
            if handler is None:
                raise self.function.fail(statement, f"{type(statement).__name__} is not in the dialect")
            if not handler(statement):
                return False
        return True

    def do_Pass(self, _statement: ast.Pass) -> bool:
        return True

    def do_Expr(self, statement: ast.Expr) -> bool:
        if not isinstance(statement.value, ast.Constant):
            self.expression(statement.value)
        return True

    def do_Assign(self, statement: ast.Assign) -> bool:
        value = self.expression(statement.value)
        target = statement.targets[0]
        if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Call) and not value.type.startswith("{"):
            raise self.function.fail(statement, "a pair is expected")
        if isinstance(target, ast.Tuple):
            for place, (name, kind) in enumerate(zip(target.elts, value.type.strip("{}").split(","), strict=True)):
                assert isinstance(name, ast.Name)
                self.assign(name.id, Value(self.value(f"extractvalue {{i64, i1}} {value.text}, {place}"), kind))
        elif isinstance(target, ast.Name):
            self.assign(target.id, value)
        else:
            raise self.function.fail(statement, "assignment to something other than a name")
        return True

    def do_AugAssign(self, statement: ast.AugAssign) -> bool:
        assert isinstance(statement.target, ast.Name)
        load = ast.copy_location(ast.Name(statement.target.id, ast.Load()), statement)
        value = self.expression(ast.copy_location(ast.BinOp(load, statement.op, statement.value), statement))
        self.assign(statement.target.id, value)
        return True

    def do_While(self, statement: ast.While) -> bool:
        head, start, after = self.label("head"), self.label("loop"), self.label("after")
        self.emit(f"br label %{head}")
        self.at(head)
        self.condition(statement.test, start, after)
        self.at(start)
        self.loops.append((head, after))
        if self.body(statement.body):
            self.emit(f"br label %{head}")
        self.loops.pop()
        self.at(after)
        return True

    def do_Break(self, _statement: ast.Break) -> bool:
        self.emit(f"br label %{self.loops[-1][1]}")
        return False

    def do_Continue(self, _statement: ast.Continue) -> bool:
        self.emit(f"br label %{self.loops[-1][0]}")
        return False

    def do_If(self, statement: ast.If) -> bool:
        known = self.static(statement.test)
        if known is not None:
            return self.body(statement.body if known else statement.orelse)
        yes, no, after = self.label("then"), self.label("else"), self.label("end")
        self.condition(statement.test, yes, no)
        falls = False
        before = set(self.numbers)
        self.numbers |= _numbers_in(statement.test)
        for label, branch in ((yes, statement.body), (no, statement.orelse)):
            self.at(label)
            if self.body(branch):
                self.emit(f"br label %{after}")
                falls = True
            self.numbers = set(before)
        if falls:
            self.at(after)
        return falls

    def do_Return(self, statement: ast.Return) -> bool:
        value = statement.value
        if isinstance(value, ast.Name) and value.id in ("NEXT", "JUMP", "ERROR", "EXHAUSTED") and self.is_handler:
            if value.id == "NEXT":
                self.consume()
                self.release()
            {"NEXT": self.go_next, "JUMP": self.go_jump, "ERROR": self.go_error,
             "EXHAUSTED": self.go_exhausted}[value.id]()
            return False
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in ("goto", "leave", "handler", "enter"):
            self.terminator(value.func.id, value)
            return False
        if isinstance(value, ast.IfExp):
            test = ast.copy_location(ast.If(value.test, [ast.copy_location(ast.Return(value.body), value)],
                                            [ast.copy_location(ast.Return(value.orelse), value)]), value)
            return self.do_If(test)
        self.give_back(value, statement)
        return False

    # -- ways out
    def give_back(self, node: ast.expr | None, where: ast.AST) -> None:
        """``return value`` of the dialect."""
        if self.is_handler:
            if node is None or isinstance(node, ast.Constant) and node.value is None:
                self.consume()
                self.release()
                self.go_next()
            else:
                self.store_result(node)
            return
        result = self.function.result
        if node is None or result == "v":
            self.release()
            self.emit("ret void" if result == "v" else f"ret {LLVM[result]} {_zero(result)}")
            return
        value = self.expression(node)
        if result == "N":
            if value.slot == "":
                self.emit(f"ret ptr {value.text}")
                return
            if value.slot is None and value.text != "null":
                self.incref(value.text)
            self.release(value.slot)
        else:
            if value.slot:
                raise self.function.fail(where, "a new reference is returned as a borrowed one")
            if value.type != result and {value.type, result} != {"O", "P"}:
                raise self.function.fail(where, f"returns {value.type}, declared {result}")
            self.release()
        self.emit(f"ret {LLVM[result]} {value.text}")

    def store_result(self, node: ast.expr) -> None:
        """Stores a handler's result in its destination register; ints and floats reuse the object that dies there."""
        assert self.row is not None
        place = self.value(f"getelementptr ptr, ptr %regs, i64 {self.operand_field(self.row.operands[0].field)}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("new_int", "new_float"):
            number = self.expression(node.args[0])
            kind = node.func.id[4:]
            self.consume()
            self.release()
            self.emit(f"call void @{self.primitive('store_new_' + kind)}(ptr %ctx, ptr {place}, {LLVM[number.type]} {number.text})")
        else:
            value = self.expression(node)
            self.cold = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SLOW_CALLS
            self.move_out(value)
            self.consume()
            self.release()
            self.cold = False
            old = self.value(f"load ptr, ptr {place}")
            self.emit(f"store ptr {value.text}, ptr {place}")
            self.decref(old)
        self.go_next()

    def consume(self) -> None:
        """Drops the temporaries that this instruction uses last; those known to be numbers may wait for their overwrite."""
        if self.row is None or self.function.kind == "control":
            return
        for operand in self.row.operands:
            if operand.consume_bit >= 0 and operand.name not in self.numbers:
                self.emit(f"call void @{self.primitive('drop_if')}(ptr %ctx, ptr %regs, i64 %word, "
                          f"i64 {1 << (OPCODE_BITS + operand.consume_bit)}, "
                          f"i64 {self.operand_field(operand.field)})")

    def go(self, pc: str, regs: str = "%regs", consts: str = "%consts", context: str = "%ctx") -> None:
        """Continues with the instruction at ``pc``."""
        word = self.value(f"load i64, ptr {pc}")
        index = self.value(f"and i64 {word}, {OPCODE_MASK}")
        handler = self.value(f"load ptr, ptr {self.value(f'getelementptr ptr, ptr {context}, i64 {index}')}")
        self.tail(handler, pc, regs, consts, context, word)

    def tail(self, handler: str, pc: str, regs: str, consts: str, context: str, word: str) -> None:
        self.emit(f"%t{self.count} = musttail call {CONVENTION} ptr {handler}(ptr {pc}, ptr {regs}, ptr {consts}, ptr {context}, "
                  f"ptr %ts, i64 {word})")
        self.emit(f"ret ptr %t{self.count}")
        self.count += 1

    def go_next(self) -> None:
        assert self.row is not None
        self.go(self.offset("%pc", UNIT * self.row.size))

    def go_jump(self) -> None:
        """Takes the branch: releases and consumes, then goes to the row's target."""
        assert self.row is not None
        self.consume()
        self.release()
        distance = self.operand_field(next(o.field for o in self.row.operands if o.kind == "j"), signed=True)
        self.go(self.value(f"getelementptr {{i64, i64}}, ptr %pc, i64 {distance}"))

    def go_exhausted(self) -> None:
        """The end of an iteration: the iterator's register becomes empty, then the branch is taken."""
        assert self.row is not None
        self.release()
        place = self.value(f"getelementptr ptr, ptr %regs, i64 {self.operand_field(self.row.operand('iter').field)}")
        old = self.value(f"load ptr, ptr {place}")
        self.emit(f"store ptr null, ptr {place}")
        self.decref(old)
        self.go_jump()

    def go_error(self) -> None:
        """An exception is set: release what is owned and unwind."""
        self.position()
        self.release()
        self.library.need_handler("raise_here")
        self.tail("@op.raise_here", "%pc", "%regs", "%consts", "%ctx", "%word")

    def terminator(self, name: str, call: ast.Call) -> None:
        """goto(pc, regs, consts[, context]), handler("name"): the control handlers' ways on; leave(value): back to C."""
        if name == "handler":
            assert isinstance(call.args[0], ast.Constant)
            target = str(call.args[0].value)
            rest = [self.expression(a).text for a in call.args[1:]] or ["%pc", "%regs", "%consts"]
            self.release()
            self.library.need_handler(target)
            self.tail(f"@op.{target}", rest[0], rest[1], rest[2], rest[3] if len(rest) > 3 else "%ctx", "%word")
            return
        arguments = [self.expression(a) for a in call.args]
        if name == "enter":
            self.release()
            self.tail(arguments[0].text, "%pc", "%regs", "%consts", "%ctx", "%word")
        elif name == "leave":
            self.release(arguments[0].slot)
            self.emit(f"ret ptr {arguments[0].text}")
        else:
            self.release()
            self.go(*[a.text for a in arguments])

    def position(self) -> None:
        """Tells the frame which instruction runs, in the host's terms, before anybody can look."""
        if not self.is_handler:
            return
        instr = self.value(f"load ptr, ptr {self.offset('%pc', 8)}")
        place = layout.current()[1]["FRAME_SIZE"] - layout.current()[0]["frame_instr"][0]
        self.emit(f"store ptr {instr}, ptr {self.offset('%regs', -place)}")

    def error(self) -> None:
        """The way out when an exception is set."""
        before, self.cold = self.cold, True
        if self.is_handler:
            self.go_error()
            self.cold = before
            return
        self.release()
        self.cold = before
        result = self.function.result
        self.emit("ret void" if result == "v" else f"ret {LLVM[result]} {_error(result)}")

    # -- conditions
    def static(self, node: ast.expr) -> bool | None:
        """The truth of a condition over template arguments, or None."""
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id in self.template:
            left = self.template[node.left.id]
            right = ast.literal_eval(node.comparators[0])
            if isinstance(node.ops[0], ast.In):
                return left in right
            return (left == right) == isinstance(node.ops[0], ast.Eq)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "is_recording":
            return self.recording
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "has_constant":
            assert self.row is not None and isinstance(node.args[0], ast.Name)
            return self.row.operand(node.args[0].id).kind == "k"
        return None

    def condition(self, node: ast.expr, yes: str, no: str, weights: str = "") -> None:
        """Branches to ``yes`` or ``no``; a recording handler logs the outcome of each test."""
        if isinstance(node, ast.BoolOp):
            for part in node.values[:-1]:
                middle = self.label("and" if isinstance(node.op, ast.And) else "or")
                self.condition(part, *((middle, no) if isinstance(node.op, ast.And) else (yes, middle)), weights)
                self.at(middle)
            self.condition(node.values[-1], yes, no, weights)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self.condition(node.operand, no, yes, {LIKELY: UNLIKELY, UNLIKELY: LIKELY}.get(weights, ""))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("likely", "unlikely"):
            self.condition(node.args[0], yes, no, LIKELY if node.func.id == "likely" else UNLIKELY)
        else:
            known = self.static(node)
            if known is not None:
                self.emit(f"br label %{yes if known else no}")
                return
            value = self.expression(node)
            if value.type != "B":
                raise self.function.fail(node, f"a condition is a Bool, not {value.type}")
            if self.recording:
                self.log(self.value(f"zext i1 {value.text} to i64"))
            self.emit(f"br i1 {value.text}, label %{yes}, label %{no}{weights}")

    # -- expressions
    def expression(self, node: ast.expr) -> Value:
        """Translates an expression."""
        handler = getattr(self, "of_" + type(node).__name__, None)
        if handler is None:
            raise self.function.fail(node, f"{type(node).__name__} is not in the dialect")
        result: Value = handler(node)
        return result

    def of_Name(self, node: ast.Name) -> Value:
        return self.lookup(node)

    def of_Constant(self, node: ast.Constant) -> Value:
        if isinstance(node.value, bool):
            return Value("true" if node.value else "false", "B")
        if isinstance(node.value, float):
            return Value(float_literal(node.value), "F")
        if isinstance(node.value, int):
            return Value(str(node.value), "I")
        raise self.function.fail(node, f"constant {node.value!r}")

    def of_UnaryOp(self, node: ast.UnaryOp) -> Value:
        value = self.expression(node.operand)
        if isinstance(node.op, ast.USub):
            if value.type == "F":
                return Value(self.value(f"fneg double {value.text}"), "F")
            return Value(self.value(f"sub i64 0, {value.text}"), "I")
        if isinstance(node.op, ast.Not):
            return Value(self.value(f"xor i1 {value.text}, true"), "B")
        return Value(self.value(f"xor i64 {value.text}, -1"), "I")

    def of_BinOp(self, node: ast.BinOp) -> Value:
        left, right = self.expression(node.left), self.expression(node.right)
        name = OPERATORS.get(type(node.op), "fdiv")
        if left.type == "P" and name in ("add", "sub") and right.type == "I":
            offset = right.text if name == "add" else self.value(f"sub i64 0, {right.text}")
            return Value(self.value(f"getelementptr i8, ptr {left.text}, i64 {offset}"), "P")
        if left.type != right.type or left.type not in "IF":
            raise self.function.fail(node, f"{name} of {left.type} and {right.type}")
        if left.type == "F":
            return Value(self.value(f"f{name.lstrip('f')} double {left.text}, {right.text}"), "F")
        return Value(self.value(f"{name} i64 {left.text}, {right.text}"), "I")

    def of_BoolOp(self, node: ast.BoolOp) -> Value:
        """and, or of Bools as a value."""
        self.count += 1
        place = f"%truth{self.count}"
        self.allocas.append(f"  {place} = alloca i1")
        yes, no, end = self.label("true"), self.label("false"), self.label("end")
        self.condition(node, yes, no)
        for label, truth in ((yes, "true"), (no, "false")):
            self.at(label)
            self.emit(f"store i1 {truth}, ptr {place}")
            self.emit(f"br label %{end}")
        self.at(end)
        return Value(self.value(f"load i1, ptr {place}"), "B")

    def of_Compare(self, node: ast.Compare) -> Value:
        left, right = self.expression(node.left), self.expression(node.comparators[0])
        operator = node.ops[0]
        if isinstance(operator, (ast.Is, ast.IsNot)):
            return Value(self.value(f"icmp {'eq' if isinstance(operator, ast.Is) else 'ne'} ptr {left.text}, {right.text}"), "B")
        return self.compare(COMPARISONS[type(operator)], left, right, node)

    def compare(self, name: str, left: Value, right: Value, node: ast.AST) -> Value:
        if left.type == "F" and right.type == "F":
            return Value(self.value(f"fcmp {'une' if name == 'ne' else 'o' + name} double {left.text}, {right.text}"), "B")
        if left.type == right.type == "P":
            return Value(self.value(f"icmp {name if name in ('eq', 'ne') else 'u' + name} ptr {left.text}, {right.text}"), "B")
        if left.type != "I" or right.type != "I":
            raise self.function.fail(node, f"comparison of {left.type} and {right.type}")
        return Value(self.value(f"icmp {name if name in ('eq', 'ne') else 's' + name} i64 {left.text}, {right.text}"), "B")

    def of_Call(self, node: ast.Call) -> Value:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        special = getattr(self, "call_" + name, None)
        if special is not None:
            result: Value = special(node)
            return result
        fields = layout.current()[0]
        if name in fields:
            return self.get_field(fields[name], self.expression(node.args[0]))
        if name.startswith("set_") and name[4:] in fields:
            self.set_field(fields[name[4:]], self.expression(node.args[0]), self.expression(node.args[1]))
            return Value("", "v")
        if name in CFUNCTIONS:
            return self.call_c(name, node)
        if name in STATE:
            return Value(self.value(f"load i64, ptr {self.slot_of_context(name)}"), "I")
        if name.startswith("set_") and name[4:] in STATE:
            value = self.expression(node.args[0])
            self.emit(f"store {LLVM[value.type]} {value.text}, ptr {self.slot_of_context(name[4:])}")
            return Value("", "v")
        return self.call_dialect(name, node)

    def get_field(self, place: tuple[int, str], base: Value) -> Value:
        offset, kind = place
        raw = self.value(f"load {LLVM[kind]}, ptr {self.offset(base.text, offset)}")
        if kind in "iub":
            return Value(self.value(f"{'sext' if kind == 'i' else 'zext'} {LLVM[kind]} {raw} to i64"), "I")
        return Value(raw, kind)

    def set_field(self, place: tuple[int, str], base: Value, value: Value) -> None:
        offset, kind = place
        text = value.text
        if kind in "iub":
            text = self.value(f"trunc i64 {text} to {LLVM[kind]}")
        self.emit(f"store {LLVM[kind]} {text}, ptr {self.offset(base.text, offset)}")

    def call_c(self, name: str, node: ast.Call) -> Value:
        """A call of the host's C function through the context."""
        row = CFUNCTIONS[name]
        values = [self.expression(a) for a in node.args]
        if len(values) != len(row.arguments):
            raise self.function.fail(node, f"{name} takes {len(row.arguments)} arguments")
        texts = []
        for value, kind in zip(values, row.arguments, strict=True):
            if kind == "S":
                self.move_out(value)
            text = self.value(f"trunc i64 {value.text} to i32") if kind == "i" else value.text
            texts.append(f"{LLVM[kind]} {text}")
        if row.runs or row.raises:
            self.position()
        if name in LIBM or "pure" in row.flags:
            function = self.value(f"load ptr, ptr {self.slot_of_context(name)}")
        else:
            function = self.value(f"load ptr, ptr {self.slot_of_context(name)}")
        call = f"call {LLVM[row.result]} {function}({', '.join(texts)})"
        if row.result == "v":
            self.emit(call)
            return Value("", "v")
        result = self.value(call)
        if row.raises:
            self.check(result, row.result)
        return self.result_of(result, row.result)

    def result_of(self, text: str, kind: str) -> Value:
        if kind == "N":
            return Value(text, "O", self.park(text))
        if kind == "i":
            return Value(self.value(f"sext i32 {text} to i64"), "I")
        return Value(text, kind)

    def check(self, text: str, kind: str) -> None:
        """Leaves by the error way if a call signalled an exception."""
        bad, good = self.label("raised"), self.label("good")
        if kind in "NOP":
            test = self.value(f"icmp eq ptr {text}, null")
        else:
            test = self.value(f"icmp slt {LLVM[kind]} {text}, 0")
        self.emit(f"br i1 {test}, label %{bad}, label %{good}{UNLIKELY}")
        self.at(bad)
        self.error()
        self.at(good)

    def call_dialect(self, name: str, node: ast.Call) -> Value:
        """A call of another function of the dialect."""
        target = self.library.functions.get(name)
        if target is None:
            raise self.function.fail(node, f"unknown function {name}")
        if len(node.args) != len(target.parameters):
            raise self.function.fail(node, f"{name} takes {len(target.parameters)} arguments")
        template, texts = {}, ["ptr %ctx"]
        for argument, (parameter, kind) in zip(node.args, target.parameters, strict=True):
            if kind == "template":
                template[parameter] = self.template_value(argument)
                continue
            value = self.expression(argument)
            if kind == "S":
                self.move_out(value)
            elif value.type != kind and {value.type, kind} != {"O", "P"}:
                raise self.function.fail(argument, f"{name}: {parameter} is {kind}, not {value.type}")
            texts.append(f"{LLVM[kind]} {value.text}")
        symbol = self.instance(target, template)
        if target.kind == "helper" and {"runs", "raises"} & target.flags:
            self.position()
        call = f"call {convention(target)}{LLVM[target.result]} @{symbol}({', '.join(texts)})"
        if target.result == "v":
            self.emit(call)
            return Value("", "v")
        result = self.value(call)
        if "raises" in target.flags:
            self.check(result, target.result)
        return self.result_of(result, target.result)

    def template_value(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        if isinstance(node, ast.Name) and node.id in self.template:
            return self.template[node.id]
        raise self.function.fail(node, "a template argument is a string or a template parameter")

    # -- intrinsics
    def call_is_null(self, node: ast.Call) -> Value:
        return Value(self.value(f"icmp eq ptr {self.expression(node.args[0]).text}, null"), "B")

    def call_unlikely(self, node: ast.Call) -> Value:
        return self.expression(node.args[0])

    call_likely = call_unlikely

    def call_promote(self, node: ast.Call) -> Value:
        """promote(value): a trace is specialised to the value seen."""
        value = self.expression(node.args[0])
        if self.recording:
            self.log(value.text if value.type == "I" else self.value(f"ptrtoint ptr {value.text} to i64"))
        return value

    def call_compare_values(self, node: ast.Call) -> Value:
        """compare_values(op, a, b) of ints or floats, op a template."""
        return self.compare(self.template_value(node.args[0]), self.expression(node.args[1]), self.expression(node.args[2]), node)

    def call_number_op(self, node: ast.Call) -> Value:
        """number_op(op, a, b): and, or, xor of ints; add, sub, mul, div of floats; op a template."""
        name = self.template_value(node.args[0])
        left, right = self.expression(node.args[1]), self.expression(node.args[2])
        name = {"truediv": "div"}.get(name, name)
        return Value(self.value(f"{'f' if left.type == 'F' else ''}{name} {LLVM[left.type]} {left.text}, {right.text}"), left.type)

    def call_call_op(self, node: ast.Call) -> Value:
        """call_op(prefix, op, ...): the C function of an operator, PyNumber_Add for prefix PyNumber_ and op add."""
        prefix, name = self.template_value(node.args[0]), self.template_value(node.args[1])
        full = prefix + C_OPERATORS[name]
        extra = [ast.copy_location(ast.Name("_Py_NoneStruct", ast.Load()), node)] if name == "pow" else []
        return self.call_c(full, ast.copy_location(ast.Call(node.func, node.args[2:] + extra, []), node))

    def call_overflow_op(self, node: ast.Call) -> Value:
        """overflow_op(op, a, b): (result, overflowed) of add, sub or mul of ints."""
        name = self.template_value(node.args[0])
        left, right = self.expression(node.args[1]), self.expression(node.args[2])
        self.library.declare(f"declare {{i64, i1}} @llvm.s{name}.with.overflow.i64(i64, i64)")
        text = self.value(f"call {{i64, i1}} @llvm.s{name}.with.overflow.i64(i64 {left.text}, i64 {right.text})")
        return Value(text, "{I,B}")

    def call_rich_op(self, node: ast.Call) -> Value:
        """rich_op(op): the C API's number of a comparison."""
        return Value(str(("lt", "le", "eq", "ne", "gt", "ge").index(self.template_value(node.args[0]))), "I")

    def call_consumed(self, node: ast.Call) -> Value:
        """consumed("operand"): whether the instruction is the operand's last use."""
        assert self.row is not None and isinstance(node.args[0], ast.Constant)
        bit = OPCODE_BITS + self.row.operand(str(node.args[0].value)).consume_bit
        masked = self.value(f"and i64 %word, {1 << bit}")
        return Value(self.value(f"icmp ne i64 {masked}, 0"), "B")

    def call_register(self, node: ast.Call) -> Value:
        """register(i): what register i holds."""
        index = self.expression(node.args[0])
        return Value(self.value(f"load ptr, ptr {self.value(f'getelementptr ptr, ptr %regs, i64 {index.text}')}"), "O")

    def call_register_pointer(self, node: ast.Call) -> Value:
        index = self.expression(node.args[0])
        return Value(self.value(f"getelementptr ptr, ptr %regs, i64 {index.text}"), "P")

    def call_set_register(self, node: ast.Call) -> Value:
        """set_register(i, value): drops what register i holds and stores a reference of its own."""
        index, value = self.expression(node.args[0]), self.expression(node.args[1])
        place = self.value(f"getelementptr ptr, ptr %regs, i64 {index.text}")
        self.move_out(value)
        old = self.value(f"load ptr, ptr {place}")
        self.emit(f"store ptr {value.text}, ptr {place}")
        self.decref(old)
        return Value("", "v")

    def call_constant_at(self, node: ast.Call) -> Value:
        index = self.expression(node.args[0])
        return Value(self.value(f"load ptr, ptr {self.value(f'getelementptr ptr, ptr %consts, i64 {index.text}')}"), "O")

    def call_cache(self, node: ast.Call) -> Value:
        """cache(): the instruction's first cache unit."""
        return Value(self.offset("%pc", UNIT), "P")

    def call_destination(self, _node: ast.Call) -> Value:
        """destination(): the index of the destination register."""
        assert self.row is not None
        return Value(self.operand_field(self.row.operands[0].field), "I")

    def call_frame(self, _node: ast.Call) -> Value:
        """frame(): the host's part of the current frame."""
        return Value(self.offset("%regs", -layout.current()[1]["FRAME_SIZE"]), "P")

    def call_next_pc(self, node: ast.Call) -> Value:
        assert self.row is not None
        return Value(self.offset("%pc", UNIT * self.row.size), "P")

    def call_local(self, node: ast.Call) -> Value:
        """local(): the address of a word of C stack."""
        self.count += 1
        name = f"%word{self.count}"
        self.allocas += [f"  {name} = alloca i64"]
        return Value(name, "P")

    def _words(self, count: int) -> Value:
        self.count += 1
        self.allocas += [f"  %word{self.count} = alloca [{count} x i64]"]
        return Value(f"%word{self.count}", "P")

    def call_local3(self, _node: ast.Call) -> Value:
        """local3(): the address of three words of C stack."""
        return self._words(3)

    def call_local4(self, _node: ast.Call) -> Value:
        return self._words(4)

    def call_local5(self, _node: ast.Call) -> Value:
        return self._words(5)

    def call_set_position(self, _node: ast.Call) -> Value:
        """set_position(): the frame shows this instruction from now on."""
        self.position()
        return Value("", "v")

    def call_release_to(self, node: ast.Call) -> Value:
        """release_to(value): gives up a reference that nobody's slot owns."""
        self.decref(self.expression(node.args[0]).text)
        return Value("", "v")

    def call_owned(self, node: ast.Call) -> Value:
        """owned(value): a reference that is ours already, though its type does not say so."""
        value = self.expression(node.args[0])
        if value.slot:
            raise self.function.fail(node, "owned() of a reference that is owned already")
        return Value(value.text, "O", self.park(value.text))

    def call_owned_plain(self, node: ast.Call) -> Value:
        """owned_plain(value): as owned, where no context is at hand and the value is returned at once."""
        return Value(self.expression(node.args[0]).text, "O", "")

    def call_disown(self, node: ast.Call) -> Value:
        """disown(value): the reference, as a raw pointer that somebody else owns from now on."""
        value = self.expression(node.args[0])
        self.move_out(value)
        return Value(value.text, "P")

    def call_as_object(self, node: ast.Call) -> Value:
        value = self.expression(node.args[0])
        return Value(self.value(f"inttoptr i64 {value.text} to ptr") if value.type == "I" else value.text, "O")

    def call_as_pointer(self, node: ast.Call) -> Value:
        value = self.expression(node.args[0])
        return Value(self.value(f"inttoptr i64 {value.text} to ptr") if value.type == "I" else value.text, "P")

    def call_as_int(self, node: ast.Call) -> Value:
        value = self.expression(node.args[0])
        if value.type == "B":
            return Value(self.value(f"zext i1 {value.text} to i64"), "I")
        if value.type == "F":
            return Value(self.value(f"fptosi double {value.text} to i64"), "I")
        return Value(self.value(f"ptrtoint ptr {value.text} to i64"), "I")

    def call_as_float(self, node: ast.Call) -> Value:
        return Value(self.value(f"sitofp i64 {self.expression(node.args[0]).text} to double"), "F")

    def call_bits(self, node: ast.Call) -> Value:
        """bits(x): a float's bits as an int, an int's as a float."""
        value = self.expression(node.args[0])
        source, target, kind = ("double", "i64", "I") if value.type == "F" else ("i64", "double", "F")
        return Value(self.value(f"bitcast {source} {value.text} to {target}"), kind)

    def call_below(self, node: ast.Call) -> Value:
        """below(a, b): unsigned a < b."""
        left, right = self.expression(node.args[0]), self.expression(node.args[1])
        return Value(self.value(f"icmp ult i64 {left.text}, {right.text}"), "B")

    def call_shift_right(self, node: ast.Call) -> Value:
        left, right = self.expression(node.args[0]), self.expression(node.args[1])
        return Value(self.value(f"lshr i64 {left.text}, {right.text}"), "I")

    def call_select(self, node: ast.Call) -> Value:
        test, yes, no = (self.expression(a) for a in node.args)
        return Value(self.value(f"select i1 {test.text}, {LLVM[yes.type]} {yes.text}, {LLVM[no.type]} {no.text}"), yes.type)

    def _load(self, node: ast.Call, kind: str) -> Value:
        base = self.expression(node.args[0])
        offset = self.expression(node.args[1])
        place = self.value(f"getelementptr i8, ptr {base.text}, i64 {offset.text}")
        return self.get_field((0, kind), Value(place, "P"))

    def _store(self, node: ast.Call, kind: str) -> Value:
        base, offset, value = (self.expression(a) for a in node.args)
        place = self.value(f"getelementptr i8, ptr {base.text}, i64 {offset.text}")
        self.set_field((0, kind), Value(place, "P"), value)
        return Value("", "v")

    def call_load_int(self, node: ast.Call) -> Value:
        return self._load(node, "I")

    def call_load_float(self, node: ast.Call) -> Value:
        return self._load(node, "F")

    def call_load_byte(self, node: ast.Call) -> Value:
        return self._load(node, "b")

    def call_load_u32(self, node: ast.Call) -> Value:
        return self._load(node, "u")

    def call_load_i32(self, node: ast.Call) -> Value:
        return self._load(node, "i")

    def call_load_pointer(self, node: ast.Call) -> Value:
        return self._load(node, "P")

    def call_load_object(self, node: ast.Call) -> Value:
        return self._load(node, "O")

    def call_store_int(self, node: ast.Call) -> Value:
        return self._store(node, "I")

    def call_store_byte(self, node: ast.Call) -> Value:
        return self._store(node, "b")

    def call_store_u32(self, node: ast.Call) -> Value:
        return self._store(node, "u")

    def call_store_float_at(self, node: ast.Call) -> Value:
        return self._store(node, "F")

    def call_store_pointer(self, node: ast.Call) -> Value:
        return self._store(node, "P")

    def call_call_vectorcall(self, node: ast.Call) -> Value:
        """call_vectorcall(function, callable, args, nargsf, kwnames): through a vectorcall pointer; the result may be null."""
        function, *rest = (self.expression(a) for a in node.args)
        self.position()
        result = self.value(f"call ptr {function.text}(ptr {rest[0].text}, ptr {rest[1].text}, i64 {rest[2].text}, ptr {rest[3].text})")
        self.check(result, "N")
        return self.result_of(result, "N")

    def call_call_fast(self, node: ast.Call) -> Value:
        """call_fast(function, self, args, count): a C function of kind METH_FASTCALL."""
        return self._call_pointer(node, ("ptr", "ptr", "i64"))

    def call_call_fast_keywords(self, node: ast.Call) -> Value:
        """call_fast_keywords(function, self, args, count, names): METH_FASTCALL | METH_KEYWORDS."""
        return self._call_pointer(node, ("ptr", "ptr", "i64", "ptr"))

    def _call_pointer(self, node: ast.Call, types: tuple[str, ...]) -> Value:
        """A call through a pointer that gives a new reference or raises."""
        function, *rest = (self.expression(a) for a in node.args)
        arguments = ", ".join(f"{kind} {value.text}" for kind, value in zip(types, rest, strict=True))
        self.position()
        result = self.value(f"call ptr {function.text}({arguments})")
        self.check(result, "N")
        return self.result_of(result, "N")

    def call_call_unary(self, node: ast.Call) -> Value:
        """call_unary(function, object): through a slot like tp_iternext; the result may be null."""
        function, argument = (self.expression(a) for a in node.args)
        self.position()
        return self.result_of(self.value(f"call ptr {function.text}(ptr {argument.text})"), "N")

    def call_call_ternary(self, node: ast.Call) -> Value:
        """call_ternary(function, a, b, c): a C function of three objects that gives a new reference or raises."""
        return self._call_pointer(node, ("ptr", "ptr", "ptr"))

    def call_call_binary(self, node: ast.Call) -> Value:
        """call_binary(function, a, b): a C function of two objects; the result may be null."""
        function, first, second = (self.expression(a) for a in node.args)
        self.position()
        return self.result_of(self.value(f"call ptr {function.text}(ptr {first.text}, ptr {second.text})"), "N")

    def call_call_pair(self, node: ast.Call) -> Value:
        """call_pair(function, context, bytes): an allocator's method."""
        function, first, second = (self.expression(a) for a in node.args)
        return Value(self.value(f"call ptr {function.text}(ptr {first.text}, i64 {second.text})"), "P")

    def call_call_release(self, node: ast.Call) -> Value:
        function, first, second, third = (self.expression(a) for a in node.args)
        self.emit(f"call void {function.text}(ptr {first.text}, ptr {second.text}, i64 {third.text})")
        return Value("", "v")

    def call_run_frame(self, node: ast.Call) -> Value:
        """run_frame(pc, regs, consts, thread): runs the interpreter from C until its outermost frame returns.

        In the plain context: only the outermost activation records.
        """
        pc, regs, consts, thread = (self.expression(a).text for a in node.args)
        context = self.value(f"load ptr, ptr {self.slot_of_context('normal_context')}")
        word = self.value(f"load i64, ptr {pc}")
        index = self.value(f"and i64 {word}, {OPCODE_MASK}")
        handler = self.value(f"load ptr, ptr {self.value(f'getelementptr ptr, ptr {context}, i64 {index}')}")
        result = self.value(f"call {CONVENTION} ptr {handler}(ptr {pc}, ptr {regs}, ptr {consts}, ptr {context}, ptr {thread}, i64 {word})")
        return Value(result, "O")

    def call_run_handler(self, node: ast.Call) -> Value:
        """run_handler("name", pc, regs, consts, thread): as run_frame, beginning with a handler of its own."""
        assert isinstance(node.args[0], ast.Constant)
        name = str(node.args[0].value)
        self.library.need_handler(name)
        pc, regs, consts, thread = (self.expression(a).text for a in node.args[1:])
        context = self.value(f"load ptr, ptr {self.slot_of_context('normal_context')}")
        result = self.value(f"call {CONVENTION} ptr @op.{name}(ptr {pc}, ptr {regs}, ptr {consts}, ptr {context}, ptr {thread}, i64 0)")
        return Value(result, "O")

    def call_entry_context(self, node: ast.Call) -> Value:
        """entry_context(): the context of this load of the interpreter, for entry points called from C."""
        self.library.declare("@context = global ptr null")
        self.emit("%ctx = load ptr, ptr @context")
        return Value("%ctx", "P")

    def call_address_of(self, node: ast.Call) -> Value:
        """address_of("function"): the address of a function of this object."""
        assert isinstance(node.args[0], ast.Constant)
        target = self.library.functions[str(node.args[0].value)]
        return Value(f"@{self.library.instance(target, {}, False)}", "P")


C_OPERATORS = {"add": "Add", "sub": "Subtract", "mul": "Multiply", "truediv": "TrueDivide", "floordiv": "FloorDivide",
               "mod": "Remainder", "pow": "Power", "lshift": "Lshift", "rshift": "Rshift", "and": "And", "or": "Or", "xor": "Xor",
               "matmul": "MatrixMultiply", "neg": "Negative", "pos": "Positive", "invert": "Invert"}


class Library:
    """The functions of a program and the instances of them that the text so far needs."""

    def __init__(self, functions: dict[str, Function], constants: dict[str, int]):
        self.functions = functions
        self.constants = {**constants, **layout.current()[1]}
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
    import struct

    return "0x" + struct.pack(">d", value).hex().upper()


def _zero(kind: str) -> str:
    return {"I": "0", "B": "false", "F": "0.0"}.get(kind, "null")


def _error(kind: str) -> str:
    return {"I": "-1", "B": "false", "F": "0.0"}.get(kind, "null")


def _assigned_twice(node: ast.FunctionDef) -> set[str]:
    """Locals that need memory: assigned in more than one place, or in a loop, or a parameter that is assigned."""
    seen = {a.arg for a in node.args.args}
    twice: set[str] = set()
    for part in ast.walk(node):
        names = []
        if isinstance(part, ast.Assign):
            target = part.targets[0]
            names = [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
        elif isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
            twice.add(part.target.id)
        for name in names:
            if name in seen:
                twice.add(name)
            seen.add(name)
    return twice


def _numbers_in(test: ast.expr) -> set[str]:
    """Names that a condition proves to be exact ints or floats: what they hold has no finaliser."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return set().union(*(_numbers_in(part) for part in test.values))
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and isinstance(test.args[0] if test.args else None, (ast.Name, ast.Call)):
        if test.func.id in ("likely", "unlikely"):
            return _numbers_in(test.args[0])
        if test.func.id in ("is_int", "is_float") and isinstance(test.args[0], ast.Name):
            return {test.args[0].id}
    return set()
