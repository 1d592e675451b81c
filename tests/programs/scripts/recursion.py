"""Recursion: depth at which RecursionError comes, from functions, methods, sort keys, comparisons and repr."""
import sys


def depth(n):
    try:
        return depth(n + 1)
    except RecursionError:
        return n


def plain(n):
    return plain(n + 1)


def counting(state):
    state[0] += 1
    counting(state)


class Node:
    def __init__(self):
        self.count = 0

    def method(self):
        self.count += 1
        return self.method()

    def __call__(self):
        self.count += 1
        return self()

    def __getattr__(self, name):
        if name == "deep":
            self.count += 1
            return self.deep
        raise AttributeError(name)

    def __repr__(self):
        self.count += 1
        return repr([self])

    def __lt__(self, other):
        self.count += 1
        return sorted([self, other])[0] is self

    def __eq__(self, other):
        self.count += 1
        return self == other

    @property
    def loop(self):
        self.count += 1
        return self.loop


def through_sort(state):
    state[0] += 1
    sorted([1, 2], key=lambda x: through_sort(state))


def through_map(state):
    state[0] += 1
    list(map(lambda x: through_map(state), [1]))


def through_star(*args, **kwargs):
    args[0][0] += 1
    through_star(*args, **kwargs)


def mutual_a(state):
    state[0] += 1
    mutual_b(state)


def mutual_b(state):
    state[0] += 1
    mutual_a(state)


def closes(state):
    def inner():
        state[0] += 1
        closes(state)
    inner()


def comprehension(state):
    state[0] += 1
    [comprehension(state) for _ in range(1)]


def attempt(name, f, *args):
    try:
        f(*args)
    except RecursionError as error:
        print(name, "RecursionError" if name in ("through_sort", "lt") else error)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def main():
    print(depth(0))
    attempt("plain", plain, 0)
    for f in (counting, through_sort, through_map, through_star, mutual_a, closes, comprehension):
        state = [0]
        attempt(f.__name__, f, state)
        print(state[0] // 20)
    for name in ("method", "__call__", "__repr__"):
        node = Node()
        attempt(name, getattr(node, name))
        print(node.count // 20)
    node = Node()
    attempt("lt", lambda: node < Node())
    print(node.count // 20)
    node = Node()
    attempt("eq", lambda: node == 1)
    print(node.count // 20)
    node = Node()
    attempt("property", lambda: node.loop)
    print(node.count // 20)
    node = Node()
    attempt("deep", lambda: node.deep)
    print(node.count // 20)
    old = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    print(depth(0))
    sys.setrecursionlimit(5000)
    print(depth(0))
    sys.setrecursionlimit(old)
    print(depth(0), ackermann(2, 30))


main()
