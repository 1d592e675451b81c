"""Random coroutines and random ways to drive them, by hand and by asyncio, as the text of one script that prints all that happens."""
from __future__ import annotations

from random import Random

from tests.generators.programs import ERRORS, PROLOGUE, Body

MORE = '''
import asyncio, types
class Awaits:
    """Waits so often, by a generator."""
    def __init__(self, n):
        self.n = n
    def __await__(self):
        for i in range(self.n):
            note("awaits", (yield ("wait", i)))
        return ("awaited", self.n)
class Tires(Sends):
    """Is not thrown at for ever."""
    def throw(self, *parts):
        self.n -= 1
        if self.n < 0:
            raise parts[0]
        return super().throw(*parts)
class Direct:
    """Its __await__ gives an iterator that is no generator."""
    def __await__(self):
        return Tires(2)
class Wrong:
    def __await__(self):
        return 5
@types.coroutine
def old(value):
    got = yield value
    return got
async def pause(value):
    """Waits once, in a loop of asyncio and elsewhere."""
    await (asyncio.sleep(0) if looping else Awaits(1))
    return value
class Opens:
    def __init__(self, name, swallow, waits):
        self.name, self.swallow, self.waits = name, swallow, waits
    async def __aenter__(self):
        note("aenter", self.name, await pause(self.waits) if self.waits else 0)
        return self.name
    async def __aexit__(self, kind, value, trace):
        note("aexit", self.name, kind and kind.__name__)
        if self.waits:
            await pause(1)
        return self.swallow
class Counts:
    def __init__(self, n, error=None):
        self.n, self.error = n, error
    def __aiter__(self):
        return self
    async def __anext__(self):
        self.n -= 1
        if self.n % 2:
            await pause(self.n)
        if self.n < 0:
            raise self.error or StopAsyncIteration
        return self.n
async def agen(n):
    try:
        for i in range(n):
            got = yield await pause(i)
            note("agen", got)
    finally:
        note("agen ends")
looping = False
def run_stream(make, steps):
    log.clear()
    g = make()
    waits = None
    for step, value in steps:
        try:
            if step == "anext":
                waits = g.__anext__()
                got = None
            elif step in ("asend", "athrow", "aclose"):
                waits = getattr(g, step)(*([] if step == "aclose" else [value]))
                got = None
            elif step == "frame":
                frame = g.ag_frame
                got = frame and (frame.f_lineno, sorted(frame.f_locals), frame.f_lasti), type(g.ag_await).__name__, g.ag_running
            elif step == "finish":
                got = []
                while len(got) < 9:
                    got.append(waits.send(None))
            else:
                got = getattr(waits, step)(*([] if step == "close" else [value]))
            print(step, value, got)
        except BaseException as error:
            print(step, value, kind(error), lines(error)[1:])
    del g, waits
    note("collected")
    gc.collect()
    print(*log)
def run_by_hand(make, steps):
    log.clear()
    c = make()
    for step, value in steps:
        try:
            if step == "send":
                got = c.send(value)
            elif step == "throw":
                got = c.throw(value)
            elif step == "close":
                got = c.close()
            elif step == "await":
                got = type(c.cr_await).__name__, c.cr_running
            elif step == "frame":
                frame = c.cr_frame
                got = frame and (frame.f_lineno, sorted(frame.f_locals), frame.f_lasti)
            else:
                got = []
                while len(got) < value:
                    got.append(c.send(len(got) or None))
            print(step, value, got)
        except BaseException as error:
            print(step, value, kind(error), lines(error)[1:])
    for _ in range(9):
        try:
            c.close()
            break
        except BaseException as error:
            print("closing", kind(error), lines(error)[1:])
    del c
    note("collected")
    gc.collect()
    print(*log)
async def steps_of(make, steps):
    asyncio.get_running_loop().set_exception_handler(lambda *parts: None)  # their order is that of a set
    task = asyncio.ensure_future(make())
    for step, value in steps:
        if step == "tick":
            for _ in range(value):
                await asyncio.sleep(0)
        elif step == "cancel":
            print("cancel", task.cancel(value), task.done())
        elif step == "stack":
            print("stack", [(frame.f_code.co_name, frame.f_lineno) for frame in task.get_stack()] if not task.done() else "done")
        elif step == "shield":
            print("shield", await asyncio.gather(asyncio.shield(task), return_exceptions=True) if task.done() else "no")
        else:
            print("both", [type(one).__name__ for one in await asyncio.gather(make(), make(), return_exceptions=True)])
    for _ in range(60):
        if not task.done():
            await asyncio.sleep(0)
    task.cancel()
    try:
        print("result", await task)
    except BaseException as error:
        print("raised", kind(error), [row for row in lines(error) if row[0] != "steps_of"])
def run_by_asyncio(make, steps):
    global looping
    log.clear()
    looping = True
    try:
        asyncio.run(steps_of(make, steps))
    except BaseException as error:
        print("asyncio", kind(error))
    finally:
        looping = False
    print(*log)
'''


