"""Two nested loops over integers."""
import sys


def main(size=1118):
    total = 0
    for i in range(size):
        for j in range(size):
            total += i * j
    return total


if __name__ == "__main__":
    print("nested", main(*map(int, sys.argv[1:])))
