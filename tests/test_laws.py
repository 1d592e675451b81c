"""Laws of the code base that no reviewer should have to check."""
from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from jitvm.rpython import program
from jitvm.spec import reasons
from jitvm.spec.bytecodes import BYTECODES

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "jitvm"
FILES = sorted(PACKAGE.rglob("*.py"))
MAX_FILE, MAX_FUNCTION = 700, 80

ARROWS = {
    "spec": "",
    "frontend": "spec",
    "backend": "spec",
    "baseline": "spec backend",
    "rpython": "spec",
    "interpreter": "rpython",
    "tracing": "spec backend baseline",
    "runtime": "spec frontend backend rpython tracing report",
    "report": "spec frontend",
    "cli": "runtime",
    "__main__": "cli",
    "__init__": "",
}
"""Who may import whom. Imports for type checkers do not count."""
EXCEPTIONS = {("tracing/kit.py", "rpython")}
"""The trace kit is made by the translator, when the interpreter is built."""


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imports(path: Path) -> set[str]:
    """The modules that a file imports at run time."""
    tree = ast.parse(path.read_text())
    hidden = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
              for part in node.body for inner in ast.walk(part)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            found |= {item.name for item in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{item.name}" for item in node.names)}
    return found


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_arrows(path: Path) -> None:
    package = name_of(path).split("/")[0].removesuffix(".py")
    seen = {name.split(".")[1] for name in imports(path) if name.startswith("jitvm.") and name != "jitvm.__version__"}
    allowed = {package, *ARROWS[package].split(), *(other for file, other in EXCEPTIONS if file == name_of(path))}
    assert seen <= allowed


def test_llvm_is_the_backends_alone() -> None:
    for path in FILES:
        assert not [name for name in imports(path) if name.split(".")[0] == "llvmlite"], name_of(path)
        if "llvmlite" in path.read_text():
            assert name_of(path).startswith("backend/"), name_of(path)


def test_the_start_imports_nothing_heavy() -> None:
    heavy = {"typing", "dataclasses", "collections", "collections.abc", "contextlib", "ctypes", "inspect", "re", "enum", "functools"}
    for package in ("spec", "frontend", "backend", "baseline", "runtime", "tracing"):
        for path in (PACKAGE / package).glob("*.py"):
            if name_of(path) != "backend/llvm.py":
                assert not imports(path) & heavy, name_of(path)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_length(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") < MAX_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < MAX_FUNCTION, node.name


def test_every_bytecode_has_a_handler_and_every_handler_a_bytecode() -> None:
    handlers = program.handler_program()
    for row in BYTECODES:
        handler = program.handler_of(handlers, row)
        assert handler.kind in ("opcode", "control"), row.name
    rows = {row.handler for row in BYTECODES}
    assert {name for name, function in handlers.functions.items() if function.kind == "opcode"} <= rows


def test_reasons_are_in_the_table_and_used() -> None:
    given: set[str] = set()
    mentioned: set[str] = set()
    for path in [*(PACKAGE / "tracing").glob("*.py"), *(PACKAGE / "runtime").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).split(".")[-1]
                place = {"Abort": 0, "abort": 0, "fail": 1, "left": 1, "describe": 0}.get(name, -1)
                if 0 <= place < len(node.args) and isinstance(node.args[place], ast.Constant):
                    given.add(node.args[place].value)
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                mentioned.add(node.value)
    assert given <= set(reasons.TABLE)
    assert set(reasons.TABLE) <= mentioned


def test_nothing_names_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a checkout")
    forbidden = re.compile(r"/(?:home|root|work|farm|Users)/(?!some)\w")
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".json", "") and path.is_file() and path != Path(__file__):
            assert not forbidden.search(path.read_text(errors="replace")), name
