"""Instances that live shortly, one after another, of classes whose attributes differ: what ends with them, when, and what stays."""
import gc
import sys
import tracemalloc
import weakref


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y


class Wide:
    def __init__(self, n):
        self.a = self.b = self.c = self.d = self.e = n
        self.f, self.g, self.h = n, n + 1, n + 2


class Empty:
    pass


class Noted:
    notes = []

    def __init__(self, name):
        self.name = name

    def __del__(self):
        self.notes.append(self.name)


class Child(Point):
    def __init__(self, x, y, z):
        super().__init__(x, y)
        self.z = z


class Slots:
    __slots__ = ("x", "__dict__", "__weakref__")

    def __init__(self, x):
        self.x, self.y = x, x


class Number(int):
    pass


class Growing:
    def __init__(self, n):
        self.base = n
        if n > 250:
            for i in range(n % 7):
                setattr(self, "extra%d" % i, i)


class Node:
    def __init__(self, following, value):
        self.following, self.value = following, value


class Failing:
    def __init__(self, n):
        self.n = n
        if n % 3 == 0:
            raise ValueError(n)


def many(count):
    total = 0
    for i in range(count):
        p = Point(i, 2.5)
        q = Child(p, p, Point(i, i + 1))
        w = Wide(i)
        e = Empty()
        e.late = i
        g = Growing(i)
        s = Slots(i)
        n = Number(i)
        n.name = "n"
        total += q.x.x + q.z.y + w.h + e.late + len(vars(g)) + s.y + n
        if i % 50 == 0:
            total += len(p.__dict__) + len(w.__dict__) + len(vars(e))
            total += [weakref.ref(p)() is p, weakref.ref(w)().a][1]
        try:
            total += Failing(i).n
        except ValueError as error:
            total += error.args[0]
    return total, sorted(vars(g)), vars(w), list(vars(q))


def finalised(count):
    for i in range(count):
        Point(Noted(("x", i)), Noted(("y", i)))
        p = Point(Noted(("kept", i)), i)
        del p.x
        Noted.notes.append("body")
    notes, Noted.notes[:] = Noted.notes[:6] + Noted.notes[-6:], []
    return notes


def chain(length):
    """More nested than the host unwinds at once."""
    node = None
    for i in range(length):
        node = Node(node, Noted(i))
    del node
    notes, Noted.notes[:] = list(Noted.notes), []
    return notes


def plain_chain(length):
    node = None
    for i in range(length):
        node = Node(node, i)
    return node.value


def classes(count):
    """Classes that end while instances of them are kept for reuse."""
    total = 0
    for i in range(count):
        class Local:
            def __init__(self, n):
                self.n = n
                self.m = n
        total += Local(i).n + Local(1).m
    return total


def references(count):
    kept = [Point(i, i) for i in range(count)]
    between = sys.getrefcount(Point)
    for i in range(count):
        Point(i, i)
    del kept
    return abs(between - sys.getrefcount(Point) - count) < 4


def collections(count):
    seen = []

    def note(phase, info):
        seen.append(phase)
    gc.collect()
    gc.callbacks.append(note)
    kept = []
    for i in range(count):
        p = Point(i, None)
        if i % 3:
            kept.append(Point(p, p))
        if i % 5 == 0:
            p.y = p
    gc.callbacks.remove(note)
    return 10 < len(seen) < 24


def swapped(count):
    """Another class in mid-life, another dict."""
    total = 0
    for i in range(count):
        p = Point(i, 1)
        p.__class__ = Empty
        q = Point(i, 2)
        q.__dict__ = {"x": 5}
        total += p.x + q.x
        r = Point(1, 2)
        del r.x, r.y
        r.y = 3
        r.x = 4
        total += list(vars(r).values())[0] + len(dir(r))
    return total


def noted(count):
    """Whether tracemalloc knows of instances that are made while it runs."""
    chain = None
    for i in range(count):
        chain = Point(chain, i)
    chain = None
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = []
    for i in range(count):
        kept.append(Point(None, None))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return grown > 60 * len(kept)


def main():
    print(many(700))
    print(finalised(300))
    for length in (3, 49, 60, 130):
        for _ in range(10):
            notes = chain(length)
        print(length, notes)
    print([plain_chain(3000) for _ in range(10)])
    print(classes(200))
    print([references(300) for _ in range(8)][-1])
    print([collections(4000) for _ in range(2)][-1])
    print(swapped(400))
    print([noted(40) for _ in range(4)])


main()
