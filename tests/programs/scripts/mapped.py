"""map and filter over functions of the program: order, ends, exceptions and their tracebacks, shared iterators, frames that look."""
import sys
import traceback
from operator import length_hint


def one(q): return q
def double(q): return q * 2
def odd(q): return q & 1
def is_odd(q): return q % 2 == 1
def none(q): return None
def with_default(q, k=3): return q * k
def stars(*a): return a
def pair(a, b): return a * b
def gen(q):
    yield q
    yield q + 1
class D:
    log = []
    def __init__(self, n): self.n = n
    def __del__(self): D.log.append(self.n)
    def __bool__(self): return self.n % 3 != 0
    def scaled(self, q): return self.n * q
    def positive(self, q): return q > self.n
    def __call__(self, q): return q + self.n
class Sized:
    def __init__(self, n): self.n = n
    def __len__(self): return self.n % 4
def basics(c):
    t = 0
    for r in map(one, c): t += r
    for r in map(double, c): t += r
    for r in filter(odd, c): t += r
    for r in filter(is_odd, c): t += r
    for r in filter(none, c): t += 1000
    for r in filter(one, c): t += r
    for r in filter(None, c): t += r
    for r in map(with_default, c): t += r
    for r in map(stars, c): t += r[0]
    for r in map(pair, c, c): t += r
    for r in map(gen, c): t += sum(r)
    for r in map(str, c): t += len(r)
    for r in map(abs, c): t += r
    for r in map(D(5).scaled, c): t += r
    for r in map(D(5), c): t += r
    for r in filter(D(5).positive, c): t += r
    for r in map(lambda q: q + t % 3, c): t += r
    for r in filter(lambda q: "" if q % 2 else "x", c): t += r
    for r in filter(lambda q: [q] if q % 3 else [], c): t += r
    for r in filter(lambda q: float(q % 2), c): t += r
    for r in filter(lambda q: {} if q % 5 else {1: 2}, c): t += r
    for r in filter(lambda q: D(q), c): t += r
    for r in filter(lambda q: Sized(q), c): t += r
    for r in filter(lambda q: 2 ** (q + 60) & 2 ** 70, c): t += r
    for r in filter(lambda q: q if q % 2 else None, c): t += r
    return t, r
def kinds(n):
    t = 0
    for r in map(double, range(n)): t += r
    for r in map(double, range(n, 0, -2)): t += r
    for r in map(double, tuple(range(n))): t += r
    for r in map(double, "abc" * n): t += len(r)
    for r in map(double, {i: 1 for i in range(n)}): t += r
    for r in map(double, {i for i in range(n)}): t += r
    for r in map(double, bytes(range(n))): t += r
    for r in map(double, map(double, range(n))): t += r
    for r in map(double, filter(is_odd, range(n))): t += r
    for r in filter(is_odd, map(one, range(n))): t += r
    for r in map(sum, zip(range(n), range(n))): t += r
    for r in map(double, (i for i in range(n))): t += r
    for i, r in enumerate(map(double, range(n))): t += i * r
    for a, b in zip(map(double, range(n)), filter(is_odd, range(n))): t += a * b
    for a, b in map(divmod, range(n), range(1, n)): t += a + b
    for a, b in map(lambda q: (q, q + 1), range(n)): t += a * b
    for a, b in filter(lambda q: q[0] % 2, [(i, i + 1) for i in range(n)]): t += a * b
    t += sum(map(double, range(n))) + len(list(filter(is_odd, range(n)))) + max(map(double, range(n)))
    t += sum([double(x) for x in map(double, range(n))])
    t += sum(x for x in map(double, range(n)) if x % 3)
    return t
def early(c, k):
    out = []
    for r in map(double, c):
        if r > k: break
        if r % 3 == 0: continue
        out.append(r)
    else:
        out.append("else")
    for r in filter(is_odd, c):
        if r > k: break
    else:
        out.append("none left")
    return out[-2:], r
def failing(q):
    if q == 70:
        raise KeyError(q)
    return q
def stopping(q):
    if q == 70:
        raise StopIteration(q)
    return q
class Stops(StopIteration): pass
def stopping_too(q):
    if q > 60:
        raise Stops
    return q
def lines(e):
    return [(f.name, f.lineno) for f in traceback.extract_tb(e.__traceback__)]
def errors(c):
    out = []
    for kind in map, filter:
        t = 0
        try:
            for r in kind(failing, c): t += r
        except KeyError as e:
            out.append((t, lines(e), e.__context__))
        t = 0
        for r in kind(stopping, c): t += r
        else: t += 100000
        out.append((t, r))
        t = 0
        for r in kind(stopping_too, c): t += r
        out.append((t, r))
        try:
            for r in kind(pair, c): t += r
        except TypeError as e:
            out.append((t, str(e), lines(e)))
        for r in kind(failing, c):
            try:
                t += 1 // (r - 5)
            except ZeroDivisionError:
                t += 7
            if r == 60: break
        out.append(t)
    try:
        for r in filter(lambda q: Stopper(), c): t += r
    except StopIteration:
        out.append("let through")
    out.append(t)
    return out
