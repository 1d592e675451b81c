"""Signed division; by a constant without a division (Granlund and Montgomery; Warren, Hacker's Delight, chapter 10)."""
from __future__ import annotations

from jitvm.baseline.registers import R11, RAX, RDX
from jitvm.baseline.x86 import CONDITIONS, Assembler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitvm.baseline.x86 import Place

BITS = 64


def magic(divisor: int) -> tuple[int, int]:
    """The factor (signed) and shift by which to divide by a constant of which the absolute value is at least 2."""
    size = abs(divisor)
    limit = (1 << BITS - 1) + (divisor < 0)
    least = limit - 1 - limit % size
    power = BITS
    while (1 << power) <= least * (size - (1 << power) % size):
        power += 1
    factor = ((1 << power) + size - (1 << power) % size) // size
    if divisor < 0:
        factor = -factor
    factor &= (1 << BITS) - 1
    return factor - (1 << BITS) if factor >> BITS - 1 else factor, power - BITS


def by_value(out: Assembler, divisor: Place, seldom: str, end: str) -> tuple[str, str, Place]:
    """Divides RAX; the quotient is there then, the rest in RDX. Two numbers of 32 bits without a sign take a shorter division, several
    times so on older processors (Intel's optimization manual, "Integer division"). The other one is to be written behind the code
    (``by_large_value``)."""
    out.put(b"\x8b", RDX, RAX)
    out.put(b"\x0b", RDX, divisor)
    out.constant(b"\xc1", 5, RDX, 32, 1)
    out.jump(seldom, CONDITIONS["ne"])
    out.put(b"\xf7", 6, divisor, False)
    out.label(end)
    return seldom, end, divisor


def by_large_value(out: Assembler, seldom: str, end: str, divisor: Place) -> None:
    """The division of any numbers."""
    out.label(seldom)
    out.code += b"\x48\x99"
    out.put(b"\xf7", 7, divisor)
    out.jump(end)


def by_constant(out: Assembler, register: int, divisor: int, rest: bool) -> int:
    """Divides what is in a register (not RAX or RDX); its quotient, or the rest, is in RAX then. R11 may be that register."""
    size = abs(divisor)
    if size & size - 1:
        factor, shift = magic(divisor)
        out.load_constant(RAX, factor)
        out.put(b"\xf7", 5, register)
        if divisor > 0 > factor:
            out.put(b"\x03", RDX, register)
        elif divisor < 0 < factor:
            out.put(b"\x2b", RDX, register)
        if shift:
            out.constant(b"\xc1", 7, RDX, shift, 1)
        out.put(b"\x8b", RAX, RDX)
        out.constant(b"\xc1", 5, RAX, BITS - 1, 1)
        out.put(b"\x03", RAX, RDX)
    else:
        power = size.bit_length() - 1
        out.put(b"\x8b", RAX, register)
        out.constant(b"\xc1", 7, RAX, BITS - 1, 1)
        out.constant(b"\xc1", 5, RAX, BITS - power, 1)
        out.put(b"\x03", RAX, register)
        out.constant(b"\xc1", 7, RAX, power, 1)
        if divisor < 0:
            out.put(b"\xf7", 3, RAX)
    if not rest:
        return RAX
    if -128 <= divisor < 128:
        out.constant(b"\x6b", RAX, RAX, divisor, 1)
    else:
        out.constant(b"\x69", RAX, RAX, divisor, 4)
    if register != R11:
        out.put(b"\x8b", R11, register)
    out.put(b"\x2b", R11, RAX)
    return R11
