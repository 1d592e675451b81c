"""Methods that instructions imply and that are generator or coroutine functions with cells of their own."""
import asyncio


class Items:
    def __init__(self, n):
        self.n = n

    @property
    def values(self):
        own = self
        known = [own.n for _ in range(2)]
        for i in range(own.n):
            yield i + known[0]

    def __getitem__(self, start):
        own = self
        known = (lambda: own.n + start)()
        yield known
        yield start

    def __add__(self, other):
        def both():
            return self.n, other
        yield both()

    def __radd__(self, other):
        yield (lambda: (other, self.n))()

    def __lt__(self, other):
        yield (lambda: (other, "<", self.n))()

    def __neg__(self):
        yield (lambda: -self.n)()

    def __enter__(self):
        yield (lambda: self.n)()

    def __exit__(self, kind, value, trace):
        yield (lambda: (kind, self.n))()

    def __setitem__(self, place, value):
        yield (lambda: (place, value, self))()

    def __call__(self, other):
        yield (lambda: (other, self.n))()


class Wrong:
    def __init__(self, n):
        self.n = n
        yield (lambda: self)()


class Context:
    def __init__(self, n):
        self.n = n

    async def __aenter__(self):
        return [self.n for _ in range(2)] + [(lambda: self.n)()]

    async def __aexit__(self, kind, value, trace):
        found = value
        return (lambda: found is not None)()

    def __aiter__(self):
        own = self
        async def items():
            for i in range(own.n):
                yield i, own.n
        return items()

    def __await__(self):
        own = self
        found = (lambda: own.n)()
        yield from asyncio.sleep(0).__await__()
        return found


async def asynchronous():
    total = 0
    for i in range(60):
        async with Context(i) as known:
            total += sum(known)
            if i % 3 == 0:
                raise ValueError(i)
        async for first, second in Context(i % 4):
            total += first * second
        total += await Context(i)
    return total


def main():
    total = 0
    kept = []
    for i in range(60):
        items = Items(i % 5)
        total += sum(items.values)
        for value in items[i]:
            total += value
        kept = [*(items + i), *(i + items), *(items < i), *(-items), *items(i)]
        with items as entered:
            kept.extend(entered)
        items[i] = i
        try:
            Wrong(i)
        except TypeError as error:
            kept.append(str(error))
    print(total, kept)
    print(asyncio.run(asynchronous()))


main()
