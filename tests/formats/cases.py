"""Scripts that compare f-strings in the VM with the host's ``format`` on the same value and specification.

A script has one function for each specification (constant ones in ``f"{x:spec}"``, run-time ones in ``f"{x:{spec}}"``), run over a
list of values; it prints what differs, and how many cases it compared.
"""
from __future__ import annotations

import random
import struct

PREFIX = '''
import struct
def shown(run, *arguments):
    try:
        return run(*arguments)
    except (ValueError, OverflowError, TypeError) as error:
        return type(error).__name__ + ": " + str(error)
def double(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]
done = 0
def compare(given, wanted, value, spec):
    global done
    done += 1
    if given != wanted:
        print("DIFFERS", repr(value), repr(spec), repr(given), repr(wanted))
def dynamic(value, spec):
    return f"{value:{spec}}"
def plain(value):
    return f"{value}"
def joined(a, b):
    return f"<{a}|{b}>"
class Index:
    def __format__(self, spec):
        return "index " + spec
'''


def specification(pick: random.Random) -> str:
    """A specification of the grammar, now and then one with an error."""
    parts = []
    if pick.random() < 0.4:
        parts.append(pick.choice(("", "", "*", "0", " ", "é", "<", "x")) + pick.choice("<>^="))
    if pick.random() < 0.25:
        parts.append(pick.choice("+- "))
    if pick.random() < 0.15:
        parts.append("#")
    if pick.random() < 0.25:
        parts.append("0")
    if pick.random() < 0.55:
        parts.append(str(pick.choice((0, 1, 2, 3, 5, 8, 9, 10, 12, 13, 16, 20, 25, 33, 70, 150))))
    if pick.random() < 0.25:
        parts.append(pick.choice(",_"))
    if pick.random() < 0.4:
        parts.append("." + str(pick.choice((0, 1, 2, 3, 4, 6, 8, 9, 12, 15, 16, 17, 18, 20))))
    parts.append(pick.choice(("", "", *"ddxXobfffF%eeggEGsncq")))
    return "".join(parts)


