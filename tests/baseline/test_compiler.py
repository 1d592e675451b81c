"""The baseline compiler: calls of its own convention, what it refuses, divisions, and that no region's text is refused."""
from __future__ import annotations

import ctypes
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jitvm.backend import elf
from jitvm.baseline.compiler import compile_text
from jitvm.baseline.divisions import magic
from jitvm.baseline.emitter import Emitter
from jitvm.baseline.reader import Unsupported
from tests.baseline.programs import LLVM

ROOT = Path(__file__).resolve().parents[2]
METADATA = '!0 = !{!"branch_weights", i32 2000, i32 1}\n!1 = !{!"branch_weights", i32 1, i32 2000}\n'
SCRIPTS = ROOT / "tests" / "programs" / "scripts"

RECURSIVE = """
define internal preserve_nonecc {i64, i64} @body(ptr %mem, i64 %n, i64 %k, double %x) nounwind {
entry:
  %small = icmp slt i64 %n, 2
  br i1 %small, label %done, label %more
done:
  %r0 = insertvalue {i64, i64} {i64 undef, i64 0}, i64 %n, 0
  ret {i64, i64} %r0
more:
  %odd = and i64 %n, 1
  %is = icmp eq i64 %odd, %k
  br i1 %is, label %seldom, label %often, !prof !1
seldom:
  %n3 = sub i64 %n, 3
  %p3 = call preserve_nonecc {i64, i64} @body(ptr %mem, i64 %n3, i64 %k, double %x)
  %v3 = extractvalue {i64, i64} %p3, 0
  br label %join
often:
  %n1 = sub i64 %n, 1
  %p1 = call preserve_nonecc {i64, i64} @body(ptr %mem, i64 %n1, i64 %k, double %x)
  %v1 = extractvalue {i64, i64} %p1, 0
  %n2 = sub i64 %n, 2
  %p2 = call preserve_nonecc {i64, i64} @body(ptr %mem, i64 %n2, i64 %k, double %x)
  %v2 = extractvalue {i64, i64} %p2, 0
  %s2 = add i64 %v1, %v2
  br label %join
join:
  %sum = phi i64 [%v3, %seldom], [%s2, %often]
  %calls = load i64, ptr %mem
  %count = add i64 %calls, 1
  store i64 %count, ptr %mem
  %whole = fptosi double %x to i64
  %t = add i64 %sum, %whole
  %t2 = mul i64 %t, %k
  %t3 = add i64 %t2, %n
  %r = insertvalue {i64, i64} {i64 undef, i64 0}, i64 %t3, 0
  ret {i64, i64} %r
}
define preserve_nonecc {i64, i64} @start(ptr %mem, i64 %n, i64 %k, double %x) nounwind {
entry:
  %p = call preserve_nonecc {i64, i64} @body(ptr %mem, i64 %n, i64 %k, double %x)
  %v = extractvalue {i64, i64} %p, 0
  %more = add i64 %v, %n
  %r = insertvalue {i64, i64} {i64 undef, i64 0}, i64 %more, 0
  ret {i64, i64} %r
}
"""
AROUND = """
declare preserve_nonecc {i64, i64} @start(ptr %mem, i64 %n, i64 %k, double %x)
define i64 @run(ptr %mem, i64 %n, i64 %k, double %x) {
  %p = call preserve_nonecc {i64, i64} @start(ptr %mem, i64 %n, i64 %k, double %x)
  %v = extractvalue {i64, i64} %p, 0
  ret i64 %v
}
"""


def recursive(n: int, k: int, x: float, calls: list[int]) -> int:
    if n < 2:
        return n
    total = recursive(n - 3, k, x, calls) if n & 1 == k else recursive(n - 1, k, x, calls) + recursive(n - 2, k, x, calls)
    calls[0] += 1
    return (total + int(x)) * k + n


