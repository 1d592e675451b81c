"""Properties, descriptors, slots, metaclasses, __getattr__ and friends."""


class Celsius:
    def __init__(self, degrees=0):
        self.degrees = degrees

    @property
    def fahrenheit(self):
        """In F."""
        return self.degrees * 9 / 5 + 32

    @fahrenheit.setter
    def fahrenheit(self, value):
        self.degrees = (value - 32) * 5 / 9

    @fahrenheit.deleter
    def fahrenheit(self):
        self.degrees = None

    @property
    def fails(self):
        return self.nothing


class Typed:
    def __init__(self, kind):
        self.kind = kind

    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, obj, owner=None):
        if obj is None:
            return self
        return getattr(obj, self.name, None)

    def __set__(self, obj, value):
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.name[1:]} must be {self.kind.__name__}")
        setattr(obj, self.name, value)

    def __delete__(self, obj):
        delattr(obj, self.name)


class NonData:
    def __get__(self, obj, owner):
        return ("nondata", obj is not None)


class Person:
    name = Typed(str)
    age = Typed(int)
    extra = NonData()


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a

    def sum(self):
        return self.a + self.b


class Sub(Slotted):
    pass


class Dynamic:
    def __init__(self):
        self.__dict__["log"] = []

    def __getattr__(self, name):
        if name.startswith("x"):
            return name
        raise AttributeError(f"no {name}")

    def __setattr__(self, name, value):
        self.log.append((name, value))
        super().__setattr__(name, value)

    def __delattr__(self, name):
        self.log.append(("del", name))
        object.__delattr__(self, name)


class Spy:
    seen = 0

    def __getattribute__(self, name):
        Spy.seen += 1
        return object.__getattribute__(self, name)


class Meta(type):
    registry = []

    def __new__(cls, name, bases, space, **kw):
        made = super().__new__(cls, name, bases, {**space, "added": kw})
        cls.registry.append(name)
        return made

    def __init__(cls, name, bases, space, **kw):
        super().__init__(name, bases, space)

    @classmethod
    def __prepare__(cls, name, bases, **kw):
        return {"prepared": name}

    def __call__(cls, *args):
        instance = super().__call__(*args)
        instance.called = True
        return instance

    def __len__(cls):
        return 42

    @property
    def meta(cls):
        return cls.__name__.lower()


class WithMeta(metaclass=Meta, option=1):
    def __init__(self, v=0):
        self.v = v

    def __init_subclass__(cls, **kw):
        super().__init_subclass__()
        cls.sub = kw

    def __class_getitem__(cls, item):
        return f"{cls.__name__}[{item}]"


class Child(WithMeta, flag=2):
    pass


def hot(objects):
    total = 0
    for o in objects:
        total += o.degrees
        o.degrees = o.degrees + 1
        total += o.fahrenheit
    return total


def main():
    c = Celsius(100)
    print(c.fahrenheit, Celsius.fahrenheit.__doc__)
    c.fahrenheit = 32
    print(c.degrees, hot([Celsius(i) for i in range(100)]))
    del c.fahrenheit
    print(c.degrees)
    try:
        c.fails
    except AttributeError as error:
        print(error)
    try:
        Celsius.fails.fget(1)
    except AttributeError as error:
        print(error)
    p = Person()
    p.name, p.age = "ann", 3
    print(p.name, p.age, Person.name.kind, p.extra, Person.extra, sorted(p.__dict__))
    p.__dict__["extra"] = "own"
    print(p.extra)
    try:
        p.age = "x"
    except TypeError as error:
        print(error)
    del p.name
    print(p.name)
    s = Slotted(1)
    for attempt in (lambda: s.sum(), lambda: setattr(s, "c", 1), lambda: s.c, lambda: s.__dict__):
        try:
            attempt()
        except AttributeError as error:
            print(error)
    s.b = 5
    print(s.sum())
    del s.b
    t = Sub(2)
    t.b = t.other = 9
    print(t.sum(), t.__dict__)
    d = Dynamic()
    d.a = 1
    d.a += 1
    del d.a
    print(d.xyz, d.log)
    try:
        d.abc
    except AttributeError as error:
        print(error)
    spy = Spy()
    spy.v = 1
    Spy.seen = 0
    for _ in range(10):
        spy.v
    print(Spy.seen)
    print(Meta.registry[:2], WithMeta.added, WithMeta.prepared, len(WithMeta), WithMeta.meta, WithMeta(3).called, WithMeta["q"], Child.sub, Child[1])
    o = WithMeta()
    for i in range(30):
        if i == 10:
            o.v = 7
        if i == 20:
            WithMeta.v = property(lambda self: "shadow")
            print(o.v)
            del WithMeta.v
    print(o.v)


main()
