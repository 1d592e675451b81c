"""A reference evaluator: runs code units in plain Python, slowly, to test the compiler without the interpreter.

It checks as it goes: reading an empty register fails. Functions that units make are genuine host functions; a call from a
unit to one of them runs its unit, a call from anywhere else runs the host's code.
"""
import builtins
import inspect
import operator
import types

from jitvm.frontend.code import CodeUnit, Unsupported
from jitvm.frontend.disassembler import Instruction, instructions
from jitvm.frontend.module import Module

EMPTY = type("Empty", (), {"__repr__": lambda self: "EMPTY"})()
NULL_SELF = type("NoSelf", (), {})()
OPERATORS = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "pow": operator.pow, "lshift": operator.lshift,
    "rshift": operator.rshift, "and": operator.and_, "or": operator.or_, "xor": operator.xor,
    "matmul": operator.matmul,
}
INPLACE = {
    "add": operator.iadd, "sub": operator.isub, "mul": operator.imul, "truediv": operator.itruediv,
    "floordiv": operator.ifloordiv, "mod": operator.imod, "pow": operator.ipow, "lshift": operator.ilshift,
    "rshift": operator.irshift, "and": operator.iand, "or": operator.ior, "xor": operator.ixor,
    "matmul": operator.imatmul,
}
COMPARE = {"lt": operator.lt, "le": operator.le, "eq": operator.eq, "ne": operator.ne, "gt": operator.gt,
           "ge": operator.ge}
UNARY = {"unary_neg": operator.neg, "unary_pos": operator.pos, "unary_invert": operator.invert,
         "unary_not": operator.not_}
CONVERT = {0: lambda x: x, 1: str, 2: repr, 3: ascii}


class CompilerBug(BaseException):
    """The unit does what no unit may."""


class Reraised(Exception):
    """Carries an exception that is raised again, without a new line of traceback."""

    def __init__(self, exception):
        self.exception = exception


class Machine:
    """Runs the units of one module."""

    def __init__(self, source, filename="<test>"):
        self.module: Module = Module(source, filename)
        self.codes = set(map(id, self.module.codes()))
        self.handled = []
        self.ran = []
        self.trace = []
        self.decoded = {}

    def run(self, namespace):
        """Runs the module body in ``namespace``."""
        namespace.setdefault("__builtins__", builtins)
        return self.execute(self.module.host, namespace, {}, ())

    def execute(self, code, namespace, arguments, cells):
        """Runs the unit of ``code``: arguments by name, cells of the free variables in order."""
        unit = self.module.unit(code)
        self.ran.append(unit.name)
        frame = Frame(self, unit, code, namespace)
        order = [code._varname_from_oparg(i) for i in range(len(set(code.co_varnames) | set(code.co_cellvars)))]
        for name, value in arguments.items():
            frame.registers[order.index(name)] = value
        for number, cell in enumerate(cells):
            frame.registers[len(order) + number] = cell
        return frame.run()

    def call(self, frame, function, args, kwargs):
        """Calls ``function``: through its unit if it has one."""
        if isinstance(function, types.MethodType):
            return self.call(frame, function.__func__, (function.__self__, *args), kwargs)
        if function is super and not args:
            return super(frame.cell("__class__"), frame.first())
        if function is globals:
            return frame.globals
        if function is locals:
            return frame.locals()
        if (function is exec or function is eval) and len(args) == 1:
            return function(args[0], frame.globals, frame.locals())
        if (isinstance(function, types.FunctionType) and id(function.__code__) in self.codes
                and not function.__code__.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE)):
            try:
                self.module.unit(function.__code__)
            except Unsupported:
                return function(*args, **kwargs)
            arguments = bind(function, args, kwargs)
            return self.execute(function.__code__, function.__globals__, arguments, function.__closure__ or ())
        return function(*args, **kwargs)


