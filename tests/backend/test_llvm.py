"""LLVM by its shared library: text in, objects, assembler and errors out."""
from __future__ import annotations

import ctypes
import subprocess
import sys
import threading

import pytest

from jitvm.backend import elf, llvm

SQUARE = """
define i64 @square(i64 %x) {
entry:
  %slot = alloca i64
  store i64 %x, ptr %slot
  %a = load i64, ptr %slot
  %b = load i64, ptr %slot
  %r = mul i64 %a, %b
  ret i64 %r
}
"""
ONE = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("passes", [0, 1, 2, 3, "sroa", "sroa, instcombine,simplifycfg"])
def test_compiles(level: int, passes: str | int) -> None:
    code = elf.load(llvm.Compiler(level).object_bytes(SQUARE, passes=passes, verify=True))
    assert ONE(code.names["square"])(-12) == 144
    code.free()


def test_passes_change_the_text() -> None:
    compiler = llvm.Compiler(1)
    assert "alloca" in compiler.optimized(SQUARE, passes=0)
    assert "alloca" not in compiler.optimized(SQUARE, passes="sroa")
    assert "alloca" not in compiler.optimized(SQUARE, passes=2)


def test_every_named_pass_runs() -> None:
    compiler = llvm.Compiler(0)
    for name in llvm.PASSES:
        assert compiler.object_bytes(SQUARE, passes=name)


def test_assembly_is_text() -> None:
    assert "square:" in llvm.Compiler(2).assembly(SQUARE, passes=2)


def test_errors_have_llvms_message() -> None:
    compiler = llvm.Compiler(0)
    with pytest.raises(llvm.LLVMError, match="value doesn't match function result type 'i32'"):
        compiler.object_bytes("define i32 @f() { ret i64 0 }")
    with pytest.raises(llvm.LLVMError, match="PHINode should have one entry"):
        compiler.object_bytes("define void @f() { %x = phi i32 [1, %a]\n ret void\na: br label %a }", verify=True)
    with pytest.raises(llvm.LLVMError, match="no such pass: polish"):
        compiler.object_bytes(SQUARE, passes="polish")
    with pytest.raises(llvm.LLVMError, match="no such pipeline: 9"):
        compiler.object_bytes(SQUARE, passes=9)
    with pytest.raises(ValueError, match="opt_level"):
        llvm.Compiler(4)
    assert compiler.object_bytes(SQUARE)


def test_the_same_text_gives_the_same_object() -> None:
    assert llvm.Compiler(1).object_bytes(SQUARE) == llvm.Compiler(1).object_bytes(SQUARE)


def test_threads() -> None:
    results: list[bytes] = []
    compiler = llvm.Compiler(1)
    threads = [threading.Thread(target=lambda: results.append(compiler.object_bytes(SQUARE, passes=2))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert len(set(results)) == 1


def test_host_is_named() -> None:
    host = llvm.host()
    assert host.triple.startswith("x86_64")
    assert host.cpu
    assert "+sse2" in host.features
    assert int(host.version.split(".")[0]) >= 15


def test_opens_the_library_without_the_package_and_without_audit_events_after_the_first_use() -> None:
    program = f"""
import sys
from jitvm.backend import elf, llvm
llvm.remember_search_path()
sys.path[:] = []
text = {SQUARE!r}
llvm.Compiler(0).object_bytes(text)
events = []
sys.addaudithook(lambda name, arguments: events.append(name))
code = elf.load(llvm.Compiler(1).object_bytes(text, passes="sroa"))
code.free()
assert not [name for name in events if not name.startswith("ctypes.dlsym")], events
assert not [name for name in sys.modules if name.startswith(("llvmlite", "typing", "dataclasses", "re"))], sys.modules
print("ok")
"""
    done = subprocess.run([sys.executable, "-S", "-c", "import sys; sys.path[:0] = " + repr(sys.path) + program],
                          capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("ok\n", "")


def test_a_missing_library_is_an_llvm_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llvm, "_search_path", ["/nowhere"])
    with pytest.raises(llvm.LLVMError, match="not installed"):
        llvm.library_path()
    monkeypatch.setattr(llvm, "library_path", lambda: "/nowhere/lib.so")
    with pytest.raises(llvm.LLVMError, match="cannot be used"):
        llvm._Library()