class Coroutine(Body):
    """Writes one coroutine function; those made before may be awaited."""

    def text(self) -> str:
        self.block(1)
        return f"async def c{self.number}(a=1, b=2):\n    x = y = 0\n" + "\n".join(self.lines) + "\n    return note('end', x, y)\n"

    def waiting(self) -> str:
        value, awaited = self.value(), self.awaitable()
        if self.random.random() < 0.1:
            return self.comprehension()
        return self.random.choice([
            f"await {awaited}", f"await {awaited}", f"await {awaited}", f"[x, await {awaited}, y]", f"note('call', await {awaited})",
            f"(x, await {awaited}) + ((await {self.awaitable()}), a)", f"(await {awaited}) or (await {self.awaitable()})",
            f"{{'k': await {awaited}, 'l': {value}}}", f'f"{{x}} {{(await {awaited})!r}}"', f"[await pause(i) for i in {self.source()}]",
            f"note(await {awaited}, {value})", f"'abc'.replace('b', str(await {awaited}))", f"(lambda q: q)(await {awaited})"])

    def comprehension(self) -> str:
        """A comprehension that waits."""
        stream, other = self.stream(), self.stream()
        return self.random.choice([
            f"[i async for i in {stream}]", f"{{i: await pause(x) async for i in {stream} if i != 1}}",
            f"{{(i, j) for i in {self.source()} async for j in {stream}}}", f"[await pause(i) async for i in {stream} if await pause(x)]",
            f"[[i, j] async for i in {stream} if i async for j in {other}]", f"[[i async for i in {stream}] for j in {self.source()}]",
            f"[i async for i in (note(j) async for j in {stream})]", f"[i for i in [x async for x in {stream}] if note(i)]",
            f"await (await pause(i) async for i in {stream} for j in {self.source()}).asend(None)"])

    def awaitable(self) -> str:
        """Something to await."""
        choices = ["pause(x)", "pause(y)", "Awaits(2)", "Awaits(0)", "old(x)", "Direct()", "Wrong()", "5", "agen(2).__anext__()"]
        if self.number:
            choices += [f"c{self.random.randrange(self.number)}(x)"] * 5
        return self.random.choice(choices)

    def source(self) -> str:
        return self.random.choice(["range(3)", "[1, 2]", "'ab'", "(i for i in range(2))", "(note(i) for i in (x, y))", "()", "iter([5])"])

    def stream(self) -> str:
        """Something for ``async for``."""
        failing = f"Counts(2, {self.random.choice(ERRORS)}(3))"
        streams = [f"s{self.random.randrange(self.number)}(x)"] * 5 if self.number else []
        return self.random.choice(["Counts(3)", "Counts(1)", "agen(2)", "agen(3)", failing, "[1]", "Counts(0)", *streams])

    def statement(self, depth: int) -> None:
        random = self.random
        if self.left > 0 and depth < 5 and random.random() < 0.25:
            self.left -= 1
            if random.random() < 0.5:
                self.put(depth, f"async for {random.choice('xyz')} in {self.stream()}:")
                self.loops += 1
                self.block(depth + 1)
                self.loops -= 1
                return
            opened = f"Opens({random.randrange(9)}, {random.random() < 0.3}, {random.randrange(2)})"
            self.put(depth, f"async with {opened} as {random.choice('xyz')}:")
            self.block(depth + 1)
            return
        super().statement(depth)


