"""List comprehensions: squares, a filter, a sum."""
import sys


def main(size=250_000):
    squares = [i * i for i in range(size)]
    even = [square for square in squares if square % 2 == 0]
    return len(squares), len(even), sum(even)


if __name__ == "__main__":
    print("comprehension", *main(*map(int, sys.argv[1:])))
