"""Calls in a region that are not plain: several callees at one site, bound methods, classes, and what instructions imply.

An implied call (``jitvm/interpreter/implied.py``) is inlined like any other; what becomes of its result is in ``Frame.what``. The pseudo
registers ``KEPT`` and ``MADE`` of its level are the fields of the frame's header, so that exits and ownership need nothing of their own.
"""
from __future__ import annotations

from _weakref import ref

from jitvm.spec import shared
from jitvm.spec.bytecodes import BINARY, COMPARE, UNIT
from jitvm.spec.layout import CO_VARARGS, CO_VARKEYWORDS
from jitvm.tracing.emission import CONSTANTS, FIELDS
from jitvm.tracing.packed import PackedMixin
from jitvm.tracing.values import I1, NULL, BoolValue, Const, Frame, FunctionType, MethodType, Obj, Packed, State, Unboxed, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

KEPT = (CONSTANTS["HEADER_KEPT"] - CONSTANTS["FRAME_SIZE"]) // 8
MADE = (CONSTANTS["HEADER_MADE"] - CONSTANTS["FRAME_SIZE"]) // 8
ENTRY = (FIELDS["header_entry"][0] - CONSTANTS["FRAME_SIZE"]) // 8
OPERATOR, INPLACE, ITEM, STORE_ITEM, PROPERTY, ENTER, LEAVE, BY_COMPARE, IF, UNLESS, INIT, CONSTANT_RIGHT, MAP, FILTER = (
    shared.CONSTANTS["IMPLIED_" + name] for name in ("OPERATOR", "INPLACE", "ITEM", "STORE_ITEM", "PROPERTY", "ENTER", "LEAVE", "COMPARE",
                                                     "IF", "UNLESS", "INIT", "CONSTANT", "MAP", "FILTER"))
"""Kinds of implied calls, and what is added where the right operand is a constant."""
NUMBERS = {name: number for number, name in enumerate((*BINARY, *COMPARE))}
IMPLYING = {"binary": OPERATOR, "inplace": INPLACE, "compare": BY_COMPARE, "branch_if": IF, "branch_unless": UNLESS, "load_item": ITEM,
            "store_item": STORE_ITEM, "load_attr": PROPERTY, "with_enter": ENTER}
"""The handlers that imply a call."""
MOST_CALLEES = 4
"""So many callees of one site are told apart."""
HEAP, ABSTRACT_TYPE = 1 << 9, 1 << 20
PLAIN_EXCEPTIONS = frozenset((Exception, ArithmeticError, AssertionError, BufferError, EOFError, IndexError, KeyError, LookupError,
                              NotImplementedError, OverflowError, RecursionError, ReferenceError, RuntimeError, TypeError, ValueError,
                              ZeroDivisionError))
"""Exceptions that calling their class makes of any arguments, and that hold nothing but these."""
DECLINED = -1
"""What ``imply`` gives where the instruction's own meaning is to be used."""


def binding(code: CodeType, count: int, names: tuple[str, ...]) -> list[tuple[str, Any]] | None:
    """Where each parameter's value comes from: ("given", index), ("default", its index), ("keyword default", name), ("rest", indices)
    or ("keywords", names and indices). None where the arguments do not fit."""
    if count > code.co_argcount and not code.co_flags & CO_VARARGS:
        return None
    total = code.co_argcount + code.co_kwonlyargcount
    plan: list[tuple[str, Any] | None] = [("given", i) if i < min(count, code.co_argcount) else None for i in range(total)]
    others = []
    for place, name in enumerate(names):
        try:
            index = code.co_varnames.index(name, code.co_posonlyargcount, total)
        except ValueError:
            others.append((name, count + place))
            continue
        if plan[index] is not None:
            return None
        plan[index] = ("given", count + place)
    rows = [row if row is not None else ("default", index) if index < code.co_argcount else ("keyword default", code.co_varnames[index])
            for index, row in enumerate(plan)]
    if code.co_flags & CO_VARARGS:
        rows.append(("rest", range(code.co_argcount, count)))
    if code.co_flags & CO_VARKEYWORDS:
        rows.append(("keywords", others))
    return rows if code.co_flags & CO_VARKEYWORDS or not others else None


