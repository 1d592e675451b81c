"""greenlet: switching C stacks under running frames."""
try:
    from greenlet import getcurrent, greenlet
except ImportError:
    greenlet = None


def ping(other, log):
    for i in range(5):
        log.append(("ping", i))
        other[0].switch(i)
    return "done"


def pong(main, log, first):
    value = first
    while True:
        log.append(("pong", value))
        value = main.switch(value * 2)


def producer(parent, n):
    for i in range(n):
        parent.switch(i)
    return None


def consume(n):
    g = greenlet(producer)
    out = [g.switch(getcurrent(), n)]
    while not g.dead:
        out.append(g.switch())
    return out


def deep(n, parent):
    if n == 0:
        return parent.switch("bottom")
    return deep(n - 1, parent) + 1


def failing(parent):
    try:
        parent.switch()
    except KeyError as error:
        raise ValueError("from greenlet") from error


def main():
    if greenlet is None:
        return
    log = []
    here = getcurrent()
    second = greenlet(pong)

    class Relay:
        def switch(self, value):
            return second.switch(here, log, value) if not second else second.switch(value)
    first = greenlet(lambda: ping([Relay()], log))
    first.parent = here
    for i in range(5):
        second_started = bool(second)
        log.append(("main", second.switch(i) if second_started else second.switch(here, log, i)))
    print(log, consume(4))
    g = greenlet(deep)
    print(g.switch(50, here), g.switch(7), g.dead)
    g = greenlet(failing)
    g.switch(here)
    try:
        g.throw(KeyError("k"))
    except ValueError as error:
        print(error, repr(error.__cause__))
    gs = [greenlet(deep) for _ in range(5)]
    print([g.switch(i * 3, here) for i, g in enumerate(gs)], [g.switch(i) for i, g in enumerate(reversed(gs))])


main()
