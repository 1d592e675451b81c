"""In what order values die when a frame is left: what waits on the stack, the last first, before what runs on the way out."""


def gen(n):
    try:
        yield n
        yield n
    finally:
        print("ends", n)


def f():
    for a in gen(1):
        for b in gen(2):
            return 5


def g():
    for a in gen(1):
        for b in gen(2):
            1 // 0


def h():
    for a in gen(1):
        for b in gen(2):
            yield 3


def k():
    for a in gen(1):
        try:
            for b in gen(2):
                for c in gen(3):
                    1 // 0
        except ZeroDivisionError:
            print("caught")


class D:
    def __init__(s, n):
        s.n = n
    def __del__(s):
        print("dies", s.n)


def l():
    [D(1), D(2), 1 // 0]


def m():
    print(D(1), D(2), 1 // 0)


class M:
    def __enter__(s):
        pass
    def __exit__(s, *a):
        print("exit")


def n():
    for a in gen(1):
        with M():
            for b in gen(2):
                return 5


def o():
    for a in gen(1):
        try:
            try:
                1 // 0
            except ZeroDivisionError as e:
                for b in gen(2):
                     
                    for c in gen(3):
                        return D(9)
        finally:
            print("finally")


def p():
    try:
        for a in gen(1):
            for b in gen(2):
                return [D(1), D(2), 5 if a else 6][2]
    finally:
        print("finally")


def q():
    for i in range(3):
        for a in gen(1):
            for b in gen(2):
                for c in gen(3):
                    break
                else:
                    continue
                break
            else:
                print("else")
            break


def main():
    for t in (f, g, k, l, m, n, o, p, q):
        for _ in range(3):
            try:
                t()
            except ZeroDivisionError:
                print("out", t.__name__)
    x = h()
    next(x)
    x.close()
    x = h()
    next(x)
    del x


main()
