"""dataclasses, enums, named tuples, abstract base classes."""
import abc
import enum
from collections import namedtuple
from dataclasses import asdict, astuple, dataclass, field, replace
from typing import NamedTuple, Optional


@dataclass(order=True)
class Item:
    name: str
    price: float = 0.0
    tags: list = field(default_factory=list, compare=False)
    parent: Optional["Item"] = field(default=None, repr=False, compare=False)

    def __post_init__(self):
        self.label = f"{self.name}@{self.price:.2f}"

    @property
    def total(self):
        return self.price * 1.2


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0

    def moved(self, dx, dy=0):
        return replace(self, x=self.x + dx, y=self.y + dy)


class Color(enum.Enum):
    RED = 1
    GREEN = 2
    BLUE = 3

    @property
    def short(self):
        return self.name[0]

    @classmethod
    def parse(cls, text):
        return cls[text.upper()]


class Flags(enum.IntFlag):
    A = enum.auto()
    B = enum.auto()


class Pair(NamedTuple):
    left: int
    right: int = 7

    def swap(self):
        return Pair(self.right, self.left)


Old = namedtuple("Old", "a b c", defaults=[9])


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self):
        ...

    def describe(self):
        return f"{type(self).__name__}: {self.area():.1f}"


class Square(Shape):
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side ** 2


def main():
    a = Item("b", 2.5, ["x"])
    b = Item("a", 3.0, parent=a)
    print(a, b, a.label, a.total, sorted([a, b]), a == Item("b", 2.5), asdict(a), astuple(b)[:2])
    p = Point(1)
    print(p, p.moved(2, dy=3), hash(p) == hash(Point(1)), {p: 1}[Point(1, 0)])
    try:
        p.x = 3
    except Exception as error:
        print(type(error).__name__, error)
    print(Color.RED, Color("GREEN" and 2), Color.parse("blue").short, list(Color), Flags.A | Flags.B, Flags(3) & Flags.B)
    try:
        Color(9)
    except ValueError as error:
        print(error)
    q = Pair(1)
    print(q, q.swap(), q._replace(left=5), Old(1, 2), Old(1, 2)._asdict(), q < q.swap())
    x, y = q
    print(x, y, Square(3).describe())
    try:
        Shape()
    except TypeError as error:
        print(error)
    for wrong in (lambda: Item(), lambda: Item(1, 2, 3, 4, 5), lambda: Point(z=1)):
        try:
            wrong()
        except TypeError as error:
            print(error)


main()
