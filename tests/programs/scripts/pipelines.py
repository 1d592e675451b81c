"""Real shapes: pipelines, trees, permutations, queens, coroutines by send, context managers, generators kept in containers."""
import collections
import contextlib
import functools
import itertools
import operator


def integers(n):
    i = 0
    while i < n:
        yield i
        i += 1


def evens(source):
    for x in source:
        if x % 2 == 0:
            yield x


def squares(source):
    return (x * x for x in source)


def chunks(source, size):
    part = []
    for item in source:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def windows(source, size):
    last = collections.deque(maxlen=size)
    for item in source:
        last.append(item)
        if len(last) == size:
            yield tuple(last)


class Tree:
    def __init__(self, left, value, right):
        self.left, self.value, self.right = left, value, right

    def __iter__(self):
        if self.left:
            yield from self.left
        yield self.value
        if self.right:
            yield from self.right

    def paths(self, path=()):
        here = (*path, self.value)
        if self.left is None and self.right is None:
            yield here
        for child in (self.left, self.right):
            if child is not None:
                yield from child.paths(here)


def build(values):
    n = len(values)
    if n == 0:
        return None
    i = n // 2
    return Tree(build(values[:i]), values[i], build(values[i + 1:]))


def permutations(iterable, r=None):
    pool = tuple(iterable)
    n = len(pool)
    r = n if r is None else r
    indices = list(range(n))
    cycles = list(range(n - r + 1, n + 1))[::-1]
    yield tuple(pool[i] for i in indices[:r])
    while n:
        for i in reversed(range(r)):
            cycles[i] -= 1
            if cycles[i] == 0:
                indices[i:] = indices[i + 1:] + indices[i:i + 1]
                cycles[i] = n - i
            else:
                j = cycles[i]
                indices[i], indices[-j] = indices[-j], indices[i]
                yield tuple(pool[i] for i in indices[:r])
                break
        else:
            return


def queens(count):
    columns = range(count)
    for places in permutations(columns):
        if count == len({places[i] + i for i in columns}) == len({places[i] - i for i in columns}):
            yield places


def primed(function):
    @functools.wraps(function)
    def start(*args):
        generator = function(*args)
        next(generator)
        return generator
    return start


@primed
def running_mean():
    total = count = 0
    mean = None
    while True:
        total += yield mean
        count += 1
        mean = total / count


@primed
def grep(word, target):
    while True:
        line = yield
        if word in line:
            target.send(line)


@primed
def collect(out):
    try:
        while True:
            out.append((yield))
    finally:
        out.append("end")


@contextlib.contextmanager
def tagged(name, log):
    log.append(f"<{name}>")
    try:
        yield name.upper()
    except LookupError as error:
        log.append(f"lookup {error}")
    finally:
        log.append(f"</{name}>")


def numbered(lines):
    """Reads tokens with one of lookahead."""
    stream = iter(lines)
    pushed = []

    def peek():
        if not pushed:
            pushed.append(next(stream, None))
        return pushed[0]

    number = 0
    while peek() is not None:
        number += 1
        yield number, pushed.pop()


def flatten(items):
    for item in items:
        if isinstance(item, (list, tuple)):
            yield from flatten(item)
        else:
            yield item


def round_robin(*iterables):
    waiting = collections.deque(iter(it) for it in iterables)
    while waiting:
        current = waiting.popleft()
        try:
            yield next(current)
        except StopIteration:
            continue
        waiting.append(current)


def scheduler(tasks):
    queue = collections.deque(tasks.items())
    results = {}
    while queue:
        name, task = queue.popleft()
        try:
            got = task.send(None)
        except StopIteration as stop:
            results[name] = stop.value
        else:
            queue.append((name, task))
            yield name, got
    return results


def task(n):
    total = 0
    for i in range(n):
        total += i
        yield i
    return total


def main():
    print(sum(squares(evens(integers(1000)))), list(chunks(integers(10), 4)), list(windows(integers(6), 3)))
    tree = build(list(range(60)))
    print(list(tree) == list(range(60)), sum(tree), max(tree), sorted(tree, reverse=True)[:5], len(list(tree.paths())))
    print([path for path in tree.paths() if len(path) < 6])
    print(list(itertools.islice(permutations("abcd", 2), 20)), sum(1 for _ in permutations(range(6))))
    print(list(queens(6)), sum(1 for _ in queens(5)), next(queens(8)))
    mean = running_mean()
    print([mean.send(x) for x in (10, 20, 60)])
    out = []
    chain = grep("x", grep("y", collect(out)))
    for line in ("x", "xy", "ay", "yx!"):
        chain.send(line)
    del chain
    print(out)
    log = []
    with tagged("a", log) as name, tagged("b", log):
        log.append(name)
    with tagged("c", log):
        {}["missing"]
    try:
        with tagged("d", log):
            1 / 0
    except ZeroDivisionError as error:
        log.append(str(error))
    print(log)
    print(list(numbered(["a", "b"])), list(flatten([1, [2, (3, [4]), []], 5])), list(round_robin("abc", [1], (7, 8))))
    work = scheduler({"a": task(3), "b": task(1), "c": task(0)})
    steps = []
    while True:
        try:
            steps.append(next(work))
        except StopIteration as stop:
            print(steps, stop.value)
            break
    print(functools.reduce(operator.add, (str(x) for x in integers(12))), dict((x, y) for x, y in zip("ab", integers(5))))
    print(any(x > 3 for x in integers(9)), all(x < 3 for x in integers(9)), set(x % 3 for x in integers(9)),
          "".join(chr(97 + x) for x in integers(5)), min((x - 4) ** 2 for x in integers(9)), tuple(integers(3)),
          list(map(lambda x, y: x * y, integers(4), evens(integers(9)))), list(enumerate(evens(integers(5)))))
    table = [[(i, j) for j in integers(3)] for i in integers(2)]
    print(table, [*integers(2), *integers(3)], list(zip(*[integers(6)] * 1)))
    first, *rest = integers(4)
    print(first, rest, 3 in integers(5), 9 in integers(5))
    outer = 10
    print(list((x + outer, y) for x in integers(3) if x for y in integers(x) if y != 5))
    print(sum(x for x in (y for y in (z for z in integers(50)))))


main()
