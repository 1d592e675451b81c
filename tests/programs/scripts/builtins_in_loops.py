"""Builtins in hot loops: lengths, extremes, conversions, texts; replaced in the middle; of values of all kinds."""
import builtins


class Sized:
    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __format__(self, spec):
        return f"sized {spec}"

    def __str__(self):
        return f"Sized({self.size})"

    def __repr__(self):
        return f"<sized {self.size}>"

    def __abs__(self):
        return self.size

    def __float__(self):
        return 0.5

    def __index__(self):
        return self.size


class Text(str):
    def __len__(self):
        return 77

    def __format__(self, spec):
        return "text!"


def shown(run, *arguments):
    try:
        return run(*arguments)
    except (TypeError, ValueError, OverflowError) as error:
        return type(error).__name__ + ": " + str(error)


def lengths(n):
    total = 0
    values = [[1, 2], (1, 2, 3), {1: 2}, {1, 2}, frozenset((1,)), "four", b"by", bytearray(b"abc"), range(9), Sized(5), Text("x")]
    growing, names = [], {}
    for i in range(n):
        growing.append(i)
        names[i % 50] = i
        total += len(growing) + len(names) + len(str(i)) + len((i, i)) + len(values[i % len(values)]) + len(f"{i}")
        if i % 40 == 39:
            growing.clear()
        if i % 60 == 59:
            names.clear()
    return total


def kept_length(n):
    things = list(range(5))
    total = 0
    for i in range(n):
        before = len(things)
        if i % 3 == 0:
            things.append(i)
        elif i % 3 == 1:
            del things[0]
        total = total * 3 % 1000003 + before - len(things) * 2
        while len(things) > 7:
            things.pop()
    return total


def numbers(n):
    out, x = 0, -4.5
    for i in range(n):
        k = i - n // 2
        out += abs(k) + max(k, 3) - min(k, 10) + int(x) + int(float(k)) + max(i, 2) * min(1, i)
        x = max(x + 0.75, abs(x) * -1.5) if i % 5 else min(x, float(k))
        if isinstance(k, int) and not isinstance(x, int) and isinstance(x, (int, float)):
            out += 1
    return out, x


def mixed(n):
    out = []
    values = [3, -2.5, True, 2**63, -2**63, 2**70, float("nan"), 1e300, "12", None, Sized(4), -0.0, Text("8")]
    for i in range(n):
        v, w = values[i % len(values)], values[i * 7 // 5 % len(values)]
        row = (shown(abs, v), shown(int, v), shown(float, v), shown(str, v), shown(len, v), shown(max, v, w), shown(min, v, w),
               isinstance(v, int), isinstance(v, str), isinstance(v, float), isinstance(v, object), isinstance(v, type(w)))
        if i < 3 * len(values):
            out.append(row)
    return "\n".join(map(repr, out)).replace("nan", "NaN").count("TypeError"), [r[3] for r in out[:14]]


def direct(n):
    """As mixed, where the calls stand in the loop itself."""
    out = []
    values = [3, -2.5, True, -2**63, 2**70, float("inf"), "12", Sized(4), -0.0]
    for i in range(n):
        v = values[i * len(values) // n]
        try:
            out.append((abs(v), int(v), float(v), str(v)))
        except (TypeError, ValueError, OverflowError) as error:
            out.append(str(error))
    return [out[i * n // len(values)] for i in range(len(values))], len(out)


def texts(n):
    out = []
    values = [5, 2.5, "word", True, None, Sized(3), 2**70, Text("t"), (1, 2), "é"]
    for i in range(n):
        v = values[i * len(values) // n]
        w, p = 6 + i % 3, i % 4
        line = ["{}-{:>5}".format(v, i), "{0}{x!r}{0}".format(i, x=v), "%s=%d" % (v, i), "%r" % (v,), "%5s|%-6.2f" % ("ab", i / 7)]
        line += [f"{i:{w}}", f"{i / 3:{w}.{p}f}", "{:{}.{}f}".format(i / 3, w, p), format(i, "05d"), format(i / 3, ".3f"), format("x", ">4")]
        try:
            line.append("{:d} {}".format(v, i))
        except (ValueError, TypeError) as error:
            line.append(str(error))
        try:
            line.append("%d" % (v,))
        except TypeError as error:
            line.append(str(error))
        out.append(line)
    return "\n".join("|".join(out[i]) for i in range(0, n, n // 20)), len(out)


def wrong(n):
    out = set()
    for i in range(n):
        try:
            out.add("{} {}".format(i) if i % 100 == 99 else "{}".format(i)[:1])
        except IndexError as error:
            out.add(str(error))
        try:
            out.add("%d %d" % (i,) if i % 90 == 89 else "%d" % (i,))
        except TypeError as error:
            out.add(str(error))
    return len(out), sorted(out)[-1]


def replaced(n):
    total = 0
    for i in range(n):
        total += len("abc") + max(i, 5) + abs(-i)
        if i == n // 2:
            builtins.len = lambda value: 1000
        if i == n // 2 + 20:
            builtins.max = lambda a, b: 7
        if i == n - n // 4:
            builtins.len, builtins.max = length, maximum
    return total


def shadowed(n):
    global abs
    total = 0
    for i in range(n):
        total += abs(i - 100)
        if i == n // 2:
            def abs(value):
                return -1
        if i == n - n // 4:
            del abs
    return total


length, maximum = len, max


def main():
    for run in (lengths, kept_length, numbers, mixed, direct, texts, wrong, replaced, shadowed):
        print(run.__name__, run(600))


main()
