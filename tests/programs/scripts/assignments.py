"""In which order tuple assignments store: what the targets held before ends in that order."""


class D:
    def __init__(self, n): self.n = n
    def __del__(self): print("del", self.n)


def two_and_three():
    a, b = D("a"), D("b")
    a, b = id(1), id(2)
    a, b, c = D("a"), D("b"), D("c")
    a, b, c = id(1), id(2), id(3)
    a, b = D("a2"), D("b2")
    b, a = id(4), 5
    x = [D("x0"), D("x1")]
    x[0], x[1] = id(3), id(4)
    a, x[0], b = D("p"), D("q"), D("r")
    a, x[0], b = id(5), id(6), id(7)



def others():
    a, b, c = D(1), D(2), D(3)
    a, b, c = 1, 2, 3
    a, b = D(1), D(2)
    (a,
     b) = id(1), id(2)
    a, b = D(1), D(2)
    [a, b] = id(1), id(2)
    a, b = D(1), D(2)
    a, b = [id(1), id(2)]
    a, b = D(1), D(2)
    a, a = id(3), id(4)
    def h(): return a
    a, b = D(1), D(2)
    a, b = id(1), id(2)
    b, x = D(1), D(2)
    b, x = id(1), 5
    print(a == id(1), b == id(1), x)
    x, b = b, x
    print(a == id(1), x == id(1), b)
    u, v, w, x = D(1), D(2), D(3), D(4)
    u, v, w, x = 1, 2, 3, id(4)


def swaps(n):
    total = 0
    a, b, c = 1, 2, 3
    for i in range(n):
        a, b = b, a + i
        a, b, c = c, a, b
        c %= 1000
        total += a - b
    return a, b, c, total


def main():
    two_and_three()
    others()
    print(swaps(300))


main()
