"""Every shape of parameters and arguments, and what wrong calls say."""
import functools
import inspect


def plain(a, b):
    return a, b


def defaults(a, b=2, c=[3]):
    return a, b, c


def stars(*args, **kwargs):
    return args, kwargs


def mixed(a, b=2, *args, c, d=4, **kwargs):
    return a, b, args, c, d, kwargs


def only_positional(a, b=1, /, c=2):
    return a, b, c


def only_keyword(*, a, b=2):
    return a, b


def positional_and_more(a, /, **kwargs):
    return a, kwargs


def none():
    return None


class K:
    def method(self, a, *args, b=1, **kw):
        return a, args, b, kw

    @classmethod
    def cm(cls, a=1):
        return cls.__name__, a

    @staticmethod
    def sm(a, b=2):
        return a, b


def attempt(function, *args, **kwargs):
    try:
        print(function(*args, **kwargs))
    except TypeError as error:
        print(error)


def direct():
    """Wrong calls as the compiler sees them, not through stars."""
    k = K()
    for f in (lambda: plain(1), lambda: plain(), lambda: plain(1, 2, 3), lambda: plain(1, b=2, c=3), lambda: plain(1, 2, a=1), lambda: none(1), lambda: none(x=1),
              lambda: defaults(), lambda: defaults(1, 2, 3, 4), lambda: mixed(1), lambda: mixed(c=1), lambda: only_positional(a=1), lambda: only_positional(1, b=2),
              lambda: only_keyword(1), lambda: only_keyword(), lambda: only_keyword(a=1, b=2, c=3), lambda: k.method(), lambda: K.method(), lambda: k.cm(1, 2),
              lambda: K.sm(), lambda: only_keyword(1, 2, a=3), lambda: positional_and_more(), lambda: positional_and_more(a=1), lambda: defaults(1, bb=2),
              lambda: (lambda x: x)(), lambda: len(), lambda: len(1, 2), lambda: int(x=1), lambda: 5(), lambda: "a"(), lambda: None.x(), lambda: k.nope(),
              lambda: plain(*[1], *[2], *[3]), lambda: plain(**{"a": 1}, **{"a": 2}), lambda: plain(1, **{"a": 1}), lambda: plain(*5), lambda: plain(**5),
              lambda: stars(**{1: 2}), lambda: K(1), lambda: plain(b=1, *[2], **{"b": 3}), lambda: print(sep=1)):
        try:
            print(f())
        except (TypeError, AttributeError) as error:
            print(type(error).__name__, error)


def main():
    print(plain(1, 2), plain(b=1, a=2), plain(1, b=2), plain(*[1, 2]), plain(**{"a": 1, "b": 2}), plain(*"ab"), plain(*[1], **{"b": 2}))
    print(defaults(1), defaults(1, c=5), defaults(*[1], c=2), defaults(b=0, a=9))
    print(stars(), stars(1, 2), stars(a=1), stars(1, *[2, 3], 4, x=5, **{"y": 6}, **{"z": 7}), stars(*(), **{}))
    print(mixed(1, c=3), mixed(1, 2, 3, 4, c=5, e=6), mixed(*range(4), **dict(c=1, d=2, z=3)))
    print(only_positional(1), only_positional(1, 2, c=3), only_keyword(a=1), positional_and_more(1, a=2))
    k = K()
    print(k.method(1), k.method(1, 2, 3, b=4, c=5), K.method(k, 1), k.cm(), K.cm(a=5), k.sm(1), K.sm(*[1, 2]))
    m = k.method
    print(m(1, x=2), functools.partial(mixed, 1, c=2)(3, d=4), functools.partial(K.method, k)(9))
    direct()
    attempt(mixed, 1, 2, 3)
    attempt(plain, 1, 2, c=1)
    print(inspect.signature(mixed), inspect.getfullargspec(only_keyword), inspect.getcallargs(defaults, 1))
    print(list(map(plain, [1], [2])), max([1, 5, 3], key=lambda v, *, sign=-1: sign * v))
    defaults(1)[2].append(4)
    print(defaults(0))
    defaults.__defaults__ = (7, [3])
    print(defaults(0))
    defaults.__defaults__ = (2, [3])
    only_keyword.__kwdefaults__["b"] = 8
    print(only_keyword(a=1))
    only_keyword.__kwdefaults__["b"] = 2
    plain.__code__, none.__code__ = none.__code__, plain.__code__
    attempt(plain)
    attempt(none, 1, 2)
    plain.__code__, none.__code__ = none.__code__, plain.__code__

    def order(log, value):
        log.append(value)
        return value
    log = []
    stars(order(log, 1), *[order(log, 2)], k=order(log, 3), **{"m": order(log, 4)})
    print(log)


main()