@pytest.mark.parametrize("k", (0, 1, 5))
def test_values_live_through_calls_of_the_function_itself(k: int) -> None:
    code = elf.load(compile_text(RECURSIVE))
    around = elf.load(LLVM.object_bytes(AROUND), code.names)
    run = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_double)(around.names["run"])
    for n in range(16):
        memory, calls = (ctypes.c_int64 * 1)(), [0]
        assert run(ctypes.addressof(memory), n, k, 7.75) == recursive(n, k, 7.75, calls) + n
        assert memory[0] == calls[0]
    around.free()
    code.free()


@pytest.mark.parametrize("text", ("%r = frobnicate i64 %a, 1", "switch i64 %a, label %x []", "%r = add i64 %later, 1",
                                  "%r = call i64 @f(i64 1, i64 2, i64 3, i64 4, i64 5, i64 6, i64 7)", "%r = zext i8 -1 to i64",
                                  "%b = load i8, ptr %a\n  %r = lshr i8 %b, 1"))
def test_what_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(Unsupported):
        compile_text(f"define preserve_nonecc ptr @trace(i64 %a) nounwind {{\nentry:\n  {text}\n  unreachable\n}}")


@pytest.mark.parametrize("operation", ("sdiv", "srem"))
def test_a_division_spares_the_values_around_it(operation: str) -> None:
    """There are more values than registers, so some are where the processor has the rest of a division."""
    count = 16
    lines = [f"  %p{i} = getelementptr i8, ptr %mem, i64 {8 * i}\n  %v{i} = load i64, ptr %p{i}" for i in range(count)]
    lines += [f"  %d{i} = {operation} i64 %v{i}, {('7', '-9', '%n', '16')[i % 4]}" for i in range(count)]
    lines += [f"  %s{i} = {'add i64 0' if not i else f'add i64 %t{i - 1}'}, %d{i}\n  %t{i} = mul i64 %s{i}, 3" for i in range(count)]
    text = "\n".join(["define preserve_nonecc {i64, i64} @start(ptr %mem, i64 %n, i64 %k, double %x) nounwind {", "entry:", *lines,
                      f"  %r = insertvalue {{i64, i64}} {{i64 undef, i64 0}}, i64 %t{count - 1}, 0", "  ret {i64, i64} %r", "}"])
    code = elf.load(compile_text(text))
    around = elf.load(LLVM.object_bytes(AROUND), code.names)
    run = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_double)(around.names["run"])
    memory = (ctypes.c_int64 * count)(*[(-1) ** i * (1000 + 37 * i) for i in range(count)])
    total = 0
    for place, number in enumerate(memory):
        divisor = (7, -9, 11, 16)[place % 4]
        quotient = abs(number) // abs(divisor) * (1 if (number < 0) == (divisor < 0) else -1)
        total = (total + (quotient if operation == "sdiv" else number - quotient * divisor)) * 3
    assert run(ctypes.addressof(memory), 11, 0, 0.0) == total
    around.free()
    code.free()


NUMBERS = (0, 1, -1, 7, -7, 10, 3_000_000_000, -3_000_000_000, (1 << 32) - 1, 1 << 32, (1 << 62) + 5, -(1 << 62) - 5, 1 << 31, -(1 << 63))


@pytest.mark.parametrize("name", ("quotient", "rest"))
def test_divisions_of_short_and_long_numbers(name: str) -> None:
    """Two numbers of 32 bits take another instruction than others."""
    operation = "sdiv" if name == "quotient" else "srem"
    pairs = [(a, b) for a in NUMBERS for b in NUMBERS if b and (a, b) != (-(1 << 63), -1)]
    lines = []
    for i, _ in enumerate(pairs):
        lines += [f"  %pa{i} = getelementptr i8, ptr %mem, i64 {16 * i}", f"  %pb{i} = getelementptr i8, ptr %mem, i64 {16 * i + 8}",
                  f"  %a{i} = load i64, ptr %pa{i}", f"  %b{i} = load i64, ptr %pb{i}", f"  %d{i} = {operation} i64 %a{i}, %b{i}",
                  f"  store i64 %d{i}, ptr %pa{i}"]
    words = ends_with("\n".join(lines), [number for pair in pairs for number in pair])
    for (a, b), got in zip(pairs, words[::2], strict=True):
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        assert got == (quotient if name == "quotient" else a - quotient * b), (a, b)


