"""The expression cache: texts that ``eval``, ``exec`` and ``compile`` have compiled, with their code. Natively it is searched by
``interpreter/expressions.py``, which says what a row of the table is; here texts are compiled for it.

CPython compiles a text at each call, and each call gets code, constants and inner code of its own. So a row's code is used again only
while nobody else holds a part of it that could be told from a new one: the row has a list of those parts, *checks*, with the number of
references each is to have. Where one has more, the row gets a copy of its code.

A text whose compilation fails, or gives a reason to warn, is never stored: the host compiles it at each call, and says so itself.
"""
from __future__ import annotations

import marshal
import sys

from jitvm.runtime.errors import without_own
from jitvm.spec.shared import CONSTANTS
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

    from jitvm.runtime.context import Native
else:
    CodeType = type((lambda: None).__code__)

# As in interpreter/expressions.py.
MODES = ("eval", "exec", "single")
BY_COMPILE, FUTURE_FLAGS, TAG_FACTOR, WAYS, REFUSED, CHECK_CODE = (
    CONSTANTS[name] for name in ("BY_COMPILE", "FUTURE_FLAGS", "TAG_FACTOR", "WAYS", "REFUSED", "CHECK_CODE"))
ROW_WORDS, KEY_WORD, CODE_WORD = (CONSTANTS[name] // 8 for name in ("ROW_BYTES", "ROW_KEY", "ROW_CODE"))
CHECK_OTHER = -1
WORD = (1 << 64) - 1
ANONYMOUS = eval("lambda: 0").__code__.co_filename
"""The file name that eval and exec give: the host's own object."""


class _Everything(type):
    """The type of a category of warnings to which all belong, and that notes when it is asked for."""

    asked = 0

    def __subclasscheck__(cls, other: type) -> bool:
        _Everything.asked += 1
        return True


class _Category(metaclass=_Everything):
    """What the filter names that ``compile_silently`` puts before all others."""


class Entry:
    """What a row of the table points to, kept alive."""

    __slots__ = ("checks", "code", "data", "file", "key", "text")

    def __init__(self, text: str, file: str | None, key: int, code: CodeType, data: bytes | None) -> None:
        self.text, self.file, self.key, self.code, self.data = text, file, key, code, data
        self.checks = checks_of(code)


class Expressions:
    """The table and what its rows hold. ``bound``: how many texts at most."""

    def __init__(self, native: Native, bound: int) -> None:
        sets = 1
        while 2 * sets * WAYS <= bound:
            sets *= 2
        self.bound = sets * WAYS
        self.words = array("Q", bytes(8 * ROW_WORDS * self.bound))
        self.entries: list[Entry | None] = [None] * self.bound
        native.set_state("expression_mask", sets - 1)
        native.set_state("expressions", self.words.buffer_info()[0])
        native.set_object("vm_expression", self.answer)

    @property
    def size(self) -> int:
        """How many texts have code in the table."""
        return sum(self.words[place + CODE_WORD] > REFUSED for place in range(0, len(self.words), ROW_WORDS))

    def answer(self, text: str, file: str | None, key: int, number: int) -> Entry | tuple[BaseException] | None:
        """As ``provide``, for native code. The exception of a signal that came just now is given in a tuple."""
        try:
            return self.provide(text, file, key, number)
        except BaseException as error:
            return (without_own(error),)

    def provide(self, text: str, file: str | None, key: int, number: int) -> Entry | None:
        """Gives row ``number`` code for a text, or marks it as refused. The row's former entry is returned:
        what dies with it could run code, which must wait until the caller has what it came for."""
        old = self.entries[number]
        if old is not None and old.key == key and old.file is file and old.text == text and self.words[ROW_WORDS * number + CODE_WORD]:
            if old.data is None:
                old.data = marshal.dumps(old.code)
            entry: Entry | None = Entry(old.text, file, key, marshal.loads(old.data), old.data)
        else:
            code = compile_silently(text, file, key)
            # The text is copied: a program can count the references to its own.
            entry = Entry((text + " ")[:-1], file, key, code, None) if code is not None else None
        tag = ((hash(text) ^ key * TAG_FACTOR) | 1) & WORD
        if entry is None:
            row = array("Q", [tag, 0, REFUSED, 0, 0, 1, key])
        else:
            row = array("Q", [tag, id(entry.text), id(entry.code), 0 if file is None else id(file), entry.checks.buffer_info()[0], 1, key])
        start = ROW_WORDS * number
        end = start + KEY_WORD + 1
        # No other thread can run between these lines.
        old = self.entries[number]
        self.words[start:end] = row
        self.entries[number] = entry
        return old


def compile_silently(text: str, file: str | None, key: int) -> CodeType | None:
    """The code of a text; None where that fails or gives a reason to warn. Nothing is shown, and no exception passes but those that
    are not the text's."""
    import _warnings
    filters: Any = getattr(sys.modules.get("warnings", _warnings), "filters", None)
    if type(filters) is not list:
        return None
    mode = MODES[key & 3]
    if mode == "eval" and not key & BY_COMPILE:
        text = text.lstrip(" \t")
    before = _Everything.asked
    mark = ("ignore", None, _Category, None, 0)
    filters.insert(0, mark)
    try:
        code = compile(text, ANONYMOUS if file is None else file, mode, key & FUTURE_FLAGS, True, ((key >> 3) & 7 or 0) - 1)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError, SystemError):
        return None
    finally:
        filters.remove(mark)
    return code if _Everything.asked == before else None


def checks_of(code: CodeType) -> array[int]:
    """The objects that a program could hold and tell from those of code compiled anew, each with room for its count of references, and
    with what it is: code, a number or text that is nothing but the constant of that index, or something else."""
    constants = code.co_consts
    kinds: dict[int, int] = {id(code): CHECK_CODE}
    if constants:
        kinds[id(constants)] = CHECK_OTHER
    containers: list[Any] = [constants]
    for container in containers:
        for place, value in enumerate(container):
            kind = type(value)
            if value is None or kind is bool or (kind is int and -6 < value < 257) or value is ...:
                continue
            number = id(value)
            if number in kinds:
                kinds[number] = CHECK_CODE if kind is CodeType else CHECK_OTHER
            elif kind is CodeType:
                inner = value.co_consts
                kinds[number] = CHECK_CODE
                if inner:
                    kinds[id(inner)] = CHECK_OTHER
                    containers.append(inner)
            elif kind is str or kind is bytes:
                if not _is_common(value):
                    kinds[number] = place if container is constants and kind is str else CHECK_OTHER
            elif kind is int or kind is float:
                kinds[number] = place if container is constants else CHECK_OTHER
            elif value:
                kinds[number] = CHECK_OTHER
                if kind is tuple or kind is frozenset:
                    containers.append(value)
            elif kind is not tuple:
                kinds[number] = CHECK_OTHER
    numbers = [len(kinds)]
    for number, what in sorted(kinds.items(), key=_second):
        numbers += (number, 0, what)
    return array("q", numbers)


def _second(row: tuple[int, int]) -> int:
    return row[1]


def _is_common(value: str | bytes) -> bool:
    """Whether the host has one object of this value for all."""
    if type(value) is str:
        return not value or (len(value) == 1 and value < "\u0100") or (value.isascii() and value.replace("_", "a").isalnum())
    return len(value) < 2
