# ruff: noqa
"""Calls, displays, targets, scopes and patterns of every shape."""
from __future__ import annotations

import os.path as path, sys
from functools import partial, wraps as wrapping


def show(*args, **kwargs):
    print(args, sorted(kwargs.items()))
    return len(args)


def noisy(value):
    print("eval", value)
    return value


def parameters(a, /, b: int = 2, *rest, c, d=noisy(4), **others) -> "text":
    return a, b, rest, c, d, sorted(others.items())


print(parameters(1, c=3), parameters(1, 2, 3, 4, c=5, e=6), parameters.__annotations__, parameters.__kwdefaults__)
show(*[1], 2, *(3, 4), a=1, **{"b": 2}, c=3)
show(**{"x": 1}, **{"y": 2})
for bad in (lambda: show(**{"a": 1}, a=2), lambda: parameters(), lambda: show(**3), lambda: print(1, *2)):
    try:
        bad()
    except TypeError as error:
        print(error)
print([*range(3), *"ab"], (*"xy", 1), sorted({*"aab", "c"}), {**{"a": 1}, "b": 2, **{"c": 3}, "d": 4, "e": 5})
first, (second, *middle), last = 1, (2, 3, 4), 5
[a, b], c = c_list = ("xy", 3)
print(first, second, middle, last, a, b, c, c_list)
a, b = b, a
grid = [[0] * 3 for _ in range(2)]
grid[noisy(0)][noisy(1)] += noisy(5)
grid[1][0], grid[1][1:] = 7, [8, 9]
del grid[0][0], c
print(a, b, grid, grid[1][::-1], 1 < noisy(2) < noisy(3) > 1, 1 < noisy(0) < noisy(3))
print(noisy(0) or noisy("") or noisy([]), noisy(1) and noisy(2), not noisy(0), noisy(1) if noisy(0) else noisy(2))
print([(x, y) for x in range(4) if x % 2 if x for y in [x * 10] for z in range(2)], {n: n * n for n in range(3)})
if (n := 10) > 5 and not n is None and n not in [1, 2] and n in {10, 11}:
    print("walrus", n, [m := n + i for i in range(3)], m)


def hold(i):
    return i + (i := 5), i, (i, i := 7), [i, i := 8][0] - i


def counter():
    count = 0
    def up(by=1):
        nonlocal count
        count += by
        return count
    def drop():
        nonlocal count
        del count
    return up, drop


up, drop = counter()
print(hold(1), up(), up(5))
drop()
try:
    up()
except NameError as error:
    print(error)


def decorate(tag):
    print("decorator", tag)
    def apply(target):
        print("apply", tag, target.__name__)
        return target
    return apply


@decorate(1)
@decorate(2)
class Point:
    """A point."""
    __match_args__ = ("x", "y")
    __secret = "mangled"
    scale: int = 1

    def __init__(self, x, y=0):
        self.x, self.y = x, y

    def reveal(self):
        __local = self.__secret
        return __local, __class__.__name__, Point.__doc__

    @property
    def size(self):
        return abs(self.x) + abs(self.y)


class Point3(Point, metaclass=type):
    def __init__(self, *args):
        super().__init__(*args)
        self.z = 3


print(Point(1).reveal(), Point3(1, 2).size, Point3(1).z, Point.__annotations__)


def match(subject):
    match subject:
        case 0 | 1 | -1: return "small"
        case Point3(x=x): return "three", x
        case Point(0, y) | Point(y, 0): return "axis", y
        case Point(x, y) as point if x == y: return "diagonal", point.x
        case [] | [_]: return "short"
        case [Point() as p, *_]: return "starts", p.x
        case [*_, "end"]: return "ends"
        case [a, [b, *c]]: return a, b, c
        case {"kind": str(kind), "n": (int() | float()) as number, **rest}: return kind, number, rest
        case {}: return "mapping"
        case "a" "b" | b"x" | None | True: return "constant"
        case path.sep: return "dotted"
        case str(text): return text
    return "nothing"


for subject in (0, -1, Point3(4), Point(0, 5), Point(6, 0), Point(2, 2), Point(1, 2), [], [9], [Point(3), 1], [1, 2, "end"],
                [1, [2, 3, 4]], {"kind": "k", "n": 1.5, "z": 0}, {"kind": 1}, "ab", b"x", None, True, "/", "other", 2.5):
    print(match(subject))
value: int = 3
width, text = 8, "text"
print(f"{value}{text!r:>{width}}|{value:03d}|{value + 0.5:{width}.{value}f}|{text}{{}}", f"", f"{text}", "a" "b", f"{value=}")
print(__annotations__, __doc__, -0.0, 2 ** 10, 1_000 * 3, (1, 2)[0], "abc"[-1], ~5, not 1, 10 ** 400 % 7, 7 // 2 @ 1 if 0 else 4)
print(sorted("cab", key=lambda ch: -ord(ch)), partial(show, 1)(2), wrapping.__name__, sys.__name__, sum(i for i in range(4)))
while value:
    value -= 1
    if value == 1:
        continue
    print("value", value)
else:
    print("else")
assert not value, "message"
global_name = [lambda i=i: i for i in range(3)]
print([f() for f in global_name], (lambda *a, k=1, **kw: (a, k, kw))(1, k=2, z=3))
assert value, f"{value} is false"
