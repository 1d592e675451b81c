"""Calling C functions: what is needed of ``ctypes``, without that package, whose import takes 2 ms of each start."""
from __future__ import annotations

import _ctypes
from _ctypes import POINTER, CFuncPtr, _SimpleCData, get_errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["POINTER", "Bool", "Bytes", "Int32", "Int64", "Object", "Pointer", "UInt32", "Word", "address_of", "bind", "bytes_at",
           "get_errno", "open_library", "prototype", "value_at", "view_of"]


class Bool(_SimpleCData):  # type: ignore[type-arg]
    """``bool``."""

    _type_ = "?"


class Int32(_SimpleCData):  # type: ignore[type-arg]
    """``int``."""

    _type_ = "i"


class UInt32(_SimpleCData):  # type: ignore[type-arg]
    """``unsigned int``."""

    _type_ = "I"


class Int64(_SimpleCData):  # type: ignore[type-arg]
    """``int64_t``, ``Py_ssize_t``."""

    _type_ = "l"


class Word(_SimpleCData):  # type: ignore[type-arg]
    """``uint64_t``, ``size_t``."""

    _type_ = "L"


class Pointer(_SimpleCData):  # type: ignore[type-arg]
    """``void *``, an address in Python."""

    _type_ = "P"


class Bytes(_SimpleCData):  # type: ignore[type-arg]
    """``const char *``."""

    _type_ = "z"


class Object(_SimpleCData):  # type: ignore[type-arg]
    """``PyObject *``: an argument is borrowed, a result is a new reference, NULL raises the pending exception."""

    _type_ = "O"


_prototypes: dict[tuple[Any, ...], Any] = {}
"""Each is made once: making a type takes about as long as calling its functions a hundred times."""
_process = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]


def prototype(result: Any, *arguments: Any, errno: bool = False) -> Any:
    """A type of functions: called with an address it gives the function. The interpreter lock is held."""
    key = result, arguments, errno
    if key not in _prototypes:
        flags = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_PYTHONAPI | (_ctypes.FUNCFLAG_USE_ERRNO if errno else 0)
        kind: Any = type(CFuncPtr)
        _prototypes[key] = kind("Function", (CFuncPtr,), {"_restype_": result, "_argtypes_": arguments, "_flags_": flags})
    return _prototypes[key]


def address_of(name: str, library: int = _process) -> int:
    """The address of what a library exports, or the host and the libraries it uses. Raises OSError if there is no such name."""
    address: int = _ctypes.dlsym(library, name)
    return address


def bind(name: str, result: Any, *arguments: Any, errno: bool = False) -> Any:
    """A C function of the host."""
    return prototype(result, *arguments, errno=errno)(address_of(name))


_dlopen = bind("dlopen", Pointer, Bytes, Int32)
_dlerror = bind("dlerror", Bytes)
_RTLD_NOW = 2


def open_library(path: str) -> int:
    """Opens a shared library. Raises OSError."""
    handle: int | None = _dlopen(path.encode(errors="surrogateescape"), _RTLD_NOW)
    if not handle:
        raise OSError((_dlerror() or b"").decode(errors="replace"))
    return handle


_memory_view = bind("PyMemoryView_FromMemory", Object, Pointer, Int64, Int32)
_WRITE = 0x200


def bytes_at(address: int, size: int) -> memoryview:
    """A view of ``size`` bytes of memory. Raises no audit event, as all of ctypes' own ways do."""
    view: memoryview = _memory_view(address, size, _WRITE)
    return view


def view_of(address: int, size: int) -> memoryview:
    """A view of ``size`` bytes of memory as 64-bit words."""
    return bytes_at(address, size).cast("Q")


def value_at(address: int) -> Any:
    """A view of the word at an address: its ``value`` can be read without a call."""
    return Word.from_address(address)


assert _ctypes.sizeof(Word) == _ctypes.sizeof(Pointer) == 8
