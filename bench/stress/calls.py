"""Calls: positional, by keyword, with defaults, with stars, methods, classes, partial."""
import sys
from functools import partial


class Point:
    def __init__(self, x, y=0):
        self.x, self.y = x, y

    def moved(self, dx, *, dy=0):
        return self.x + dx + self.y + dy


def three(a, b=2, c=3):
    return a + b + c


def star(*values):
    return values[0]


def named(**values):
    return values["a"]


def main(size=60_000):
    total = 0
    add = partial(three, 1)
    pair = (4, 5)
    names = {"b": 6, "c": 7}
    for i in range(size):
        total += three(i) + three(i, c=4) + three(a=i, b=1, c=2) + three(i, *pair) + three(i, **names)
        point = Point(i, y=1)
        total += point.moved(1) + point.moved(2, dy=3) + star(i, 2) + named(a=i) + add(i)
    return (total,)


if __name__ == "__main__":
    print("calls", *main(*map(int, sys.argv[1:])))
