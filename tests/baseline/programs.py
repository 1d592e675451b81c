"""Random functions in the language of regions, which the baseline compiler and LLVM must take for the same."""
from __future__ import annotations

import ctypes
import random

from jitvm.backend import elf
from jitvm.backend.llvm import Compiler
from jitvm.baseline.compiler import compile_text

ARGUMENTS = 12
WORDS = 16
SLACK = 4
"""Words behind those which an index may name: an index and a distance are in one address."""
FUEL = 40
"""How many calls of the function by itself go deeper; their number is in the last word."""
LLVM = Compiler(1)
FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
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


_AROUND = """
define i64 @run(ptr %mem, ptr %arguments) {
  %p = call preserve_nonecc {i64, i64} @start(ptr %mem, ptr %arguments)
  %x = extractvalue {i64, i64} %p, 0
  ret i64 %x
}
"""


def starting(kinds: list[str]) -> str:
    """The function that calls ``body`` with what the arguments' memory holds: by the same compiler, which passes narrow ones in its way."""
    lines = []
    for place, kind in enumerate(kinds):
        lines.append(f"  %p{place} = getelementptr i64, ptr %arguments, i64 {place}")
        if kind == "i1":
            lines.append(f"  %n{place} = load i64, ptr %p{place}\n  %a{place} = icmp slt i64 %n{place}, 0")
        else:
            lines.append(f"  %a{place} = load {kind}, ptr %p{place}")
    passed = ", ".join(["ptr %mem", *(f"{kind} %a{place}" for place, kind in enumerate(kinds))])
    return "\n".join(["define preserve_nonecc {i64, i64} @start(ptr %mem, ptr %arguments) nounwind {", "entry:", *lines,
                      f"  %p = call preserve_nonecc {{i64, i64}} @body({passed})",
                      "  %x = extractvalue {i64, i64} %p, 0", "  %y = extractvalue {i64, i64} %p, 1", "  %t = mul i64 %y, 31",
                      "  %s = add i64 %x, %t", "  %r = insertvalue {i64, i64} {i64 undef, i64 0}, i64 %s, 0", "  ret {i64, i64} %r", "}"])


