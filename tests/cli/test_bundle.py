"""Modules of the package that come in one piece: the same as from their files, made once, made anew for other sources, done without."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jitvm.runtime import bundle, bundling

ROOT = str(Path(__file__).resolve().parents[2])
GROUPS = ((bundle.BASE, bundle.EARLIEST), (bundle.START, bundle.BASE), (bundle.FRONTEND, (*bundle.BASE, *bundle.START)),
          (bundle.TRACING, (*bundle.BASE, *bundle.START)))
SHOW = """
import sys
for name in sorted(sys.modules):
    if name.startswith("jitvm.") and hasattr(sys.modules[name], "__file__") and not hasattr(sys.modules[name], "__path__") \
            and name not in ("jitvm.runtime.bundling", "jitvm.runtime.freezing"):  # which make them
        print(name, *sorted(set(vars(sys.modules[name])) - {"__cached__", "__annotations__", "annotations"}))
"""
IN_ONE_PIECE = """
import sys
functions = sys.modules["jitvm.runtime.launch"].start, sys.modules["jitvm.frontend.compiler"].ModuleCompiler.__init__
print([function.__code__.co_linetable == b"" for function in functions])
"""
LOOP = """
import sys
def work(n):
    total = 0
    for i in range(n):
        total += i % 7
    return total
print(sum(work(1000) for i in range({rounds})))
print(sys.modules["jitvm.tracing.driver"].Driver.__init__.__code__.co_linetable == b"")
"""


def run(cache: Path, *arguments: str) -> tuple[str, str, int]:
    environment = {**os.environ, "PYTHONPATH": ROOT, "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run([sys.executable, "-m", "jitvm", "run", *arguments], capture_output=True, text=True, timeout=120, check=False,
                          env=environment)
    return done.stdout, done.stderr, done.returncode


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that holds what a first run makes."""
    folder = tmp_path_factory.mktemp("cache")
    run(folder, "-c", "pass")
    return folder


@pytest.fixture
def fresh(cache: Path, tmp_path: Path) -> Path:
    """The same without the modules."""
    shutil.copytree(cache / "jitvm", tmp_path / "jitvm")
    for file in (tmp_path / "jitvm").glob("[mf]*-*"):  # modules, frozen
        file.unlink()
    return tmp_path


@pytest.mark.parametrize("group", GROUPS, ids=("base", "start", "frontend", "tracing"))
def test_each_module_comes_behind_those_that_it_imports(group: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    rows = bundling.make(*group)
    names = [name for name, _, _ in rows]
    assert set(group[0]) <= set(names)
    assert len(set(names)) == len(names)
    for place, (name, _, code) in enumerate(rows):
        later = set(names[place + 1:])
        assert not later & set(code.co_names), (name, later & set(code.co_names))
        assert code.co_linetable == b""


def test_they_are_the_modules_of_the_files(fresh: Path) -> None:
    files, errors, status = run(fresh, "-X", "cache=0", "-c", SHOW)  # this run makes them
    assert (errors, status) == ("", 0)
    assert (files, "", 0) == run(fresh, "-X", "cache=0", "-c", SHOW)


def test_the_second_run_has_them_in_one_piece(fresh: Path) -> None:
    assert run(fresh, "-X", "cache=0", "-c", IN_ONE_PIECE)[0] == "[False, False]\n"
    assert run(fresh, "-X", "cache=0", "-c", IN_ONE_PIECE) == ("[True, True]\n", "", 0)


def test_the_compiler_comes_in_one_piece_unless_its_lines_are_wanted(cache: Path) -> None:
    text = LOOP.format(rounds=400)
    assert run(cache, "-X", "grace=0", "-X", "cache=0", "-c", text) == ("1198800\nTrue\n", "", 0)
    assert run(cache, "-X", "grace=0", "-X", "cache=0", "-X", "verify=1", "-c", text) == ("1198800\nFalse\n", "", 0)


@pytest.mark.parametrize("damage", (b"", b"damaged"))
def test_without_them_the_files_serve(fresh: Path, damage: bytes) -> None:
    expected = run(fresh, "-c", "print(1)")[0]
    for file in [*(fresh / "jitvm").glob("[mf]*-*"), *(fresh / "jitvm").glob("tracekit-*")]:
        file.write_bytes(damage)
    assert run(fresh, "-c", "print(1)") == (expected, "", 0)
    text = LOOP.format(rounds=400)
    assert run(fresh, "-X", "grace=0", "-c", text)[0].splitlines()[0] == "1198800"
