"""Generators that wait in the midst of statements: what was begun goes on after send, throw and close."""

import sys


def ignored(report):
    print("ignored", report.exc_type.__name__, report.exc_value)


def within_calls(log):
    log.append((yield "first"))
    log.extend([(yield "second"), (yield "third")])
    print("sum", sum([(yield 1), (yield 2)], start=(yield 3)))
    print(*(yield "star"), sep=(yield "sep"))
    return dict(a=(yield "a"), **(yield "b"))


def within_operators(x):
    y = x + (yield x)
    y -= yield y
    z = [x, (yield y), x, *(yield y + 1)]
    z[(yield len(z))] = yield "value"
    z[0] += yield z
    w = {(yield "key"): (yield "item"), "x": x}
    t = (yield 1), (yield 2), (yield 3)
    a = x if (yield "test") else (yield "else")
    b = x < (yield "lt") < (yield "lt2")
    c = (yield "or") or (yield "or2")
    f = f"{x}-{(yield 'f1')!r:>10}-{(yield 'f2'):{(yield 'width')}}"
    s = "abcdefgh"[(yield "low"):(yield "high")]
    return y, z, w, t, a, b, c, f, s


class Box:
    pass


def within_targets(box):
    box.a, box.b = (yield 1), (yield 2)
    box.a += yield box.a
    (yield box).c = yield "c"
    del (yield box).b
    box.items = [1, 2, 3]
    box.items[(yield 0)], (yield box).d = (yield "x"), (yield "y")
    assert (yield "assert"), (yield "message")
    for box.e in (yield "loop"):
        yield box.e
    with (yield "manager") as box.f, (yield "second manager"):
        yield "within"
    return sorted(vars(box).items(), key=lambda row: row[0])


class Manager:
    def __init__(self, name, swallow=False):
        self.name, self.swallow = name, swallow

    def __enter__(self):
        print("enter", self.name)
        return self.name

    def __exit__(self, kind, value, trace):
        print("exit", self.name, kind and kind.__name__, value)
        return self.swallow


def blocks(log):
    for i in range(3):
        try:
            with Manager(i, i == 1):
                try:
                    got = yield i, "body"
                    log.append(got)
                    if got == "break":
                        break
                    if got == "return":
                        return "returned"
                    if got == "raise":
                        raise KeyError(i)
                except ValueError as error:
                    log.append(("caught", str(error)))
                    yield i, "handler"
                    log.append(("after", str(error)))
                else:
                    yield i, "else"
                finally:
                    log.append(("finally", i))
                    yield i, "finally"
                    log.append(("end of finally", i))
        except KeyError as error:
            try:
                yield i, "outer"
                raise
            except KeyError as again:
                log.append(again is error)
                yield i, "again"
        except (yield i, "type"):
            yield i, "typed"
    else:
        log.append((yield "exhausted"))
    return "done"


def drive(generator, script):
    """Feeds a generator with a list of what to send or raise; prints what comes of it."""
    out = []
    try:
        for step in script:
            if step is next:
                out.append(next(generator))
            elif isinstance(step, BaseException):
                out.append(generator.throw(step))
            elif isinstance(step, type) and issubclass(step, BaseException):
                out.append(generator.throw(step))
            elif step == "close":
                generator.close()
                out.append("closed")
            else:
                out.append(generator.send(step))
    except StopIteration as stop:
        out.append(("value", stop.value))
    except BaseException as error:
        out.append((type(error).__name__, str(error), type(error.__context__).__name__))
    return [item if not isinstance(item, Box) else "box" for item in out]


def targets(steps):
    box = Box()
    values = [None, 10, 20, 5, box, "C", box, 1, "X", "Y", box, True, [7, 8], None, None, Manager("m"), Manager("n"), None]
    return drive(within_targets(box), values[:steps])


def main():
    sys.unraisablehook = ignored
    for end in range(8):
        log = []
        print(drive(within_calls(log), [None, "A", "B", "C", 5, 6, 7, "xy", "-", 1, {"c": 2}][:end + 4]), log)
    for end in range(30):
        values = [None, 2, 3, 5, [6], 1, "v", 9, "k", "i", 11, 12, 13, False, "e", 4, 3, 0, "or", "q", "r", 8, 1, 4]
        print(drive(within_operators(1), values[:end]))
        print(drive(within_operators(1), [*values[:end], ZeroDivisionError("thrown")]))
    for end in range(1, 18):
        print(targets(end))
    scripts = ([None] * 12, [None, "a", "break"], [None, "break", None, None], [None, "return", None, None], [None, "raise", None, None],
               [None, ValueError("v"), None, None, None, None, None], [None, "a", None, ValueError("in finally")],
               [None, None, None, None, "raise", None, KeyError, None], [None, "raise", None, "again", None],
               [None, "close"], [None, 1, "close"], [None, ValueError("x"), "close"], [None, ValueError("x"), None, "close"],
               [None, TypeError("t"), TypeError, None, None], [None, TypeError("t"), None, KeyError, None, "close"])
    for script in scripts:
        log = []
        print(drive(blocks(log), script), log)


main()
