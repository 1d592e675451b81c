"""Restricted Python -> trace generator: each handler becomes a Python function over an abstract machine ``t``.

The generated function is run once for each combination of outcomes that the recording saw; its operands are abstract values
(constant, unboxed int, unboxed float, object of known type, unknown object) and each primitive, field access and call is a method of the
machine, which folds what the kinds decide and emits the rest.
"""
from __future__ import annotations

import ast

from jitvm.rpython.library import COMPARISONS, OPERATORS
from jitvm.rpython.reader import Function, Program
from jitvm.spec import layout, shared
from jitvm.spec.cfunctions import CFUNCTIONS, COMPUTED, EXCEPTION_TYPES, OBJECTS, STATE

WAYS = ("NEXT", "JUMP", "ERROR", "EXHAUSTED", "SKIP")


class Generator(ast.NodeTransformer):
    """Rewrites one function. ``logged``: its conditions are in the recording (handlers and inline functions)."""

    def __init__(self, program: Program, function: Function, abstract: frozenset[str]):
        self.program, self.function, self.abstract = program, function, abstract
        self.logged = function.kind in ("opcode", "inline")
        self.constants = {**program.constants, **layout.current()[1], **shared.CONSTANTS}
        self.locals = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        self.locals |= {name for name, _ in function.parameters}

    def build(self) -> ast.FunctionDef:
        """The generated function's definition."""
        node = self.function.node
        body: list[ast.stmt] = []
        for statement in node.body:
            if isinstance(statement, ast.Expr) and (isinstance(statement.value, ast.Constant) or _is_aside(statement.value)):
                continue
            out = self.visit(statement)
            body.extend(out if isinstance(out, list) else [out])
        parameters = [ast.arg("t"), *(ast.arg(name) for name, _ in self.function.parameters)]
        arguments = ast.arguments([], parameters, None, [], [], None, [])
        return ast.FunctionDef("g_" + self.function.name, arguments, body or [ast.Pass()], [], None)

    def machine(self, name: str, *arguments: ast.expr) -> ast.Call:
        """A call of a method of the abstract machine."""
        return ast.Call(ast.Attribute(ast.Name("t", ast.Load()), name, ast.Load()), list(arguments), [])

    def test(self, node: ast.expr) -> ast.expr:
        """A condition, with each of its tests put to the machine."""
        if isinstance(node, ast.BoolOp):
            return ast.BoolOp(node.op, [self.test(part) for part in node.values])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ast.UnaryOp(ast.Not(), self.test(node.operand))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("likely", "unlikely"):
            return self.test(node.args[0])
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id in self.function.templates:
            return node
        return self.machine("cond" if self.logged else "decide", self.visit(node))

    def visit_If(self, node: ast.If) -> ast.AST:
        body = [self.visit(s) for s in node.body]
        return ast.If(self.test(node.test), body, [self.visit(s) for s in node.orelse])

    def visit_While(self, node: ast.While) -> ast.AST:
        raise self.function.fail(node, "a loop in a function that traces look into")

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value is None:
            return ast.Return(self.way("NEXT"))
        if isinstance(node.value, ast.Name) and node.value.id in WAYS:
            return ast.Return(self.way(node.value.id))
        return ast.Return(self.visit(node.value))

    def way(self, name: str) -> ast.expr:
        return ast.Attribute(ast.Name("t", ast.Load()), name, ast.Load())

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        assert isinstance(node.target, ast.Name)
        value = ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
        return ast.Assign([node.target], self.visit(value))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.locals or isinstance(node.ctx, ast.Store):
            return node
        if node.id in self.constants:
            return ast.Constant(self.constants[node.id])
        if node.id in OBJECTS or node.id in COMPUTED or node.id in EXCEPTION_TYPES:
            return self.machine("named", ast.Constant(node.id))
        if node.id in ("NULL", "NULLP", "thread"):
            return self.way({"thread": "thread"}.get(node.id, node.id))
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        left, right = self.visit(node.left), self.visit(node.comparators[0])
        operator = node.ops[0]
        if isinstance(operator, ast.Is):
            return self.machine("same", left, right)
        if isinstance(operator, ast.IsNot):
            return self.machine("not_", self.machine("same", left, right))
        return self.machine("compare", ast.Constant(COMPARISONS[type(operator)]), left, right)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        return self.machine("binop", ast.Constant(OPERATORS.get(type(node.op), "div")), self.visit(node.left), self.visit(node.right))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if isinstance(node.op, ast.Not):
            return self.machine("not_", self.visit(node.operand))
        if isinstance(node.operand, ast.Constant):
            return ast.UnaryOp(node.op, node.operand)
        return self.machine("neg", self.visit(node.operand))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        joined: ast.expr = self.visit(node.values[0])
        for part in node.values[1:]:
            joined = self.machine("both" if isinstance(node.op, ast.And) else "either", joined, self.visit(part))
        return joined

    def visit_Call(self, node: ast.Call) -> ast.AST:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        arguments: list[ast.expr] = [self.visit(a) for a in node.args]
        if name in ("likely", "unlikely"):
            return arguments[0]
        fields = layout.current()[0]
        target = self.program.functions.get(name)
        if name in self.abstract and (target is None or target.kind in ("primitive", "helper")):
            return self.machine(name, *arguments)
        if name in fields:
            return self.machine("get_field", ast.Constant(name), *arguments)
        if name.startswith("set_") and name[4:] in fields:
            return self.machine("set_field", ast.Constant(name[4:]), *arguments)
        if name in CFUNCTIONS:
            return self.machine("call_c", ast.Constant(name), *arguments)
        if target is not None and target.kind == "helper":
            return self.machine("call_helper", ast.Constant(name), *arguments)
        if target is not None:
            return ast.Call(ast.Name("g_" + name, ast.Load()), [ast.Name("t", ast.Load()), *arguments], [])
        if name in STATE or (name.startswith("set_") and name[4:] in STATE):
            return self.machine("unknown", ast.Constant(name))
        return self.machine(name, *arguments)


def _is_aside(node: ast.expr) -> bool:
    """Whether a call is of ``aside``, which the interpreter alone has, or ``imply``, which tracing does its own way."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("aside", "imply")


def generate(program: Program, abstract: frozenset[str]) -> str:
    """Python source of the trace generator of every handler, and of what they look into.

    ``abstract``: the names for which the machine has a meaning of its own.
    """
    parts = []
    for function in program.functions.values():
        if function.kind == "opcode" or (function.kind in ("inline", "primitive") and function.name not in abstract):
            try:
                node = Generator(program, function, abstract).build()
            except Exception as error:
                if function.kind == "primitive":
                    continue
                raise error
            parts.append(ast.unparse(ast.fix_missing_locations(node)))
    return "\n\n".join(parts) + "\n"
