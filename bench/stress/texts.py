"""Texts: the same expressions and statements for eval and exec, again and again."""
import sys

RULES = ("price * count", "price * count * (1 - discount)", "max(price, 3) + count", "[price, count]", "'%s of %s' % (count, price)")


def main(size=8_000):
    names = {"price": 2.5, "count": 1, "discount": 0.25}
    total = 0.0
    for i in range(size):
        names["count"] = i % 100
        result = eval(RULES[i % 5], names)
        if i % 5 < 3:
            total += result
        exec("count = count + 1", names)
        total += eval("i + 1")
    return total, names["count"]


if __name__ == "__main__":
    print("texts", *main(*map(int, sys.argv[1:])))
