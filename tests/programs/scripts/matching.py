"""match statements."""
import enum
from dataclasses import dataclass


@dataclass
class Point:
    x: int
    y: int


class Kind(enum.Enum):
    A = 1
    B = 2


class Odd:
    __match_args__ = ("p",)

    def __init__(self, p):
        self.p = p


def describe(value):
    match value:
        case None | True | False:
            return f"singleton {value}"
        case 0:
            return "zero"
        case int(n) if n < 0:
            return f"negative {n}"
        case int() | float():
            return f"number {value}"
        case "":
            return "empty"
        case str(s):
            return f"string {s}"
        case Kind.A:
            return "kind a"
        case []:
            return "empty list"
        case [x]:
            return f"one {x}"
        case [Point(x=0, y=0), *_]:
            return "starts at origin"
        case [1, [2, inner], *rest]:
            return f"nested {inner} {rest}"
        case [first, *middle, last]:
            return f"{first}..{last} ({len(middle)})"
        case {"type": "circle", "r": r, **rest}:
            return f"circle {r} {rest}"
        case {"type": ("square" | "rect") as kind, "size": (w, h)}:
            return f"{kind} {w}x{h}"
        case {}:
            return "some mapping"
        case Point(x, y) if x == y:
            return f"diagonal {x}"
        case Point(x=0) | Point(y=0):
            return "on an axis"
        case Point():
            return "point"
        case Odd([a, b]):
            return f"odd pair {a} {b}"
        case _:
            return f"other {type(value).__name__}"


def evaluate(node):
    match node:
        case ("+", a, b):
            return evaluate(a) + evaluate(b)
        case ("*", a, b):
            return evaluate(a) * evaluate(b)
        case ("neg", a):
            return -evaluate(a)
        case int() as n:
            return n
        case _:
            raise ValueError(f"bad node {node!r}")


def command(text):
    match text.split():
        case ["go", ("north" | "south") as where]:
            return where
        case ["get", *things] if things:
            return things
        case ["quit" | "exit"]:
            return "bye"
        case [other, *_]:
            return f"what is {other}?"
        case []:
            return ""


def main():
    for value in (None, True, 0, -5, 7, 2.5, "", "x", Kind.A, Kind.B, [], [9], (1, 2, 3), [1, [2, 3], 4], [Point(0, 0), 1], {"type": "circle", "r": 2, "z": 1},
                  {"type": "rect", "size": (1, 2)}, {"a": 1}, Point(3, 3), Point(0, 4), Point(1, 2), Odd([1, 2]), Odd(5), b"bytes", {1, 2}, range(3)):
        print(describe(value))
    print(evaluate(("+", 1, ("*", 2, ("neg", 3)))))
    try:
        evaluate(("?",))
    except ValueError as error:
        print(error)
    print([command(t) for t in ("go north", "get a b", "get", "exit", "dance now", "")])
    try:
        match Odd(1):
            case Odd(1, 2):
                pass
    except TypeError as error:
        print(error)


main()
