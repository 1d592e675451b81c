"""Puts relocatable x86-64 objects into memory: a small static linker and loader.

Two steps, so that the first can be done once and its result kept on disk:

    image = link(object_bytes)      # sections placed, everything relative is final; plain data
    code = load(image)              # mapped, absolute addresses filled in, protected; `load(object_bytes)` does both

An image is one span of bytes: what is read or executed first, then, from a page boundary on, what may be written.
Memory is private, and no page is ever writable and executable at once. Foreign functions are bound when this module is
imported and nothing here raises an audit event afterwards: code is loaded in the middle of the user's program.
"""
from __future__ import annotations

import _struct
from _struct import Struct
from itertools import pairwise

from jitvm.backend.foreign import Bytes, Int32, Int64, Pointer, Word, bind, get_errno, view_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_StructError: type[Exception] = _struct.error  # type: ignore[attr-defined]
PAGE = 4096
MAGIC = b"JVIMAGE1"
ADDRESS_LIMIT = 1 << 31

_PROT_READ, _PROT_WRITE, _PROT_EXEC = 1, 2, 4
_MAP_PRIVATE, _MAP_ANONYMOUS = 2, 0x20
_MAP_FAILED = (1 << 64) - 1

_SHT_SYMTAB, _SHT_RELA, _SHT_NOBITS, _SHT_REL = 2, 4, 8, 9
_SHF_WRITE, _SHF_ALLOC, _SHF_TLS = 1, 2, 0x400
_SHN_UNDEF, _SHN_ABS, _SHN_COMMON = 0, 0xFFF1, 0xFFF2
_STT_SECTION, _STT_FILE = 3, 4

_R_64, _R_PC32, _R_PLT32, _R_GOTPCREL, _R_32, _R_32S, _R_PC64, _R_GOTPCRELX, _R_REX_GOTPCRELX = 1, 2, 4, 9, 10, 11, 24, 41, 42
_GOT = frozenset((_R_GOTPCREL, _R_GOTPCRELX, _R_REX_GOTPCRELX))

_ELF_HEADER = Struct("<16sHHIQQQIHHHHHH")
_SECTION = Struct("<IIQQQQIIQQ")
_SYMBOL = Struct("<IBBHQQ")
_RELA = Struct("<QQq")
_IMAGE_HEADER = Struct("<8sQQQIIII")
_INT32 = Struct("<i")
_INT64 = Struct("<q")

_MOV, _LEA = 0x8B, 0x8D

_STUB = b"\xff\x25\x02\x00\x00\x00\x66\x90"
"""``jmp *2(%rip)`` and two bytes of padding; the 8 bytes that follow hold the address: a stub and a GOT slot in one."""
_STUB_SIZE = 16
_SLOT = 8

_mmap = bind("mmap", Pointer, Pointer, Word, Int32, Int32, Int32, Int64, errno=True)
_munmap = bind("munmap", Int32, Pointer, Word, errno=True)
_mprotect = bind("mprotect", Int32, Pointer, Word, Int32, errno=True)
_copy = bind("memcpy", None, Pointer, Bytes, Word)


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

    def __init__(self, content: bytes, code_size: int, size: int) -> None:
        self.content = content
        self.code_size = code_size
        self.size = size
        self.absolute: tuple[int, ...] = ()
        self.imports: tuple[tuple[int, str], ...] = ()
        self.names: list[str] = []
        self.offsets: tuple[int, ...] = ()
        self.sizes: tuple[int, ...] = ()

    def to_bytes(self) -> bytes:
        """The image as bytes, for ``load`` in another process."""
        names = "\0".join([*self.names, *(name for _, name in self.imports)]).encode()
        numbers = (*self.absolute, *(word for word, _ in self.imports), *self.offsets, *self.sizes)
        header = _IMAGE_HEADER.pack(MAGIC, self.code_size, self.size, len(self.content), len(self.absolute), len(self.imports),
                                    len(self.names), len(names))
        return b"".join((header, self.content, Struct(f"<{len(numbers)}I").pack(*numbers), names))

    @classmethod
    def from_bytes(cls, data: bytes) -> Image:
        """The opposite of ``to_bytes``. Raises LoaderError where the data is not an image or is damaged."""
        if len(data) < _IMAGE_HEADER.size:
            raise LoaderError(f"image truncated: {len(data)} bytes")
        magic, code_size, size, length, absolutes, imports, symbols, names_length = _IMAGE_HEADER.unpack_from(data)
        start = _IMAGE_HEADER.size
        count = absolutes + imports + 2 * symbols
        if magic != MAGIC or len(data) != start + length + 4 * count + names_length:
            raise LoaderError("not an image, or one of the wrong length")
        if length % 8 or size % PAGE or code_size % PAGE or length > size or code_size > size:
            raise LoaderError("image with sizes that do not fit")
        image = cls(data[start:start + length], code_size, size)
        numbers = Struct(f"<{count}I").unpack_from(data, start + length)
        try:
            names = data[start + length + 4 * count:].decode().split("\0")
        except UnicodeDecodeError:
            raise LoaderError("image with names that are not text") from None
        image.absolute = numbers[:absolutes]
        image.names = names[:symbols] if symbols else []
        image.imports = tuple(zip(numbers[absolutes:absolutes + imports], names[symbols:], strict=False))
        image.offsets = numbers[absolutes + imports:absolutes + imports + symbols]
        image.sizes = numbers[absolutes + imports + symbols:]
        limit = length // 8
        if len(image.imports) != imports or len(image.names) != symbols:
            raise LoaderError("image with names missing")
        if any(word >= limit for word in numbers[:absolutes + imports]) or any(offset > size for offset in image.offsets):
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


