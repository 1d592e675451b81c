"""When the compiler is loaded: by how long hot loops have run, and by how long they will still."""
import json
import subprocess
import sys
import types

import pytest

from jitvm.runtime import outlook
from jitvm.spec.bytecodes import COUNTER
from jitvm.spec.settings import Settings

LOOP, OUTER, COUNT = 4096, 8192, 1000


class Program:
    """A pretended program: a clock in milliseconds, the loops around the hot one, counters."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.around, self.counters = 0.0, [], {}
        self.known, self.lasted = None, 1.0
        monkeypatch.setattr(outlook, "perf_counter", lambda: self.now / 1000)
        native = types.SimpleNamespace(poke=self.counters.__setitem__)
        records = types.SimpleNamespace(
            left=lambda *_: self.known, first_count=lambda _: (COUNT, self.lasted), counted_around=lambda *_: self.around)
        self.outlook = outlook.Outlook(native, records, Settings())

    def hot(self, now: float, *around: tuple[int, int, int, int]) -> bool:
        """Whether the compiler is loaded at a time (milliseconds), in loops with their address, rounds done and left, iterator."""
        self.now, self.around = now, list(around)
        return self.outlook.pays(LOOP, 0)


@pytest.fixture
def program(monkeypatch):
    return Program(monkeypatch)


def test_a_program_of_which_nothing_is_known_has_a_grace(program):
    verdicts = [program.hot(now) for now in range(1, 20)]
    assert verdicts == sorted(verdicts) and set(verdicts) == {False, True}
    assert program.outlook.early == {LOOP: "too-early"}


def test_a_loop_that_will_go_on_is_compiled_at_once(program):
    assert program.hot(1, (OUTER, 2, 998, 7)) is False
    assert program.hot(2, (OUTER, 4, 996, 7)) is True  # 498 ms


def test_a_loop_that_ends_soon_is_left_alone(program):
    assert [program.hot(now, (OUTER, 10 * now, 40 - 10 * now, 7)) for now in range(1, 4)] == [False] * 3
    assert program.outlook.early == {LOOP: "ends-soon"}
    assert program.counters[LOOP + COUNTER] == COUNT // 2


def test_a_program_that_lasts_is_compiled_whatever_its_loops_say(program):
    for now in range(1, 80):
        verdict = program.hot(now, (OUTER, 10 * now, 30, 7))  # a list that grows
        if verdict is True:
            break
    assert outlook.LASTING * outlook.COMPILER_MILLISECONDS <= now < 70


def test_a_loop_that_is_entered_again_is_taken_to_be_so_again(program):
    first = [program.hot(now, (OUTER, 10 * now, 50 - 10 * now, 7)) for now in range(1, 5)]
    second = [program.hot(5 + now, (OUTER, 10 * now, 50 - 10 * now, 8)) for now in range(5)]  # 4 ms before, as long again
    assert True not in first and second[-1] is True


def test_a_loop_that_is_hot_in_one_go_has_to_last_longer(program):
    program.known = (100, outlook.NEST_MILLISECONDS + 1.0)
    assert program.hot(1) is False
    program.known = (100, outlook.COMPILER_MILLISECONDS + 1.0)
    assert program.hot(2) is True


def test_another_iterator_at_the_same_address_is_noticed(program):
    program.hot(1, (OUTER, 50, 50, 7))
    program.hot(2, (OUTER, 60, 40, 7))
    assert program.outlook.look(LOOP, 0, 0.003) is not None
    program.around = [(OUTER, 3, 97, 7)]
    assert program.outlook.look(LOOP, 0, 0.003) == pytest.approx(1 + 1)  # what it took before; nothing is known of the new one


def test_a_loop_that_does_not_go_round_tells_the_least(program):
    program.hot(1, (OUTER, 5, 10, 7))
    assert program.outlook.look(LOOP, 0, 0.005) == pytest.approx(10 * 4)


def test_a_program_that_spends_its_time_all_over_is_not_compiled(program):
    program.lasted = 0.1
    assert {program.hot(now, (OUTER, now, 100000, 7)) for now in range(10, 100, 10)} == {False}


def test_known_rounds_decide(program):
    program.known = (50000, 30.0)
    assert program.hot(1) is True
    program.known = (500, 3.0)
    assert program.hot(2) is False
    assert program.counters[LOOP + COUNTER] > 500


LOOK = """
import sys, json
from jitvm.runtime import records
seen, counted_around = [], records.Records.counted_around
def look(self, pc, registers):
    rows = list(counted_around(self, pc, registers))
    seen.append([(done, left) for _, done, left, _ in rows])
    return rows
records.Records.counted_around = look
from jitvm.runtime.command import main
try:
    main(["run", "-c", sys.argv[1]])
finally:
    print(json.dumps(seen[0]))
"""
NEST = """
def inner(n):
    for k in range(n):
        pass

def outer(items):
    for row in items:
        for column in (1, 2, 3, 4):
            inner(column * 10000)

class Caller:
    @property
    def value(self):
        outer([1, 2])
{call}
"""


@pytest.mark.parametrize(("call", "more"), [
    ("outer([1, 2])", []),
    ("for z in range(5):\n    Caller().value", [[1, 4]]),
    ("for z in range(5):\n    sorted([1], key=lambda item: outer([1, 2]))", []),  # C is between
    ("def generator():\n    yield outer([1, 2])\nfor z in range(5):\n    for q in generator():\n        pass", [[1, 4]]),
], ids=["calls", "property", "c-function", "generator"])
def test_the_loops_around_a_hot_one_are_found(call, more):
    run = subprocess.run([sys.executable, "-c", LOOK, NEST.format(call=call)], capture_output=True, text=True, timeout=60, check=True)
    inner, column, row, *rest = json.loads(run.stdout)
    assert sum(inner) in (10000, 20000, 30000, 40000) and inner[0] > 0
    assert sum(column) == 4 and column[0] == sum(inner) // 10000
    assert row == [1, 1]
    assert rest == more
