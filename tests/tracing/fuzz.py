"""Random programs of hot loops, run under CPython and jitvm: ``python -m tests.tracing.fuzz --seconds 600``.

A program is one script of many functions, each called several times with values of several types. What differs is reduced to a
small script, which is kept in the folder given by ``--keep``.
"""
from __future__ import annotations

import argparse
import ast
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODES = {
    "no-jit": ("--no-jit",),
    "default": ("-X", "loop_threshold=5", "-X", "exit_threshold=3"),
    "threshold-1": ("-X", "threshold=1"),
    "threshold-2": ("-X", "threshold=2", "-X", "codegen=0"),
    "force-exits": ("-X", "threshold=2", "-X", "codegen=0", "-X", "force_exits=1"),
    "verify": ("-X", "threshold=2", "-X", "verify=1"),
    "in-turn": ("-X", "loop_threshold=7", "-X", "call_threshold=9", "-X", "exit_threshold=4", "-X", "warm_up=3", "-X", "grace=0",
                "-X", "cache=0", "-X", "background=0", "-X", "compile_share=0", "-X", "codegen=0", "-X", "verify=1"),
    "functions": ("-X", "loop_threshold=100000", "-X", "call_threshold=6", "-X", "exit_threshold=4", "-X", "grace=0",
                  "-X", "cache=0", "-X", "background=0", "-X", "compile_share=0", "-X", "codegen=0"),
}
TIMEOUT = 30
HOST_TIMEOUT = 4

PROLOGUE = '''
import sys
class P:
    kind = 3
    def __init__(self, a, b):
        self.a = a
        self.b = b
    def add(self, n):
        self.a = self.a + n
        return self.a
    def get(self):
        return self.b
    def twice(self, n, more=2):
        return self.add(n) * more
class Q(P):
    kind = 5
    def add(self, n):
        self.b = clip(self.b - n)
        return self.b
class S:
    __slots__ = ("a", "b")
    kind = 1.5
    def __init__(self, a, b):
        self.a = a
        self.b = b
    def add(self, n):
        self.a += n
        return n
    def get(self):
        return self.a
    def twice(self, n, more=2):
        return n * more
class N:
    def __init__(self, v):
        self.v = v
    def __add__(self, other):
        return N(clip(self.v + (other.v if isinstance(other, N) else other)))
    def __radd__(self, other):
        return N(clip(other + self.v))
    def __lt__(self, other):
        return self.v < (other.v if isinstance(other, N) else other)
    def __gt__(self, other):
        return self.v > (other.v if isinstance(other, N) else other)
    def __repr__(self):
        return f"N({self.v})"
class D:
    ended = 0
    def __init__(self, v):
        self.v = v
    def __del__(self):
        D.ended = (D.ended * 3 + 1) & 0xffff
G = 1
def clip(x):
    if isinstance(x, N):
        return x
    if x > 1180591620717411303424:
        return x % 1000003
    if x < -1180591620717411303424:
        return -(x % 1000003)
    return x
def f0(x):
    return x + 1
def f1(a, b=3, *, c=1):
    if a > b:
        return a - c
    return b + c
def f2(x):
    if x % 7 == 3:
        raise ValueError(x)
    return x * 2
def f3(n):
    t = 0
    for k in range(n % 5):
        t += k
    return t
def f4(x):
    global G
    G = (G * 5 + x) % 1009
    return G
def f5(x, y):
    try:
        return f2(x) + y
    except ValueError:
        return y
def pair(a, b):
    return a, b
def star(*a):
    return a[0] if len(a) < 3 else a[-1]
def rest(first, *more, k=1, **names):
    return first + len(more) * k + len(names)
def named(**k):
    return k["u"] - k.get("v", 1)
def forward(*a, **k):
    return f1(*a, **k)
def fr(n):
    return 1 if n < 2 else fr(n - 1) + fr(n - 2)
def gen(n):
    for k in range(n):
        yield k * k
'''
EPILOGUE = '''
ANY = ([3, 1, 4, 1, 5], range(2, 11, 2), (2, 7, 1), [1.5, 2, True], {5: 1, 6: 2}, (i for i in ()), frozenset((4,)), b"ab", range(6))
def show(f, *args):
    try:
        r = f(*args)
        if isinstance(r, P) or isinstance(r, S):
            r = (type(r).__name__, r.a, r.b)
        t = repr(r)
    except Exception as e:
        tb = e.__traceback__
        lines = []
        while tb is not None:
            lines.append(tb.tb_lineno)
            tb = tb.tb_next
        t = f"{type(e).__name__}: {e} {lines}"
    print(f.__name__, t[:2000], G, D.ended)
'''
INTS = ("0", "1", "2", "3", "7", "-1", "-5", "100", "1073741823", "1073741824", "-1073741825", "2147483647", "4611686018427387904",
        "9223372036854775807", "-9223372036854775808", "1152921504606846975")
FLOATS = ("0.5", "1.5", "-2.25", "1e10", "0.0", "3.0", "1e300", "-0.0")


