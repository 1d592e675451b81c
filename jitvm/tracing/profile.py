"""Outcome profiles: for each bytecode, keyed by the inlined calls that lead to it, which combinations of outcomes were seen.

A recording is a log of words: the address of each instruction (top bit set), then the outcomes of its handler's conditions and
promoted values. Segments run from a loop header or a hot exit to the next loop header.
"""
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


PC_MARK = 1 << 63

Path = tuple[int, ...]
"""Call sites (addresses) of the inlined calls from the region's root frame to the current one."""

Vector = tuple[int, ...]


class Profile:
    """Outcomes by (path, pc). ``entries``: the code records (addresses of first instructions) that a call site entered; ``entered``: the
    last of them. ``resumed``: where the generators of a ``for`` went on, and how often."""

    def __init__(self) -> None:
        self.outcomes: dict[tuple[Path, int], dict[Vector, int]] = {}
        self.entered: dict[tuple[Path, int], int] = {}
        self.resumed: dict[tuple[Path, int], dict[int, int]] = {}
        self.entries: dict[tuple[Path, int], list[int]] = {}

    def enter(self, path: Path, pc: int, base: int) -> None:
        """Notes what a call entered."""
        self.entered[path, pc] = base
        known = self.entries.setdefault((path, pc), [])
        if base not in known:
            known.append(base)

    def add(self, path: Path, pc: int, vector: Vector) -> bool:
        """Notes an outcome; True if it is new."""
        known = self.outcomes.setdefault((path, pc), {})
        new = vector not in known
        known[vector] = known.get(vector, 0) + 1
        return new

    def resume(self, path: Path, pc: int, address: int) -> bool:
        """Notes where a generator went on; True if it is new."""
        known = self.resumed.setdefault((path, pc), {})
        known[address] = known.get(address, 0) + 1
        return known[address] == 1

    def forget(self, inside: Callable[[int], bool]) -> None:
        """Forgets the bytecodes of a loop: those whose address in the root frame is ``inside``."""
        for path, pc in [key for key in self.outcomes if inside(key[0][0] if key[0] else key[1])]:
            del self.outcomes[path, pc]

    def vectors(self, path: Path, pc: int) -> list[Vector]:
        """The outcomes seen, the more frequent first (by powers of 2: the same program gives the same code); empty if never reached."""
        known = self.outcomes.get((path, pc))
        return sorted(known, key=lambda v: -known[v].bit_length()) if known else []


def split(log: Sequence[int]) -> list[tuple[int, Vector]]:
    """The instructions of a log: (address, outcomes)."""
    out: list[tuple[int, Vector]] = []
    pc = 0
    vector: list[int] = []
    for word in log:
        if word & PC_MARK:
            if pc:
                out.append((pc, tuple(vector)))
            pc, vector = word & ~PC_MARK, []
        else:
            vector.append(word)
    if pc:
        out.append((pc, tuple(vector)))
    return out
