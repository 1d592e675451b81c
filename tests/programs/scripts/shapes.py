"""A module of the program's own, imported by imports.py."""
from math import pi

__all__ = ["Circle", "Square", "total_area", "where"]
_hidden = 1
LOADED = []


class Shape:
    def area(self):
        raise NotImplementedError

    def __lt__(self, other):
        return self.area() < other.area()


class Circle(Shape):
    def __init__(self, r):
        self.r = r

    def area(self):
        return pi * self.r ** 2


class Square(Shape):
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side * self.side


def total_area(shapes):
    total = 0
    for shape in shapes:
        total += shape.area()
    return total


def where():
    import sys
    return sys._getframe().f_code.co_name, sys._getframe(1).f_code.co_name


def fails(x):
    return x / 0


for i in range(3):
    LOADED.append(i)
