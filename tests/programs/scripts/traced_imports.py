"""What a trace and a profile function see of functions that are new to the VM, and of a module that is imported meanwhile.

# leaks: no
"""
import sys

events = []


def tracer(frame, event, arg):
    if "importlib" not in frame.f_code.co_filename and "zipimport" not in frame.f_code.co_filename:
        events.append((frame.f_code.co_name, event, frame.f_lineno, frame.f_globals.get("__name__")))
    return tracer


def late(n):
    class Local:
        def method(self, k):
            return k + n

    from helpers.looping import TABLE, squares
    found = [squares(i) for i in range(n)]
    return Local().method(n), found, eval("n + 1"), len(TABLE)


def main():
    for install in (sys.settrace, sys.setprofile):
        sys.modules.pop("helpers.looping", None)
        install(tracer)
        late(2)
        late(3)
        install(None)
        shown = [event for event in events if event[0] != "main"]
        print(len(shown))
        for row in shown:
            print(row)
        events.clear()


main()
