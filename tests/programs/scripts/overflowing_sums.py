"""Sums in loops that overflow 64 bits at some turn: what they were made of is computed back from what the machine left."""
BIG = 1 << 62


def up(n):
    total = 0
    seen = []
    for k in range(n):
        total += BIG // 50
        if k % 60 == 59:
            seen.append(total)
    return total, seen


def down(n):
    total = 5
    for k in range(n):
        total -= BIG // 40 + k
    return total


def from_left(n):
    total = 7
    for k in range(n):
        total = BIG // 30 + total
    return total


def turned(n):
    total = -BIG
    for k in range(n):
        total = -BIG - total - k * (BIG // 300)
    return total


def both(n):
    a, b = 1, 1
    for _ in range(n):
        a, b = b, a + b
    return a, b


def twice(n):
    x = 1
    for _ in range(n):
        x = x + x
    return x


def also(n):
    a = b = BIG - 500
    c = 0
    for k in range(n):
        a += 13
        b = a - c
        c = c - BIG // 100
    return a, b, c


def after(n):
    """The old value is used behind the sum that overflows."""
    a, out = BIG, 0
    for k in range(n):
        new = a + BIG // 90
        out ^= a
        a = new
    return a, out


def caught(n):
    total, last = 0, None
    try:
        for k in range(n):
            total += BIG // 64
            if total > 1 << 64:
                raise OverflowError(total)
    except OverflowError as error:
        last = error.args
    return total, last, k


class Box:
    def __init__(self):
        self.sum = 0


def attribute(n):
    box = Box()
    for k in range(n):
        box.sum += BIG // 70
    return box.sum


count = 0


def globally(n):
    global count
    for k in range(n):
        count += BIG // 80
    return count


def nest(n):
    total = 0
    for i in range(n):
        for j in range(n):
            total += i * j * (BIG // 1000000)
    return total


def alone(n):
    total = k = 0
    while k < n:
        total = total + BIG // 123
        k += 1
    return total


def main():
    global count
    count = 0
    for function in (up, down, from_left, turned, both, twice, also, after, caught, attribute, globally, nest, alone):
        for n in (0, 1, 100, 300) if function in (twice, nest) else (0, 1, 100, 300, 1000):
            print(function.__name__, n, function(n) if n or function is not caught else None)


main()
