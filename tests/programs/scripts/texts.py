"""eval, exec and compile of the same texts again and again: nothing tells that the code was compiled before."""
import builtins
import gc
import sys
import traceback
import warnings
import weakref

x = 5
TIMES = 7


def values():
    out = []
    for i in range(TIMES):
        local = i * 3
        out.append(eval("local + x"))
        out.append(eval("  \tlocal * 2 + k", {"k": 1000}, {"local": i}))
        out.append(eval("[local for local in (1, 2)]"))
        out.append(eval("k", {"k": local}))
        out.append(eval("(y := local + 1)"))
        out.append(eval("sorted(locals())"))
    print(out)


def identities():
    kept = {}
    for text in ("1000", "1.5", "'a text'", "'name'", "(1000, 2000)", "(7, (8, 'a b'))", "b'bytes'", "[1000, 2.5, 'x y']", "lambda: 0", "1j",
                 "'\u00e9\u00e9'", "7", "()", "{1: 1000}", "lambda a=1000: (a, 3000)", "[f() for f in [lambda: 4000]]", "{1000, 2000}",
                 "x in {1000, 2000}", "''", "10 ** 30"):
        for _ in range(TIMES):
            kept.setdefault(text, []).append(eval(text))
        for _ in range(TIMES):
            value = eval(text)
    for text, many in kept.items():
        distinct = len({id(value) for value in many})
        inner = {id(part) for value in many if isinstance(value, (tuple, list)) for part in value}
        codes = {id(value.__code__) for value in many if hasattr(value, "__code__")}
        constants = {id(part) for value in many if hasattr(value, "__code__") for part in value.__code__.co_consts}
        print(ascii(text), distinct, len(inner), len(codes), len(constants), repr(value)[:9], many[0] == many[-1])
    number = eval("1000")
    print([eval("1000") is number for _ in range(4)], [eval("4 * 1000 + 1") for _ in range(4)])
    print([compile("f(1000)", "name", "eval") is compile("f(1000)", "name", "eval") for _ in range(5)])
    codes = [compile("f(1000)", "name", "eval") for _ in range(5)]
    print(len(set(map(id, codes))), len({id(code.co_consts[0]) for code in codes}), codes[0] == codes[-1])


def recursive(n):
    return [id(sys._getframe(1).f_code)] if n == 0 else [id(sys._getframe(1).f_code), *eval("recursive(n - 1)", globals(), {"n": n})]


def frames_and_weak_references():
    for _ in range(3):
        print(len(set(eval("recursive(8)"))))
    dead = []
    for _ in range(TIMES):
        function = eval("lambda: 12345")
        dead.append(weakref.ref(function.__code__))
        del function
    gc.collect()
    print([reference() is None for reference in dead[:-1]])  # the last code may live until its text comes again
    frames = [eval("__import__('sys')._getframe()") for _ in range(TIMES)]
    print(len({id(frame.f_code) for frame in frames}), {frame.f_code.co_filename for frame in frames}, frames[0].f_code.co_names)
    made = [next(eval("(c for c in 'abc')")) for _ in range(TIMES)]
    generators = [eval("(c for c in 'abc')") for _ in range(TIMES)]
    print(made, len({id(generator.gi_code) for generator in generators}))


def errors():
    texts = ["1 +", "x +* 2", "a b", "1 / 0", "unknown", "x.missing", "  f(", "'\0'", "", "\ud800", "return 1", "lambda: (yield)", "yield 1",
             "x = 1", "(1).real +\n 'a'", "0x", "'unclosed", "f'{x!z}'"]
    for text in texts:
        seen = set()
        for run in (eval, exec):
            for _ in range(4):
                try:
                    seen.add(f"fine {run(text)}"[:9])
                except Exception as error:
                    lines = traceback.format_exception(error)
                    seen.add("".join(line for line in lines if "in errors" not in line))
        print(ascii(text), len(seen))
        for line in sorted(seen):
            print(ascii(line))


def arguments():
    class Mapping:
        def __init__(self):
            self.asked = []

        def __getitem__(self, name):
            self.asked.append(name)
            return 30

        def keys(self):
            return []

    class Dict(dict):
        def __getitem__(self, name):
            return 77

        def __missing__(self, name):
            return 88

    class Text(str):
        pass

    mapping = Mapping()
    cases = [("x", {}, mapping), ("x", Dict(x=1)), ("x", None, {"x": 2}), ("x", {"x": 3}, None), ("x", None, None), ("x", {}, Dict(x=1)),
             ("x", [], {}), ("x", {}, 5), ("x", mapping), (b"x", {"x": 9}), (Text("x + 1"), {"x": 9}), (bytearray(b"x"),), (5,),
             (compile("x * 2", "a file", "eval"), {"x": 4}), ("x", {}, {}, {}), ("x", {"__builtins__": {}}), ("len", {}),
             ("len", {"__builtins__": {"len": 3}}), ("len", {"__builtins__": {}})]
    for case in cases:
        for run in (eval, exec):
            seen = []
            for _ in range(4):
                try:
                    seen.append(repr(run(*case)))
                except Exception as error:
                    seen.append(f"{type(error).__name__}: {error}")
            print(run.__name__, repr(case[0])[:5], sorted(set(seen)))
    print(mapping.asked)
    for _ in range(4):
        names = {"b": 1, "a": 2}
        exec("c = a + b", names)
        print(list(names), names["__builtins__"] is vars(builtins))
        inner = {}
        exec("def f(): return a + 1000\nclass K:\n    'doc'\n    z = f'{a:>3}'\nimport sys as s", names, inner)
        print(sorted(inner), inner["f"](), inner["K"].z, inner["K"].__module__)
    print(eval.__self__ is builtins, [eval(*["x"]) for _ in range(3)], list(map(eval, ["x", "x"])))


