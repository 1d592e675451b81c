"""Locals that are deleted on one of several ways, or by the end of a clause, and read or deleted again where these ways have met."""


def number(n):
    t = 0
    for i in range(n):
        x = i
        if i % 2 == 0:
            del x
        try:
            t += x
        except UnboundLocalError:
            t -= 100
    return t


def constant(n):
    t = 0
    for i in range(n):
        x = 5
        if i % 3 == 0:
            del x
        try:
            t += x
        except UnboundLocalError:
            t -= 100
    return t


def text(n):
    t = 0
    for i in range(n):
        x = str(i)
        if len(x) % 2 == 0:
            del x
        try:
            t += len(x)
        except UnboundLocalError:
            t -= 100
    return t


def pair(n):
    t = 0
    for x in enumerate(range(n)):
        if x[0] % 4 == 1:
            del x
        try:
            t += x[0]
        except UnboundLocalError:
            t -= 100
    return t


def over_rounds(n):
    t = 0
    for i in range(n):
        if i % 3 == 0:
            x = i
        elif i % 3 == 1:
            del x
        try:
            t += x
        except UnboundLocalError:
            t -= 5
    return t


def twice(n):
    t = 0
    for i in range(n):
        x = [i]
        if i % 5 == 0:
            del x
        try:
            del x
        except UnboundLocalError:
            t += i
    return t


def clause(n):
    t = 0
    for i in range(n):
        error = i
        try:
            if i % 4 == 0:
                raise KeyError(i)
        except KeyError as error:
            t += len(error.args)
        try:
            t += error
        except UnboundLocalError:
            t -= 100
    return t


def callee(k):
    x = k
    if k == 1:
        del x
    try:
        return x
    except UnboundLocalError:
        return -100


def calling(n):
    t = 0
    for i in range(n):
        t += callee(i % 3)
    return t


def calling_within(n):
    t = 0
    for i in range(n):
        for k in range(3):
            t = t * 3 + callee(k) & 0xFFFF
    return t


def main():
    for test in (number, constant, text, pair, over_rounds, twice, clause, calling, calling_within):
        print(test.__name__, [test(n) for n in (5, 10, 60, 200, 500)])


main()
