"""with statements."""
import contextlib
import io
import tempfile
import os


class Manager:
    def __init__(self, name, swallow=False, fail=None):
        self.name, self.swallow, self.fail = name, swallow, fail

    def __enter__(self):
        print("enter", self.name)
        if self.fail == "enter":
            raise RuntimeError("enter failed")
        return self.name.upper()

    def __exit__(self, kind, value, tb):
        print("exit", self.name, kind and kind.__name__, value, tb is not None)
        if self.fail == "exit":
            raise RuntimeError("exit failed")
        return self.swallow


@contextlib.contextmanager
def tag(name):
    print(f"<{name}>")
    try:
        yield name
    except KeyError as error:
        print("saw", error)
    finally:
        print(f"</{name}>")


def early(n):
    for i in range(n):
        with Manager("loop") as m:
            if i == 1:
                return m, i
    return None


def several():
    with Manager("a") as a, Manager("b", True) as b, tag("c"):
        print(a, b)
        raise ValueError("inside")
    print("after")
    with (Manager("x"), Manager("y") as y):
        print(y)


def skip():
    out = []
    for i in range(4):
        with contextlib.suppress(ZeroDivisionError):
            if i == 2:
                continue
            out.append(6 // (i - 1))
    return out


def main():
    several()
    print(early(3), skip())
    with tag("t"):
        raise KeyError("k")
    for fail in ("enter", "exit"):
        try:
            with Manager("m", fail=fail):
                raise ValueError(1)
        except Exception as error:
            print(repr(error), repr(error.__context__))
    for wrong in (3, "x"):
        try:
            with wrong:
                pass
        except TypeError as error:
            print(error)
    with contextlib.redirect_stdout(io.StringIO()) as text:
        print("captured")
    print(text.getvalue().strip())
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "f.txt")
        with open(path, "w") as file:
            file.write("one\ntwo\nthree\n")
        with open(path) as file:
            print([line.strip() for line in file], file.closed)
    with contextlib.ExitStack() as stack:
        names = [stack.enter_context(Manager(c)) for c in "pq"]
        print(names)


main()
