"""An exception that ends the program, through several frames, with causes and contexts and carets."""
import sys
import traceback


class AppError(Exception):
    def __init__(self, code, detail):
        super().__init__(code, detail)
        self.code = code


def parse(text):
    return int(text)


def load(rows):
    out = []
    for row in rows:
        try:
            out.append(parse(row))
        except ValueError as error:
            raise AppError(3, row) from error
    return out


def careless(rows):
    try:
        return load(rows)
    finally:
        print("cleanup", len(rows))


def context():
    try:
        {}["key"]
    except KeyError:
        return [1, 2][5] + \
            3


def suppressed():
    try:
        {}["key"]
    except KeyError:
        raise RuntimeError("no context") from None


def nested(depth):
    if depth == 0:
        return (1 +
                2) / (3 - 3)
    return nested(depth - 1) + 1


def noted():
    error = ValueError("with notes")
    error.add_note("first note")
    error.add_note("second")
    raise error


def reraise():
    try:
        nested(1)
    except ZeroDivisionError as error:
        error.extra = 1
        raise


def many_calls(x):
    return (lambda v: v.upper())(x).foo.bar(1, 2)[3]


def show(function, *args):
    try:
        function(*args)
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        print(text.replace(__file__, "FILE"))
        frames = traceback.extract_tb(error.__traceback__)
        print([(f.name, f.lineno, f.colno, f.end_colno) for f in frames])


def main():
    show(load, ["1", "x"])
    show(context)
    show(suppressed)
    show(nested, 3)
    show(noted)
    show(reraise)
    show(many_calls, "abc")
    show(eval, "1 +* 2")
    show(lambda: [x.foo for x in [1]])
    show(lambda: {k: undefined for k in "ab"})
    try:
        careless(["1", "2", "no"])
    except AppError as error:
        print(error.code, error.args, repr(error.__cause__), error.__context__ is error.__cause__, sys.exc_info()[0])
    print(sys.exc_info())


main()
sys.stdout.flush()
careless(["4", "five"])
