"""sys.settrace and sys.setprofile in the midst of functions: those that run already tell of their lines, calls and ends from there on.

# leaks: no
"""
import sys

events = []


def tracer(frame, event, arg):
    if frame.f_globals is globals():
        shown = arg[0].__name__ if event == "exception" else arg if event == "return" else None
        events.append((event, frame.f_code.co_name, frame.f_lineno, shown, sorted(frame.f_locals)))
    return tracer


def profiler(frame, event, arg):
    if frame.f_globals is globals():
        events.append((event, frame.f_code.co_name, frame.f_lineno, getattr(arg, "__name__", arg)))


def begin(depth=1):
    """As pdb.set_trace does it."""
    frame = sys._getframe(1)
    while depth and frame:
        frame.f_trace = tracer
        frame, depth = frame.f_back, depth - 1
    sys.settrace(tracer)


def plain(x):
    y = x + 1
    begin()
    z = y * 2
    return z


def within(items):
    total = []
    for i, item in enumerate(items):
        if i == 1:
            begin(2)
        total.append([item, len("ab") + (begin() or 3), i][1:])
    return total


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, *args):
        return True


def blocks(x):
    with Manager() as m, Manager():
        for i in range(2):
            try:
                begin()
                int("no" * i or "1")
            except ValueError as error:
                x += len(str(error))
            finally:
                x += 1
        raise KeyError(x)
    return m is not None, x


def handled():
    try:
        raise LookupError("a")
    except LookupError:
        try:
            raise_and_begin(2)
        except OSError as error:
            return repr(error.__context__)


def raise_and_begin(depth):
    begin(depth)
    raise OSError("b")


def passes_on(n):
    return raise_and_begin(n) + 1


def caller(n):
    a = [n]
    b = middle(n) + len(a)
    return b, a


def middle(n):
    c = inner(n, *[2], k=n)
    return c * 2


def inner(n, m, k):
    begin(3)
    return n + m + k


def spread(*args, **names):
    begin(*[1])
    found = dict(**names, a=1)
    return args, found


def hot(n):
    total = 0
    for i in range(n):
        total += i
        if i == n - 2:
            begin()
        total += 1
        len("x")
        total += 2
    return total


def closure(n):
    def inside():
        nonlocal n
        begin(2)
        n += 1
        return n
    value = inside()
    return value, n


class Body:
    begin()
    attribute = 5
    sys.settrace(None)


def profiled(n):
    found = []
    sys.setprofile(profiler)
    found.append(len("abc"))
    found.append(max(n, *[2, 3]))
    found.append(sorted(found, key=lambda v: -v))
    sys.setprofile(None)
    len(found)
    return found


def keeps():
    frame = sys._getframe()
    begin()
    a = 1
    return frame, a


def main():
    print(Body.attribute, [row[:3] for row in events])
    events.clear()
    todo = ((plain, 1), (within, [5, 6, 7]), (blocks, 1), (handled,), (passes_on, 2), (caller, 3), (spread, 1), (hot, 60), (closure, 4),
            (profiled, 1))
    for function, *args in todo * 2:
        try:
            result = function(*args)
        except OSError as error:
            trace, lines = error.__traceback__, []
            while trace:
                lines.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
                trace = trace.tb_next
            result = lines
        sys.settrace(None)
        print(function.__name__, result)
        for row in events:
            print("   ", row)
        events.clear()
    frame, a = keeps()
    sys.settrace(None)
    print(frame.f_lineno, sorted(frame.f_locals), frame.f_back.f_code.co_name, a)


main()
