"""When the collector runs, which a program can see: what the VM and its compiler make must not bring it forward."""
import gc

seen = []


def note(phase, info):
    if phase == "start":
        seen.append(info["generation"])


def work(size):
    keep = []
    total = 0
    for i in range(size):
        if i % 8 == 0:
            keep.append([i])
        total += i * 3 % 7
    return len(keep), total


def quiet(size):
    total = 0
    for i in range(size):
        total += i ^ 5
    return total


def main():
    limits = gc.get_threshold()
    gc.collect()
    gc.callbacks.append(note)
    print(quiet(30000), seen)
    print(work(60000))
    print(quiet(30000))
    gc.callbacks.clear()
    print(len(seen), seen.count(1), seen.count(2))
    print(gc.get_threshold() == limits, gc.isenabled())
    seen.clear()


main()
