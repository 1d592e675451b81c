"""Frozen objects: what is laid out in one process is the same in another, and as good as what was made there."""
from __future__ import annotations

import gc
import inspect
import math
import sys
import weakref
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from jitvm.backend import cache
from jitvm.runtime import freezing, frozen, interpreter

LIBRARY = ("argparse", "ast", "calendar", "dataclasses", "difflib", "inspect", "json.decoder", "locale", "statistics", "typing")
VALUES = ("text", "näme", "x", "", "a b" * 1000, b"", b"b", bytes(range(256)), 0, 1, -5, 256, 257, -1 << 70, 1.5, -0.0, math.inf, 2j, None,
          True, False, Ellipsis, (), (1,), ((), (("deep", "text"),)), frozenset((1, "text")), ("text",))


@pytest.fixture
def thawed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that freezes a value and gives what another process would find."""
    monkeypatch.setattr(cache, "_default", cache.Cache(str(tmp_path / "jitvm")))
    code = interpreter.load(lambda: None)

    def thaw(value: tuple[Any, ...]) -> Any:
        cache.store(frozen.KIND, b"key", freezing.freeze(value))
        return frozen.load(frozen.KIND, b"key", code)

    return thaw


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal in all of their parts, and of the same types."""
    if type(left) is not type(right):
        return False
    if isinstance(left, CodeType):
        names = [name for name in dir(left) if name.startswith("co_") and name not in ("co_lines", "co_positions")]
        return all(same(getattr(left, name), getattr(right, name)) for name in names) and hash(left) == hash(right)
    if isinstance(left, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    shown = left == right if isinstance(left, frozenset) else repr(left) == repr(right)
    return shown and hash(left) == hash(right)


def test_values(thawed: Any) -> None:
    found = thawed(VALUES)
    assert same(found, VALUES)
    once = [id(value) for value in ("x", "", b"", 0, 1, -5, 256, None, True, False, Ellipsis, ())]
    assert all(value is other for value, other in zip(found, VALUES, strict=True) if id(other) in once)


@pytest.mark.parametrize("name", LIBRARY)
def test_code_of_modules(thawed: Any, name: str) -> None:
    __import__(name)
    path = sys.modules[name].__file__
    assert path is not None
    code = compile(Path(path).read_text(), path, "exec")
    (found,) = thawed((code,))
    assert same(found, code)
    own, frozen_own = {"__name__": name}, {"__name__": name}
    exec(code, own)
    exec(found, frozen_own)
    assert own.keys() == frozen_own.keys()


def outer(first, second=2, *rest, key="key", **others):  # type: ignore[no-untyped-def]
    """A function with all that a code object can have."""
    kept = [first]

    def inner(value):  # type: ignore[no-untyped-def]
        try:
            kept.append((value, *rest))
            return [item for item in kept if item] + [key, others]
        except TypeError as error:
            raise ValueError(f"{first}") from error
        finally:
            kept.append(second)

    class Made:
        """A class."""

        __slots__ = ("slot",)
        other: int = 1

        def method(self):  # type: ignore[no-untyped-def]
            return __class__, self.other  # type: ignore[name-defined]

    return inner, (value for value in kept), Made


def test_functions_run_as_from_anywhere(thawed: Any) -> None:
    (code,) = thawed((outer.__code__,))
    function = FunctionType(code, globals(), "outer", (2,))
    function.__kwdefaults__ = {"key": "key"}
    for _ in range(100):  # until the host has specialised them
        for made in (outer, function):
            inner, values, kind = made(1, 3, 4, 5, key=6, more=7)
            assert inner(8) == [1, (8, 4, 5), 6, {"more": 7}]
            assert list(values) == [1, (8, 4, 5), 3]
            assert kind().method() == (kind, 1)
            kind().slot = 1
    assert str(inspect.signature(function)) == str(inspect.signature(outer))
    reference = weakref.ref(code)
    assert reference() is code
    del reference


def test_they_are_traced_and_not_collected(thawed: Any) -> None:
    (code, names) = thawed((outer.__code__, ("some", "names")))
    lines = []

    def trace(frame, event, _):  # type: ignore[no-untyped-def]
        lines.append((frame.f_code.co_name, frame.f_lineno, event))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        FunctionType(code, globals(), "outer", (2,))(1, key=1)
    finally:
        sys.settrace(before)
    assert ("outer", code.co_firstlineno + 2, "line") in lines
    assert not gc.is_tracked(names) and not gc.is_tracked(code.co_consts)
    counts = [sys.getrefcount(value) for value in (code, names, names[0], code.co_consts)]
    assert min(counts) > freezing.REFERENCES // 2
    gc.collect()
    assert same(code, outer.__code__)


def test_names_are_found_by_their_value(thawed: Any) -> None:
    names = thawed(("attribute_of_an_object", "keyword_of_a_call"))
    holder = type("Holder", (), {})()
    setattr(holder, names[0], 1)
    assert holder.attribute_of_an_object == 1
    assert {names[1]: 2}["keyword_of_a_call"] == 2
    assert (lambda keyword_of_a_call: keyword_of_a_call)(**{names[1]: 3}) == 3
    assert sys.intern(names[0]) == names[0]


def test_nothing_is_found_where_nothing_was_frozen(thawed: Any) -> None:
    thawed(("text", 1))
    assert frozen.load(frozen.KIND, b"other", interpreter.load(lambda: None)) is None
    cache.store(frozen.KIND, b"empty", b"")
    assert frozen.load(frozen.KIND, b"empty", interpreter.load(lambda: None)) == ()
    path = max(Path(cache.default().directory).glob("frozen-*"), key=lambda file: file.stat().st_size)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert frozen.load(frozen.KIND, b"key", interpreter.load(lambda: None)) is None
    assert not path.exists()


def test_a_host_with_other_objects_freezes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    fields, constants = freezing.layout.current()
    monkeypatch.setattr(freezing.layout, "current", lambda: (fields, {**constants, "TUPLE_ITEMS": 32}))
    with pytest.raises(freezing.CannotFreeze):
        freezing.freeze(("text", 1))
    assert freezing.frozen(("text", 1)) == b""
