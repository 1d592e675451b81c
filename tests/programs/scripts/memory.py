# leaks: no
"""Large amounts of memory: the host's raw allocator, containers that grow and shrink, threads, forks, too much."""
import ctypes
import os
import random
import sys
import threading

LIBRARY = ctypes.CDLL(None)  # releases the interpreter lock, as callers of the raw domain may
raw = {}
for name, arguments in (("Malloc", "n"), ("Calloc", "nn"), ("Realloc", "pn"), ("Free", "p")):
    function = LIBRARY["PyMem_Raw" + name]
    function.argtypes = [ctypes.c_size_t if kind == "n" else ctypes.c_void_p for kind in arguments]
    function.restype = None if name == "Free" else ctypes.c_void_p
    raw[name] = function
MIB = 1 << 20


def stamp(place, size, number):
    """Marks the ends of a block and some places in it."""
    for offset in {0, size // 3, size // 2, size - 8}:
        ctypes.c_uint64.from_address(place + offset & -8).value = number ^ offset & -8


def stamped(place, size, number, upto):
    return all(ctypes.c_uint64.from_address(place + offset & -8).value == number ^ offset & -8
               for offset in (0, size // 3, size // 2, size - 8) if (offset & -8) + 8 <= upto)


def some_size(chance):
    kind = chance.random()
    if kind < 0.2:
        return chance.randrange(16, 5000) & -8
    if kind < 0.4:
        return chance.choice((MIB, 2 * MIB, 4 * MIB, 512 * 1024)) + chance.randrange(-64, 64) * 8
    return chance.randrange(100_000, 9 * MIB) & -8


def exercise(seed, rounds, faults):
    """Random requests of the raw domain; what is wrong goes into ``faults``."""
    chance = random.Random(seed)
    blocks = []
    for number in range(rounds):
        act = chance.random()
        if act < 0.4 or not blocks:
            size = some_size(chance)
            if chance.random() < 0.3:
                place = raw["Calloc"](size // 8, 8)
                if any(ctypes.c_uint64.from_address(place + offset & -8).value for offset in range(0, size - 8, max(size // 50, 8))):
                    faults.append(("not zero", seed, number, size))
            else:
                place = raw["Malloc"](size)
        else:
            place, size, old = blocks.pop(chance.randrange(len(blocks)))
            if not stamped(place, size, old, size):
                faults.append(("overwritten", seed, number, size))
            if act < 0.75:
                wanted = some_size(chance) if chance.random() < 0.5 else max(16, int(size * chance.uniform(0.4, 2.5)) & -8)
                place = raw["Realloc"](place, wanted)
                if not stamped(place, size, old, min(size, wanted)):
                    faults.append(("lost by realloc", seed, number, size, wanted))
                size = wanted
            else:
                raw["Free"](place)
                continue
        if place % 16:
            faults.append(("alignment", seed, number, size))
        stamp(place, size, number)
        blocks.append((place, size, number))
        if len(blocks) > 12:
            place, size, old = blocks.pop(0)
            if not stamped(place, size, old, size):
                faults.append(("overwritten", seed, number, size))
            raw["Free"](place)
    for place, size, old in blocks:
        if not stamped(place, size, old, size):
            faults.append(("overwritten at the end", seed, size))
        raw["Free"](place)


def containers():
    """Lists, dicts, sets and texts across the sizes at which their memory moves."""
    items = []
    for i in range(700_000):
        items.append(i)
    total = sum(items)
    while len(items) > 1000:
        del items[len(items) // 2:]
    items.extend(range(400_000))
    table = {i: i * i for i in range(150_000)}
    for i in range(0, 150_000, 3):
        del table[i]
    for i in range(60_000):
        table[str(i)] = i
    names = set(range(200_000)) | {str(i) for i in range(100_000)}
    for i in range(150_000):
        names.discard(i)
    data = bytearray()
    while len(data) < 5 * MIB:
        data += b"0123456789" * 5000
    del data[MIB // 2:]
    text = "ab" * MIB
    text += "c" * MIB
    text += "\u1234"
    return total, len(items), items[-1], len(table), sum(v for v in table.values()), len(names), len(data), len(text), text[-2:]


def too_much():
    shown = []
    for make in (lambda: [None] * (1 << 60), lambda: bytearray(1 << 62), lambda: "x" * (1 << 61), lambda: [0] * (1 << 45)):
        try:
            make()
            shown.append("made")
        except (MemoryError, OverflowError) as error:
            shown.append(f"{type(error).__name__} {error}")
    shown.append(raw["Malloc"](1 << 63) is None and raw["Calloc"](1 << 40, 1 << 40) is None)
    place = raw["Malloc"](3 * MIB)
    shown.append(raw["Realloc"](place, 1 << 62) is None)
    raw["Free"](place)
    raw["Free"](None)
    place = raw["Realloc"](None, 2 * MIB)
    place = raw["Realloc"](place, 0)
    shown.append(place is not None)
    raw["Free"](place)
    return shown


def many_threads():
    faults = []
    threads = [threading.Thread(target=exercise, args=(seed, 60, faults)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


def in_children():
    """A child works on with what it got and gives it back; the parent's is untouched."""
    numbers = list(range(300_000))
    place = raw["Malloc"](3 * MIB)
    stamp(place, 3 * MIB, 77)
    statuses = []
    for seed in range(2):
        pid = os.fork()
        if pid == 0:
            faults = []
            numbers.extend(range(500_000))
            stamp(place, 3 * MIB, seed)
            grown = raw["Realloc"](place, 5 * MIB)
            right = stamped(grown, 3 * MIB, seed, 3 * MIB) and len(numbers) == 800_000
            raw["Free"](grown)
            numbers.clear()
            exercise(seed, 40, faults)
            os._exit(0 if right and not faults else 1)
        statuses.append(os.waitpid(pid, 0)[1])
    right = stamped(place, 3 * MIB, 77, 3 * MIB)
    raw["Free"](place)
    return statuses, right, sum(numbers)


def waves(count):
    """Many small objects, again and again, so that arenas come and go."""
    sizes = []
    for wave in range(count):
        objects = [(i, str(i)) for i in range(60_000 + 20_000 * (wave % 3))]
        kept = objects[::1000]
        del objects
        sizes.append((len(kept), kept[-1]))
    return sizes


def main():
    faults = []
    exercise(1, 300, faults)
    print(faults)
    print(containers())
    print(too_much())
    print(many_threads())
    print(in_children())
    print(waves(7))
    print(containers())


main()
sys.at_the_end = list(range(400_000))