def compiled():
    name = "some" + str(len(sys.argv)) + "name"
    for _ in range(4):
        for mode in ("eval", "exec", "single"):
            code = compile("x + 1", name, mode)
            print(code.co_filename is name, code.co_flags, eval(code))
    for optimize in (-1, 0, 1, 2):
        for _ in range(4):
            code = compile("assert x == 1\n'doc'\ndef f():\n    'doc of f'\n    return __debug__\nz = f.__doc__, f()", "f", "exec",
                           optimize=optimize, dont_inherit=True)
            names = {"x": 1}
            exec(code, names)
        print(optimize, names["z"])
    future = 0x1000000
    for _ in range(4):
        print([compile("def f(a: int): pass", "f", "exec", *more).co_flags & future
               for more in ((), (0,), (future,), (future, True), (0, False), (0, 1), (future, 0, -1))])
    for bad in (("x", "f", "other"), ("x", "f"), ("x", b"f", "eval"), ("x", 5, "eval"), ("x", "f", "eval", "a"), ("x", "f", "eval", 1 << 40),
                ("x", "f", "eval", 0, "yes"), ("x", "f", "eval", 0, 0, 7), ("x", "f\0g", "eval"), (" x", "f", "eval"), ("x y", "f", "exec")):
        for _ in range(3):
            try:
                seen = f"fine {compile(*bad).co_code.hex()}"
            except Exception as error:
                seen = f"{type(error).__name__}: {error}"
        print(bad, seen)
    import ast
    print([ast.dump(compile("x + 1", "f", "eval", ast.PyCF_ONLY_AST)) for _ in range(4)][-1])
    print([ast.literal_eval("{'a': [1, 1000]}") for _ in range(4)])


def inherits():
    names = {"eval": eval, "exec": exec, "compile": compile}
    exec(compile("from __future__ import annotations\ndef f(): return [eval('lambda a: 0').__code__.co_flags for _ in range(4)]\n"
                 "def g():\n    for _ in range(4):\n        exec('def h(a: 1 + 1): pass', globals())\n    return h.__annotations__",
                 "inheriting", "exec"), names)
    print(names["f"](), names["g"](), [eval("lambda a: 0").__code__.co_flags for _ in range(4)])
    for _ in range(4):
        exec("def h(a: 1 + 1): pass", names)
    print(names["h"].__annotations__)


def warned():
    for category in ("always", "error", "ignore"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter(category)
            for text in ("'\\d'", "x is 5", "(1)(2)", "x"):
                for _ in range(4):
                    try:
                        eval(text)
                    except (SyntaxError, TypeError) as error:
                        print(type(error).__name__, error)
            print(category, [(str(one.message), one.filename, one.lineno) for one in caught])


def observed():
    events = []

    def hook(event, arguments):
        if active and event in ("compile", "exec"):
            events.append((event, repr(arguments)[:12]))

    active = False
    for _ in range(4):
        eval("x + 2")
    sys.addaudithook(hook)
    active = True
    for _ in range(3):
        eval("x + 2")
        exec("x + 2")
        compile("x + 2", "f", "eval")
    active = False
    print(events)


def patched():
    real, calls = builtins.eval, []

    def mine(*arguments):
        calls.append(arguments)
        return real(*arguments)

    builtins.eval = mine
    try:
        print([eval("x + 3") for _ in range(4)], calls)
    finally:
        builtins.eval = real
    eval_ = eval
    print([eval_("x + 3") for _ in range(4)])


def deep(n):
    return eval("1 + deep(n - 1)" if n else "0", globals(), {"n": n})


def limits():
    try:
        print(deep(100))
        deep(5000)
    except RecursionError as error:
        print(type(error).__name__, str(error)[:40])
    many = [eval(f"{i} + x") for i in range(3000)] + [eval(f"{i % 700} + x") for i in range(3000)]
    print(sum(many))
    long = "+".join(["1"] * 900)
    print([eval(long) for _ in range(5)], [eval("(" * 90 + "1" + ")" * 90) for _ in range(3)])
    text = "".join(["x", " + ", "1000"])
    before = sys.getrefcount(text)
    for _ in range(5):
        eval(text)
    print(sys.getrefcount(text) - before)


def main():
    values()
    identities()
    frames_and_weak_references()
    errors()
    arguments()
    compiled()
    inherits()
    warned()
    patched()
    limits()
    for i in range(300):
        total = eval("i * 2 + x") + eval("1000")
    print(total)


main()
observed()
