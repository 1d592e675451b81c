"""The cache on disk: what is stored comes back; what is damaged or foreign does not."""
from __future__ import annotations

import os
import posix
import subprocess
import sys
from pathlib import Path

import pytest

from jitvm.backend import cache


@pytest.fixture
def place(tmp_path: Path) -> cache.Cache:
    return cache.Cache(str(tmp_path / "caches" / "jitvm"))


def only_file(place: cache.Cache) -> Path:
    (path,) = Path(place.directory).iterdir()
    return path


def test_stores_and_loads(place: cache.Cache) -> None:
    assert place.load("object", b"key") is None
    assert not os.path.exists(place.directory)
    place.store("object", b"key", b"data" * 1000)
    assert place.load("object", b"key") == b"data" * 1000
    assert place.load("object", b"other") is None
    assert place.load("trace", b"key") is None
    place.store("object", b"key", b"")
    assert place.load("object", b"key") == b""
    place.remove("object", b"key")
    assert place.load("object", b"key") is None
    assert place.problem == ""


def test_is_private(place: cache.Cache) -> None:
    old = os.umask(0)
    try:
        place.store("object", b"key", b"data")
    finally:
        os.umask(old)
    assert os.stat(place.directory).st_mode & 0o777 == 0o700
    assert only_file(place).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("change", "problem"), [
    (lambda data: b"", "truncated"),
    (lambda data: data[:20], "truncated"),
    (lambda data: data[:-1], "truncated"),
    (lambda data: data + b"x", "truncated"),
    (lambda data: b"X" + data[1:], "not a file of this cache"),
    (lambda data: data[:8] + b"\x07\0\0\0" + data[12:], "format 7, not 3"),
    (lambda data: data[:-1] + b"X", "damaged"),
    (lambda data: data[:30] + bytes([data[30] ^ 1]) + data[31:], "damaged"),
    (lambda data: data.replace(b"the key", b"the cat"), "stored under another key"),
])
def test_damaged_files_are_removed(place: cache.Cache, change: object, problem: str) -> None:
    place.store("object", b"the key", b"some data")
    path = only_file(place)
    path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]
    assert place.load("object", b"the key") is None
    assert place.problem == problem
    assert not path.exists()
    place.store("object", b"the key", b"some data")
    assert place.load("object", b"the key") == b"some data"


def test_a_file_that_others_can_write_is_not_used(place: cache.Cache) -> None:
    place.store("object", b"key", b"data")
    only_file(place).chmod(0o666)
    assert place.load("object", b"key") is None
    assert place.problem == "not a file of this user alone"


def test_a_link_is_not_followed(place: cache.Cache, tmp_path: Path) -> None:
    place.store("object", b"key", b"data")
    path = only_file(place)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert place.load("object", b"key") is None
    assert place.problem.startswith("cannot be opened")


def test_a_directory_that_others_can_write_is_refused(place: cache.Cache) -> None:
    place.store("object", b"key", b"data")
    os.chmod(place.directory, 0o770)
    for use in (lambda: place.load("object", b"key"), lambda: place.store("object", b"key", b"data")):
        with pytest.raises(cache.CacheUnavailable, match="can be written by other users"):
            use()


def test_a_foreign_directory_is_refused(place: cache.Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    place.store("object", b"key", b"data")
    user = os.geteuid() + 1
    monkeypatch.setattr(posix, "geteuid", lambda: user)
    for use in (lambda: place.load("object", b"key"), lambda: place.store("object", b"key", b"data")):
        with pytest.raises(cache.CacheUnavailable, match="belongs to another user"):
            use()


def test_a_file_instead_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "jitvm").write_text("")
    with pytest.raises(cache.CacheUnavailable, match="Not a directory"):
        cache.Cache(str(tmp_path / "jitvm")).load("object", b"key")
    with pytest.raises(cache.CacheUnavailable, match="Not a directory"):
        cache.Cache(str(tmp_path / "jitvm" / "deeper")).store("object", b"key", b"data")


def test_a_read_only_directory_serves_and_refuses_to_store(place: cache.Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    place.store("trace", b"key", b"data")
    real = os.open

    def read_only(path: str, flags: int, *rest: int, **options: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(30, "Read-only file system")
        return real(path, flags, *rest, **options)

    monkeypatch.setattr(posix, "open", read_only)
    assert place.load("trace", b"key") == b"data"
    with pytest.raises(cache.CacheUnavailable, match=r"jitvm cannot be written: Read-only file system$"):
        place.store("trace", b"key", b"other")
    assert place.load("trace", b"key") == b"data"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_directory_without_write_permission(place: cache.Cache) -> None:
    place.store("object", b"key", b"data")
    os.chmod(place.directory, 0o500)
    with pytest.raises(cache.CacheUnavailable, match="cannot be written: Permission denied"):
        place.store("object", b"key", b"data")


def test_a_full_disk_leaves_nothing_behind(place: cache.Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    place.store("object", b"key", b"old")
    real = os.write
    written = []

    def full(file: int, data: memoryview) -> int:
        if written:
            raise OSError(28, "No space left on device")
        written.append(real(file, data[:3]))
        return 3

    monkeypatch.setattr(posix, "write", full)
    with pytest.raises(cache.CacheUnavailable, match="No space left"):
        place.store("object", b"key", b"new")
    monkeypatch.undo()
    assert place.load("object", b"key") == b"old"
    assert only_file(place).name.startswith("object-")


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    place = cache.Cache(str(tmp_path / "jitvm"), {"trace": 5000})
    place.store("other", b"kept", b"x" * 20000)
    for number in range(8):
        place.store("trace", b"%d" % number, b"x" * 1000)
    ages = {b"%d" % number: 1000 + number for number in range(8)}
    for key, age in ages.items():
        os.utime(Path(place.directory) / cache._file_name("trace", key), (age, age))
    assert place.load("trace", b"0") is not None
    place.prune("trace")
    left = [number for number in range(8) if place.load("trace", b"%d" % number) is not None]
    assert left == [0, 5, 6, 7]
    assert place.load("other", b"kept") is not None


def test_old_temporary_files_are_removed(place: cache.Cache) -> None:
    place.store("object", b"key", b"data")
    stale, fresh = (Path(place.directory) / name for name in (".object-1.2.3", ".object-1.2.4"))
    for path in (stale, fresh):
        path.write_bytes(b"x")
    os.utime(stale, (1, 1))
    place.prune("trace")
    assert (stale.exists(), fresh.exists()) == (False, True)


def test_the_default_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/some/where")
    assert cache.default_directory() == "/some/where/jitvm"
    monkeypatch.setenv("HOME", "/home/somebody")
    for ignored in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
        assert cache.default_directory() == "/home/somebody/.cache/jitvm"
    monkeypatch.setenv("HOME", "")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with pytest.raises(cache.CacheUnavailable, match="no home directory"):
        cache.default_directory()


def test_a_kind_is_a_word(place: cache.Cache) -> None:
    with pytest.raises(ValueError, match="not a kind"):
        place.store("../x", b"key", b"data")


def test_nothing_heavy_is_imported() -> None:
    program = ("import sys; before = set(sys.modules); import jitvm.backend.cache;"
               "print(*sorted(name for name in set(sys.modules) - before if not name.startswith('jitvm')))")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"stat", "time"}
