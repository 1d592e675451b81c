"""Restricted Python -> LLVM text: handlers (plain and recording), inline functions, helpers and entry points.

Ownership is inserted here. A call that gives a new reference parks it in a slot (an alloca that starts as null); each way out of a
function releases the slots it does not hand on. LLVM's scalar replacement turns the slots into nothing where they are not needed.
"""
from __future__ import annotations

import ast

from jitvm.rpython.intrinsics import Intrinsics
from jitvm.rpython.library import CONVENTION, HANDLER, HANDLER_NAMES, LLVM, SLOW_CALLS, UNLIKELY, Value, convention
from jitvm.spec import layout
from jitvm.spec.bytecodes import FIELDS as OPERAND_FIELDS
from jitvm.spec.bytecodes import OPCODE_BITS, OPCODE_MASK, UNIT


class Emitter(Intrinsics):
    """Translates one function. ``library`` resolves the names of other functions and collects the instances needed."""

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
            if operand.kind == "k":
                self.constants[name] = place
            else:
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
            assert True
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
        if isinstance(value, ast.Name) and value.id in ("NEXT", "JUMP", "ERROR", "EXHAUSTED", "SKIP") and self.is_handler:
            if value.id == "NEXT":
                self.consume()
                self.release()
            {"NEXT": self.go_next, "JUMP": self.go_jump, "ERROR": self.go_error,
             "EXHAUSTED": self.go_exhausted, "SKIP": self.go_skip}[value.id]()
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
            if node is None or (isinstance(node, ast.Constant) and node.value is None):
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
            self.decref_here(old)
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

    def go_skip(self) -> None:
        """Passes the instructions that follow: operand ``pair`` says how many units they have."""
        assert self.row is not None
        self.consume()
        self.release()
        units = self.value(f"lshr i64 {self.operand_field(self.row.operand('pair').field)}, 32")
        self.go(self.value(f"getelementptr {{i64, i64}}, ptr {self.offset('%pc', UNIT * self.row.size)}, i64 {units}"))

    def go_exhausted(self) -> None:
        """The end of an iteration: the iterator's register becomes empty, then the branch is taken."""
        assert self.row is not None
        self.release()
        for slot in self.slots:
            self.emit(f"store ptr null, ptr {slot}")
        place = self.value(f"getelementptr ptr, ptr %regs, i64 {self.operand_field(self.row.operand('iter').field)}")
        old = self.value(f"load ptr, ptr {place}")
        self.emit(f"store ptr null, ptr {place}")
        self.decref_here(old)
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

    def decref_here(self, text: str) -> None:
        """Drops what a register held: a finaliser sees this instruction."""
        if self.is_handler and self.row is not None:
            self.emit(f"call void @{self.primitive('drop_at')}(ptr %ctx, ptr {text}, ptr %pc, ptr %regs)")
        else:
            self.decref(text)

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


def _zero(kind: str) -> str:
    return {"I": "0", "B": "false", "F": "0.0"}.get(kind, "null")


def _error(kind: str) -> str:
    return {"I": "-1", "B": "false", "F": "0.0"}.get(kind, "null")


def _numbers_in(test: ast.expr) -> set[str]:
    """Names that a condition proves to be exact ints or floats: what they hold has no finaliser."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return set().union(*(_numbers_in(part) for part in test.values))
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.args and isinstance(test.args[0], (ast.Name, ast.Call)):
        if test.func.id in ("likely", "unlikely"):
            return _numbers_in(test.args[0])
        if test.func.id in ("is_int", "is_float") and isinstance(test.args[0], ast.Name):
            return {test.args[0].id}
    return set()
