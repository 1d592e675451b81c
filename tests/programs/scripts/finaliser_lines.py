"""The line that a finaliser sees of the function in which an object ends: of what overwrote or cleared the last reference."""
import sys


class Ends:
    def __init__(self, name=""):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        print(self.name, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno)


def names():
    d = Ends("by a constant")

    d = 5
    d = Ends("by del")

    del d
    d = Ends("by a call")

    d = len("x")
    d = Ends("by unpacking")

    (d, e) = (
        1, 2)
    d = Ends("by a move")
    e = 4

    d = e
    d = Ends("by a loop")

    for d in (1, 2):
        pass
    d = e = Ends("by the second")

    d = 1

    e = d
    try:
        d = Ends("by a handler")
        raise ValueError
    except ValueError:

        d = 1
    d = Ends("by the name of a handler")
    try:
        raise ValueError

    except ValueError as d:
        pass
    return e


def stores():
    holder = Ends("holder")
    holder.x = Ends("attribute")

    holder.x = 5
    items = [Ends("item")]

    items[0] = 1
    table = {1: Ends("value")}

    table[1] = 2
    items.append(Ends("cleared"))

    items.clear()

    Ends("temporary")

    Ends("of a temporary").x = 5
    return items


def conditional(n):
    for i in range(n):
        d = Ends("round")

        if i % 2:
            d = None
        else:

            d = i
        n = d
    return n


def cells():
    d = Ends("cell")

    def inside():
        nonlocal d

        d = 1
    inside()
    return d


g = Ends("global")

g = 1


def before_nothing():
    d = Ends("before a try")
    d = 1
    try:
        d = Ends("before pass")
        d = 2
        pass
        d = [Ends("in a list"), {"k": Ends("in a dict")}]
        d = 3
        raise ValueError
    except ValueError:
        pass
    return d


def often():
    for i in range(40):
        d = Ends(f"often {i}")
        d = i
        d = {"k": [Ends(f"often in a dict {i}")]}

        d = None


def main():
    for _ in range(3):
        before_nothing()
    often()
    for _ in range(3):
        names()
        stores()
        cells()
    conditional(6)


main()