class Program:
    """Writes one function. Values in scope are known by type."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.lines: list[str] = []
        self.count = 0
        self.block = "entry"
        self.values: dict[str, list[str]] = {"i64": [], "double": [], "i1": [], "i32": [], "i8": [], "ptr": ["%mem"], "index": []}
        self.kinds = ["i64", "double", *chance.choices(("i64", "i64", "double", "i1", "i32", "i8"), k=chance.choice((3, 4, 7, 10)))]
        while sum(kind != "double" for kind in self.kinds) > 9 or self.kinds.count("double") > 8:
            self.kinds.pop()
        for place, kind in enumerate(self.kinds):
            self.values[kind].append(f"%a{place}")
        self.recursive = chance.random() < 0.4
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
        kind = chance.random()
        if kind < 0.3:
            if not self.values["index"] or chance.random() < 0.4:
                self.op(f"and i64 {self.value()}, {WORDS - 1}", "index")
            base = "%mem" if chance.random() < 0.7 else self.op(f"getelementptr i8, ptr %mem, i64 {8 * chance.randrange(SLACK)}")
            kind, index = chance.choice(("ptr", "i64", "i32", "i8")), chance.choice(self.values["index"])
            made = self.op(f"getelementptr {kind}, ptr {base}, i64 {index}")
            return made if base != "%mem" or chance.random() < 0.6 else self.op(f"getelementptr i8, ptr {made}, i64 {chance.randrange(24)}")
        if kind < 0.5:
            return chance.choice(self.values["ptr"])
        return self.op(f"getelementptr i8, ptr {chance.choice(('%mem', '%spill'))}, i64 {8 * chance.randrange(4)}")

    def test(self) -> str:
        """A truth value."""
        chance = self.chance
        kind = chance.randrange(10)
        name = chance.choice(("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ugt", "ule", "uge"))
        if kind < 3:
            return self.op(f"icmp {name} i64 {self.number()}, {self.number()}", "i1")
        if kind == 3:
            name = chance.choice(("oeq", "une", "olt", "ole", "ogt", "oge"))
            return self.op(f"fcmp {name} double {self.double()}, {self.double()}", "i1")
        if kind == 4:
            loaded = self.op(f"load i64, ptr {self.place()}")
            return self.op(f"icmp {name} i64 {loaded}, {self.number()}", "i1")
        if kind in (5, 6):
            narrow = chance.choice(("i8", "i32"))
            loaded = self.op(f"load {narrow}, ptr {self.place()}") if kind == 5 else self.small(narrow)
            return self.op(f"icmp {name} {narrow} {loaded}, {self.small(narrow)}", "i1")
        if kind == 7 and self.values["i1"]:
            return chance.choice(self.values["i1"])
        if kind == 8:
            second = chance.choice((*self.values["ptr"], "null", "%spill", "@mix"))
            return self.op(f"icmp {chance.choice(('eq', 'ne'))} ptr {chance.choice(self.values['ptr'])}, {second}", "i1")
        first, second = self.test(), chance.choice((self.test(), "true")) if chance.random() < 0.1 else self.test()
        made = self.op(f"{chance.choice(('and', 'or'))} i1 {first}, {second}", "i1")
        return self.op(f"xor i1 {made}, true", "i1") if chance.random() < 0.3 else made

    def small(self, kind: str) -> str:
        """A number of 8 or 32 bits."""
        limit = 1 << (7 if kind == "i8" else 31)
        if not self.values[kind] or self.chance.random() < 0.3:
            return str(self.chance.choice((0, 1, -1, 5, 127, -128, self.chance.randrange(-limit, limit))))
        return self.chance.choice(self.values[kind])

    def step(self) -> None:
        """One operation, or several under a condition or in a loop."""
        chance = self.chance
        if self.depth < 3 and chance.random() < 0.16:
            self.depth += 1
            (self.branch if chance.random() < 0.6 else self.loop)()
            self.depth -= 1
            return
        chance.choice((self.binary, self.binary, self.binary, self.overflow, self.memory, self.memory, self.narrow, self.floats,
                       self.select, self.call, self.divide, self.shift, self.bump, self.narrow_values, self.pointers, self.whole,
                       self.itself if self.recursive else self.binary))()

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
        more = [kind for kind in ("double", "i1", "ptr", "i8", "i64") if self.chance.random() < 0.25 and known[kind]]
        for label, part in ((then, yes), (other, no)):
            self.at(label)
            self.values = {kind: list(names) for kind, names in known.items()}
            rows.append((part(), [self.any(kind) for kind in more], self.block))
            self.emit(f"br label %{end}")
        self.values = known
        self.at(end)
        self.op("phi i64 " + ", ".join(f"[{value}, %{block}]" for value, _, block in rows), "i64")
        for place, kind in enumerate(more):
            self.op(f"phi {kind} " + ", ".join(f"[{values[place]}, %{block}]" for _, values, block in rows), kind)

    def any(self, kind: str) -> str:
        """A value of a kind, or a constant."""
        constant = {"double": "0x4008000000000000", "i1": "true", "ptr": "%spill", "i8": "3", "i64": "-77", "i32": "9"}[kind]
        return constant if self.chance.random() < 0.15 else self.chance.choice(self.values[kind])

    def branch(self) -> None:
        def part() -> str:
            for _ in range(self.chance.randrange(4)):
                self.step()
            return self.value()

        self.join(self.test(), part, part, self.chance.choice(("", ", !prof !0", ", !prof !1")))

    def loop(self) -> None:
        """A loop of a few rounds over some values."""
        head, body, end, before = self.label(), self.label(), self.label(), self.block
        kinds = [kind for kind in ("i64", "i64", "double", "double", "i1", "i1", "ptr", "i8", "i8") if self.chance.random() < 0.4
                 and self.values[kind]]
        first = [self.any(kind) for kind in kinds]
        self.emit(f"br label %{head}")
        self.at(head)
        place = len(self.lines)
        self.lines.append("")
        turn, phis = self.op("phi"), [self.op("phi", kind) for kind in kinds]
        del self.lines[place + 1:]
        go_on = self.op(f"icmp slt i64 {turn}, {self.chance.randrange(1, 6)}")
        self.emit(f"br i1 {go_on}, label %{body}, label %{end}")
        known = {kind: list(names) for kind, names in self.values.items()}
        self.at(body)
        for _ in range(self.chance.randrange(1, 6)):
            self.step()
        after = self.op(f"add i64 {turn}, 1")
        new, block = [self.again(kind, phis, kinds) for kind in kinds], self.block
        self.emit(f"br label %{head}")
        self.lines[place] = "\n".join(
            f"  {name} = phi {kind} [{start}, %{before}], [{again}, %{block}]"
            for name, kind, start, again in zip([turn, *phis], ["i64", *kinds], ["0", *first], [after, *new], strict=True))
        self.values = known
        self.at(end)

    def again(self, kind: str, phis: list[str], kinds: list[str]) -> str:
        """What a loop's value is in the next round: often what it or another was in this one."""
        return self.chance.choice([name for name, other in zip(phis, kinds, strict=True) if other == kind]
                                  if self.chance.random() < 0.5 else [self.any(kind)])

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
        kind = self.chance.choice(("i64", "i64", "i64", "i32", "i8"))
        value = self.op(f"load {kind}, ptr {place}")
        if kind != "i64":
            value = self.op(f"zext {kind} {value} to i64")
        more = self.op(f"add i64 {value}, {self.chance.choice((1, -1, 300, 1 << 31, 1 << 40, -(1 << 63)))}")
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

    def narrow_values(self) -> None:
        """Values of 8 and 32 bits that stay in registers."""
        chance = self.chance
        kind = chance.choice(("i32", "i8"))
        way = chance.randrange(6)
        if way == 0:
            self.op(f"trunc i64 {self.value()} to {kind}", kind)
        elif way == 1:
            self.emit(f"store {kind} {self.small(kind)}, ptr {self.place()}")
        elif way == 2:
            self.op(f"load {kind}, ptr {self.place()}", kind)
        elif way == 3 and self.values[kind]:
            self.op(f"zext {kind} {chance.choice(self.values[kind])} to i64", "i64")
        elif way == 4 and self.values["i32"]:
            self.op(f"sext i32 {chance.choice(self.values['i32'])} to i64", "i64")
        else:
            self.op(f"{chance.choice(('add', 'sub', 'and', 'or', 'xor', 'mul'))} {kind} {self.small(kind)}, {self.small(kind)}", kind)

    def pointers(self) -> None:
        """Addresses as values."""
        first, second = (self.place() for _ in range(2))
        self.op(f"select i1 {self.test()}, ptr {first}, ptr {second}", "ptr")

    def whole(self) -> None:
        """The integral part of a double that has one."""
        value = self.double()
        size = self.op(f"call double @llvm.fabs.f64(double {value})")
        good = self.op(f"fcmp olt double {size}, 0x430C6BF526340000")
        self.op(f"fptosi double {self.op(f'select i1 {good}, double {value}, double 0xBFF8000000000000')} to i64", "i64")

    def itself(self) -> None:
        """The function calls itself, perhaps in a block that is seldom run."""
        def called() -> str:
            passed = ", ".join(["ptr %mem", *(f"{kind} {self.any(kind)}" for kind in self.kinds)])
            pair = self.op(f"call preserve_nonecc {{i64, i64}} @body({passed})")
            part = self.op(f"extractvalue {{i64, i64}} {pair}, 1") if self.chance.random() < 0.5 else "5"
            return self.op(f"sub i64 {self.op(f'extractvalue {{i64, i64}} {pair}, 0')}, {part}")

        if self.chance.random() < 0.5:
            self.values["i64"].append(called())
        else:
            self.join(self.test(), called, self.value, self.chance.choice((", !prof !0", ", !prof !1", "")))

    def floats(self) -> None:
        kind = self.chance.randrange(5)
        if kind < 2:
            self.op(f"{self.chance.choice(('fadd', 'fsub', 'fmul', 'fdiv'))} double {self.double()}, {self.double()}", "double")
        elif kind == 2:
            self.op(f"sitofp i64 {self.value()} to double", "double")
        elif kind == 3:
            self.op(f"bitcast i64 {self.number()} to double", "double")
        else:
            text = f"fneg double {self.double()}" if self.chance.random() < 0.5 else f"call double @llvm.fabs.f64(double {self.double()})"
            self.op(text, "double")

    def select(self) -> None:
        test = self.test() if self.chance.random() < 0.7 or not self.values["i1"] else self.chance.choice(self.values["i1"])
        kind = self.chance.random()
        if kind < 0.15:
            small = self.chance.choice(("i1", "i8", "i32"))
            if self.values[small]:
                self.op(f"select i1 {test}, {small} {self.any(small)}, {small} {self.any(small)}", small)
        elif kind < 0.8:
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
        if self.recursive:
            self.emit(f"%fuel = getelementptr i8, ptr %mem, i64 {8 * (WORDS + SLACK)}")
            left = self.op("load i64, ptr %fuel")
            leaf, go_on = self.label(), self.label()
            self.emit(f"br i1 {self.op(f'icmp slt i64 {left}, 1')}, label %{leaf}, label %{go_on}")
            self.at(leaf)
            result = self.op(f"insertvalue {{i64, i64}} {{i64 undef, i64 9}}, i64 {self.value()}, 0")
            self.emit(f"ret {{i64, i64}} {result}")
            self.at(go_on)
            self.emit(f"store i64 {self.op(f'sub i64 {left}, 1')}, ptr %fuel")
        for _ in range(steps):
            self.step()
        total = "0"
        for name in self.values["i64"]:
            total = self.op(f"add i64 {self.op(f'mul i64 {total}, 3')}, {name}")
        for name in self.values["i1"]:
            total = self.op(f"add i64 {total}, {self.op(f'zext i1 {name} to i64')}")
        for kind in ("i8", "i32"):
            for name in self.values[kind]:
                total = self.op(f"add i64 {self.op(f'mul i64 {total}, 5')}, {self.op(f'zext {kind} {name} to i64')}")
        for name in self.values["double"]:
            same = self.op(f"fcmp oeq double {name}, {name}")
            bits = self.op(f"bitcast double {name} to i64")
            total = self.op(f"xor i64 {total}, {self.op(f'select i1 {same}, i64 {bits}, i64 7')}")
        self.emit(f"%result = insertvalue {{i64, i64}} {{i64 undef, i64 {self.chance.randrange(3)}}}, i64 {total}, 0")
        self.emit("ret {i64, i64} %result")
        parameters = ", ".join(["ptr %mem", *(f"{kind} %a{place}" for place, kind in enumerate(self.kinds))])
        return "\n".join([f"define internal preserve_nonecc {{i64, i64}} @body({parameters}) nounwind {{", "entry:", *self.lines, "}",
                          starting(self.kinds)])


