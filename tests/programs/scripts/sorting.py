"""Sorting algorithms, sort keys, comparison functions, stability."""
import random


def bubble(a):
    a = a[:]
    for i in range(len(a)):
        for j in range(len(a) - 1 - i):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
    return a


def quick(a):
    if len(a) < 2:
        return a
    pivot, *rest = a
    return quick([x for x in rest if x < pivot]) + [pivot] + quick([x for x in rest if x >= pivot])


def merge(a):
    if len(a) < 2:
        return list(a)
    middle = len(a) // 2
    left, right, out = merge(a[:middle]), merge(a[middle:]), []
    while left and right:
        out.append(left.pop(0) if left[0] <= right[0] else right.pop(0))
    return out + left + right


def heap(a):
    a = list(a)

    def sift(start, end):
        root = start
        while (child := 2 * root + 1) < end:
            if child + 1 < end and a[child] < a[child + 1]:
                child += 1
            if a[root] >= a[child]:
                break
            a[root], a[child] = a[child], a[root]
            root = child
    for start in range(len(a) // 2 - 1, -1, -1):
        sift(start, len(a))
    for end in range(len(a) - 1, 0, -1):
        a[0], a[end] = a[end], a[0]
        sift(0, end)
    return a


def insertion(a):
    a = list(a)
    for i in range(1, len(a)):
        x, j = a[i], i - 1
        while j >= 0 and a[j] > x:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = x
    return a


def binary_search(a, x):
    low, high = 0, len(a)
    while low < high:
        mid = (low + high) // 2
        if a[mid] < x:
            low = mid + 1
        else:
            high = mid
    return low


class Card:
    order = "23456789TJQKA"
    compared = 0

    def __init__(self, rank, suit):
        self.rank, self.suit = rank, suit

    def __lt__(self, other):
        Card.compared += 1
        return self.order.index(self.rank) < self.order.index(other.rank)

    def __repr__(self):
        return self.rank + self.suit


def main():
    r = random.Random(3)
    data = [r.randrange(1000) for _ in range(120)]
    expected = sorted(data)
    for f in (bubble, quick, merge, heap, insertion):
        print(f.__name__, f(data) == expected)
    print(binary_search(expected, 500), expected[:3])
    people = [("ann", 30), ("bob", 25), ("cid", 30), ("dee", 25)]
    print(sorted(people, key=lambda p: p[1]), sorted(people, key=lambda p: (-p[1], p[0])), sorted(people, reverse=True))
    cards = [Card(a, b) for a in "AKQJT98765432" for b in "sh"]
    Card.compared = 0
    print(sorted(cards)[:4], Card.compared)
    people.sort(key=len)
    print(people, max(people, key=lambda p: p[1]), [].sort())

    def key(x):
        if x == 3:
            raise ValueError("in key")
        return x
    values = [5, 3, 1]
    try:
        values.sort(key=key)
    except ValueError as error:
        print(error, values)
    try:
        sorted([1, "a"])
    except TypeError as error:
        print(error)


main()
