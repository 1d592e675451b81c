"""Dictionaries: inserting, looking up, deleting."""
import sys


def main(size=250_000):
    squares = {}
    for i in range(size):
        squares[i] = i * i
    total = 0
    for i in range(size):
        total += squares[i]
    for i in range(0, size, 2):
        del squares[i]
    return total, len(squares)


if __name__ == "__main__":
    print("dict_ops", *main(*map(int, sys.argv[1:])))
