"""Puts linked x86-64 code into memory: a small static loader.

Two steps, so that the first can be done once and its result kept on disk:

    image = link(object_bytes)      # linker.py: sections placed, everything relative is final; plain data
    code = load(image)              # mapped, absolute addresses filled in, protected; `load(object_bytes)` does both

Memory is private, and no page is ever writable and executable at once. Foreign functions are bound when this module is
imported and nothing here raises an audit event afterwards: code is loaded in the middle of the user's program.
"""
from __future__ import annotations

import posix

from jitvm.backend.foreign import Int32, Int64, Pointer, Word, bind, bytes_at, get_errno, view_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = 4096
MAGIC = 0x314547414D49564A
"""``JVIMAGE1``"""
ADDRESS_LIMIT = 1 << 31
PIECE = 1 << 21
"""Bytes in a huge page."""

_PROT_READ, _PROT_WRITE, _PROT_EXEC = 1, 2, 4
_MAP_PRIVATE, _MAP_ANONYMOUS, _MAP_NORESERVE, _MAP_POPULATE = 2, 0x20, 0x4000, 0x8000
_MADV_HUGEPAGE = 14
_MAP_FAILED = (1 << 64) - 1
_TRAILER = 8
"""Words at the end of an image as bytes (``Image.to_bytes``)."""

_mmap = bind("mmap", Pointer, Pointer, Word, Int32, Int32, Int32, Int64, errno=True)
_munmap = bind("munmap", Int32, Pointer, Word, errno=True)
_mprotect = bind("mprotect", Int32, Pointer, Word, Int32, errno=True)
_madvise = bind("madvise", Int32, Pointer, Word, Int32, errno=True)


class LoaderError(Exception):
    """An object or image that cannot be loaded; the message says what is wrong with it."""


class ExecutableMemoryDenied(LoaderError):
    """The system refuses memory for code: scripts can still run, but not in the virtual machine."""


class Image:
    """A linked object, not yet in memory: plain data, independent of the address it will be loaded at.

    ``content`` is what to copy, ``code_size`` how many bytes of it (whole pages) are read and executed, ``size`` the
    bytes to map (what follows ``content`` is zero). ``absolute`` lists the 8-byte words (as index) to which the base
    address is added, ``imports`` pairs of a word and the name of the external address to add. ``symbols`` has a row
    (name, offset, size in bytes) for each named function and object.
    """

    __slots__ = ("absolute", "code_size", "content", "imports", "names", "offsets", "size", "sizes")

    def __init__(self, content: bytes | memoryview, code_size: int, size: int) -> None:
        self.content = content
        self.code_size = code_size
        self.size = size
        self.absolute: tuple[int, ...] = ()
        self.imports: tuple[tuple[int, str], ...] = ()
        self.names: list[str] = []
        self.offsets: tuple[int, ...] = ()
        self.sizes: tuple[int, ...] = ()

    def to_bytes(self) -> bytes:
        """The image as bytes, for ``load`` in another process: memory as it will be mapped, what is to be added there, names, and the
        numbers of all that. Memory comes first, so that a file of it can serve as that memory."""
        names = "\0".join([*self.names, *(name for _, name in self.imports)]).encode()
        numbers = (*self.absolute, *(word for word, _ in self.imports), *self.offsets, *self.sizes)
        header = (self.code_size, self.size, len(self.absolute), len(self.imports), len(self.names), len(names), 0, MAGIC)
        return b"".join((self.content, bytes(self.size - len(self.content)), *(number.to_bytes(4, "little") for number in numbers), names,
                         *(number.to_bytes(8, "little") for number in header)))

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> Image:
        """The opposite of ``to_bytes``; ``content`` is a view of the data. Raises LoaderError where it is not an image or is damaged."""
        view = memoryview(data)
        if len(view) < 8 * _TRAILER:
            raise LoaderError(f"image truncated: {len(view)} bytes")
        code_size, size, absolutes, imports, symbols, names_length, _, magic = view[-8 * _TRAILER:].cast("Q")
        count = absolutes + imports + 2 * symbols
        if magic != MAGIC or len(view) != size + 4 * count + names_length + 8 * _TRAILER:
            raise LoaderError("not an image, or one of the wrong length")
        if size % PAGE or code_size % PAGE or code_size > size:
            raise LoaderError("image with sizes that do not fit")
        image = cls(view[:size], code_size, size)
        numbers = view[size:size + 4 * count].cast("I").tolist()
        try:
            names = str(view[size + 4 * count:-8 * _TRAILER], "utf-8").split("\0")
        except UnicodeDecodeError:
            raise LoaderError("image with names that are not text") from None
        image.absolute = tuple(numbers[:absolutes])
        image.names = names[:symbols] if symbols else []
        image.imports = tuple(zip(numbers[absolutes:absolutes + imports], names[symbols:], strict=False))
        image.offsets = tuple(numbers[absolutes + imports:absolutes + imports + symbols])
        image.sizes = tuple(numbers[absolutes + imports + symbols:])
        if len(image.imports) != imports or len(image.names) != symbols:
            raise LoaderError("image with names missing")
        if any(8 * word >= size for word in numbers[:absolutes + imports]) or any(offset > size for offset in image.offsets):
            raise LoaderError("image with an offset outside of it")
        return image


