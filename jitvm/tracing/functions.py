"""Recursive functions as native code: calls between activations are native calls with unboxed arguments and results.

Two LLVM functions: ``body`` (arguments unboxed; gives a payload and a status) and ``trace``, which the ``resume`` instruction enters: it
unboxes the arguments of the interpreter's frame, calls ``body`` and returns to the interpreter's caller. An activation has no frame until
one is needed (``jitvm/interpreter/native.py``). A side exit hands the rest of the activation to the interpreter, on the same C stack.

A function whose body does what may look at frames is not compiled this way: it stays in the interpreter, and its loops are regions.
"""
from __future__ import annotations

from jitvm.spec import shared
from jitvm.spec.bytecodes import UNIT
from jitvm.spec.cfunctions import SLOTS
from jitvm.spec.layout import CO_SUSPENDS
from jitvm.tracing.beliefs import TYPE_KINDS
from jitvm.tracing.early import FINISHED, RETURNED, EarlyReturn, return_early
from jitvm.tracing.emission import CONSTANTS, FIELDS, KINDS, Abort, flat, number, truth
from jitvm.tracing.exits import Exit
from jitvm.tracing.region import METADATA, Region
from jitvm.tracing.values import ANCHORED, F64, I1, I64, NULL, OWNED, BoolValue, Const, FloatValue, Frame, IntValue, Null, Obj, State, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

AREA_REGISTERS, AREA_CALLER, AREA_SITE, AREA_FUNCTION, AREA_VALUES = (
    shared.CONSTANTS["AREA_" + name] for name in ("REGISTERS", "CALLER", "SITE", "FUNCTION", "VALUES"))
CONVENTION = "preserve_nonecc"
"""How activations call each other: with more arguments in registers, and nothing saved by a callee that makes no call itself."""
TYPE_OF = {"int": int, "float": float, "bool": bool}


