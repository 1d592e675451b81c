"""Dicts with int, string and other keys: stores, look-ups, tests, deletions; lists that grow while they are read."""


class Key:
    def __init__(self, value):
        self.value = value

    def __hash__(self):
        return hash(self.value)

    def __eq__(self, other):
        return self.value == (other.value if isinstance(other, Key) else other)


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("gone", self.name)


def numbers(n):
    table = {}
    for i in range(-n, n):
        table[i] = i
    for i in range(-n, n):
        table[i] = [i]
    total = 0
    for i in range(-n - 5, n + 5):
        if i in table:
            total += table[i][0]
        if i not in table:
            total -= 1
        total += (i in table) - (i not in table)
    for i in range(-n, n, 2):
        del table[i]
    for i in range(-n, n):
        try:
            total += table[i][0] + 1
        except KeyError as error:
            total += error.args[0]
        try:
            del table[i]
        except KeyError as error:
            total += error.args[0]
    for i in range(n):
        table[i * 3] = -i
    return total, len(table), list(table)[:5], table == {i * 3: -i for i in range(n)}


def mixed():
    table = {True: 1, 2.0: 2, Key(3): 3, (1 << 70): 4, "a": 5, (1 << 61) - 1: 6, -1: 7, -2: 8, 1 << 61: 9}
    found = []
    for key in (1, 2, 3, 1 << 70, "a", (1 << 61) - 1, 0, -1, -2, "b", True, 1.0, 1 << 62, -(1 << 61)):
        found.append((key in table, key not in table, table.get(key, 0)))
        try:
            found.append(table[key])
        except KeyError as error:
            found.append(error.args)
        table[key] = len(table)
    for key in (2, "a", -1, True):
        del table[key]
        found.append(len(table))
    return found, [(str(key), value) for key, value in table.items() if not isinstance(key, Key)]


def texts(n):
    table = {"".join(("a", str(i))): i for i in range(n)}
    total = 0
    for i in range(n):
        total += table["a%d" % i]
    for i in range(n):
        table["a%d" % i] = (i,)
    for i in range(n):
        total += table["a%d" % i][0] + ("a%d" % i in table) + ("b%d" % i in table)
    return total, 5 in table, Key("a1") in table, Key("zz") in table


def ends():
    table = {1: Loud("one"), 2: Loud("two"), "x": Loud("text")}
    table[1] = Loud("another one")
    print("stored")
    table["x"] = None
    print("stored text")
    del table[1]
    print("deleted")
    del table[2]
    print("all")


def growing(n):
    items = [0]
    total = 0
    for i in range(n):
        total += items[-1]
        items.append(i)
        total += items[-1] + len(items)
    return total


def main():
    for _ in range(3):
        print(numbers(60), numbers(300), growing(400))
        print(mixed())
        print(texts(200))
        ends()
    print(numbers(33_000))


main()
