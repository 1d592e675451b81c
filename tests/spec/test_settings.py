"""The tables of settings and reasons."""

from __future__ import annotations

import pytest

from jitvm.spec import reasons
from jitvm.spec.settings import TABLE, SettingError, Settings, help_text


def test_defaults_are_within_their_own_bounds() -> None:
    settings = Settings()
    assert len({row.name for row in TABLE}) == len(TABLE)
    for row in TABLE:
        text = str(int(row.default)) if row.kind != "letters" else str(row.default)
        assert row.parse(text) == row.default == getattr(settings, row.name)
        assert all(hasattr(settings, other) for other in row.sets)
        assert row.name in help_text()
    assert settings.changed() == {}


def test_apply() -> None:
    settings = Settings()
    settings.apply("threshold=3")
    settings.apply("exit_threshold=9")
    settings.apply("verify")
    settings.apply("jit=off")
    settings.apply("dump=ta")
    assert settings.changed() == {
        "threshold": 3,
        "loop_threshold": 3,
        "exit_threshold": 9,
        "call_threshold": 3,
        "warm_up": 3,
        "verify": True,
        "jit": False,
        "dump": "ta",
    }
    settings.apply("threshold=0")
    assert settings.loop_threshold == 3


@pytest.mark.parametrize(
    "assignment",
    [
        "",
        "=",
        "=1",
        "nothing=1",
        "threshold",
        "threshold=",
        "threshold=1.5",
        "threshold=-1",
        "threshold=1_000",
        "threshold=" + "9" * 5000,
        "threshold=\u0661",
        "dump=1",
        "jit=2",
        "codegen=4",
        "__init__=1",
    ],
)
def test_refused(assignment: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings().apply(assignment)
    assert "\n" not in str(caught.value)


def test_reasons_are_texts() -> None:
    assert reasons.describe("too-long", 2000) == "the recording is longer than trace_limit (2000 bytecodes)"
    for code in reasons.TABLE:
        assert "{}" not in reasons.describe(code, 3)
    with pytest.raises(KeyError):
        reasons.describe("boredom")
