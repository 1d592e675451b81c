"""Recursion as deep as a raised limit allows, through functions and through loops that are hot: the C stack must not run out."""
import sys
import threading


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def down(n):
    if n == 0:
        return 0
    return 1 + down(n - 1)


def visit(place, near, seen):
    seen[place] = True
    count = 1
    for other in near[place]:
        if not seen[other]:
            count += visit(other, near, seen)
    return count


def both(n, box):
    total = 0
    for i in (1, 2):
        if n and i == 2:
            total += both(n - 1, box)
        box[0] = i
    return total + 1


def main():
    print(fib(16), [down(k) for k in (10, 50, 100) * 20][-3:], down(30000), down(60000))
    size = 30000
    near = [[i + 1, max(i - 1, 0)] for i in range(size)] + [[size - 1]]
    for _ in range(30):
        visit(size - 40, near, [i < size - 40 for i in range(size + 1)])
    print(visit(0, near, [False] * (size + 1)))
    for _ in range(20):
        both(20, [0])
    print(both(30000, [0]))
    try:
        down(10**7)
    except RecursionError as error:
        print(error)


sys.setrecursionlimit(80000)
main()
threading.stack_size(1 << 24)
thread = threading.Thread(target=main)
thread.start()
thread.join()
main()
