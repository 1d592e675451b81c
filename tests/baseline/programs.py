"""Random functions in the language of regions, which the baseline compiler and LLVM must take for the same."""
from __future__ import annotations

import ctypes
import random

from jitvm.backend import elf
from jitvm.backend.llvm import Compiler
from jitvm.baseline.compiler import compile_text

ARGUMENTS = 5
WORDS = 16
LLVM = Compiler(1)
FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * (ARGUMENTS + 1), ctypes.c_double)
_PARAMETERS = "ptr %mem, " + ", ".join(f"i64 %a{place}" for place in range(ARGUMENTS)) + ", double %d"
_DECLARED = """
declare {i64, i1} @llvm.sadd.with.overflow.i64(i64, i64)
declare {i64, i1} @llvm.ssub.with.overflow.i64(i64, i64)
declare {i64, i1} @llvm.smul.with.overflow.i64(i64, i64)
declare double @llvm.fabs.f64(double)
"""
HELPERS = """
define i64 @mix(i64 %a, i64 %b) noinline {
  %m = mul i64 %a, 6364136223846793005
  %r = xor i64 %m, %b
  ret i64 %r
}
define double @scale(double %a, i64 %b) noinline {
  %f = sitofp i64 %b to double
  %r = fadd double %a, %f
  ret double %r
}
define i1 @odd(i64 %a) noinline {
  %r = trunc i64 %a to i1
  ret i1 %r
}
"""
_WRAPPER = f"""
define i64 @run({_PARAMETERS}) {{
  %p = call preserve_nonecc {{i64, i64}} @body({_PARAMETERS})
  %x = extractvalue {{i64, i64}} %p, 0
  %y = extractvalue {{i64, i64}} %p, 1
  %t = mul i64 %y, 31
  %r = add i64 %x, %t
  ret i64 %r
}}
"""


