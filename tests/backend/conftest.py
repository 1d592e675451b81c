"""Objects compiled once for all tests of the backend."""
from __future__ import annotations

import pytest

from jitvm.backend import llvm

TEXT = """
@table = constant [2 x ptr] [ptr @f, ptr @g]
@count = global i64 5
@zeros = internal global [600 x i64] zeroinitializer
declare i64 @outside(i64)

define i64 @f(i64 %x) {
  %c = load i64, ptr @count
  %r = add i64 %x, %c
  store i64 %r, ptr @count
  ret i64 %r
}

define internal double @h(double %x) noinline {
  %r = fmul double %x, 3.25
  ret double %r
}

define i64 @g(i64 %x, i64 %i) {
  switch i64 %x, label %d [ i64 0, label %a i64 1, label %b i64 2, label %c i64 3, label %e i64 4, label %k i64 5, label %z ]
a:
  ret i64 100
b:
  %p = ptrtoint ptr @f to i64
  ret i64 %p
c:
  %y = call i64 @f(i64 7)
  ret i64 %y
e:
  %m = call double @h(double 2.0)
  %n = fptosi double %m to i64
  ret i64 %n
k:
  %q = getelementptr [2 x ptr], ptr @table, i64 0, i64 %i
  %w = load i64, ptr %q
  ret i64 %w
z:
  %s = getelementptr [600 x i64], ptr @zeros, i64 0, i64 %i
  %o = load i64, ptr %s
  store i64 9, ptr %s
  ret i64 %o
d:
  ret i64 -1
}
"""

CALLS = """
declare i64 @outside(i64)
define i64 @call(i64 %x) {
  %r = call i64 @outside(i64 %x)
  %s = add i64 %r, 1
  ret i64 %s
}
define ptr @address() {
  ret ptr @outside
}
"""


@pytest.fixture(scope="session")
def module_object() -> bytes:
    return llvm.Compiler(1).object_bytes(TEXT, verify=True)


@pytest.fixture(scope="session")
def calling_object() -> bytes:
    return llvm.Compiler(1).object_bytes(CALLS, verify=True)
