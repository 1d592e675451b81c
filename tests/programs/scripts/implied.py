"""What instructions call of a program's classes, in hot loops: operators, items, properties, managers, __init__, super()."""
import gc
import sys
import weakref


class Vector:
    __slots__ = ("x", "y")

    def __init__(self, x, y=0):
        self.x, self.y = x, y

    def __add__(self, other):
        if isinstance(other, Vector):
            return Vector(self.x + other.x, self.y + other.y)
        return NotImplemented

    def __radd__(self, other):
        return Vector(other + self.x, self.y)

    def __iadd__(self, other):
        self.x += 1
        return self

    def __mul__(self, number):
        return Vector(self.x * number, self.y * number)

    def __eq__(self, other):
        return isinstance(other, Vector) and (self.x, self.y) == (other.x, other.y)

    def __lt__(self, other):
        if not isinstance(other, Vector):
            return NotImplemented
        return self.x < other.x

    def __repr__(self):
        return f"<{self.x} {self.y}>"


class Special(Vector):
    __slots__ = ()

    def __radd__(self, other):
        return Vector(-1, -1)

    def __gt__(self, other):
        return "special"


class Truthy:
    def __init__(self, value):
        self.value = value

    def __bool__(self):
        return self.value

    def __lt__(self, other):
        return Truthy(not self.value)


class Table:
    def __init__(self, n):
        self.rows = list(range(n))
        self._last = None

    def __getitem__(self, key):
        return self.rows[key]

    def __setitem__(self, key, value):
        self.rows[key] = value
        return "ignored"

    @property
    def last(self):
        return self._last

    @property
    def depth(self):
        frame = sys._getframe()
        return frame.f_code.co_name, frame.f_back.f_code.co_name, frame.f_back.f_lineno - frame.f_back.f_code.co_firstlineno


class Plain:
    pass


class Counted(Plain):
    made = 0

    def __init__(self):
        Counted.made += 1


class Returning:
    def __init__(self, value):
        return value


def operators(n):
    v, w, total = Vector(0), Vector(1, 2), 0
    for i in range(n):
        v = v + w
        u = v * 3
        total += (u == v) + 2 * (v == v)
        if w < v:
            total += 4
        if not v < w:
            total += 8
        u += 5
        total += u.x
    return v, total


def declined(n):
    out = []
    v = Vector(1)
    for i in range(n):
        try:
            v + "x"
        except TypeError as error:
            out.append(str(error))
        try:
            v < i
        except TypeError as error:
            out.append(str(error))
        total = 1 + v
        out.append((total.x, (v + Special(3)).x, v < Special(3)))
    return sorted(set(out), key=str), len(out)


def several(n):
    """Operands of several types at one place."""
    things = [Vector(1), 2, 2.5, "ab", [1], Special(3)]
    out = []
    for i in range(n):
        a = things[i % 6]
        out.append(a * 2)
        out.append(a == things[i % 5])
    return out[-24:]


def truths(n):
    a, b, total = Truthy(True), Truthy(False), 0
    for i in range(n):
        if a < b:
            total += 1
        if b < a:
            total += 10
        total += bool(a < b)
    return total


def items(n):
    t = Table(10)
    total = 0
    for i in range(n):
        t[i % 10] = i
        total += t[(i + 3) % 10]
        if i % 40 == 39:
            try:
                t[100]
            except IndexError as error:
                total += len(str(error))
    return total, t.rows


def properties(n):
    t = Table(3)
    total = 0
    seen = set()
    for i in range(n):
        total += t.last is None
        seen.add(t.depth)
        try:
            t.last = 3
        except AttributeError as error:
            seen.add(str(error)[:40])
    return total, sorted(seen, key=str)


def instances(n):
    total = 0
    kept = []
    for i in range(n):
        p = Plain()
        p.a = i
        q = Counted()
        q.b = p
        total += q.b.a
        if i % 100 == 0:
            kept.append(q)
    return total, Counted.made, [(sorted(vars(q)), q.b.a) for q in kept]


