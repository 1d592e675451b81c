"""Classes, inheritance, super, class and static methods, operator overloading."""


class Vector:
    dimensions = 2
    made = 0

    def __init__(self, x, y=0):
        self.x = x
        self.y = y
        type(self).made += 1

    def __add__(self, other):
        if not isinstance(other, Vector):
            return NotImplemented
        return Vector(self.x + other.x, self.y + other.y)

    def __radd__(self, other):
        if other == 0:
            return self
        return NotImplemented

    def __mul__(self, k):
        return Vector(self.x * k, self.y * k)

    __rmul__ = __mul__

    def __iadd__(self, other):
        self.x += other.x
        self.y += other.y
        return self

    def __eq__(self, other):
        return isinstance(other, Vector) and (self.x, self.y) == (other.x, other.y)

    def __hash__(self):
        return hash((self.x, self.y))

    def __lt__(self, other):
        return self.length2() < other.length2()

    def __repr__(self):
        return f"{type(self).__name__}({self.x}, {self.y})"

    def __bool__(self):
        return bool(self.x or self.y)

    def __len__(self):
        return self.dimensions

    def __getitem__(self, i):
        return (self.x, self.y)[i]

    def __call__(self, *args, **kw):
        return self, args, kw

    def __contains__(self, v):
        return v in (self.x, self.y)

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def length2(self):
        return self.x ** 2 + self.y ** 2

    @classmethod
    def origin(cls):
        return cls(0)

    @staticmethod
    def dot(a, b):
        return a.x * b.x + a.y * b.y


class Named(Vector):
    def __init__(self, name, *rest, **more):
        super().__init__(*rest, **more)
        self.name = name

    def __repr__(self):
        return self.name + "=" + super().__repr__()

    def length2(self):
        return super(Named, self).length2() + 1


class A:
    def who(self):
        return ["A"]


class B(A):
    def who(self):
        return ["B"] + super().who()


class C(A):
    def who(self):
        return ["C"] + super().who()


class D(B, C):
    def who(self):
        return ["D"] + super().who()


def main():
    a, b = Vector(1, 2), Vector(3, y=4)
    print(a + b, a * 3, 3 * a, -a, a == Vector(1, 2), a != b, a < b, max(a, b), bool(Vector(0)), len(a), a[1], 2 in a)
    print(sum([a, b, a]), a(1, k=2), Vector.origin(), Named.origin, Vector.dot(a, b))
    a += b
    print(a, {a: 1}[Vector(4, 6)], sorted([b, a, Vector(0)]))
    n = Named("n", 5, y=6)
    print(n, n.length2(), n + a, Named.__mro__, D().who(), [k.__name__ for k in D.__mro__])
    try:
        a + 1
    except TypeError as error:
        print(error)
    try:
        a.missing
    except AttributeError as error:
        print(error, error.name, error.obj is a)
    try:
        Vector.nothing()
    except AttributeError as error:
        print(error)
    for wrong in (lambda: Vector(), lambda: Vector(1, 2, 3), lambda: Vector(1, z=3), lambda: a.length2(1), lambda: Named()):
        try:
            wrong()
        except TypeError as error:
            print(error)
    total = 0
    for i in range(300):
        v = Vector(i, 1)
        v.x += 1
        total += v.length2() + v.x
    print(total, isinstance(n, Vector), issubclass(Named, Vector))
    Vector.made = 0


main()
