"""Bodies of classes with two cells called ``__class__``: their own, for their methods, and one of the function around them."""


class Outer:
    def both(self):
        class Inner:
            found = __class__

            def kind():
                return __class__
        return Inner.found, Inner.kind() is Inner


class Other(Outer):
    def bound(self):
        class Inner:
            nonlocal __class__
            __class__ = 42

            def kind():
                return __class__
        return __class__, Inner.kind() is Inner, "__class__" in Inner.__dict__

    def deleted(self):
        class Inner:
            nonlocal __class__
            del __class__

            def kind():
                return super
        try:
            return super().__init__
        except RuntimeError as error:
            return error, Inner.__name__

    def unbound(self):
        class Inner:
            found = __class__

            def kind():
                return __class__


def local():
    class Inner:
        nonlocal __class__
        __class__ = "local"

        def kind(self):
            return __class__, super().__eq__(self)
    kinds = __class__, Inner().kind()[0] is Inner, Inner().kind()[1]
    __class__ = 1
    return kinds


def main():
    for _ in range(3):
        print(Outer().both(), Other().bound(), local())
    print(Other().both(), Other().deleted())
    try:
        Other().unbound()
    except NameError as error:
        print(type(error).__name__, error)


main()
