"""What a file on disk depends on besides its input: jitvm's own sources and the host."""
from __future__ import annotations

import os
import sys

PACKAGE = os.path.dirname(os.path.dirname(__file__))
_folders: dict[str, str] = {}


def stamp(folders: tuple[str, ...]) -> bytes:
    """Changes whenever a source file in one of jitvm's folders or the host does."""
    return "\n".join([sys.version, *map(_folder, folders)]).encode()


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
