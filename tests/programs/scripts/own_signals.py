"""Signals that a program sends itself: their handlers run when the call that sent them returns, within the same ``try``.

# leaks: no
"""
import _thread
import os
import signal

seen = []


def note(number, frame):
    seen.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))


def fail(number, frame):
    raise OSError(number)


def send():
    x = "unset"
    try:
        x = os.kill(os.getpid(), signal.SIGUSR1)
    except OSError as error:
        return x, str(error)
    return x, "late"


def spread(*given):
    try:
        os.kill(*given)
    except OSError as error:
        return str(error)
    return "late"


def interrupted():  # unlike os.kill, it does not look for signals itself
    try:
        _thread.interrupt_main(signal.SIGUSR1)
    except OSError as error:
        return str(error)
    return "late"


def hot(n):
    found = []
    for i in range(n):
        try:
            _thread.interrupt_main(signal.SIGUSR1)
            found.append("late")
        except OSError as error:
            found.append(str(error))
    return found


def quiet(n):
    for i in range(n):
        _thread.interrupt_main(signal.SIGUSR1)
        len("")
        _thread.interrupt_main(*(signal.SIGUSR1,))
        len("")


class Method:
    def go(self):
        with self:
            os.kill(os.getpid(), signal.SIGUSR1)
        return "late"

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        print("leaves", kind, value, trace.tb_lineno - trace.tb_frame.f_code.co_firstlineno)
        return True


def main():
    signal.signal(signal.SIGUSR1, note)
    quiet(20)
    print(seen)
    signal.signal(signal.SIGUSR1, fail)
    for _ in range(3):
        print(send(), spread(os.getpid(), signal.SIGUSR1), Method().go(), interrupted())
    print(hot(30))
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)


main()