def integers(pick: random.Random, count: int) -> list[int]:
    """Ints of every length, those at the borders of digits, words and powers of ten among them."""
    bases = (0, 1 << 30, 1 << 31, 1 << 60, 1 << 62, 1 << 63, 1 << 64, 10**8, 10**16, 10**18, 10**19)
    borders = [sign * (base + near) for base in bases for near in (-1, 0, 1) for sign in (1, -1)]
    return pick.sample(borders, min(count // 3, len(borders))) + [
        pick.choice((1, -1)) * pick.getrandbits(pick.randrange(1, 70)) for _ in range(count - count // 3)]


def float_bits(pick: random.Random, count: int) -> list[int]:
    """Bits of doubles: any, everyday ones, halfway cases of each precision, subnormals, borders."""
    out = []
    for _ in range(count):
        way = pick.randrange(7)
        if way == 0:
            out.append(pick.getrandbits(64))
            continue
        if way == 1:
            value = pick.randrange(-10**6, 10**6) / 10 ** pick.randrange(7)
        elif way == 2:
            value = (2 * pick.randrange(-1 << pick.randrange(1, 40), 1 << 20) + 1) / (1 << pick.randrange(1, 20))
        elif way == 3:
            value = pick.choice((0.0, -0.0, 1e15, 1e16, 1e-4, 9.9999e-5, 1e22, 9007199254740993.0, 0.5, 1.5, 2.5, 999.9995, 1e300,
                                 9.2233720368547758e18, 9.223372036854775e18, 4.9e-324, float("inf"), float("nan"), 99.995, -0.0001))
        elif way == 4:
            value = struct.unpack("<d", struct.pack("<Q", pick.getrandbits(52)))[0]
        elif way == 5:
            value = pick.randrange(-1 << 62, 1 << 62) / (1 << pick.randrange(64))
        else:
            value = float(f"{pick.randrange(10**17)}e-{pick.randrange(22)}")
        out.append(struct.unpack("<Q", struct.pack("<d", value))[0])
    return out


def script(seed: int, specs: int, values: int) -> str:
    """One script: ``specs`` specifications, each with three times ``values`` values."""
    pick = random.Random(seed)
    lines = [PREFIX]
    calls = []
    for number in range(specs):
        spec = specification(pick)
        lines += [f"def f{number}(value):", f"    return f{('{value:' + spec + '}')!r}"]
        calls.append((number, spec))
    for number, spec in calls:
        texts = [pick.choice(("", "a", "word", "é", "日本", "longer than that one", "\x7f")) for _ in range(values // 4)]
        numbers = f"{integers(pick, values)} + [double(b) for b in {float_bits(pick, values)}]"
        data = f"{numbers} + {texts} + [True, None, Index(), 1j]"
        lines += [f"spec = {spec!r}", f"for value in {data}:",
                  "    wanted = shown(format, value, spec)",
                  f"    compare(shown(f{number}, value), wanted, value, spec)",
                  "    compare(shown(dynamic, value, spec), wanted, value, spec)",
                  "    compare(plain(value), format(value), value, '')"]
        if number % 8 == 0:
            lines.append("    compare(joined(value, spec), '<' + format(value) + '|' + spec + '>', value, 'joined')")
    lines.append("print('compared', done)")
    return "\n".join(lines) + "\n"


PERCENT = '''
import operator, random
pick = random.Random({seed})
def shown(run, *arguments):
    try:
        return run(*arguments)
    except (TypeError, ValueError, OverflowError) as error:
        return type(error).__name__ + ": " + str(error)
def percent(template, values):
    return template % values
class Odd:
    def __str__(self):
        return "odd"
VALUES = (5, -3, 0, 10**18, -2**63, 2**70, 1.5, -0.0, 1e300, 3.14159, float("nan"), "s", "\\u00e9", "word", True, None, Odd(), (1,))
for _ in range({count}):
    template, values = "", []
    for _ in range(pick.randrange(0, 6)):
        template += pick.choice(("", "a", "text ", "%%", "a long literal piece "))
        if pick.random() < 0.8:
            template += "%" + "".join(pick.choice("-+ 0#") for _ in range(pick.choice((0, 0, 0, 1, 1, 2))))
            template += pick.choice(("", "", "5", "12", "1", "40")) + pick.choice(("", "", "", ".2", ".0", ".12", "."))
            template += pick.choice("ddddiusssssxXofffFeegGrac%q")
            values.append(pick.choice(VALUES))
    if pick.random() < 0.1:
        values = values[:-1]
    template += pick.choice(("", "", "", "", "", "%", "\\u00e9")) if pick.random() < 0.1 else ""
    given = values[0] if len(values) == 1 and pick.random() < 0.6 else tuple(values)
    wanted = shown(operator.mod, template, given)
    for got in (shown(percent, template, given), shown(percent, template, given)):
        if got != wanted:
            print("DIFFERS", repr(template), given, repr(got), repr(wanted))
print("compared", {count})
'''
"""A script that compares ``%`` in the VM with the host's, on random templates."""

TEMPLATES = '''
import random
from functools import partial
pick = random.Random({seed})
class Odd:
    attribute = 3
    def __format__(self, spec):
        return "odd" + spec
class Text(str):
    pass
VALUES = (5, -3, 0, 10**18, -2**63, 2**70, 1.5, -0.0, 1e300, 3.14159, float("nan"), "s", "\\u00e9", "word", "a longer text", "", True, None,
          Odd(), (1,), Text("sub"), 7, 12, "it's")
FIELDS = ("", "", "", "", "", "0", "1", "2", "3", "00", "x", "y", "long_name", "0.attribute", "0[0]", " ", "9", "z", "-1", "x.real")
SPECS = ("", "", "d", "5", "5d", ">8", "<6s", "^9", ".2f", "10.3f", "x", "#b", ",", "%", "e", "g", "{{}}", "{{}}.{{}}f", "{{x}}",
">{{1}}", "05d", "s", "!", "q",
         "*^12", "{{", "}}", ".3", "+d", "{{}}d", "<{{0}}", "<{{}}", "{{x!r}}")
CALLS = (lambda t, a, b, c: t.format(), lambda t, a, b, c: t.format(a), lambda t, a, b, c: t.format(a, b), lambda t, a, b, c:
         t.format(a, b, c),
         lambda t, a, b, c: t.format(x=a, long_name=b), lambda t, a, b, c: t.format(a, x=b, y=c), lambda t, a, b, c:
         str.format(t, a, b, x=c))
HOST = partial(str.format)
HOSTS = (lambda t, a, b, c: HOST(t), lambda t, a, b, c: HOST(t, a), lambda t, a, b, c: HOST(t, a, b), lambda t, a, b, c: HOST(t, a, b, c),
         lambda t, a, b, c: HOST(t, x=a, long_name=b), lambda t, a, b, c: HOST(t, a, x=b, y=c), lambda t, a, b, c: HOST(t, a, b, x=c))
def shown(run, *values):
    try:
        result = run(*values)
        return result, [result is value for value in values] if len(result) > 1 else ()
    except (TypeError, ValueError, OverflowError, LookupError, AttributeError, MemoryError) as error:
        return type(error).__name__ + ": " + str(error)
fine = 0
for _ in range({count}):
    template = pick.choice(("", "", "text", "a ", "{{{{", "}}}} ", "\\u00e9"))
    for _ in range(pick.choice((0, 1, 1, 2, 2, 3))):
        template += "{{" + pick.choice(FIELDS) + pick.choice(("", "", "", "!r", "!s", "!a", "!q"))
        if pick.random() < 0.6:
            template += ":" + pick.choice(SPECS)
        template += pick.choice(("}}", "}}", "}}", "}}}}", "")) if pick.random() < 0.1 else "}}"
        template += pick.choice(("", "", "text", ", ", "{{{{", "}}}}", "a long literal piece "))
    values = [pick.choice(VALUES) for _ in range(3)]
    number = pick.randrange(len(CALLS))
    wanted = shown(HOSTS[number], template, *values)
    fine += type(wanted) is tuple
    for got in (shown(CALLS[number], template, *values), shown(CALLS[number], template, *values)):
        if got != wanted:
            print("DIFFERS", number, repr(template), values, repr(got), repr(wanted))
    spec = pick.choice(SPECS)
    if shown(lambda v, s: format(v, s), values[0], spec) != shown(partial(format), values[0], spec):
        print("DIFFERS format", values[0], repr(spec))
print("compared", fine > {count} // 5)
'''
"""A script that compares ``str.format`` and ``format`` in the VM with the host's, on random templates; identities too."""
