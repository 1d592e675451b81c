"""Calls with starred arguments and parameters, pairs and dicts of names that loops pass around: seen or unseen, changed, raising."""
import sys


class Noted:
    """Prints its name when it ends."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("end of", self.name, end="; ")


def three(a, b, c=30):
    return a * 100 + b * 10 + c


def star(*a):
    return a[0] + a[-1] + len(a)


def rest(first, *others, key=7, **names):
    return first, others, key, names


def named(**names):
    return names["a"] - names["b"]


def forward(*args, **names):
    return three(*args, **names)


def forward_method(self, *args, **names):
    return self.method(*args, **names)


class Thing:
    def __init__(self, base):
        self.base = base

    def method(self, a, b=2, *, c=3):
        return self.base + a * b * c

    def __call__(self, *args, **names):
        return self.method(*args, **names)


def pair(a, b):
    return a, b


def swapped(both):
    first, second = both
    return second, first


def keep(*args, **names):
    kept.append((args, names))
    return args


def change(**names):
    names["new"] = names.pop("a")
    names.update(b=0)
    return sorted(names.items())


def look(*args):
    frame = sys._getframe()
    return frame.f_locals["args"], frame.f_back.f_locals["i"]


def plain_shapes(n):
    total = 0
    values, names = (1, 2, 3), {"a": 1, "b": 2, "c": 3}
    two, last, middle = [4, 5], {"c": 6}, {"b": 5, "c": 6}
    for i in range(n):
        total += three(*values) + three(**names) + three(i, *two) + three(*two, i) + three(i, i, **last) + three(i, **middle)
        total += three(*(i, 2), **{"c": 4}) + three(i, b=1, **last) + three(*values[:2], **last) + forward(i, 2, c=3)
        total += forward(i, b=2) + forward(*values) + forward(**names) + star(i, 2, 3) + star(i) + named(a=i, b=1) + named(**names, a_="x")
    return total


def objects(n):
    thing, total = Thing(5), 0
    bound = thing.method
    for i in range(n):
        total += forward_method(thing, i, c=2) + thing(i, b=3) + thing(*(i, 1), **{"c": i}) + bound(*(i,), b=4)
    return total


def pairs(n):
    total, both = 0, (0, 1)
    for i in range(n):
        a, b = pair(i, i + 1)
        c, d = swapped((a, b))
        both = swapped(pair(c, d)) if i % 3 else both
        t = (i, both)
        if i % 7 == 0:
            total += t[1][0] - t[0]
        total += a - b + c * d + both[0]
    return total, both


def escaping(n):
    last = None
    for i in range(n):
        args = keep(i, "x", k=i)
        if i % 5 == 0:
            last = args, args is kept[-1][0], kept[-1][1]
        if i % 11 == 0:
            kept.clear()
    return last, len(kept)


def mutating(n):
    out = []
    for i in range(n):
        out.append(change(a=i, b=2, c=3))
        got = rest(i, *range(i % 4), key=i, z=i)
        got[3]["more"] = 1
        if i % 50 == 0:
            out.append(got)
    return out[-1], out[0], len(out)


def looking(n):
    out = 0
    for i in range(n):
        args, seen = look(i, 2)
        out += args[0] - seen
    return out


def failing(n):
    out = {}
    shapes = [(1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), (), [1, 2], "ab", range(2), 5, None]
    tables = [{}, {"c": 1}, {"b": 1}, {"a": 9}, {"z": 1}, {1: 2}, {"c": 1, "z": 2}, None, [("c", 1)]]
    for i in range(n):
        args, names = shapes[i % len(shapes)], tables[i // 3 % len(tables)]
        for call in (0, 1, 2):
            try:
                if call == 0:
                    got = three(*args, **names)
                elif call == 1:
                    got = forward(*args, c=1, **names)
                else:
                    got = rest(i % 3, *args, **names)
            except TypeError as error:
                got = str(error)
            out[i % len(shapes), i // 3 % len(tables), call] = got
    return sorted((repr(key), repr(value)) for key, value in out.items())


def defaults(n):
    def target(a, b=1, *, c=2, **more):
        return a + b * 10 + c * 100 + len(more) * 1000

    total = 0
    for i in range(n):
        total += target(*(i,)) + target(**{"a": i, "x": 1}) + target(i, c=5)
        if i == n // 2:
            target.__defaults__ = (7,)
        if i == n - n // 4:
            target.__kwdefaults__ = {"c": 9}
        if i == n - n // 8:
            target.__kwdefaults__["c"] = 11
    target.__defaults__ = None
    try:
        target(*(1,))
    except TypeError as error:
        print(error)
    return total


def kinds(n):
    out = []
    values, names = (1, 2), {"c": 5}
    for i in range(n):
        if i == n // 3:
            values = (1.5, 2)
        if i == n // 2:
            values, names = ("x", 3), {"c": "yy"}
        try:
            out.append(forward(*values, **names))
        except TypeError as error:
            out.append(str(error))
        if i == 2 * n // 3:
            values, names = (1, 2, 3), {}
        if i == 5 * n // 6:
            names = {"c": 1}
    return out[0], out[n // 3], out[n // 2], out[2 * n // 3 + 1], out[-1], len(out)


def ends(n):
    for i in range(n):
        t = (Noted(f"a{i}"), Noted(f"b{i}"))
        rest(*t)
        keep(Noted(f"c{i}"), k=Noted(f"d{i}"))
        kept.clear()
        del t
        pair(Noted(f"e{i}"), Noted(f"f{i}"))[0].name
        star_of(Noted(f"g{i}"), Noted(f"h{i}"))
        print("round", i)


def star_of(*a):
    return a[0].name


def counts(n):
    out = set()
    marker = object()
    for i in range(n):
        got = rest(marker, marker, z=marker)
        out.add(sys.getrefcount(marker))
        a, b = pair(marker, got)
        out.add(sys.getrefcount(marker))
        del got, a, b
    return sorted(out), sys.getrefcount(marker)


def nested(n):
    total = 0
    for i in range(n):
        tree = ((i, (i + 1, i + 2)), [i, (3, 4)], {"k": (i, 1)})
        (a, (b, c)), (d, (e, f)), table = tree
        total += a + b + c + d + e + f + table["k"][0]
        if i % 10 == 3:
            total += len(str(tree))
        if i % 13 == 5:
            x = tree
            x[1].append(7)
            total += len(tree[1]) + (x is tree) + (tree[0] is x[0])
    return total


def inner_loops(n):
    total = 0
    for i in range(n):
        both = (i, 1)
        for item in both:
            total += item
        for j in range(3):
            total += both[0] + three(*both, j)
            both = (both[1], j)
    return total


def texts(n):
    out = ""
    for i in range(n):
        out = "%s=%d" % (i, i) + "%r" % ((i, 2),) + f"{(i, i)}" + "{0[0]}{1}".format((i,), [i])
    return out


kept = []


def main():
    for run in (plain_shapes, objects, pairs, escaping, mutating, looking, defaults, kinds, counts, nested, inner_loops, texts):
        print(run.__name__, run(400))
        kept.clear()
    for line in failing(600):
        print(*line)
    ends(6)


main()
