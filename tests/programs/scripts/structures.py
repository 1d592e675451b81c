"""Linked lists, heaps, tries, caches, graphs, matrices: classes with the container protocols."""
from collections import OrderedDict, deque
from collections.abc import MutableMapping, Sequence


class Node:
    def __init__(self, value, rest=None):
        self.value, self.next = value, rest


class Linked:
    def __init__(self, values=()):
        self.head, self.size = None, 0
        for v in reversed(list(values)):
            self.push(v)

    def push(self, value):
        self.head = Node(value, self.head)
        self.size += 1

    def pop(self):
        if self.head is None:
            raise IndexError("pop from empty Linked")
        value, self.head = self.head.value, self.head.next
        self.size -= 1
        return value

    def reverse(self):
        before, now = None, self.head
        while now:
            now.next, before, now = before, now, now.next
        self.head = before

    def __len__(self):
        return self.size

    def __iter__(self):
        return Walk(self.head)

    def __bool__(self):
        return self.head is not None


class Walk:
    def __init__(self, node):
        self.node = node

    def __iter__(self):
        return self

    def __next__(self):
        if self.node is None:
            raise StopIteration
        value, self.node = self.node.value, self.node.next
        return value


class Cache(MutableMapping):
    def __init__(self, limit):
        self.limit, self.data, self.lost = limit, OrderedDict(), []

    def __getitem__(self, key):
        self.data.move_to_end(key)
        return self.data[key]

    def __setitem__(self, key, value):
        self.data[key] = value
        self.data.move_to_end(key)
        while len(self.data) > self.limit:
            self.lost.append(self.data.popitem(last=False)[0])

    def __delitem__(self, key):
        del self.data[key]

    def __iter__(self):
        return iter(self.data)

    def __len__(self):
        return len(self.data)


class Matrix(Sequence):
    def __init__(self, rows):
        self.rows = [list(r) for r in rows]

    def __getitem__(self, key):
        if isinstance(key, tuple):
            i, j = key
            return self.rows[i][j]
        return self.rows[key]

    def __setitem__(self, key, value):
        i, j = key
        self.rows[i][j] = value

    def __delitem__(self, key):
        del self.rows[key]

    def __len__(self):
        return len(self.rows)

    def __matmul__(self, other):
        return Matrix([[sum(a * b for a, b in zip(row, column)) for column in zip(*other.rows)] for row in self.rows])

    def __imatmul__(self, other):
        self.rows = (self @ other).rows
        return self

    def __eq__(self, other):
        return self.rows == other.rows


class Trie:
    def __init__(self):
        self.root = {}

    def add(self, word):
        node = self.root
        for c in word:
            node = node.setdefault(c, {})
        node["$"] = True

    def find(self, prefix):
        node = self.root
        for c in prefix:
            if c not in node:
                return []
            node = node[c]
        out, stack = [], [(prefix, node)]
        while stack:
            text, node = stack.pop()
            for c, rest in node.items():
                if c == "$":
                    out.append(text)
                else:
                    stack.append((text + c, rest))
        return sorted(out)


def shortest(grid, start, goal):
    queue, seen = deque([(start, 0)]), {start}
    while queue:
        (r, c), steps = queue.popleft()
        if (r, c) == goal:
            return steps
        for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            place = r + dr, c + dc
            if 0 <= place[0] < len(grid) and 0 <= place[1] < len(grid[0]) and grid[place[0]][place[1]] != "#" and place not in seen:
                seen.add(place)
                queue.append((place, steps + 1))
    return -1


def life(cells, steps):
    for _ in range(steps):
        counts = {}
        for x, y in cells:
            for dx in (-1, 0, 1):
                for dy in (-1, 0, 1):
                    if dx or dy:
                        counts[x + dx, y + dy] = counts.get((x + dx, y + dy), 0) + 1
        cells = {p for p, n in counts.items() if n == 3 or n == 2 and p in cells}
    return cells


def queens(n, row=0, columns=(), out=None):
    if out is None:
        out = []
    if row == n:
        out.append(columns)
        return out
    for c in range(n):
        for r, other in enumerate(columns):
            if other == c or abs(other - c) == row - r:
                break
        else:
            queens(n, row + 1, columns + (c,), out)
    return out


def main():
    linked = Linked([1, 2, 3])
    linked.push(0)
    linked.reverse()
    print(list(linked), len(linked), linked.pop(), bool(Linked()), 2 in linked, max(linked), [*linked], sum(linked))
    a, *b = linked
    print(a, b)
    try:
        Linked().pop()
    except IndexError as error:
        print(error)
    cache = Cache(2)
    for i in range(4):
        cache[i] = i * i
        cache.get(0)
    print(dict(cache), cache.lost, 3 in cache, cache.pop(3), len(cache), cache.setdefault(9, 8))
    m = Matrix([[1, 2], [3, 4]])
    m[0, 1] = 5
    m @= Matrix([[1, 0], [0, 2]])
    print(m.rows, m[1, 1], m[0], list(m), m == Matrix(m.rows), [1, 10] in m, m.index([3, 8]))
    del m[0]
    print(len(m))
    trie = Trie()
    for word in "car card care cat dog".split():
        trie.add(word)
    print(trie.find("car"), trie.find("x"), shortest(["..#.", ".#..", "...."], (0, 0), (0, 3)), sorted(life({(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)}, 4)))
    print(len(queens(6)), queens(4))


main()