class Loaded:
    """Code in memory. It stays mapped until ``free`` is called: a dropped reference frees nothing.

    ``names`` gives the address of each symbol, ``base`` and ``size`` (bytes) the mapping, of which the first ``code_size``
    bytes are read-only and executable and the rest writable. ``image`` has the sizes of the symbols.
    """

    __slots__ = ("base", "code_size", "image", "names", "size")

    def __init__(self, image: Image, base: int) -> None:
        self.image = image
        self.base = base
        self.size = image.size
        self.code_size = image.code_size
        self.names: dict[str, int] = dict(zip(image.names, map(base.__add__, image.offsets), strict=True))

    def free(self) -> None:
        """Unmaps the code. The caller makes sure that nothing runs it or points to it. A second call does nothing."""
        if self.size:
            _munmap(self.base, self.size)
            self.base = self.size = self.code_size = 0
            self.names = {}


class Region:
    """A file's bytes in private memory that may be written: where ``cache.taken`` puts what is to be used where it lies.

    ``address`` is that of the file's first byte, ``start`` that of its data. Regions lie side by side in huge pages where the system has
    them: a page fault for each small page takes longer than reading the file.
    """

    __slots__ = ("address", "size", "start")
    total = 0
    """Bytes of address space that all of them have taken, huge pages as a rule."""
    _next = _end = 0

    def __init__(self) -> None:
        self.address = self.size = self.start = 0

    def take(self, file: int, head: int, size: int) -> tuple[bytes, memoryview]:
        """Reads a file: its first ``head`` bytes, and a view of the rest. Raises OSError where the system gives no memory."""
        self.address, self.size = self._room(size), size
        self.start = self.address + head
        view = bytes_at(self.address, size)
        done = 0
        while done < size and (count := posix.readv(file, [view[done:]])):
            done += count
        return bytes(view[:head]), view[head:done]

    @classmethod
    def _room(cls, size: int) -> int:
        """The address of whole pages for a number of bytes."""
        if cls._end - cls._next < size:
            wanted = -(-size // PIECE) * PIECE
            base = _mmap(None, wanted + PIECE, _PROT_READ | _PROT_WRITE, _MAP_PRIVATE | _MAP_ANONYMOUS | _MAP_NORESERVE, -1, 0)
            if base is None or base == _MAP_FAILED:
                raise OSError(get_errno(), "no memory")
            cls._next = -(-base // PIECE) * PIECE
            cls._end = cls._next + wanted
            cls.total += wanted
            if base < cls._next:
                _munmap(base, cls._next - base)
            if cls._next < base + PIECE:
                _munmap(cls._end, base + PIECE - cls._next)
            _madvise(cls._next, wanted, _MADV_HUGEPAGE)
        address = cls._next
        cls._next += -(-size // PAGE) * PAGE
        return address

    def free(self) -> None:
        """Gives up what was taken last. Nothing may use its views or what lies there."""
        if self.size and Region._next == self.address + -(-self.size // PAGE) * PAGE:
            Region._next = self.address


def load(source: bytes | Image, externals: Mapping[str, int] | None = None) -> Loaded:
    """Puts an object, an image or an image's bytes into memory, ready to run.

    ``externals`` gives the address of each symbol that the object uses and does not define. Raises LoaderError for
    malformed input and for a symbol that is missing, ExecutableMemoryDenied where the system gives no memory for code.
    """
    if isinstance(source, Image):
        image = source
    elif source.startswith(b"\x7fELF"):
        from jitvm.backend.linker import link

        image = link(source)
    else:
        image = Image.from_bytes(source)
    _check_names(image, externals)
    base = _mmap(None, image.size, _PROT_READ | _PROT_WRITE, _MAP_PRIVATE | _MAP_ANONYMOUS | _MAP_POPULATE, -1, 0)
    if base is None or base == _MAP_FAILED:
        raise ExecutableMemoryDenied(f"no memory for {image.size} bytes of code (errno {get_errno()})")
    bytes_at(base, len(image.content))[:] = image.content
    try:
        return _finish(image, base, externals)
    except LoaderError:
        _munmap(base, image.size)
        raise


def load_in_place(region: Region, data: memoryview, externals: Mapping[str, int] | None = None) -> Loaded:
    """The same for an image's bytes in a region, which become its memory. The region must begin at a page."""
    image = Image.from_bytes(data)
    _check_names(image, externals)
    return _finish(image, region.start, externals)


def _check_names(image: Image, externals: Mapping[str, int] | None) -> None:
    missing = sorted({name for _, name in image.imports} - (externals or {}).keys())
    if missing:
        raise LoaderError("undefined symbol: " + ", ".join(missing))


def _finish(image: Image, base: int, externals: Mapping[str, int] | None) -> Loaded:
    """Fills in the addresses and protects the code."""
    with view_of(base, image.size) as view:
        for word in image.absolute:
            view[word] += base
        for word, name in image.imports:
            view[word] += (externals or {})[name]
    if image.code_size and _mprotect(base, image.code_size, _PROT_READ | _PROT_EXEC):
        raise ExecutableMemoryDenied(f"the system refuses executable memory (errno {get_errno()})")
    return Loaded(image, base)
