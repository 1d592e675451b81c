"""Activations that return at once: their caller sees it, and makes no call. A recursion mostly ends in them, so they are half of all."""
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

RETURNED, FINISHED = 0, 1
"""Status of a body: the value is the payload, or the interpreter has finished the activation and the payload is an object (0: raised)."""


class EarlyReturn:
    """A call of the body by itself at which the body's first test is made by the caller: where the callee would only return one of its
    arguments or a number, there is no call (partial inlining). The holes are lists within the text, filled at the end."""

    __slots__ = ("after", "arguments", "before", "block", "payload", "plain", "raw")

    def __init__(self, lines: list[Any], block: str, arguments: list[str]) -> None:
        self.block = block
        self.arguments = {f"%a{index}": text.split(" ")[1] for index, text in enumerate(arguments)}
        self.before: list[str] = []
        lines.append(self.before)

    def joins(self, lines: list[Any], plain: str, payload: str) -> None:
        """Behind the call's test of its status, at the label ``plain``."""
        self.plain, self.raw = plain, payload
        self.payload = payload + ".any"
        self.after: list[str] = []
        lines.append(self.after)

    def fill(self, test: list[str], result: str, outcome: bool) -> None:
        """Writes the test, the words of an ``icmp`` of the callee's arguments, after one outcome of which it returns ``result``. Without a
        test there is always the call."""
        call = f"{self.plain}.call"
        ways = f"[{self.raw}, %{call}]"
        if test:
            kind, first, second = " ".join(test[:3]), *[self.arguments.get(word, word) for word in test[3:]]
            yes, no = (self.plain, call) if outcome else (call, self.plain)
            self.before += [f"  %{call}.early = {kind} {first}, {second}", f"  br i1 %{call}.early, label %{yes}, label %{no}"]
            ways += f", [{self.arguments.get(result, result)}, %{self.block}]"
        else:
            self.before.append(f"  br label %{call}")
        self.before.append(f"{call}:")
        self.after.append(f"  {self.payload} = phi i64 {ways}")


def return_early(calls: list[EarlyReturn], lines: list[str]) -> None:
    """Fills the calls' holes: with the test of its arguments that the body's text begins with, if it has one."""
    place = next(place for place, line in enumerate(lines) if line.startswith("  br "))
    words = lines[place].replace(",", "").split()
    test: list[str] = []
    result, outcome = "", True
    if words[1] == "i1":
        made = f"  {words[2]} = icmp "
        test = next((line.replace(",", "").split()[2:] for line in lines[:place] if line.startswith(made)), [])
        if test and all(map(is_argument, test[3:])):
            for way in (True, False):
                returned = plain_return(lines, words[4 if way else 6][1:])
                if returned:
                    result, outcome = returned, way
    for call in calls:
        call.fill(test if result else [], result, outcome)


def is_argument(word: str) -> bool:
    """Whether a word of the text is an argument of the body or a number."""
    return (word.startswith("%a") and word[2:].isdigit()) or word.removeprefix("-").isdigit()


def plain_return(lines: list[str], label: str) -> str:
    """What a block returns as payload, where that is all it does: an argument or a number. Else nothing."""
    if label + ":" not in lines:
        return ""
    at = lines.index(label + ":") + 1
    start, end = f" = insertvalue {{i64, i64}} {{i64 undef, i64 {RETURNED}}}, i64 ", ", 0"
    pair, found, rest = lines[at].partition(start)
    result = rest.removesuffix(end)
    return result if found and is_argument(result) and lines[at + 1] == f"  ret {{i64, i64}} {pair.strip()}" else ""
