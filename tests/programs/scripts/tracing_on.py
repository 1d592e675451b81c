"""sys.settrace and sys.setprofile: functions called after it was set give the events that they give under CPython.

# leaks: no
"""
import sys
import threading

events = []


def tracer(frame, event, arg):
    if frame.f_globals is globals():
        events.append((event, frame.f_code.co_name, frame.f_lineno, arg if event == "return" else arg and arg[0].__name__))
    return tracer


def helper(n):
    total = 0
    for i in range(n):
        total += i
    return total


class Thing:
    def __init__(self, v):
        self.v = v

    def double(self):
        return self.v * 2


def fails():
    try:
        {}["x"]
    except KeyError:
        pass
    raise ValueError("out")


def work():
    x = helper(2)
    y = Thing(x).double()
    try:
        fails()
    except ValueError:
        y += 1
    return [helper(k) for k in (0, 1)], sorted([2, 1], key=lambda v: -v), y


def profiler(frame, event, arg):
    if frame.f_globals is globals() and event in ("call", "return"):
        events.append((event, frame.f_code.co_name))


def in_thread():
    helper(1)


def main():
    print(work())
    sys.settrace(tracer)
    result = work()
    sys.settrace(None)
    print(result, len(events))
    for row in events:
        print(row)
    events.clear()
    print(work(), events)
    sys.setprofile(profiler)
    work()
    sys.setprofile(None)
    print([e for e in events if e[1] not in ("main",)])
    events.clear()
    threading.settrace(tracer)
    t = threading.Thread(target=in_thread)
    t.start()
    t.join()
    threading.settrace(None)
    print(events)


main()
