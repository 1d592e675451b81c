"""Attributes by all their ways: dicts beside bases in C, __getattr__, metaclasses, defaults of classes, super(), and what changes them."""
# leaks: no (its classes are changed for good)
import enum
import re
import types


class Meta(type):
    def __getattr__(cls, name):
        return "meta:" + name

    def count(cls):
        return 1


class A(metaclass=Meta):
    x = 1

    @staticmethod
    def same(a):
        return a

    @classmethod
    def pair(cls, a):
        return cls.__name__, a


class D(dict):
    k = 5

    def size(self):
        return len(self)


class G:
    y = 3

    def __init__(self):
        self.a = 1

    def __getattr__(self, name):
        return "got " + name

    def m(self):
        return self.a

    @property
    def p(self):
        raise AttributeError("p")


class E(Exception):
    def m(self):
        return self.args


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


class T:
    parent = None

    def __init__(self):
        self.v = 1

    def m(self):
        return self.v

    @property
    def twice(self):
        return 2 * self.v


def kinds():
    out = []
    d, e, g, space, t, u, w = D(), E(1), G(), types.SimpleNamespace(q=1), T(), T(), T()
    u.__dict__
    w.__dict__["zz"] = 1
    other = property(lambda self: 3)
    for i in range(60):
        out.append((A.x, A.nope, A.count(), A.same(1), A.pair(2), d.size(), d.k, e.m(), g.m(), g.y, g.a, g.zz, g.p))
        out.append((Colour.RED, Colour.GREEN.value, space.q, str.__eq__("a", "a"), object.__new__(T).parent, str.join(",", "ab")))
        out.append((u.m(), w.m(), w.parent, u.parent, u.v, w.zz, t.m(), t.twice, u.twice))
        if i == 10:
            d.size = lambda: "own"
            d.k = 7
        if i == 12:
            g.m = lambda: "own"
            g.y = 8
        if i == 14:
            del d.size
            G.__getattribute__ = lambda self, name: object.__getattribute__(self, name)
        if i == 16:
            u.m = lambda: "um"
            u.parent, w.parent = 3, 4
        if i == 18:
            e.m = lambda: 6
            space.q = 9
            t.other = 1
        if i == 20:
            A.x = property(lambda cls: 1)
            Meta.x = property(lambda cls: "of the metaclass")
        if i == 22:
            D.k = property(lambda self: "property")
        if i == 24:
            space.__dict__[1] = 2
            u.__dict__[1] = 2
        if i == 26:
            del u.m
        if i == 28:
            T.twice = other
        if i == 32:
            other.__init__(lambda self: 4)
        if i == 36:
            T.twice = 5
        if i == 40:
            Meta.__getattribute__ = lambda cls, name: "asked" if name == "x" else type.__getattribute__(cls, name)
    return out


class Base:
    default = None

    def __new__(cls, *rest):
        return super().__new__(cls)

    def __init__(self, x=0):
        super().__init__()
        self.x = x

    @classmethod
    def make(cls, n):
        return cls(n)

    @staticmethod
    def plus(n):
        return n + 1

    def __hash__(self):
        return super().__hash__() & 0

    def who(self):
        return "Base"


class Derived(Base):
    size = staticmethod(len)
    named = classmethod(lambda cls, n: (cls.__name__, n))
    wrong = classmethod(len)

    @classmethod
    def make(cls, n):
        return super().make(n + 1)

    def who(self):
        return super().who() + "Derived" + super().__class__.__name__


def inherited():
    out = []
    for i in range(80):
        b, c = Derived.make(i), Base(i)
        if i % 3 == 0 and i < 30:
            b.default = i
        if i % 7 == 0:
            c.__dict__
        for k in range(i % 5):
            setattr(c, f"k{k}_{i}", 1)
        out.append((b.x, b.who(), Derived.plus(3), Derived.size([1]), Derived.named(4), hash(b), b.default, c.default, c.who()))
        try:
            Derived.wrong()
        except TypeError as error:
            out.append(str(error))
        if i == 30:
            Base.default = property(lambda self: "p")
        if i == 33:
            Base.default = 9
        if i == 40:
            Base.who = lambda self: "new"
        if i == 45:
            Derived.plus = classmethod(lambda cls, n: (cls.__name__, n))
        if i == 50:
            c.who = lambda: "own"
            out.append(c.who())
        if i == 60:
            Derived.size = len
    return out


def main():
    for row in kinds() + inherited():
        print(re.sub("0x[0-9a-f]+", "", str(row)))


main()
