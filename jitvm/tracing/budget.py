"""What recording and compiling may cost: a bounded share of the run, so that a program does not become slow by being made fast."""
from __future__ import annotations

import time

from jitvm.spec.settings import STEPWISE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FREE_SECONDS = 0.03
"""What compiling may cost before its share of the run counts."""
REPLAY_SECONDS = 0.0005
"""What the replays of one outcome of a bytecode take, until the kinds settle."""


class Budget:
    """What was spent, in seconds by kind of work, and what may be."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.seconds = {"recording": 0.0, "replaying": 0.0, "compiling": 0.0}
        self.started = time.perf_counter()

    @property
    def bounded(self) -> bool:
        """Whether there is a bound: not where each step is to be seen."""
        return self.settings.loop_threshold > STEPWISE and bool(self.settings.compile_share)

    def run(self) -> float:
        """Seconds since the compiler was loaded."""
        return time.perf_counter() - self.started

    def over(self, more: float = 0.0) -> bool:
        """Whether recording and compiling have had their share. ``more``: seconds that the next step will probably take."""
        return self.bounded and sum(self.seconds.values()) + more > FREE_SECONDS + self.run() * self.settings.compile_share / 100

    def estimate(self, root: Any, outcomes: Any) -> float:
        """Seconds that a root's replay will probably take: by the outcomes in its profile."""
        return REPLAY_SECONDS * sum(len(vectors) for (path, pc), vectors in outcomes.items() if root.holds(path[0] if path else pc))

    def deadline(self) -> float:
        """When (perf_counter) a replay must have ended: large regions may only take what the run's share allows."""
        if not self.bounded:
            return float("inf")
        return time.perf_counter() + 2 * FREE_SECONDS + self.run() * float(self.settings.compile_share) / 400
