"""Prime numbers by trial division."""
import sys


def is_prime(n):
    if n < 2:
        return False
    divisor = 2
    while divisor * divisor <= n:
        if n % divisor == 0:
            return False
        divisor += 1
    return True


def main(limit=30_000):
    count = 0
    total = 0
    for n in range(limit):
        if is_prime(n):
            count += 1
            total += n
    return count, total


if __name__ == "__main__":
    print("primes", *main(*map(int, sys.argv[1:])))
