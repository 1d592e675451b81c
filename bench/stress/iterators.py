"""Iterators: loops over every kind of container, views, enumerate, zip, map, filter, generators."""
import sys


def double(x):
    return x + x


def main(size=400):
    numbers = list(range(300))
    table = {i: i * 2 for i in numbers}
    some = set(numbers)
    text = "abcdefghij" * 30
    raw = bytes(range(250))
    total = 0
    for _ in range(size):
        for k in table:
            total += k
        for v in table.values():
            total += v
        for k, v in table.items():
            total += k - v
        for x in some:
            total += x
        for c in text:
            total += c == "a"
        for b in raw:
            total += b
        for i, x in enumerate(numbers):
            total += i - x
        for x, y in zip(numbers, numbers):
            total += x - y
        for x in reversed(numbers):
            total += x
        for x in map(double, numbers):
            total += x
        for x in (n for n in numbers if n & 1):
            total += x
    return (total,)


if __name__ == "__main__":
    print("iterators", *main(*map(int, sys.argv[1:])))
