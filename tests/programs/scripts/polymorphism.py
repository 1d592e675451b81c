"""Objects of several types at one place, methods of several classes at one call, and who looks at frames of calls within hot loops."""
import gc
import sys
import weakref


class Shape:
    scale = 1

    def __init__(self, size):
        self.size = size
        self.seen = 0

    def area(self):
        return self.size

    def note(self, amount=1):
        self.seen += amount
        return self


class Square(Shape):
    def area(self):
        return self.size * self.size * self.scale


class Rectangle(Shape):
    def __init__(self, size, other):
        Shape.__init__(self, size)
        self.other = other

    def area(self):
        return self.size * self.other


class Slotted:
    __slots__ = ("size", "seen")

    def __init__(self, size):
        self.size = size
        self.seen = 0

    def area(self):
        return -self.size

    def note(self, amount=1):
        self.seen -= amount


class Lazy:
    seen = 0

    def __getattr__(self, name):
        if name == "size":
            return 3
        raise AttributeError(name)

    def area(self):
        return self.size + 1

    def note(self, *amounts):
        type(self).seen += sum(amounts)


class WithProperty(Shape):
    @property
    def seen(self):
        return self.__dict__.get("hidden", 0)

    @seen.setter
    def seen(self, value):
        self.__dict__["hidden"] = value


def total(shapes, rounds):
    result = 0
    for i in range(rounds):
        shape = shapes[i % len(shapes)]
        result += shape.area() + shape.size
        shape.note()
        shape.note(2)
    return result


def many_types():
    classes = [type(f"Kind{i}", (Shape,), {"area": lambda self, i=i: self.size * i}) for i in range(12)]
    return total([kind(i) for i, kind in enumerate(classes)], 900)


def classes_change():
    shapes = [Square(2), Rectangle(2, 3), Slotted(4), Lazy()]
    out = [total(shapes, 400)]
    Square.scale = 5
    out.append(total(shapes, 400))
    Rectangle.area = lambda self: 1000
    out.append(total(shapes, 400))
    shapes[0].__class__ = Rectangle
    out.append(total(shapes, 400))
    shapes[1].area = lambda: -1
    out.append(total(shapes, 400))
    del shapes[1].area
    out.append(total(shapes, 400))
    out.append([shape.seen for shape in shapes])
    Square.scale = 1
    return out


def class_changes_in_loop():
    result = 0
    for i in range(300):
        Shape.scale = i
        result += Square(2).area()
    Shape.scale = 1
    return result


def attribute_errors():
    caught = []
    for i in range(300):
        shape = (Square(1), Slotted(2), Lazy())[i % 3]
        try:
            shape.missing
        except AttributeError as error:
            caught.append(str(error))
    return sorted(set(caught)), len(caught)


def functions_vary(rounds=600):
    def one(a):
        return a + 1

    def two(a, b=10):
        return a * b

    def three(*a):
        return len(a)

    result = 0
    chosen = [one, two, three, len, lambda a: 7]
    for i in range(rounds):
        function = chosen[i % 5]
        result += function([i] if function is len else i)
    return result


class Watcher:
    """Looks at the stack from C's side of a call."""

    def __init__(self):
        self.rows = set()
        self.frames = []

    def __eq__(self, other):
        frame = sys._getframe(1)
        row = []
        while frame is not None and frame.f_code.co_name != "main":
            local = {name: value for name, value in frame.f_locals.items() if isinstance(value, (int, str))}
            shown = tuple(sorted(name for name in frame.f_locals))
            row.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno, shown, local.get("depth"), local.get("i", 0) % 3))
            frame = frame.f_back
        self.rows.add(tuple(row))
        if len(self.frames) < 3:
            self.frames.append(sys._getframe(1))
        return False

    def __hash__(self):
        return 1


def inner(watcher, depth, text):
    before = depth * 2
    if watcher in (text, before):
        return 1
    after = before + 1
    return after


