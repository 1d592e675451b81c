"""A trace function that becomes hot, and has the compiler loaded, while the host acquires a module's lock for an import.

# leaks: no
"""
import sys


def busy(n):
    total = 0
    for i in range(n):
        total += i & 3
    return total


def tracer(frame, event, arg):
    if frame.f_code.co_name == "acquire" and frame.f_lineno > frame.f_code.co_firstlineno + 2:
        busy(40000)
        eval("busy(1) + 1")
    return tracer


def imports():
    from helpers.looping import TABLE
    import colorsys
    return len(TABLE), colorsys.__name__


def main():
    for _ in range(2):
        sys.modules.pop("helpers.looping", None)
        sys.modules.pop("colorsys", None)
        sys.settrace(tracer)
        try:
            found = imports()
        finally:
            sys.settrace(None)
        print(found)


main()
