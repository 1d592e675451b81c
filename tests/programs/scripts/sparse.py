"""Loops over sets and dicts with holes: where they go on, what they say of their length, and what is left after their end."""
import operator


def walk(iterator):
    total = 0
    for x in iterator:
        total = total * 3 % 1000003 + x
    return total


def holes(count, step):
    table = {i: i * 7 for i in range(count)}
    some = set(range(count))
    for i in range(count):
        if i % step:
            del table[i]
            some.discard(i)
    return table, some


def changed(container, change):
    seen = []
    iterator = iter(container)
    try:
        for x in iterator:
            seen.append(x if not isinstance(x, tuple) else x[0])
            if len(seen) == 3:
                change(container)
        seen.append("end")
    except RuntimeError as error:
        seen.append(str(error))
    try:
        return seen, operator.length_hint(iterator), next(iterator, "none")
    except RuntimeError as error:
        return seen, operator.length_hint(iterator), str(error)


def rest(iterator):
    first = []
    for x in iterator:
        first.append(x)
        if len(first) == 2:
            break
    hint = operator.length_hint(iterator)
    after = []
    for x in iterator:
        after.append(x)
    return first, hint, after, operator.length_hint(iterator), list(iterator)


def main():
    for count, step in ((0, 1), (1, 1), (5, 2), (40, 3), (300, 97), (300, 299), (64, 1), (77, 1), (1000, 31)):
        table, some = holes(count, step)
        print(count, step, walk(table), walk(table.keys()), walk(table.values()), walk(some), walk(frozenset(some)),
              sum([k * v for k, v in table.items()]))
    for _ in range(30):
        table, some = holes(50, 7)
        lines = [rest(iter(table)), rest(iter(table.values())), rest(iter(sorted(some))), rest(iter(some)), rest(iter("abcdef")),
                 rest(iter(b"abcdef")), rest(reversed([1, 2, 3, 4])), rest(iter(table.items()))]
    print(*lines, sep="\n")
    grow = {"dict": lambda c: c.update({1000: 1}), "set": lambda c: c.add(1000)}
    same = {"dict": lambda c: (c.pop(49), c.update({1000: 1})), "set": lambda c: (c.discard(49), c.add(1000))}
    for way in (grow, same):
        for _ in range(30):
            seen = [changed(holes(50, 7)[0], way["dict"]), changed(holes(50, 7)[1], way["set"])]
        print(*seen, sep="\n")
    print(shared())
    table, some = holes(90, 4)
    for _ in range(20):
        total = mixed([table, some, table.values(), [1, 2], (3, 4), b"xyz", range(5), reversed([6, 7])])
    print(total)


class Keys(dict):
    pass


class Named:
    def __init__(self):
        self.a, self.b, self.c = 1, 2, 3


def shared():
    total = []
    for _ in range(60):
        named = Named()
        for k, v in named.__dict__.items():
            total.append(v)
        for k in vars(named):
            total.append(k)
        for v in Keys(a=1).values():
            total.append(v)
    return len(total), total[:7], total[-7:]


def mixed(containers):
    total = 0
    for container in containers:
        for x in container:
            total = total * 5 % 1000003 + x
    return total


main()
