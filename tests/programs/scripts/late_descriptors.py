"""Classes whose instances become descriptors after attributes and methods were looked up and stored often."""


def fresh():
    class Descriptor:
        pass

    class Holder:
        shadowed = Descriptor()
        plain = Descriptor()

        def __init__(self):
            self.shadowed = 1

    class Slim:
        __slots__ = ()
        plain = Descriptor()

    class Meta(type):
        shadowed = Descriptor()

    class Made(metaclass=Meta):
        shadowed = 5
        plain = Descriptor()

    return Descriptor, Holder, Slim, Made


def use(holder, slim, made, n):
    seen = []
    for i in range(n):
        seen.append(holder.shadowed)
        holder.shadowed = i
        seen.append(type(holder.plain).__name__)
        seen.append(type(slim.plain).__name__)
        seen.append(type(made.plain).__name__)
        seen.append(type(made.shadowed).__name__)
    return seen[-10:]


def call(holder, made, n):
    seen = []
    for i in range(n):
        try:
            seen.append(holder.shadowed())
        except TypeError as error:
            seen.append(str(error))
        try:
            seen.append(made.plain())
        except TypeError as error:
            seen.append(str(error))
    return seen[-2:]


def main():
    for reading in (True, False):
        for n in (3, 60):
            descriptor, holder, slim, made = fresh()
            h, s = holder(), slim()
            print(use(h, s, made, n), call(h, made, n))
            if reading:
                descriptor.__get__ = lambda self, instance, kind: "got"
                print(use(h, s, made, n), call(h, made, n))
            written = []
            descriptor.__set__ = lambda self, instance, value: written.append(value)
            print(use(h, s, made, n), call(h, made, n), len(written))
            descriptor.__get__ = lambda self, instance, kind: lambda: "called"
            print(call(h, made, n), sorted(h.__dict__.items()))
            del descriptor.__get__, descriptor.__set__
            print(use(h, s, made, n), call(h, made, n), len(written))


main()
