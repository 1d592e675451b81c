"""Imports within functions that call themselves, and within functions that loops call."""
import sys


def deep(n):
    if n == 0:
        return 0
    import math
    if n % 2:
        from os import path
        return math.floor(n / 2) + len(path.sep) + deep(n - 1)
    return n + deep(n - 1)


def tree(n):
    from math import sqrt
    if n < 2:
        return sqrt(n)
    return tree(n - 1) + tree(n - 2)


def flat(n):
    import collections.abc as abc
    from string import digits, hexdigits as more
    return len(digits) + len(more) + n * isinstance(n, abc.Hashable)


def failing(n):
    try:
        from math import nothing  # noqa: F401
    except ImportError as error:
        return len(str(error)) * 0 + n
    return 0


def missing(n):
    try:
        import nowhere_to_be_found  # noqa: F401
    except ModuleNotFoundError as error:
        return error.name, n
    return 0


seen = []


def watching(name, names=None, visible=None, items=(), level=0):
    seen.append((name, names is None or names["__name__"], visible, items, level))
    return original(name, names, visible, items, level)


def main():
    global original
    print(sum(deep(i % 60) for i in range(120)), round(tree(12), 6))
    print(sum(flat(i) for i in range(300)), sum(failing(i) for i in range(100)))
    for i in range(100):
        found = missing(i)
    print(found)
    import builtins
    original = builtins.__import__
    builtins.__import__ = watching
    try:
        print(deep(20), sum(flat(i) for i in range(100)))
    finally:
        builtins.__import__ = original
    print(len(seen), sorted(set(seen), key=repr))
    print(sum(flat(i) for i in range(100)), "math" in sys.modules)


main()
