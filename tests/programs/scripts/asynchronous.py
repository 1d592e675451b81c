"""async with and async for: results, errors, cancellation, waits that are thrown into."""
import asyncio
import sys
import traceback
import types


@types.coroutine
def wait(value):
    return (yield value)


class Manager:
    def __init__(self, name, swallow=False, waits=True):
        self.name, self.swallow, self.waits = name, swallow, waits

    async def __aenter__(self):
        if self.waits:
            await wait(("enter", self.name))
        return self

    async def __aexit__(self, kind, value, trace):
        got = None
        if self.waits:
            got = await wait(("exit", self.name, kind and kind.__name__))
        return self.swallow or got == "swallow"


class Count:
    def __init__(self, n, waits=True):
        self.n, self.waits = n, waits

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.waits:
            await wait(("next", self.n))
        self.n -= 1
        if self.n < 0:
            raise StopAsyncIteration
        return self.n, "item"


async def generated(n):
    for i in range(n):
        await wait(("generated", i))
        yield i


async def body(log, n=2):
    async with Manager("a") as a, Manager("b", swallow=True) as b:
        log.append((a.name, b.name))
        async for number, name in Count(n):
            got = await wait(("body", number))
            log.append((number, name, got))
            if got == "break":
                break
            if got == "raise":
                raise KeyError(number)
            if got == "return":
                return "returned"
            if got == "continue":
                continue
            async for inner in generated(2):
                log.append(inner)
        else:
            log.append("else")
        log.append("after")
    try:
        async with Manager("c"):
            1 // 0
    except ZeroDivisionError as error:
        log.append((str(error), await wait("handler")))
    finally:
        async with Manager("d"):
            await wait("finally")
    return log[-1]


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
        lines, trace = [], error.__traceback__.tb_next
        while trace:
            lines.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
            trace = trace.tb_next
        out.append((type(error).__name__, str(error), type(error.__context__).__name__, lines))
    return out


class Nothing:
    pass


class NoExit:
    async def __aenter__(self):
        pass


class Odd:
    def __aenter__(self):
        return 5

    def __aexit__(self, *parts):
        return 6

    def __aiter__(self):
        return 7

    def __anext__(self):
        return 8


class OddExit(Odd):
    async def __aenter__(self):
        pass


class OddNext(Odd):
    def __aiter__(self):
        return self


async def using(manager):
    async with manager:
        pass


async def over(source):
    async for _ in source:
        pass


async def program():
    lock, log = asyncio.Lock(), []

    async def work(name):
        for i in range(3):
            async with lock:
                log.append((name, i))
                await asyncio.sleep(0)

    await asyncio.gather(work("x"), work("y"))
    print(log)
    async for i in generate(3):
        print(i)
    print([x async for x in generate(3)], {x: x async for x in generate(2)})
    try:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(5)
    except TimeoutError:
        print("timeout")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(total(n)) for n in range(4)]
    print([task.result() for task in tasks])


async def generate(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i


async def total(n):
    result = 0
    async for i in Count(n, waits=False):
        result += i[0]
    return result


def ignored(report):
    print("ignored", report.exc_type.__name__, report.exc_value)


async def entered_often(n):
    """async with in a loop that gets hot; nothing waits."""
    total = 0
    for i in range(n):
        async with Manager(i, waits=False) as outer:
            async with Manager(i, swallow=True, waits=False) as inner:
                total += outer.name + inner.name
                if i % 50 == 49:
                    raise ValueError(i)
    return total


def main():
    sys.unraisablehook = ignored
    values = [None] * 30
    scripts = [values, [*values[:4], "break", *values], [*values[:4], "raise", *values], [*values[:4], "return", *values],
               [*values[:4], "continue", *values]]
    for at in range(1, 22):
        scripts.append([*values[:at], ValueError(at), *values])
        scripts.append([*values[:at], LookupError(at), "swallow", *values])
    for at in range(1, 9):
        scripts.append([*values[:at], "close"])
    for script in scripts:
        log = []
        print(drive(body(log), script), log)
    for coroutine in (using(Nothing()), using(NoExit()), using(Odd()), using(OddExit()), over(Nothing()), over(Odd()), over(OddNext()), over(3)):
        try:
            coroutine.send(None)
        except BaseException:
            print(traceback.format_exc())
    asyncio.run(program())
    try:
        entered_often(300).send(None)
    except StopIteration as stop:
        print(stop.value)


main()
