"""Recursion through C code, with a raised limit: deep, and never a crash."""
import functools
import sys


def by_sort(n):
    if n:
        sorted([1], key=lambda x: by_sort(n - 1) or x)


def by_map(n):
    return list(map(by_map, [n - 1] if n else []))


class Tree:
    def __init__(self, child):
        self.child = child

    def __eq__(self, other):
        return self.child == other.child

    def __repr__(self):
        return f"T({self.child!r})"

    def __hash__(self):
        return hash((1, self.child))

    def __getattr__(self, name):
        return getattr(self.child, name)

    def __add__(self, n):
        return self.child + n

    def __iter__(self):
        return iter(self.child)

    def __contains__(self, x):
        return x in self.child

    def __call__(self, *args):
        return self.child(*args)

    def __len__(self):
        return len(self.child)


def plain(n):
    return 0 if n == 0 else 1 + plain(n - 1)


def attempt(f, *args):
    try:
        f(*args)
        return "fine"
    except RecursionError as error:
        return type(error).__name__


def endless(*args):
    return functools.reduce(endless, [1, 2, 3])


def main():
    tree = 1
    for _ in range(3000):
        tree = Tree(tree)
    other = Tree(tree.child)
    for f in (lambda: tree == other, lambda: repr(tree), lambda: hash(tree), lambda: tree.nothing, lambda: tree + 1, lambda: iter(tree),
              lambda: 1 in tree, lambda: tree(1), lambda: len(tree), lambda: by_sort(2000), lambda: by_map(2000), endless, lambda: plain(5000)):
        print(attempt(f))
    old = sys.getrecursionlimit()
    sys.setrecursionlimit(200000)
    print(plain(100000))
    sys.setrecursionlimit(3000)
    print(attempt(by_sort, 600), attempt(by_map, 1000), plain(2500))
    sys.setrecursionlimit(old)
    while isinstance(tree, Tree):
        tree = tree.child


main()
