"""Links relocatable x86-64 objects: sections placed, everything relative final; ``elf.load`` puts the image into memory.

An image is one span of bytes: what is read or executed first, then, from a page boundary on, what may be written.
"""
from __future__ import annotations

from itertools import pairwise

from jitvm.backend.elf import ADDRESS_LIMIT, PAGE, Image, LoaderError

_SHT_SYMTAB, _SHT_RELA, _SHT_NOBITS, _SHT_REL = 2, 4, 8, 9
_SHF_WRITE, _SHF_ALLOC, _SHF_TLS = 1, 2, 0x400
_SHN_UNDEF, _SHN_ABS, _SHN_COMMON = 0, 0xFFF1, 0xFFF2
_STT_SECTION, _STT_FILE = 3, 4

_R_64, _R_PC32, _R_PLT32, _R_GOTPCREL, _R_32, _R_32S, _R_PC64, _R_GOTPCRELX, _R_REX_GOTPCRELX = 1, 2, 4, 9, 10, 11, 24, 41, 42
_GOT = frozenset((_R_GOTPCREL, _R_GOTPCRELX, _R_REX_GOTPCRELX))

# Bytes of the fields, in order. The module struct is a file to be found on a path that may be the program's by then.
_ELF_HEADER = 16, 2, 2, 4, 8, 8, 8, 4, 2, 2, 2, 2, 2, 2
_SECTION = 4, 4, 8, 8, 8, 8, 4, 4, 8, 8
_SYMBOL = 4, 1, 1, 2, 8, 8
_RELA = 8, 8, 8

_MOV, _LEA = 0x8B, 0x8D

_STUB = b"\xff\x25\x02\x00\x00\x00\x66\x90"
"""``jmp *2(%rip)`` and two bytes of padding; the 8 bytes that follow hold the address: a stub and a GOT slot in one."""
_STUB_SIZE = 16
_SLOT = 8


_SIGN = 1 << 63


def _rows(fields: tuple[int, ...], data: bytes) -> list[tuple[int, ...]]:
    """A table's rows of unsigned numbers. Raises LoaderError where the last one is not whole."""
    if len(data) % sum(fields):
        raise LoaderError("malformed object: a table that ends within a row")
    number = int.from_bytes
    places = [(sum(fields[:index]), sum(fields[:index + 1])) for index in range(len(fields))]
    return [tuple([number(data[row + start:row + end], "little") for start, end in places]) for row in range(0, len(data), sum(fields))]


def link(data: bytes) -> Image:
    """Places the sections of a relocatable x86-64 ELF object and resolves what does not depend on the address.

    Raises LoaderError for anything that is malformed or that position-independent code does not need.
    """
    try:
        return _Linker(data).run()
    except (OverflowError, IndexError, UnicodeDecodeError) as error:
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
        symbols = _rows(_SYMBOL, self._bytes(tables[0])) if tables else []
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
        if len(data) < sum(_ELF_HEADER):
            raise LoaderError("object truncated in its header")
        header = self._header()
        if data[4:6] != b"\x02\x01" or header[1] != 1 or header[2] != 62:
            raise LoaderError("not a relocatable object for x86-64")
        offset, entry, count = header[6], header[11], header[12]
        if entry != sum(_SECTION) or not count or offset + entry * count > len(data):
            raise LoaderError("object truncated in its section table")
        sections = _rows(_SECTION, data[offset:offset + entry * count])
        for section in sections:
            if section[1] != _SHT_NOBITS and section[4] + section[5] > len(data):
                raise LoaderError("object truncated in a section")
        return sections

    def _header(self) -> tuple[int, ...]:
        return _rows(_ELF_HEADER, self.data[:sum(_ELF_HEADER)])[0]

    def _put(self, place: int, value: int, size: int = 4) -> None:
        """Writes a signed number of ``size`` bytes."""
        self.buffer[place:place + size] = value.to_bytes(size, "little", signed=True)

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
            rows = [(place, info, (addend ^ _SIGN) - _SIGN) for place, info, addend in _rows(_RELA, self._bytes(section))]
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
        strings = self._bytes(self.sections[self._header()[13]])
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
                self._put(offset + _SLOT, value, 8)
                self.absolute.append(word)

    def _relocate(self, number: int, rows: list[tuple[int, int, int]], values: list[int | None], names: list[str]) -> None:
        """Applies the relocations of one section."""
        start = self.place.get(number)
        if start is None:
            return
        limit = start + self.sections[number][5]
        put = self._put
        for offset, info, addend in rows:
            kind, where = info & 0xFFFFFFFF, start + offset
            value = values[info >> 32]
            if where + 4 > limit:
                raise LoaderError("relocation outside of its section")
            if kind in (_R_PC32, _R_PLT32):
                if value is None:
                    value = self._outside(info >> 32, kind, names)
                put(where, value + addend - where)
            elif kind == _R_64:
                self._absolute(where, limit, value, addend, names[info >> 32])
            elif kind in _GOT:
                self._indirect(where, info >> 32, kind, value, addend)
            elif kind == _R_PC64 and value is not None and where + 8 <= limit:
                put(where, value + addend - where, 8)
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
        self._put(where, addend + (value or 0), 8)
        if value is None:
            self.imports.append((where // 8, name))
        else:
            self.absolute.append(where // 8)

    def _indirect(self, where: int, number: int, kind: int, value: int | None, addend: int) -> None:
        """A reference through an address slot. ``mov slot(%rip), r`` of a local symbol becomes ``lea symbol(%rip), r``."""
        if value is not None and kind != _R_GOTPCREL and where > 1 and self.buffer[where - 2] == _MOV:
            self.buffer[where - 2] = _LEA
            self._put(where, value + addend - where)
        else:
            self._put(where, self.slots[number] + _SLOT + addend - where)


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
