"""Methods of C types that are static or of the class: what they get as self."""
try:
    from _testcapi import MethClass, MethInstance, MethStatic
except ImportError:  # not every Python has it
    MethClass = MethInstance = MethStatic = None


def own():
    total = []
    for i in range(40):
        table = str.maketrans("ab", "cd")
        total.append("cab".translate(table).translate(str.maketrans({"d": None})))
        total.append(bytes.maketrans(b"ab", b"cd")[97 + i % 3])
        total.append(dict.fromkeys("ab", i))
    return total[-6:]


def given(kind):
    total = []
    for owner in (kind, kind()):
        for _ in range(20):
            try:
                total = [owner.meth_o(1), (owner.meth_noargs(),), owner.meth_fastcall(1, 2), owner.meth_fastcall_keywords(1, a=2),
                         owner.meth_varargs(1), owner.meth_varargs_keywords(1, a=2), owner.meth_fastcall_keywords(1)]
            except TypeError as error:
                total = [error]
        print([row[0] if isinstance(row[0], (type, type(None))) else type(row[0]) for row in total if type(row) is tuple] or total, [row[1:] for row in total if type(row) is tuple])


def main():
    print(own())
    if MethStatic is not None:
        for kind in (MethStatic, MethClass, MethInstance):
            given(kind)


main()
