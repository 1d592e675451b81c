"""Random generator functions and random ways to drive them, as the text of one script that prints all that happens."""
from __future__ import annotations

from random import Random

PROLOGUE = '''
import gc, sys
gc.disable()
log = []
def note(*parts):
    log.append(parts)
    return parts[0] if parts else None
class Manager:
    def __init__(self, name, swallow):
        self.name, self.swallow = name, swallow
    def __enter__(self):
        note("enter", self.name)
        return self.name
    def __exit__(self, kind, value, trace):
        note("exit", self.name, kind and kind.__name__)
        return self.swallow
class Sends:
    """An iterator of Python code with send and throw."""
    def __init__(self, n):
        self.n = n
    def __iter__(self):
        return self
    def __next__(self):
        return self.send(None)
    def send(self, value):
        note("sent", value)
        self.n -= 1
        if self.n < 0:
            raise StopIteration(("sends", value))
        return self.n
    def throw(self, *parts):
        note("thrown")
        return "threw"
class Dies:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        note("dies", str(self.name)[:20])
    def __repr__(self):
        return "dies"
def kind(error):
    return type(error).__name__, str(error), type(error.__cause__).__name__, type(error.__context__).__name__
def lines(error):
    out, trace = [], error.__traceback__
    while trace:
        out.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
        trace = trace.tb_next
    return out
def drive(make, steps):
    log.clear()
    g = make()
    for step, value in steps:
        try:
            if step == "next":
                got = next(g)
            elif step == "send":
                got = g.send(value)
            elif step == "throw":
                got = g.throw(value)
            elif step == "close":
                got = g.close()
            elif step == "for":
                got = []
                for item in g:
                    got.append(item)
                    if len(got) == value:
                        break
            elif step == "list":
                got = list(g)
            elif step == "frame":
                frame = g.gi_frame
                got = frame and (frame.f_lineno, sorted(frame.f_locals), frame.f_lasti)
            else:
                got = [item for item, _ in zip(g, range(value))]
            print(step, value, got)
        except BaseException as error:
            print(step, value, kind(error), lines(error)[1:])
    del g
    note("collected")
    gc.collect()
    print(*log)
def ignored(report):
    note("ignored", report.exc_type.__name__, str(report.exc_value))
sys.unraisablehook = ignored
'''
ERRORS = ("ValueError", "KeyError", "StopIteration", "ZeroDivisionError", "GeneratorExit", "LookupError")


