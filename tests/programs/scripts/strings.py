"""Text: formatting, splitting, counting, templates."""
import re
import string
import textwrap

TEXT = """The quick brown fox jumps over the lazy dog. The dog barks;
the fox -- being quick -- runs away! "Why?", asks the dog."""


def words(text):
    counts = {}
    for word in re.findall(r"[a-z']+", text.lower()):
        counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def caesar(text, shift):
    out = []
    for c in text:
        if c.isalpha():
            base = ord("A") if c.isupper() else ord("a")
            out.append(chr((ord(c) - base + shift) % 26 + base))
        else:
            out.append(c)
    return "".join(out)


def table(rows):
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(" | ".join(f"{cell!s:>{width}}" for cell, width in zip(row, widths)) for row in rows)


def palindrome(s):
    s = "".join(c for c in s.lower() if c.isalnum())
    i, j = 0, len(s) - 1
    while i < j:
        if s[i] != s[j]:
            return False
        i += 1
        j -= 1
    return True


def roman(n):
    result = ""
    for value, numeral in ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
                           (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        while n >= value:
            result += numeral
            n -= value
    return result


def formats():
    x, n, s = 3.14159, 42, "hé"
    width, precision = 10, 3
    print(f"{x:.2f}|{x:{width}.{precision}f}|{n:05d}|{n:#x}|{n:,}|{1234567:_}|{s!r}|{s!a}|{s:^7}|{n=}|{x=:.1f}|{{}}|{'q' 'r'}")
    print("%5.2f|%-5d|%s|%r|%%" % (x, n, s, s), "{0}{1}{0} {k[0]} {o.real}".format(1, 2, k=[3], o=5), f"{'nested ' + f'{n}'}")
    print("{:>{w}}".format("a", w=4), format(255, "b"), f"{b'x'}", f"{None}", f"{1e100} {float('nan')} {1j}")
    for bad in (lambda: f"{n:q}", lambda: "{}".format(), lambda: "%d" % "x", lambda: f"{s:d}", lambda: "%s %s" % 1):
        try:
            bad()
        except (ValueError, IndexError, TypeError) as error:
            print(type(error).__name__, error)


def main():
    print(words(TEXT)[:5])
    secret = caesar(TEXT, 3)
    print(secret, caesar(secret, -3) == TEXT)
    print(table([("name", "n"), ("alpha", 1), ("be", 222)]))
    print(palindrome("A man, a plan, a canal: Panama"), palindrome("nope"), [roman(n) for n in (1, 4, 9, 1994, 2024)])
    formats()
    print(textwrap.fill(TEXT, 40), string.Template("$a and ${b}").substitute(a=1, b=2))
    print(re.sub(r"(\w+) (\w+)", lambda m: f"{m[2]} {m[1]}", "one two three four"), "a,b,,c".split(","), " x y ".split())
    print("ab" * 3, "abc"[::-1], "abcdef"[1:-1:2], "b" in "abc", "abc" < "abd", "x".join("abc"), "aXbX".replace("X", "--", 1))
    print("ß".upper(), "ﬁ".casefold(), len("🐍"), "🐍".encode(), ascii("🐍"), "tab\tend".expandtabs(4), "Title case".swapcase().title())
    s = ""
    for i in range(200):
        s += str(i)
    print(len(s), s[:20], hash("a") == hash("a"), s.count("1"), s.find("99"), s.rindex("5"), "%s" % (1,), "a" "b")


main()
