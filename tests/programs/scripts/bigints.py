"""Ints of every size, floats, complex numbers, the operators between them."""
import math

EDGES = [0, 1, -1, 2, 7, -7, 255, 256, 257, 2**15, 2**29, 2**30 - 1, 2**30, 2**30 + 1, 2**31 - 1, 2**31, 2**31 + 1, 2**53, 2**60 - 1, 2**60,
         2**60 + 1, 2**62 - 1, 2**62, 2**62 + 1, 2**63 - 1, 2**63, 2**63 + 1, 2**64, 10**30, -2**30, -2**31, -2**60, -2**62, -2**63, -2**63 - 1]


def checksum(values):
    total = 0
    for v in values:
        total = (total * 31 + hash(v)) % 1000003
    return total


def every_operator(a, b):
    out = [a + b, a - b, a * b, a & b, a | b, a ^ b, a < b, a <= b, a == b, a != b, a > b, a >= b, -a, +a, ~a, not a]
    if b:
        out += [a // b, a % b, divmod(a, b)]
        if abs(a) < 2**1000:
            out.append(a / b)
    if 0 <= b < 300:
        out += [a >> b, a << b]
    if 0 <= b < 10:
        out.append(a ** b)
    c = a
    c += b
    c -= 1
    c *= 3
    out.append(c)
    return out


def errors():
    for f in (lambda: 1 // 0, lambda: 1 % 0, lambda: 1 / 0, lambda: 1.0 / 0, lambda: 1.5 % 0.0, lambda: 1 << -1, lambda: 1 >> -1, lambda: 2.0 ** 10000,
              lambda: 10 ** 400 / 3, lambda: 10 ** 400 + 1.0, lambda: "a" + 1, lambda: 1 + "a", lambda: [] - 1, lambda: 1 < "x", lambda: -"x",
              lambda: 0 ** -1, lambda: "a" * "b", lambda: 1 @ 2, lambda: {} | 1, lambda: None + 1, lambda: ~1.5, lambda: 1.5 & 1):
        try:
            f()
        except Exception as error:
            print(type(error).__name__, error)


def factorial(n):
    result = 1
    for i in range(2, n + 1):
        result *= i
    return result


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def pi(digits):
    x = 3 * 10 ** (digits + 10)
    result, n, term = 0, 1, x
    t, na, d, da = 3 * 10 ** (digits + 10), 0, 0, 24
    s, lasts, n = t, 0, 1
    while s != lasts:
        lasts = s
        n, na = n + na, na + 8
        d, da = d + da, da + 32
        t = (t * n) // d
        s += t
    return s // 10 ** 10


def floats():
    total = 0.0
    for i in range(1, 2000):
        total += 1 / i ** 2 - i * 0.5 + i / 3
        total -= 1
        total *= 1.0001
    values = [0.0, -0.0, 1.5, float("inf"), -float("inf"), float("nan"), 1e308, 5e-324, 2.0**53]
    for a in values:
        for b in values[:5]:
            row = [a + b, a - b, a * b, a < b, a == b, a != b, a >= b]
            if b:
                row += [a / b, a // b if b else 0, a % b]
            print(*map(repr, row))
    print(total, 7.5 // 2, -7.5 % 2, 2 ** 0.5, 2 ** -1, (-8) ** (1 / 3), round(2.5), round(-1.256, 2), int(-3.7), math.floor(-3.5))
    print(1 + 2.5, 2.5 + 1, 3 - 0.5, 0.5 - 3, 3 * 0.5, 1 / 4, 2**53 + 1.0, (2**53 + 1) * 1.0, 2**63 + 0.5, 3 < 3.5, 2**53 + 1 == 2.0**53)


def main():
    for a in EDGES:
        print(a, checksum(x for b in EDGES for x in every_operator(a, b)))
    errors()
    print(factorial(60), sum(collatz(n) for n in range(1, 300)), pi(50))
    floats()
    print(3 + 4j, (1 + 2j) * (3 - 1j), abs(3 + 4j), True + True, True & 5, -True, ~False, True * 3.5, int("ff", 16), 0x_ff, 1_000)
    x = 1
    for _ in range(130):
        x += x
    print(x, x >> 100, x.bit_length(), math.gcd(12, 18), math.isqrt(10**20), pow(3, 100, 7), divmod(-7, 2), -7 // 2, -7 % 3, 7 % -3)
    i = 2**63 - 3
    while i < 2**63 + 2:
        i += 1
    print(i)


main()
