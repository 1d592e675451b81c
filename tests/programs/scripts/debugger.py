"""bdb and trace: a breakpoint in a function called later, coverage-like counting.

# leaks: no
"""
import bdb
import linecache
import trace


class Debugger(bdb.Bdb):
    def __init__(self):
        super().__init__()
        self.seen = []

    def user_line(self, frame):
        if frame.f_code.co_filename == self.canonic(__file__):
            self.seen.append((frame.f_code.co_name, linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip(), sorted(frame.f_locals)))
        self.set_step()


def target(n):
    total = 0
    while n:
        total += n
        n -= 1
    return inner(total)


def inner(x):
    y = x * 2
    return y


def main():
    d = Debugger()
    print(d.runcall(target, 2))
    for row in d.seen:
        print(row)
    t = trace.Trace(count=1, trace=0)
    print(t.runfunc(target, 3))
    print(sorted((line, count) for (file, line), count in t.results().counts.items() if file == __file__))


main()
