"""Strings: formatting, joining, counting, case, splitting."""
import sys


def main(size=100_000):
    parts = []
    for i in range(size):
        parts.append(f"item {i:05d} {i * 1.5:.2f}")
    text = ",".join(parts)
    sevens = text.count("7")
    upper = text.upper()
    pieces = upper.split(",")
    return len(text), sevens, len(pieces), pieces[-1]


if __name__ == "__main__":
    print("strings", *main(*map(int, sys.argv[1:])))
