"""Formatting: f-strings with many kinds of specification, run-time specifications, str.format, percent."""
import sys


def main(size=60_000):
    total = 0
    last = ""
    for i in range(size):
        x = i * 0.37
        width = i % 7 + 5
        last = f"{i:05d}|{x:10.3f}|{i:>8}|{x:.2%}|{i:,}|{x}|{i:x}"
        total += len(last) + len(f"{i:{width}}") + len("{:<8}:{:.1f}".format(i, x)) + len("%s=%d" % (last, i))
    return total, last


if __name__ == "__main__":
    print("formats", *main(*map(int, sys.argv[1:])))
