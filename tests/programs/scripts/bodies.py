"""Bodies of classes: namespaces of all kinds, cells, metaclasses, loops, what can be seen of them, and what goes wrong in them."""
import abc
import collections
import dataclasses
import enum
import gc
import sys
import traceback
import typing
import weakref

shown = "global"


class Table:
    """A mapping that is no dict and notes what is done with it."""

    def __init__(self, log):
        self.names, self.log = {}, log

    def __getitem__(self, name):
        self.log.append(("get", name))
        return self.names[name]

    def __setitem__(self, name, value):
        self.log.append(("set", name))
        self.names[name] = value

    def __delitem__(self, name):
        self.log.append(("del", name))
        del self.names[name]

    def keys(self):
        return self.names.keys()


class Doubling(dict):
    """A dict whose look-up is its own."""

    def __getitem__(self, name):
        if name.startswith("auto_"):
            return name * 2
        return super().__getitem__(name)

    def __setitem__(self, name, value):
        super().__setitem__(name, value)
        if not name.startswith("__"):
            super().__setitem__(name + "_too", value)


class Prepared(type):
    def __prepare__(name, bases, kind=dict, **named):
        print("prepare", name, bases, sorted(named))
        return kind()

    def __new__(meta, name, bases, names, kind=dict, **named):
        return super().__new__(meta, name, bases, dict(names))

    def __init__(cls, name, bases, names, **named):
        super().__init__(name, bases, dict(names))


def error(make):
    try:
        make()
    except BaseException as e:
        print(make.__name__, type(e).__name__, e, type(e.__context__).__name__, type(e.__cause__).__name__)
        print("  ", [(row.name, row.lineno - make.__code__.co_firstlineno, row.colno, row.end_colno)
                     for row in traceback.extract_tb(e.__traceback__)][1:])
    else:
        print(make.__name__, "no error")


def plain():
    class A:
        """What it is."""

        x: int = 1
        y: "later"
        __private: int = 2
        (z): int = 3
        if x:
            w: str = "w"
        total = x + __private

        def f(self):
            return self.x, self.__private

        @staticmethod
        def g():
            return __class__.__name__

        @property
        def p(self):
            return self._p

        @p.setter
        def p(self, value):
            self._p = value

        class Inner:
            deep = [i for i in range(3)]

            def up(self):
                return __class__, super().__init__

        both = Inner.deep, lambda self: self.x

    a = A()
    a.p = 4
    print(A.__doc__, A.__annotations__, A.__module__, A.__qualname__, A.Inner.__qualname__, A.total, a.f(), A.g(), a.p)
    print(a.both[0], a.both[1](a), A.Inner().up()[0], A.f.__qualname__, A.__dict__.keys())

    class Empty:
        pass

    print(Empty.__doc__, Empty.__dict__.get("__annotations__"), sorted(Empty.__dict__))


def cells():
    x, y, hidden = "outer x", "outer y", 1

    class A:
        x = "inner x"
        first = y

        def f(self):
            return x, y

        locals()["y"] = "inner"
        second = y
        del locals()["y"]
        third = y
        global shown
        shown = "changed by class"
        nonlocal hidden
        hidden += 1
        fourth = shown

        class B:
            again = x, y

    print(A.x, A.first, A.second, A.third, A.fourth, hidden, A().f(), A.B.again, shown, sorted(A.__dict__))

    def unset():
        class C:
            z = late

        late = 1

    def unset_after():
        class C:
            late = 1
            print(late)
            del late
            print(late)

        late = 1

    error(unset)
    error(unset_after)

    def chain(n):
        class Link:
            number = n
            if n:
                inner = chain(n - 1)

            def up(self):
                return n, __class__.number, __class__

        return Link

    link = chain(5)
    while hasattr(link, "inner"):
        print(link().up()[:2], link().up()[2] is link)
        link = link.inner


def namespaces():
    log = []

    class A(metaclass=Prepared, kind=lambda: Table(log), more=1):
        x: int = 1
        y = x + 1
        for i in range(2):
            y += i
        del x
        shown = shown
        try:
            x
        except NameError as e:
            text = str(e)

        def f(self):
            return __class__

    print(A.y, A.text, A().f() is A, A.__annotations__, A.shown)
    print(log)

    class B(metaclass=Prepared, kind=Doubling):
        x = auto_a
        y = x_too + "!"
        z: int = 4

    print(B.x, B.y, B.y_too, B.z, B.__annotations__, hasattr(B, "__annotations___too"))

    class C(metaclass=Prepared, kind=collections.OrderedDict):
        b, a = 1, 2
        c = locals()
        d = sorted(locals())
        vars()["e"] = 5
        f = e
        exec("g = f + 1")
        h = eval("g + 1")
        i = sys._getframe().f_locals is locals()
        j = sys._getframe().f_code.co_name, sys._getframe(1).f_code.co_name

    print(C.c is C.__dict__, C.d, C.e, C.f, C.g, C.h, C.i, C.j)

    class D:
        locals()["put"] = "there"
        seen = put
        code = [name for name in dir()]
        import os.path as where
        from os import path as also
        same = where is also
        with open("/dev/null") as f:
            data = f.read()
        match 5:
            case int(number):
                pass
        if (walrus := number + 1) > 5:
            first, *rest = range(4)
        lam = lambda: D
        __slots__ = ("one", "two")
        gen = tuple(n for n in range(number))

    print(D.seen, D.same, D.f.closed, D.data, D.number, D.walrus, D.first, D.rest, D.gen, "number" in D.code, D.one)


