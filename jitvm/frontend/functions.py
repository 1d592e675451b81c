"""Functions, lambdas, classes and comprehensions: how their objects are made, and the bodies of comprehensions."""
from __future__ import annotations

from jitvm.frontend import tree as ast
from jitvm.frontend.assembler import Label, Place
from jitvm.frontend.constants import NOT_CONSTANT
from jitvm.frontend.expressions import constant_display, constant_items
from jitvm.frontend.generators import GeneratorCompiler
from jitvm.frontend.scopes import Comprehension, Scope
from jitvm.frontend.tree import cast
from jitvm.spec.layout import CO_COROUTINE, FUTURE_ANNOTATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

DEFAULTS, KEYWORD_DEFAULTS, ANNOTATIONS, CLOSURE = 1, 2, 4, 8
"""Flags of ``make_function``."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef


class FunctionCompiler(GeneratorCompiler):
    """Emits definitions of functions and classes, and comprehensions."""

    nest: int

    def store(self, target: ast.expr, source: int, keep: bool = False) -> None:
        """Assigns what the temporary ``source`` holds to a target; see ``StatementCompiler``."""
        raise NotImplementedError

    # -- functions -------------------------------------------------------------------------------------------------
    def lambda_expression(self, node: ast.Lambda, target: int) -> int:
        """``lambda args: body``."""
        mark = self.top
        self.load_code(node)
        flags = self.defaults(node.args)
        return self.make_function(node, mark, flags, target)

    def load_code(self, node: Scope) -> CodeType:
        """Loads the host's code object for ``node`` into a new temporary."""
        code = self.children.find(node)
        self.at = cast(ast.expr, node)
        self.load_constant(code)
        return code

    def make_function(self, node: Scope, mark: int, flags: int, target: int) -> int:
        """Makes a function of the window that begins with its code at ``mark``, after adding the closure."""
        code = cast("CodeType", self._constants[self.constant(self.children.find(node))])
        self.at = cast(ast.expr, node)
        if code.co_freevars:
            base = self.top
            for name in code.co_freevars:
                self.emit("move", self.push(), self.closure[name])
            self.emit("build_tuple", base, base, len(code.co_freevars))
            self.top = base + 1
            flags |= CLOSURE
        target = self.result(mark, target)
        self.emit("make_function", target, mark, flags)
        return target

    def defaults(self, args: ast.arguments) -> int:
        """Evaluates default values into new temporaries; gives the flags of those present."""
        flags = 0
        if args.defaults:
            flags |= DEFAULTS
            constants = constant_items(args.defaults)
            if constants is not None:
                self.load_constant(constants)
            else:
                self.sequence(self.at, args.defaults, "tuple", -1)
        named = [(argument, default) for argument, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
                 if default is not None]
        if named:
            flags |= KEYWORD_DEFAULTS
            mark = self.top
            for _, default in named:
                self.value(default, -1)
            self.top = mark
            keys = tuple([self._constants[self.name_constant(argument.arg)] for argument, _ in named])
            self.emit("build_const_map", self.push(), mark, self.constant(keys))
        return flags

    def annotations(self, node: Definition) -> int:
        """Evaluates annotations into a new temporary; gives the flag, 0 if there are none."""
        pairs = annotated(node)
        if not pairs:
            return 0
        if self.host.co_flags & FUTURE_ANNOTATIONS:
            self.load_constant(tuple([self._annotation_name(item) if number % 2 == 0 else item
                                      for number, item in enumerate(annotation_texts(node))]))
            return ANNOTATIONS
        mark = self.top
        for name, annotation in pairs:
            self.load_constant(self._annotation_name(name))
            if isinstance(annotation, ast.Starred):
                place = self.top
                source = self.operand(annotation.value)
                self.at = annotation
                self.top = max(self.top, place + 1)
                base = self.push()
                self.emit("unpack", base, source, 1)
                self.emit("take", place, base)
                self.top = place + 1
            else:
                self.value(annotation, -1)
        self.top = mark
        self.at = node
        self.emit("build_tuple", self.push(), mark, 2 * len(pairs))
        return ANNOTATIONS

    def _annotation_name(self, name: str) -> object:
        return self._constants[self.name_constant(name)]

    def function_definition(self, node: Definition) -> None:
        """``def name(args): body``."""
        mark = self.top
        for decorator in node.decorator_list:
            self.value(decorator, -1)
        base = self.top
        self.load_code(node)
        flags = self.defaults(node.args)
        flags |= self.annotations(node)
        self.make_function(node, base, flags, -1)
        self.decorate_and_store(node, mark)

    def decorate_and_store(self, node: Definition | ast.ClassDef, mark: int) -> None:
        """Calls the decorators from ``mark`` on, the last first, and binds the name."""
        for number in range(len(node.decorator_list) - 1, -1, -1):
            self.at = node.decorator_list[number]
            self.top = mark + number + 1
            self.emit("call", mark + number, mark + number, 1)
        self.at = node
        self.store_name(node.name, mark)
        self.top = mark

    # -- classes ---------------------------------------------------------------------------------------------------
    def class_definition(self, node: ast.ClassDef) -> None:
        """``class name(bases): body``; the body has a unit of its own."""
        mark = self.top
        for decorator in node.decorator_list:
            self.value(decorator, -1)
        base = self.push()
        self.at = node
        self.emit("load_build_class", base)
        place = self.top
        self.load_code(node)
        self.make_function(node, place, 0, -1)
        self.load_constant(node.name)
        starred = any(isinstance(item, ast.Starred) for item in node.bases)
        if starred or any(item.arg is None for item in node.keywords):
            self.call_with_window(node, node.bases, node.keywords, base, -1, already=2)
        else:
            self.call_window(node, node.bases, node.keywords, base, -1, already=2)
        self.decorate_and_store(node, mark)

    # -- comprehensions --------------------------------------------------------------------------------------------
    def comprehension(self, node: Comprehension, target: int) -> int:
        """A comprehension where it stands: its function is made and called with the iterator."""
        mark = self.top
        awaited = self.load_code(node).co_flags & CO_COROUTINE
        self.make_function(node, mark, 0, -1)
        outer = node.generators[0]
        source = self.iterable(outer.iter)
        self.top = mark + 1
        self.at = node
        self.emit("async_iter" if outer.is_async else "get_iter", self.push(), source)
        if awaited:
            self.top = mark
            iterator = self.push()
            self.emit("call", iterator, mark, 1)
            self.emit("get_awaitable", iterator, iterator)
            return self.delegate(iterator, mark, target)
        target = self.result(mark, target)
        self.emit("call", target, mark, 1)
        return target

    def unsupported(self, reason: str, node: ast.AST) -> Exception:
        """The exception for something that the VM does not take; see ``StatementCompiler``."""
        raise NotImplementedError

    def generator_body(self, node: ast.GeneratorExp) -> None:
        """The body of a generator expression's function: its one argument is the iterator of the first ``for``."""
        self.at = self.owner = node
        self.generator_loop(node, 0, -1, 0)
        self.at = node
        self.end_by_constant(None)

    def comprehension_body(self, node: ast.ListComp | ast.SetComp | ast.DictComp) -> None:
        """The body of a comprehension's function: its one argument is the iterator of the first ``for``."""
        name = {ast.ListComp: "build_list", ast.SetComp: "build_set", ast.DictComp: "build_map"}[type(node)]
        gathered = self.push()
        self.at = node
        self.emit(name, gathered, gathered, 0)
        self.owner = node
        self.generator_loop(node, 0, gathered, 0)
        self.at = node
        self.end_by_value(gathered)

    def generator_loop(self, node: Comprehension, number: int, gathered: int, nest: int) -> None:
        """The ``for`` number ``number`` of a comprehension and all within."""
        if number == len(node.generators):
            self.element(node, gathered)
            return
        generator = node.generators[number]
        if generator.is_async:
            self.async_generator_loop(node, number, gathered, nest)
            return
        mark = self.top
        iterator = 0
        if isinstance(node, ast.GeneratorExp) and not number:
            self.at = node
            iterator = self.push()
            self.emit("move", iterator, 0)
        elif number:
            single = single_item(generator.iter)
            if single is not None:
                self.store(generator.target, self.value(single, -1))
                skip = Label()
                self.filtered(node, number, gathered, nest, skip)
                self.place(skip)
                self.top = mark
                return
            iterator = self.iterator(generator.iter, self.owner)
        again, end = Label(), Label()
        self.at = node
        self.place(again)
        header = self.loop_header(nest)
        self.emit_for(generator.target, iterator, end)
        self.filtered(node, number, gathered, nest + 1, again)
        self.at = node
        self.jump(again)
        self.end_loop(header, nest)
        self.place(end)
        self.top = mark

    def async_generator_loop(self, node: Comprehension, number: int, gathered: int, nest: int) -> None:
        """As ``generator_loop``, for ``async for``; see ``ExceptionCompiler``."""
        raise NotImplementedError

    def filtered(self, node: Comprehension, number: int, gathered: int, nest: int, skip: Label) -> None:
        """The conditions of a generator, then what is within; a condition that fails jumps to ``skip``."""
        for condition in node.generators[number].ifs:
            self.branch(condition, skip, False)
            if not self.reachable:
                break
        else:
            self.generator_loop(node, number + 1, gathered, nest)

    def element(self, node: Comprehension, gathered: int) -> None:
        """Evaluates the element and adds it to what is ``gathered``, or gives it to who wants the next."""
        mark = self.top
        if isinstance(node, ast.GeneratorExp):
            item = self.operand(node.elt)
            self.at = self.owner
            self.emit("yield_effect", self.wrapped(item, mark))
        elif isinstance(node, ast.DictComp):
            key = self.operand(node.key, node.value)
            item = self.operand(node.value)
            self.at = self.owner
            self.emit("map_add", gathered, key, item, keep=1)
        else:
            item = self.operand(node.elt)
            self.at = self.owner
            self.emit("list_append" if isinstance(node, ast.ListComp) else "set_add", gathered, item, keep=1)
        self.top = mark

    def iterator(self, iterable: ast.expr, place: Place) -> int:
        """Evaluates ``iterable`` and leaves its iterator in a new temporary."""
        mark = self.top
        source = self.iterable(iterable)
        self.top = mark
        self.at = place
        self.emit("get_iter", self.push(), source)
        return mark

    def iterable(self, node: ast.expr) -> int:
        """Evaluates what is iterated: a display of constants is a constant, as on the host."""
        constant = constant_display(node)
        return self.operand(node) if constant is NOT_CONSTANT else self.load_constant(constant)

    def emit_for(self, target: ast.expr, iterator: int, end: Label) -> None:
        """Fetches the next item and assigns it to ``target``; jumps to ``end`` when there is none."""
        if isinstance(target, ast.Name) and target.id in self.locals:
            register = self.locals[target.id]
            self.emit_jump("for_iter" if self.iterator_paths else "for_next", end, register, iterator, keep=1)
            self.bound |= 1 << register
            return
        item = self.push()
        if not self.iterator_paths:
            self.emit_jump("for_next", end, item, iterator, keep=1)
        elif isinstance(target, (ast.Tuple, ast.List)) and len(target.elts) == 2 and not has_star(target.elts):
            self.emit_jump("for_pair", end, item, iterator, keep=1, extra=self.pair_places(target.elts, item))
        else:
            self.emit_jump("for_iter", end, item, iterator, keep=1)
        self.store(target, item)
        self.top = item

    def pair_places(self, targets: list[ast.expr], item: int) -> int:
        """Operand ``pair`` of for_pair: where two items go, and how many units of what follows do that by way of a tuple.

        The unpacking alone, into the temporaries above ``item``; that and the moves where the targets are local variables.
        """
        registers = [self.locals[part.id] for part in targets if isinstance(part, ast.Name) and part.id in self.locals]
        if len(registers) == 2:
            return registers[0] | registers[1] << 16 | 3 << 32
        return item + 1 | item + 2 << 16 | 1 << 32