def load(source: bytes | Image, externals: Mapping[str, int] | None = None) -> Loaded:
    """Puts an object, an image or an image's bytes into memory, ready to run.

    ``externals`` gives the address of each symbol that the object uses and does not define. Raises LoaderError for
    malformed input and for a symbol that is missing, ExecutableMemoryDenied where the system gives no memory for code.
    """
    if isinstance(source, Image):
        image = source
    elif source.startswith(MAGIC):
        image = Image.from_bytes(source)
    else:
        image = link(source)
    missing = sorted({name for _, name in image.imports} - (externals or {}).keys())
    if missing:
        raise LoaderError("undefined symbol: " + ", ".join(missing))
    base = _mmap(None, image.size, _PROT_READ | _PROT_WRITE, _MAP_PRIVATE | _MAP_ANONYMOUS, -1, 0)
    if base is None or base == _MAP_FAILED:
        raise ExecutableMemoryDenied(f"no memory for {image.size} bytes of code (errno {get_errno()})")
    _copy(base, image.content, len(image.content))
    with view_of(base, image.size) as view:
        for word in image.absolute:
            view[word] += base
        for word, name in image.imports:
            view[word] += (externals or {})[name]
    if image.code_size and _mprotect(base, image.code_size, _PROT_READ | _PROT_EXEC):
        number = get_errno()
        _munmap(base, image.size)
        raise ExecutableMemoryDenied(f"the system refuses executable memory (errno {number})")
    return Loaded(image, base)


def link(data: bytes) -> Image:
    """Places the sections of a relocatable x86-64 ELF object and resolves what does not depend on the address.

    Raises LoaderError for anything that is malformed or that position-independent code does not need.
    """
    try:
        return _Linker(data).run()
    except (_StructError, IndexError, UnicodeDecodeError) as error:
        raise LoaderError(f"malformed object: {error}") from None


