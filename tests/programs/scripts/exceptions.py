"""try, except, else, finally in all shapes; the state of the handled exception."""
import sys


def shapes(kind):
    log = []
    try:
        try:
            log.append("try")
            if kind:
                raise kind("boom")
        except (KeyError, IndexError) as error:
            log.append(f"except {error!r}")
        except ValueError:
            log.append(str(sys.exc_info()[1]))
            raise
        else:
            log.append("else")
        finally:
            log.append("finally")
    except Exception as error:
        log.append(f"outer {error!r} {error.__context__!r}")
    return log


def returns(flag):
    try:
        if flag:
            return "try"
        raise OSError(2, "nope")
    except OSError as error:
        return f"except {error.errno}"
    finally:
        if flag == 2:
            return "finally"


def loops():
    out = []
    for i in range(6):
        try:
            if i == 1:
                continue
            if i == 4:
                break
            out.append(i)
        finally:
            out.append(-i)
    else:
        out.append("else")
    while True:
        try:
            out.append("w")
            break
        finally:
            out.append("f")
    return out


def bare():
    try:
        raise
    except RuntimeError as error:
        print(error)


def name_is_gone():
    try:
        raise ValueError(1)
    except ValueError as error:
        pass
    try:
        return error
    except UnboundLocalError as problem:
        return str(problem)


def chain():
    try:
        try:
            1 / 0
        except ZeroDivisionError:
            [][0]
    except IndexError as error:
        return repr(error.__context__), error.__suppress_context__


def handled_state():
    out = [sys.exc_info()[0]]
    try:
        raise KeyError(1)
    except KeyError:
        out.append(sys.exc_info()[0].__name__)
        try:
            raise ValueError(2)
        except ValueError:
            out.append(sys.exc_info()[0].__name__)
        out.append(sys.exc_info()[0].__name__)
    out.append(sys.exc_info()[0])
    return out


def wrong_types():
    for thing in (lambda: throw(1), lambda: throw(int), lambda: throw(ValueError, 5), lambda: catch("x"), lambda: catch((KeyError, 1))):
        try:
            thing()
        except TypeError as error:
            print(error)


def throw(what, *cause):
    if cause:
        raise what from cause[0]
    raise what


def catch(kind):
    try:
        raise ValueError
    except kind:
        pass


def hot():
    n = 0
    for i in range(500):
        try:
            if i % 3 == 0:
                raise ValueError(i)
            n += 1
        except ValueError as error:
            n += error.args[0]
        finally:
            n += 1
    return n


def asserts(x):
    assert x > 0, f"x is {x}"
    assert x


def main():
    for kind in (None, KeyError, IndexError, ValueError, TypeError, KeyboardInterrupt and StopIteration):
        print(shapes(kind))
    print([returns(i) for i in range(3)], loops(), name_is_gone(), chain(), handled_state(), hot())
    bare()
    wrong_types()
    try:
        asserts(-1)
    except AssertionError as error:
        print(error)
    try:
        raise ExceptionGroup("several", [ValueError(1), TypeError(2)])
    except ExceptionGroup as group:
        print(group, group.exceptions)
    error = ValueError("kept")
    for _ in range(3):
        try:
            raise error
        except ValueError as again:
            tb, n = again.__traceback__, 0
            while tb:
                tb, n = tb.tb_next, n + 1
            print(n)
    error.__traceback__ = None


main()
