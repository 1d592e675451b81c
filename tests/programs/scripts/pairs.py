"""Pairs that iterations make, seen and unseen: enumerate, zip, items of dicts; shared iterators; when what a pair held dies."""
import sys

class D:
    log = []
    def __init__(self, n): self.n = n
    def __del__(self): D.log.append(self.n)
def en(c):
    n = 0
    for r in enumerate(c):
        n += r[0]
    return n, r
def en_break(c, k):
    for r in enumerate(c, 5):
        if r[1] == k:
            break
    return r
def en_none(c):
    r = "before"
    for r in enumerate(c):
        pass
    return r
def zp(a, b):
    s = 0
    for r in zip(a, b):
        s += r[0] * r[1]
    return s, r
def zp_keep(a, b):
    out = []
    for r in zip(a, b):
        out.append(r)
    return out
def it(d):
    s = 0
    for r in d.items():
        s += r[1]
    return s, r
def nested(c):
    out = 0
    for r in enumerate(c):
        for q in zip(c, c):
            out += r[0] * q[1]
        if r[0] > 5: r = None
        q = None
    return out, r, q
def mixed(c):
    s = 0
    for r in enumerate(c):
        if r[0] & 1:
            r = 7
        elif r[0] & 2:
            x = r
        else:
            continue
        s += 1
    return s, r, x
def locs(c):
    out = []
    for r in enumerate(c):
        if r[0] % 50 == 49:
            out.append(dict(locals())["r"])
            out.append(sys._getframe().f_locals["r"])
    return out
def identity(c):
    seen = []
    last = None
    same = 0
    for r in enumerate(c):
        same += r is last
        last = r
        seen.append(id(r))
    return same, len(seen)
def mutate(d):
    n = 0
    try:
        for r in d.items():
            n += 1
            if n == 60:
                d["new"] = 1
    except RuntimeError as e:
        return n, r, str(e)
def grow(c):
    n = 0
    for r in enumerate(c):
        n += r[1]
        if len(c) < 150:
            c.append(r[0])
    return n, r, len(c)
def shrink(c):
    n = 0
    for r in zip(c, c):
        n += 1
        c.pop()
    return n, r
def err(c):
    try:
        for r in enumerate(c):
            1 // (60 - r[0])
    except ZeroDivisionError:
        return r
def dels(n):
    D.log.clear()
    for r in enumerate([D(i) for i in range(n)]):
        if r[0] % 10 == 0:
            D.log.append(("at", r[0]))
    a = len(D.log)
    r = None
    return a, len(D.log), D.log[:12]
def fresh(n):
    D.log.clear()
    for r in zip(range(n), map(D, range(n))):
        D.log.append("turn")
    x = list(D.log[:10]), len(D.log)
    r = None
    return x, len(D.log)
def rngs(n):
    t = 0
    for r in zip(range(n), range(n, 0, -1)):
        t += r[0] * r[1]
    for a, b in zip(range(n), range(5, n * 3, 3)):
        t += a * b
    for i, (a, b) in enumerate(zip("abc" * n, range(n))):
        t += i * b + (a == "b")
    for i, x in enumerate((1, 2.5, 3) * n):
        t += i * x
    for i, x in enumerate("abcdef" * n):
        t += x > "c"
    return t, r
def strict(a, b):
    n = 0
    try:
        for r in zip(a, b, strict=True):
            n += r[0]
    except ValueError as e:
        return n, str(e), r
    return n, r
def sharing(c):
    i = iter(c)
    out = []
    for r in zip(i, i):
        out.append(r)
        if len(out) % 7 == 0:
            out.append(next(i, None))
    return out
def observed(c):
    e = enumerate(c)
    out = []
    for r in e:
        if r[0] % 20 == 3:
            out.append(next(e))
            out.append(e.__reduce__()[1][1])
    return out, r, list(e)
def bad():
    for r in enumerate(gen_bad()):
        pass
def gen_bad():
    for i in range(40):
        yield i
    raise KeyError(3)
def alias(c):
    out = []
    for r in enumerate(c):
        q = r
        if r[0] % 30 == 1:
            out.append(q is r)
    return out, q, r
def store(c, o):
    for r in enumerate(c):
        o.append(r) if r[0] % 25 == 0 else None
    return o[-1], r
def unpacks(c):
    s = 0
    for r in zip(c, c):
        a, b = r
        s += a - 2 * b
    return s, r
def twice(c):
    s = 0
    for k in range(3):
        for r in enumerate(c):
            s += r[0]
        s += r[1]
    return s, r
def big():
    t = 0
    for r in enumerate([2**70, 2**62, -2**63, 2**63 - 1, 2**31, -2**30, 2**60] * 10, 2**62):
        t ^= r[0] ^ r[1]
    return t, r
def over():
    for r in enumerate(range(8), 2**63 - 5):
        pass
    return r
def shared_f(c):
    it = iter(c)
    out = []
    for x in it:
        n = 0
        for y in it:
            n += 1
            if n == 3:
                break
        out.append((x, y))
    return out
def shared_g(c):
    it = iter(c)
    t = 0
    for i, x in enumerate(it):
        n = 0
        for y in it:
            n += 1
            if n == 3:
                break
        t = t * 3 + x + i & 0xFFFFFFF
    return t
def shared_h(c):
    it = iter(c)
    t = 0
    for a, b in zip(it, it):
        t = t * 3 + a * 7 + b & 0xFFFFFFF
    return t
def shared_k(c):
    it = iter(c)
    t = 0
    for a, b in zip(it, c):
        for y in it:
            t += y
            if y & 3 == 0:
                break
        t = t * 3 + a * 7 + b & 0xFFFFFFF
    return t


def main():
    res = []
    for i in range(60):
        c = list(range(i, i + 100))
        res = [en(c), en_break(c, i + 50), en_none(c), en_none([]), zp(c, c[:50]), zp_keep(c, c)[-1], it(dict(zip(c, c))), nested(c[:12]), mixed(c),
               locs(c), identity(c), mutate(dict(zip(c, c))), grow(list(c)), shrink(list(c)), err(c), dels(30), fresh(20), rngs(40), strict(c, c), strict(c, c[:-1]), strict(c[1:], c),
               sharing(c), observed(c), alias(c), store(c, []), unpacks(c), twice(c), big(), over()]
        try:
            bad()
        except KeyError as e:
            tb = e.__traceback__
            while tb: res.append(tb.tb_lineno); tb = tb.tb_next
        if i in (0, 1, 2, 7, 30, 59): print(*res, sep="\n")
    r = []
    for i in range(60):
        c = list(range(i, i + 400))
        r.append((sum(a * b for a, b in shared_f(c)), shared_g(c), shared_h(c), shared_k(c)))
    print(r)


main()