def loops():
    class Loop:
        total = 0
        rows = []
        for i in range(3000):
            if i % 3 == 0:
                continue
            total += i
            rows.append(i & 7)
            if i > 2500:
                break
        else:
            total = -1
        n = 0
        while n < 2000:
            n += 1
        squares = {k: k * k for k in range(5)}
        inner = 0
        for a in range(60):
            for b in range(40):
                inner = inner + a * b
        big = 1
        for c in range(100):
            big *= 3
        floats = 0.0
        for d in range(500):
            floats += d / 2
        try:
            for e in range(1000):
                if e == 700:
                    raise KeyError(e)
        except KeyError as error:
            caught = error.args

    print(Loop.total, sum(Loop.rows), Loop.i, Loop.n, Loop.squares, Loop.inner, Loop.big, Loop.floats, Loop.caught, hasattr(Loop, "error"))
    made = []
    for number in range(300):
        class Made:
            n = number
            double = n * 2

            def get(self):
                return self.n, __class__.double

        made.append(Made)
    print(sum(kind().get()[1] for kind in made), len({id(kind) for kind in made}))
    log = []

    class Odd(metaclass=Prepared, kind=lambda: Table(log)):
        total = 0
        for i in range(200):
            total += i

    print(Odd.total, len(log))


class Meta(type):
    def __call__(cls, *args):
        return super().__call__(*args)

    def __set_name__(self, owner, name):
        print("name", owner.__name__, name)


class Named:
    def __set_name__(self, owner, name):
        print("set_name", owner.__name__, name)


class Registers:
    kinds = []

    def __init_subclass__(cls, /, tag=None, **named):
        super().__init_subclass__(**named)
        cls.kinds.append((cls.__name__, tag))


class Stands:
    """Stands for other bases."""

    def __init__(self, *bases):
        self.bases = bases

    def __mro_entries__(self, bases):
        print("entries", len(bases))
        return self.bases


T = typing.TypeVar("T")


def making():
    class A(Registers, tag=1):
        n = Named()

    class B(A, tag="b", metaclass=Meta):
        pass

    bases, named = (A, Stands(dict, enum.Flag.__base__)), {"tag": 5}
    try:
        class C(*bases, **named):
            pass
    except TypeError as e:
        print(e)

    class D(*(A,), **named):
        z = 1

    class E(Stands(), A):
        pass

    class F(typing.Generic[T]):
        x: T

    class G(F[int], typing.Protocol if False else object):
        y: typing.List[T]

    class H(typing.NamedTuple):
        a: int
        b: str = "b"

    class K(typing.TypedDict, total=False):
        a: int

    class Colour(enum.Enum):
        RED = 1
        BLUE = enum.auto()
        ALSO = RED

        def mixed(self):
            return self.value + 1

    class Bits(enum.Flag):
        A, B, C = (1 << i for i in range(3))
        AB = A | B

    class Abstract(abc.ABC):
        @abc.abstractmethod
        def f(self): ...

    @dataclasses.dataclass(order=True)
    class Point:
        x: int
        y: int = 2
        rest: list = dataclasses.field(default_factory=list)

        def area(self):
            return self.x * self.y

    def by_function(name, bases, names, **named):
        return name, len(bases), sorted(n for n in names if not n.startswith("__")), named

    class L(int, metaclass=by_function, extra=1):
        one = 1
        two = 2

    def wraps(number):
        def wrap(cls):
            cls.wrapped = getattr(cls, "wrapped", ()) + (number,)
            return cls
        return wrap

    @wraps(1)
    @wraps(2)
    class M:
        pass

    print(Registers.kinds, B.__mro__[1].__name__, D.z, E.__orig_bases__[1].__name__, E.__bases__, F.__parameters__, G.__orig_bases__)
    print(H(1), K.__annotations__, list(Colour), Colour.ALSO, Colour.RED.mixed(), Bits.AB, Abstract.__abstractmethods__, L, M.wrapped)
    print(Point(3).area(), Point(1) < Point(2), Point(1))