LOOP = """  %last = load i64, ptr %mem
  br label %head
head:
  %i = phi i64 [0, %entry], [%next, %often], [%next, %seldom]
  %sum = phi i64 [0, %entry], [%more, %often], [%far, %seldom]
  %on = icmp slt i64 %i, %last
  br i1 %on, label %turn, label %out, !prof !0
turn:
  %next = add i64 %i, 1
  %twice = shl i64 %i, 1
  %more = add i64 %sum, %twice
  %bits = and i64 %i, 7
  %rare = icmp eq i64 %bits, 7
  br i1 %rare, label %seldom, label %often, !prof !1
often:
  br label %head
seldom:
  %far = mul i64 %more, %next
  br label %head
out:
  %p1 = getelementptr i8, ptr %mem, i64 8
  %p2 = getelementptr i8, ptr %mem, i64 16
  store i64 %sum, ptr %p1
  store i64 %i, ptr %p2"""


@pytest.mark.parametrize("last", (-1, 0, 1, 2, 8, 30))
def test_a_loop_of_which_each_turn_ends_in_its_test(last: int, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = []
    again = Emitter.test_again
    monkeypatch.setattr(Emitter, "test_again", lambda self, header: (headers.append(header.label), again(self, header)))
    words = ends_with(LOOP, [last, 0, 0])
    total = 0
    for i in range(last):
        total += 2 * i
        if i % 8 == 7:
            total = signed(total * (i + 1))
    assert words == [last, total, max(last, 0)]
    assert headers == ["head"]


def test_what_calls_save_is_saved_again_where_ways_meet() -> None:
    """The word of a register that a call saves still has its value at a second call, if the first was on the way there."""
    more = "".join(f"  %q{i} = getelementptr i8, ptr %mem, i64 {8 * i}\n  %u{i} = load i64, ptr %q{i}\n" for i in range(1, 9))
    used = "".join(f"  %w{i} = add i64 %{f'w{i - 1}' if i > 1 else 's2'}, %u{i}\n" for i in range(1, 9))
    text = RECURSIVE.replace("more:\n", f"more:\n{more}").replace("  br label %join\njoin:", f"{used}  br label %join\njoin:")
    text = text.replace("[%s2, %often]", "[%w8, %often]")
    code = elf.load(compile_text(text))
    around = elf.load(LLVM.object_bytes(AROUND), code.names)
    run = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_double)(around.names["run"])
    theirs = elf.load(LLVM.object_bytes(text.replace("internal ", "") + METADATA))
    for n in range(12):
        memory, other = (ctypes.c_int64 * 9)(*range(9)), (ctypes.c_int64 * 9)(*range(9))
        aside = elf.load(LLVM.object_bytes(AROUND), theirs.names)
        same = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_double)(aside.names["run"])
        assert run(ctypes.addressof(memory), n, 1, 2.5) == same(ctypes.addressof(other), n, 1, 2.5)
        assert list(memory) == list(other)
        aside.free()
    for loaded in (around, theirs, code):
        loaded.free()


def test_a_value_may_be_defined_further_down_in_the_text() -> None:
    lines = """  br label %first
second:
  %sum = add i64 %later, 1
  store i64 %sum, ptr %mem
  br label %third
first:
  %later = add i64 %n, 20
  br label %second
third:"""
    assert ends_with(lines, [0]) == [32]


def test_a_value_must_be_defined_on_each_way_to_its_use() -> None:
    lines = """  %c = icmp eq i64 %n, 5
  br i1 %c, label %first, label %second
first:
  %later = add i64 %n, 20
  br label %second
second:
  store i64 %later, ptr %mem"""
    with pytest.raises(Unsupported, match="not defined"):
        ends_with(lines, [0])


