"""Visible locals: loops whose variables are looked at from outside now and then."""
import sys


def look():
    return sys._getframe(1).f_locals["i"]


def main(size=200_000):
    total = 0
    for i in range(size):
        total += i & 7
        if i % 50 == 0:
            total += look()
        if i % 100 == 0:
            total += locals()["i"]
    return (total,)


if __name__ == "__main__":
    print("visible", *main(*map(int, sys.argv[1:])))
