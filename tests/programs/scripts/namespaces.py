"""Functions with other kinds of globals and builtins than exact dicts."""
import builtins
from types import FunctionType


class Names(dict):
    def __missing__(self, name):
        if name == "lost":
            raise KeyError(name)
        if name == "broken":
            raise ValueError(name)
        return "missing " + name


class Shouting(dict):
    def __getitem__(self, name):
        return f"{name}!"


class Mapping:
    def __getitem__(self, name):
        if name == "known":
            return "found"
        if name == "broken":
            raise ValueError(name)
        raise KeyError(name)


def one():
    return known


def two():
    return lost


def three():
    return broken


def four():
    return len([1, 2])


def five():
    global fresh
    fresh = known
    return fresh


def six():
    import sys
    return sys.byteorder


def seven():
    class Inner:
        attribute = 7
    return Inner.attribute


class Places:
    """Nothing lies where a dict has its keys."""
    __slots__ = "first", "second", "third"

    def __getitem__(self, name):
        if name == "len":
            return lambda items: f"len of {items}"
        raise KeyError(name)


def replaced():
    """The builtins of a dict of globals are replaced by another mapping after a name was found there."""
    space = {"__builtins__": builtins}
    made = FunctionType(four.__code__, space)
    print({made() for _ in range(50)})
    space["__builtins__"] = Places()
    other = FunctionType(four.__code__, space)
    print({other() for _ in range(50)}, made())


def main():
    replaced()
    spaces = [
        ("names", lambda: Names(known=1)), ("names, builtins", lambda: Names(__builtins__=builtins)),
        ("shouting", lambda: Shouting(known=1)),
        ("mapping", lambda: {"__builtins__": Mapping()}), ("dict", lambda: {"__builtins__": {"known": 5}}),
        ("names in builtins", lambda: {"__builtins__": Names()}), ("names twice", lambda: Names(__builtins__=Names())),
        ("empty", lambda: {"__builtins__": {}}),
    ]
    for _ in range(3):
        for text, make in spaces:
            for function in one, two, three, four, five, six, seven:
                try:
                    made = FunctionType(function.__code__, make())
                    result = [made() for _ in range(3)]
                except Exception as error:
                    context = error.__context__
                    text_of = "" if isinstance(error, SystemError) else f": {error}"  # it names a line of the host's sources
                    result = f"{type(error).__name__}{text_of} ({context!r})"
                print(text, function.__name__, result)


main()