class Stopper:
    def __bool__(self): raise StopIteration
def caught_inside(c):
    def f(q):
        try:
            return 1 // (q % 4)
        except ZeroDivisionError:
            return -q
    t = 0
    for r in map(f, c): t += r
    return t
def kept(c):
    m = map(double, c)
    f = filter(is_odd, c)
    out = []
    for r in m:
        if r % 40 == 10: out.append((next(m, None), length_hint(m, -1)))
    for r in f:
        if r % 20 == 5: out.append(next(f, None))
    return out, list(m), list(f)
def shared(c):
    i = iter(c)
    out = 0
    for r in map(double, i):
        out += r * next(i, 1)
        for q in filter(is_odd, i):
            out += q
            if q % 7 == 0: break
    return out
def grows(c):
    t = 0
    for r in map(double, c):
        t += r
        if len(c) < 160: c.append(r % 50)
    return t, len(c)
def grower(c):
    def f(q):
        if len(c) < 170: c.append(q % 9)
        return q
    t = 0
    for r in map(f, c): t += r
    for r in filter(f, c): t += r
    return t, len(c)
def shrinks(c):
    t = 0
    for r in filter(one, c):
        c.pop()
        t += r
    return t, c
def recursive(n):
    t = 0
    for r in map(recursive, range(n)): t += r + 1
    for r in filter(recursive, range(n)): t += r
    return t
def deep(n):
    for r in map(deep, [n + 1]): return r
def depth(n):
    try:
        return 1 + next(map(depth, [n]))
    except RecursionError:
        return 1
def ends(n):
    D.log.clear()
    for r in map(D, range(n)): D.log.append("turn")
    D.log.append("over")
    del r
    for r in filter(one, [D(i) for i in range(n)]): D.log.append("turn")
    D.log.append("over")
    del r
    made = [D(i) for i in range(n)]
    for r in map(one, made):
        if made: made.pop(0)
        D.log.append(r.n)
    r = None
    return list(D.log)
def looks(c):
    def f(q):
        if q % 50 == 0:
            caller = sys._getframe(1)
            return caller.f_lineno - caller.f_code.co_firstlineno + sorted(caller.f_locals)[0].count("c") + caller.f_locals["t"]
        return q
    t = 0
    for r in map(f, c): t += r
    for r in filter(f, c): t += r
    return t
def changed(c):
    def f(q): return q
    def g(q): return -q
    t = 0
    for r in map(f, c):
        t += r
        if r == 50: f.__code__ = g.__code__
    return t
def several(c):
    t = 0
    for f in (one, double, with_default, odd):
        for r in map(f, c): t += r
        for r in filter(f, c): t += r
    return t
def closures(c):
    n = 0
    def count(q):
        nonlocal n
        n += q
        return n % 2
    for r in filter(count, c): n += 1
    for r in map(count, c): n += r
    return n
def generator(c):
    for r in map(double, c): yield r
    for r in filter(is_odd, c): yield r
def bigs(n):
    t = 0
    for r in map(lambda q: q * q, range(2 ** 62, 2 ** 62 + n)): t ^= r
    for r in filter(lambda q: q & 2 ** 65, [2 ** 65 + i if i % 2 else i for i in range(n)]): t += r
    return t
def traced(q):
    if q == 30: sys.settrace(tracer)
    return q
def tracer(frame, event, argument):
    if frame.f_code.co_filename == __file__:
        seen.append((frame.f_code.co_name, event))
    return tracer
seen = []


def main():
    for i in range(40):
        c = list(range(i, i + 100))
        out = [basics(c), kinds(60), early(c, 50 + i), early(c, 1000), errors(list(range(100))), caught_inside(c), kept(c), shared(c),
               grows(list(c)), grower(list(c)), shrinks(list(c)), recursive(5), ends(7), looks(list(range(100))), changed(list(range(100))),
               several(c), closures(c), sum(generator(c)), bigs(40)]
        if i in (0, 1, 3, 39):
            print(*out, sep="\n")
    try:
        deep(0)
    except RecursionError as e:
        print(str(e), len(lines(e)) > 300)
    print(depth(0) > 200)
    seen.clear()
    for kind in map, filter:
        for r in kind(traced, range(28, 34)):
            seen.append(r)
        sys.settrace(None)
    print(len([row for row in seen if row == ("traced", "call")]), [row for row in seen if type(row) is int])


main()
