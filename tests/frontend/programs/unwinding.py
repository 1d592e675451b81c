# ruff: noqa
"""try, finally and with, left in every way."""


class Manager:
    def __init__(self, name, swallow=False):
        self.name, self.swallow = name, swallow

    def __enter__(self):
        print("enter", self.name)
        return self

    def __exit__(self, kind, value, traceback):
        print("exit", self.name, kind and kind.__name__, value)
        return self.swallow


def ways(way):
    for turn in range(3):
        with Manager("outer"), Manager("inner", swallow=way == "swallow") as inner:
            try:
                print(turn, inner.name)
                if way == "return":
                    return turn
                if way == "break":
                    break
                if way == "continue":
                    continue
                if way in ("raise", "swallow"):
                    raise KeyError(way)
            except ValueError:
                print("never")
            else:
                print("else")
            finally:
                print("finally", turn)
        print("end of turn")
    else:
        print("exhausted")
    return "done"


for way in ("return", "break", "continue", "swallow", "plain"):
    print(way, ways(way))
try:
    ways("raise")
except KeyError as error:
    print("caught", error)


def overrides():
    for turn in range(3):
        try:
            return "lost"
        finally:
            if turn < 2:
                continue
            print("last")
    return "end"


def value_is_kept():
    value = 1
    try:
        return value
    finally:
        value = 2


def nested(depth):
    try:
        try:
            if depth:
                raise ValueError(depth)
        except ValueError as error:
            print("handling", error)
            if depth == 2:
                raise KeyError("second") from error
            if depth == 3:
                raise
            return "handled"
        finally:
            print("finally of", depth)
    except (KeyError, ValueError) as error:
        print(type(error).__name__, error, repr(error.__cause__), repr(error.__context__))
        try:
            del error
        except NameError:
            print("never")
    try:
        error
    except UnboundLocalError as unbound:
        print(unbound)
    return "end"


print(overrides(), value_is_kept(), [nested(depth) for depth in range(4)])


def unbound(flag):
    if flag:
        local = 1
        del local
    for item in ():
        pass
    try:
        print(item)
    except UnboundLocalError as error:
        print(error)
    return local


ways("unknown")
unbound(1)
