"""NumPy."""
try:
    import numpy as np
except ImportError:
    np = None


def mandel(size, limit):
    y, x = np.mgrid[-1.3:1.3:size * 1j, -2:0.7:size * 1j]
    c = x + 1j * y
    z = np.zeros_like(c)
    counts = np.zeros(c.shape, int)
    for i in range(limit):
        inside = np.abs(z) < 2
        counts[inside] += 1
        z[inside] = z[inside] ** 2 + c[inside]
    return counts


def scalar_loop(a):
    total = 0
    for i in range(len(a)):
        total += a[i] * 2
        if a[i] > 5:
            a[i] = 5
    return total, type(total).__name__


class Grid:
    def __init__(self, n):
        self.data = np.arange(n * n).reshape(n, n)

    def __getitem__(self, key):
        return self.data[key]

    def __array__(self):
        return self.data


def main():
    if np is None:
        return
    print(mandel(12, 15).sum(), scalar_loop(np.arange(10)), scalar_loop(np.linspace(0, 9, 10)))
    g = Grid(4)
    print(g[1, 2], g[1:3, ::2], g[..., -1], np.asarray(g).sum(), np.dot([1, 2], [3, 4]))
    a = np.array([1.5, 2.5])
    a += 1
    print(a, a @ a, a > 3, (a > 3).any(), -a, a ** 2, 2 * a, 2 + a, 10 / a, a == a, np.int64(3) + 4, 4 + np.float64(2), np.int64(7) // 2)
    try:
        if a > 1:
            pass
    except ValueError as error:
        print(error)
    try:
        np.zeros(3) + np.zeros(4)
    except ValueError as error:
        print(error)
    x = np.int64(3)
    for _ in range(5):
        x = x * x % 1000
    print(x, type(x), [float(v) for v in np.sort([3, 1, 2])], np.vectorize(lambda v: v + 1)([1, 2]), np.fromfunction(lambda i, j: i + j, (2, 2)))


main()
