"""A submodule."""
TABLE = [i * i for i in range(10)]


def double(x):
    return x * 2


def apply(function, values):
    return [function(v) for v in values]


def make_adder(n):
    def add(x):
        return x + n
    return add
