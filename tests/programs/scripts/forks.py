"""fork, subprocesses, signals, exit handlers.

# leaks: no
"""
import atexit
import multiprocessing
import os
import signal
import sys
import time


def child_work(n):
    total = 0
    for i in range(n):
        total += i * i
    return total


def square(x):
    return x * x


def main():
    expected = child_work(5000)
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(w, str(child_work(5000)).encode())
        os._exit(3)
    os.close(w)
    print(int(os.read(r, 100)) == expected, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(square, range(6)))
    hits = []

    def handler(number, frame):
        hits.append((number == signal.SIGALRM, frame.f_code.co_name))
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    deadline = time.monotonic() + 5
    n = 0
    while not hits and time.monotonic() < deadline:
        n += 1
    print(hits)

    def raising(number, frame):
        raise TimeoutError("too slow")
    signal.signal(signal.SIGALRM, raising)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        i = 0
        while True:
            i += 1
    except TimeoutError as error:
        print(error, error.__traceback__.tb_next.tb_frame.f_code.co_name)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        for i in range(10**12):
            pass
    except TimeoutError as error:
        print(error, i > 1000)
    atexit.register(print, "at exit")
    sys.stdout.flush()


main()
