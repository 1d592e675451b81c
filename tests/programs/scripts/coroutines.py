"""Coroutines: await of coroutines, futures and objects with __await__; asyncio; errors of the protocol; frames looked at."""
import asyncio
import inspect
import sys
import traceback
import types
import warnings


class Ready:
    """Waits once, then gives a value."""

    def __init__(self, value):
        self.value = value

    def __await__(self):
        got = yield ("wait", self.value)
        return self.value, got


class Bad:
    def __await__(self):
        return 5


class Worse:
    def __await__(self):
        return leaf(1)


@types.coroutine
def old_style(x):
    got = yield x
    return got


async def leaf(x):
    return x * 2


async def middle(x):
    first = await leaf(x)
    second = await Ready(first)
    return [first, second, await old_style("old")]


async def top(log):
    try:
        log.append(await middle(1))
        log.append([await leaf(i) for i in range(3)])
        log.append({await leaf(i): i for i in range(2)})
        log.append((await leaf(1)) + (await leaf(2)) + sum([await leaf(3), await leaf(4)]))
        log.append(f"{await leaf(5)} {await Ready(6)}")
        return await middle(2)
    except LookupError as error:
        log.append(("lookup", str(error), await leaf(7)))
        await Ready("in handler")
        raise
    finally:
        log.append("finally")
        await Ready("in finally")


def drive(coroutine, script):
    out = []
    try:
        for step in script:
            if isinstance(step, BaseException):
                out.append(coroutine.throw(step))
            elif step == "close":
                out.append(coroutine.close())
            else:
                out.append(coroutine.send(step))
    except StopIteration as stop:
        out.append(("value", stop.value))
    except BaseException as error:
        out.append((type(error).__name__, str(error), type(error.__context__).__name__))
    return out


async def fails(n):
    await asyncio.sleep(0)
    return 1 // n


async def worker(name, queue, log):
    while True:
        item = await queue.get()
        if item is None:
            return name
        log.append((name, item, await leaf(item)))
        await asyncio.sleep(0)


async def program():
    queue, log = asyncio.Queue(), []
    workers = [asyncio.ensure_future(worker(n, queue, log)) for n in "ab"]
    for i in range(6):
        queue.put_nowait(i)
    for _ in workers:
        queue.put_nowait(None)
    print(await asyncio.gather(*workers), sorted(log))
    print(await asyncio.gather(fails(1), fails(0), return_exceptions=True))
    task = asyncio.ensure_future(asyncio.sleep(10))
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.01)
    except asyncio.TimeoutError:
        print("timeout")
    event = asyncio.Event()

    async def sets():
        await asyncio.sleep(0)
        event.set()
        return sys._getframe().f_code.co_name

    waiting = asyncio.ensure_future(sets())
    await event.wait()
    print(await waiting, sum([await fib(8) for _ in range(3)]))


async def fib(n):
    return n if n < 2 else await fib(n - 1) + await fib(n - 2)


async def looks(log):
    me = log[0]
    log.append((me.cr_running, me.cr_frame is sys._getframe(), me.cr_await, inspect.getcoroutinestate(me)))
    await Ready(1)
    log.append(sorted(me.cr_frame.f_locals))


def errors():
    async def awaits(x):
        return await x

    async def stops():
        raise StopIteration(3)

    async def deep(n):
        await deep(n + 1)

    started = middle(3)
    started.send(None)
    for make in (lambda: awaits(5), lambda: awaits(Bad()), lambda: awaits(Worse()), lambda: awaits(started), stops, lambda: deep(0)):
        coroutine = make()
        try:
            coroutine.send(None)
        except RecursionError as error:
            print(error)
        except BaseException:
            print(traceback.format_exc())
    started.close()
    done = leaf(1)
    print(drive(done, [None]), drive(done, [None]), drive(leaf(1), [5]))
    try:
        list(middle(1))
    except TypeError as error:
        print(error)

    def generator():
        yield from waiting

    waiting = leaf(1)
    try:
        list(generator())
    except TypeError as error:
        print(error)
    waiting.close()


def main():
    warnings.simplefilter("ignore")
    for script in ([None] * 12, [None, "a", "b", "c", "d", "e"], [None, LookupError("x"), None, "y"], [None, 1, LookupError("x"), None, "close"],
                   [None, "close"], [None, 1, ValueError("v"), None, None], ["close"], [KeyError("first")]):
        log = []
        print(drive(top(log), script), log)
    coroutine = middle(1)
    print(type(coroutine) is types.CoroutineType, inspect.getcoroutinestate(coroutine), coroutine.cr_await, coroutine.__name__)
    coroutine.send(None)
    print(inspect.getcoroutinestate(coroutine), coroutine.cr_await is not None, sorted(coroutine.cr_frame.f_locals), coroutine.cr_origin)
    coroutine.close()
    print(inspect.getcoroutinestate(coroutine), coroutine.cr_frame)
    log = [None]
    log[0] = looks(log)
    print(drive(log[0], [None, None]), log[1:])
    log.clear()
    errors()
    asyncio.run(program())
    sys.set_coroutine_origin_tracking_depth(2)
    origin = leaf(1)
    print([row[2] for row in origin.cr_origin])
    sys.set_coroutine_origin_tracking_depth(0)
    origin.close()


main()
