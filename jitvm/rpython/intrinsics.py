"""The dialect's intrinsics: a method call_NAME for each function that the translator knows by itself."""
from __future__ import annotations

import ast

from jitvm.rpython.expressions import Expressions
from jitvm.rpython.library import CONVENTION, LLVM, Value
from jitvm.rpython.reader import Function
from jitvm.spec import layout
from jitvm.spec.bytecodes import BINARY, COMPARE, OPCODE_BITS, OPCODE_MASK, UNIT
from jitvm.spec.cfunctions import C_OPERATORS

OPERATORS = (*BINARY, *COMPARE)
"""The numbers of operators for implied calls; comparisons come last, in the C API's order."""


class Intrinsics(Expressions):
    """The intrinsics of the dialect; docs/RPYTHON.md lists them."""

    def operand_field(self, name: str, signed: bool = False) -> str:
        """The value of an operand field of the current instruction."""
        raise NotImplementedError

    def call_is_null(self, node: ast.Call) -> Value:
        return Value(self.value(f"icmp eq ptr {self.expression(node.args[0]).text}, null"), "B")

    def call_unlikely(self, node: ast.Call) -> Value:
        return self.expression(node.args[0])

    call_likely = call_unlikely

    def call_aside(self, node: ast.Call) -> Value:
        """aside("handler", condition): where it holds, the interpreter goes on in another control handler, unseen by recordings."""
        assert isinstance(node.args[0], ast.Constant)
        name = str(node.args[0].value)
        away, here = self.label("aside"), self.label("here")
        self.emit(f"br i1 {self.expression(node.args[1]).text}, label %{away}, label %{here}")
        self.at(away)
        self.library.need_handler(name)
        self.tail(f"@op.{name}", "%pc", "%regs", "%consts", "%ctx", "%word")
        self.at(here)
        return Value("", "v")

    def call_imply(self, node: ast.Call) -> Value:
        """imply("helper", KIND, arguments...): where the helper pushes a frame, that one goes on (interpreter/implied.py).

        The helper is asked only for objects of classes that are made at run time: the first argument decides.
        """
        assert isinstance(node.args[0], ast.Constant) and self.row is not None
        helper = self.library.functions[str(node.args[0].value)]
        values = [self.expression(argument) for argument in node.args[1:]]
        what = int(values[0].text)
        if "op" in self.template:
            what += OPERATORS.index(self.template["op"]) << 8
        if self.row.name.endswith("_k"):
            what += self.library.constants["IMPLIED_CONSTANT"]
        kind = self.value(f"load ptr, ptr {self.offset(values[1].text, 8)}")
        flags = self.value(f"load i64, ptr {self.offset(kind, layout.current()[0]['type_flags'][0])}")
        made, here = self.label("made"), self.label("here")
        heap = self.value(f"and i64 {flags}, {self.library.constants['TYPE_IS_HEAP']}")
        self.emit(f"br i1 {self.value(f'icmp ne i64 {heap}, 0')}, label %{made}, label %{here}")
        self.at(made)
        self.push(helper, what, values[1:], here)
        return Value("", "v")

    def call_imply_item(self, node: ast.Call) -> Value:
        """imply_item("helper", KIND, function, iterator, item): as imply, where an iterator calls it with an item, if there is one."""
        assert isinstance(node.args[0], ast.Constant) and self.row is not None
        what, *values = [self.expression(argument) for argument in node.args[1:]]
        self.push(self.library.functions[str(node.args[0].value)], int(what.text), values, self.label("here"))
        return Value("", "v")

    def push(self, helper: Function, what: int, values: list[Value], here: str) -> None:
        """Has a helper push a frame: goes on in it, at ``here`` where there is none."""
        away = self.label("implied")
        given = ", ".join(f"{LLVM[value.type]} {value.text}" for value in values)
        symbol = self.library.instance(helper, {}, False)
        inside = self.value(f"call ptr @{symbol}(ptr %ctx, ptr %ts, ptr %pc, ptr %regs, i64 {what}, {given})")
        self.emit(f"br i1 {self.value(f'icmp eq ptr {inside}, null')}, label %{here}, label %{away}")
        self.at(away)
        self.release()
        self.library.need_handler("enter_implied")
        self.tail("@op.enter_implied", "%pc", "%regs", inside, "%ctx", "%word")
        self.at(here)

    def tail(self, handler: str, pc: str, regs: str, consts: str, context: str, word: str) -> None:
        """Goes on in another handler."""
        raise NotImplementedError

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
        arguments = list(node.args[2:])
        if name == "pow":
            arguments.append(ast.copy_location(ast.Name("_Py_NoneStruct", ast.Load()), node))
        return self.call_c(full, ast.copy_location(ast.Call(node.func, arguments, []), node))

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
        self.decref_here(old)
        return Value("", "v")

    def call_set_pair(self, node: ast.Call) -> Value:
        """set_pair(pair, a, b): two set_register, to the registers in the low halves of ``pair``; both references are taken first."""
        pair, *values = (self.expression(argument) for argument in node.args)
        for value in values:
            self.move_out(value)
        for value, shift in zip(values, (0, 16), strict=True):
            index = self.value(f"and i64 {self.value(f'lshr i64 {pair.text}, {shift}')}, 65535")
            place = self.value(f"getelementptr ptr, ptr %regs, i64 {index}")
            old = self.value(f"load ptr, ptr {place}")
            self.emit(f"store ptr {value.text}, ptr {place}")
            self.decref_here(old)
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

    def call_stack_pointer(self, _node: ast.Call) -> Value:
        """stack_pointer(): where the C stack ends at the moment."""
        self.library.declare("declare i64 @llvm.read_register.i64(metadata)")
        return Value(self.value("call i64 @llvm.read_register.i64(metadata !2)"), "I")

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

    def call_local12(self, _node: ast.Call) -> Value:
        return self._words(12)

    def call_local16(self, _node: ast.Call) -> Value:
        return self._words(16)

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

    def call_trailing_zeros(self, node: ast.Call) -> Value:
        """trailing_zeros(x): how many low bits are 0; x is not 0."""
        self.library.declare("declare i64 @llvm.cttz.i64(i64, i1 immarg)")
        return Value(self.value(f"call i64 @llvm.cttz.i64(i64 {self.expression(node.args[0]).text}, i1 true)"), "I")

    def call_atomic(self, node: ast.Call) -> Value:
        """atomic(op, pointer, x): changes a word by add, and or or; what it was before. Seen by all threads in one order."""
        place, word = (self.expression(a) for a in node.args[1:])
        name = self.template_value(node.args[0])
        return Value(self.value(f"atomicrmw {name} ptr {place.text}, i64 {word.text} seq_cst"), "I")

    def call_swap_if(self, node: ast.Call) -> Value:
        """swap_if(pointer, old, new): stores new where the word is old, and says whether it was; atomic."""
        place, old, new = (self.expression(a) for a in node.args)
        pair = self.value(f"cmpxchg ptr {place.text}, i64 {old.text}, i64 {new.text} seq_cst seq_cst")
        return Value(self.value(f"extractvalue {{i64, i1}} {pair}, 1"), "B")

    def call_multiply_high(self, node: ast.Call) -> Value:
        """multiply_high(a, b): the upper word of the unsigned product."""
        left, right = (self.value(f"zext i64 {self.expression(a).text} to i128") for a in node.args)
        product = self.value(f"mul nuw i128 {left}, {right}")
        return Value(self.value(f"trunc i128 {self.value(f'lshr i128 {product}, 64')} to i64"), "I")

    def call_load_word(self, node: ast.Call) -> Value:
        """load_word(pointer): eight bytes of text, at any address."""
        return Value(self.value(f"load i64, ptr {self.expression(node.args[0]).text}, align 1"), "I")

    def call_load_half(self, node: ast.Call) -> Value:
        """load_half(pointer): four bytes of text, at any address."""
        raw = self.value(f"load i32, ptr {self.expression(node.args[0]).text}, align 1")
        return Value(self.value(f"zext i32 {raw} to i64"), "I")

    def call_store_word(self, node: ast.Call) -> Value:
        place, word = (self.expression(a) for a in node.args)
        self.emit(f"store i64 {word.text}, ptr {place.text}, align 1")
        return Value("", "v")

    def call_store_half(self, node: ast.Call) -> Value:
        place, word = (self.expression(a) for a in node.args)
        half = self.value(f"trunc i64 {word.text} to i32")
        self.emit(f"store i32 {half}, ptr {place.text}, align 1")
        return Value("", "v")

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

    def call_call_send(self, node: ast.Call) -> Value:
        """call_send(function, receiver, value, place): through am_send; its status."""
        function, *rest = (self.expression(a).text for a in node.args)
        arguments = ", ".join(f"ptr {text}" for text in rest)
        return self.result_of(self.value(f"call i32 {function}({arguments})"), "i")

    def call_call_pair(self, node: ast.Call) -> Value:
        """call_pair(function, context, bytes): an allocator's method."""
        function, first, second = (self.expression(a) for a in node.args)
        return Value(self.value(f"call ptr {function.text}(ptr {first.text}, i64 {second.text})"), "P")

    def call_call_address(self, node: ast.Call) -> Value:
        """call_address(function, words...): a C function of ints and addresses that knows nothing of Python; its result as an int."""
        function, *rest = (self.expression(a) for a in node.args)
        return Value(self.value(f"call i64 {function.text}({', '.join(f'i64 {value.text}' for value in rest)})"), "I")

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
