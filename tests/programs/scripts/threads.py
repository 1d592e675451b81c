"""Threads, locks, queues, thread locals, a pool, a timer.

# leaks: no
"""
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

lock = threading.Lock()
shared = {"n": 0}
local = threading.local()


def bump(times):
    for _ in range(times):
        with lock:
            shared["n"] += 1


def spin(stop, counts, name):
    n = 0
    while not stop.is_set():
        n += 1
    counts[name] = n


def own(results, i):
    local.value = i
    time.sleep(0.01)
    results[i] = local.value


def fails():
    raise ValueError("in thread")


def worker(jobs, out):
    while (job := jobs.get()) is not None:
        out.put((job, job ** 2))


def main():
    threads = [threading.Thread(target=bump, args=(2000,)) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(shared["n"])
    stop, counts = threading.Event(), {}
    threads = [threading.Thread(target=spin, args=(stop, counts, name)) for name in "ab"]
    for t in threads:
        t.start()
    time.sleep(0.2)
    stop.set()
    for t in threads:
        t.join()
    print(all(counts[name] > 100 for name in "ab"))
    results = [None] * 5
    threads = [threading.Thread(target=own, args=(results, i)) for i in range(5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(results)
    with ThreadPoolExecutor(3) as pool:
        print(list(pool.map(lambda x: x * x, range(8))))
        try:
            pool.submit(fails).result()
        except ValueError as error:
            print(error)
    jobs, out = queue.Queue(), queue.Queue()
    t = threading.Thread(target=worker, args=(jobs, out))
    t.start()
    for i in range(4):
        jobs.put(i)
    jobs.put(None)
    t.join()
    print(sorted(out.queue))
    errors = []
    threading.excepthook = lambda a: errors.append((a.exc_type.__name__, str(a.exc_value)))
    t = threading.Thread(target=fails)
    t.start()
    t.join()
    print(errors)


main()
