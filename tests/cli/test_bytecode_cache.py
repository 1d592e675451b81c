"""Bytecode on disk: a second run of the same script does not compile, and behaves the same."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parents[2])
COMPILER = "'jitvm.frontend.compiler' in sys.modules"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that holds the interpreter."""
    folder = tmp_path_factory.mktemp("cache")
    run(folder, "-c", "pass")
    return folder


@pytest.fixture
def cache(shared: Path) -> Path:
    """The same without bytecode."""
    for file in (shared / "jitvm").glob("bytecode-*"):
        file.unlink()
    return shared


def run(cache: Path, *arguments: str, command: tuple[str, ...] = ("-m", "jitvm", "run")) -> tuple[str, str, int]:
    environment = {**os.environ, "PYTHONPATH": ROOT, "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run([sys.executable, *command, *arguments], capture_output=True, text=True, timeout=60, check=False,
                          env=environment)
    return done.stdout, done.stderr, done.returncode


def stored(cache: Path) -> list[Path]:
    return list((cache / "jitvm").glob("bytecode-*"))


def test_the_second_run_does_not_compile(cache: Path, tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    script.write_text(f"import sys\ndef f(x):\n    return [y for y in (1, 2, x)]\nprint(f(3), {COMPILER})\n")
    assert run(cache, str(script)) == ("[1, 2, 3] True\n", "", 0)
    assert len(stored(cache)) == 1
    assert run(cache, str(script)) == ("[1, 2, 3] False\n", "", 0)
    assert run(cache, "-X", "cache=0", str(script)) == ("[1, 2, 3] True\n", "", 0)
    script.write_text(script.read_text().replace("x)]", "x, 4)]"))
    assert run(cache, str(script)) == ("[1, 2, 3, 4] True\n", "", 0)
    assert len(stored(cache)) == 2


def test_nothing_is_stored_without_the_cache(cache: Path) -> None:
    assert run(cache, "-X", "cache=0", "-c", "print(1)") == ("1\n", "", 0)
    assert not stored(cache)


def test_a_script_that_exits_or_fails_is_stored(cache: Path) -> None:
    for end in ("sys.exit(3)", "1 / 0"):
        program = f"import sys\nprint({COMPILER})\n{end}"
        first, second = run(cache, "-c", program), run(cache, "-c", program)
        assert (first[0], second[0]) == ("True\n", "False\n")
        assert first[1:] == second[1:]


def test_another_path_through_the_program(cache: Path) -> None:
    program = f"import sys\ndef f():\n    return 1\ndef g():\n    return 2\nprint(f() if len(sys.argv) == 1 else g(), {COMPILER})"
    assert run(cache, "-c", program)[0] == "1 True\n"
    assert run(cache, "-c", program, "x")[0] == "2 True\n"
    assert run(cache, "-c", program, "x")[0] == "2 False\n"
    assert run(cache, "-c", program)[0] == "1 False\n"


@pytest.mark.parametrize("damage", [b"", b"\0" * 100, b"JITVM\r\n\0" + b"\1" * 200])
def test_damage_is_a_miss(cache: Path, damage: bytes) -> None:
    program = f"import sys; print({COMPILER})"
    assert run(cache, "-c", program) == ("True\n", "", 0)
    stored(cache)[0].write_bytes(damage)
    assert run(cache, "-c", program) == ("True\n", "", 0)
    assert run(cache, "-c", program) == ("False\n", "", 0)


def test_a_compiler_that_warned_warns_again(cache: Path) -> None:
    program = "print(1 is 1)"
    expected = run(cache, "-c", program, command=())
    assert "SyntaxWarning" in expected[1]
    assert run(cache, "-c", program) == expected
    assert run(cache, "-c", program) == expected
    assert not stored(cache)


def test_nobody_sees_it_stored(cache: Path) -> None:
    events = run(cache, "-c", "import sys\nsys.addaudithook(print)")[0]
    assert not [line for line in events.splitlines() if line.startswith(("open", "os.", "marshal"))]
    traced = "import sys\nsys.settrace(lambda frame, *_: print(frame.f_code.co_name))\nsys.setprofile(lambda *_: None)"
    assert "save" not in run(cache, "-c", traced)[0]
    assert not stored(cache)


def test_a_patched_open_is_not_used(cache: Path) -> None:
    program = "import os, builtins\ndef no(*_, **__):\n    print('called')\nos.open = os.write = os.replace = builtins.open = no"
    assert run(cache, "-c", program) == ("", "", 0)


def test_modules_of_the_program_are_stored(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def f():\n    return [x for x in (1, 2)]\n")
    script = tmp_path / "a.py"
    script.write_text(f"import sys\nimport own\nprint(own.f(), {COMPILER})\n")
    assert run(cache, str(script)) == ("[1, 2] True\n", "", 0)
    assert len(stored(cache)) == 2
    assert run(cache, str(script)) == ("[1, 2] False\n", "", 0)


def test_a_program_that_never_ends_its_module_is_stored(cache: Path, tmp_path: Path) -> None:
    """Functions that are called are kept as they become more, not only at the end."""
    script = tmp_path / "hard.py"
    script.write_text("import os, sys\n" + "".join(f"def f{i}(x):\n    return x + {i}\n" for i in range(140))
                      + f"print(sum(globals()['f%d' % i](i) for i in range(int(sys.argv[1]))), {COMPILER}, flush=True)\nos._exit(3)\n")
    assert run(cache, str(script), "20") == ("380 True\n", "", 3)
    assert not stored(cache)
    assert run(cache, str(script), "140") == ("19460 True\n", "", 3)
    assert len(stored(cache)) == 1
    assert run(cache, str(script), "120") == ("14280 False\n", "", 3)
