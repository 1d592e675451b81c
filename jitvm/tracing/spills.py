"""Where exits put what the exit routine is to restore. Most of what one exit stores the next one stores as well: they share the stores.

Each value has a slot of the spill area. Exits whose code lies side by side jump to a common *tail*, which stores what all of them have;
tails are joined in the same way.
"""
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Item = tuple[str, str]
    """A value to be stored: its LLVM type and name."""

MANY = 4
"""How many ways a tail joins at most."""
FEW = 3
"""Stores that a tail must have in common to be worth a jump."""


class Way:
    """A block on the way out: of an exit, or a tail. ``exit`` is the name of the exit's descriptor in it."""

    __slots__ = ("block", "exit", "lines", "stores")

    def __init__(self, lines: list[str], block: str, exit: str, stores: set[tuple[int, str, str]]) -> None:
        self.lines, self.block, self.exit, self.stores = lines, block, exit, stores

    def end(self, target: str) -> None:
        """Writes the stores that are this block's own and the jump."""
        for slot, kind, text in sorted(self.stores):
            self.lines.append(f"  store {kind} {text}, ptr %s{slot}")
        self.lines.append(f"  br label %{target}")


def give_slots(spilled: list[list[Item]], first: int) -> tuple[list[dict[Item, int]], int]:
    """A slot, from ``first`` on, for each value of each exit: the same one in all of them where that can be; how many words that takes."""
    usual: dict[Item, int] = {}
    out = []
    high = first
    for items in spilled:
        slots: dict[Item, int] = {}
        taken = set()
        for item in items:
            slot = usual.get(item)
            if slot is not None and item not in slots and slot not in taken:
                slots[item] = slot
                taken.add(slot)
        free = first
        for item in items:
            if item not in slots:
                while free in taken:
                    free += 1
                slots[item] = free
                taken.add(free)
                usual.setdefault(item, free)
        high = max(high, max(taken, default=0) + 1)
        out.append(slots)
    return out, high


def join(ways: list[Way], label: Callable[[], str], cold: list[list[str]]) -> list[tuple[str, str]]:
    """Ends each way, through tails where some have stores in common; (descriptor, block) of those that lead to the exit routine."""
    out = []
    while ways:
        joined: list[Way] = []
        for group, common in _groups(ways):
            if len(group) == 1 or len(common) < FEW:
                for way in group:
                    way.end("leave")
                    out.append((way.exit, way.block))
                continue
            name = label()
            for way in group:
                way.stores -= common
                way.end(name)
            lines = [f"{name}:", f"  %x{name} = phi ptr " + ", ".join(f"[{way.exit}, %{way.block}]" for way in group)]
            cold.append(lines)
            joined.append(Way(lines, name, f"%x{name}", common))
        ways = joined
    return out


def _groups(ways: list[Way]) -> list[tuple[list[Way], set[tuple[int, str, str]]]]:
    """Neighbours that have much in common, and what that is."""
    out: list[tuple[list[Way], set[tuple[int, str, str]]]] = []
    for way in ways:
        if out:
            group, common = out[-1]
            shared = common & way.stores
            if len(group) < MANY and len(shared) >= FEW and 2 * len(shared) >= len(common):
                group.append(way)
                out[-1] = group, shared
                continue
        out.append(([way], set(way.stores)))
    return out
