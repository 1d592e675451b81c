"""Exception groups and except*: what each clause takes, what goes on, what is handled meanwhile, in functions and generators of all kinds."""
import asyncio
import gc
import sys
import traceback


class Own(ExceptionGroup):
    def derive(self, excs):
        return Own(self.message + "'", excs)


class Odd(type):
    def __instancecheck__(cls, instance):
        raise ZeroDivisionError

    def __subclasscheck__(cls, sub):
        return False


class OddError(Exception, metaclass=Odd):
    pass


class Dies(Exception):
    def __del__(self):
        print("dies", self.args)


def show(error):
    if isinstance(error, BaseExceptionGroup):
        return type(error).__name__, error.message, [show(each) for each in error.exceptions]
    return repr(error)


def attempt(make, *parts):
    try:
        print(make.__name__, show_all(make(*parts)))
    except BaseException as e:
        print(make.__name__, show(e), show(e.__context__), show(e.__cause__), getattr(e, "__notes__", None))
        print("  ", [(row.name, row.lineno - make.__code__.co_firstlineno) for row in traceback.extract_tb(e.__traceback__)][1:])
    print("   handled", sys.exc_info())


def show_all(value):
    return [show(each) if isinstance(each, BaseException) else each for each in value] if isinstance(value, list) else value


def group(*errors):
    return ExceptionGroup("group", errors)


def nested():
    return group(ValueError(1), TypeError(2), ExceptionGroup("inner", [ValueError(3), OSError(4), KeyError(5)]))


def takes(error):
    out = []
    try:
        out.append("body")
        if error is not None:
            raise error
    except* ValueError as e:
        out.append(e)
        out.append(sys.exc_info()[1] is e)
    except* (TypeError, OSError) as f:
        out.append(f)
    else:
        out.append("else")
    finally:
        out.append(sys.exc_info()[1])
        print("   finally", show_all(out))
    out.append("e" in locals() or "f" in locals())
    return out


def raises(error, how):
    try:
        raise error
    except* ValueError as e:
        if how == "again":
            raise
        if how == "same":
            raise e
        if how == "from":
            raise KeyError("new") from e
        if how == "other":
            raise KeyError("other")
        if how == "group":
            raise ExceptionGroup("made", [IndexError(1)])
        if how == "note":
            e.add_note("noted")
            raise
    except* TypeError:
        if how == "again":
            raise
        if how == "both":
            1 // 0
    return how


def bare(error):
    try:
        try:
            raise error
        except* Exception:
            x = 1
            raise
    finally:
        x = 2


def wrong(kind, error):
    try:
        raise error
    except* kind:
        return_value = 5
    return return_value


def deep():
    out = []
    for i in range(3):
        try:
            try:
                raise nested()
            except* ValueError as e:
                try:
                    raise group(KeyError(i), OSError(i))
                except* KeyError as f:
                    out.append(f)
                    for j in range(3):
                        if j == 1:
                            continue
                        if j == 2:
                            break
                    out.append(j)
        except ExceptionGroup as g:
            out.append(g)
            out.append(g.__context__)
    return out


def stepping(error):
    try:
        got = yield "start"
        raise got or error
    except* ValueError as e:
        got = yield show(e)
        if got:
            raise got
    except* TypeError as e:
        yield from [show(e), "more"]
    else:
        yield "else"
    finally:
        yield "finally", show(sys.exc_info()[1])
    yield "end"


async def waiting(error):
    out = []
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fails(ValueError(1)))
            tasks.create_task(fails(TypeError(2)))
            tasks.create_task(fails(error))
    except* ValueError as e:
        await asyncio.sleep(0)
        out.append(show(e))
    except* TypeError as e:
        out += [show(x) async for x in stream(e)]
    return out


async def stream(e):
    try:
        raise e
    except* TypeError as f:
        for each in f.exceptions:
            await asyncio.sleep(0)
            yield each


async def fails(error):
    await asyncio.sleep(0)
    raise error


def drive(generator, *steps):
    out = []
    for step in steps:
        try:
            if isinstance(step, tuple):
                out.append(generator.throw(step[0]))
            else:
                out.append(generator.send(step))
        except BaseException as e:
            out.append((show(e), show(e.__context__)))
    print(out)


class Body:
    try:
        raise group(ValueError(1), KeyError(2))
    except* ValueError as e:
        x = show(e)
    except* KeyError:
        y = sys.exc_info()[1].exceptions


def hot(n):
    total = 0
    for i in range(n):
        try:
            if i % 50 == 0:
                raise ValueError(i) if i % 100 else group(ValueError(i), KeyError(i))
            total += i
        except* ValueError as e:
            total += sum(each.args[0] for each in e.exceptions)
        except* KeyError as e:
            total -= len(e.exceptions)
    return total


def lifetimes():
    try:
        raise group(Dies(1), ValueError(2))
    except* Dies as e:
        print("taken")
        del e
    except* ValueError:
        print("then")
    print("after")
    try:
        try:
            raise Dies(3)
        except* ValueError:
            pass
    except Dies:
        print("went on")
    print("end")


def main():
    for error in (None, ValueError(1), TypeError(2), KeyError(3), nested(), group(KeyError(1)), Own("own", [ValueError(1), KeyError(2)]),
                  BaseExceptionGroup("base", [KeyboardInterrupt(), ValueError(1)]), GeneratorExit()):
        attempt(takes, error)
    for how in ("again", "same", "from", "other", "group", "note", "both", "none"):
        for error in (nested(), ValueError(9), group(ValueError(1), TypeError(2)), Own("own", [ValueError(1), TypeError(2)])):
            attempt(raises, error, how)
    for error in (KeyError(1), nested()):
        attempt(bare, error)
    for kind in (5, (ValueError, 5), ExceptionGroup, (ValueError, BaseExceptionGroup), OddError, (), int):
        attempt(wrong, kind, nested())
        attempt(wrong, kind, OddError(1))
    attempt(deep)
    for steps in ((None, None, None, None, None), (None, (nested(),), KeyError(8), None, None), (None, (TypeError(1),), None, None, None),
                  (None, ValueError(1), (GeneratorExit(),), None), (None, KeyError(1), None, None)):
        drive(stepping(nested()), *steps)
        gc.collect()
    g = stepping(ValueError(1))
    print(next(g), next(g), g.gi_frame.f_lineno - g.gi_code.co_firstlineno, sorted(g.gi_frame.f_locals))
    g.close() if False else None
    drive(g, None, None, None)
    for error in (KeyError(5), ValueError(6)):
        try:
            print(asyncio.run(waiting(error)))
        except BaseException as e:
            print(show(e))
    print(Body.x, Body.y, hasattr(Body, "e"), hot(4000))
    lifetimes()


main()