def outer(watcher, depth, i):
    text = "text"
    value = inner(watcher, depth + 1, text)
    del text
    return value + (1 if watcher in [i] else 0)


def watched():
    watcher = Watcher()
    result = 0
    for i in range(400):
        result += outer(watcher, i % 2, i)
    for row in sorted(watcher.rows):
        print(row)
    for frame in watcher.frames:
        print(frame.f_code.co_name, sorted((k, v) for k, v in frame.f_locals.items() if isinstance(v, (int, str))), frame.f_back is None or frame.f_back.f_code.co_name)
    return result


class Fails:
    def __eq__(self, other):
        raise ValueError("no equal")

    __hash__ = None


def raises(item, things):
    local = [item]
    return item in things and local


def errors_inside():
    import traceback

    texts = set()
    for i in range(300):
        try:
            raises(Fails(), [i])
        except ValueError as error:
            texts.add("".join(traceback.format_exception(error)))
    print(len(texts))
    for text in texts:
        print(text)


def divides(a, b):
    return a // b


def converts(text, log):
    value = int(text)
    log.append(value)
    return value


def errors_caught_outside():
    """Exceptions that C functions raise within inlined calls, caught by the loop's function."""
    import traceback

    texts = set()
    log = []
    frames = []
    for i in range(400):
        try:
            log.append(divides(i, i % 4))
            converts("x" if i % 3 else "7", log)
            raises(Fails() if i % 5 == 0 else 1, [i])
        except ZeroDivisionError as error:
            texts.add("".join(traceback.format_exception(error)))
        except ValueError as error:
            texts.add("".join(traceback.format_exception(error)))
            frames.append(error.__traceback__.tb_next.tb_frame)
            del frames[:-2]
        finally:
            log.append(i)
    print(len(texts), len(log), sum(log))
    for text in sorted(texts):
        print(text)
    print([(frame.f_code.co_name, sorted(frame.f_locals), frame.f_lineno - frame.f_code.co_firstlineno) for frame in frames])


class Counted:
    def __init__(self):
        self.items = []

    def __lt__(self, other):
        return sys.getrefcount(other) < 0

    def __bool__(self):
        gc.collect(0)
        return True


def references(value, other):
    copy = value
    if copy < other:
        return -1
    if other:
        return sys.getrefcount(value)
    return 0


def reference_counts():
    counts = set()
    kept = Counted()
    for i in range(300):
        fresh = Counted()
        counts.add((references(kept, fresh), sys.getrefcount(fresh), sys.getrefcount(kept)))
    print(sorted(counts))


def ends():
    """Objects of inlined calls end when they do under CPython."""
    log = []

    class Ends:
        def __init__(self, number):
            self.number = number

        def __del__(self):
            log.append(self.number)

        def __len__(self):
            return 1

    def use(number):
        held = Ends(number)
        seen = weakref.ref(held)
        size = len(held)
        return size + (seen() is held)

    result = 0
    for i in range(200):
        result += use(i)
        log.append(-i)
    return result, log[:8], len(log)


def deep(depth, watcher):
    if depth:
        return deep(depth - 1, watcher)
    return watcher in (1,)


def near_the_limit():
    reached = []

    class Probe:
        def __eq__(self, other):
            return down(0)

        __hash__ = None

    def down(level):
        try:
            return down(level + 1)
        except RecursionError:
            reached.append(1)
            return False

    def ask(probe):
        return probe in (1,)

    for i in range(60):
        ask(Probe())
    return len(reached)


def main():
    print(total([Square(2), Rectangle(2, 3), Slotted(4), Lazy(), WithProperty(5)], 1000))
    print(many_types())
    print(classes_change())
    print(class_changes_in_loop())
    print(attribute_errors())
    print(functions_vary())
    print(watched())
    errors_inside()
    errors_caught_outside()
    reference_counts()
    print(ends())
    print(near_the_limit())


main()
