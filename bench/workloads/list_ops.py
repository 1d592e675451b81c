"""Lists: appending, a sum by a loop, reversing."""
import sys


def main(size=1_000_000):
    numbers = []
    for i in range(size):
        numbers.append(i * 2)
    total = 0
    for number in numbers:
        total += number
    numbers.reverse()
    return total, numbers[0], numbers[-1], len(numbers)


if __name__ == "__main__":
    print("list_ops", *main(*map(int, sys.argv[1:])))
