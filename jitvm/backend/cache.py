"""Files of machine code and bytecode on disk: private to their owner, checked, written atomically, bounded.

They lie in ``$XDG_CACHE_HOME/jitvm`` or ``~/.cache/jitvm``. Code from there is executed, so the directory and each file must
belong to this user and be writable by nobody else: that is the security. The digest is against damage only. Everything that
a result depends on (source, versions, CPU) belongs in the key, which is stored with the data and compared.
"""

import os
import posix  # not by os: a program may have put functions of its own there
from _imp import source_hash
from stat import S_ISDIR, S_ISREG
from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Data = bytes | memoryview
    Take = Callable[[int, int, int], tuple[Data, Data]]

MAGIC = b"JITVM\r\n\0"
FORMAT = 3
PAGE = 4096
MAPPED = frozenset(("interpreter", "frozen", "tracekit"))
"""Kinds whose data begins at a page of the file, so that it can be used where the system has mapped it."""
MIB = 1 << 20
LIMITS = {"trace": 64 * MIB, "bytecode": 64 * MIB, "interpreter": 8 * MIB, "tracekit": 8 * MIB, "frozen": 8 * MIB, "modules": 4 * MIB}
"""Bytes that the files of a kind may take together; the least recently used go first. Other kinds are not bounded."""

PRUNE_EVERY = 32
"""Bounds are enforced at the first and then at each so many-th store of a process: looking at the directory takes longer than
writing a file."""
STALE_SECONDS = 3600.0
"""A temporary file of this age was left by a process that died."""

_HEADER_SIZE = 40
"""Magic, format (4 bytes), length of the key (4) and of the data (8), digest (16); the key follows."""
_OTHERS_WRITE = 0o022
_DIRECTORY = posix.O_RDONLY | getattr(posix, "O_DIRECTORY", 0)
_NOFOLLOW = getattr(posix, "O_NOFOLLOW", 0)


class CacheUnavailable(Exception):
    """The cache cannot be used; the message says why in one line, for one warning. Nothing is lost but time."""


