"""Functions that are hot by themselves: called from many places, from C, by themselves; what they hold ends when they return."""
import functools
import sys

kept = []
order = []
counter = 0


class Noisy:
    """Tells when it ends, and who runs then."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        order.append((self.name, sys._getframe(1).f_code.co_name))


class Node:
    def __init__(self, value, parent=None):
        self.value = value
        self.parent = parent

    def root(self, update=False):
        parent = self.parent
        if parent is not None and parent.parent is not None:
            parent = parent.root(update)
            if update:
                self.parent = parent
        return parent if parent is not None else self

    def __add__(self, other):
        total = self.value + (other.value if isinstance(other, Node) else other)
        if total > 100:
            total -= 100
        return Node(total, self)

    def __getitem__(self, index):
        if index >= 3:
            raise IndexError(index)
        return self.value * index + index

    @property
    def depth(self):
        count = 0
        node = self
        while node.parent is not None:
            node = node.parent
            count += 1
        return count


def find(items, wanted):
    place = 0
    for item in items:
        if item == wanted:
            return place
        place += 1
    return -1


def several_ends(number):
    first = Noisy("first")
    second = Noisy("second")
    if number % 3 == 0:
        first = second
    elif number % 3 == 1:
        return number
    third = [Noisy("third"), second]
    del second
    return third if number % 5 == 0 else len(third)


def keeps_frame(number):
    doubled = number * 2
    if number % 7 == 0:
        kept.append(sys._getframe())
    tripled = doubled + number
    return tripled


def counts(step):
    global counter
    counter += step
    if counter % 4:
        counter += 1
    return counter


def signatures(a, /, b=2, *rest, c, d=4, **names):
    total = a + b + c + d
    for extra in rest:
        total += extra
    for name in names:
        total += names[name]
    return total, len(rest), sorted(names)


def outer(base):
    bonus = base + 1

    def inner(number):
        nonlocal bonus
        bonus += number % 2
        value = base * number + bonus
        return value if value % 3 else -value

    return inner


def raises(number):
    try:
        if number % 4 == 0:
            raise ValueError(number)
        if number % 4 == 1:
            return [][number]
        return number
    except IndexError as error:
        return str(error)
    finally:
        order.append(number % 3)


def deep(number):
    if number <= 0:
        return kept.__len__() * 0
    return deep(number - 1) + deep(number - 2) + number % 2


def classify(value):
    if isinstance(value, bool):
        kind = "bool"
    elif isinstance(value, int):
        kind = "int" + "+" * (value > 1 << 62)
    elif isinstance(value, float):
        kind = "float"
    elif value is None:
        kind = "none"
    else:
        kind = type(value).__name__
    return kind


def nodes():
    root = Node(1)
    chain = [root]
    for value in range(6):
        chain.append(Node(value, chain[-1]))
    total = 0
    for number in range(60):
        node = chain[number % 7]
        total += node.root(number % 5 == 0).value + node.depth
        total += (node + number).value + (node + node).value
        total += sum(node)
        if number % 20 == 19:
            for place in range(2, 7):
                chain[place].parent = chain[place - 1]
    return total


def ends():
    results = [several_ends(number) for number in range(40)]
    print([type(result).__name__ for result in results[:8]], sum(r for r in results if type(r) is int))
    del results
    print(len(order), order[:12], order[-4:])
    order.clear()


def frames():
    print(sum(keeps_frame(number) for number in range(50)))
    print([(frame.f_locals["number"], frame.f_locals.get("tripled"), frame.f_lineno - frame.f_code.co_firstlineno) for frame in kept][:4])
    kept.clear()


def failures():
    caught = 0
    for number in range(48):
        try:
            raises(number)
        except ValueError as error:
            caught += error.args[0] + error.__traceback__.tb_next.tb_lineno - raises.__code__.co_firstlineno
    print(caught, len(order), order[:6])
    order.clear()


def from_c():
    global counter
    counter = 0
    print(list(map(counts, range(12))), counter)
    print(sorted(range(20), key=outer(3)), functools.reduce(lambda a, b: a * 3 + b if a < 1000 else b, range(40)))
    print(max(range(-9, 9), key=lambda n: n * n - 3 * n))
    print(sum(map(find, [[1, 2, 3]] * 30, range(30))))
    print([classify(v) for v in (1, 2.0, True, None, "x", 1 << 70, [], 5, 6, 7.5, False, None)] * 2)


def shapes():
    out = []
    for number in range(30):
        out.append(signatures(number, c=1))
        out.append(signatures(number, 3, 4, 5, c=number, e=number))
        out.append(signatures(*[number, 1], **{"c": 2, "z": 3, "d": 0}))
        try:
            signatures(number)
        except TypeError as error:
            out.append(str(error))
    print(out[:5], out[-3:])


def references():
    one = object()
    node = Node(one)
    before = sys.getrefcount(one), sys.getrefcount(node)
    for number in range(50):
        find([one, node], None)
        find([None, one], one)
        classify(one)
        node.root()
    print(sys.getrefcount(one) - before[0], sys.getrefcount(node) - before[1])


def main():
    print(nodes())
    ends()
    frames()
    failures()
    from_c()
    shapes()
    references()
    print(deep(12))


main()
