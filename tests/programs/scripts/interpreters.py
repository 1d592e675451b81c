"""A second interpreter in the process, where there is one to be had: its code runs on the host, that of the first goes on.

# leaks: no
"""
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    interpreters = None

TEXT = """
import sys
def numbers(n):
    for i in range(n):
        yield i * i
async def answer():
    return 42
class Thing:
    def __init__(self, v):
        self.v = v
out = open(1, "w", closefd=False)
out.write(f"{list(numbers(5))} {sum(x for x in range(100))} {Thing(3).v}\\n")
try:
    answer().send(None)
except StopIteration as stop:
    out.write(f"{stop.value}\\n")
out.flush()
"""


def numbers(n):
    for i in range(n):
        yield i


def main():
    print(sum(numbers(100)), flush=True)
    if interpreters is not None:
        for _ in range(2):
            other = interpreters.create()
            interpreters.run_string(other, TEXT)
            print(sum(numbers(100)), flush=True)
            interpreters.destroy(other)
    print(sum(numbers(100)), flush=True)


main()