class FunctionRegion(Region):
    """One attempt to compile a function. ``specs["arguments"]`` and ``specs["result"]`` are the kinds it is compiled for."""

    holds_generators = catches = puts_off = False

    def build(self) -> str | None:
        """Replays the function; the module's text, or None if the kinds changed."""
        self.state.frames = (Frame(self.root, 0),)
        self.kinds: list[str] = self.specs["arguments"]
        self.area_words = 0
        self.early: list[EarlyReturn] = []
        self.returns = 0
        code = self.root.code
        if code.co_cellvars or code.co_freevars or code.co_flags & CO_SUSPENDS or not self.root.simple:
            raise Abort("signature", "")
        for index in range(self.root.locals):
            self.state.registers[0, index] = NULL
        for index, kind in enumerate(self.kinds):
            self.state.registers[0, index] = self.parameter(index, kind)
        self.state.owners["%function"] = ANCHORED
        interp = self.op(f"load ptr, ptr {self.offset('%ts', FIELDS['ts_interp'][0])}")
        self.breaker = self.offset(interp, FIELDS["interp_eval_breaker"][0])
        self.pc = self.root_pc
        self.go_on(self.root_pc + UNIT * self.root.instruction(self.root_pc).row.size)
        while self.forks or self.arrivals:
            if self.forks:
                self.resume_fork(self.forks.pop())
            else:
                self.join()
        if self.again or self.steady():
            return None
        if not self.returns:
            raise Abort("left-frame", "")
        return self.module()

    def parameter(self, index: int, kind: str) -> Value:
        name = f"%a{index}"
        if kind == "int":
            return IntValue(I64(name))
        if kind == "float":
            return FloatValue(F64(name))
        if kind == "bool":
            return BoolValue(I1(name))
        self.state.owners[name] = OWNED
        return Obj(name)

    def before_calls(self) -> None:
        """What an activation does before its first call, and one that makes none need not: it polls, looks whether enough of the C stack
        is left (interpreter/stack.py), and writes the words of its area that do not change."""
        if self.state.cse.get("before calls"):
            return
        self.show_work()
        self.poll(self.pc, self.start)
        least = self.op(f"load ptr, ptr {self.offset('%ctx', 8 * SLOTS['stack_from'])}")
        self.guard(I1(self.op(f"icmp ugt ptr %area, {least}")), True)
        self.write_area()
        self.state.cse["before calls"] = True

    def write_area(self) -> None:
        """Writes the words of the activation's area that do not change, unless a frame is made for it (``materialize``)."""
        for offset, text in ((AREA_REGISTERS, "%given"), (AREA_CALLER, "%caller"), (AREA_FUNCTION, "%function")):
            self.emit(f"store ptr {text}, ptr {self.op(f'getelementptr i8, ptr %area, i64 {offset}')}")

    def describe(self, exit: Exit) -> None:
        """Before the first call nothing is in the area yet; behind it a frame may have been made for it."""
        if not self.state.cse.get("before calls"):
            self.write_area()
        super().describe(exit)

    def area_place(self, offset: int) -> str:
        return self.offset("%area", offset)

    # -- what differs from a loop's region
    def kill(self, index: int) -> None:
        """There is no frame memory to be emptied."""
        self.state.registers.pop((self.state.level, index), NULL)

    def effect(self, runs: bool, keep: tuple[Value, ...] = ()) -> None:
        """The function changes the heap: what is known of it does not hold across its own calls."""
        if runs:
            self.refuse_to_look()
        self.show_depth()
        if self.specs["pure"]:
            self.specs["pure"] = False
            self.again = True
        super().effect(runs, keep)

    def before_end(self) -> None:
        self.show_depth()
        super().before_end()

    def show_depth(self) -> None:
        """Calls are counted against the recursion limit in a machine register; what runs next may count on."""
        self.emit(f"store i32 %left, ptr {self.offset('%ts', FIELDS['ts_recursion_remaining'][0])}")

    def refuse_to_look(self) -> None:
        """What may look at frames has none to see: a rare outcome leaves to the interpreter, else the function is not compiled."""
        if not self.effected and len(self.profile.vectors(self.path, self.pc)) > 1:
            raise Abort("unsupported", "what may look at frames")
        raise Abort("looks", "")

    def set_field(self, name: str, base: Any, value: Any) -> None:
        if self.specs["pure"]:
            self.specs["pure"] = False
            self.again = True
        super().set_field(name, base, value)

    def sync(self) -> None:
        raise Abort("looks", "")

    def position(self) -> None:
        """The frame, if there will be one, is positioned when it is made."""

    def inner(self, pc: int) -> bool:
        return True

    def place_of(self, index: int) -> str:
        raise Abort("unsupported", "the memory of a register")

    def frame_field(self, name: str, frame: Any) -> Any:
        if frame.level == 0:
            if name == "frame_code":
                return self.constant(self.root.code)
            if name == "frame_locals":
                return NULL  # nobody can have asked for the dict of a frame that does not exist
            value = self.get_field({"frame_globals": "func_globals", "frame_builtins": "func_builtins"}[name], Obj("%function"))
            if name == "frame_globals":
                self.presume(value, self.driver.globals_of(self.root))
            return value
        return super().frame_field(name, frame)

    # -- calls and returns
    def call_value(self, instruction: Any, callee: Value, values: list[Value], names: tuple[str, ...], window: list[int]) -> int | None:
        entered = self.profile.entered.get((self.path, self.pc))
        if entered == self.root.base and not self.state.level and not names and len(values) == len(self.kinds):
            return self.call_native(instruction, callee, values, window)
        return super().call_value(instruction, callee, values, names, window)

    def call_native(self, instruction: Any, callee: Value, values: list[Value], window: list[int]) -> int | None:
        """A call of the function by itself."""
        self.guard(self.same(callee, Obj("%function")), True)
        if isinstance(callee, Obj) and self.read(window[0]) == callee and self.state.owners.get(callee.name) != OWNED:
            callee = Obj("%function")  # this activation keeps it alive: no reference is needed
            self.state.registers[self.state.level, window[0]] = callee
        for value, kind in zip(values, self.kinds, strict=True):
            if kind in TYPE_OF:
                test = self.type_test(value, TYPE_OF[kind])
                if test is False:
                    self.specs["arguments"] = ["object" if v is value else k for v, k in zip(values, self.kinds, strict=True)]
                    self.again = True
                    self.emit("unreachable")
                    return None
                self.guard(test, True)
        self.guard(I1(self.pure("icmp sgt i32 %left, 1")), True)
        self.before_calls()
        self.effected = True
        self.flush(forget=not self.specs["pure"])
        for value in self.state.registers.values():
            self.own(value)
        arguments = [self.pass_argument(value, kind) for value, kind in zip(values, self.kinds, strict=True)]
        for index in window[1:]:
            self.kill(index)
        self.note_site()
        function = self.box(callee)[0]
        less = self.pure("sub i32 %left, 1")
        text = "".join(", " + a for a in arguments)
        early = EarlyReturn(self.lines, self.block, arguments)
        pair = self.op(f"call {CONVENTION} {{i64, i64}} @body(ptr %ctx, ptr %ts, ptr %area, ptr null, ptr {function}, i32 {less}{text})")
        payload, status = self.op(f"extractvalue {{i64, i64}} {pair}, 0"), self.op(f"extractvalue {{i64, i64}} {pair}, 1")
        result = self.take_result(payload, status, instruction, early)
        self.kill(window[0])
        self.write(instruction.values["dst"], result)
        return self.pc + UNIT * int(instruction.row.size)

    def pass_argument(self, value: Value, kind: str) -> str:
        """An argument as the body takes it; objects with a reference of their own."""
        if kind == "int":
            return f"i64 {self.int_value(value)}"
        if kind == "float":
            return f"double {number(self.float_value(value))}"
        if kind == "bool":
            return f"i1 {self.truth_of_bool(value)}"
        name, new = self.box(value)
        if new:
            del self.state.owners[name]
        else:
            self.reference(name)
        return f"ptr {name}"

    def truth_of_bool(self, value: Value) -> str:
        if isinstance(value, Obj):
            return self.op(f"icmp eq ptr {value.name}, {self.constant(True).symbol}")
        return truth(value.object if isinstance(value, Const) else value.number)  # type: ignore[attr-defined]

    def note_site(self) -> None:
        """What a frame made during the call would hold: descriptor and raw values, in the area."""
        self.show_all()
        exit = Exit(len(self.exits), self.pc, None, False)
        self.exits.append(exit)
        for (level, index), value in self.state.registers.items():
            if level == 0 and not isinstance(value, Null):
                self.entry(exit, index, value, set(self.state.owners))
        self.area_words = max(self.area_words, len(exit.entries))
        self.emit(f"store ptr {exit.symbol}, ptr {self.area_place(AREA_SITE)}")

    def spill(self, exit: Exit, kind: str, text: str) -> Any:
        """Spills go to the area at call sites."""
        if self.spilled is not None:
            return super().spill(exit, kind, text)
        place = len(exit.entries)
        self.emit(f"store {kind} {text}, ptr {self.op(f'getelementptr i8, ptr %area, i64 {8 * place + AREA_VALUES}')}")
        return place

    def take_result(self, payload: str, status: str, instruction: Any, early: EarlyReturn) -> Value:
        """The value of a native call. Where the interpreter finished the callee, it finishes this activation too."""
        plain, finished = self.label(), self.label()
        test = self.op(f"icmp eq i64 {status}, 0")
        self.emit(f"br i1 {test}, label %{plain}, label %{finished}, !prof !0")
        kind = self.specs["result"]
        main, block, state = self.lines, self.block, self.state
        self.lines, self.state = [], state.copy()
        self.at(finished)
        name = self.op(f"inttoptr i64 {payload} to ptr")
        good, bad = self.label(), self.label()
        self.emit(f"br i1 {self.op(f'icmp eq ptr {name}, null')}, label %{bad}, label %{good}, !prof !1")
        self.leave(self.state, self.pc, None, bad, raising=True)
        self.at(good)
        other = self.state.copy()
        other.owners[name] = OWNED
        other.registers.pop((other.level, instruction.values["base"]), None)
        other.registers[other.level, instruction.values["dst"]] = Obj(name)
        self.leave(other, self.pc + UNIT * int(instruction.row.size), None)
        self.cold.append(self.lines)
        self.lines, self.block, self.state = main, block, state
        self.at(plain)
        early.joins(self.lines, plain, payload)
        self.early.append(early)
        direct = self.decode_payload(early.payload, kind)
        if kind == "int":
            return IntValue(I64(direct))
        if kind == "float":
            return FloatValue(F64(direct))
        if kind == "bool":
            return BoolValue(I1(direct))
        self.state.owners[direct] = OWNED
        return Obj(direct)

    def decode_payload(self, payload: str, kind: str) -> str:
        """A payload word as a value of a kind."""
        return {"int": lambda: payload, "float": lambda: self.op(f"bitcast i64 {payload} to double"),
                "bool": lambda: self.op(f"trunc i64 {payload} to i1"), "object": lambda: self.op(f"inttoptr i64 {payload} to ptr")}[kind]()

    def leave_callee(self, value: Value) -> int | None:
        """A return: of an inlined callee, or of the activation."""
        if self.state.level:
            return super().leave_callee(value)
        kind = self.specs["result"]
        known = self.type_of(value)
        if known is int and not self.is_narrow(value):
            known = None
        if kind in TYPE_OF and known is not TYPE_OF[kind]:
            if known is None and kind != "object":
                self.guard(self.type_test(value, TYPE_OF[kind]), True)
            else:
                self.specs["result"] = TYPE_KINDS.get(known, "object") if not self.returns and not self.specs.get("settled") else "object"
                self.specs["settled"] = True
                self.again = True
        self.returns += 1
        kind = self.specs["result"]
        if self.again:
            self.emit("unreachable")
            return None
        payload = self.encode_payload(value, kind)
        state = self.state
        state.registers = {}
        for name, owner in list(state.owners.items()):
            if owner == OWNED:
                self.drop(name)
        pair = self.op(f"insertvalue {{i64, i64}} {{i64 undef, i64 {RETURNED}}}, i64 {payload}, 0")
        self.emit(f"ret {{i64, i64}} {pair}")
        return None

    def encode_payload(self, value: Value, kind: str) -> str:
        """A result as a payload word; an object with its reference."""
        if kind == "int":
            return str(self.int_value(value))
        if kind == "float":
            return self.op(f"bitcast double {number(self.float_value(value))} to i64")
        if kind == "bool":
            return self.op(f"zext i1 {self.truth_of_bool(value)} to i64")
        return self.op(f"ptrtoint ptr {self.given_away(value)} to i64")

    # -- text
    def leave_lines(self) -> list[str]:
        """Exits of the body: the interpreter runs the rest of the activation."""
        if not self.ways_out:
            return []
        ways = ", ".join(f"[{name}, %{block}]" for name, block in self.ways_out)
        return ["leave:", f"  %exit = phi ptr {ways}",
                f"  %depth = getelementptr i8, ptr %ts, i64 {FIELDS['ts_recursion_remaining'][0]}",
                "  store i32 %left, ptr %depth",
                f"  %rest = call ptr {self.helper('leave_native')}(ptr %ctx, ptr %ts, ptr %area, ptr %exit, ptr %spill)",
                "  %word = ptrtoint ptr %rest to i64",
                f"  %pair = insertvalue {{i64, i64}} {{i64 undef, i64 {FINISHED}}}, i64 %word, 0", "  ret {i64, i64} %pair"]

    def module(self) -> str:
        """The text of both functions."""
        self.finish_turns()
        self.describe_exits()
        for header in self.headers:
            header.finish(self.lines)
        return_early(self.early, flat(self.lines))
        entry = [*self.areas(), f"  %area = alloca [{self.area_words + AREA_VALUES // 8} x i64]"]
        parameters = "".join(f", {KINDS[kind]} %a{index}" for index, kind in enumerate(self.kinds))
        body = "\n".join([f"define internal {CONVENTION} {{i64, i64}} @body(ptr %ctx, ptr %ts, ptr %caller, ptr %given, ptr %function, "
                          f"i32 %left{parameters}) "
                          "nounwind {", "entry:", *entry, *flat(self.lines), *flat(self.cold), *self.leave_lines(), "}"])
        wrapper = self.wrapper()
        names = [*(f"@{name}" for name in sorted(self.imports)), *(c.symbol for c in self.constant_symbols.values()),
                 *self.instr_symbols.values(), *(e.symbol for e in self.exits), *self.table_names(),
                 *(f"@force{number}" for number in range(self.forced))]
        return "\n".join([*sorted(self.declared), *(f"{name} = external global i8" for name in names), body, wrapper, METADATA])

    def wrapper(self) -> str:
        """The function that ``resume`` enters: unboxes, calls the body, returns to the interpreter."""
        self.lines, self.state, self.block = [], State(), "entry"
        self.state.frames = (Frame(self.root, 0),)
        base = self.op(f"getelementptr i8, ptr %regs, i64 {-CONSTANTS['FRAME_SIZE']}")
        entered = self.op(f"load i64, ptr {self.offset(base, FIELDS['header_entry'][0])}")
        self.emit(f"br i1 {self.op(f'icmp ugt i64 {entered}, 1')}, label %interpret, label %direct")
        self.at("direct")
        texts = []
        for index, kind in enumerate(self.kinds):
            place = self.op(f"getelementptr ptr, ptr %regs, i64 {index}")
            value = Obj(self.op(f"load ptr, ptr {place}"))
            if kind in TYPE_OF:
                test = self.type_test(value, TYPE_OF[kind])
                good = self.label()
                self.emit(f"br i1 {test}, label %{good}, label %interpret")
                self.at(good)
            else:
                self.reference(value.name)
            texts.append(self.pass_plain(value, kind))
        function = self.op(f"load ptr, ptr {self.offset(base, FIELDS['frame_func'][0])}")
        caller = self.op(f"load ptr, ptr {self.offset(base, FIELDS['frame_previous'][0])}")
        left = self.op(f"load i32, ptr {self.offset('%ts', FIELDS['ts_recursion_remaining'][0])}")
        text = "".join(", " + t for t in texts)
        pair = self.op(f"call {CONVENTION} {{i64, i64}} @body(ptr %ctx, ptr %ts, ptr null, ptr %regs, ptr {function}, i32 {left}{text})")
        payload, status = self.op(f"extractvalue {{i64, i64}} {pair}, 0"), self.op(f"extractvalue {{i64, i64}} {pair}, 1")
        plain, done = self.label(), self.label()
        start = self.block
        raw = self.op(f"inttoptr i64 {payload} to ptr")
        self.emit(f"br i1 {self.op(f'icmp eq i64 {status}, 0')}, label %{plain}, label %{done}")
        self.at(plain)
        self.emit(f"store i32 {left}, ptr {self.offset('%ts', FIELDS['ts_recursion_remaining'][0])}")
        boxed = self.box_payload(payload, raw)
        end = self.block
        self.emit(f"br label %{done}")
        self.at(done)
        result = self.op(f"phi ptr [{boxed}, %{end}], [{raw}, %{start}]")
        word = self.op(f"or i64 {status}, {self.op(f'shl i64 {entered}, 8')}")
        self.emit(f"%gone = musttail call preserve_nonecc ptr {self.helper('op.native_return')}(ptr {result}, ptr %regs, ptr {caller}, "
                  f"ptr %ctx, ptr %ts, i64 {word})")
        self.emit("ret ptr %gone")
        self.at("interpret")
        self.emit(f"%plain = musttail call preserve_nonecc ptr {self.helper('op.interpret_function')}(ptr %pc, ptr %regs, "
                  "ptr %consts, ptr %ctx, ptr %ts, i64 %word)")
        self.emit("ret ptr %plain")
        return "\n".join(["define preserve_nonecc ptr @trace(ptr %pc, ptr %regs, ptr %consts, ptr %ctx, ptr %ts, i64 %word) nounwind {",
                          "entry:", *flat(self.lines), "}"])

    def pass_plain(self, value: Obj, kind: str) -> str:
        if kind == "int":
            return f"i64 {self.int_value(value)}"
        if kind == "float":
            return f"double {self.float_value(value)}"
        if kind == "bool":
            return f"i1 {self.truth_of_bool(value)}"
        return f"ptr {value.name}"

    def box_payload(self, payload: str, raw: str) -> str:
        """The result as the interpreter takes it."""
        kind = self.specs["result"]
        if kind == "object":
            return raw
        value: Value = IntValue(I64(payload))
        if kind == "float":
            value = FloatValue(F64(self.decode_payload(payload, "float")))
        elif kind == "bool":
            value = BoolValue(I1(self.decode_payload(payload, "bool")))
        name, new = self.box(value)
        if not new:
            self.reference(name)
        return name
