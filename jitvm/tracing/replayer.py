"""How a handler is replayed: what it sees as ``t``, the other ways that its conditions leave open, and how a replay of it ends early."""
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jitvm.tracing.region import Region
    from jitvm.tracing.values import State


class Mismatch(Exception):
    """The kinds of the operands decide otherwise than every outcome that was recorded."""


class NotInlined(Exception):
    """A generator does what may look at frames: it must have a real one, so it is called. ``key`` says which ``for`` resumes it (path and
    address), and from which of its sites on."""

    def __init__(self, key: tuple[Any, ...]) -> None:
        super().__init__(key)
        self.key = key


class Fork:
    """The other way at a condition with two: where to go on, in which state, with what was done of the bytecode so far.

    Without an outcome the condition is put again, with what is left of what was seen.
    """

    __slots__ = ("alternative", "effected", "kept", "label", "outcomes", "pc", "start", "state", "trail", "vectors")

    def __init__(self, label: str, region: Region, state: State, outcome: bool | None, vectors: list[Any]) -> None:
        self.label, self.state, self.vectors = label, state, vectors
        self.pc, self.start, self.effected = region.pc, region.start, region.effected
        known = [] if outcome is None else [outcome]
        self.trail, self.kept = [*region.trail, *known], (region.has_shown, region.has_ended)
        self.outcomes = [*region.outcomes, *map(int, known)]
        self.alternative = 0
        """The next of a site's callees, to be tried from the beginning; 0 where the fork is no callee's."""


class Replayer:
    """What a generated handler sees as ``t``: the region, with the results of a resumed bytecode's first operations given again."""

    __slots__ = ("place", "region", "trail")

    def __init__(self, region: Region, trail: list[Any]) -> None:
        self.region, self.trail, self.place = region, trail, 0

    def __getattr__(self, name: str) -> Any:
        """An attribute of the region; its methods are made methods of this class when they are first asked for."""
        found = getattr(self.region, name)
        if not callable(found):
            return found

        def call(self: Replayer, *arguments: Any) -> Any:
            place = self.place
            self.place = place + 1
            if place < len(self.trail):
                return self.trail[place]
            region = self.region
            result = getattr(region, name)(*arguments)
            region.trail.append(result)
            return result

        setattr(Replayer, name, call)
        return getattr(self, name)
