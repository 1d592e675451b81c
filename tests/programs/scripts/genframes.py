"""Generators looked at from outside and from within: frames, states, tracebacks, recursion, errors of the protocol."""
import gc
import inspect
import sys
import traceback
import types
import weakref


def plain(a, b=2):
    c = a + b
    got = yield c
    d = yield got
    return d


def inner(n):
    for i in range(n):
        yield i


def outer(n):
    x = "local"
    yield from inner(n)
    y = yield x
    return y


def states():
    g = plain(1)
    print(type(g) is types.GeneratorType, isinstance(g, types.GeneratorType), g.__name__, g.__qualname__, inspect.isgenerator(g))
    print(inspect.getgeneratorstate(g), inspect.getgeneratorlocals(g), g.gi_frame.f_lineno - plain.__code__.co_firstlineno, g.gi_running)
    next(g)
    print(inspect.getgeneratorstate(g), inspect.getgeneratorlocals(g), g.gi_frame.f_lineno - plain.__code__.co_firstlineno)
    frame = g.gi_frame
    print(frame is g.gi_frame, frame.f_code is g.gi_code is plain.__code__, frame.f_back, frame.f_locals, g.gi_suspended)
    g.send("sent")
    print(frame is g.gi_frame, frame.f_locals, frame.f_lasti, frame.f_lineno - plain.__code__.co_firstlineno)
    try:
        g.send("last")
    except StopIteration as stop:
        print(stop.value, g.gi_frame, inspect.getgeneratorstate(g), sorted(frame.f_locals.items()), frame.f_back)
    print(list(g), next(g, "none"), g.gi_yieldfrom)
    o = outer(2)
    print(o.gi_yieldfrom, next(o), o.gi_yieldfrom.__name__, next(o), inspect.getgeneratorlocals(o), next(o), o.gi_yieldfrom)
    o.__name__ = "renamed"
    print(o.__name__, repr(o).split(" at ")[0])
    print(outer.__name__, sys.getsizeof(outer(1)) == sys.getsizeof(outer(2)))


def looks(log):
    me = yield
    log.append((me.gi_running, me.gi_frame is sys._getframe(), me.gi_yieldfrom, inspect.getgeneratorstate(me)))
    log.append([f.f_code.co_name for f in walk(sys._getframe())])
    log.append(sorted(me.gi_frame.f_locals))
    x = 5
    log.append(me.gi_frame.f_locals["x"])
    yield sys._getframe()
    log.append(sys._getframe().f_locals["x"])
    try:
        me.send(1)
    except ValueError as error:
        log.append(str(error))
    try:
        next(me)
    except ValueError as error:
        log.append(str(error))
    try:
        me.close()
    except ValueError as error:
        log.append(str(error))
    try:
        me.gi_frame.clear()
    except RuntimeError as error:
        log.append(str(error))
    yield me.gi_frame


def walk(frame):
    while frame:
        yield frame
        frame = frame.f_back


def looking():
    log = []
    g = looks(log)
    next(g)
    frame = g.send(g)
    print(frame is g.gi_frame, frame.f_back)
    print(next(g) is frame, log)
    frame.clear()
    print(g.gi_frame, list(g), sorted(frame.f_locals))


def broken(n):
    yield n
    return 1 // n


def delegates(n):
    try:
        yield from broken(n)
    except ZeroDivisionError as error:
        raise LookupError("delegate") from error


def stops():
    yield 1
    raise StopIteration("inside")


def stops_by_next():
    yield next(iter(()))


def loop_over(g):
    for item in g:
        pass


def errors():
    for action in (lambda: list(broken(0)), lambda: list(delegates(0)), lambda: list(stops()), lambda: loop_over(stops_by_next()),
                   lambda: plain(1).send(5), lambda: plain(), lambda: sum(1 // x for x in (1, 0)), lambda: loop_over(delegates(0)),
                   lambda: plain(1).throw(KeyError("k")), lambda: next(x for x in undefined), lambda: plain(1).throw(5),
                   lambda: list(nothing()), lambda: list(x + unknown for x in (1,))):
        try:
            action()
        except Exception:
            print("".join(part for part in traceback.format_exc().splitlines(True)))


def nothing():
    yield missing
    missing = 1


def deep(n):
    if n:
        yield from deep(n - 1)
    else:
        yield "bottom"


def endless():
    yield from endless()


def nested(n):
    g = inner(3)
    for _ in range(n):
        g = (x + 1 for x in g)
    return g


def recursion():
    print(next(deep(300)), list(nested(200)))
    for make in (lambda: list(endless()), lambda: list(deep(5000)), lambda: list(nested(5000))):
        try:
            make()
        except RecursionError as error:
            print(error)
    print(list(deep(3)))


class Noisy:
    def __init__(self, name, log):
        self.name, self.log = name, log

    def __del__(self):
        self.log.append(self.name)


def holds(log):
    a = Noisy("a", log)
    try:
        yield 1
        b = Noisy("b", log)
        for _ in [Noisy("item", log)]:
            yield 2
        del a
        yield 3
    finally:
        log.append("finally")


def lives():
    for steps in range(6):
        log = []
        g = holds(log)
        for _ in range(steps):
            next(g, None)
            log.append("step")
        ref = weakref.ref(g)
        del g
        log.append(ref() is None)
        print(log)
    log = []

    def cycle():
        me = yield
        keep = Noisy("cycle", log)
        yield me

    g = cycle()
    next(g)
    g.send(g)
    del g
    gc.collect()
    print(log)
    log = []
    for value in holds(log):
        if value == 2:
            break
    print(log)
    before = sys.getrefcount(None)
    for _ in range(2000):
        sum(1 for _ in inner(3))
        g = plain(1)
        next(g)
        g.close()
    print(abs(sys.getrefcount(None) - before) < 1000)


def handled():
    try:
        raise KeyError("outer")
    except KeyError:
        print(sys.exc_info()[0])
        got = yield 1
        print(sys.exc_info()[0], got)
        try:
            raise ValueError("inner")
        except ValueError as error:
            print(type(error.__context__))
            yield 2
            print(sys.exc_info()[0])
        yield 3
        print(sys.exc_info()[0])
    print(sys.exc_info()[0])
    yield 4


def handles():
    g = handled()
    try:
        raise TypeError("driver")
    except TypeError:
        print(next(g), sys.exc_info()[0])
    print(g.send("x"), sys.exc_info()[0])
    for item in g:
        print(item, sys.exc_info()[0])


def main():
    states()
    looking()
    errors()
    recursion()
    lives()
    handles()


main()