def class_of_version(driver: Any, version: int) -> type | None:
    """The class whose type version is ``version``, if there is one: what caches name lives only as long as there is."""
    place = FIELDS["type_version"][0]
    for again in (False, True):
        reference = driver.versions.get(version)
        known: type | None = None if reference is None else reference()
        if known is not None and driver.native.peek(id(known) + place) & 0xFFFFFFFF == version:
            return known
        if not again and version:
            note_versions(driver, place)
    return None


def note_versions(driver: Any, place: int) -> None:
    """Notes the versions of all classes that there are."""
    pending: list[type] = [object]
    seen: set[int] = set()
    while pending:
        found = pending.pop()
        if id(found) not in seen:
            seen.add(id(found))
            pending += type.__subclasses__(found)
            driver.versions[driver.native.peek(id(found) + place) & 0xFFFFFFFF] = ref(found)


def found_in(kind: type, name: str) -> Any:
    """What a class whose metaclass is ``type`` has under a name, without running anything of the program's; None if nothing."""
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)


def allocates_plainly(kind: type) -> bool:
    """Whether a class has no __new__ of its own, nor anything else that a call of it would do before __init__."""
    return type(kind) is type and found_in(kind, "__new__") is vars(object)["__new__"] and not kind.__flags__ & ABSTRACT_TYPE


def initialiser(kind: type) -> Any:
    """The __init__ that a call of a class runs after a plain allocation; None where it does anything else."""
    init = found_in(kind, "__init__") if allocates_plainly(kind) else None
    return init if isinstance(init, FunctionType) else None


def makes_plainly(kind: type) -> bool:
    """Whether a call of a class without arguments only allocates."""
    return allocates_plainly(kind) and kind is not object and found_in(kind, "__init__") is vars(object)["__init__"]


def holds_arguments(kind: type) -> bool:
    """Whether the instances of a class of exceptions are of that class and only hold the arguments of the call."""
    if type(kind) is not type or not issubclass(kind, BaseException):
        return False
    made = [base for base in kind.__mro__ if base.__flags__ & HEAP]
    host = next(base for base in kind.__mro__ if not base.__flags__ & HEAP)
    return host in PLAIN_EXCEPTIONS and not any("__new__" in vars(base) or "__init__" in vars(base) for base in made)