def has_star(targets: list[ast.expr]) -> bool:
    """Whether one of the targets takes what the others leave."""
    return any(isinstance(part, ast.Starred) for part in targets)


def single_item(node: ast.expr) -> ast.expr | None:
    """The item of a display of one, which the host assigns without a loop."""
    if isinstance(node, (ast.List, ast.Tuple)) and len(node.elts) == 1 and not isinstance(node.elts[0], ast.Starred):
        return node.elts[0]
    return None


def annotated(node: Definition) -> list[tuple[str, ast.expr]]:
    """The names and annotations of a function in the host's order."""
    args = node.args
    rows = [*args.args, *args.posonlyargs]
    rows += [args.vararg] if args.vararg is not None else []
    rows += args.kwonlyargs
    rows += [args.kwarg] if args.kwarg is not None else []
    pairs = [(row.arg, row.annotation) for row in rows if row.annotation is not None]
    return pairs + ([("return", node.returns)] if node.returns is not None else [])


def annotation_texts(node: Definition) -> tuple[str, ...]:
    """Names and texts of a function's annotations as the host writes them under ``from __future__ import annotations``."""
    args = ast.arguments(node.args.posonlyargs, node.args.args, node.args.vararg, node.args.kwonlyargs,
                         [None] * len(node.args.kwonlyargs), node.args.kwarg, [])
    stub = ast.FunctionDef(node.name, args, [ast.Pass(lineno=1, col_offset=0)], [], node.returns, lineno=1, col_offset=0)
    code = compile(ast.Module([stub], []), "", "exec", FUTURE_ANNOTATIONS, True)
    return next(constant for constant in code.co_consts if type(constant) is tuple)


def annotation_text(node: ast.expr) -> object:
    """The text of one annotation as the host writes it under ``from __future__ import annotations``."""
    stub = ast.FunctionDef("f", ast.arguments([], [], None, [], [], None, []), [ast.Pass()], [], node)
    return annotation_texts(stub)[1]


FunctionCompiler.VISITORS.update({
    ast.Lambda: FunctionCompiler.lambda_expression, ast.ListComp: FunctionCompiler.comprehension,
    ast.SetComp: FunctionCompiler.comprehension, ast.DictComp: FunctionCompiler.comprehension,
    ast.GeneratorExp: FunctionCompiler.comprehension,
})