class Body:
    """Writes one generator function; the functions made before may be called."""

    def __init__(self, random: Random, number: int) -> None:
        self.random, self.number = random, number
        self.lines: list[str] = []
        self.loops = 0
        self.grouped = False
        """Whether this is within ``except*``: nothing may jump out of it."""
        self.left = random.randint(3, 12)

    def text(self) -> str:
        """The function."""
        self.block(1)
        return f"def g{self.number}(a=1, b=2):\n    x = y = 0\n    if x: yield\n" + "\n".join(self.lines) + "\n"

    def put(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def value(self) -> str:
        """An expression without yield."""
        return self.random.choice(["a", "b", "x", "y", "1", "2", "'s'", "(x, y)", "note(x)", "[x]", "a if x else b", "Dies(x)", "None"])

    def waiting(self) -> str:
        """An expression that waits."""
        value = self.value()
        return self.random.choice([
            f"yield {value}", f"yield {value}", f"yield {value}", "yield", f"[x, (yield {value}), y]", f"note('call', (yield {value}))",
            f"(x, (yield {value})) + ((yield), a)", f"(yield {value}) or (yield {self.value()})", f"{{'k': (yield {value}), 'l': x}}",
            f'f"{{x}} {{(yield {value})!r}}"', f"yield from {self.source()}", f"note((yield from {self.source()}), x)",
            f"'abc'.replace('b', str((yield {value})))"])

    def source(self) -> str:
        """Something to iterate."""
        choices = ["range(3)", "[1, 2]", "'ab'", "(i for i in range(2))", "(note(i) for i in (x, y))", "Sends(2)", "()", "iter([5])"]
        if self.number:
            choices += [f"g{self.random.randrange(self.number)}(x)"] * 4
        return self.random.choice(choices)

    def block(self, depth: int) -> None:
        """One to three statements."""
        for _ in range(self.random.randint(1, 3)):
            self.statement(depth)

    def statement(self, depth: int) -> None:
        """A statement."""
        self.left -= 1
        random = self.random
        choice = random.randrange(6 if self.left < 0 or depth > 4 else 13)
        if choice < 2:
            self.put(depth, f"{random.choice(['x', 'y', 'note', 'x'])} = {self.waiting()}".replace("note = ", ""))
        elif choice == 2:
            self.put(depth, f"x = {self.value()}")
        elif choice == 3:
            self.put(depth, "note('at', x, y, sys.exc_info()[0] and sys.exc_info()[0].__name__)")
        elif choice == 4:
            self.put(depth, f"y = {self.waiting()}")
        elif choice == 5:
            self.jump(depth)
        elif choice == 6:
            self.put(depth, f"if {random.choice([self.value(), '(' + self.waiting() + ')'])}:")
            self.block(depth + 1)
            if random.random() < 0.5:
                self.put(depth, "else:")
                self.block(depth + 1)
        elif choice in (7, 8):
            self.put(depth, f"for {random.choice('xyz')} in {self.source()}:")
            self.loops += 1
            self.block(depth + 1)
            self.loops -= 1
        elif choice == 9:
            self.put(depth, f"with Manager({random.randrange(9)}, {random.random() < 0.3}) as {random.choice('xyz')}:")
            self.block(depth + 1)
        else:
            self.attempt(depth)

    def jump(self, depth: int) -> None:
        """Leaves a loop or the function, or raises, under a condition."""
        random = self.random
        kinds = [f"raise {random.choice(ERRORS)}({self.value()})", "1 // 0"]
        if not self.grouped:
            kinds.append(f"return {self.value()}")
        if self.loops:
            kinds += ["break", "continue"]
        self.put(depth, f"if note('go', {random.choice(['x', 'y', '1', '0'])})  == 'go' and {random.choice('xyab')}:")
        self.put(depth + 1, random.choice(kinds))

    def attempt(self, depth: int) -> None:
        """A try statement."""
        random = self.random
        self.put(depth, "try:")
        self.block(depth + 1)
        clauses = random.randrange(3)
        star = random.choice(["", "", "", "*"])
        before = self.loops, self.grouped
        if star:
            self.loops, self.grouped = 0, True
        for _ in range(clauses):
            name = random.choice(["", " as e"])
            self.put(depth, f"except{star} {random.choice(ERRORS)}{name}:")
            self.block(depth + 1)
        self.loops, self.grouped = before
        if clauses and random.random() < 0.3:
            self.put(depth, "else:")
            self.block(depth + 1)
        if not clauses or random.random() < 0.5:
            self.put(depth, "finally:")
            loops, self.loops = self.loops, 0
            self.block(depth + 1)
            self.loops = loops


def steps(random: Random) -> str:
    """A random way to drive a generator."""
    out = []
    for _ in range(random.randint(1, 12)):
        step = random.choice(["next", "next", "next", "send", "send", "send", "throw", "close", "for", "list", "zip", "frame"])
        value = "None"
        if step == "send":
            value = random.choice(["1", "'go'", "None", "0", "(1, 2)"])
        elif step == "throw":
            value = f"{random.choice(ERRORS)}({random.randrange(9)})"
        elif step in ("for", "zip"):
            value = str(random.randrange(5))
        out.append(f"({step!r}, {value})")
    return f"[{', '.join(out)}]"


def program(random: Random, functions: int, drives: int) -> str:
    """A script of so many generator functions, each driven in so many ways."""
    parts = [PROLOGUE]
    for number in range(functions):
        parts.append(Body(random, number).text())
        for _ in range(drives):
            parts.append(f"drive(g{number}, {steps(random)})")
            if random.random() < 0.3:
                parts.append(f"drive(lambda: (note(i) for i in g{number}(3) if note(i) != 2), {steps(random)})")
    return "\n".join(parts)
