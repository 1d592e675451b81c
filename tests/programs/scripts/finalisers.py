"""When objects die: temporaries at their last use, locals at their overwrite or the frame's end."""
import gc
import sys
import weakref


class Noisy:
    def __init__(self, name):
        self.name = name
        self.value = 5

    def __del__(self):
        print("del", self.name)

    def me(self):
        return self

    def __add__(self, other):
        return Noisy(f"({self.name}+{other.name})")

    def __getitem__(self, k):
        return k

    def __enter__(self):
        return Noisy("entered " + self.name)

    def __exit__(self, *args):
        print("exit", self.name)

    def __iter__(self):
        return iter([1, 2])


def temporaries():
    print(Noisy("attr").value)
    Noisy("expr")
    print("after expr")
    Noisy("call").me().me().value
    print("after call")
    print(Noisy("item")[3])
    x = Noisy("a") + Noisy("b")
    print("sum", x.name)
    y = (Noisy("t1"), Noisy("t2"))[1]
    print("picked", y.name)
    if Noisy("cond"):
        print("in if")
    for v in Noisy("iter"):
        print(v)
    print([Noisy("list").value for _ in range(2)], {Noisy("key").name: Noisy("val").name})


def overwrite():
    a = Noisy("1")
    a = Noisy("2")
    print("overwritten")
    a = a.value
    print("replaced by its value", a)
    b = c = Noisy("shared")
    b = None
    print("still there")
    del c
    print("gone")
    for i in range(2):
        d = Noisy(f"loop{i}")
    print("loop done")


def arguments(x, y):
    x = None
    print("argument dropped")
    return y


def many(x, *rest, k=None, d=3, **more):
    x = None
    print("x dropped")
    k = None
    print("k dropped")
    rest = None
    print("rest dropped")
    more.clear()
    print("more dropped")


def in_loops(values):
    for v in values:
        return Noisy("local at return").value


class Watched(list):
    def __iter__(self):
        return iter([Noisy("held by iterator"), 2])


def exceptions():
    try:
        n = Noisy("in try")
        raise ValueError(Noisy("in args"))
    except ValueError as error:
        print("caught")
        error.x = Noisy("on error")
    print("handled")
    n = None
    try:
        Noisy("temp in raising").missing
    except AttributeError:
        print("no attribute")


def closures():
    n = Noisy("cell")

    def inner():
        return n.name
    print(inner())
    del n
    print("cell emptied")


def fails(n):
    m = Noisy("local")
    return n.nope


def weak():
    n = Noisy("weak")
    r = weakref.ref(n, lambda _: print("callback"))
    print(r() is n, r().name)
    n = None
    print(r())
    d = weakref.WeakValueDictionary()
    d["k"] = k = Noisy("in dict")
    print(len(d))
    del k
    print(len(d))


def cycle():
    a = Noisy("cycle")
    a.self = a
    del a
    print("before collect")
    gc.collect()


def counts():
    o = object()
    base = sys.getrefcount(o)
    pair = [o, o]
    after = sys.getrefcount(o)
    t = o
    del pair
    return base, after, sys.getrefcount(o)


def aliases():
    i = 1000
    total = i + (i := 5000) + i
    j = 3.5
    k = j
    j += 1
    m = i
    i += 1
    x = y = 10 ** 6
    x += 1
    print(total, i, j, k, m, x, y)
    def f(a):
        b = a
        a += 1
        return a, b
    print(f(10 ** 7), f(1.5))
    values = [10 ** 6, 10 ** 6 + 1]
    q = values[0]
    q += 5
    print(values, q)


def main():
    temporaries()
    print("--")
    overwrite()
    print("--")
    arguments(Noisy("x"), Noisy("y"))
    arguments(Noisy("x"), y=Noisy("y"))
    arguments(*[Noisy("x"), Noisy("y")])
    many(Noisy("x"), Noisy("r1"), Noisy("r2"), k=Noisy("k"), z=Noisy("z"))
    in_loops(Watched())
    print("--")
    exceptions()
    print("--")
    closures()
    try:
        fails(Noisy("arg"))
    except AttributeError as error:
        print(error)
    print("--")
    weak()
    cycle()
    print(counts())
    aliases()
    with Noisy("manager") as e:
        print(e.name)
    print("end")


main()
last = Noisy("module")