class ImpliedMixin(PackedMixin):
    """The part of a region that finds out what a call enters."""

    driver: Any
    profile: Any
    refused: set[Any]
    vectors: list[Any]
    alternative = 0
    """Which of a site's callees is tried."""
    if TYPE_CHECKING:
        @property
        def path(self) -> tuple[int, ...]: ...
        def may_inline(self, record: Any) -> bool: ...
        def inline(self, record: Any, callee: Value, given: list[Value], plan: list[tuple[str, Any]], window: list[int], what: int = 0,
                   made: Value | None = None) -> int: ...
        def guard(self, test: Any, want: bool) -> None: ...
        def assume(self, state: State, test: str, outcome: bool) -> None: ...
        def fork_callee(self, label: str, state: State, alternative: int) -> None: ...
        def kill(self, index: int) -> None: ...
        def reap(self) -> None: ...
        def write_back(self) -> None: ...
        def arrive(self, pc: int) -> None: ...
        def record_of(self) -> Any: ...

    # -- which callee
    def callees(self) -> tuple[list[Any], bool]:
        """The callees of this site that are inlined, and whether there were others."""
        chain = []
        entries = self.profile.entries.get((self.path, self.pc), ())
        for entered in entries[:MOST_CALLEES]:
            record = self.driver.record_at(entered)
            if record is not None and self.may_inline(record):
                chain.append(record)
        return chain, len(chain) < len(entries)

    def choose(self, record: Any, callee: Value, more: bool) -> bool:
        """The callee is a function of the code that was seen: a guard, or a fork where there is ``more``. False if it cannot be."""
        if isinstance(callee, Const):
            return getattr(callee.object, "__code__", None) is record.code
        self.guard(self.type_test(callee, FunctionType), True)
        test = self.same(self.get_field("func_code", callee), self.constant(record.code))
        if not more or isinstance(test, bool) or test in self.state.facts:
            self.guard(test, True)
        else:
            self.fork_on(test, True)
        return True

    def fork_on(self, test: I1, want: bool) -> None:
        """Goes on where ``test`` is ``want``; for the other way, the next of the callees is tried."""
        first, second = self.label(), self.label()
        yes, no = (first, second) if want else (second, first)
        self.emit(f"br i1 {test}, label %{yes}, label %{no}")
        other = self.state.copy()
        self.assume(other, test, not want)
        self.fork_callee(second, other, self.alternative + 1)
        self.at(first)
        self.assume(self.state, test, want)

    def meet(self, following: int) -> int | None:
        """Goes on after a call: ways from several callees of one site meet."""
        if len(self.profile.entries.get((self.path, self.pc), ())) < 2:
            return following
        self.reap()
        self.write_back()
        self.arrive(following)
        return None

    # -- what is called
    def unbind(self, callee: Value, values: list[Value], place: int) -> tuple[Value, list[Value]]:
        """The function and arguments of a call of a bound method. ``place``: of the outcome "is a function" in the recording."""
        if isinstance(callee, Packed) and callee.type is MethodType:
            return callee.items[0], [callee.items[1], *values]
        if isinstance(callee, Const):
            if type(callee.object) is MethodType:
                return self.constant(callee.object.__func__), [self.constant(callee.object.__self__), *values]
            return callee, values
        seen = self.vectors[0] if self.vectors else ()
        known = self.type_of(callee)
        if known is MethodType or (known is None and len(seen) > place + 1 and not seen[place] and seen[place + 1]):
            self.guard(self.type_test(callee, MethodType), True)
            return self.get_field("method_func", callee), [self.get_field("method_self", callee), *values]
        return callee, values

    def class_called(self, record: Any, callee: Value, place: int, more: bool) -> Value:
        """The class that is called, where it was seen to be one whose __init__ is of ``record``; else the callee as it is."""
        if not isinstance(callee, Obj) or self.type_of(callee) not in (type, None):
            return callee
        for vector in self.vectors:
            if len(vector) <= place + 3 or vector[place] or vector[place + 1] or not vector[place + 2]:
                continue
            known = class_of_version(self.driver, vector[place + 3])
            init = None if known is None else initialiser(known)
            if init is not None and init.__code__ is record.code:
                kind: Const = self.constant(known)
                test = self.same(callee, kind)
                if more and not isinstance(test, bool) and test not in self.state.facts:
                    self.fork_on(test, True)
                else:
                    self.guard(test, True)
                return kind
        return callee

    def class_seen(self, callee: Value, place: int, wanted: Any) -> Const | None:
        """The class that is called, if it is the one seen and ``wanted`` holds of it."""
        if isinstance(callee, Const) and not isinstance(callee.object, type):
            return None
        if isinstance(callee, Const):
            known = callee.object
        else:
            seen = self.vectors[0] if self.vectors else ()
            if not isinstance(callee, Obj) or len(seen) <= place + 3 or seen[place] or seen[place + 1] or not seen[place + 2]:
                return None
            known = class_of_version(self.driver, seen[place + 3])
        if known is None or not wanted(known):
            return None
        kind: Const = self.constant(known)
        if callee != kind:
            self.guard(self.same(callee, kind), True)
        if known.__flags__ & HEAP:
            version = self.peek(id(known) + FIELDS["type_version"][0]) & 0xFFFFFFFF
            self.guard(self.compare("eq", self.get_field("type_version", kind), version), True)
        return kind

    def enter_class(self, record: Any, callee: Const, values: list[Value], plan: list[tuple[str, Any]], window: list[int]) -> int | None:
        """Allocates an instance and inlines its __init__; ``plan`` counts the instance."""
        version = self.peek(id(callee.object) + FIELDS["type_version"][0]) & 0xFFFFFFFF
        init = initialiser(callee.object)
        if not version or init is None or init.__code__ is not record.code:
            return None
        self.guard(self.compare("eq", self.get_field("type_version", callee), version), True)
        made = self.call_helper("new_instance", callee)
        self.state.types[made.name] = callee.object
        self.state.cse[f"present {made.name}"] = True
        return self.inline(record, self.constant(init), [made, *values], plan, window, INIT, made)

    def own_super(self) -> Value | None:
        """super() in a method: the class that its code is of, and what its first parameter holds."""
        record = self.record_of()
        code = record.code
        if "__class__" not in code.co_freevars or not code.co_argcount or code.co_varnames[0] in code.co_cellvars:
            return None
        cell = self.read(record.locals - len(code.co_freevars) + code.co_freevars.index("__class__"))
        first = self.read(0)
        if first == NULL or not isinstance(cell, Obj):
            return None
        kind = self.get_field("cell_contents", cell)
        for value in (kind, first):
            empty = self.is_null(value)
            if empty is not False:
                self.guard(empty, False)
        self.guard(self.compare("eq", self.call_helper("super_fits", kind, first), 1), True)
        self.own(kind)
        self.own(first)
        return self.pack(super, [kind, first])

    def method_of_super(self, value: Packed, name: Const, base: int) -> bool:
        """What ``super().name`` calls, into a window: the function and the object. False where it has to be asked for."""
        if self.effected:
            return False
        function = self.call_helper("super_method", *value.items, name)
        self.guard(self.is_null(function), False)
        self.state.types[function.name] = FunctionType
        self.own(function)
        level = self.state.level
        self.state.registers[level, base], self.state.registers[level, base + 1] = function, value.items[1]
        return True

    # -- what instructions imply
    def imply(self, instruction: Any) -> int | None:
        """Inlines the call that an instruction implies, if it was seen to; DECLINED if not."""
        chain, others = self.callees()
        if self.alternative >= len(chain):
            return DECLINED
        values = instruction.values
        handler = instruction.row.handler
        kind = what = IMPLYING[handler]
        names = [operand.name for operand in instruction.row.operands if operand.name in ("left", "right", "obj", "key", "src", "manager")]
        operands = [self.operand_value(instruction, name) for name in names]
        first = operands[0]
        known = self.type_of(first)
        if isinstance(first, (Unboxed, Packed)) or first == NULL or (known is not None and not known.__flags__ & HEAP):
            return DECLINED
        if kind in (OPERATOR, INPLACE, BY_COMPARE, IF, UNLESS):
            what += NUMBERS[dict(instruction.row.template)["op"]] << 8
            if instruction.row.name.endswith("_k"):
                what += CONSTANT_RIGHT
            function = self.call_helper("operator_method", first, self.stand_in(operands[1]), what)
        elif kind == PROPERTY:
            function = self.call_helper("property_getter", first, self.constant(self.record_of().unit.constants[values["name"]]))
        else:
            name = {ITEM: "__getitem__", STORE_ITEM: "__setitem__", ENTER: "__enter__"}[kind]
            function = self.call_helper("special_method", first, self.special_name(name))
        record = chain[self.alternative]
        missing = self.is_null(function)
        if missing not in self.state.facts and (others or len(self.vectors) > 1):
            self.fork_others(missing, len(chain))
        else:
            self.guard(missing, False)
        self.state.cse[f"present {function.name}"] = True
        self.choose(record, function, self.alternative + 1 < len(chain) or others)
        if kind == ENTER:
            self.bind_exit(values["base"], first)
        plan = binding(record.code, len(operands), ())
        if plan is None:
            return DECLINED
        return self.inline(record, function, operands, plan, [], what)

    def stand_in(self, value: Value) -> Value:
        """For a test of types: the value, or another that decides as it does and needs not be made."""
        known = self.type_of(value)
        return self.constant(None) if known is not None and not known.__flags__ & HEAP else value

    def special_name(self, name: str) -> Const:
        """The interned name, as the interpreter has it."""
        return self.constant(name)

    def operand_value(self, instruction: Any, name: str) -> Value:
        """A register or constant that an instruction works on."""
        index = instruction.values[name]
        if instruction.row.operand(name).kind == "k":
            return self.constant(self.record_of().unit.constants[index])
        value: Value = self.read(index)
        return value

    def fork_others(self, test: Any, alternative: int) -> None:
        """Where ``test`` holds the instruction's own meaning is used."""
        first, second = self.label(), self.label()
        self.emit(f"br i1 {test}, label %{second}, label %{first}")
        other = self.state.copy()
        self.assume(other, test, True)
        self.fork_callee(second, other, alternative)
        self.at(first)
        self.assume(self.state, test, False)

    def bind_exit(self, base: int, manager: Value) -> None:
        """The bound __exit__ of a ``with``, known by its parts until somebody needs it."""
        leave = self.call_helper("special_method", manager, self.special_name("__exit__"))
        self.guard(self.is_null(leave), False)
        self.state.types[leave.name] = FunctionType
        self.own(leave)
        self.own(manager)
        self.write(base, self.pack(MethodType, [leave, manager]))

    # -- the result
    def take_result_of(self, instruction: Any, frame: Frame, value: Value) -> int | None:
        """Gives the result of an implied call to its instruction, in the caller's frame; where to go on."""
        kind, values = frame.what & 255, instruction.values
        following = self.pc + UNIT * int(instruction.row.size)
        if kind in (IF, UNLESS):
            for name in instruction.consumed:
                self.kill(values[name])
            self.reap()
            return self.branch_on(value, kind == IF, self.pc + UNIT * int(values["target"]), following)
        for name in instruction.consumed:
            self.kill(values[name])
        if kind == ENTER:
            self.write(values["base"] + 1, value)
        elif kind != STORE_ITEM:
            self.write(values[instruction.row.operands[0].name], value)
        return self.meet(following)

    def check_result(self, frame: Frame, value: Value) -> None:
        """Before a callee is left: leaves at its return where its result needs more than to be stored."""
        kind = frame.what & 255
        if kind == INIT:
            self.guard(self.same(value, self.constant(None)), True)
        elif kind in (OPERATOR, INPLACE, BY_COMPARE):
            if self.type_of(value) is None or isinstance(value, Const):
                self.guard(self.same(value, self.constant(NotImplemented)), False)
        elif kind in (IF, UNLESS):
            self.guard(self.type_test(value, bool), True)

    def branch_on(self, value: Value, want: bool, target: int, following: int) -> int | None:
        """Goes to ``target`` where a bool is ``want``."""
        if isinstance(value, Const):
            return self.meet(target if value.object is want else following)
        test = value.number if isinstance(value, BoolValue) else self.same(value, self.constant(True))
        if isinstance(test, bool):
            return self.meet(target if test is want else following)
        first, second = self.label(), self.label()
        self.emit(f"br i1 {test}, label %{first}, label %{second}")
        before = self.state
        for label, outcome in ((first, True), (second, False)):
            self.at(label)
            self.state = before.copy()
            self.assume(self.state, test, outcome)
            self.arrive(target if outcome is want else following)
        return None

    def function_of_frame(self, level: int) -> Value:
        """The function that the frame at ``level`` runs."""
        frame = self.state.frames[level]
        if frame.what:
            return self.state.registers[level, KEPT]
        site = self.state.frames[level - 1].record.instruction(frame.call_site)
        held = self.state.registers[level - 1, site.values["base"]]
        if isinstance(held, Packed):
            return held.items[0]
        if isinstance(held, Const) and type(held.object) is MethodType:
            return self.constant(held.object.__func__)
        if isinstance(held, Obj) and self.type_of(held) is MethodType:
            return self.get_field("method_func", held)  # type: ignore[no-any-return]
        if isinstance(held, Obj) and self.type_of(held) is None:  # loaded on several paths, which met inside the call
            return self.call_helper("callee_function", held)  # type: ignore[no-any-return]
        return held