class Program:
    """Writes one function. Values in scope are known by type."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.lines: list[str] = []
        self.count = 0
        self.block = "entry"
        self.values: dict[str, list[str]] = {"i64": [f"%a{place}" for place in range(ARGUMENTS)], "double": ["%d"], "i1": [], "i32": [],
                                             "i8": []}
        self.slots = 0
        self.depth = 0

    def emit(self, text: str) -> None:
        self.lines.append("  " + text)

    def op(self, text: str, kind: str = "") -> str:
        self.count += 1
        name = f"%v{self.count}"
        self.emit(f"{name} = {text}")
        if kind:
            self.values[kind].append(name)
        return name

    def label(self) -> str:
        self.count += 1
        return f"L{self.count}"

    def at(self, label: str) -> None:
        self.lines.append(label + ":")
        self.block = label

    def number(self) -> str:
        chance = self.chance
        if chance.random() < 0.25:
            return str(chance.choice((0, 1, -1, 2, 7, 127, -128, 255, 1 << 31, -(1 << 31) - 1, 1 << 40, (1 << 63) - 1, -(1 << 63))))
        return chance.choice(self.values["i64"])

    def value(self) -> str:
        return self.chance.choice(self.values["i64"])

    def double(self) -> str:
        return self.chance.choice([*self.values["double"], "0x3FF8000000000000", "0xC000000000000000", "0x7FF8000000000000"])

    def place(self) -> str:
        """An address in the memory that is given, or in the frame."""
        chance = self.chance
        if chance.random() < 0.3:
            index = self.op(f"and i64 {self.value()}, {WORDS - 1}")
            return self.op(f"getelementptr ptr, ptr %mem, i64 {index}")
        return self.op(f"getelementptr i8, ptr {chance.choice(('%mem', '%spill'))}, i64 {8 * chance.randrange(4)}")

    def test(self) -> str:
        """A truth value."""
        chance = self.chance
        kind = chance.randrange(7)
        if kind < 3:
            name = chance.choice(("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ugt"))
            return self.op(f"icmp {name} i64 {self.number()}, {self.number()}", "i1")
        if kind == 3:
            name = chance.choice(("oeq", "une", "olt", "ole", "ogt", "oge"))
            return self.op(f"fcmp {name} double {self.double()}, {self.double()}", "i1")
        if kind == 4:
            loaded = self.op(f"load i64, ptr {self.place()}")
            return self.op(f"icmp {chance.choice(('eq', 'slt'))} i64 {loaded}, {self.number()}", "i1")
        if kind == 5:
            loaded = self.op(f"load i8, ptr {self.place()}")
            return self.op(f"icmp eq i8 {loaded}, {chance.randrange(-128, 128)}", "i1")
        first, second = self.test(), self.test()
        made = self.op(f"{chance.choice(('and', 'or'))} i1 {first}, {second}", "i1")
        return self.op(f"xor i1 {made}, true", "i1") if chance.random() < 0.3 else made

    def step(self) -> None:
        """One operation, or several under a condition or in a loop."""
        chance = self.chance
        if self.depth < 3 and chance.random() < 0.16:
            self.depth += 1
            (self.branch if chance.random() < 0.6 else self.loop)()
            self.depth -= 1
            return
        chance.choice((self.binary, self.binary, self.binary, self.overflow, self.memory, self.memory, self.narrow, self.floats,
                       self.select, self.call, self.divide, self.shift, self.bump))()

    def binary(self) -> None:
        self.op(f"{self.chance.choice(('add', 'sub', 'mul', 'and', 'or', 'xor'))} i64 {self.number()}, {self.number()}", "i64")

    def shift(self) -> None:
        amount = str(self.chance.randrange(64)) if self.chance.random() < 0.5 else self.op(f"and i64 {self.value()}, 63")
        self.op(f"{self.chance.choice(('shl', 'lshr', 'ashr'))} i64 {self.number()}, {amount}", "i64")

    def divide(self) -> None:
        chance = self.chance
        name = chance.choice(("sdiv", "srem"))
        if chance.random() < 0.5:
            divisor = str(chance.choice((2, 3, 5, 7, 8, 10, 64, 100, 641, 1 << 20, -2, -3, -7, -16, 1000003, 1 << 40)))
        else:
            divisor = self.op(f"or i64 {self.op(f'and i64 {self.value()}, 1023')}, 1")
        self.op(f"{name} i64 {self.number()}, {divisor}", "i64")

    def overflow(self) -> None:
        """A sum, with what is done where it overflows."""
        name = self.chance.choice(("sadd", "ssub", "smul"))
        pair = self.op(f"call {{i64, i1}} @llvm.{name}.with.overflow.i64(i64 {self.number()}, i64 {self.number()})")
        total = self.op(f"extractvalue {{i64, i1}} {pair}, 0")
        over = self.op(f"extractvalue {{i64, i1}} {pair}, 1")
        if self.chance.random() < 0.5:
            self.values["i64"].append(total)
            self.values["i1"].append(over)
            return
        self.join(over, lambda: self.op(f"xor i64 {total}, 5"), lambda: total, ", !prof !1")

    def join(self, test: str, yes, no, weights: str = "") -> None:
        """One of two values by a branch."""
        then, other, end = self.label(), self.label(), self.label()
        self.emit(f"br i1 {test}, label %{then}, label %{other}{weights}")
        known = {kind: list(names) for kind, names in self.values.items()}
        rows = []
        for label, part in ((then, yes), (other, no)):
            self.at(label)
            self.values = {kind: list(names) for kind, names in known.items()}
            rows.append((part(), self.block))
            self.emit(f"br label %{end}")
        self.values = known
        self.at(end)
        self.op("phi i64 " + ", ".join(f"[{value}, %{block}]" for value, block in rows), "i64")

    def branch(self) -> None:
        def part() -> str:
            for _ in range(self.chance.randrange(4)):
                self.step()
            return self.value()

        self.join(self.test(), part, part, self.chance.choice(("", ", !prof !0", ", !prof !1")))

    def loop(self) -> None:
        """A loop of a few rounds over two numbers."""
        head, body, end, before = self.label(), self.label(), self.label(), self.block
        first, second = self.value(), self.number()
        self.emit(f"br label %{head}")
        self.at(head)
        place = len(self.lines)
        self.lines.append("")
        turn, one, two = self.op("phi"), self.op("phi", "i64"), self.op("phi", "i64")
        del self.lines[-3:]
        go_on = self.op(f"icmp slt i64 {turn}, {self.chance.randrange(1, 6)}")
        self.emit(f"br i1 {go_on}, label %{body}, label %{end}")
        known = {kind: list(names) for kind, names in self.values.items()}
        self.at(body)
        for _ in range(self.chance.randrange(1, 6)):
            self.step()
        after = self.op(f"add i64 {turn}, 1")
        new, block = (self.value(), self.value()), self.block
        self.emit(f"br label %{head}")
        self.lines[place] = "\n".join(
            f"  {name} = phi i64 [{start}, %{before}], [{again}, %{block}]"
            for name, start, again in ((turn, "0", after), (one, first, new[0]), (two, second, new[1])))
        self.values = known
        self.at(end)

    def memory(self) -> None:
        if self.chance.random() < 0.5:
            self.op(f"load i64, ptr {self.place()}", "i64")
        elif self.chance.random() < 0.7:
            self.emit(f"store i64 {self.number()}, ptr {self.place()}")
        else:
            value = self.double()
            same = self.op(f"fcmp oeq double {value}, {value}")  # what is not a number has no certain bits
            number = self.op(f"select i1 {same}, double {value}, double 0x401C000000000000")
            self.emit(f"store double {number}, ptr {self.place()}")
            self.op(f"load double, ptr {self.place()}", "double")

    def bump(self) -> None:
        """A number in memory is counted up."""
        place = self.place()
        value = self.op(f"load i64, ptr {place}")
        more = self.op(f"add i64 {value}, {self.chance.choice((1, -1, 300))}")
        self.emit(f"store i64 {more}, ptr {place}")

    def narrow(self) -> None:
        kind = self.chance.choice(("i32", "i8"))
        place = self.place()
        value = self.op(f"load {kind}, ptr {place}")
        if kind == "i32" and self.chance.random() < 0.5:
            value = self.op(f"sub i32 {value}, 1")
            self.emit(f"store i32 {value}, ptr {place}")
            self.op(f"sext i32 {value} to i64", "i64")
        else:
            self.emit(f"store {kind} {self.chance.randrange(-128, 128)}, ptr {place}")
            self.op(f"zext {kind} {value} to i64", "i64")

    def floats(self) -> None:
        kind = self.chance.randrange(5)
        if kind < 2:
            self.op(f"{self.chance.choice(('fadd', 'fsub', 'fmul', 'fdiv'))} double {self.double()}, {self.double()}", "double")
        elif kind == 2:
            self.op(f"sitofp i64 {self.value()} to double", "double")
        elif kind == 3:
            self.op(f"bitcast i64 {self.value()} to double", "double")
        else:
            text = f"fneg double {self.double()}" if self.chance.random() < 0.5 else f"call double @llvm.fabs.f64(double {self.double()})"
            self.op(text, "double")

    def select(self) -> None:
        test = self.test() if self.chance.random() < 0.7 or not self.values["i1"] else self.chance.choice(self.values["i1"])
        if self.chance.random() < 0.8:
            self.op(f"select i1 {test}, i64 {self.number()}, i64 {self.number()}", "i64")
        else:
            self.op(f"select i1 {test}, double {self.double()}, double {self.double()}", "double")
        self.op(f"zext i1 {test} to i64", "i64")

    def call(self) -> None:
        kind = self.chance.randrange(4)
        if kind < 2:
            self.op(f"call i64 @mix(i64 {self.number()}, i64 {self.number()})", "i64")
        elif kind == 2:
            self.op(f"call double @scale(double {self.double()}, i64 {self.number()})", "double")
        else:
            self.op(f"call i1 @odd(i64 {self.number()})", "i1")

    def text(self, steps: int) -> str:
        """The function, which gives something of every value."""
        self.emit("%spill = alloca [4 x i64]")
        for place in range(4):
            self.emit(f"%s{place} = getelementptr i8, ptr %spill, i64 {8 * place}")
            self.emit(f"store i64 {place}, ptr %s{place}")
        for _ in range(steps):
            self.step()
        total = "0"
        for name in self.values["i64"]:
            total = self.op(f"add i64 {self.op(f'mul i64 {total}, 3')}, {name}")
        for name in self.values["i1"]:
            total = self.op(f"add i64 {total}, {self.op(f'zext i1 {name} to i64')}")
        for name in self.values["double"]:
            same = self.op(f"fcmp oeq double {name}, {name}")
            bits = self.op(f"bitcast double {name} to i64")
            total = self.op(f"xor i64 {total}, {self.op(f'select i1 {same}, i64 {bits}, i64 7')}")
        self.emit(f"%result = insertvalue {{i64, i64}} {{i64 undef, i64 {self.chance.randrange(3)}}}, i64 {total}, 0")
        self.emit("ret {i64, i64} %result")
        return "\n".join([f"define preserve_nonecc {{i64, i64}} @body({_PARAMETERS}) nounwind {{", "entry:", *self.lines, "}"])


METADATA = '!0 = !{!"branch_weights", i32 2000, i32 1}\n!1 = !{!"branch_weights", i32 1, i32 2000}\n'


class Both:
    """One function as either compiler has it."""

    def __init__(self, text: str) -> None:
        self.text = text
        helpers = elf.load(LLVM.object_bytes(HELPERS))
        declared = "declare i64 @mix(i64, i64)\ndeclare double @scale(double, i64)\ndeclare i1 @odd(i64)\n"
        self.loaded = [helpers]
        by_llvm = elf.load(LLVM.object_bytes(_DECLARED + declared + text + _WRAPPER + METADATA), helpers.names)
        baseline = elf.load(compile_text(text), helpers.names)
        around = elf.load(LLVM.object_bytes(f"declare preserve_nonecc {{i64, i64}} @body({_PARAMETERS})" + _WRAPPER),
                          {"body": baseline.names["body"]})
        self.loaded += [by_llvm, baseline, around]
        self.runs = [FUNCTION(code.names["run"]) for code in (by_llvm, around)]

    def results(self, words: list[int], arguments: list[int], number: float) -> list[tuple[int, list[int]]]:
        """What each gives, and what it leaves in memory."""
        out = []
        for run in self.runs:
            memory = (ctypes.c_int64 * WORDS)(*words)
            out.append((run(ctypes.addressof(memory), *arguments, number), list(memory)))
        return out

    def free(self) -> None:
        for code in self.loaded:
            code.free()