def failures():
    def undefined():
        class A:
            x = 1
            y = x + does_not_exist

    def undeleted():
        class A:
            del does_not_exist

    def raises():
        class A:
            class B:
                def f(self):
                    raise ValueError(1)

                x = f(
                    None)

    def conflict():
        class A(int, metaclass=Prepared):
            pass

        class B(A, metaclass=abc.ABCMeta):
            pass

    def no_mapping():
        class M(type):
            def __prepare__(name, bases):
                return 5

        class A(metaclass=M):
            pass

    def no_mapping_either():
        class Odd:
            def __prepare__(name, bases):
                return None

        class A(metaclass=Odd()):
            pass

    def no_entries():
        class Bad:
            def __mro_entries__(self, bases):
                return [int]

        class A(Bad()):
            pass

    def entries_raise():
        class Bad:
            def __mro_entries__(self, bases):
                raise KeyError("entries")

        class A(int, Bad()):
            pass

    def no_cell():
        class M(type):
            def __new__(meta, name, bases, names):
                names.pop("__classcell__", None)
                return super().__new__(meta, name, bases, names)

        class A(metaclass=M):
            def f(self):
                return __class__

    def other_cell():
        class M(type):
            def __new__(meta, name, bases, names):
                first = super().__new__(meta, name, bases, dict(names))
                del names["__classcell__"]
                return super().__new__(meta, "Second", bases, names)

        class A(metaclass=M):
            def f(self):
                return __class__

    def bad_base():
        class A(5):
            pass

    def bad_keyword():
        class A(unknown=1):
            pass

    def twice():
        class A(metaclass=type, **{"metaclass": type}):
            pass

    def in_finally():
        class A:
            try:
                1 // 0
            finally:
                x = [0][5]

    def deleted_name():
        class A:
            x = 1
            del x
            del x

    def name_raises():
        class Wild(dict):
            def __missing__(self, key):
                raise IndexError(key)

        class M(type):
            def __prepare__(name, bases):
                return Wild(__name__="n")

        class A(metaclass=M):
            x = y

    def store_raises():
        class Wild(dict):
            def __setitem__(self, key, value):
                if key == "x":
                    raise IndexError(key)
                super().__setitem__(key, value)

        class M(type):
            def __prepare__(name, bases):
                return Wild()

        class A(metaclass=M):
            y = 1
            x = 2

    def hidden_builtin():
        class A:
            len = 5
            x = len
            del len
            y = len("abc")

        print(A.x, A.y)

    def deep():
        def inside(n):
            class A:
                x = inside(n + 1)

        inside(0)

    for make in (undefined, undeleted, raises, conflict, no_mapping, no_mapping_either, no_entries, entries_raise, no_cell, other_cell,
                 bad_base, bad_keyword, twice, in_finally, deleted_name, name_raises, store_raises, hidden_builtin):
        error(make)
    try:
        deep()
    except RecursionError as e:
        print(type(e))


def lifetimes():
    class Dies:
        def __init__(self, name):
            self.name = name

        def __del__(self):
            print("dies", self.name)

    class A:
        x = Dies("replaced")
        x = Dies("kept")
        y = Dies("deleted")
        del y
        for z in (Dies("first"), Dies("second")):
            pass
        del z
        Dies("unused")

    print("made")
    ref = weakref.ref(A)
    del A
    gc.collect()
    print(ref())
    frames = []

    class B:
        frames.append(sys._getframe())
        inside = Dies("in B")

    print(frames[0].f_lineno - frames[0].f_code.co_firstlineno, sorted(frames[0].f_locals), frames[0].f_back.f_code.co_name)
    frames.clear()
    B.inside = None
    print("end")


def wrapped():
    import builtins
    original = builtins.__build_class__

    def noting(function, name, *bases, **named):
        print("build", name, function.__qualname__, function.__code__.co_flags & 3)
        return original(function, name, *bases, **named)

    builtins.__build_class__ = noting
    try:
        class A:
            x = 1

            def f(self):
                return super().__init__
    finally:
        builtins.__build_class__ = original
    print(A.x, A().f() is not None)

    functions = []
    builtins.__build_class__ = lambda function, name: functions.append(function)
    try:
        class B:
            called_as_a_function = 5
    finally:
        builtins.__build_class__ = original
    for _ in range(3):
        print(functions[0]())
    print(globals().pop("called_as_a_function"), globals().pop("__qualname__"), globals().pop("__module__"))
    for _ in range(30):
        made = original(functions[0], "Made", int)
    print(made.called_as_a_function, made(3) + 1)


def main():
    global shown
    shown = "global"
    for part in (plain, cells, namespaces, loops, making, failures, lifetimes, wrapped):
        part()
        Registers.kinds.clear()
        gc.collect()


main()
