# ruff: noqa
"""Corners: mangling, order of evaluation with :=, nested unwinding, scopes."""
from __future__ import annotations
import sys
class _C:
    def __f(self, __a, *, __k=1): return (__a, __k, self.__g(lambda: __a))
    def __g(self, fn): return fn(), [__z for __z in (1,)]
    def h(self):
        import os as __os
        global __gl
        __gl = 3
        try: raise ValueError
        except ValueError as __e: r = repr(__e)
        return self.__f(2, ), __os.sep, r, sorted(globals())[:0]
print(_C().h(), _C__gl if 0 else '')
def pos(a, b, /, c, *d, e, **f): 
    def inner(): return a, d, f, e
    return inner()
print(pos(1,2,3,4,e=5,z=6))
def gen(n):
    yield from (i for i in range(n))
print(list(gen(3)), [*gen(2)], {**dict(a=1)})
def k():
    x = 1
    class D:
        x = x
        y = [x for x in range(3)]
        def m(self): return __class__, x
    return D.x, D.y
try: print(k())
except NameError as e: print(e)
for i in range(3):
    for j in range(3):
        if j == 1: continue
        if i == 1: break
        print(i, j)
    else:
        print('e')
def big(a):
    return a < 1 <= 2 or a in (1, 2, 3) and not a == 2
print([big(i) for i in range(5)])
x = y = z = [1]
x += [2]
print(z)
def swap(a, b, c):
    a, b, c = c, a, b
    return a, b, c
print(swap(1, 2, 3))
lst = [0, 1, 2]; i = 0
i, lst[i] = 2, 9
print(i, lst)
def outer():
    a = 1
    def f():
        return [a + b for b in range(3) if a]
    r = f()
    del a
    try: f()
    except NameError as e: return r, str(e)
print(outer())
def nested_fin():
    out = []
    for i in range(4):
        try:
            try:
                if i == 1: continue
                if i == 2: break
                out.append(i)
            finally:
                out.append('f')
                for q in range(2):
                    if q: break
        finally:
            out.append('g')
    return out
print(nested_fin())
def ret_in_with():
    class M:
        def __enter__(s): return s
        def __exit__(s, *a): print('exit', a[0]); return True
    with M() as m:
        return [1, m is not None]
def sw():
    class M:
        def __enter__(s): return s
        def __exit__(s, *a): return True
    for i in range(3):
        with M():
            raise ValueError
    return i
print(ret_in_with(), sw())
print((lambda x, /, y=2, *a, z, **k: (x, y, a, z, k))(1, z=3))
def f(x): x[0] += 1; x[1:2] = [5]; return x
print(f([1, 2]))
def aug():
    d = {'a': 1}
    d['a'] += (d := {'a': 7})['a']
    return d
print(aug())
def w(a):
    b = a if (a := a + 1) > 3 else (a := 0)
    return a, b, (a, (a := 5), a), [a, (a := 9)], a < (a := 3), f"{a}{(a := 4)}{a}", {a: (a := 1)}, a.__add__((a := 2))
print(w(3))
def doc(): "d"; return 1
print(doc.__doc__, doc())
def unre(a):
    while True:
        if a: return 1
        else: raise KeyError
    print(3)
print(unre(1))
def tt():
    try: 1/0
    except (TypeError, ZeroDivisionError): 
        try: raise KeyError
        except: pass
        return sys.exc_info is not None
print(tt())