def default_directory() -> str:
    """Where the cache is by default. Raises CacheUnavailable where the user has no home directory."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # a relative one is to be ignored, says the XDG specification
        home = os.path.expanduser("~")
        if not os.path.isabs(home):
            raise CacheUnavailable("no home directory for the code cache")
        base = os.path.join(home, ".cache")
    return os.path.join(base, "jitvm")


class Cache:
    """The cache in one directory, which is made when something is first stored.

    ``problem`` is the reason why the last ``load`` found a file and could not use it, or an empty string.
    """

    def __init__(self, directory: str | None = None, limits: dict[str, int] | None = None) -> None:
        self.directory = default_directory() if directory is None else directory
        self.limits = LIMITS if limits is None else limits
        self.problem = ""
        self._stores = 0

    def load(self, kind: str, key: bytes) -> "Any":
        """What was stored under the key, bytes, or None. A file that is damaged is removed and counts as absent.

        Raises CacheUnavailable if the directory is not to be trusted or cannot be read.
        """
        return self.taken(kind, key, _all)

    def taken(self, kind: str, key: bytes, take: "Take") -> "Data | None":
        """The same as another than ``bytes``: ``take(file, head, size)`` gives the first ``head`` bytes of an open file, and the rest."""
        self.problem = ""
        directory = self._open(create=False)
        if directory is None:
            return None
        name = _file_name(kind, key)
        try:
            found = self._read(directory, name, _head_size(kind, key), take)
            if found is None:
                return None
            head, data = found
            self.problem = _damage(head, data, key)
            if self.problem:
                _remove(directory, name)
                return None
            if kind in self.limits:
                _touch(directory, name)
            return data
        finally:
            posix.close(directory)

    def store(self, kind: str, key: bytes, data: bytes) -> None:
        """Stores data (replacing what was there) for later processes; all of it or, on failure, nothing.

        Raises CacheUnavailable if the directory is not to be trusted or cannot be written.
        """
        directory = self._open(create=True)
        assert directory is not None
        name = _file_name(kind, key)
        temporary = f".{name}.{posix.getpid()}.{self._stores}"
        sizes = FORMAT.to_bytes(4, "little"), len(key).to_bytes(4, "little"), len(data).to_bytes(8, "little")
        head = b"".join((MAGIC, *sizes, _digest(key, data), key))
        try:
            self._write(directory, temporary, head + bytes(_head_size(kind, key) - len(head)) + data)
            posix.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
            if kind in self.limits and self._stores % PRUNE_EVERY == 0:
                self._prune(directory, kind, name)
            self._stores += 1
        except OSError as error:
            _remove(directory, temporary)
            raise CacheUnavailable(f"{self.directory} cannot be written: {error.strerror}") from None
        finally:
            posix.close(directory)

    def remove(self, kind: str, key: bytes) -> None:
        """Removes what is stored under the key, if it is there: for data that turns out to be of no use."""
        directory = self._open(create=False)
        if directory is not None:
            _remove(directory, _file_name(kind, key))
            posix.close(directory)

    def prune(self, kind: str) -> None:
        """Enforces the bound of a kind now."""
        directory = self._open(create=False)
        if directory is not None:
            try:
                self._prune(directory, kind, "")
            finally:
                posix.close(directory)

    def _open(self, *, create: bool) -> "int | None":
        """A descriptor of the directory, checked. It is closed after each use: the script sees the descriptors it expects."""
        try:
            try:
                directory = posix.open(self.directory, _DIRECTORY)
            except FileNotFoundError:
                if not create:
                    return None
                os.makedirs(os.path.dirname(self.directory), 0o700, exist_ok=True)
                os.makedirs(self.directory, 0o700, exist_ok=True)
                directory = posix.open(self.directory, _DIRECTORY)
        except OSError as error:
            raise CacheUnavailable(f"{self.directory} cannot be used: {error.strerror}") from None
        status = posix.fstat(directory)
        problem = ""
        if not S_ISDIR(status.st_mode):
            problem = "is not a directory"
        elif status.st_uid != posix.geteuid():
            problem = "belongs to another user"
        elif status.st_mode & _OTHERS_WRITE:
            problem = "can be written by other users"
        if problem:
            posix.close(directory)
            raise CacheUnavailable(f"{self.directory} {problem}")
        return directory

    def _read(self, directory: int, name: str, head: int, take: "Take") -> "tuple[Data, Data] | None":
        """The first ``head`` bytes of a file, and the rest."""
        try:
            file = posix.open(name, posix.O_RDONLY | _NOFOLLOW, dir_fd=directory)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.problem = f"cannot be opened: {error.strerror}"
            return None
        try:
            status = posix.fstat(file)
            if not S_ISREG(status.st_mode) or status.st_uid != posix.geteuid() or status.st_mode & _OTHERS_WRITE:
                self.problem = "not a file of this user alone"
                return None
            return take(file, head, status.st_size)
        except OSError as error:
            self.problem = f"cannot be read: {error.strerror}"
            return None
        finally:
            posix.close(file)

    def _write(self, directory: int, name: str, data: bytes) -> None:
        file = posix.open(name, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | _NOFOLLOW, 0o600, dir_fd=directory)
        try:
            view = memoryview(data)
            while view:
                view = view[posix.write(file, view):]
        finally:
            posix.close(file)

    def _prune(self, directory: int, kind: str, keep: str) -> None:
        """Removes the least recently used files of a kind beyond its bound, and temporary files left behind."""
        files = []
        total = 0
        now = time()
        for name, size, used in _entries(directory):
            if name.startswith("."):
                if now - used > STALE_SECONDS:
                    _remove(directory, name)
            elif name.startswith(kind + "-"):
                files.append((used, size, name))
                total += size
        for _, size, name in sorted(files):
            if total <= self.limits.get(kind, total):
                break
            if name != keep:
                _remove(directory, name)
                total -= size


def _all(file: int, head: int, size: int) -> tuple[bytes, bytes]:
    """All of a file, its first ``head`` bytes apart, so that none is copied."""
    start, parts = posix.read(file, head), []
    while part := posix.read(file, max(size - head, 1)):
        parts.append(part)
    return start, b"".join(parts)


_default: "Cache | None" = None


def default() -> Cache:
    """The cache in the default directory. Raises CacheUnavailable where there is no home directory."""
    global _default
    if _default is None:
        _default = Cache()
    return _default


def load(kind: str, key: bytes) -> "Any":
    """``Cache.load`` of the default cache."""
    return default().load(kind, key)


def taken(kind: str, key: bytes, take: "Take") -> "Data | None":
    """``Cache.taken`` of the default cache."""
    return default().taken(kind, key, take)


def store(kind: str, key: bytes, data: bytes) -> None:
    """``Cache.store`` of the default cache."""
    default().store(kind, key, data)


def digest(data: bytes) -> bytes:
    """A digest of 16 bytes, against damage and to put into a key in place of long data: SipHash, which is built in and fast."""
    return source_hash(1, data) + source_hash(2, data)


def _file_name(kind: str, key: bytes) -> str:
    if not kind.isidentifier():
        raise ValueError(f"not a kind of cache file: {kind!r}")
    return f"{kind}-{digest(key).hex()}"


def _head_size(kind: str, key: bytes) -> int:
    """Bytes before the data."""
    size = _HEADER_SIZE + len(key)
    return -(-size // PAGE) * PAGE if kind in MAPPED else size


def _digest(key: bytes, data: "Data") -> bytes:
    return source_hash(len(key), key) + source_hash(len(data), data)


def _damage(head: "Data", data: "Data", key: bytes) -> str:
    """What is wrong with a file's content, or an empty string. ``head``: what comes before the data, if it is as it should be."""
    if len(head) < _HEADER_SIZE:
        return "truncated"
    if head[:8] != MAGIC:
        return "not a file of this cache"
    version, key_length, length = (int.from_bytes(head[at:end], "little") for at, end in ((8, 12), (12, 16), (16, 24)))
    if version != FORMAT:
        return f"format {version}, not {FORMAT}"
    if head[_HEADER_SIZE:_HEADER_SIZE + len(key)] != key or key_length != len(key):
        return "stored under another key"
    if len(data) != length:
        return "truncated"
    if _digest(key, data) != head[24:_HEADER_SIZE]:
        return "damaged"
    return ""


def _entries(directory: int) -> "Iterator[tuple[str, int, float]]":
    """Name, size in bytes and time of last use of each file."""
    for name in posix.listdir(directory):
        try:
            status = posix.stat(name, dir_fd=directory, follow_symlinks=False)
        except OSError:
            continue  # removed by another process meanwhile
        yield name, status.st_size, status.st_mtime


def _touch(directory: int, name: str) -> None:
    try:
        posix.utime(name, dir_fd=directory)
    except OSError:
        return  # a read-only cache still serves


def _remove(directory: int, name: str) -> None:
    try:
        posix.unlink(name, dir_fd=directory)
    except OSError:
        return  # not there, or a read-only cache
