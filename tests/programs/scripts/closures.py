"""Closures, nonlocal, decorators, lambdas, default arguments."""
import functools


def counter(start=0):
    count = start

    def step(by=1):
        nonlocal count
        count += by
        return count

    def reset():
        nonlocal count
        count = start

    return step, reset


def logged(prefix):
    def decorate(function):
        calls = []

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            calls.append((args, sorted(kwargs.items())))
            result = function(*args, **kwargs)
            print(prefix, function.__name__, args, kwargs, "->", result)
            return result

        wrapper.calls = calls
        return wrapper
    return decorate


@logged("log:")
def area(width, height=2, *, scale=1):
    """Area."""
    return width * height * scale


@functools.lru_cache(maxsize=None)
def ways(n, k):
    if n == 0:
        return 1
    if n < 0 or k == 0:
        return 0
    return ways(n - k, k) + ways(n, k - 1)


def memo(f):
    cache = {}

    def inner(x):
        if x not in cache:
            cache[x] = f(x)
        return cache[x]
    return inner


@memo
def fact(n):
    return 1 if n <= 1 else n * fact(n - 1)


def compose(*functions):
    return functools.reduce(lambda f, g: lambda x: f(g(x)), functions)


def late():
    return [lambda: i for i in range(3)], [lambda i=i: i for i in range(3)]


def unbound(flag):
    if flag:
        value = 1

    def read():
        return value
    return read


def deleted():
    x = 1

    def inner():
        return x
    del x
    return inner


def main():
    step, reset = counter(10)
    print(step(), step(5), step(by=2))
    reset()
    print(step())
    area(3)
    area(3, 4, scale=5)
    print(area.calls, area.__name__, area.__doc__, area.__wrapped__.__defaults__, area.__wrapped__.__kwdefaults__)
    ways.cache_clear()
    print(ways(40, 10), ways.cache_info().misses, fact(30))
    print(compose(lambda x: x + 1, lambda x: x * 2, str.__len__)("hello"))
    a, b = late()
    print([f() for f in a], [f() for f in b])
    print(unbound(True)())
    for f in (unbound(False), deleted()):
        try:
            f()
        except NameError as error:
            print(type(error).__name__, error)
    print(counter.__closure__, step.__closure__[0].cell_contents, step.__code__.co_freevars)
    area.calls.clear()


main()
