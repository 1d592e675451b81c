"""Arithmetic, comparison and the jumps that test: exact ints that fit 64 bits and exact floats inline, all else by the C API."""
from jitvm.rpython.dialect import *


@opcode
def binary(left: Object, right: Object, op: Template) -> Object:
    if op in ("add", "sub", "mul"):
        if is_int(left) and is_int(right):
            total, overflowed = overflow_op(op, int_value(left), int_value(right))
            if likely(not overflowed):
                return new_int(total)
        elif is_float(left):
            if is_float(right):
                return new_float(number_op(op, float_value(left), float_value(right)))
            if is_int(right) and exact_as_float(int_value(right)):
                return new_float(number_op(op, float_value(left), as_float(int_value(right))))
        elif is_float(right):
            if is_int(left) and exact_as_float(int_value(left)):
                return new_float(number_op(op, as_float(int_value(left)), float_value(right)))
        elif is_type(left, PyUnicode_Type) and op == "add":
            if is_type(right, PyUnicode_Type):
                return join_two(register_pointer(destination()), left, right)
    if op == "truediv":
        if is_float(left):
            if is_float(right) and float_value(right) != 0.0:
                return new_float(number_op(op, float_value(left), float_value(right)))
            if is_int(right) and exact_as_float(int_value(right)) and int_value(right) != 0:
                return new_float(number_op(op, float_value(left), as_float(int_value(right))))
        elif is_int(left) and exact_as_float(int_value(left)):
            if is_int(right) and exact_as_float(int_value(right)) and int_value(right) != 0:
                return new_float(number_op(op, as_float(int_value(left)), as_float(int_value(right))))
            if is_float(right) and float_value(right) != 0.0:
                return new_float(number_op(op, as_float(int_value(left)), float_value(right)))
    if op in ("and", "or", "xor"):
        if is_int(left) and is_int(right):
            return new_int(number_op(op, int_value(left), int_value(right)))
    if op in ("floordiv", "mod"):
        if is_int(left) and is_int(right) and int_value(right) > 0:
            if op == "floordiv":
                return new_int(floor_quotient(int_value(left), int_value(right)))
            return new_int(floor_remainder(int_value(left), int_value(right)))
    if op == "mod":
        if is_type(left, PyUnicode_Type):
            if is_int(right):
                return percent_int(left, int_value(right))
            if is_float(right):
                return percent_float(left, float_value(right))
            if is_type(right, PyUnicode_Type):
                return format_percent_one(left, right)
            return format_percent(left, right)
    if op == "lshift":
        if is_int(left) and is_int(right) and below(int_value(right), 62) and shift_fits(int_value(left), int_value(right)):
            return new_int(int_value(left) << int_value(right))
    if op == "rshift":
        if is_int(left) and is_int(right) and below(int_value(right), 63):
            return new_int(int_value(left) >> int_value(right))
    imply("push_operator", IMPLIED_OPERATOR, left, right)
    return call_op("PyNumber_", op, left, right)


@opcode
def inplace(left: Object, right: Object, op: Template) -> Object:
    if op in ("add", "sub", "mul"):
        if is_int(left) and is_int(right):
            total, overflowed = overflow_op(op, int_value(left), int_value(right))
            if likely(not overflowed):
                return new_int(total)
        elif is_float(left):
            if is_float(right):
                return new_float(number_op(op, float_value(left), float_value(right)))
            if is_int(right) and exact_as_float(int_value(right)):
                return new_float(number_op(op, float_value(left), as_float(int_value(right))))
        elif is_type(left, PyUnicode_Type) and op == "add":
            if is_type(right, PyUnicode_Type):
                return join_two(register_pointer(destination()), left, right)
    if op == "truediv":
        if is_float(left) and is_float(right) and float_value(right) != 0.0:
            return new_float(number_op(op, float_value(left), float_value(right)))
    if op in ("and", "or", "xor"):
        if is_int(left) and is_int(right):
            return new_int(number_op(op, int_value(left), int_value(right)))
    if op in ("floordiv", "mod"):
        if is_int(left) and is_int(right) and int_value(right) > 0:
            if op == "floordiv":
                return new_int(floor_quotient(int_value(left), int_value(right)))
            return new_int(floor_remainder(int_value(left), int_value(right)))
    if op == "rshift":
        if is_int(left) and is_int(right) and below(int_value(right), 63):
            return new_int(int_value(left) >> int_value(right))
    imply("push_operator", IMPLIED_INPLACE, left, right)
    return call_op("PyNumber_InPlace", op, left, right)


