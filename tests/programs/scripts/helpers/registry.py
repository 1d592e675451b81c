"""A module whose functions are called while its body runs, by decorators, and afterwards by C code."""
import functools

TABLE = {}


def register(name):
    def decorate(function):
        TABLE[name] = function
        return function
    return decorate


@register("double")
def double(x):
    return 2 * x


@register("pairs")
def pairs(items):
    yield from ((item, TABLE["double"](item)) for item in items)


class Version:
    class Part:
        def __init__(self, number):
            self.number = number

        def __lt__(self, other):
            return self.number < other.number

        @staticmethod
        def parse(text):
            return Version.Part(int(text))

    def __init__(self, text):
        self.parts = list(map(Version.Part.parse, text.split(".")))

    def __eq__(self, other):
        return str(self) == str(other)

    def __hash__(self):
        return hash(tuple(part.number for part in self.parts))

    def __lt__(self, other):
        return [p.number for p in self.parts] < [p.number for p in other.parts]

    def __str__(self):
        return ".".join(str(part.number) for part in self.parts)

    @property
    def major(self):
        return self.parts[0].number

    @functools.cached_property
    def minor(self):
        return self.parts[1].number


def fails(x, *, by=0):
    try:
        return x / by
    finally:
        TABLE["last"] = x


def same_a(x):
    return x + 1


def same_b(x):
    return x + 1


in_set = lambda x: x in {1, "a", None, 2.5, (1, 2)}
ORDER = sorted(["1.10", "1.9", "0.3"], key=lambda text: Version(text))
