"""Event systems, state machines, mixins, observers, weak references, context variables, copy and pickle."""
import contextvars
import copy
import functools
import pickle
import weakref


class Signal:
    def __init__(self):
        self.listeners = weakref.WeakSet()
        self.strong = []

    def connect(self, f=None, *, weak=False):
        if f is None:
            return functools.partial(self.connect, weak=weak)
        (self.listeners.add if weak else self.strong.append)(f)
        return f

    def send(self, *args, **kwargs):
        return [f(*args, **kwargs) for f in [*self.strong, *self.listeners]]


class Machine:
    table = {("idle", "start"): "running", ("running", "pause"): "paused", ("paused", "start"): "running", ("running", "stop"): "idle"}

    def __init__(self):
        self.state, self.log, self.changed = "idle", [], Signal()

    def __call__(self, event):
        try:
            new = self.table[self.state, event]
        except KeyError:
            self.log.append(f"ignored {event}")
            return self
        old, self.state = self.state, new
        self.changed.send(old, new=new)
        return self

    def __getattr__(self, name):
        if name.startswith("on_"):
            return functools.partial(self.__call__, name[3:])
        raise AttributeError(name)

    def __reduce__(self):
        return Machine, (), {"state": self.state, "log": self.log}


class JsonMixin:
    def to_dict(self):
        return {k: getattr(v, "to_dict", lambda v=v: v)() for k, v in vars(self).items() if not k.startswith("_")}


class CountMixin:
    count = 0

    def __init_subclass__(cls, **kw):
        super().__init_subclass__(**kw)
        cls.count = 0

    def __new__(cls, *args, **kw):
        cls.count += 1
        return super().__new__(cls)


class Point(JsonMixin, CountMixin):
    def __init__(self, x, y):
        self.x, self.y, self._secret = x, y, 1


class Box(JsonMixin, CountMixin):
    def __init__(self, a, b):
        self.a, self.b = a, b

    def __deepcopy__(self, memo):
        return Box(copy.deepcopy(self.a, memo), self.b)


class BadInit:
    def __init__(self):
        return 5


class Base:
    def __init__(self, *args, **kwargs):
        print("Base", args, kwargs)


class Inherits(Base):
    pass


class OnlyNew:
    def __new__(cls, x):
        made = object.__new__(cls)
        made.x = x
        return made


class Plain:
    pass


current = contextvars.ContextVar("current", default=0)


def nested(n):
    token = current.set(n)
    try:
        return nested(n - 1) + current.get() if n else 0
    finally:
        current.reset(token)


def main():
    m, seen = Machine(), []

    @m.changed.connect
    def log(old, new):
        seen.append((old, new))

    @m.changed.connect(weak=True)
    def weak(old, new):
        seen.append("weak")
    m("start")("pause")("pause").on_start()
    del weak
    m("stop")
    print(m.state, m.log, seen)
    try:
        m.missing
    except AttributeError as error:
        print(error)
    again = pickle.loads(pickle.dumps(m))
    print(again.state, again.log)
    box = Box(Point(1, [2]), Point(3, 4))
    deep = copy.deepcopy(box)
    print(box.to_dict(), deep.a is box.a, deep.b is box.b, Point.count, Box.count, copy.copy(box.a).__dict__)
    for f in (BadInit, lambda: Plain(1), lambda: Plain(x=1), lambda: Inherits(1, 2, k=3), OnlyNew, lambda: OnlyNew(7).x, lambda: Point(1), lambda: object(1), lambda: type(Plain())):
        try:
            print(type(made := f()).__name__, made if isinstance(made, (int, type)) else "")
        except TypeError as error:
            print(type(error).__name__, error)
    print(nested(5), current.get(), contextvars.copy_context().run(nested, 3))
    total = 0
    for i in range(300):
        p = Point(i, i + 1)
        total += p.x * p.y
    print(total)
    Point.count = Box.count = 0


main()
