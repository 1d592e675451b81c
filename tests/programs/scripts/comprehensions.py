"""Comprehensions, unpacking, slices, walrus, chained comparisons, conditional expressions, del, global, nested functions."""
X = 10
squares = [x * x for x in range(5)]
pairs = {(a, b) for a in range(3) for b in range(a)}
table = {k: [v for v in range(k)] for k in range(3)}


def scopes():
    x = "outer"
    inner = [x for x in range(3)]
    shadow = [(lambda: x)() for _ in range(1)]
    return x, inner, shadow, [y := 5, y ** 2], y


def slices(s):
    s = list(s)
    s[1:3] = "XYZ"
    s[::2] = [0] * len(s[::2])
    del s[-1], s[0:2]
    s += [1]
    s *= 2
    return s, s[::-1], s[5:1:-2], s[-3:], s[:0], s[slice(1, None)]


def unpack():
    a, (b, *c), d = 1, (2, 3, 4), 5
    *e, f = "xyz"
    [g, h] = {1: 2, 3: 4}
    (i), = [9]
    for j, (k, l) in enumerate([(1, 2), (3, 4)]):
        pass
    return a, b, c, d, e, f, g, h, i, j, k, l


def wrong():
    for text in ("a, b = 1", "a, b = 1, 2, 3", "a, b, c = 'xy'", "a, *b, c = [1]", "(a, b), c = 1, 2", "a, b = iter([1])", "[a] = {}", "a, b = None", "x = [1][2]", "x = {}[1]",
                 "x = 'abc'['d']", "[1, 2][1.5]", "del [][0]", "del {}['k']", "(1, 2)[0] = 3", "None[0]", "x = 5; x[0] = 1", "x = 5; del x[0]", "del undefined_name", "print(undefined_name)",
                 "[1].foo = 2", "{[]: 1}", "{1, []}", "for x in 5: pass", "with 5: pass", "iter(5)", "next([])", "[*5]", "{**5}", "print(*5)", "1 in 5", "'a' in 5", "5 in 'a'", "not_callable = 5; not_callable()",
                 "import sys; sys.nothing", "import nothing_here", "raise 5", "raise ValueError from 5", "int('x')", "assert False", "assert 0, 'message'", "-'a'", "[] < {}", "lambda: 0 + ''; (lambda: 0 + '')()"):
        try:
            exec(text, {})
        except Exception as error:
            print(f"{text!r}: {type(error).__name__}: {error}")


def compare(a, b, c):
    calls = []

    def see(v):
        calls.append(v)
        return v
    return see(a) < see(b) < see(c), see(a) == see(b) != see(c), calls


def branches(n):
    out = []
    for i in range(n):
        if i == 2:
            continue
        elif i > 6:
            break
        out.append("even" if i % 2 == 0 else "odd" if i < 4 else "big")
    else:
        out.append("complete")
    while n:
        n -= 1
        if n == 1:
            break
    else:
        out.append("never")
    return out


def short(a, b):
    return a and b, a or b, not a, (a or b) and (b or a), a if b else b, bool(a) == (not not a), None if a is None else a


def deletes():
    x = 1
    del x
    try:
        return x
    except UnboundLocalError as error:
        return str(error)


def uses_global():
    global X, made_here
    X += 1
    made_here = X
    return X


def annotated(a: int = 1, *args: "str", k: X = 2) -> list:
    b: int = 3
    c: "nothing"
    return a, args, k, b, sorted(annotated.__annotations__.items(), key=str)


def main():
    print(squares, sorted(pairs), table, scopes(), slices("abcdefg"), unpack())
    print([compare(*t) for t in ((1, 2, 3), (3, 2, 1), (1, 1, 2))], branches(5), branches(10), branches(0))
    print([short(a, b) for a in (0, 1, "", "x", None) for b in ([], [0])], deletes())
    print(uses_global(), X, made_here, annotated(2, "a", k=4))
    wrong()
    n = 0
    while (n := n + 1) < 5:
        pass
    print(n, any((last := v) > 2 for v in range(9)), last, [z for z in range(20) if (q := z % 7) and q > 4])
    matrix = [[i * j for j in range(4)] for i in range(3)]
    print(matrix, [*zip(*matrix)], {**{"a": 1}, "b": 2, **{"a": 3}}, [*range(2), *"ab"], (*[1], 2), {*[1, 1], 2})
    print(f"{n!r:>5}|{[1, 2][0]}|{ {'k': 1}['k'] }|{(lambda v: v + 1)(2)}|{'a' if n else 'b'}|{n:{n}}", "%(x)s %(x)r" % {"x": "y"}, "a" "b" f"{1}" "c")
    globals()['X'] = 10


main()