class Stream(Coroutine):
    """Writes one asynchronous generator."""

    def text(self) -> str:
        self.block(1)
        return f"async def s{self.number}(a=1, b=2):\n    x = y = 0\n    if x: yield\n" + "\n".join(self.lines) + "\n"

    def waiting(self) -> str:
        if self.random.random() < 0.5:
            return super().waiting()
        value = self.value()
        return self.random.choice([
            f"yield {value}", f"yield {value}", f"yield {value}", "yield", f"[x, (yield {value}), y]", f"note('call', (yield {value}))",
            f"(x, (yield {value})) + ((yield), a)", f"(yield {value}) or (yield {self.value()})", f"{{'k': (yield {value}), 'l': x}}",
            f'f"{{x}} {{(yield {value})!r}}"', f"yield await {self.awaitable()}", f"await pause((yield {value}))"])

    def jump(self, depth: int) -> None:
        first = len(self.lines)
        super().jump(depth)
        self.lines[first:] = [line.partition("return")[0] + "return" if "return" in line else line for line in self.lines[first:]]


def stream_steps(random: Random) -> str:
    """A random way to drive an asynchronous generator by hand."""
    out = []
    for _ in range(random.randint(2, 12)):
        step = random.choice(["anext", "anext", "asend", "athrow", "aclose", "send", "send", "finish", "finish", "finish", "throw", "close",
                              "frame"])
        value = "None"
        if step in ("asend", "send") and out:
            value = random.choice(["1", "'go'", "None", "None", "0", "(1, 2)"])
        elif step in ("athrow", "throw"):
            value = f"{random.choice((*ERRORS, 'asyncio.CancelledError', 'StopAsyncIteration'))}({random.randrange(9)})"
        out.append(f"({step!r}, {value})")
    return f"[{', '.join(out)}]"


def steps(random: Random) -> str:
    """A random way to drive a coroutine by hand."""
    out = []
    for _ in range(random.randint(1, 10)):
        step = random.choice(["send", "send", "send", "send", "throw", "close", "await", "frame", "run"])
        value = "None"
        if step == "send" and out:
            value = random.choice(["1", "'go'", "None", "0", "(1, 2)"])
        elif step == "throw":
            value = f"{random.choice((*ERRORS, 'asyncio.CancelledError'))}({random.randrange(9)})"
        elif step == "run":
            value = str(random.randrange(9))
        out.append(f"({step!r}, {value})")
    return f"[{', '.join(out)}]"


def ticks(random: Random) -> str:
    """A random way to drive a task of asyncio."""
    out = []
    for _ in range(random.randint(1, 8)):
        step = random.choice(["tick", "tick", "tick", "cancel", "stack", "shield", "both"])
        out.append(f"({step!r}, {random.randrange(1, 4) if step == 'tick' else random.choice(['None', 7])})")
    return f"[{', '.join(out)}]"


def program(random: Random, functions: int, drives: int) -> str:
    """A script of so many coroutine functions, each driven in so many ways."""
    parts = [PROLOGUE, MORE]
    for number in range(functions):
        parts.append(Stream(random, number).text())
        parts.append(Coroutine(random, number).text())
        for _ in range(drives):
            parts.append(f"run_by_hand(c{number}, {steps(random)})")
            parts.append(f"run_stream(s{number}, {stream_steps(random)})")
            if random.random() < 0.5:
                parts.append(f"run_by_asyncio(c{number}, {ticks(random)})")
    return "\n".join(parts)
