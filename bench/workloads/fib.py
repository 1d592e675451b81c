"""The Fibonacci numbers by plain recursion."""
import sys


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def main(n=30):
    return fib(n)


if __name__ == "__main__":
    print("fib", main(*map(int, sys.argv[1:])))
