"""Numbers and identity in the abstract machine: folded where they are known, unboxed where they are not."""
from __future__ import annotations

from jitvm.tracing.emission import (
    FIELDS,
    MAX64,
    MIN64,
    Abort,
    Emission,
    number,
    truth,
)
from jitvm.tracing.values import (
    F64,
    I1,
    I64,
    BoolValue,
    Const,
    FloatValue,
    IntValue,
    Null,
    Obj,
    Pointer,
    Unboxed,
    Value,
    Window,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Numbers(Emission):
    """Arithmetic, comparison, truth values and identity."""

    def int_value(self, value: Value) -> Any:
        if isinstance(value, IntValue):
            return value.number
        if isinstance(value, Const):
            return int(value.object)
        assert isinstance(value, Obj)
        known = self.state.cse.get(f"number of {value.name}")
        if known is not None:
            return known
        size = self.pure(f"load i64, ptr {self.offset(value.name, FIELDS['var_size'][0])}")
        digits = self.offset(value.name, FIELDS["long_digits"][0])
        digit = self.op(f"zext i32 {self.op(f'load i32, ptr {digits}')} to i64")
        short = self.op(f"mul i64 {size}, {digit}")  # of one digit, or none
        small = self.pure(f"icmp ult i64 {self.pure(f'add i64 {size}, 1')}, 3")
        other, join, start = self.label(), self.label(), self.block
        self.emit(f"br i1 {small}, label %{join}, label %{other}, !prof !0")
        self.at(other)
        if self.wide or not self.is_narrow(value):
            long = self.op(f"call i64 {self.helper('t_int_value')}(ptr %ctx, ptr {value.name})")
        else:
            both = self.op(f"load i64, ptr {digits}")
            high = self.op(f"shl i64 {self.op(f'lshr i64 {both}, 32')}, 30")
            magnitude = self.op(f"or i64 {high}, {self.op(f'and i64 {both}, 1073741823')}")
            sign = self.op(f"ashr i64 {size}, 63")
            long = self.op(f"sub i64 {self.op(f'xor i64 {magnitude}, {sign}')}, {sign}")
        self.emit(f"br label %{join}")
        self.at(join)
        out = self.state.cse[f"number of {value.name}"] = I64(self.op(f"phi i64 [{short}, %{start}], [{long}, %{other}]"))
        return out

    def float_value(self, value: Value) -> Any:
        if isinstance(value, FloatValue):
            return value.number
        if isinstance(value, Const):
            return float(value.object)
        assert isinstance(value, Obj)
        key = f"number of {value.name}"
        known = self.state.cse.get(key)
        if known is None:
            known = self.state.cse[key] = F64(self.op(f"load double, ptr {self.offset(value.name, FIELDS['float_payload'][0])}"))
        return known

    def new_int(self, number: Any) -> Value:
        return IntValue(number)

    def new_float(self, number: Any) -> Value:
        return FloatValue(number)

    def new_bool(self, truth: Any) -> Value:
        return BoolValue(truth)

    def overflow_op(self, name: str, left: Any, right: Any) -> tuple[Any, Any]:
        if isinstance(left, int) and isinstance(right, int):
            total = {"add": left + right, "sub": left - right, "mul": left * right}[name]
            return total, not MIN64 <= total <= MAX64
        self.declared.add(f"declare {{i64, i1}} @llvm.s{name}.with.overflow.i64(i64, i64)")
        pair = self.pure(f"call {{i64, i1}} @llvm.s{name}.with.overflow.i64(i64 {left}, i64 {right})")
        result, overflow = I64(self.pure(f"extractvalue {{i64, i1}} {pair}, 0")), I1(self.pure(f"extractvalue {{i64, i1}} {pair}, 1"))
        if name != "mul":
            self.state.cse[f"overflow {overflow}"] = name, result, left, right
        return result, overflow

    def number_op(self, name: str, left: Any, right: Any) -> Any:
        name = {"truediv": "div"}.get(name, name)
        if isinstance(left, (float, F64)):
            return F64(self.pure(f"f{name} double {number(left)}, {number(right)}"))
        return self.binop(name, left, right)

    def binop(self, name: str, left: Any, right: Any) -> Any:
        """Arithmetic of ints, of floats, or of a pointer and an int."""
        if isinstance(left, Pointer):
            distance = right if name == "add" else -right
            if isinstance(distance, int):
                return type(left)(left.offset + distance) if isinstance(left, Window) else Pointer(left.base, left.offset + distance)
            return Pointer(self.op(f"getelementptr i8, ptr {self.pointer(left)}, i64 {distance}"), 0)
        if isinstance(left, (float, F64)) or isinstance(right, (float, F64)):
            return F64(self.pure(f"f{name} double {number(left)}, {number(right)}"))
        if isinstance(left, int) and isinstance(right, int):
            folded = _fold(name, left, right)
            if folded is not None:
                return folded
        if right == 0 and name in ("add", "sub", "or", "shl", "ashr") and not isinstance(right, str):
            return left
        if right == 1 and name == "mul" and not isinstance(right, str):
            return left
        return I64(self.pure(f"{name} i64 {left}, {right}"))

    def neg(self, value: Any) -> Any:
        if isinstance(value, (int, float)):
            return -value
        if isinstance(value, F64):
            return F64(self.pure(f"fneg double {value}"))
        return I64(self.pure(f"sub i64 0, {value}"))

    def compare(self, name: str, left: Any, right: Any) -> Any:
        if isinstance(left, Pointer) or isinstance(right, Pointer):
            if left == 0 or right == 0:
                present = left if isinstance(left, Pointer) else right
                if present.base is None:
                    return name == "ne"
                return I1(self.pure(f"icmp {name} ptr {self.pointer(present)}, null"))
            return I1(self.pure(f"icmp {name} ptr {self.pointer(left)}, {self.pointer(right)}"))
        if isinstance(left, (float, F64)) or isinstance(right, (float, F64)):
            if isinstance(left, float) and isinstance(right, float):
                return _compare(name, left, right)
            return I1(self.pure(f"fcmp {'une' if name == 'ne' else 'o' + name} double {number(left)}, {number(right)}"))
        if isinstance(left, int) and isinstance(right, int):
            return _compare(name, left, right)
        if left == right:
            return name in ("le", "ge", "eq")
        return I1(self.pure(f"icmp {name if name in ('eq', 'ne') else 's' + name} i64 {left}, {right}"))

    compare_values = compare

    def below(self, left: Any, right: Any) -> Any:
        if isinstance(left, int) and isinstance(right, int):
            return left & (1 << 64) - 1 < right & (1 << 64) - 1
        return I1(self.pure(f"icmp ult i64 {left}, {right}"))

    def select(self, test: Any, yes: Any, no: Any) -> Any:
        if isinstance(test, bool):
            return yes if test else no
        if isinstance(yes, Value):
            raise Abort("unsupported", "a choice between objects")
        return I64(self.pure(f"select i1 {test}, i64 {yes}, i64 {no}"))

    def not_(self, test: Any) -> Any:
        if isinstance(test, bool):
            return not test
        return I1(self.pure(f"xor i1 {test}, true"))

    def both(self, left: Any, right: Any) -> Any:
        if isinstance(left, bool):
            return right if left else False
        return I1(self.pure(f"and i1 {left}, {truth(right)}"))

    def as_float(self, value: Any) -> Any:
        return float(value) if isinstance(value, int) else F64(self.pure(f"sitofp i64 {value} to double"))

    def as_int(self, value: Any) -> Any:
        if isinstance(value, (bool, int)):
            return int(value)
        if isinstance(value, I1):
            return I64(self.pure(f"zext i1 {value} to i64"))
        raise Abort("unsupported", "an address as an int")

    def rich_op(self, name: str) -> int:
        return ("lt", "le", "eq", "ne", "gt", "ge").index(name)

    def shift_fits(self, x: Any, n: Any) -> Any:
        moved = self.binop("ashr", self.binop("shl", x, n), n)
        return self.compare("eq", moved, x)

    # -- identity
    def same(self, left: Value, right: Value) -> Any:
        """Whether two values are the same object. Unboxed ints and floats have no identity: only unequal kinds are told apart."""
        if isinstance(left, Const) and isinstance(right, Const):
            return left.object is right.object
        for value, other in ((left, right), (right, left)):
            if isinstance(value, BoolValue) and isinstance(other, Const):
                if other.object is True:
                    return value.number
                return self.not_(value.number) if other.object is False else False
            if isinstance(value, Null):
                return isinstance(other, Null) or self.is_null(other)
            if isinstance(value, Unboxed):
                if isinstance(other, Const) and not isinstance(other.object, (int, float)):
                    return False
                kind = self.type_of(other)
                if kind is not None and kind is not self.type_of(value):
                    return False
                raise Abort("unsupported", "identity of an int or float")
        if isinstance(left, Obj) and isinstance(right, Const) and self.type_of(left) not in (None, type(right.object)):
            return False
        return I1(self.pure(f"icmp eq ptr {self.pointer_of(left)}, {self.pointer_of(right)}"))


def _fold(name: str, left: int, right: int) -> int | None:
    """Arithmetic of known 64-bit ints."""
    if name in ("sdiv", "srem"):
        if right == 0:
            return None
        quotient = int(left / right) if abs(left) < 1 << 50 > abs(right) else None
        if quotient is None:
            return None
        return quotient if name == "sdiv" else left - quotient * right
    total = {"add": lambda: left + right, "sub": lambda: left - right, "mul": lambda: left * right, "and": lambda: left & right,
             "or": lambda: left | right, "xor": lambda: left ^ right, "shl": lambda: left << (right & 63),
             "ashr": lambda: left >> (right & 63)}[name]()
    return (total + (1 << 63)) % (1 << 64) - (1 << 63)


def _compare(name: str, left: Any, right: Any) -> bool:
    return bool({"lt": left < right, "le": left <= right, "eq": left == right, "ne": left != right, "gt": left > right,
                 "ge": left >= right}[name])