def ends_with(lines: str, memory: list[int]) -> list[int]:
    """What lines leave in the memory that they are given."""
    text = ("define preserve_nonecc {i64, i64} @start(ptr %mem, i64 %n, i64 %k, double %x) nounwind {\nentry:\n" + lines +
            "\n  %r = insertvalue {i64, i64} {i64 undef, i64 0}, i64 %n, 0\n  ret {i64, i64} %r\n}")
    code = elf.load(compile_text(text))
    around = elf.load(LLVM.object_bytes(AROUND), code.names)
    run = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_double)(around.names["run"])
    words = (ctypes.c_int64 * len(memory))(*memory)
    run(ctypes.addressof(words), 11, 0, 0.0)
    around.free()
    code.free()
    return list(words)


def test_a_number_in_memory_is_counted_up_by_more_than_32_bits() -> None:
    lines = "  %a = load i64, ptr %mem\n  %b = add i64 %a, 2147483648\n  store i64 %b, ptr %mem"
    assert ends_with(lines, [5]) == [2147483653]


def test_a_narrow_number_is_counted_up_without_what_is_beside_it() -> None:
    lines = "  %a = load i32, ptr %mem\n  %w = zext i32 %a to i64\n  %b = add i64 %w, 1\n  store i64 %b, ptr %mem"
    assert ends_with(lines, [(7 << 32) + 5]) == [6]


def test_the_bits_of_a_negative_constant_are_a_double() -> None:
    lines = "  %d = bitcast i64 -5 to double\n  store double %d, ptr %mem"
    assert ends_with(lines, [0]) == [-5]


def signed(number: int) -> int:
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def test_division_by_a_constant_as_a_product() -> None:
    chance = random.Random(1)
    for _ in range(3000):
        divisor = chance.choice((chance.randrange(3, 1 << 31), chance.randrange(3, 99))) * chance.choice((1, -1))
        if not abs(divisor) & abs(divisor) - 1:
            continue
        number = chance.choice((chance.randrange(-1 << 63, 1 << 63), chance.randrange(-99, 99), -1 << 63, (1 << 63) - 1))
        factor, shift = magic(divisor)
        high = signed((factor * number >> 64) + (number if divisor > 0 > factor else -number if divisor < 0 < factor else 0))
        quotient = (high >> shift) + ((high >> shift) < 0)
        exact = abs(number) // abs(divisor)
        assert quotient == (exact if (number < 0) == (divisor < 0) else -exact)


@pytest.mark.parametrize("script", ("accounts", "bigints", "builtins_in_loops", "generators", "pairs", "polymorphism", "recursion",
                                    "tables"))
def test_no_text_of_a_region_is_refused(script: str) -> None:
    command = [sys.executable, "-m", "jitvm", "run", "-X", "threshold=2", "-X", "codegen=0", "-X", "cache=0", "-X", "dump=e",
               str(SCRIPTS / f"{script}.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}, stdin=subprocess.DEVNULL)
    levels = re.findall(r"jitvm: \d+ ms: compiled .* level (-?\d+)", done.stderr)
    assert levels and set(levels) == {"-1"}


def test_loops_are_compiled_where_llvm_cannot_be_loaded(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("def run(n):\n    total = 0\n    for i in range(n):\n        total += i * 3 % 7\n    return total\n"
                      "print([run(1_000_000) for _ in range(200)][-1])\n")
    (tmp_path / "llvmlite").mkdir()
    (tmp_path / "llvmlite" / "__init__.py").touch()
    for path in ((ROOT,), (tmp_path, ROOT)):  # the first run sees to it that there is an interpreter
        command = [sys.executable, "-m", "jitvm", "run", "-X", "cache=0", "--stats", str(script)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True,
                              env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))})
        assert done.stdout == "2999997\n"
        assert "script.py:3  compiled" in done.stderr