class _Linker:
    """The state of one ``link``: addresses are offsets in the image until it is loaded."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.sections = self._sections()
        self.place: dict[int, int] = {}
        self.absolute: list[int] = []
        self.imports: list[tuple[int, str]] = []
        self.slots: dict[int, int] = {}

    def run(self) -> Image:
        """Links and returns the image."""
        tables = [section for section in self.sections if section[1] == _SHT_SYMTAB]
        if len(tables) > 1:
            raise LoaderError("malformed object: more than one symbol table")
        symbols = list(_SYMBOL.iter_unpack(self._bytes(tables[0]))) if tables else []
        strings = self._bytes(self.sections[tables[0][6]]) if tables else b""
        relocations = self._relocations(len(symbols))
        undefined = {number for number, symbol in enumerate(symbols) if symbol[3] == _SHN_UNDEF}
        wanted = {info >> 32 for _, rows in relocations for _, info, _ in rows
                  if info & 0xFFFFFFFF in _GOT or info >> 32 in undefined}
        code_size, content_size, size = self._layout(sorted(wanted))
        self.buffer = bytearray(content_size)
        for number, offset in self.place.items():
            section = self.sections[number]
            if section[1] != _SHT_NOBITS:
                self.buffer[offset:offset + section[5]] = self._bytes(section)
        names = [_string(strings, symbol[0]) if symbol[0] else "" for symbol in symbols]
        values = [self._value(symbol, name) for symbol, name in zip(symbols, names, strict=True)]
        self._fill_slots(values, names)
        for number, rows in relocations:
            self._relocate(number, rows, values, names)
        image = Image(bytes(self.buffer), code_size, size)
        image.absolute = tuple(self.absolute)
        image.imports = tuple(self.imports)
        named = sorted((value, name, symbol[5]) for symbol, name, value in zip(symbols, names, values, strict=True)
                       if name and value is not None and symbol[1] & 15 not in (_STT_SECTION, _STT_FILE))
        image.offsets = tuple(value for value, _, _ in named)
        image.names = [name for _, name, _ in named]
        image.sizes = tuple(size for _, _, size in named)
        return image

    def _sections(self) -> list[tuple[int, ...]]:
        """The section headers: name, type, flags, address, offset, size, link, info, alignment, entry size."""
        data = self.data
        if not data.startswith(b"\x7fELF"):
            raise LoaderError("not an ELF object")
        if len(data) < _ELF_HEADER.size:
            raise LoaderError("object truncated in its header")
        header = _ELF_HEADER.unpack_from(data)
        if header[0][4:6] != b"\x02\x01" or header[1] != 1 or header[2] != 62:
            raise LoaderError("not a relocatable object for x86-64")
        offset, entry, count = header[6], header[11], header[12]
        if entry != _SECTION.size or not count or offset + entry * count > len(data):
            raise LoaderError("object truncated in its section table")
        sections = list(_SECTION.iter_unpack(data[offset:offset + entry * count]))
        for section in sections:
            if section[1] != _SHT_NOBITS and section[4] + section[5] > len(data):
                raise LoaderError("object truncated in a section")
        return sections

    def _bytes(self, section: tuple[int, ...]) -> bytes:
        return self.data[section[4]:section[4] + section[5]]

    def _relocations(self, symbols: int) -> list[tuple[int, list[tuple[int, int, int]]]]:
        """For each section that is loaded: its number and its rows (offset, type and symbol, addend)."""
        result = []
        for section in self.sections:
            if section[1] not in (_SHT_RELA, _SHT_REL) or not self.sections[section[7]][2] & _SHF_ALLOC:
                continue
            if section[1] == _SHT_REL:
                raise LoaderError("relocations without addends")
            rows: list[tuple[int, int, int]] = list(_RELA.iter_unpack(self._bytes(section)))
            if any(info >> 32 >= symbols for _, info, _ in rows):
                raise LoaderError("relocation by a symbol that is not there")
            result.append((section[7], rows))
        return result

    def _layout(self, slots: list[int]) -> tuple[int, int, int]:
        """Gives each loaded section its offset. Returns the bytes of code, of content and of the mapping.

        First come the sections that are only read or executed (with constants that need absolute addresses, which
        nobody writes once they are relocated) and the address slots, then from a page boundary the writable ones,
        those without content last.
        """
        strings = self._bytes(self.sections[_ELF_HEADER.unpack_from(self.data)[13]])
        groups: tuple[list[int], list[int], list[int]] = ([], [], [])
        for number, section in enumerate(self.sections):
            if not section[2] & _SHF_ALLOC or not section[5]:
                continue
            if section[2] & _SHF_TLS:
                raise LoaderError("thread-local data")
            if section[8] > PAGE or section[8] & (section[8] - 1):
                raise LoaderError(f"alignment {section[8]} of a section")
            if section[1] == _SHT_NOBITS:
                groups[2].append(number)
            elif section[2] & _SHF_WRITE and not _string(strings, section[0]).startswith(".data.rel.ro"):
                groups[1].append(number)
            else:
                groups[0].append(number)
        offset = self._place(groups[0], 0)
        offset = (offset + 15) & -16
        for slot in slots:
            self.slots[slot] = offset
            offset += _STUB_SIZE
        code_size = (offset + PAGE - 1) & -PAGE
        content_end = self._place(groups[1], code_size) if groups[1] else offset
        size = self._place(groups[2], max(content_end, code_size))
        if size >= ADDRESS_LIMIT:
            raise LoaderError(f"object too large: {size} bytes")
        return code_size, (content_end + 7) & -8, max((size + PAGE - 1) & -PAGE, PAGE)

    def _place(self, numbers: list[int], offset: int) -> int:
        for number in numbers:
            section = self.sections[number]
            alignment = max(section[8], 1)
            offset = (offset + alignment - 1) & -alignment
            self.place[number] = offset
            offset += section[5]
        return offset

    def _value(self, symbol: tuple[int, ...], name: str) -> int | None:
        """The offset of a symbol in the image; None if it has none there."""
        number = symbol[3]
        if number in (_SHN_UNDEF, _SHN_ABS):
            return None
        if number == _SHN_COMMON:
            raise LoaderError(f"symbol without a section: {name}")
        if number >= len(self.sections):
            raise LoaderError(f"symbol in a section that is not there: {name}")
        offset = self.place.get(number)
        return None if offset is None else offset + symbol[4]

    def _fill_slots(self, values: list[int | None], names: list[str]) -> None:
        for number, offset in self.slots.items():
            value = values[number]
            self.buffer[offset:offset + _SLOT] = _STUB
            word = (offset + _SLOT) // 8
            if value is None:
                self.imports.append((word, names[number]))
            else:
                _INT64.pack_into(self.buffer, offset + _SLOT, value)
                self.absolute.append(word)

    def _relocate(self, number: int, rows: list[tuple[int, int, int]], values: list[int | None], names: list[str]) -> None:
        """Applies the relocations of one section."""
        start = self.place.get(number)
        if start is None:
            return
        limit = start + self.sections[number][5]
        buffer, put = self.buffer, _INT32.pack_into
        for offset, info, addend in rows:
            kind, where = info & 0xFFFFFFFF, start + offset
            value = values[info >> 32]
            if where + 4 > limit:
                raise LoaderError("relocation outside of its section")
            if kind in (_R_PC32, _R_PLT32):
                if value is None:
                    value = self._outside(info >> 32, kind, names)
                put(buffer, where, value + addend - where)
            elif kind == _R_64:
                self._absolute(where, limit, value, addend, names[info >> 32])
            elif kind in _GOT:
                self._indirect(where, info >> 32, kind, value, addend)
            elif kind == _R_PC64 and value is not None and where + 8 <= limit:
                _INT64.pack_into(buffer, where, value + addend - where)
            else:
                raise LoaderError(_refusal(kind, names[info >> 32]))

    def _outside(self, number: int, kind: int, names: list[str]) -> int:
        """Where a relative reference to a symbol that is not in the image goes: a call to its stub, all else nowhere."""
        if number not in self.slots or kind != _R_PLT32:
            raise LoaderError(f"undefined symbol used by its relative address: {names[number]}")
        return self.slots[number]

    def _absolute(self, where: int, limit: int, value: int | None, addend: int, name: str) -> None:
        if where % 8 or where + 8 > limit:
            raise LoaderError(f"absolute address at an odd place: {name}")
        if value is None and not name:
            raise LoaderError("absolute address of nothing")
        _INT64.pack_into(self.buffer, where, addend + (value or 0))
        if value is None:
            self.imports.append((where // 8, name))
        else:
            self.absolute.append(where // 8)

    def _indirect(self, where: int, number: int, kind: int, value: int | None, addend: int) -> None:
        """A reference through an address slot. ``mov slot(%rip), r`` of a local symbol becomes ``lea symbol(%rip), r``."""
        if value is not None and kind != _R_GOTPCREL and where > 1 and self.buffer[where - 2] == _MOV:
            self.buffer[where - 2] = _LEA
            _INT32.pack_into(self.buffer, where, value + addend - where)
        else:
            _INT32.pack_into(self.buffer, where, self.slots[number] + _SLOT + addend - where)


def _refusal(kind: int, name: str) -> str:
    """Why a relocation is refused."""
    if kind in (_R_32, _R_32S):
        return f"32-bit absolute address of {name or 'a section'}: the code is not position-independent"
    return f"unknown relocation {kind} by {name or 'a section'}"


def _string(table: bytes, offset: int) -> str:
    end = table.find(b"\0", offset)
    if end < 0:
        raise LoaderError("name outside of its table")
    return table[offset:end].decode()


def symbol_at(image: Image, offset: int) -> str:
    """The name of the symbol that covers ``offset`` (bytes from the base), or an empty string."""
    for (name, first), (_, following) in pairwise([*zip(image.names, image.offsets, strict=True), ("", image.size)]):
        if first <= offset < following:
            return name
    return ""
