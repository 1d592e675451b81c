"""Ints of 60 to 64 bits, and beyond, that go through attributes, globals and calls: an int object says nothing of its size."""


class Sum:
    def __init__(self, a):
        self.a = a

    def add(self, n):
        self.a = self.a + n
        return self.a

    def twice(self, n, more=2):
        return self.add(n) * more


def clip(x):
    if x > 1 << 70:
        return x % 1000003
    return x


def growing(n, box):
    c = 2
    out = []
    for _ in range(n):
        box.a += 1
        c = clip(box.twice(c, more=3))
        out.append((box.a, c))
    return out


def mixed(n, box):
    """A generator of pseudo-random numbers of 64 bits, with its state in an attribute."""
    seen = 0
    for _ in range(n):
        box.a = (box.a * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        seen ^= box.a >> 33
    return seen, box.a


def shifted(n, box):
    for k in range(n):
        box.a = (box.a << 1 | k & 1) & (1 << 63) - 1
        if box.a & 1 << 62:
            box.a -= 1 << 61
    return box.a


state = 1


def globally(n):
    global state
    for k in range(n):
        state = state * 5 + k
        if state >= 1 << 63:
            state >>= 20
    return state


def larger(a, b):
    return a if a > b else b


def native(n, limit):
    return n if n > limit else larger(native(n * 2 + 1, limit), n)


def main():
    global state
    state = 1
    for _ in range(3):
        for row in growing(45, Sum(1))[20:]:
            print(*row)
        print(mixed(2000, Sum(7)), shifted(500, Sum(3)), globally(500))
        print(native(1, 1 << 59), native(3, 1 << 62), native(5, 1 << 66))


main()