METADATA = '!0 = !{!"branch_weights", i32 2000, i32 1}\n!1 = !{!"branch_weights", i32 1, i32 2000}\n'


class Both:
    """One function as either compiler has it."""

    def __init__(self, text: str) -> None:
        self.text = text
        helpers = elf.load(LLVM.object_bytes(HELPERS))
        declared = "declare i64 @mix(i64, i64)\ndeclare double @scale(double, i64)\ndeclare i1 @odd(i64)\n"
        self.loaded = [helpers]
        by_llvm = elf.load(LLVM.object_bytes(_DECLARED + declared + text + _AROUND + METADATA), helpers.names)
        baseline = elf.load(compile_text(text), helpers.names)
        around = elf.load(LLVM.object_bytes("declare preserve_nonecc {i64, i64} @start(ptr, ptr)" + _AROUND),
                          {"start": baseline.names["start"]})
        self.loaded += [by_llvm, baseline, around]
        self.runs = [FUNCTION(code.names["run"]) for code in (by_llvm, around)]

    def results(self, words: list[int], arguments: list[int]) -> list[tuple[int, list[int]]]:
        """What each gives, and what it leaves in memory."""
        out = []
        for run in self.runs:
            memory = (ctypes.c_int64 * (WORDS + SLACK + 1))(*words, *[0] * SLACK, FUEL)
            passed = (ctypes.c_int64 * ARGUMENTS)(*arguments)
            out.append((run(ctypes.addressof(memory), ctypes.addressof(passed)), list(memory)))
        return out

    def free(self) -> None:
        for code in self.loaded:
            code.free()
