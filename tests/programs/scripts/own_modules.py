"""Functions of the program's own modules: called first by C code, copied, made anew from the same text, loaded again."""
# leaks: no (a module that is imported again leaves the records of its old code objects; CPython grows here too)
import importlib
import sys
import types
from helpers import registry
from helpers.registry import TABLE, Version


def copies():
    code = registry.double.__code__
    triple = types.FunctionType(code.replace(co_consts=(None, 3)), {})
    renamed = types.FunctionType(code.replace(co_name="other", co_qualname="other"), {})
    moved = types.FunctionType(code.replace(co_firstlineno=100), {})
    odd = types.FunctionType(code.replace(co_consts=(None, types.SimpleNamespace)), {})
    print([f(5) for f in (triple, renamed, moved)], renamed.__name__, renamed.__code__.co_name)
    for function in (moved, odd):
        try:
            function(None if function is moved else 1)
        except TypeError as error:
            print(error, error.__traceback__.tb_next.tb_lineno)


def anew():
    with open(registry.__file__) as file:
        text = file.read()
    for source in (text, text.replace("2 * x", "7 * x"), "\n\n" + text):
        names = {"__name__": "anew"}
        exec(compile(source, registry.__file__, "exec"), names)
        print(names["double"](3), names["TABLE"]["double"](1), list(names["pairs"]([1, 2])), names["ORDER"])
        try:
            names["fails"](1)
        except ZeroDivisionError as error:
            print(error.__traceback__.tb_next.tb_lineno - names["fails"].__code__.co_firstlineno, names["TABLE"]["last"])


def again():
    before = registry.double
    importlib.reload(registry)
    print(before is registry.double, before(4), registry.double(4), before.__globals__ is registry.double.__globals__)
    import own_modules
    print(own_modules is not sys.modules["__main__"], own_modules.shared(3), shared(3))


def shared(n):
    return sum(i * n for i in range(10))


def main():
    print(registry.ORDER, sorted(map(Version, ["2.1", "2.0", "10.1", "9.9"]))[0].parts[1].number, max(Version("1.2"), Version("1.3")).minor)
    print(len({Version("1.0"), Version("1.0"), Version("1.1")}), Version("3.4").major, str(Version("5.6")), min(Version("4.2").parts).number)
    print(list(registry.pairs(range(3))), dict(map(lambda x: (x, TABLE["double"](x)), "ab")))
    print([registry.in_set(x) for x in (1, "a", 3, (1, 2), True)], registry.same_a(1), registry.same_b(2))
    print(registry.same_b.__code__.co_firstlineno - registry.same_a.__code__.co_firstlineno)
    for function in (registry.same_a, registry.same_b):
        try:
            function("x")
        except TypeError as error:
            tb = error.__traceback__.tb_next
            print(tb.tb_frame.f_code.co_name, tb.tb_lineno, error)
    copies()
    anew()
    again()
    total = 0
    for i in range(300):
        total += registry.double(i) + registry.same_a(i) + registry.same_b(i) + sum(b for a, b in registry.pairs((i,)))
    print(total)


if __name__ == "__main__":
    main()
