"""Where compiled code finds the names of a namespace: tables that outlive changes of the namespace's keys.

The host gives a dict's keys another version with each name that is added or removed. Compiled code compares the version with that in a
table. Where they differ it is left, and the exit looks whether the names that the table lists are where they were, or still missing
(``renew_names`` in jitvm/interpreter/names.py): then the table has the new version, and the code goes on as it is. A table that lists a
name which has moved is void, and so is the code that uses it until it is compiled anew.
"""
from __future__ import annotations

from array import array

from jitvm.spec import shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENTRY_BYTES, VALUE = 16, 8
MISSING, UNKNOWN = -1, -2
"""The place of a name that the namespace does not have; of one that cannot be relied on."""
VERSION, START = shared.CONSTANTS["NAMES_VERSION"], shared.CONSTANTS["NAMES_START"]
"""Words of a table: the version, and how far behind the beginning of the keys their entries begin."""
_DICT, _COUNT, _ROWS, _WORDS = (shared.CONSTANTS["NAMES_" + name] // 8 for name in ("DICT", "COUNT", "ROWS", "BYTES"))
_NEW, _VOID = 1 << 40, (1 << 64) - 1
"""Versions that no keys have."""


class NameTable:
    """The names of one namespace that compiled code relies on, by their places among the entries of its keys."""

    def __init__(self, namespace: dict[str, Any], native: Any) -> None:
        self.namespace, self._native = namespace, native
        self._places: dict[str, int] = {}
        self.names: dict[int, str] = {}
        """Names by their places."""
        self._words = array("Q", bytes(8 * _WORDS))
        self._words[VERSION // 8], self._words[_DICT] = _NEW, id(namespace)
        self._rows = [array("Q")]
        self.address: int = self._words.buffer_info()[0]

    def renew(self) -> bool:
        """Has the table know the namespace's present keys; False if it is void."""
        return bool(self._native.renew_names(self.address))

    def forget(self) -> None:
        """Makes the table void, and keeps nothing of the program alive; who still looks at it finds that."""
        self._words[VERSION // 8] = _VOID
        self.namespace = {}

    def place(self, name: str) -> int:
        """Where a name is, MISSING or UNKNOWN; from now on the table relies on it. Each renewal looks again, so that this need not be of
        the keys that the table knows: another thread may have changed them."""
        known = self._places.get(name)
        if known is None:
            known = int(self._native.place_of(self.namespace, name))
            if known == UNKNOWN:
                return known
            self._places[name] = known
            if known != MISSING:
                self.names[known] = name
            rows = array("Q", [*self._rows[-1], id(name), known & (1 << 64) - 1])
            self._rows.append(rows)  # the one before stays: another thread's exit may be reading it
            self._words[_ROWS], self._words[_COUNT] = rows.buffer_info()[0], len(rows) // 2
        return known


class Names:
    """The tables of the process."""

    def __init__(self, native: Any) -> None:
        self._native = native
        self._tables: dict[int, NameTable] = {}
        self._void: list[NameTable] = []

    def of(self, namespace: Any) -> NameTable | None:
        """The table of a namespace, renewed; None where its keys are not all strings, or it is not a plain dict."""
        if type(namespace) is not dict:
            return None
        table = self._tables.get(id(namespace))
        if table is not None and table.renew():
            return table
        if table is not None:
            table.forget()
            self._void.append(table)  # code that compares with it may run still
        table = NameTable(namespace, self._native)
        if not table.renew():
            return None
        self._tables[id(namespace)] = table
        return table

    def close(self) -> None:
        """At exit: nothing of the program is kept alive."""
        for table in self._tables.values():
            table.forget()
