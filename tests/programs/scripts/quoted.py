"""repr and ascii of strings: in f-strings, by format and by the builtins, in hot code."""
import random

LETTERS = "abcdefghijklmnopqrstuvwxyz XYZ0123456789~!#%&()"
ODD = "'\"\\\n\t\r\x00\x1f\x7f\x80\xff\u0100\u20ac\U0001f600\ud800"


class Text(str):
    def __repr__(self):
        return "mine"


def texts():
    chance = random.Random(7)
    for length in range(40):
        plain = "".join(chance.choices(LETTERS, k=length))
        yield plain
        for odd in ODD:
            place = chance.randrange(length + 1)
            yield plain[:place] + odd + plain[place:]
    for code in range(256):
        yield chr(code)
        yield "seven.." + chr(code)
    yield "both ' and \""
    yield "long" * 100


def show(items):
    total = 0
    last = []
    for s in items:
        line = f"{s!r}|{s!a}|{s!r:>12}|{s!a:.9}"
        last.append((line, repr(s), ascii(s), "{!r}".format(s), "{0!a:<20}".format(s), "%r" % s, "%r and %a" % (s, s)))
        total += len(line)
    return total, last


def others(values):
    return [(f"{v!r} {v!a} {v!s}", repr(v), "{!r}".format(v)) for v in values]


def main():
    items = list(texts())
    for _ in range(3):
        total, last = show(items)
    print(total)
    for row in last:
        print(ascii(row))
    for _ in range(40):
        rows = others([1, -5, 2.5, None, True, Text("x"), b"bytes", [Text("a"), "a"], 10 ** 30, "s"])
    print(rows)
    for row in last:
        if row[1] != eval(row[2]).__repr__():
            print("differs", ascii(row))


main()
