"""When a region is compiled anew: once the exits behind which was recorded have cost about what a rebuild does (the ski rental rule)."""
from __future__ import annotations

from jitvm.spec.bytecodes import UNIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Any

    from jitvm.tracing.budget import Budget
    from jitvm.tracing.exits import Exit

OUTWARDS = 8
"""The way out of a loop that lies in another is recorded after so many times fewer exits: the two are to become one region."""
EXIT_SECONDS = 1e-6
"""What an exit costs: leaving, coming back, and what is interpreted in between."""
LINE_SECONDS = 6e-6
"""What the first code takes the baseline compiler, by lines of the text."""
NEVER = 1 << 60


class RebuildsMixin:
    """The part of the driver that decides when exits lead to a rebuild."""

    settings: Any
    budget: Budget
    descriptors: list[array[int]]
    exits: list[tuple[Any, Exit]]

    if TYPE_CHECKING:
        def compile(self, root: Any) -> None: ...
        def outdated(self, root: Any) -> bool: ...

    def build(self, session: Any, new: bool) -> None:
        """A recording is complete: the region is compiled, if that is new.

        One that is there is compiled anew when the exit behind which was recorded has cost as much as that will; until then what lies
        behind others becomes known as well.
        """
        root = session.root
        if not (new or session.new or not root.compiled or self.outdated(root)):
            if root.specs.get("wide"):
                return
            root.specs["wide"] = True
        if root.compiled and session.exit >= 0 and self.budget.bounded:
            words = self.descriptors[session.exit]
            enough = int(root.cost / EXIT_SECONDS)
            if words[2] < enough:
                self.exits[session.exit][1].recorded = True
                words[3] = enough
                return
        self.compile(root)

    def hot_after(self, root: Any, exit: Exit) -> int:
        """How often an exit is taken before it is hot."""
        if exit.key is None:
            return NEVER
        if self.leads_outwards(root, exit):
            soon = max(1, int(self.settings.exit_threshold) // OUTWARDS)
            return max(soon, int(root.cost / EXIT_SECONDS / 4)) if self.budget.bounded else soon
        threshold: int = self.settings.exit_threshold
        return threshold << min(int(root.builds), 16)

    def leads_outwards(self, root: Any, exit: Exit) -> bool:
        """Whether an exit is where the loop may end, and another loop is around it."""
        if root.function or exit.key[0] != () or not root.code.loop_around(root.pc):
            return False
        instruction = root.code.instruction(exit.key[1])
        return bool(instruction.row.jumps) and not root.code.loop_contains(root.pc, exit.key[1] + UNIT * instruction.values["target"])
