"""Control in a region: moves, calls (inlined or residual), returns, and what takes windows of registers.

These are the only bytecodes that tracing knows by name: they steer frames. All others are replayed from their handlers.
"""
from __future__ import annotations

from jitvm.spec import shared
from jitvm.spec.bytecodes import UNIT
from jitvm.tracing.emission import CONSTANTS, Abort
from jitvm.tracing.formatting import FormattingMixin
from jitvm.tracing.implied import FILTER, INIT, KEPT, MADE, binding, holds_arguments, makes_plainly
from jitvm.tracing.intrinsics import INTRINSICS
from jitvm.tracing.mapped import MappedMixin
from jitvm.tracing.shown import looks
from jitvm.tracing.values import NULL, OWNED, Const, Frame, Null, Obj, Packed, Pointer, Value, Window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CO_INLINE_OBSTACLES = 0x20 | 0x80 | 0x100 | 0x200
"""Generators and coroutines."""
NOT_SPREAD = 1 << 40
"""What a recording says of starred arguments that are no tuple."""
NO_KEYWORDS = Packed(dict, ())


class CallsMixin(FormattingMixin, MappedMixin):
    """The part of a region that follows control between frames and passes windows."""

    arguments: int
    eager = False
    """Whether frame and module are to hold locals and globals after each bytecode (the setting locals_sync is off)."""

    if TYPE_CHECKING:
        def generator_call(self, callee: Value, values: list[Value], window: list[int]) -> Value | None: ...

    # -- moves
    def following(self, instruction: Any) -> int:
        return self.pc + UNIT * int(instruction.row.size)

    def do_resume(self, instruction: Any) -> int:
        return self.following(instruction)

    def do_take(self, instruction: Any) -> int:
        value = self.read(instruction.values["src"])
        self.write(instruction.values["dst"], value)
        self.kill(instruction.values["src"])
        return self.following(instruction)

    def do_clear(self, instruction: Any) -> int:
        self.empty(instruction.values["src"])
        return self.following(instruction)

    def empty(self, index: int) -> None:
        """A register is emptied by the program. A local is unbound then: paths that meet may differ in that, and another may have it."""
        self.kill(index)
        if index < self.record_of().locals:
            self.state.registers[self.state.level, index] = NULL

    def do_delete_local(self, instruction: Any) -> int:
        value = self.read(instruction.values["src"])
        if isinstance(value, Null):
            raise Abort("unsupported", "del of an unbound local")
        known = self.is_null(value)
        if known is not False:
            self.guard(known, False)
        self.empty(instruction.values["src"])
        return self.following(instruction)

    def do_check_group(self, instruction: Any) -> int | None:
        """``except*`` changes a register through its address, which a region does not follow: it is left before."""
        raise Abort("unsupported", "except*")

    # -- calls
    def do_call(self, instruction: Any) -> int | None:
        base, count = instruction.values["base"], instruction.values["count"]
        callee = self.read(base)
        values = [self.read(base + 1 + i) for i in range(count)]
        return self.call_value(instruction, callee, values, self.keywords(instruction), list(range(base, base + 1 + count)))

    do_call_kw = do_call

    def keywords(self, instruction: Any) -> tuple[str, ...]:
        """The names of a call's last arguments."""
        if "names" not in instruction.values:
            return ()
        names: tuple[str, ...] = self.record_of().unit.constants[instruction.values["names"]]
        return names

    def do_call_method(self, instruction: Any) -> int | None:
        base, count = instruction.values["base"], instruction.values["count"]
        callee, first = self.read(base), self.read(base + 1)
        values = [self.read(base + 2 + i) for i in range(count)]
        if isinstance(first, Obj) and first.name not in self.state.types:
            empty = self.is_null(first)
            if empty is not False and self.state.facts.get(empty) is not False:
                seen = self.vectors[0][0] if self.vectors and self.vectors[0] else 0
                self.guard(empty, bool(seen))
                if seen:
                    first = NULL
        if not isinstance(first, Null):
            values.insert(0, first)
        return self.call_value(instruction, callee, values, self.keywords(instruction), list(range(base, base + 2 + count)))

    do_call_method_kw = do_call_method

    def do_call_ex(self, instruction: Any) -> int | None:
        """A call with starred arguments: items that are known, or those of a tuple of the size seen, are a callee's that is inlined."""
        base, keywords, target = (instruction.values[name] for name in ("base", "keywords", "dst"))
        callee, given = self.read(base), self.read(base + 1)
        named: Value = self.read(base + 2) if keywords else NO_KEYWORDS
        entered = self.profile.entered.get((self.path, self.pc))
        count = self.spread_count(given)
        if entered is not None and count is not None and isinstance(named, Packed):
            record = self.driver.record_at(entered)
            plan = binding(record.code, count, named.names) if record is not None and self.may_inline(record) else None
            if record is not None and plan is not None and self.choose(record, callee, False):
                return self.inline(record, callee, [*self.spread_items(given, count), *named.items], plan, [base])
        result = self.call_spread(callee, given, Window(base * 8), keywords)
        self.kill(base)
        self.write(target, result)
        return self.following(instruction)

    def spread_count(self, given: Value) -> int | None:
        """How many arguments ``*given`` is, if that is known or was seen."""
        if isinstance(given, Packed):
            return len(given.items) if given.type in (tuple, list) else None
        if isinstance(given, Const):
            return len(given.object) if type(given.object) is tuple else None
        size = self.vectors[0][0] if self.vectors and self.vectors[0] else NOT_SPREAD
        return size if size < NOT_SPREAD else None

    def spread_items(self, given: Value, count: int) -> list[Value]:
        """The arguments that ``*given`` is."""
        if isinstance(given, Packed):
            return list(given.items)
        if not isinstance(given, Const):
            self.guard(self.type_test(given, tuple), True)
            self.guard(self.compare("eq", self.get_field("var_size", given), count), True)
        return [self.tuple_item(given, i) for i in range(count)]

    def do_list_extend(self, instruction: Any) -> int:
        """``*src`` among other arguments."""
        place, source = instruction.values["list"], self.read(instruction.values["src"])
        held, count = self.read(place), self.spread_count(source)
        if isinstance(held, Packed) and count is not None:
            self.repack(place, held, self.spread_items(source, count))
        else:
            self.call_helper("extend_list", held, source)
        return self.consume(instruction)

    def do_list_append(self, instruction: Any) -> int:
        place, value = instruction.values["list"], self.read(instruction.values["src"])
        held = self.read(place)
        if isinstance(held, Packed):
            self.repack(place, held, [value])
        else:
            self.call_helper("append_to", held, value)
        return self.consume(instruction)

    def do_map_merge(self, instruction: Any) -> int:
        """``**src`` among other named arguments."""
        place, source = instruction.values["map"], self.read(instruction.values["src"])
        held = self.read(place)
        found = self.keyword_items(place, held, source, self.following(instruction)) if isinstance(held, Packed) else None
        if isinstance(held, Packed) and found is not None:
            self.repack(place, held, *found)
        else:
            self.call_helper("merge_map", held, source, self.read(instruction.values["callee"]))
        return self.consume(instruction)

    def keyword_items(self, place: int, held: Packed, source: Value, after: int) -> tuple[list[Value], tuple[str, ...]] | None:
        """Values and names of ``**source``, where they are known or the plan of the call that follows at ``after`` names them."""
        if isinstance(source, Packed):
            return None if set(source.names) & set(held.names) else (list(source.items), source.names)
        call = self.record_of().instruction(after)
        if call.row.name != "call_ex" or call.values["base"] + 2 != place or (self.path, after) not in self.profile.entered:
            return None
        plan = self.cached_word(after + UNIT + 8)
        address = self.peek(plan + shared.CONSTANTS["PLAN_NAMES"]) if plan else 0
        names: tuple[str, ...] = self.object_at(address) if address else ()
        more = names[len(held.names):]
        if names[:len(held.names)] != held.names or not more:
            return None
        entries = Pointer(str(self.call_helper("named_entries", source, self.constant(more))), 0)
        missing = self.compare("eq", entries, 0)
        self.guard(missing, False)
        return [self.load_at(entries, 16 * i + 8, "O") for i in range(len(more))], more

    def repack(self, place: int, held: Packed, items: list[Value], names: tuple[str, ...] = ()) -> None:
        """Adds to a packed value that only this register has."""
        for item in items:
            self.own(item)
        self.state.registers[self.state.level, place] = self.pack(held.type, [*held.items, *items], held.names + names)

    def consume(self, instruction: Any) -> int:
        """Ends what an instruction uses for the last time."""
        for name in instruction.consumed:
            self.kill(instruction.values[name])
        return self.following(instruction)

    def call_value(self, instruction: Any, callee: Value, values: list[Value], names: tuple[str, ...], window: list[int]) -> int | None:
        """Calls: inlines what was seen to be entered, else a C function's own meaning, else through the host's calling convention."""
        chain, others = self.callees()
        while self.alternative < len(chain):
            record = chain[self.alternative]
            more = self.alternative + 1 < len(chain) or others
            followed = self.follow(record, instruction, callee, values, names, window, more)
            if followed is not None:
                return followed
            if not isinstance(callee, Const):
                break
            self.alternative += 1
        made = self.instance_made(instruction, callee, values, names, window)
        if made is not None:
            return made
        if isinstance(callee, Const):
            meaning = INTRINSICS.get(id(callee.object))
            if meaning is not None:
                result = meaning(self, values, names)
                if result is not None:
                    return self.finish_call(instruction, result, window)
        places = window[len(window) - len(values):]
        result = None if names else self.generator_call(callee, values, places)
        return self.meet(self.finish_call(instruction, result or self.residual_call(callee, values, names, places), window))

    def instance_made(self, instruction: Any, callee: Value, values: list[Value], names: tuple[str, ...], window: list[int]) -> int | None:
        """A call of a class of exceptions that only hold their arguments: they need not be made so far. And a call of a class without
        __new__ and __init__."""
        place = 1 if instruction.row.name.startswith("call_method") else 0
        if not values and not names:
            plain = self.class_seen(callee, place, makes_plainly)
            if plain is not None:
                result = self.call_helper("new_instance", plain)
                self.state.types[result.name] = plain.object
                return self.meet(self.finish_call(instruction, result, window))
        kind = None if names else self.class_seen(callee, place, holds_arguments)
        if kind is None:
            return None
        for index in window[len(window) - len(values):]:
            self.forget_memory(index)
        return self.meet(self.finish_call(instruction, self.pack(kind.object, values), window))

    def follow(self, record: Any, instruction: Any, callee: Value, values: list[Value], names: tuple[str, ...], window: list[int],
               more: bool) -> int | None:
        """Inlines a call of a function, bound method or class whose code is that of ``record``; None if it is not to be."""
        place = 1 if instruction.row.name.startswith("call_method") else 0
        kind = self.class_called(record, callee, place, more)
        if isinstance(kind, Const) and isinstance(kind.object, type):
            plan = binding(record.code, len(values) + 1 - len(names), names)
            return None if plan is None else self.enter_class(record, kind, values, plan, window)
        function, given = self.unbind(callee, values, place)
        plan = binding(record.code, len(given) - len(names), names)
        if plan is None:
            return None
        if not self.choose(record, function, more):
            return None
        return self.inline(record, function, given, plan, window)

    def finish_call(self, instruction: Any, result: Value, window: list[int]) -> int:
        """Empties the window and stores the result."""
        for index in window:
            self.kill(index)
        self.write(instruction.values["dst"], result)
        return self.following(instruction)

    def may_inline(self, record: Any) -> bool:
        """Whether a callee is of a kind that is inlined: not recursive, not too deep, no cells of its own."""
        code = record.code
        frames = self.state.frames
        return bool(record.unit is not None and not self.eager and not code.co_cellvars and not looks(code)
                    and not code.co_flags & CO_INLINE_OBSTACLES and len(frames) <= self.driver.settings.inline_depth
                    and all(frame.record is not record for frame in frames))

    def inline(self, record: Any, callee: Value, given: list[Value], plan: list[tuple[str, Any]], window: list[int], what: int = 0,
               made: Value | None = None) -> int:
        """Enters a callee within the region: its frame exists only if the region is left inside it.

        ``what``: for which instruction's sake, if it is an implied call; ``made``: the instance that it initialises.
        """
        values = [given[what] if source == "given" else self.parameter_value(record, callee, given, source, what) for source, what in plan]
        state = self.state
        frame = Frame(record, self.pc, what=what)
        level = state.level
        for index in window[1:]:
            state.registers.pop((level, index), None)
            self.forget_memory(index)
        state.frames = (*state.frames, frame)
        for index in range(record.unit.registers):
            state.registers.pop((level + 1, index), None)
        if what:
            self.own(callee)
            state.registers[level + 1, KEPT] = callee
        if made is not None:
            state.registers[level + 1, MADE] = made
        for index in range(record.locals):
            state.registers[level + 1, index] = values[index] if index < len(values) else NULL
        if record.code.co_freevars:
            self.load_closure(record, callee, level + 1)
        return int(record.base)

    def parameter_value(self, record: Any, callee: Value, given: list[Value], source: str, what: Any) -> Value:
        """The value of a parameter that is not simply an argument."""
        if source == "rest":
            return self.pack(tuple, [given[index] for index in what]) if what else self.constant(())
        if source == "keywords":
            return self.pack(dict, [given[index] for _, index in what], tuple([name for name, _ in what]))
        return self.default_of(record, callee, source, what)

    def default_of(self, record: Any, callee: Value, source: str, what: Any) -> Value:
        """The default of a parameter that was not given: read from the function, so that a change of it is seen."""
        if source == "keyword default":
            table = self.get_field("func_kwdefaults", callee)
            self.guard(self.type_test(table, dict), True)
            value = self.call_c("PyDict_GetItemWithError", table, self.constant(what))
            missing = self.is_null(value)
            if missing is not False:
                self.guard(missing, False)
            return value  # type: ignore[no-any-return]
        table = self.get_field("func_defaults", callee)
        missing = self.is_null(table)
        if missing is not False:
            self.guard(missing, False)
        size = self.get_field("var_size", table)
        count = record.record.defaults
        self.guard(self.compare("eq", size, count), True)
        place = what - (record.code.co_argcount - count)
        if place < 0:
            raise Abort("unsupported", "a missing argument")
        return self.tuple_item(table, place)

    def load_closure(self, record: Any, callee: Value, level: int) -> None:
        """The cells of a closure's free variables."""
        closure = self.get_field("func_closure", callee)
        first = record.locals - len(record.code.co_freevars)
        for place in range(len(record.code.co_freevars)):
            cell = self.item_at(self.pointer_of(closure), CONSTANTS["TUPLE_ITEMS"], place)
            self.state.registers[level, first + place] = cell

    def forget_memory(self, index: int) -> None:
        """An argument moved to a callee: if the root frame's memory still holds it, the trace takes that reference over."""
        state = self.state
        if state.level:
            return
        held = state.memory.get(index, NULL)
        if isinstance(held, Obj) and state.owners.get(held.name) == "anchored":
            self.emit(f"store ptr null, ptr {self.place_of(index)}")
            state.owners[held.name] = OWNED
            state.memory[index] = NULL

    def do_return_value(self, instruction: Any) -> int | None:
        return self.leave_callee(self.read(instruction.values["src"]))

    def do_return_const(self, instruction: Any) -> int | None:
        return self.leave_callee(self.constant(self.record_of().unit.constants[instruction.values["value"]]))

    def leave_callee(self, value: Value) -> int | None:
        """A return: to the caller within the region, or out of it."""
        state = self.state
        if not state.level:
            self.leave(state, self.pc, None)
            return None
        level = state.level
        frame = state.frames[-1]
        if frame.what:
            self.check_result(frame, value)
            state = self.state
        if frame.what & 255 == INIT:
            value = state.registers[level, MADE]
        if frame.what == FILTER:
            return self.leave_filter(frame, value)
        self.own(value)
        for place in [p for p in state.registers if p[0] == level]:
            del state.registers[place]
        state.frames = state.frames[:-1]
        instruction = self.record_of().instruction(frame.call_site)
        self.pc = frame.call_site
        if frame.what and frame.what & 255 != INIT:
            return self.take_result_of(instruction, frame, value)
        state.registers.pop((state.level, instruction.values["base"]), None)
        self.write(instruction.values["dst"], value)
        return self.meet(frame.call_site + UNIT * int(instruction.row.size))

    def residual_call(self, callee: Value, values: list[Value], names: tuple[str, ...], window: list[int]) -> Value:
        """A call that is not followed: the values, of the registers ``window``, are given up to it."""
        values = [self.shown(value) for value in values]
        self.effect(True, (callee, *values))
        function, _ = self.box(callee)
        self.give_up(values, window)
        self.position()
        raw = self.op(f"call ptr {self.helper('call_moved')}(ptr %ctx, ptr {function}, ptr %buffer, "
                      f"i64 {len(values) - len(names)}, ptr {self.constant(names).symbol if names else 'null'})")
        self.check(raw, "N", [])
        self.has_shown = True  # somebody may have begun to trace
        self.state.owners[raw] = OWNED
        return Obj(raw)

    def give_up(self, values: list[Value], window: list[int]) -> None:
        """Arguments go into the buffer, with their references."""
        state = self.state
        for index in window:
            self.forget_memory(index)
        for place, (index, value) in enumerate(zip(window, values, strict=True)):
            text, new = self.box(value)
            if new or (isinstance(value, Obj) and state.owners.get(text) == OWNED and self.holders(value) == 1):
                del state.owners[text]
            elif not isinstance(value, Null):
                self.add_reference(text)
            state.registers.pop((state.level, index), None)
            self.emit(f"store ptr {text}, ptr {self.op(f'getelementptr ptr, ptr %buffer, i64 {place}')}")
        self.arguments = max(self.arguments, len(values))

    # -- windows of registers
    def window_call(self, name: str, window: Window, count: int, *rest: str) -> Value:
        """A helper that takes the objects of a window over and gives a new one."""
        first = window.offset // 8
        values = [self.shown(self.read(first + i)) for i in range(count)]
        if name != "join_window" or any(self.type_of(value) is not str for value in values):
            self.effect(self.helper_signature(name)[3], tuple(values))
        state = self.state
        for place, value in enumerate(values):
            text, new = self.box(value)
            if new or (isinstance(value, Obj) and state.owners.get(text) == OWNED and self.holders(value) == 1):
                del state.owners[text]
            elif not isinstance(value, Null):
                self.add_reference(text)
            state.registers.pop((state.level, first + place), None)
            self.emit(f"store ptr {text}, ptr {self.op(f'getelementptr ptr, ptr %buffer, i64 {place}')}")
        for place in range(count):
            self.forget_memory(first + place)
        self.arguments = max(self.arguments, count)
        self.position()
        tail = "".join(", " + text for text in rest)
        raw = self.op(f"call ptr {self.helper(name)}(ptr %ctx, ptr %buffer{tail})")
        self.check(raw, "N", [])
        state.owners[raw] = OWNED
        return Obj(raw)

    def set_of(self, window: Window, count: int) -> Value:
        return self.typed_result(self.window_call("set_of", window, count, f"i64 {count}"), set)

    def make_map(self, window: Window, count: int) -> Value:
        return self.typed_result(self.window_call("map_of", window, 2 * count, f"i64 {count}"), dict)

    def make_map_of_keys(self, window: Window, keys: Const) -> Value:
        return self.typed_result(self.window_call("map_of_keys", window, len(keys.object), f"ptr {keys.symbol}"), dict)

    def slice_of(self, window: Window, count: int) -> Value:
        parts = [self.shown(self.read(window.offset // 8 + i)) for i in range(count)]
        made = self.typed_result(self.window_call("slice_of", window, count, f"i64 {count}"), slice)
        if all(self.type_of(part) in (int, type(None)) for part in parts):
            self.state.cse[f"slice of ints {made!r}"] = True
        return made

    def join_window(self, window: Window, count: int) -> Value:
        return self.typed_result(self.window_call("join_window", window, count, f"i64 {count}"), str)

    def new_function(self, window: Window, flags: int, names: Value) -> Value:
        count = 1 + (flags & 15).bit_count()
        made = self.window_call("new_function", window, count, f"i64 {flags}", f"ptr {self.pointer_of(names)}")
        self.emit(f"call void {self.helper('drop_window')}(ptr %ctx, ptr %buffer, i64 {count})")
        return made

    def join_two(self, window: Window, left: Value, right: Value) -> Value:
        """left + right of strings: where the result replaces ``left`` and only the trace has it, the string grows in place."""
        state = self.state
        index = window.offset // 8
        self.effect(False, (left, right))
        first, second = self.box(left)[0], self.box(right)[0]
        replaced = isinstance(left, Obj) and self.read(index) == left and state.owners.get(first) == OWNED and self.holders(left) == 1
        if replaced:
            del state.owners[first]
            state.registers[state.level, index] = NULL
        self.emit(f"store ptr {first if replaced else 'null'}, ptr %buffer")
        self.arguments = max(self.arguments, 1)
        raw = self.op(f"call ptr {self.helper('join_two')}(ptr %ctx, ptr %buffer, ptr {first}, ptr {second})")
        self.emit(f"call void {self.helper('drop_window')}(ptr %ctx, ptr %buffer, i64 1)")
        self.check(raw, "N", [])
        state.owners[raw] = OWNED
        return self.typed_result(Obj(raw), str)

    def drop_window(self, window: Window, count: int) -> None:
        """The handler is done with a window."""
        for index in range(window.offset // 8, window.offset // 8 + count):
            self.kill(index)

    def call_spread(self, callee: Value, given: Value, window: Window, keywords: int) -> Value:
        """A call with a tuple of arguments and, if ``keywords``, a dict."""
        values = [self.shown(v) for v in (callee, given, *([self.read(window.offset // 8 + 2)] if keywords else []))]
        self.effect(True, tuple(values))
        names = []
        for place, value in enumerate(values):
            names.append(self.box(value)[0])
            self.emit(f"store ptr {names[-1]}, ptr {self.op(f'getelementptr ptr, ptr %buffer, i64 {place}')}")
        self.arguments = max(self.arguments, 3)
        self.position()
        raw = self.op(f"call ptr {self.helper('call_spread')}(ptr %ctx, ptr {names[0]}, ptr {names[1]}, ptr %buffer, i64 {keywords})")
        self.check(raw, "N", [])
        self.state.owners[raw] = OWNED
        return Obj(raw)

    def typed_result(self, value: Value, kind: type) -> Value:
        assert isinstance(value, Obj)
        self.state.types[value.name] = kind
        return value

    def enter_context(self, window: Window, manager: Value, waits: bool) -> int:
        """``with`` and ``async with``: the bound __exit__ and what __enter__ gives, by the host."""
        manager = self.shown(manager)
        self.effect(True, (manager,))
        text = self.box(manager)[0]
        self.two_of("enter_context", f"ptr %buffer, ptr {text}, i1 {int(waits)}", window)
        return 0

    def two_of(self, name: str, arguments: str, window: Window) -> None:
        """Calls a helper that puts two objects into words that are empty; they go to a window."""
        for place in (0, 1):
            self.emit(f"store ptr null, ptr {self.op(f'getelementptr ptr, ptr %buffer, i64 {place}')}")
        self.arguments = max(self.arguments, 2)
        self.position()
        raw = self.op(f"call i64 {self.helper(name)}(ptr %ctx, {arguments})")
        self.check(raw, "I", [])
        first = window.offset // 8
        for place in (0, 1):
            loaded = self.op(f"load ptr, ptr {self.op(f'getelementptr ptr, ptr %buffer, i64 {place}')}")
            self.state.owners[loaded] = OWNED
            self.state.registers[self.state.level, first + place] = Obj(loaded)

    def get_method(self, obj: Value, name: Const, window: Window) -> int:
        """What ``obj.name`` calls: two objects, the second of which may be missing."""
        if isinstance(obj, Packed) and obj.type is super and self.method_of_super(obj, name, window.offset // 8):
            return 0
        obj = self.shown(obj)
        self.effect(True, (obj,))
        text, fresh = self.box(obj)
        self.two_of("get_method", f"ptr {text}, ptr {name.symbol}, ptr %buffer", window)
        if fresh:
            self.drop(text)
        return 0
