# ruff: noqa
def fib(n):
    return n if n < 2 else fib(n-1) + fib(n-2)
print(fib(10))
class A:
    def __init__(self, x=1, *, y=2, **kw):
        self.x = x; self.y = y; self.kw = kw
    def m(self, *a, **k): return (self.x, self.y, a, k)
a = A(3, y=4, z=5)
print(a.m(1, *[2, 3], k=4, **{'z': 1}), a.kw)
def t(n):
    for i in range(n):
        try:
            if i == 1: continue
            if i == 3: break
            if i == 2: raise ValueError(i)
            print('body', i)
        except ValueError as e:
            print('caught', e)
        else:
            print('else', i)
        finally:
            print('fin', i)
    else:
        print('no break')
    try:
        return 'r'
    finally:
        print('finally')
print(t(2), t(5))
print([x*y for x in range(3) if x for y in (1,2,3)], sorted({x for x in "abc"}) , {k: v for k, v in zip('ab', 'cd')})
x, *y = 1, 2, 3
print(x, y, 1 < x < 3, 1 < 2 < 3, not x, -x)
def c():
    n = 0
    def inc():
        nonlocal n
        n += 1
        return n
    return inc
i = c(); i(); print(i(), f"{i()!r:>{5}}|{x:03d}")
def mm(v):
    match v:
        case 0 | 1: return 'small'
        case [a, b, *rest]: return ('seq', a, b, rest)
        case {'k': k, **r}: return ('map', k, r)
        case A(x=3, y=yy) if yy: return ('A', yy)
        case str() as s: return s
        case None: return 'none'
        case _: return 'other'
for v in (0, 1, [1,2,3], {'k': 1, 'z': 2}, a, 'str', None, 7, [1]): print(mm(v))
