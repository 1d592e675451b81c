"""Loops over every common iterator, changed in the middle, exhausted, kept; the pairs of dicts, enumerate and zip."""
import traceback
from operator import length_hint

def show(*a): print(*a)
def basics(n):
    d = {i: i * 2 for i in range(n)}
    for i in range(0, n, 3): d.pop(i, None)
    e = {"k%d" % i: i for i in range(n)}
    t = 0
    for k in d: t += k
    for k in d.keys(): t += k
    for v in d.values(): t += v
    for k, v in d.items(): t += k * v
    for kv in d.items(): t += kv[0] - kv[1]
    for k, v in e.items(): t += len(k) * v
    for k in e: t += len(k)
    for v in e.values(): t += v
    s = {i * 7 for i in range(n)}; s.discard(7); s.discard(70)
    for x in s: t += x
    for x in frozenset(s): t += x
    l = list(range(n))
    for i, x in enumerate(l): t += i * x
    for i, x in enumerate(l, -3): t += i * x
    for i, x in enumerate(tuple(l), 2**63 - 2):
        t += i * x
        if x > 4: break
    for i, x in enumerate("abc" * n): t += i * ord(x)
    for a, b in zip(l, l): t += a * b
    for a, b in zip(l, "xyz" * n): t += a * ord(b)
    for a, b in zip(range(n), d.items()): t += a * b[0]
    for a, b in zip(l, l[:5]): t += a * b
    for a, b in zip(l[:5], l): t += a * b
    it = iter(l)
    for a, b in zip(it, it): t += a * b
    for a, b, c in zip(l, l, l): t += a + b + c
    for a, b in [(i, i) for i in l]: t += a * b
    for a, b in map(divmod, l, [3] * n): t += a * b
    for c in "h\xe9llo" * n: t += ord(c)
    for c in "hello" * n: t += ord(c)
    for c in "h\u20acllo" * n: t += ord(c)
    for c in b"hello" * n: t += c
    for c in bytearray(b"hello" * n): t += c
    for x in reversed(l): t += x
    for x in reversed(tuple(l)): t += x
    for x in reversed(d): t += x
    for x in map(abs, l): t += x
    for x in filter(None, l): t += x
    s = "some ascii text"
    for i in range(-len(s), len(s)): t += ord(s[i]) * i
    return t
def attempts(f):
    try: show("ok", f())
    except BaseException as e:
        show(type(e).__name__, e); show("".join(traceback.format_exc().splitlines(True)[1:]))
def changed_dict():
    d = {i: i for i in range(10)}
    for k in d: d[k + 100] = 1
def changed_items():
    d = {i: i for i in range(10)}
    for k, v in d.items(): del d[k]
def same_size():
    d = {i: i for i in range(5)}
    seen = []
    for k, v in d.items():
        seen.append((k, v))
        if len(seen) > 50: break
        del d[k]; d[k + 5] = k
    return seen
def changed_set():
    s = {1, 2, 3}
    for x in s: s.add(x + 10)
def growing():
    l = [1]; seen = []
    for x in l:
        seen.append(x)
        if x < 20: l.append(x + 1)
    return seen
def shrinking():
    l = list(range(20)); seen = []
    for i, x in enumerate(l):
        seen.append((i, x)); l.pop()
    return seen
def rev_shrinking():
    l = list(range(20)); seen = []
    for x in reversed(l):
        seen.append(x); del l[:3]
    return seen
def exhausted():
    l = [1, 2]; it = iter(l); out = []
    for x in it: pass
    l.append(3)
    for x in it: out.append(x)
    d = {1: 2}; di = iter(d.items())
    for k, v in di: out.append((k, v))
    d[5] = 6
    for k, v in di: out.append((k, v))
    z = zip(l, d.items())
    for a, b in z: out.append((a, b))
    for a, b in z: out.append((a, b))
    return out, list(it), list(di), next(z, "end")
def hints():
    d = {i: i for i in range(6)}; out = []
    for make in (lambda: iter(d), lambda: iter(d.values()), lambda: iter(d.items()), lambda: iter(set(d)), lambda: iter(list(d)),
                 lambda: reversed(list(d)), lambda: iter("abcdef"), lambda: iter(b"abcdef"), lambda: iter(range(6))):
        it = make()
        for x in it: out.append(length_hint(it))
        out.append(length_hint(it))
    it = iter(d.items())
    for k, v in it: out.append(length_hint(it))
    return out
def wrong_unpack():
    for a, b in [(1, 2), (3, 4, 5)]: pass
def wrong_unpack2():
    for a, b in zip([1, 2]): pass
def wrong_unpack3():
    for a, b in [1]: pass
def wrong_zip():
    for a, b in zip([1, 2], [3], strict=True): show(a, b)
def wrong_zip2():
    for a, b in zip([1], [3, 4], strict=True): show(a, b)
def raising():
    class I:
        def __iter__(self): return self
        n = 0
        def __next__(self):
            self.n += 1
            if self.n > 3: raise ValueError("from next")
            return self.n
    for i, x in enumerate(I()): show(i, x)
def raising_zip():
    class I:
        def __iter__(self): return self
        def __next__(self): raise KeyError("second")
    first = iter([1, 2])
    try:
        for a, b in zip(first, I()): show(a, b)
    finally: show(list(first))
def subclass():
    class E(enumerate): pass
    class L(list):
        def __iter__(self): return iter("xy")
    class D(dict):
        def items(self): return [(7, 8)]
    out = []
    for i, x in E("ab"): out.append((i, x))
    for i, x in enumerate(L([1])): out.append((i, x))
    for i, x in D({1: 2}).items(): out.append((i, x))
    for k, v in vars(type("O", (), {"a": 1})()).items(): out.append(k)
    class P: pass
    p = P(); p.x = 1; p.y = 2
    for k, v in vars(p).items(): out.append((k, v))
    for k in vars(p): out.append(k)
    return out
def kept():
    out = []
    for kv in {1: 2, 3: 4}.items(): out.append(kv)
    for kv in zip("ab", "cd"): out.append(kv)
    for kv in enumerate("ab"): out.append(kv)
    for (a, b), c in zip([(1, 2), (3, 4)], "xy"): out.append((a, b, c))
    for out_i, (x, y) in enumerate([(1, 2)]): out.append((out_i, x, y))
    class O: pass
    o = O()
    for o.a, o.b in {1: 2}.items(): out.append((o.a, o.b))
    for [q, r] in [[1, 2]]: out.append((q, r))
    return out
class Noisy:
    def __init__(self, n): self.n = n
    def __del__(self): print("del", self.n, end=" ")
def finals():
    d = {i: Noisy(i) for i in range(3)}
    for k, v in d.items(): pass
    d.clear(); show("cleared")
    v = None; show()
    for i, x in enumerate([Noisy(10), Noisy(11)]): show("at", i)
    x = None; show()
    for a, b in zip([Noisy(20), Noisy(21)], [Noisy(30), Noisy(31)]): show("pair")
    a = None; show("a"); b = None; show()
    for k in {Noisy(40): 1}: pass
    show("end"); k = None; show()
def main():
    for i in range(3): show(basics(40))
    for f in (changed_dict, changed_items, same_size, changed_set, growing, shrinking, rev_shrinking, exhausted, hints, wrong_unpack, wrong_unpack2,
              wrong_unpack3, wrong_zip, wrong_zip2, raising, raising_zip, subclass, kept, finals):
        for _ in range(3): attempts(f)


main()