@helper(raises=True)
def join_two(place: Ptr, left: Object, right: Object) -> New:
    """left + right of two strings; where the result replaces the only reference to ``left``, it grows in place."""
    if load_object(place, 0) is left and refcount(left) == 1 and left is not right:
        store_int(place, 0, 0)
        grown = local()
        store_pointer(grown, 0, as_pointer(left))
        PyUnicode_Append(grown, right)
        return owned(load_object(grown, 0))
    return PyUnicode_Concat(left, right)


@inline
def exact_as_float(x: Int) -> Bool:
    """Ints up to 2**53 are doubles exactly; beyond, CPython's own conversion (and its OverflowError) decides."""
    return below(x + 9007199254740992, 18014398509481985)


@inline
def floor_quotient(a: Int, b: Int) -> Int:
    """a // b for b > 0."""
    return floor_divide(a, b)


@inline
def floor_remainder(a: Int, b: Int) -> Int:
    """a % b for b > 0."""
    return floor_modulo(a, b)


@primitive
def floor_divide(a: Int, b: Int) -> Int:
    quotient = a // b
    return select((a < 0) , select(quotient * b == a, quotient, quotient - 1), quotient)


@primitive
def floor_modulo(a: Int, b: Int) -> Int:
    remainder = a % b
    return select(remainder < 0, remainder + b, remainder)


@primitive
def shift_fits(x: Int, n: Int) -> Bool:
    """Whether x << n stays within 64 bits."""
    return ((x << n) >> n) == x


@opcode
def unary_neg(src: Object) -> Object:
    if is_int(src):
        total, overflowed = overflow_op("sub", 0, int_value(src))
        if likely(not overflowed):
            return new_int(total)
    elif is_float(src):
        return new_float(-float_value(src))
    return PyNumber_Negative(src)


@opcode
def unary_pos(src: Object) -> Object:
    return PyNumber_Positive(src)


@opcode
def unary_invert(src: Object) -> Object:
    if is_int(src):
        return new_int(number_op("xor", int_value(src), -1))
    return PyNumber_Invert(src)


@opcode
def unary_not(src: Object) -> Object:
    if src is _Py_TrueStruct:
        return new_bool(False)
    if src is _Py_FalseStruct or src is _Py_NoneStruct:
        return new_bool(True)
    if is_int(src):
        return new_bool(int_value(src) == 0)
    return new_bool(truth_of(src) == 0)


@opcode
def compare(left: Object, right: Object, op: Template) -> Object:
    if is_int(left) and is_int(right):
        return new_bool(compare_values(op, int_value(left), int_value(right)))
    if is_float(left) and is_float(right):
        return new_bool(compare_values(op, float_value(left), float_value(right)))
    if op in ("eq", "ne"):
        if is_type(left, PyUnicode_Type) and is_type(right, PyUnicode_Type):
            return new_bool(compare_values(op, same_text(left, right), 1))
    imply("push_operator", IMPLIED_COMPARE, left, right)
    return PyObject_RichCompare(left, right, rich_op(op))


@inline
def same_text(left: Object, right: Object) -> Int:
    """1 if two strings are equal."""
    if left is right:
        return 1
    return _PyUnicode_EQ(left, right)


@helper(raises=True, runs=True, spare=True)
def test_objects(left: Object, right: Object, op: Int) -> Int:
    """The truth of a rich comparison."""
    result = PyObject_RichCompare(left, right, op)
    if result is _Py_TrueStruct:
        return 1
    if result is _Py_FalseStruct:
        return 0
    return PyObject_IsTrue(result)


