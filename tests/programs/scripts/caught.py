"""Exceptions that are raised and caught within hot loops: what anybody can see of them."""
import sys
import traceback
import weakref


class Own(Exception):
    pass


class Wordy(Exception):
    def __init__(self, number):
        super().__init__(f"number {number}")
        self.number = number


class Noted:
    """Tells when it dies."""

    def __init__(self, name, log):
        self.name, self.log = name, log

    def __del__(self):
        self.log.append(self.name)


def positions(tb):
    rows = []
    while tb is not None:
        code = tb.tb_frame.f_code
        rows.append((code.co_name, tb.tb_lineno - code.co_firstlineno, tb.tb_lasti, sorted(tb.tb_frame.f_locals)))
        tb = tb.tb_next
    return rows


def keys(n):
    table = {k: k for k in range(10)} | {"a": 1}
    total = 0
    for i in range(n):
        try:
            total += table[i % 14]
        except KeyError:
            total -= 1
        try:
            total += table["b" if i % 3 else "a"]
        except (IndexError, KeyError):
            total += 2
    return total


def looks_now_and_then(n):
    table = {}
    out = []
    for i in range(n):
        try:
            table[i]
        except KeyError:
            if i % 61 == 60:
                kind, value, tb = sys.exc_info()
                out.append((kind.__name__, value.args, positions(tb), value.__context__))
                del kind, value, tb
        if i % 61 == 60:
            out.append(sys.exc_info())
    return out


def named(n):
    items = [1, 2, 3]
    total = 0
    held = None
    for i in range(n):
        try:
            total += items[i % 5]
        except IndexError as error:
            total += len(error.args[0])
            if i % 40 == 39:
                held = error
    print(held, positions(held.__traceback__), held.__context__, sys.getrefcount(held))
    return total


def check(value, log=None):
    local = value * 2
    if value % 3 == 0:
        raise ValueError("bad", value)
    return local


def deeper(value):
    there = [value]
    return check(there[0])


def callees(n):
    total = 0
    seen = []
    for i in range(n):
        try:
            total += deeper(i)
        except ValueError:
            total -= 1
            if i % 99 == 0:
                seen.append(positions(sys.exc_info()[2]))
                seen.append(sys.exc_info()[2].tb_next.tb_next.tb_frame.f_locals["local"])
                seen.append(traceback.format_exc())
    return total, seen


def contexts(n):
    out = []
    for i in range(n):
        try:
            try:
                raise KeyError(i)
            except KeyError:
                if i % 2:
                    raise ValueError(i)
                raise Own from None
        except ValueError as error:
            if i % 31 == 1:
                out.append((repr(error), repr(error.__context__), error.__cause__, error.__suppress_context__))
        except Own as error:
            if i % 31 == 0:
                out.append((repr(error), repr(error.__context__), error.__cause__, error.__suppress_context__))
    return out


def contexts_of_the_host(n):
    """What is raised while an exception of a C function is handled, and looked at later."""
    out = []
    kept = None
    for i in range(n):
        try:
            try:
                [] + i
            except TypeError:
                (1, 2)[i % 3]
        except IndexError as error:
            out.append(repr(error.__context__))
            kept = error
        try:
            int("x")
        except ValueError:
            try:
                {}[i]
            except KeyError as error:
                later = error
        out.append((repr(later.__context__), repr(kept and kept.__context__)))
    return out[-4:], sorted({repr(row) for row in out})


def causes(n):
    out = []
    for i in range(n):
        try:
            try:
                [].pop
                ()[i]
            except IndexError as error:
                raise RuntimeError("wrapped", i) from error
        except RuntimeError as error:
            if not i % 50:
                out.append(traceback.format_exception(error))
    return out


def finals(n):
    total = 0
    for i in range(n):
        try:
            try:
                if i % 3 == 0:
                    raise ValueError
                total += 1
                if i % 7 == 0:
                    continue
            finally:
                total += 10
        except ValueError:
            total -= 1
        else:
            total += 100
    return total


def again(n):
    out = []
    for i in range(n):
        try:
            try:
                raise Own(i)
            except Own:
                if i % 4:
                    raise
        except Own as error:
            if i % 37 == 1:
                out.append((error.args, positions(error.__traceback__)))
    return out


def lives(n):
    log = []
    marks = []
    for i in range(n):
        try:
            raise Own(Noted(i, log))
        except Own:
            marks.append(len(log))
        marks.append(len(log))
    return marks[-6:], len(log)


def lives_in_callees(n):
    log = []
    marks = []

    def fails(i):
        kept = Noted(i, log)
        if kept.name >= 0:
            raise ValueError
        return kept
    for i in range(n):
        try:
            fails(i)
        except ValueError:
            marks.append(len(log))
        marks.append(len(log))
    return marks[-6:], len(log)


def referenced(n):
    key = object()
    table = {1: 1}
    counts = []
    for i in range(n):
        try:
            table[key]
        except KeyError:
            counts.append(sys.getrefcount(key))
        counts.append(sys.getrefcount(key))
    return sorted(set(counts))


def weak(n):
    dead = 0
    for i in range(n):
        try:
            raise Own(i)
        except Own as error:
            reference = weakref.ref(error)
            dead += reference() is None
        dead += 2 * (reference() is None)
    return dead


def steps(n):
    total = 0
    it = iter(())
    for i in range(n):
        try:
            total += next(it)
        except StopIteration:
            it = iter([i, i + 1])
    return total


