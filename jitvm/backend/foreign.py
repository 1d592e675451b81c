"""Calling C functions: what is needed of ``ctypes``, without that package, whose import takes 2 ms of each start."""
from __future__ import annotations

import _ctypes
from _ctypes import POINTER, CFuncPtr, _SimpleCData, get_errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["POINTER", "Bool", "Bytes", "Int32", "Int64", "Object", "Pointer", "UInt32", "Word", "address_of", "bind", "bytes_at",
           "function_at", "get_errno", "open_library", "value_at", "view_of"]


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


_process = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]


class _Function(CFuncPtr):
    """A function of C. The interpreter lock is held while it runs."""

    _restype_ = None
    _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_PYTHONAPI


class _WithErrno(CFuncPtr):
    """The same; ``get_errno`` tells what it left there."""

    _restype_ = None
    _flags_ = _Function._flags_ | _ctypes.FUNCFLAG_USE_ERRNO


def function_at(address: int, result: Any, *arguments: Any, errno: bool = False) -> Any:
    """The function at an address. One class for all, whose instances have signatures: a class of its own takes five times as long."""
    function = (_WithErrno if errno else _Function)(address)
    function.argtypes = arguments
    if result is not None:
        function.restype = result
    return function


def address_of(name: str, library: int = _process) -> int:
    """The address of what a library exports, or the host and the libraries it uses. Raises OSError if there is no such name."""
    address: int = _ctypes.dlsym(library, name)
    return address


def bind(name: str, result: Any, *arguments: Any, errno: bool = False) -> Any:
    """A C function of the host."""
    return function_at(address_of(name), result, *arguments, errno=errno)


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