@helper(raises=True, runs=True, spare=True)
def truth_of(v: Object) -> Int:
    return PyObject_IsTrue(v)


@opcode
def branch_if(left: Object, right: Object, op: Template) -> Branch:
    if is_int(left) and is_int(right):
        if compare_values(op, int_value(left), int_value(right)):
            return JUMP
        return NEXT
    if is_float(left) and is_float(right):
        if compare_values(op, float_value(left), float_value(right)):
            return JUMP
        return NEXT
    if op in ("eq", "ne"):
        if is_type(left, PyUnicode_Type) and is_type(right, PyUnicode_Type):
            if compare_values(op, same_text(left, right), 1):
                return JUMP
            return NEXT
    imply("push_operator", IMPLIED_IF, left, right)
    if test_objects(left, right, rich_op(op)) != 0:
        return JUMP
    return NEXT


@opcode
def branch_unless(left: Object, right: Object, op: Template) -> Branch:
    if is_int(left) and is_int(right):
        if compare_values(op, int_value(left), int_value(right)):
            return NEXT
        return JUMP
    if is_float(left) and is_float(right):
        if compare_values(op, float_value(left), float_value(right)):
            return NEXT
        return JUMP
    if op in ("eq", "ne"):
        if is_type(left, PyUnicode_Type) and is_type(right, PyUnicode_Type):
            if compare_values(op, same_text(left, right), 1):
                return NEXT
            return JUMP
    imply("push_operator", IMPLIED_UNLESS, left, right)
    if test_objects(left, right, rich_op(op)) != 0:
        return NEXT
    return JUMP


@opcode
def branch_true(src: Object) -> Branch:
    if src is _Py_TrueStruct:
        return JUMP
    if src is _Py_FalseStruct or src is _Py_NoneStruct:
        return NEXT
    if is_int(src):
        if int_value(src) != 0:
            return JUMP
        return NEXT
    if truth_of(src) != 0:
        return JUMP
    return NEXT


@opcode
def branch_false(src: Object) -> Branch:
    if src is _Py_TrueStruct:
        return NEXT
    if src is _Py_FalseStruct or src is _Py_NoneStruct:
        return JUMP
    if is_int(src):
        if int_value(src) != 0:
            return NEXT
        return JUMP
    if truth_of(src) != 0:
        return NEXT
    return JUMP


@opcode
def branch_is(left: Object, right: Object) -> Branch:
    if left is right:
        return JUMP
    return NEXT


@opcode
def branch_is_not(left: Object, right: Object) -> Branch:
    if left is right:
        return NEXT
    return JUMP


@opcode
def branch_in(item: Object, container: Object) -> Branch:
    found = known_item(item, container)
    if found >= 0:
        if found != 0:
            return JUMP
        return NEXT
    if PySequence_Contains(container, item) != 0:
        return JUMP
    return NEXT


@opcode
def branch_not_in(item: Object, container: Object) -> Branch:
    found = known_item(item, container)
    if found >= 0:
        if found != 0:
            return NEXT
        return JUMP
    if PySequence_Contains(container, item) != 0:
        return NEXT
    return JUMP


@opcode
def is_op(left: Object, right: Object) -> Object:
    return new_bool(left is right)


@opcode
def is_not_op(left: Object, right: Object) -> Object:
    return new_bool(left is not right)


@opcode
def contains(item: Object, container: Object) -> Object:
    found = known_item(item, container)
    if found >= 0:
        return new_bool(found != 0)
    return new_bool(PySequence_Contains(container, item) != 0)


@opcode
def not_contains(item: Object, container: Object) -> Object:
    found = known_item(item, container)
    if found >= 0:
        return new_bool(found == 0)
    return new_bool(PySequence_Contains(container, item) == 0)


@opcode
def jump() -> Branch:
    aside("jump_back", (load_int(jump_target(pc, word), 0) & OPCODE_MASK) == LOOP)
    return JUMP