class Writer:
    """Writes one function."""

    def __init__(self, seed: int, name: str) -> None:
        self.r = random.Random(seed)
        self.name = name
        self.lines: list[str] = []
        self.loops = 0
        self.fresh = 0

    def put(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def pick(self, *options: str) -> str:
        return self.r.choice(options)

    # -- expressions
    def num(self, depth: int = 0) -> str:
        r = self.r.random()
        if depth > 2 or r < 0.35:
            return self.pick("a", "b", "c", "a", "b", "c", "x", "i", "i", "j", "n")
        if r < 0.45:
            return self.pick(*INTS[:7])
        if r < 0.47:
            return self.pick(*INTS)
        if r < 0.50:
            return self.pick(*FLOATS)
        if r < 0.72:
            return f"({self.num(depth + 1)} {self.pick('+', '-', '*', '+', '-')} {self.num(depth + 1)})"
        if r < 0.77:
            op = self.pick("//", "%", "/", "//", "%")
            return f"({self.num(depth + 1)} {op} {self.pick('3', '7', '10', '2', '-3', 'n', self.num(depth + 1))})"
        if r < 0.80:
            return f"({self.int_()} {self.pick('&', '|', '^')} {self.int_()})"
        if r < 0.82:
            return f"({self.int_()} {self.pick('<<', '>>')} {self.pick('1', '3', '(i & 7)', '40')})"
        if r < 0.84:
            return f"(-{self.num(depth + 1)})"
        if r < 0.86:
            return f"({self.num(depth + 1)} if {self.test()} else {self.num(depth + 1)})"
        if r < 0.90:
            return self.pick("o.a", "o.b", "o.kind", "o.get()", f"o.add({self.num(depth + 1)})", f"o.twice({self.num(depth + 1)})",
                             f"o.twice({self.num(depth + 1)}, more=3)")
        if r < 0.92:
            e = self.num(depth + 1)
            return self.pick(f"pair({e}, i)[{self.pick('0', '1')}]", f"star({e}, i)", f"star({e}, a, i)", f"rest({e}, *T)", f"star(i, {e})",
                             f"rest(*T, k={e}, z=1)", f"named(u={e}, v=1)", f"named(u={e})", f"forward({e}, c=2)", "forward(*T[:2])",
                             "forward(i, **K)", f"f1(*(i, {e}))", f"f1(**{{'a': {e}, 'b': i}})", f"f1(i, *[{e}])",
                             f"forward(*pair({e}, i), **K)")
        if r < 0.95:
            e = self.num(depth + 1)
            return self.pick(f"f0({e})", f"f1({e})", f"f1({e}, {self.num(depth + 1)})", f"f1({e}, c={self.num(depth + 1)})",
                             f"f2({e})", "f3(i)", f"f4({self.int_()})", f"f5({e}, {self.num(depth + 1)})", f"f1(b={e}, a=i)",
                             "fr(i % 6)", "local(b)", "G", f"abs({e})", f"min({e}, {self.num(depth + 1)})")
        return self.pick("L[i % len(L)]", "len(L)", "M.get(i, 1)", "M[i % 5]", "L[-1]", "T[0]", "T[i % 3]", "len(s)",
                         "sum(L)", "max(T)", "sum([k for k in range(i % 4)])", "sum(gen(i % 4))", "(lambda q: q + c)(i)")

    def int_(self) -> str:
        return self.pick("i", "j", "n", "i", "(i * 3)", "(n - i)", "len(L)", *INTS[:9])

    def test(self) -> str:
        r = self.r.random()
        if r < 0.35:
            return f"i % {self.pick('2', '3', '5', '7')} == {self.pick('0', '1')}"
        if r < 0.75:
            return f"{self.num(2)} {self.pick('<', '<=', '>', '>=', '==', '!=')} {self.num(2)}"
        if r < 0.80:
            return f"({self.test()} {self.pick('and', 'or')} {self.test()})"
        return self.pick("i in M", "flag", "not flag", "L", "o is not None", "isinstance(o, Q)", "a is None", "s", "'1' in s",
                         "i not in L", "type(a) is int", "0 < i < 9", "d is None")

    # -- statements
    def block(self, depth: int, budget: int, loop: bool) -> None:
        for _ in range(self.r.randint(1, budget)):
            if len(self.lines) > 30:
                self.put(depth, "pass")
                return
            self.statement(depth, budget, loop)

    def statement(self, depth: int, budget: int, loop: bool) -> None:
        r = self.r.random()
        target = self.pick("a", "b", "c", "a", "b", "x")
        if r < 0.25 or depth > 5:
            self.put(depth, f"{target} = clip({self.num()})")
        elif r < 0.40:
            self.put(depth, f"{target} {self.pick('+', '-', '+', '*')}= {self.num(1)}")
            self.put(depth, f"{target} = clip({target})")
        elif r < 0.46:
            self.put(depth, self.pick("L.append(i)", f"L[i % len(L)] = {self.num(1)}", f"M[i % 5] = {self.num(1)}", "M[i] = a",
                                      "L = L[-20:] + [1]", "L.append(a)", "M.pop(i, None)", "L = [k + i for k in L[:5]] + [2]",
                                      "T = (i, a, b)", "del L[10:]", "M = {k: v for k, v in M.items() if k < 9}"
                                      if loop else "M[7] = 8", "M[s[:2]] = i"))
        elif r < 0.51:
            self.put(depth, self.pick(f"o.a = clip({self.num(1)})", f"o.b = clip({self.num(1)})", "o = P(i, b)", "o = Q(a, i)",
                                      "o = S(i, i)", "o.a += 1", "a, b = b, a", "a, b = T[:2]", "(a, b, c) = T", "a, b = pair(b, a)",
                                      "T = pair(a, b) + (c,)", "a, (b, c) = i, pair(b, c)", "W = pair(i, T); b = W[0]", "K = {'c': i}"))
        elif r < 0.55:
            self.put(depth, self.pick("s = s[:10] + str(i)", "s = f'{i}:{a!r:.5}{s[:3]}'", "s += 'x'", "s = s[1:6]",
                                      "s = '%d,%s' % (i, s[:4])"))
        elif r < 0.58:
            self.put(depth, self.pick("d = D(i)", "d = None", "D(i)", "d = D(d)", "L2.append(D(i))", "L2.clear()",
                                      "x = len(pair(D(i), 1))", "L2.append((D(i), i))", "W = pair(D(i), d)", "W = D(pair(d, i))"))
        elif r < 0.73:
            self.put(depth, f"if {self.test()}:")
            self.block(depth + 1, 2, loop)
            if self.r.random() < 0.5:
                self.put(depth, "else:")
                self.block(depth + 1, 2, loop)
        elif r < 0.80 and depth < 4 and self.loops < 5:
            self.loop(depth)
        elif r < 0.86 and loop:
            self.put(depth, f"if {self.test()}:")
            self.put(depth + 1, self.pick("break", "continue", "continue"))
        elif r < 0.93:
            self.put(depth, "try:")
            self.block(depth + 1, 2, loop)
            self.put(depth, f"except {self.pick('ValueError', 'Exception', '(TypeError, ValueError, ZeroDivisionError)')}"
                            f"{self.pick('', ' as e')}:")
            self.put(depth + 1, self.pick("c = 1", "a = 0", "b = clip(c)", "L.append(0)", "x = 2.5"))
            if self.r.random() < 0.2:
                self.put(depth, "finally:")
                self.put(depth + 1, f"c = clip({self.num(2)})")
        elif r < 0.95:
            self.put(depth, self.pick("del d; d = None", "a = float(i)", "a = i", "x = i", "b = True", "flag = not flag", "n = n",
                                      "b = i == 3",
                                      "a = N(i)", "a = None; a = 2", "global_set(i)", "P.kind = i % 3" if self.r.random() < .3 else "a = 5",
                                      "sys._getframe().f_locals" if self.r.random() < .5 else "locals()"))
        elif r < 0.97:
            self.put(depth, f"with M_() as m: a = clip({self.num(2)})")
        else:
            self.put(depth, f"if i == {self.pick('9', '17', '30')}: {self.pick('raise KeyError(i)', 'return (a, i)', 'a = 1 // 0')}")

    def loop(self, depth: int) -> None:
        self.loops += 1
        v = self.pick("i", "j", "j")
        m = self.pick("n", "n", "30", "7") if depth < 2 else self.pick("9", "6", "12") if depth < 3 else self.pick("4", "i % 4", "3")
        kind = self.r.random()
        if kind < 0.45:
            self.put(depth, "for " + v + " in " + self.pick(f"range({m})", f"range({m})", f"range(0, {m}, 3)", f"range({m}, 0, -1)",
                                                             f"range({m} - 5, {m})") + ":")
        elif kind < 0.75:
            self.put(depth, "for " + self.pick(f"{v} in list(range({m}))", f"{v} in tuple(range({m}))", f"{v}, a in enumerate(L[:9])",
                                               f"{v}, b in zip(range({m}), L[:20])", f"{v} in reversed(range({m}))", f"{v} in list(M)[:9]",
                                               f"{v} in gen({m})", f"{v} in {{1: 2, 3: 4, 5: 6}}", "k, v in list(M.items())[:9]",
                                               f"{v} in map(f0, range({m}))", f"{v} in map(f0, list(range({m})))",
                                               f"{v} in filter(f0, range({m}))", "T in enumerate(L[:9])", f"T in zip(range({m}), L[:20])",
                                               "T in list(M.items())[:9]",
                                               f"{v} in [1, 2.5, True, 7]", "ch in s[:9]",
                                               f"{v} in ANY[{self.pick('i', 'j', 'z', 'n')} % len(ANY)]",
                                               f"{v} in ANY[i // {self.pick('3', '7', '11')} % {self.pick('2', '3', '4')}]") + ":")
        else:
            self.fresh += 1
            w = f"w{self.fresh}"
            self.put(depth, f"{w} = 0")
            self.put(depth, f"while {w} < {m}" + self.pick("", "", f" and {self.test()}") + ":")
            self.put(depth + 1, f"{w} += {self.pick('1', '1', '2')}")
            if self.r.random() < 0.5:
                self.put(depth + 1, f"i = {w}")
        self.block(depth + 1, 4, True)
        if self.r.random() < 0.15:
            self.put(depth, "else:")
            self.put(depth + 1, "c = clip(c + 1)" if self.r.random() < .8 else "b = 1.5")

    def function(self) -> str:
        self.put(0, f"def {self.name}(n, a, x, o, flag):")
        self.put(1, "i = j = z = 0; b = 1; c = 2; L = [1, 2, 3]")
        self.put(1, "M = {0: 1, 1: 2, 2: 3, 3: 4, 4: 5}; T = (1, 2, 3); s = 'abc'; d = None; L2 = []; W = (); K = {'b': 4}")
        self.put(1, "def local(q): return q")
        self.block(1, 2, False)
        self.put(1, f"for i in range({self.pick('n', 'n', '40')}):" if self.r.random() < .8 else "while z < n:")
        if self.lines[-1].strip().startswith("while"):
            self.put(2, "z += 1; i = z")
        self.block(2, 5, True)
        self.block(1, 2, False)
        self.put(1, "if isinstance(a, N): a = a.v")
        self.put(1, "return (a, b, c, x, i, j, L[-3:], len(L), sorted(map(str, M))[:8], T, s, o.a, o.b)")
        return "\n".join(self.lines)


class HotWriter(Writer):
    """Writes a function that is hot by itself: ``HEADS`` says how it is called."""

    HEADS = ("def {name}(n, a=1, x=0.5, o=None, flag=False, depth=2, *, more=1):", "def {name}(n, a, *rest, flag=True, depth=1, **names):",
             "def {name}(n, a=2.5, x=(1 << 61), /, o=None, flag=False, depth=3):", "def {name}(n):")

    def call(self) -> str:
        """A call of the function by itself or of one that was written before."""
        name = self.pick(self.name, self.name, f"h{self.r.randrange(int(self.name[1:]) + 1)}")
        return f"{name}({self.pick('n - 1', 'i', 'n // 2', '3')}, {self.num(2)})" if self.r.random() < 0.9 else f"{name}(i)"

    def function(self) -> str:
        head = self.r.choices(self.HEADS, (4, 3, 2, 1))[0]
        self.put(0, head.format(name=self.name))
        given = {part.split("=")[0].strip("* /") for part in head[head.index("(") + 1:head.rindex(")")].split(",")}
        if "rest" in given:
            self.put(1, "x = len(rest) + names.get('x', 0); o = rest[0] if rest and hasattr(rest[0], 'b') else None")
        defaults = {"a": "n", "x": "1.5", "o": "None", "flag": "n % 2 == 0", "depth": "1"}
        missing = [name for name in defaults if name not in given and not ("rest" in given and name in "xo")]
        if missing:
            self.put(1, "; ".join(f"{name} = {defaults[name]}" for name in missing))
        self.put(1, "global DEPTH")
        self.put(1, f"if DEPTH > {self.pick('1', '2', '3')}: {self.pick('return n', 'raise ValueError(n)', 'return a', 'return (n, a)')}")
        self.put(1, f"i = n % {self.pick('7', '9', '40')}; j = z = 0; b = 1; c = 2; L = [1, 2, 3]; T = (1, 2, 3); s = 'abc'; d = None")
        self.put(1, "if o is None: o = P(i, 2)")
        if self.r.random() < 0.7:
            self.put(1, "M = {0: 1, 1: 2, 2: 3, 3: 4, 4: 5}; L2 = []; W = (); K = {'b': 4}")
            self.put(1, "local = f0")
        else:
            self.put(1, "M = {k: a for k in range(4)}; L2 = []; W = (); K = {}")
            self.put(1, "def local(q): return q")
        self.block(1, 4, False)
        if self.r.random() < 0.5:
            self.put(1, "DEPTH += 1")
            self.put(1, "try:")
            self.put(2, f"{self.pick('W', 'd', 'z')} = {self.call()}")
            if self.r.random() < 0.5:
                self.put(1, "except ValueError: c = i")
            self.put(1, "finally:")
            self.put(2, "DEPTH -= 1")
        self.block(1, 3, False)
        self.put(1, self.pick("return a", "return (a, b, c, x, i)", "return T", "return b, L", "d = D(i); return s", "return o.a",
                              f"return {self.num(1)}", f"if {self.test()}: return L2\n    return W", "yield a; yield b; return c",
                              "return [a, s, D.ended]", "G = 1; return i" if self.r.random() < .1 else "return None"))
        return "\n".join(self.lines)


class LoopWriter(Writer):
    """Writes a function of loops over iterators of iterators, whose pairs live on or do not, and of the ways to attributes."""

    SOURCES = ("L | L[:9] | T | range(n % 13) | range(7) | range(2, 12, 3) | s | M | list(M) | M.values() | N2 | gen(5)"
               " | (g + 1 for g in L[:6])"
               " | turns(L[:7]) | turns(range(6)) | L2 | reversed(L) | reversed(T) | it | iter(L[:8]) | [1, 2.5, True, 7] | (2.5, 0.5)"
               " | set(T)"
               " | b'abc' | q | closed(4) | ANY[i % len(ANY)]").split(" | ")
    ITEMS = "M.items() | M.items() | N2.items() | list(N2.items()) | {1: a, 2.5: b}.items() | sorted(N2.items())".split(" | ")
    FUNCTIONS = ("f0 | f1 | f2 | f4 | stops | pair1 | local | local | shifts | q.m | q.cm | A.sm | B.cm | B(1).m | second | str | D | B"
                 " | abs | bool"
                 " | lambda g: g | lambda g: (g, i) | lambda g, h=2: h | lambda g: L.append(1) or g | lambda g: 6 // (i % 5)"
                 " | lambda g: keep.append(g) | lambda g: M.pop(g, 0)").split(" | ")
    SHARED = "iter(L[:12]) | enumerate(L[:9]) | zip(L, T) | iter(N2.items()) | map(local, L[:9]) | filter(f2, L[:9])".split(" | ")
    PAIRS = ("keep.append(r) | p = r | r, p = p, r | W = r | W = (r, p) | b = r[0] | a, b = r | a, (b, c) = i, r | v = len(r)"
             " | flag = r == p"
             " | flag = r is p | flag = r in keep | keep[-1:] = [r] | r = None | r = (i, j) | p = None | v = hash((i, j)) % 7 | M[r] = 1"
             " | T = (T + (r,))[-3:] | d, r = r, d | keep.extend(r) | p = [r] | W = {r: p} | r += (i,) | r = r[::-1] | x = r[-1]"
             " | keep.append(locals().get('r')) | keep.append(sys._getframe().f_locals['v']) | keep.clear() | s = repr(r)[:20]"
             " | s = f'{r}'[:9]"
             " | rr = [*r, *p] | u = star(*r) | print(end=str(r)[:0]) | (r, v) = (v, r) | L2.append(r) | L2.append((r, D(i)))"
             " | r = D(i), D(j)"
             " | keep.append(lambda r=r: r) | del r; r = None | del v; v = 1 | del u; u = i | del d; d = None | del p; p = (1, 2)"
             " | del r").split(" | ")
    STORES = ("q.count += 1 | q.count = i | q.step = 4 | q = A(i) | q = B(i) | q = B(a) | q = V(i) | q = Z(i) | q.w = i | q.new = 1"
              " | dd.v += 1"
              " | dd[i] = dd.v | dd = Y(i) | q.pr = i | q.pr = i | N2[i] = j | N2[a] = b | N2.pop(i, 0) | N2 = dict(N2)"
              " | N2 = {1: 2, 3: 4}"
              " | N2.update(zip(T, L)) | type(q).step = i % 3 | A.count += 1 | q.v = clip(q.v + 1) | q.v = r | q.__dict__['step'] = 1"
              " | A.sm = staticmethod(f0) | q.w = (i, j) | del q.__dict__['count'] | q.__dict__.pop('count', 0)").split(" | ")
    READS = ("q.count | q.step | q.sm(i) | q.cm(j) | A.cm(i) | B.sm(2) | q.pr | q.m(i) | q.m(a) | q.v | q.w | A.step | B.count | q.lazy"
             " | q.pr"
             " | q.both(i) | dd.step | dd.v | dd.get(i, 1) | len(q.__dict__) | q[i] | q.meta | type(q).step | q.call(i)").split(" | ")
    VALUES = ("u | v | v | len(keep) | r[0] | len(r) | sum(map(f0, T)) | len(list(zip(L, M))) | next(it) | next(it, 1) | max(map(local, T))"
              " | sum(g * h for g, h in zip(T, L)) | len([g for g, h in enumerate(L) if h]) | sum(h for g, h in N2.items())"
              " | len({g: h for g, h in zip(L, T)}) | dict(enumerate(T))[1]").split(" | ")
    LOCALS = ("local = f0", "def local(g): return g", "def local(g): return g + len(T)", "def local(g): return (r, g)[1]",
              "def local(g):\n        nonlocal v\n        v = g; return g", "def local(g):\n        yield g")
    SHIFTS = ("shifts = f0", "def shifts(g):\n        if i == 6: raise ValueError(g)\n        return g", "shifts = lambda g: (g, v)")
    ROUNDS = ("i in range(n)", "i in range(40)", "i, v in enumerate(range(3, n))", "i, j in zip(range(n), range(50))",
              "r in enumerate(range(n), 1)")

    def source(self, depth: int = 0) -> tuple[str, object]:
        """Something to iterate over, and the shape of its items: "x", or a pair of shapes."""
        r = self.r.random()
        if depth > 2 or r < 0.3:
            return self.pick(*self.SOURCES), "x"
        if r < 0.42:
            return self.pick(*self.ITEMS), ("x", "x")
        inner, shape = self.source(depth + 1)
        if r < 0.6:
            return f"enumerate({inner}{self.pick('', '', '', ', 5', ', i', ', start=a', ', 1 << 62')})", ("x", shape)
        if r < 0.78:
            other, more = self.source(depth + 1)
            return f"zip({inner}, {other}{self.pick(*[''] * 11, ', strict=True')})", (shape, more)
        if r < 0.9:
            return f"map({self.pick(*self.FUNCTIONS)}, {inner})", "x"
        if r < 0.96:
            return f"filter({self.pick('None', *self.FUNCTIONS)}, {inner})", shape
        return f"{self.pick('list', 'tuple', 'iter')}({inner})", shape

    def name_of(self, shape: object, depth: int = 0) -> str:
        """What takes an item of a shape."""
        if isinstance(shape, tuple) and self.r.random() < 0.75:
            text = f"{self.name_of(shape[0], 1)}, {self.name_of(shape[1], 1)}"
            return f"({text})" if depth else text
        if isinstance(shape, tuple):
            return self.pick("r", "r", "r", "p", "W")
        if self.r.random() < 0.03:
            return self.pick("o.a", "L[0]", "M[i]", "q.w", "(*rr,)")
        return self.pick("i", "j", "u", "v", "v", "a", "r", "d")

    def loop(self, depth: int) -> None:
        if self.r.random() < 0.12:
            super().loop(depth)
            return
        self.loops += 1
        text, shape = self.source()
        if self.r.random() < 0.12:
            self.put(depth, f"it = {self.pick(*self.SHARED)}")
            text, shape = self.pick("it", "enumerate(it)", "zip(it, it)"), self.r.choice(("x", ("x", "x")))
        self.put(depth, f"for {self.name_of(shape)} in {text}:")
        self.put(depth + 1, "if len(L) > 40: del L[9:]")
        self.block(depth + 1, 4, True)
        if self.r.random() < 0.2:
            self.put(depth, "else:")
            self.put(depth + 1, self.pick("c = clip(c + 1)", "b = 1.5", "r = None", "keep.append(r)"))

    def percent(self) -> str:
        """A formatting by percent."""
        text, values = "", []
        for _ in range(self.r.randint(1, 3)):
            kind = self.pick(*"dddsssrffgexXoicaEGu%")
            width = self.pick("", "", "", "3", "8", "12", "*")
            flags, dot = self.pick("", "", "", "-", "+", "0", " ", "#", "-0", "+0", "0#"), self.pick("", "", "", ".2", ".0", ".6", ".")
            text += f"{self.pick('', ' ', 'x=', '(')}%{flags}{width}{dot}{kind}"
            values += [self.pick("i % 7", "5")] * (width == "*")
            if kind in "sra":
                values.append(self.pick("s[:4]", "T", "r", "a", "i", "None", "q.step"))
            elif kind != "%":
                values.append(self.pick("i", "a", "b", "c", self.num(2), "-i", "u"))
        if len(values) == 1 and self.r.random() < 0.3:
            named = text.replace("%", "%(k)", 1)
            return self.pick(f"{text!r} % {values[0]}", f"{named!r} % {{'k': {values[0]}, 'z': 1}}")
        return f"{text!r} % ({''.join(value + ', ' for value in values)})"

    def num(self, depth: int = 0) -> str:
        r = self.r.random()
        if r < 0.18:
            return self.pick(*(self.READS if r < 0.12 else self.VALUES))
        return super().num(depth)

    def statement(self, depth: int, budget: int, loop: bool) -> None:
        r = self.r.random()
        if r < 0.55:
            super().statement(depth, budget, loop)
        elif r < 0.70:
            self.put(depth, self.pick(*self.PAIRS))
        elif r < 0.78:
            self.put(depth, self.pick(*self.STORES))
        elif r < 0.85:
            self.put(depth, f"s = ({self.percent()})[-30:]")
        elif r < 0.92 and depth < 4 and self.loops < 6:
            self.loop(depth)
        elif r < 0.95:
            self.put(depth, "try:")
            self.block(depth + 1, 2, loop)
            if self.r.random() < 0.4:
                caught = self.pick("RuntimeError", "Exception", "(TypeError, ValueError)", "StopIteration", "LookupError")
                self.put(depth, f"except {caught}{self.pick('', ' as e')}:")
                self.put(depth + 1, self.pick("keep.append(r)", "r = 1, 2", "c = 3", "return keep, a", *["continue", "break"] * loop))
            self.put(depth, "finally:")
            self.put(depth + 1, self.pick("c = clip(c + 1)", "p = r", "keep.append(i)", "r = None", "d = None", f"if {self.test()}: a = 4"))
        elif r < 0.965:
            name = self.pick("r", "v", "u", "d", "p")
            self.put(depth, f"if {self.test()}: del {name}")
            self.block(depth, 1, loop)
            self.put(depth, f"try: keep.append({name})")
            self.put(depth, f"except UnboundLocalError: {name} = {self.pick('None', '1', 'i', '(1, 2)')}")
        elif loop:
            self.put(depth, f"if {self.test()}:")
            self.put(depth + 1, self.pick("break", "break", "break", "continue", "continue", "return r, keep[-3:]"))
        else:
            self.put(depth, "pass")

    def function(self) -> str:
        self.put(0, f"def {self.name}(n, a, x, o, flag):")
        self.put(1, "i = j = z = 0; b = 1; c = 2; u = v = 3; L = [1, 2, 3]; keep = []; r = p = W = (1, 2); rr = []; q = A(2); dd = Y(3)")
        self.put(1, "M = {0: 1, 1: 2, 2: 3, 3: 4, 4: 5}; N2 = {1: 7, 2: 2.5, 5: 3}; T = (1, 2, 3); s = 'abc'; d = None; L2 = [D(1)]")
        self.put(1, "K = {'b': 4}; it = iter(())")
        self.put(1, self.pick(*self.LOCALS))
        self.put(1, self.pick(*self.SHIFTS))
        closed = "def closed(m):\n        for k in zip(range(m), L): yield k[0]; yield k[1]"
        self.put(1, self.pick("closed = range", "closed = range", "closed = range", closed))
        self.put(1, f"for {self.pick(*self.ROUNDS)}:")
        self.put(2, "if len(keep) > 40: del keep[5:]")
        self.put(2, "if len(L2) > 9: del L2[2:]")
        self.block(2, 5, True)
        self.block(1, 2, False)
        if self.r.random() < 0.2:
            self.put(1, "yield r; yield keep[-5:]")
        self.put(1, "items = sorted(map(str, M))[:8], sorted(map(str, N2.items()))[:5], sorted(q.__dict__)")
        self.put(1, "return shown([a, b, c, x, i, j, u, v, s]), shown([r, p, keep[-9:], T]), L[-3:], len(L), items, o.a, o.b")
        return "\n".join(self.lines)


HOT = '''
DEPTH = 0
ON_HOST = {}
exec("""
def each(f, count, *rest, **names):
    out = []
    for k in range(count):
        try:
            out.append(f(k, *rest, **names))
        except Exception as e:
            out.append((type(e).__name__, str(e)))
    return out
""", ON_HOST)
each = ON_HOST["each"]
class H:
    def __init__(self, f, a):
        self.f, self.a, self.b = f, a, 2
        self.kind = 4
    def add(self, n):
        return n
    get = twice = lambda self, n=1, more=1: n
    @property
    def value(self):
        return self.f(self.a)
    def __call__(self, n):
        return plain(self.f(n))
    def __getitem__(self, n):
        if n > 40:
            raise IndexError(n)
        return plain(self.f(n, self.a))
    def __add__(self, other):
        return plain(self.f(other))
def plain(v):
    if hasattr(v, "send"):
        return list(v)
    if isinstance(v, (P, S, H, D)):
        return type(v).__name__
    return v
def calls(f, count, *rest, **names):
    out = []
    for k in range(count):
        try:
            out.append(plain(f(k, *rest, **names)))
        except Exception as e:
            tb, lines = e.__traceback__, []
            while tb is not None:
                lines.append(tb.tb_lineno)
                tb = tb.tb_next
            out.append((type(e).__name__, str(e), lines))
    return out
def hot(f):
    show(calls, f, 30, 2)
    show(each, lambda k: plain(f(k)), 25)
    show(each, lambda k, *r, **n: plain(f(k, *r, **n)), 20, 1.5)
    show(lambda: list(map(lambda k: plain(f(k, k + 0.5)), range(20))))
    show(lambda: calls(f, 20, 3, x=4))
    show(calls, f, 15, 1 << 62, 2, P(1, 2.5), True)
    h = H(f, 3)
    show(calls, h, 20)
    show(lambda: list(h))
    show(calls, lambda k: h + k, 20)
    show(calls, lambda k: plain(h.value), 20)
    show(lambda: sorted(range(15), key=lambda k: repr(plain(f(k, k))).split(" at 0x")[0]))
'''
LOOPS = '''
class A:
    count = w = 0
    step = 2
    def __init__(self, v):
        self.v = v
    @staticmethod
    def sm(x):
        return x + 1
    @classmethod
    def cm(cls, x):
        return cls.step + x
    @property
    def pr(self):
        return self.v
    @pr.setter
    def pr(self, value):
        self.v = value
    @property
    def lazy(self):
        for k, w in enumerate(self.__dict__.items()):
            if k:
                return w[0]
        return k
    def m(self, x):
        return x + self.count
    def both(self, x):
        return [self.m(k) + w for k, w in zip(range(x % 3 + 1), range(9))][-1]
    def __iter__(self):
        return iter((self.count, self.step))
    def __getitem__(self, n):
        return n + self.step
    def call(self, x):
        return x
    @property
    def meta(self):
        return type(self).cm(self, 1) if isinstance(self, Z) else type(self).cm(1)
class B(A):
    step = 3
    def __init__(self, v):
        super().__init__(v)
        self.w = v
    @classmethod
    def cm(cls, x):
        return super().cm(x) * 2
    @property
    def pr(self):
        return super().pr
    def m(self, x):
        return super().m(x) - 1
    def __iter__(self):
        for k, w in enumerate(super().__iter__()):
            yield k + w
    def call(self, x):
        return super(B, self).sm(x)
class V(B):
    __slots__ = ("extra",)
    w = 9
    def __init__(self, v):
        super().__init__(v)
        self.extra = v
    sm = staticmethod(lambda x: x - 1)
    def call(self, x):
        return super().call(x) + self.extra
class Z(V):
    def __getattr__(self, name):
        if name == "meta2":
            raise AttributeError(name)
        return 1
    def cm(self, x):
        return super().cm(x) + self.other
class Y(dict):
    step = 1
    def __init__(self, v):
        super().__init__({1: 2, v: 3})
        self.v = v
    def get(self, key, default=None):
        return super().get(key, default)
    def __missing__(self, key):
        return self.step
def stops(x):
    if x == 5:
        raise StopIteration(x)
    return x
def pair1(x):
    return x, x
def second(p):
    return p[1]
def turns(items):
    for item in items:
        yield item
def shown(w):
    if isinstance(w, (tuple, list)):
        return type(w)(shown(k) for k in w)
    return w if isinstance(w, (int, float, str, type(None))) else type(w).__name__
def driven(f):
    def turn(*args):
        got = f(*args)
        return shown(list(got) if hasattr(got, "send") else got)
    turn.__name__ = f.__name__
    return turn
'''
EXTRA = '''
class M_:
    def __enter__(self):
        return self
    def __exit__(self, *a):
        return a[0] is ZeroDivisionError
def global_set(v):
    global G
    G = v % 11
'''
CALLS = ("{f}, 40, 1, 0.5, P(1, 2), False", "{f}, 40, 1, 0.5, P(1, 2), False", "{f}, 25, 1.5, 2, Q(1, 2.5), True",
         "{f}, 60, 4611686018427387000, 1e3, P(2**62, -1), False", "{f}, 30, True, -3, S(1, 2), True",
         "{f}, 45, 2**70, 1.5, Q(0, 0), False",
         "{f}, 33, 9, 0.25, P(1, 2), True")


def program(seed: int, functions: int = 12) -> str:
    """The source of a random script, by turns of functions with hot loops, of hot functions, and of loops over iterators and attributes."""
    rng = random.Random(seed)
    if seed % 3 == 1:
        parts = [PROLOGUE, EXTRA, EPILOGUE, HOT]
        parts += [HotWriter(rng.getrandbits(48), f"h{number}").function() for number in range(functions)]
        return "\n".join([*parts, *(f"hot(h{number})" for number in range(functions))]) + "\n"
    writer = LoopWriter if seed % 3 == 2 else Writer
    parts = [PROLOGUE, EXTRA, EPILOGUE] + [LOOPS] * (writer is LoopWriter)
    for number in range(functions):
        parts.append(writer(rng.getrandbits(48), f"t{number}").function())
        if writer is LoopWriter:
            parts.append(f"t{number} = driven(t{number})")
    for number in range(functions):
        calls = rng.sample(CALLS, 5)
        parts += [f"show({call.format(f=f't{number}')})" for call in calls]
    return "\n".join(parts) + "\n"


def run(command: list[str], script: Path, timeout: float = TIMEOUT) -> tuple[str, str, int]:
    """stdout, stderr and status of a run."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run([*command, str(script)], capture_output=True, env=environment, timeout=timeout, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return "", "timeout", 124
    stderr = "".join(line for line in done.stderr.decode(errors="replace").splitlines(True) if "building the interpreter" not in line)
    printed = re.sub(r" at 0x[0-9a-f]+>", " at ...>", done.stdout.decode(errors="replace"))  # each process has other addresses
    return printed, stderr, done.returncode


def differs(script: Path, mode: str) -> str:
    """What differs between CPython and a mode of jitvm, or nothing."""
    host = run([sys.executable], script, HOST_TIMEOUT)
    if host[2] == 124:
        return ""
    vm = run([sys.executable, "-m", "jitvm", "run", *MODES[mode]], script)
    return compare(host, vm)


def compare(host: tuple[str, str, int], vm: tuple[str, str, int]) -> str:
    if host == vm:
        return ""
    for left, right in zip(host[0].splitlines(), vm[0].splitlines(), strict=False):
        if left != right:
            return f"CPython: {left}\njitvm:   {right}"
    return f"status {vm[2]} for {host[2]}; stderr: {vm[1][-1500:]}"


class Reducer(ast.NodeTransformer):
    """Removes (or opens) the statement of a number."""

    def __init__(self, number: int, way: int) -> None:
        self.number, self.way, self.count = number, way, -1

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name in ("body", "orelse", "finalbody", "handlers"):
            block = getattr(node, name, None)
            if not isinstance(block, list):
                continue
            out = []
            for child in block:
                self.count += 1
                if self.count == self.number:
                    if self.way == 0:
                        continue
                    if isinstance(getattr(child, "body", None), list) and not isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                        out.extend(child.body)
                        continue
                out.append(self.generic_visit(child))
            if not out and name == "body":
                out = [ast.Pass()]
            setattr(node, name, out)
        return node


def reduce(source: str, mode: str, seconds: float = 90) -> str:
    """A smaller script that differs too."""
    end = time.time() + seconds
    best = ast.unparse(ast.parse(source))
    kind = check(best, mode)
    if not kind:
        return source
    changed = True
    with ThreadPoolExecutor(8) as pool:
        while changed and time.time() < end:
            changed = False
            total = sum(isinstance(n, (ast.stmt, ast.ExceptHandler)) for n in ast.walk(ast.parse(best)))
            chunk = max(total // 3, 1)
            # whole runs of statements first, the last first
            number = total - 1
            while number >= 0 and time.time() < end:
                trials = []
                for n in range(number, max(number - 8, -1), -1):
                    for way in (0, 1):
                        text = attempt(best, n, way)
                        if text is not None and text != best:
                            trials.append((n, text))
                results = list(pool.map(lambda t: check(t[1], mode), trials))
                found = [(n, t) for (n, t), bad in zip(trials, results, strict=True) if bad]
                if found:
                    best = min((t for _, t in found), key=len)
                    changed = True
                    number = min(number, sum(isinstance(n, (ast.stmt, ast.ExceptHandler)) for n in ast.walk(ast.parse(best))) - 1)
                else:
                    number -= 8
            assert chunk
    return best


def attempt(source: str, number: int, way: int) -> str | None:
    tree = ast.parse(source)
    try:
        return ast.unparse(ast.fix_missing_locations(Reducer(number, way).visit(tree)))
    except Exception:
        return None


def check(source: str, mode: str) -> str:
    """Whether a reduced script still differs; one that fails under CPython itself does not count."""
    with tempfile.NamedTemporaryFile("w", suffix=".py", delete=False) as file:
        file.write(source)
    try:
        host = run([sys.executable], Path(file.name), HOST_TIMEOUT)
        if host[2] != 0:
            return ""
        return compare(host, run([sys.executable, "-m", "jitvm", "run", *MODES[mode]], Path(file.name)))
    finally:
        os.unlink(file.name)


def isolate(source: str, difference: str, mode: str) -> str:
    """Only the function that differs, where that is enough."""
    tree = ast.parse(source)
    names = [n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name[0] in "th" and n.name[1:].isdigit()]
    guess = [n for n in names if f"{n} " in difference] + names
    for name in dict.fromkeys(guess):
        body = [n for n in tree.body if not (isinstance(n, ast.FunctionDef) and n.name in names and n.name != name)
                and not (isinstance(n, ast.Expr) and f"show({name}," not in ast.unparse(n) and "show(" in ast.unparse(n))]
        text = ast.unparse(ast.Module(body, []))
        if check(text, mode):
            return text
    return source


def one(seed: int, functions: int, modes: list[str], folder: Path) -> list[tuple[int, str, str]]:
    """Runs one program in all modes; the differences."""
    script = folder / f"fuzz{seed}.py"
    script.write_text(program(seed, functions))
    host = run([sys.executable], script, HOST_TIMEOUT)
    if host[2] == 124:
        return []
    out = []
    for mode in modes:
        what = compare(host, run([sys.executable, "-m", "jitvm", "run", *MODES[mode]], script))
        if what:
            out.append((seed, mode, what))
    if not out:
        script.unlink()
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--functions", type=int, default=12)
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--keep", default=tempfile.gettempdir())
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--reduce", type=int, default=1, help="how many differences are reduced")
    options = parser.parse_args()
    folder = Path(options.keep)
    folder.mkdir(parents=True, exist_ok=True)
    modes = options.modes.split(",")
    end = time.time() + options.seconds
    count = 0
    found: list[tuple[int, str, str]] = []
    seed = options.seed
    with ThreadPoolExecutor(options.jobs) as pool:
        while time.time() < end:
            batch = list(range(seed, seed + options.jobs * 2))
            seed += len(batch)
            for rows in pool.map(lambda s: one(s, options.functions, modes, folder), batch):
                count += 1
                for row in rows:
                    found.append(row)
                    print(f"seed {row[0]} mode {row[1]}:\n{row[2]}\n", flush=True)
    print(f"{count} programs of {options.functions} functions, {len(found)} differences")
    for number, mode, what in found[:options.reduce]:
        source = (folder / f"fuzz{number}.py").read_text()
        small = reduce(isolate(source, what, mode), mode)
        target = folder / f"reduced{number}-{mode}.py"
        target.write_text(small)
        print(f"--- {target}\n{small[-3000:]}\n{check(small, mode)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
