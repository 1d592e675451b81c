"""The table of settings: every number and switch that changes what the virtual machine does, and nothing but its speed.

``jitvm run -X name=value`` sets one, ``jitvm run --help-x`` lists this table. Adding a row here is all it takes.
"""
from __future__ import annotations

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SWITCH = {"1": True, "0": False, "on": True, "off": False, "yes": True, "no": False, "true": True, "false": False}


class SettingError(ValueError):
    """A setting that does not exist or a value it cannot have; the message is one line, for the user."""


class Setting:
    """One row: a name, the kind of value (``int``, ``bool`` or ``letters``), the default, the bounds, what it does."""

    __slots__ = ("default", "doc", "high", "kind", "low", "name", "sets")

    def __init__(self, name: str, default: int | bool | str, doc: str, *, low: int = 0, high: int = 1 << 62,
                 sets: tuple[str, ...] = ()) -> None:
        self.name = name
        self.default = default
        self.doc = doc
        self.kind = "bool" if isinstance(default, bool) else "int" if isinstance(default, int) else "letters"
        self.low = low
        self.high = high
        self.sets = sets

    def parse(self, text: str) -> int | bool | str:
        """The value that a text stands for. Raises SettingError with the reason where it stands for none."""
        if self.kind == "letters":
            if text and not text.isalpha():
                raise SettingError(f"{self.name} takes letters, not {text!r}")
            return text
        if self.kind == "bool":
            if text.lower() not in _SWITCH:
                raise SettingError(f"{self.name} takes 0 or 1, not {text!r}")
            return _SWITCH[text.lower()]
        if not (text.removeprefix("-").isascii() and text.removeprefix("-").isdecimal()):
            raise SettingError(f"{self.name} takes a whole number, not {text!r}")
        value = int(text) if len(text) < 20 else self.high + 1
        if not self.low <= value <= self.high:
            bounds = f"at least {self.low}" if self.high >= 1 << 62 else f"{self.low} to {self.high}"
            raise SettingError(f"{self.name} takes {bounds}, not {text}")
        return value


STEPWISE = 2
"""Up to this threshold, code is there before the loop goes on: what tests see does not depend on the time compiling takes."""
_HOTNESS = ("loop_threshold", "exit_threshold", "call_threshold", "warm_up")

TABLE = (
    Setting("jit", True, "record and compile hot loops (the same as without --no-jit)"),
    Setting("threshold", 0, "if not 0, sets loop_threshold, exit_threshold, call_threshold and warm_up", sets=_HOTNESS),
    Setting("loop_threshold", 20000, "a small loop is recorded after so many iterations, a larger one after fewer", low=1),
    Setting("exit_threshold", 500, "a side exit is compiled in after it was taken so often", low=1),
    Setting("call_threshold", 8000, "a function is recorded after so many calls", low=1),
    Setting("grace", 4, "milliseconds that hot loops run before the compiler is loaded (0: at once)"),
    Setting("trace_limit", 2000, "a recording is given up after so many bytecodes", low=1),
    Setting("warm_up", 64, "recordings of a new loop before it is compiled; fewer if they bring nothing new", low=1),
    Setting("inline_depth", 4, "calls inside calls that a recording follows"),
    Setting("retries", 4, "failed recordings of a loop before it is left to the interpreter"),
    Setting("codegen", 1, "LLVM's code generation for loops that stay hot: 0 none, 2 runs fastest", high=3),
    Setting("tiers", True, "first code of hot loops without LLVM, which makes better code of those that stay hot"),
    Setting("background", True, "compile in a thread beside the program, where there is a second CPU"),
    Setting("compile_share", 8, "percent of the run time that recording and compiling may take; 0: no bound", high=100),
    Setting("cache", True, "keep bytecode and compiled loops on disk for the next run (the interpreter is kept in any case)"),
    Setting("format_cache", True, "keep parsed format specifications and templates"),
    Setting("format_entries", 256, "run-time specifications and templates that the format cache holds at most", low=4, high=1 << 20),
    Setting("expression_cache", True, "keep what eval, exec and compile make of texts, for the next time"),
    Setting("expression_entries", 512, "texts that the expression cache holds at most", low=4, high=1 << 20),
    Setting("iterator_paths", True, "loops advance the host's iterators natively, and take pairs without a tuple"),
    Setting("call_binding", True, "keep how the arguments of a shape of call are bound, in the call and with the function"),
    Setting("huge_pages", True, "take the memory for objects and large containers in huge pages where the system has them"),
    Setting("spare_memory", 8, "MiB of freed memory in huge pages that are kept for reuse at most", high=1 << 20),
    Setting("quick_end", True, "end the process without freeing what is left in memory, where nobody can tell"),
    Setting("locals_sync", True, "compiled loops write locals and globals back where somebody may look; 0: after each bytecode"),
    Setting("verify", False, "check ownership, frames and LLVM's input at every step (slow; for tests)"),
    Setting("force_exits", 0, "if not 0, every guard fails in turn, each so many times (for tests)"),
    Setting("dump", "", "print to stderr: b bytecode, t traces, l LLVM's input, a its assembler, e events, x exits with verify"),
)
"""All settings, in the order of the help."""

BY_NAME = {row.name: row for row in TABLE}


class Settings:
    """The value of every setting, as attributes of the table's names."""

    def __init__(self) -> None:
        for row in TABLE:
            setattr(self, row.name, row.default)

    if TYPE_CHECKING:
        def __getattr__(self, name: str) -> Any: ...

    def apply(self, assignment: str) -> None:
        """Sets one by ``name=value``; a bare ``name`` switches it on. Raises SettingError with the reason."""
        name, equals, text = assignment.partition("=")
        row = BY_NAME.get(name)
        if row is None:
            raise SettingError(f"no setting {name!r} (see --help-x)")
        if not equals:
            if row.kind != "bool":
                raise SettingError(f"{name} needs a value: {name}=...")
            text = "1"
        value = row.parse(text)
        setattr(self, name, value)
        if value:
            for other in row.sets:
                setattr(self, other, value)

    def soon(self) -> int:
        """The counter of a loop that is to be looked at again soon."""
        return max(1, int(self.loop_threshold) // 16)

    def beside(self) -> bool:
        """Whether LLVM works in threads beside the program: there is a second CPU, and nobody wants to see each step."""
        return bool(self.background and self.loop_threshold > STEPWISE and not self.verify and len(posix.sched_getaffinity(0)) > 1)

    def changed(self) -> dict[str, Any]:
        """The settings that differ from their defaults."""
        return {row.name: getattr(self, row.name) for row in TABLE if getattr(self, row.name) != row.default}


def help_text() -> str:
    """The table for people: name, default, what it does."""
    width = max(len(row.name) for row in TABLE)
    lines = ["Settings, each given as -X name=value. None changes what a script does, only how fast.", ""]
    for row in TABLE:
        default = str(int(row.default)) if row.kind == "bool" else str(row.default) or "none"
        lines.append(f"  {row.name:<{width}}  {default:>5}  {row.doc}")
    return "\n".join(lines) + "\n"
