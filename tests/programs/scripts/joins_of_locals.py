"""One object in two variables, of which one differs where paths meet: the other must not lose it."""


class Box:
    def __init__(self, a, b=0):
        self.a = a
        self.b = b


class Number:
    pass


def clip(x):
    if isinstance(x, Number):
        return -(x % 1000003)
    return x


def called(function, *arguments):
    return function(*arguments)


def finals(n, a, x, box):
    b, c = 1, 2
    i = 0
    if i % 7 == 1:
        return None
    else:
        box.a = clip(x)
        a = clip((box.a - n))
    for i in range(n):
        if -1 <= (c + b):
            try:
                c = clip(a)
                a += (n % 10)
            finally:
                c = clip((i - b))
        a = clip((c + i))
    return a, b, c, x, i, box.a, box.b


def shared(n, seed):
    first = second = third = [seed]
    kept = []
    for i in range(n):
        if i % 3:
            second = first
            first = [i]
        elif i % 5:
            third = second = first
        else:
            first = third
        del kept[3:]
        kept.insert(0, (first[0], second[0], third[0]))
        if i % 7 == 6:
            second = str(i)
    return kept, first, second, third


def main():
    for x in (0.25, 3, 0.5, 1 << 69, -2.5):
        print(called(finals, 33, 9, x, Box(1, 2)))
    for seed in (1, "a"):
        print(shared(50, seed), shared(300, seed))


main()
