"""locals, globals, eval, exec, sys._getframe, inspect, logging, warnings: what looks at frames."""
import inspect
import logging
import sys
import traceback
import warnings


def who(depth=1):
    frame = sys._getframe(depth)
    return frame.f_code.co_name, frame.f_lineno


def caller():
    return who(), who(2)


def show_locals(a, b=2):
    c = a + b
    before = locals()
    d = [x for x in range(3)]
    after = locals()
    return sorted(before), sorted(after), after["c"], before is after


def closure_locals():
    x = 1

    def inner():
        y = x
        return sorted(locals().items())
    return inner(), sorted(k for k in locals())


def evaluates(n):
    local = 10
    return eval("n + local"), eval("n", {"n": "other"}), eval("m", {}, {"m": "mapped"})


def executes():
    space = {}
    exec("def f(x):\n    return x * 2\ny = f(21)", space)
    exec("made_global = 1", globals())
    return space["y"], globals().pop("made_global"), space["f"].__name__


def stack_names():
    return [f.function for f in inspect.stack()]


def positions():
    frame = inspect.currentframe()
    line = frame.f_lineno
    return line, (frame.f_lineno,
                  frame.f_back.f_code.co_name), frame.f_lasti > 0, frame.f_globals is globals()


def walk():
    names, frame = [], sys._getframe()
    while frame:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


def kept():
    secret = "kept"
    other = [1]
    return sys._getframe()


def f_locals_of_caller():
    def peek():
        return dict(sys._getframe(1).f_locals)
    value = 3
    result = peek()
    result.pop("peek")
    return result


def deprecated():
    warnings.warn("old thing", DeprecationWarning, stacklevel=2)
    warnings.warn("here")


def uses_deprecated():
    deprecated()
    deprecated()


def raising():
    x = "in raising"
    raise ValueError(x)


class Local:
    attribute = sorted(k for k in locals() if not k.startswith("__"))
    line = sys._getframe().f_lineno


def main():
    print(caller(), show_locals(1), closure_locals(), evaluates(5), executes())
    print(stack_names(), positions(), walk(), f_locals_of_caller())
    frame = kept()
    print(frame.f_locals, frame.f_code.co_name, frame.f_back is sys._getframe())
    frame.clear()
    print(frame.f_locals)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        uses_deprecated()
    print([(str(w.message), w.lineno, w.category.__name__) for w in seen])
    logger = logging.getLogger("demo")
    logger.handlers[:] = []
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(levelname)s %(funcName)s:%(lineno)d %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.info("value %d", 3)
    try:
        raising()
    except ValueError as error:
        logger.exception("failed")
        tb = error.__traceback__
        print(tb.tb_next.tb_frame.f_locals, tb.tb_next.tb_lineno, tb.tb_frame is sys._getframe())
    print([line.strip() for line in traceback.format_stack()][-1].splitlines()[-1])
    print(Local.attribute, Local.line, __name__, sorted(vars())[:3])
    print(inspect.getsource(who).splitlines()[0], main.__module__, inspect.isfunction(main), inspect.getmodule(who) is sys.modules["__main__"])
    sys._getframe().f_locals["new"] = 1
    total = 0
    for i in range(50):
        total += i
        if i == 40:
            print(locals()["total"], sys._getframe().f_locals["i"])
    try:
        sys._getframe(50)
    except ValueError as error:
        print(error)


main()
print(sorted(k for k in globals() if not k.startswith("__")) == sorted(k for k in locals() if not k.startswith("__")))
warnings.warn("at module level")
