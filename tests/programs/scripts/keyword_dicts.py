"""The dict of keyword arguments that are no parameters: its order, size, references, whether the collector looks at it, changes of it."""
import gc
import sys


def named(**names):
    return names


def partly(a, /, b=2, *rest, c, **names):
    return a, b, rest, c, names


class Plain:
    pass


class Kind(type):
    pass


class Slots:
    __slots__ = ("x",)


def kinds():
    gc.disable()
    for value in (1, None, "x", True, ([],), [], {}, Plain, Plain(), Slots(), int, Kind("E", (), {}), len, 2.5, 1j, b"x", range(3), named, type):
        made = named(a=value, b=1)
        print(gc.is_tracked(made), sys.getsizeof(made), list(made), made["a"] is value, end=" ")
        made["c"] = 5
        made.pop("a")
        print(made, named(a=1, b=2))
    gc.enable()


def sizes():
    for count in (0, 1, 5, 6, 10, 11, 12, 40):
        for _ in range(3):
            made = named(**{f"k{j}": j for j in range(count)})
            print(list(made.items())[-3:], len(made), sys.getsizeof(made))
    print(named(), named(x=[]), partly(1, c=2), partly(1, 2, 3, z=4, c=5, y=6), partly(0, a=1, c=2, b=3))


def references():
    one = Plain()
    before = sys.getrefcount(one), sys.getrefcount(None)
    kept = [named(a=one, b=one) for _ in range(5)]
    print(sys.getrefcount(one) - before[0])
    del kept
    print(sys.getrefcount(one) - before[0])
    for i in range(2000):
        named(a=i, b=None, c=one)
        partly(i, c=None, d=one, e=None)
    print(sys.getrefcount(one) - before[0], abs(sys.getrefcount(None) - before[1]) < 1900)


def cycles():
    gc.collect()
    gc.disable()
    for _ in range(50):
        made = named(a=[], b=1)
        made["a"].append(made)
    del made
    print(gc.collect() >= 100)
    gc.enable()


def failing():
    for arguments, names in (((), {}), ((1,), {"c": 1, "b": 2}), ((1, 2), {"b": 3, "c": 4}), ((1,), {"d": 1}), ((1,), {"c": 1, "a": 2})):
        try:
            print(partly(*arguments, **names))
        except TypeError as error:
            print(error)


def main():
    for run in (kinds, sizes, references, cycles, failing):
        run()


main()
