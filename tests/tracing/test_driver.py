"""The callbacks from native code, one inside the other."""
from __future__ import annotations

from typing import Any

from jitvm.tracing.callbacks import unseen


class Driver:
    """As much of a driver as the wrapper of its callbacks needs."""

    def __init__(self) -> None:
        self.broken = self.finished = False
        self.inside = 0
        self.events: list[str] = []
        self.tiers: Any = self

    def collect(self) -> None:
        self.events.append("collect")

    @unseen
    def hot(self) -> None:
        self.events.append("hot begins")
        self.ready()  # a pending call, in the middle of it
        self.ready()
        self.events.append("hot ends")

    @unseen
    def ready(self) -> None:
        self.finished = True


def test_finished_code_is_not_taken_in_the_middle_of_the_drivers_own_work() -> None:
    driver = Driver()
    driver.hot()  # type: ignore[call-arg]
    assert driver.events == ["hot begins", "hot ends", "collect"]
    driver.ready()  # type: ignore[call-arg]
    assert driver.events[3:] == ["collect"]
    assert driver.inside == 0
