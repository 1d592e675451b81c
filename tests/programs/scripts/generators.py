"""Generators, generator expressions, yield from, send, throw; used by functions that the VM runs."""
import itertools


def count(n):
    i = 0
    while i < n:
        received = yield i
        if received:
            i = received
        else:
            i += 1


def chain(*parts):
    for part in parts:
        yield from part


def tree(node):
    if node:
        left, value, right = node
        yield from tree(left)
        yield value
        yield from tree(right)


def averager():
    total = n = 0
    average = None
    while True:
        value = yield average
        if value is None:
            return total
        total += value
        n += 1
        average = total / n


def delegating(out):
    out.append((yield from averager()))


def cleanup(log):
    try:
        yield 1
        yield 2
    except GeneratorExit:
        log.append("closed")
        raise
    finally:
        log.append("finally")


def consume(iterator):
    total = 0
    for value in iterator:
        total += value
    return total


def first_over(limit, iterator):
    return next((v for v in iterator if v > limit), None)


def primes():
    yield 2
    found = [2]
    for n in itertools.count(3, 2):
        if all(n % p for p in itertools.takewhile(lambda p: p * p <= n, found)):
            found.append(n)
            yield n


def main():
    print(consume(count(100)), list(chain("ab", [1, 2], count(2))), consume(x * x for x in range(50)))
    g = count(10)
    print(next(g), g.send(5), next(g), list(g))
    node = ((None, 1, None), 2, ((None, 3, None), 4, None))
    print(list(tree(node)), sum(tree(node)), first_over(2, tree(node)))
    out = []
    d = delegating(out)
    next(d)
    print(d.send(10), d.send(20))
    try:
        d.send(None)
    except StopIteration as stop:
        print(stop.value, out)
    log = []
    c = cleanup(log)
    next(c)
    c.close()
    c = cleanup(log)
    next(c)
    del c
    c = cleanup(log)
    next(c)
    try:
        c.throw(ValueError("thrown"))
    except ValueError as error:
        print(error)
    print(log, list(itertools.islice(primes(), 20)))
    a, *b = count(4)
    print(a, b, [*count(3), *"xy"], {**{"k": 1}}, max(x % 7 for x in range(20)))
    print([(x, y) for x in range(3) for y in count(x) if x != y], {x: y for x, y in zip("abc", count(3))})
    try:
        consume(1 // (2 - x) for x in range(4))
    except ZeroDivisionError as error:
        print(error, error.__traceback__.tb_next.tb_frame.f_code.co_name)


main()
