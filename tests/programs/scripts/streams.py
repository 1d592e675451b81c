"""Asynchronous generators and comprehensions: by hand and by asyncio, thrown into, closed, left alone, hot, seen from outside."""
import asyncio
import contextlib
import gc
import inspect
import sys
import traceback
import types


@types.coroutine
def wait(value):
    return (yield value)


async def plain(n):
    for i in range(n):
        got = yield i
        if got is not None:
            yield "got", got


async def waiting(n):
    try:
        for i in range(n):
            await wait(("waits", i))
            got = yield i
            if got is not None:
                print("sent", got)
    except ValueError as e:
        yield "caught", e.args
    finally:
        await wait("finally")
        print("ends")


async def stubborn():
    while True:
        try:
            yield 1
        except GeneratorExit:
            yield 2


async def stops(kind):
    yield 1
    raise kind("stop")


async def nested(n):
    async for i in plain(n):
        async with contextlib.aclosing(plain(2)) as inner:
            async for j in inner:
                yield i, j


async def seen():
    frame = sys._getframe()
    yield frame.f_lineno, frame.f_code.co_name, frame.f_back.f_code.co_name
    yield sorted(frame.f_locals)


def drive(awaitable, *sent):
    out = []
    values = list(sent)
    try:
        while True:
            out.append(awaitable.send(values.pop(0) if values else None))
            if len(out) > 20:
                break
    except StopIteration as e:
        out.append(("value", e.value))
    except BaseException as e:
        out.append((type(e).__name__, str(e), type(e.__context__).__name__, type(e.__cause__).__name__,
                    [(row.name, row.lineno) for row in traceback.extract_tb(e.__traceback__)][1:]))
    return out


def by_hand():
    for make in (plain, waiting, nested):
        g = make(2)
        print(make.__name__, inspect.isasyncgen(g), g.__name__, g.ag_running, g.ag_frame.f_lineno, g.ag_await)
        for _ in range(6):
            print(drive(g.__anext__()), g.ag_frame and g.ag_frame.f_lineno)
        print(drive(g.asend(None)), drive(g.aclose()), drive(g.athrow(KeyError(1))))
    g = plain(3)
    print(drive(g.asend("too early")), drive(g.asend(None)), drive(g.asend("x")), drive(g.__anext__()))
    g = waiting(3)
    print(drive(g.__anext__()), drive(g.athrow(ValueError(5))), drive(g.__anext__()), drive(g.__anext__()))
    g = waiting(3)
    print(drive(g.__anext__()), drive(g.athrow(KeyError(5))), drive(g.__anext__()))
    g = waiting(3)
    print(drive(g.__anext__()), drive(g.aclose()), drive(g.aclose()), drive(g.__anext__()))
    g = stubborn()
    print(drive(g.__anext__()), drive(g.aclose()))
    for kind in (StopIteration, StopAsyncIteration, KeyError, GeneratorExit, asyncio.CancelledError):
        g = stops(kind)
        print(drive(g.__anext__()), drive(g.__anext__()), drive(g.__anext__()), g.ag_frame)
    g = waiting(2)
    first, second = g.__anext__(), g.__anext__()
    print(first.send(None), g.ag_running, type(g.ag_await).__name__)
    print(drive(second), drive(first), drive(first), drive(g.asend(1), "for the wait"))
    third = g.__anext__()
    third.close()
    print(drive(third), drive(g.__anext__()))
    g = waiting(2)
    a = g.__anext__()
    a.send(None)
    print(drive_throw(a, ValueError(1)), drive(g.__anext__()))
    g = seen()
    print(drive(g.__anext__()), drive(g.__anext__()), drive(g.__anext__()))
    g = plain(2)
    g.__anext__()
    print(next(iter_of(g.__anext__()), "none"))


def drive_throw(awaitable, error):
    try:
        return awaitable.throw(error)
    except StopIteration as e:
        return "value", e.value
    except BaseException as e:
        return type(e).__name__


def iter_of(awaitable):
    yield from awaitable


async def comprehensions():
    print([i async for i in plain(4) if i != 2], {i async for i in plain(3)}, {i: j async for i in plain(3) for j in range(2)})
    print([(i, j) for i in range(2) async for j in plain(2)], [i async for i in plain(3) if await ready(i)])
    print([[x async for x in plain(n)] for n in range(3)], [[x for x in range(n)] async for n in plain(3)])
    print([x async for x in (y * 2 async for y in plain(3) if y)], [await ready(i) for i in range(2)])
    print(list([i for i in [j async for j in plain(3)]]), dict([(i, await ready(i)) async for i in plain(2)]))
    late = (await ready(i) async for i in plain(2))
    print(type(late).__name__, late.__name__, late.ag_frame.f_code.co_name, [i async for i in late])
    gen = (i for i in [await ready(2)])
    print(type(gen).__name__, list(gen))
    a, *b = [i async for i in plain(4)]
    print(a, b)
    for make in (lambda: failing([1]), lambda: failing(5), lambda: failing(stops(KeyError)), lambda: failing(stops(StopAsyncIteration))):
        try:
            await make()
        except Exception as e:
            print(type(e).__name__, e, [(row.name, row.lineno) for row in traceback.extract_tb(e.__traceback__)])


async def failing(source):
    return [i
            async for i in source
            if i]


async def ready(i):
    await asyncio.sleep(0)
    return i


async def ticking(n, log):
    try:
        for i in range(n):
            await asyncio.sleep(0)
            yield i
    finally:
        log.append("closed")


async def hot():
    total = 0
    async for i in plain(3000):
        total += i
    async for i in ticking(300, []):
        total += i
    total += sum([i async for i in plain(2000) if i & 1])
    total += sum([i * j async for i in plain(40) async for j in plain(40)])
    g = plain(1 << 40)
    await g.__anext__()
    for i in range(1000):
        got = await g.asend(i)
        total += got[1]
        await g.__anext__()
    print(total)


async def abandoned():
    log = []
    async for i in ticking(5, log):
        if i == 2:
            break
    print(log)
    gc.collect()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print(log)
    g = ticking(5, log)
    await g.__anext__()
    task = asyncio.ensure_future(anext(g))
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled", log)
    print(await anext(g, "default"))


def hooks():
    log = []
    before = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(lambda g: log.append(("first", g.__name__)), lambda g: log.append(("final", g.__name__)))
    try:
        g = plain(2)
        drive(g.__anext__())
        drive(g.__anext__())
        del g
        h = waiting(2)
        drive(h.__anext__())
        drive(h.aclose())
        del h
    finally:
        sys.set_asyncgen_hooks(*before)
    print(log)


class Holds:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name)


async def holding():
    a = Holds("a")
    b = yield Holds("given")
    del a
    yield Holds("second")


def lifetimes():
    g = holding()
    print(drive(g.__anext__())[0][0])
    print("between")
    print(drive(g.asend(Holds("sent")))[0][0])
    del g
    g = holding()
    drive(g.__anext__())
    print("left")
    del g
    print("gone")


def main():
    by_hand()
    for part in (comprehensions, hot, abandoned):
        asyncio.run(part())
    hooks()
    lifetimes()
    gc.collect()


main()
