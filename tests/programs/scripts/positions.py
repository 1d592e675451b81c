"""Where frames stand that an exception has left: f_lineno and f_lasti of each, tb_lineno and tb_lasti of each line of a traceback.

What depends on how often the host has run the code is left out (calls of C functions, which it specialises).
"""
import sys


class M:
    def __init__(self, swallow=False): self.swallow = swallow
    def __enter__(self): return self
    def __exit__(self, *a): return self.swallow


def fail(): raise ValueError(1)


def k1():
    try:
        fail()
    finally:
        x = 1


def k2():
    try:
        1//0
    except KeyError:
        pass


def k3():
    try:
        1//0
    except ZeroDivisionError as e:
        fail()


def k4():
    try:
        1//0
    except ZeroDivisionError:
        fail()


def k5():
    with M():
        x = 1
        fail()


def k6():
    with M() as m, M() as n:
        int("x")


def k7():
    try:
        with M():
            [].foo
    finally:
        y = 2


def k8():
    try:
        try:
            1//0
        except ZeroDivisionError as e:
            raise
    except KeyError: pass


def k10():
    for i in range(3):
        try:
            try:
                fail()
            finally:
                with M(True):
                    fail()
        except ValueError as e:
            if i == 2:
                raise KeyError from e


def k11():
    with M():
        return fail()


def k12():
    try:
        fail()
    except:
        raise


def k13():
    try:
        fail()
    except ValueError as v:
        try:
            fail()
        finally:
            del v


def k14():
    a = [1,
         2]
    try:
        a[
          5
        ]
    except (KeyError,
            TypeError):
        pass


def k15():
    assert M() is None, "no"


def k16():
    raise KeyError(
      1)


def show(f):
    try:
        f()
    except Exception as e:
        while e:
            t = e.__traceback__.tb_next
            print(f.__name__, type(e).__name__)
            while t:
                print("   ", t.tb_frame.f_code.co_name, t.tb_lineno, t.tb_lasti, t.tb_frame.f_lineno, t.tb_frame.f_lasti)
                t = t.tb_next
            e = e.__context__


kept = []




def keep():
    kept.append(sys._getframe(1))


def show_kept(name):
    print(name, [(f.f_code.co_name, f.f_lineno) for f in kept])
    kept.clear()


def r1():
    keep()
    x = 1

    return x


def r2():
    keep()
    for i in range(3):
        if i == 2:
            return 5


def r4():
    keep()
    try:
        return 1
    finally:
        keep()


def r5():
    with M():
        keep()
        return 4


def r6():
    with M(True):
        keep()
        fail()


def r7():
    keep()
    yield 1
    yield 2
    return 5


def r8():
    keep()
    yield 1
    try:
        yield 2
    finally:
        keep()


def r9():
    keep()
    try:
        fail()
    except ValueError as e:
        return 5


def r10():
    keep()
    return (lambda: keep())()


def r11():
    keep()
    yield from r7()
    x = 1


class A:
    async def __aenter__(self):
        keep()

    async def __aexit__(self, *a):
        keep()
        await B()


class B:
    def __await__(self):
        keep()
        yield 1


async def co():
    keep()
    async with A():
        await B()
        return 7


class S:
    def __aiter__(self):
        return self

    async def __anext__(self):
        raise KeyError


async def loops():
    keep()
    async for i in S():
        pass


def finished():
    for f in (r1, r2, r4, r5, r6, r9, r10):
        f()
        show_kept(f.__name__)
    for f in (r7, r8, r11):
        list(f())
        show_kept(f.__name__)
    for f in (r7, r8, r11):
        for end in ("close", "throw"):
            for steps in range(1, 3):
                g = f()
                for _ in range(steps):
                    next(g)
                frame = g.gi_frame
                print(frame.f_lineno, frame.f_lasti)
                try:
                    g.close() if end == "close" else g.throw(KeyError)
                except KeyError as e:
                    t = e.__traceback__.tb_next
                    while t:
                        print("   ", t.tb_lineno, t.tb_lasti)
                        t = t.tb_next
                print(frame.f_lineno, frame.f_lasti)
                show_kept(f.__name__ + end)


def coroutines():
    for make in (co, loops):
        for do in ("send", "throw", "close"):
            c = make()
            frame = c.cr_frame
            try:
                c.send(None)
                print(frame.f_lineno, frame.f_lasti)
                if do == "send":
                    c.send(None)
                    print(frame.f_lineno, frame.f_lasti)
                    c.send(None)
                elif do == "throw":
                    c.throw(KeyError(1))
                    print(frame.f_lineno, frame.f_lasti)
                    c.throw(KeyError(2))
                else:
                    c.close()
            except BaseException as e:
                t = e.__traceback__.tb_next
                while t:
                    print("   ", t.tb_frame.f_code.co_name, t.tb_lineno, t.tb_lasti, t.tb_frame.f_lineno)
                    t = t.tb_next
            print(frame.f_lineno, frame.f_lasti if do != "send" else "")
            show_kept(do)


def main():
    for name, value in list(globals().items()):
        if name.startswith("k") and name != "keep" and name != "kept":
            show(value)
    finished()
    coroutines()


main()
