"""What a file on disk depends on besides its input: jitvm's own sources and the host."""
import os
import posix
import sys

PACKAGE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
"""The folder of this package, with a slash behind."""
_folders: dict[str, str] = {}


def stamp(folders: tuple[str, ...]) -> bytes:
    """Changes whenever a source file in one of jitvm's folders or the host does."""
    return "\n".join([sys.version, *map(_folder, folders)]).encode()


def code_stamp(folders: tuple[str, ...]) -> bytes:
    """The same for machine code, which depends on the CPU as well: a home folder may be shared by machines that differ."""
    return stamp(folders) + b"\n" + _processor()


def _processor() -> bytes:
    """What Linux says of the first CPU's model and abilities; nothing where it says nothing."""
    try:
        file = posix.open("/proc/cpuinfo", posix.O_RDONLY)
    except OSError:
        return b""
    try:
        text = posix.read(file, 8192)
    finally:
        posix.close(file)
    first = text.partition(b"\n\n")[0].split(b"\n")
    return b"\n".join(line for line in first if line.startswith((b"vendor_id", b"cpu family", b"model", b"flags")))


def _folder(name: str) -> str:
    if name not in _folders:
        parts = [name]
        with os.scandir(os.path.join(PACKAGE, name)) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    parts.append(f"{entry.name} {status.st_size} {status.st_mtime_ns}")
        parts.sort()
        _folders[name] = "\n".join(parts)
    return _folders[name]