def identities(n):
    """An exception is one object, whoever holds it, and so are its arguments."""
    total = 0
    kept = args = None
    for i in range(n):
        error = Own(i)
        plain = ValueError(i, "b")
        try:
            raise error
        except Own as caught:
            total += caught is error
            total += caught.args is error.args
        try:
            raise plain
        except ValueError as caught:
            total += 2 * (caught is plain)
        try:
            raise Own(i, [i])
        except Own as caught:
            total += 4 * (caught.args is caught.args)
            args = caught.args
            if i % 3 == 0:
                kept = caught
                total += 8 * (kept.args is args)
        try:
            raise KeyError
        except KeyError as caught:
            total += len(caught.args)
            total += caught is sys.exc_info()[1]
        pair = plain, plain
        try:
            raise pair[0]
        except ValueError as caught:
            total += caught is pair[1]
    return total, kept.args, args, kept.args is args, error.__traceback__.tb_next, plain.__context__


def ends(n):
    """What next() raises says what the iterator has said."""
    def one(i):
        yield i
        return i * 2

    class Once:
        def __init__(self, i):
            self.i = i

        def __next__(self):
            raise StopIteration(self.i)
    total = 0
    out = []
    for i in range(n):
        try:
            g = one(i)
            total += next(g)
            next(g)
        except StopIteration as error:
            total += error.value
        try:
            next(Once(i))
        except StopIteration as error:
            total += error.value
        try:
            next(i)
        except TypeError as error:
            total += len(str(error))
        try:
            next(iter([NotImplemented]))
            next(iter([]))
        except StopIteration as error:
            if i % 70 == 0:
                out.append((error.value, error.args, error.__traceback__.tb_lineno))
    return total, out


def with_the_host(n):
    """Managers that are the host's, or generators."""
    import contextlib
    import threading
    lock = threading.Lock()

    @contextlib.contextmanager
    def guarded(i):
        try:
            yield i
        except KeyError:
            pass
        finally:
            seen[0] += 1
    seen = [0]
    total = 0
    for i in range(n):
        with lock:
            total += lock.locked()
        with guarded(i) as got:
            total += got
            if i % 3 == 0:
                raise KeyError(i)
            total += 1
        with contextlib.suppress(ValueError, IndexError):
            total += int("1x"[i % 3])
        try:
            with i:
                pass
        except TypeError as error:
            total += len(str(error))
    return total, seen


def texts(n):
    total = 0
    for i in range(n):
        try:
            total += int("12x4"[i % 4])
        except ValueError as error:
            total += len(str(error))
        try:
            "abc"[i % 5]
        except IndexError:
            total += 1000
    return total


def attributes(n):
    class A:
        x = 1
    objects = [A(), A(), object()]
    total = 0
    for i in range(n):
        try:
            total += objects[i % 3].x
        except AttributeError:
            total += 5
    return total


def inner_loops(n):
    total = 0
    for i in range(n):
        try:
            for k in range(5):
                if k == i % 6:
                    raise LookupError(k)
                total += k
            else:
                total += 1000
        except LookupError:
            for k in range(3):
                total += k
    return total


def out_of_the_loop(n):
    total = 0
    try:
        for i in range(n):
            total += i
            if i == n - 2:
                raise Own(i)
    except Own as error:
        return total, error.args, positions(error.__traceback__)


def nobody_catches(n):
    total = 0
    for i in range(n):
        total += check(i * 3 + 1 + (i == n - 2))
    return total


def wordy(n):
    total = 0
    for i in range(n):
        try:
            raise Wordy(i)
        except Wordy as error:
            total += error.number + len(error.args[0])
    return total


class Base:
    def __init__(self, n):
        if n % 4 == 0:
            raise ValueError("four")
        self.n = n


class Derived(Base):
    def __init__(self, n):
        super().__init__(n)

    def __getitem__(self, key):
        if key > self.n:
            raise IndexError(key)
        return key

    def __add__(self, other):
        if other % 5 == 0:
            raise TypeError("five")
        return self.n + other

    @property
    def half(self):
        if self.n % 2:
            raise AttributeError("odd")
        return self.n // 2


def operators(n):
    total = 0
    seen = []
    for i in range(n):
        try:
            d = Derived(i)
            total += d[i % 50]
            total += d + i
            total += d.half
        except ValueError:
            total += 1
        except (IndexError, TypeError):
            total += 2
            if i % 45 == 0:
                seen.append(positions(sys.exc_info()[2]))
        except AttributeError:
            total += 3
            if i % 51 == 0:
                seen.append(positions(sys.exc_info()[2]))
    return total, seen


class Manager:
    def __init__(self):
        self.log = [0, 0, 0]

    def __enter__(self):
        self.log[0] += 1
        return self

    def __exit__(self, kind, value, tb):
        self.log[1] += 1
        if kind is not None:
            self.log[2] += tb.tb_lineno
            return kind is KeyError


def managers(n):
    manager = Manager()
    total = 0
    for i in range(n):
        try:
            with manager as m:
                total += m.log[0] & 1
                if i % 3 == 0:
                    raise KeyError
                if i % 5 == 0:
                    raise ValueError
                total += 7
        except ValueError:
            total += 1
    return total, manager.log[:2]


def inside(n):
    """Hot while an exception is handled."""
    try:
        raise Own("outer")
    except Own:
        out = []
        for i in range(n):
            try:
                {}[i]
            except KeyError as error:
                if i % 77 == 0:
                    out.append((repr(error.__context__), repr(sys.exc_info()[1])))
        out.append(repr(sys.exc_info()[1]))
    return out, sys.exc_info()


def main():
    for test in (keys, looks_now_and_then, named, callees, contexts, contexts_of_the_host, causes, finals, again, lives, lives_in_callees, referenced, weak, steps,
                 identities, ends, with_the_host, texts, attributes, inner_loops, out_of_the_loop, wordy, operators, managers, inside):
        for size in (150, 400):
            print(test.__name__, test(size))
    try:
        nobody_catches(300)
    except ValueError as error:
        print(error, positions(error.__traceback__))


main()
