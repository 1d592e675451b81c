"""The text of small functions: source in, disassembly out."""
import textwrap

import pytest

from jitvm.frontend.code import Unsupported
from jitvm.frontend.disassembler import disassemble
from jitvm.frontend.module import Module

CASES = {
    "destination": ("def f(a, b):\n    x = a + b\n    x += 1\n    return x\n", """
        1    0  resume kind 0
        2    2  binary_add x, a, b
        3    3  inplace_add_k x, x, 1
        4    4  return_value x
        """),
    "walrus holds": ("def f(i):\n    return i + (i := 5)\n", """
        1    0  resume kind 0
        2    2  move %1, i
             3  load_const i, 5
             4  binary_add %1, %1, i
             5  return_value %1!
        """),
    "method": ("def f(a):\n    a.b(1, k=2)\n", """
        1    0  resume kind 0
        2    2  load_method %1, a, 'b'
             5  load_const %3, 1
             6  load_const %4, 2
             7  call_method_kw %1, %1, count 2, ('k',)
            10  clear %1
            11  return_const None
        """),
    "loop": ("def f(n):\n    while n > 0:\n        n -= 1\n    return n\n", """
        1    0  resume kind 0
        2    2  loop nest 0
             4  branch_unless_gt_k n, 0, -> 7
        3    5  inplace_sub_k n, n, 1
        2    6  jump -> 2
        4    7  return_value n
        loop 2..7 nest 0
        """),
    "unbound": ("def f(c):\n    if c:\n        x = 1\n    return x\n", """
        1    0  resume kind 0
        2    2  branch_false c, -> 4
        3    3  load_const x, 1
        4    4  check_bound x, 'x'
             5  return_value x
        """),
    "handler": ("def f(a):\n    try:\n        a()\n    except E as e:\n        pass\n", """
        1    0  resume kind 0
        3    2  move %2, a
             3  call %2, %2, count 0
             6  clear %2
             7  jump -> 21
             8  push_exc %3, %2
        4    9  load_global %4, 'E'
            12  branch_no_match %2, %4!, -> 17
            13  take e, %2
            14  pop_exc %3
            15  clear e
            16  jump -> 21
            17  reraise %2!
            18  load_position %4
            19  pop_exc %3
            20  reraise_at %5!, %4!
            21  return_const None
        """),
}


@pytest.mark.parametrize("name", CASES)
def test_disassembly(name):
    source, expected = CASES[name]
    module = Module(source, "<test>")
    code = next(code for code in module.codes() if code.co_name == "f")
    text = disassemble(module.unit(code), code)
    if name == "handler":
        text = text[:text.index("handler")]
    assert squeeze(text) == squeeze(textwrap.dedent(expected))


def squeeze(text):
    return [" ".join(line.split()) for line in text.strip().splitlines()]


@pytest.mark.parametrize(("source", "reason"), [
    ("def f(*a):\n    print(*(yield), sep=(yield))\n", "generator that waits within an expression"),
])
def test_reasons(source, reason):
    module = Module(source, "<test>")
    code = next(code for code in module.codes() if code.co_name == "f")
    for _ in range(2):
        with pytest.raises(Unsupported) as raised:
            module.unit(code)
        assert raised.value.reason == reason


def test_constants_that_compare_equal_differ():
    module = Module("a = [1, 1.0, True, 0.0, -0.0, 0, False, (1,), (1.0,), x]", "<test>")
    constants = module.unit(module.host).constants
    assert [repr(constant) for constant in constants[:9]] == [
        "1", "1.0", "True", "0.0", "-0.0", "0", "False", "(1,)", "(1.0,)"]


def test_lambdas_at_one_line_are_told_apart():
    module = Module("f = (lambda: 1, lambda: 2, lambda a=(lambda: 3): (lambda: 4)() + a())\n", "<test>")
    namespace = {}
    exec(module.host, namespace)
    for code, node in module.codes().items():
        if code.co_name == "<lambda>":
            module.unit(code)
            assert code.co_consts == (None,) or code.co_argcount == len(node.args.args)
    assert len({id(node) for node in module.codes().values()}) == 6


def test_deep_nesting_and_deep_callers():
    source = "def f(x):\n    " + "    elif ".join(f"x == {n}: return {n}\n" for n in range(600)).replace("x ==", "if x ==", 1)
    module = Module(source, "<test>")
    code = next(code for code in module.codes() if code.co_name == "f")

    def descend(depth):
        return descend(depth - 1) if depth else module.unit(code)

    assert descend(800).name == "f"