def bind(function, args, kwargs):
    """Arguments by parameter name, as the host binds them, with its errors."""
    code = function.__code__
    if code.co_varnames[:1] == (".0",):
        return {".0": args[0]}
    count, keyword_only = code.co_argcount, code.co_kwonlyargcount
    names = code.co_varnames
    text = list(names[:count])
    if code.co_posonlyargcount:
        text.insert(code.co_posonlyargcount, "/")
    rest = count + keyword_only
    if code.co_flags & 4:
        text.append("*" + names[rest])
        rest += 1
    elif keyword_only:
        text.append("*")
    text += names[count:count + keyword_only]
    if code.co_flags & 8:
        text.append("**" + names[rest])
    scope = {}
    exec(f"def f({', '.join(text)}): return locals()", {}, scope)
    binder = scope["f"]
    binder.__defaults__ = function.__defaults__
    binder.__kwdefaults__ = function.__kwdefaults__
    binder.__qualname__ = function.__qualname__
    return binder(*args, **kwargs)


class Frame:
    """One activation of a unit."""

    def __init__(self, machine: Machine, unit: CodeUnit, code, namespace):
        self.machine = machine
        self.unit = unit
        self.code = code
        self.globals = namespace
        self.registers = [EMPTY] * unit.registers
        self.count = len(set(code.co_varnames) | set(code.co_cellvars)) + len(code.co_freevars)
        self.next = 0
        self.raised = 0
        self.returned = EMPTY
        if code not in machine.decoded:
            machine.decoded[code] = {instruction.unit: instruction for instruction in instructions(unit)}
        self.program = machine.decoded[code]

    def cell(self, name):
        return self.registers[[self.code._varname_from_oparg(i) for i in range(self.count)].index(name)].cell_contents

    def first(self):
        value = self.registers[0]
        return value.cell_contents if isinstance(value, types.CellType) else value

    def locals(self):
        if self.code is self.machine.module.host:
            return self.globals
        out = {}
        for number in range(self.count):
            value = self.registers[number]
            name = self.code._varname_from_oparg(number)
            if name in self.code.co_cellvars + self.code.co_freevars:
                try:
                    out[name] = value.cell_contents
                except ValueError:
                    continue
            elif value is not EMPTY:
                out[name] = value
        return out

    def run(self):
        while self.returned is EMPTY:
            at = self.next
            instruction = self.program.get(at)
            if instruction is None:
                raise CompilerBug(f"no instruction at {at}")
            self.next = at + instruction.row.size
            again = False
            try:
                self.step(instruction)
            except Reraised as carrier:
                exception, again = carrier.exception, True
                if instruction.row.name == "reraise":
                    self.raised = at
            except CompilerBug:
                raise
            except BaseException as raised:
                exception, self.raised = raised, at
                handled = self.machine.handled[-1] if self.machine.handled else None
                if handled is not None and exception is not handled and exception.__context__ is None:
                    exception.__context__ = handled
            else:
                continue
            if not again:
                self.machine.trace.append((self.unit.name, self.unit.positions[at]))
            if not self.catch(at, exception):
                raise exception
        return self.returned

    def catch(self, at, exception):
        """Goes on at the innermost handler; whether there is one."""
        for row in self.unit.handlers:
            if row.start <= at < row.end:
                for register in range(row.depth, len(self.registers)):
                    self.registers[register] = EMPTY
                self.registers[row.register] = exception
                self.next = row.target
                return True
        return False

    def get(self, register):
        value = self.registers[register]
        if value is EMPTY:
            raise CompilerBug(f"{self.unit.name}: register {register} is empty at {self.at.unit} {self.at.row.name}")
        return value

    def step(self, instruction: Instruction):
        self.at = instruction
        row, values = instruction.row, instruction.values
        operands = []
        for operand in row.operands:
            value = values[operand.name]
            if operand.kind == "r" and row.name != "check_bound":
                value = self.get(value)
            elif operand.kind == "k":
                value = self.unit.constants[value]
            elif operand.kind == "j":
                value = instruction.unit + value
            operands.append(value)
        for name in instruction.consumed:
            if values[name] < self.count:
                raise CompilerBug(f"a local is consumed: {row.name}")
            self.registers[values[name]] = EMPTY
        name = row.name.removesuffix("_k")
        result = self.perform(name, operands)
        if row.operands and row.operands[0].kind == "d":
            self.registers[values[row.operands[0].name]] = result

    def window(self, base, count):
        """Empties a window; gives what it held."""
        out = [self.get(base + number) for number in range(count)]
        for number in range(count):
            self.registers[base + number] = EMPTY
        return out

    def fill(self, base, items):
        for number, item in enumerate(items):
            self.registers[base + number] = item

    def perform(self, name, x):
        prefix, _, suffix = name.partition("_")
        if prefix == "binary":
            return OPERATORS[suffix](x[1], x[2])
        if prefix == "inplace":
            return INPLACE[suffix](x[1], x[2])
        if prefix == "compare":
            return COMPARE[suffix](x[1], x[2])
        if prefix == "unary":
            return UNARY[name](x[1])
        if name.startswith(("branch_if_", "branch_unless_")):
            relation = name.rpartition("_")[2]
            if bool(COMPARE[relation](x[0], x[1])) is name.startswith("branch_if_"):
                self.next = x[2]
            return None
        return getattr(self, name)(*x)

    # -- moves
    def move(self, d, src): return src
    def take(self, d, src): return self.window(src, 1)[0]
    def load_const(self, d, value): return value
    def clear(self, src): self.registers[src] = EMPTY

    def check_bound(self, src, name):
        if self.registers[src] is EMPTY:
            raise UnboundLocalError(f"cannot access local variable '{name}' where it is not associated with a value")

    def delete_local(self, src, name):
        self.check_bound(src, name)
        self.registers[src] = EMPTY

    # -- comparison and jumps
    def is_op(self, d, a, b): return a is b
    def is_not_op(self, d, a, b): return a is not b
    def contains(self, d, a, b): return a in b
    def not_contains(self, d, a, b): return a not in b
    def goto(self, target, condition):
        if condition:
            self.next = target
    def jump(self, target): self.next = target
    def branch_true(self, src, target): self.goto(target, src)
    def branch_false(self, src, target): self.goto(target, not src)
    def branch_is(self, a, b, target): self.goto(target, a is b)
    def branch_is_not(self, a, b, target): self.goto(target, a is not b)
    def branch_in(self, a, b, target): self.goto(target, a in b)
    def branch_not_in(self, a, b, target): self.goto(target, a not in b)
    def loop(self, nest): pass
    def resume(self, kind): pass

    # -- names
    def load_global(self, d, name):
        if name in self.globals:
            return self.globals[name]
        if name in vars(builtins):
            return vars(builtins)[name]
        raise NameError(f"name '{name}' is not defined")

    def store_global(self, src, name): self.globals[name] = src
    def setup_annotations(self): self.globals.setdefault("__annotations__", {})

    def delete_global(self, name):
        if name not in self.globals:
            raise NameError(f"name '{name}' is not defined")
        del self.globals[name]

    def load_deref(self, d, cell, name):
        try:
            return cell.cell_contents
        except ValueError:
            if name in self.code.co_freevars:
                raise NameError(f"cannot access free variable '{name}' where it is not associated with a value "
                                "in enclosing scope") from None
            raise UnboundLocalError(f"cannot access local variable '{name}' where it is not associated with "
                                    "a value") from None

    def store_deref(self, src, cell): cell.cell_contents = src

    def delete_deref(self, cell, name):
        self.load_deref(None, cell, name)
        del cell.cell_contents

    def make_cell(self, reg):
        value = self.registers[reg]
        self.registers[reg] = types.CellType() if value is EMPTY else types.CellType(value)

    # -- attributes and items
    def load_attr(self, d, obj, name): return getattr(obj, name)
    def store_attr(self, obj, src, name): setattr(obj, name, src)
    def delete_attr(self, obj, name): delattr(obj, name)
    def load_method(self, base, obj, name): self.fill(base, [getattr(obj, name), NULL_SELF])
    def load_item(self, d, obj, key): return obj[key]
    def store_item(self, obj, key, src): obj[key] = src
    def delete_item(self, obj, key): del obj[key]

    # -- iteration
    def get_iter(self, d, src): return iter(src)

    def for_iter(self, d, iterator, target):
        try:
            return next(iterator)
        except StopIteration:
            self.registers[self.at.values["iter"]] = EMPTY
            self.next = target
            return self.registers[self.at.values["dst"]]

    for_next = for_iter

    def for_pair(self, base, iterator, target, pair):
        try:
            item = next(iterator)
        except StopIteration:
            self.registers[self.at.values["iter"]] = EMPTY
            self.next = target
            return
        if type(iterator) in (enumerate, zip, type(iter({}.items()))) and len(item) == 2:
            self.registers[pair & 65535], self.registers[pair >> 16 & 65535] = item
            self.next += pair >> 32
        else:
            self.fill(base, [item])

    def unpack(self, base, src, count):
        try:
            iterator = iter(src)
        except TypeError:
            raise TypeError(f"cannot unpack non-iterable {type(src).__name__} object") from None
        items = []
        for _ in range(count):
            try:
                items.append(next(iterator))
            except StopIteration:
                raise ValueError(f"not enough values to unpack (expected {count}, got {len(items)})") from None
        if next(iterator, EMPTY) is not EMPTY:
            raise ValueError(f"too many values to unpack (expected {count})")
        self.fill(base, items)

    def unpack_ex(self, base, src, before, after):
        try:
            items = list(src)
        except TypeError:
            raise TypeError(f"cannot unpack non-iterable {type(src).__name__} object") from None
        if len(items) < before + after:
            raise ValueError(f"not enough values to unpack (expected at least {before + after}, got {len(items)})")
        end = len(items) - after
        self.fill(base, [*items[:before], items[before:end], *items[end:]])

    # -- building
    def build_tuple(self, d, base, count): return tuple(self.window(base, count))
    def build_list(self, d, base, count): return self.window(base, count)
    def build_set(self, d, base, count): return set(self.window(base, count))

    def build_map(self, d, base, count):
        items = self.window(base, 2 * count)
        return dict(zip(items[::2], items[1::2]))

    def build_const_map(self, d, base, keys): return dict(zip(keys, self.window(base, len(keys))))
    def build_slice(self, d, base, count): return slice(*self.window(base, count))
    def build_string(self, d, base, count): return "".join(self.window(base, count))
    def list_append(self, target, src): target.append(src)

    def list_extend(self, target, src):
        try:
            target.extend(src)
        except TypeError:
            if hasattr(type(src), "__iter__"):
                raise
            raise TypeError(f"Value after * must be an iterable, not {type(src).__name__}") from None

    def list_to_tuple(self, d, src): return tuple(src)
    def set_add(self, target, src): target.add(src)
    def set_update(self, target, src): target.update(src)
    def map_add(self, target, key, src): target[key] = src

    def map_update(self, target, src):
        if not hasattr(src, "keys"):
            raise TypeError(f"'{type(src).__name__}' object is not a mapping")
        target.update(src)

    def map_merge(self, target, src, callee):
        if not hasattr(src, "keys"):
            raise TypeError(f"{self.callee(callee)} argument after ** must be a mapping, not {type(src).__name__}")
        for key in list(src.keys()):
            if key in target:
                raise TypeError(f"{self.callee(callee)} got multiple values for keyword argument '{key}'")
            target[key] = src[key]

    def callee(self, function):
        module = getattr(function, "__module__", None)
        name = function.__qualname__
        return f"{name}()" if module in (None, "builtins") else f"{module}.{name}()"

    def format_value(self, d, src, convert): return format(CONVERT[convert](src))
    def format_spec(self, d, src, spec, convert): return format(CONVERT[convert & 3](src), spec)

    # -- functions and calls
    def make_function(self, d, base, flags):
        count = 1 + bin(flags).count("1")
        code, *rest = self.window(base, count)
        parts = {bit: rest.pop(0) for bit in (1, 2, 4, 8) if flags & bit}
        function = types.FunctionType(code, self.globals, code.co_name, parts.get(1), parts.get(8))
        function.__kwdefaults__ = parts.get(2)
        if 4 in parts:
            function.__annotations__ = dict(zip(parts[4][::2], parts[4][1::2]))
        function.__doc__ = code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else None
        return function

    def call(self, d, base, count):
        function, *args = self.window(base, count + 1)
        return self.machine.call(self, function, args, {})

    def call_kw(self, d, base, count, names):
        function, *args = self.window(base, count + 1)
        return self.with_keywords(function, args, names)

    def with_keywords(self, function, args, names):
        names = self.unit.constants[names]
        split = len(args) - len(names)
        return self.machine.call(self, function, args[:split], dict(zip(names, args[split:])))

    def call_method(self, d, base, count):
        function, owner, *args = self.window(base, count + 2)
        return self.machine.call(self, function, args if owner is NULL_SELF else [owner, *args], {})

    def call_method_kw(self, d, base, count, names):
        function, owner, *args = self.window(base, count + 2)
        return self.with_keywords(function, args if owner is NULL_SELF else [owner, *args], names)

    def call_ex(self, d, base, keywords):
        function, args, *kwargs = self.registers[base:base + 2 + keywords]
        self.registers[base] = EMPTY
        if type(args) is not tuple:
            if not hasattr(type(args), "__iter__"):
                raise TypeError(f"{self.callee(function)} argument after * must be an iterable, "
                                f"not {type(args).__name__}")
            args = tuple(args)
        return self.machine.call(self, function, args, kwargs[0] if kwargs else {})

    def return_value(self, src): self.returned = src
    def return_const(self, value): self.returned = value
    def load_build_class(self, d): return builtins.__build_class__

    # -- exceptions
    def raise_0(self):
        current = self.machine.handled[-1] if self.machine.handled else None
        if current is None:
            raise RuntimeError("No active exception to reraise")
        raise Reraised(current)

    def raise_1(self, exc): raise exc
    def raise_2(self, exc, cause): raise exc from cause
    def reraise(self, exc): raise Reraised(exc)
    def load_position(self, d): return self.unit.host_offsets[self.raised] >> 1

    def reraise_at(self, exc, position):
        self.raised = next(unit for unit, offset in enumerate(self.unit.host_offsets) if offset == 2 * position)
        raise Reraised(exc)

    def push_exc(self, d, exc):
        saved = self.machine.handled[-1] if self.machine.handled else None
        self.machine.handled.append(exc)
        return (saved,)

    def pop_exc(self, saved):
        self.window(saved, 1)
        self.machine.handled.pop()

    def branch_no_match(self, exc, kind, target):
        for item in kind if isinstance(kind, tuple) else (kind,):
            if not (isinstance(item, type) and issubclass(item, BaseException)):
                raise TypeError("catching classes that do not inherit from BaseException is not allowed")
        self.goto(target, not isinstance(exc, kind))

    def load_assertion_error(self, d): return AssertionError

    def with_enter(self, base, manager):
        kind = type(manager)
        for name, also in (("__enter__", ""), ("__exit__", " (missed __exit__ method)")):
            if not hasattr(kind, name):
                raise TypeError(f"'{kind.__name__}' object does not support the context manager protocol{also}")
        leave = kind.__exit__.__get__(manager)
        self.fill(base, [leave, self.machine.call(self, kind.__enter__.__get__(manager), (), {})])

    def with_exit(self, d, base, exc):
        return self.machine.call(self, self.get(base), (type(exc), exc, exc.__traceback__), {})

    # -- imports
    def import_name(self, d, base, name):
        level, names = self.window(base, 2)
        return __import__(name, self.globals, None, names, level)

    def import_from(self, d, module, name):
        try:
            return getattr(module, name)
        except AttributeError:
            place = getattr(module, "__file__", "unknown location")
            raise ImportError(f"cannot import name {name!r} from {module.__name__!r} ({place})") from None

    def import_star(self, module):
        names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
        self.globals.update({name: getattr(module, name) for name in names})

    # -- patterns
    def match_sequence(self, d, src): return bool(type(src).__flags__ & (1 << 5))
    def match_mapping(self, d, src): return bool(type(src).__flags__ & (1 << 6))

    def get_len(self, d, src): return len(src)

    def match_keys(self, d, src, keys):
        if len(set(keys)) < len(keys):
            raise ValueError("mapping pattern checks duplicate key")
        out = []
        for key in keys:
            value = src.get(key, EMPTY)
            if value is EMPTY:
                return None
            out.append(value)
        return tuple(out)

    def match_class(self, d, base, count):
        subject, kind, names = self.window(base, 3)
        if not isinstance(kind, type):
            raise TypeError("called match pattern must be a type")
        if not isinstance(subject, kind):
            return None
        out = []
        if count:
            whole = kind in (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)
            known = getattr(kind, "__match_args__", ())
            if whole and not known:
                if count > 1:
                    raise TypeError(f"{kind.__name__}() accepts 1 positional sub-pattern ({count} given)")
                out.append(subject)
            else:
                if count > len(known):
                    raise TypeError(f"{kind.__name__}() accepts {len(known)} positional "
                                    f"sub-pattern{'' if len(known) == 1 else 's'} ({count} given)")
                names = (*known[:count], *names)
        for name in names:
            try:
                out.append(getattr(subject, name))
            except AttributeError:
                return None
        return tuple(out)
