"""Calls of every shape to signatures of every shape: results, errors, changed defaults, lifetimes, frames, recursion."""
import functools
import re
import sys

def show(*a): print(*a)
def plain(a, b, c): return a, b, c
def defaults(a, b=2, c=3): return a, b, c
def kwonly(a, *, k=1, m): return a, k, m
def posonly(a, b=5, /, c=6): return a, b, c
def rest(*args): return args
def rest1(a, *args): return a, args
def words(**kw): return kw
def everything(a, b=2, /, c=3, *args, k=4, m, **kw): return a, b, c, args, k, m, kw
def cells(a, b=2, *args, k=3):
    def inner(): return a, b, args, k
    return inner()
class C:
    def m(self, x, y=2, *, z=3): return type(self).__name__, x, y, z
    @staticmethod
    def s(x, y=2): return x, y
    @classmethod
    def c(cls, x, y=2): return cls.__name__, x, y
    def __init__(self, *a, **k): self.a = a, k
    def __call__(self, x, y=3): return x, y
FUNCTIONS = (plain, defaults, kwonly, posonly, rest, rest1, words, everything, cells)
CALLS = (
    lambda f, a, b, c: f(),
    lambda f, a, b, c: f(a),
    lambda f, a, b, c: f(a, b),
    lambda f, a, b, c: f(a, b, c),
    lambda f, a, b, c: f(a, b, c, a),
    lambda f, a, b, c: f(a, b, c, a, b),
    lambda f, a, b, c: f(a, c=c),
    lambda f, a, b, c: f(a, b=b, c=c),
    lambda f, a, b, c: f(c=c, b=b, a=a),
    lambda f, a, b, c: f(a, b, b=c),
    lambda f, a, b, c: f(a, k=b, m=c),
    lambda f, a, b, c: f(a, m=c),
    lambda f, a, b, c: f(a, b, c, a, m=c, x=a, y=b),
    lambda f, a, b, c: f(m=c, a=a),
    lambda f, a, b, c: f(x=1),
    lambda f, a, b, c: f(*(a, b)),
    lambda f, a, b, c: f(a, *(b, c)),
    lambda f, a, b, c: f(*[a, b, c]),
    lambda f, a, b, c: f(*(), **{}),
    lambda f, a, b, c: f(**{"a": a, "b": b, "c": c}),
    lambda f, a, b, c: f(*(a,), **{"m": b, "k": c}),
    lambda f, a, b, c: f(a, b, *(c,), **{"m": b, "zz": c}),
    lambda f, a, b, c: f(a, **{"a": b}),
    lambda f, a, b, c: f(a, **{1: b}),
    lambda f, a, b, c: f(a, *5),
    lambda f, a, b, c: f(a, **5),
    lambda f, a, b, c: f(a, m=1, **{"m": b}),
)
def attempt(call, f, *args):
    try: return call(f, *args)
    except TypeError as e: return "TypeError", re.sub(" at 0x[0-9a-f]+", "", str(e))
def shapes():
    for n, call in enumerate(CALLS):
        for f in FUNCTIONS:
            show(n, f.__name__, attempt(call, f, [1], [2], [3]))
def methods():
    o = C()
    for call in CALLS:
        for f in (o.m, C.m, o.s, C.s, o.c, C.c, o, functools.partial(defaults, 1), functools.partial(everything, 1, m=2), lambda x, y=1: (x, y)):
            r = attempt(call, f, 1, 2, 3)
            show(r)
        show(attempt(lambda f, *a: call(C, *a).a, C, 1, 2, 3))
        show(attempt(lambda f, a, b, c: o.m(a, z=b), None, 1, 2, 3), attempt(lambda f, a, b, c: o.m(a, b), None, 1, 2, 3),
             attempt(lambda f, a, b, c: o.m(y=a, x=b), None, 1, 2, 3), attempt(lambda f, a, b, c: o.m(y=a), None, 1, 2, 3))
def changing():
    def f(a, b=1, *, k=2): return a, b, k
    for i in range(6):
        show(f(i), f(i, k=9), f(i, 5), f(a=1))
        if i == 1: f.__defaults__ = (10,)
        if i == 2: f.__defaults__ = (20, 30)
        if i == 3: f.__kwdefaults__ = {"k": 40}
        if i == 4: f.__kwdefaults__["k"] = 50
        if i == 5: f.__defaults__ = None; f.__kwdefaults__ = None
    show(attempt(lambda f: f(1), f), attempt(lambda f: f(1, k=1), f), attempt(lambda f: f(1, 2, k=1), f))
    def g(b, a=7): return "g", a, b
    f.__code__ = g.__code__
    show(attempt(lambda f: f(1), f), attempt(lambda f: f(1, a=3), f), attempt(lambda f: f(a=1, b=2), f))
    for f in [lambda a, b=i: (a, b) for i in range(5)]: show(f(1), f(1, b=2))
class Loud:
    def __init__(self, n): self.n = n
    def __del__(self): show("gone", self.n)
def lifetimes():
    def f(a, b=None, *rest, k=None, **kw):
        a = None; show("a"); rest = None; show("rest"); k = None; show("k"); kw = None; show("kw")
    for _ in range(2):
        f(Loud(1), Loud(2), Loud(3), k=Loud(4), z=Loud(5)); show("back")
        f(*(Loud(1), Loud(2), Loud(3)), **{"k": Loud(4), "z": Loud(5)}); show("back")
        try: f(Loud(6), a=7)
        except TypeError as e: show(e)
        show("end")
def forwarding():
    def inner(*args, **kw): return everything(*args, **kw)
    for i in range(4):
        show(inner(i, m=1), inner(i, 2, 3, 4, m=5, q=6), inner(i, *range(i), **dict(zip("mnopq", range(i + 1)))))
def frames():
    def look(a, b=2, *args, k=1, **kw): return sorted(sys._getframe().f_locals.items()), sys._getframe().f_back.f_lineno - sys._getframe().f_code.co_firstlineno
    for _ in range(3):
        show(look(1), look(1, k=2), look(1, 2, 3, x=5), look(*(1, 2), **{"k": 3}))
def deep(n, *args, k=1):
    return n if n == 0 else 1 + deep(n - 1, *args, k=k)
def deeper(n, k=1):
    return deeper(n + 1, k=k)
def recursion():
    show(deep(50, 1, 2), deep(60, k=2))
    try: deeper(0)
    except RecursionError as e: show(e)
    def star(*a, **k): return star(*a, **k)
    try: star(1, x=2)
    except RecursionError as e: show(str(e)[:33])
def main():
    for _ in range(3):
        shapes(); methods(); changing(); lifetimes(); forwarding(); frames(); recursion()


main()
