"""The LLVM translator's expressions: text, variables, ownership, conditions, fields, calls."""
from __future__ import annotations

import ast

from jitvm.rpython.library import (
    COMPARISONS,
    LIKELY,
    LLVM,
    OPERATORS,
    UNLIKELY,
    Library,
    Value,
    convention,
    float_literal,
)
from jitvm.rpython.reader import Function
from jitvm.spec import layout
from jitvm.spec.bytecodes import Bytecode
from jitvm.spec.cfunctions import CFUNCTIONS, COMPUTED, EXCEPTION_TYPES, OBJECTS, SLOTS, STATE


class Expressions:
    """One function under translation: what statements and intrinsics build on."""

    def __init__(self, function: Function, library: Library, row: Bytecode | None, template: dict[str, str], recording: bool):
        self.function, self.library, self.row, self.template, self.recording = function, library, row, template, recording
        self.lines: list[str] = []
        self.allocas: list[str] = []
        self.count = 0
        self.variables: dict[str, Value] = {}
        self.constants: dict[str, str] = {}
        """Where the operands are that are constants: read where they are used, often on slow ways only."""
        self.stored: dict[str, str] = {}
        self.slots: list[str] = []
        self.loops: list[tuple[str, str]] = []
        self.numbers: set[str] = set()
        self.positioned = False
        self.cold = False
        self.is_handler = function.kind in ("opcode", "control")
        self.multiple = _assigned_twice(function.node)

    def error(self) -> None:
        """The way out when an exception is set."""
        raise NotImplementedError

    def position(self) -> None:
        """Tells the frame which instruction runs."""
        raise NotImplementedError

    def decref_here(self, text: str) -> None:
        """Drops what a register held."""
        raise NotImplementedError

    def log(self, word: str) -> None:
        """Appends a word to the recording's log."""
        raise NotImplementedError

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
        if name in self.constants:
            return Value(self.value(f"load ptr, ptr {self.constants[name]}"), "O")
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

    # -- conditions
    def static(self, node: ast.expr) -> bool | None:
        """The truth of a condition over template arguments, or None."""
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id in self.template:
            left = self.template[node.left.id]
            right = ast.literal_eval(node.comparators[0])
            if isinstance(node.ops[0], ast.In):
                return bool(left in right)
            return bool(left == right) == isinstance(node.ops[0], ast.Eq)
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
        test = self.value(f"icmp eq ptr {text}, null") if kind in "NOP" else self.value(f"icmp slt {LLVM[kind]} {text}, 0")
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
        if "ends" in target.flags or (target.kind == "helper" and {"runs", "raises"} & target.flags):
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
