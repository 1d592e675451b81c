"""The loader: code that runs, memory that is protected, and refusal of everything malformed."""
from __future__ import annotations

import ctypes
import random
import struct
import subprocess
import sys

import pytest

from jitvm.backend import elf, linker, llvm

ONE = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
TWO = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


def protections(address: int) -> str:
    """The protection of the page at an address, as in /proc/self/maps."""
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        for line in maps:
            first, _, last = line.split()[0].partition("-")
            if int(first, 16) <= address < int(last, 16):
                return line.split()[1]
    return ""


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("through_bytes", [False, True])
def test_runs_with_data_tables_constants_and_switches(level: int, through_bytes: bool) -> None:
    from tests.backend.conftest import TEXT
    image: elf.Image | bytes = linker.link(llvm.Compiler(level).object_bytes(TEXT))
    if through_bytes:
        assert isinstance(image, elf.Image)
        image = image.to_bytes()
    code = elf.load(image)
    g = TWO(code.names["g"])
    f = ONE(code.names["f"])
    assert g(0, 0) == 100
    assert g(1, 0) == code.names["f"]
    assert f(1) == 6
    assert g(2, 0) == 13
    assert g(3, 0) == 6
    assert [g(4, 0), g(4, 1)] == [code.names["f"], code.names["g"]]
    assert g(5, 599) == 0
    assert g(5, 599) == 9
    assert g(6, 0) == -1
    code.free()
    code.free()
    assert code.names == {}


def test_memory_is_never_writable_and_executable(module_object: bytes) -> None:
    code = elf.load(module_object)
    assert protections(code.names["f"]) == "r-xp"
    assert protections(code.names["table"]) == "r-xp"
    assert protections(code.names["count"]) == "rw-p"
    assert protections(code.names["zeros"] + 600 * 8 - 1) == "rw-p"
    assert {protections(code.base + page) for page in range(0, code.size, elf.PAGE)} == {"r-xp", "rw-p"}
    base = code.base
    code.free()
    assert protections(base) != "r-xp"


def test_writing_to_code_is_a_fault(module_object: bytes) -> None:
    program = ("import ctypes, sys; from jitvm.backend import elf; code = elf.load(sys.stdin.buffer.read());"
               "print('loaded', flush=True); ctypes.memset(code.names['f'], 0, 1)")
    done = subprocess.run([sys.executable, "-c", program], input=module_object, capture_output=True, check=False)
    assert done.stdout == b"loaded\n"
    assert done.returncode == -11


def test_external_symbols(calling_object: bytes) -> None:
    callback = ONE(lambda x: x * 10)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    assert address is not None
    for source in (calling_object, linker.link(calling_object).to_bytes()):
        code = elf.load(source, {"outside": address})
        assert ONE(code.names["call"])(4) == 41
        assert ctypes.CFUNCTYPE(ctypes.c_uint64)(code.names["address"])() == address
        code.free()
    with pytest.raises(elf.LoaderError, match="undefined symbol: outside"):
        elf.load(calling_object)


def test_symbols_have_sizes(module_object: bytes) -> None:
    image = linker.link(module_object)
    sizes = dict(zip(image.names, image.sizes, strict=True))
    assert sizes["count"] == 8
    assert sizes["f"] > 0
    offset = dict(zip(image.names, image.offsets, strict=True))["f"]
    assert linker.symbol_at(image, offset + 1) == "f"
    assert linker.symbol_at(image, -1) == ""


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"MZ" * 100, b"\0" * 200, b"JVIMAGE1"])
def test_not_an_object(data: bytes) -> None:
    with pytest.raises(elf.LoaderError):
        elf.load(data)


def test_every_truncation_is_refused(module_object: bytes) -> None:
    for length in range(0, len(module_object) - 1, 37):
        with pytest.raises(elf.LoaderError):
            elf.load(module_object[:length])


def test_every_truncation_of_an_image_is_refused(module_object: bytes) -> None:
    data = linker.link(module_object).to_bytes()
    for length in (*range(64), *range(64, len(data), 501), len(data) - 1):
        with pytest.raises(elf.LoaderError):
            elf.load(data[:length])


@pytest.mark.parametrize(("offset", "value"), [(4, 1), (5, 2), (16, 2), (18, 3)])
def test_other_kinds_of_elf_are_refused(module_object: bytes, offset: int, value: int) -> None:
    changed = bytearray(module_object)
    changed[offset] = value
    with pytest.raises(elf.LoaderError, match="not a relocatable object for x86-64"):
        linker.link(bytes(changed))


@pytest.mark.parametrize(("kind", "message"), [(10, "32-bit absolute"), (11, "32-bit absolute"), (77, "unknown relocation 77")])
def test_relocations_that_are_refused(module_object: bytes, kind: int, message: str) -> None:
    changed = bytearray(module_object)
    section = next(row for row in relocation_sections(module_object) if row[5] >= 24)
    struct.pack_into("<I", changed, section[4] + 8, kind)
    with pytest.raises(elf.LoaderError, match=message):
        linker.link(bytes(changed))


def test_damaged_objects_are_refused_or_linked_but_never_crash(module_object: bytes) -> None:
    chance = random.Random(1)
    for _ in range(1500):
        changed = bytearray(module_object)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        try:
            linker.link(bytes(changed))
        except elf.LoaderError:
            pass


def test_damaged_images_are_refused_or_read_but_never_crash(module_object: bytes) -> None:
    data = linker.link(module_object).to_bytes()
    chance = random.Random(2)
    for _ in range(500):
        changed = bytearray(data)
        changed[chance.choice((chance.randrange(64), chance.randrange(len(data))))] = chance.randrange(256)
        try:
            elf.Image.from_bytes(bytes(changed))
        except elf.LoaderError:
            pass


def test_denied_executable_memory(module_object: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elf, "_mprotect", lambda *_: -1)
    with pytest.raises(elf.ExecutableMemoryDenied, match="refuses executable memory"):
        elf.load(module_object)


def relocation_sections(data: bytes) -> list[tuple[int, ...]]:
    offset = struct.unpack_from("<Q", data, 40)[0]
    count = struct.unpack_from("<H", data, 60)[0]
    return [row for row in struct.iter_unpack("<IIQQQQIIQQ", data[offset:offset + 64 * count]) if row[1] == 4]