def returned(n):
    out = set()
    for i in range(n):
        try:
            Returning(None if i % 3 else i)
        except TypeError as error:
            out.add(str(error))
    return sorted(out)


def deaths(n):
    """Instances die when nobody has them, also those that __init__ gives up."""
    log = []

    class Dies:
        def __init__(self, i):
            self.i = i
            if i % 5 == 0:
                raise KeyError(i)

        def __del__(self):
            log.append(self.i)
    marks = []
    for i in range(n):
        try:
            d = Dies(i)
        except KeyError:
            pass
        marks.append(len(log))
        d = None
        marks.append(len(log))
    return marks[-9:], log[-5:]


def references(n):
    v, w = Vector(1), Vector(2)
    counts = set()
    for i in range(n):
        u = v + w
        counts.add((sys.getrefcount(v), sys.getrefcount(w), sys.getrefcount(u)))
    return sorted(counts)


def weak(n):
    dead = 0
    for i in range(n):
        p = Plain()
        r = weakref.ref(p)
        dead += r() is None
        p = None
        dead += 2 * (r() is None)
    return dead


def changing(n):
    """Methods change while the loop runs."""
    class C:
        def __getitem__(self, key):
            return key

        def __init__(self, x):
            self.x = x

        @property
        def p(self):
            return self.x
    total = 0
    c = C(1)
    for i in range(n):
        total += c[i] + c.p + C(i).x
        if i == n // 3:
            C.__getitem__ = lambda self, key: 1000
        if i == n // 2:
            C.p = 7
            C.__init__ = lambda self, x: setattr(self, "x", -x)
        if i == n - n // 4:
            del C.__init__
            C.__new__ = lambda cls, x: c
    return total


class Top:
    def __init__(self, x):
        self.x = x

    def name(self):
        return "top"

    @classmethod
    def make(cls):
        return cls.__name__

    @property
    def size(self):
        return self.x


class Left(Top):
    def __init__(self, x):
        super().__init__(x + 1)

    def name(self):
        return "left " + super().name()

    @classmethod
    def make(cls):
        return "Left " + super().make()

    @property
    def size(self):
        return super().size + 10


class Right(Top):
    def __init__(self, x):
        super().__init__(x * 2)

    def name(self):
        return "right " + super().name()


class Both(Left, Right):
    def __init__(self, x):
        super().__init__(x)
        self.extra = super().name

    def name(self):
        return "both " + super().name() + " " + self.extra()

    def missing(self):
        return super().nothing

    def other(self):
        self = Left(3)
        return super(Left, self).name()

    def rebound(self):
        self = 3
        return super().name()


def supers(n):
    out = set()
    for i in range(n):
        b = Both(i % 3) if i % 7 else Left(i % 3)
        out.add((b.x, b.name(), b.make(), b.size))
        for name in ("missing", "other", "rebound"):
            try:
                out.add(getattr(b, name)())
            except (AttributeError, TypeError) as error:
                out.add(str(error))
    return sorted(out, key=str)


def bound(n):
    left, right = Left(1), Right(2)
    methods = [left.name, right.name, "abc".upper, lambda: "lambda"]
    out = []
    name = left.name
    for i in range(n):
        out.append(methods[i % 4]())
        name()
        same = left.name
        out.append(same())
    return out[-8:], sys.getrefcount(left) - sys.getrefcount(right)


def collected(n):
    """Cycles of instances made in a loop."""
    gc.collect()
    alive = weakref.WeakSet()
    for i in range(n):
        p, q = Plain(), Plain()
        p.other, q.other = q, p
        alive.add(p)
    del p, q
    gc.collect()
    return len(alive)


def main():
    for test in (operators, declined, several, truths, items, properties, instances, returned, deaths, references, weak, changing, supers, bound,
                 collected):
        for size in (200, 500):
            print(test.__name__, test(size))


main()
