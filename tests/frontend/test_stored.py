"""A module restored from what ``dump`` gave has the same units, and shares its constants with the host's code."""
import importlib.util
import pathlib
import warnings

import pytest

from jitvm.frontend import Module, Unsupported
from jitvm.frontend.code import host_codes


def units(module):
    """The units of all code objects, the reason where there is none."""
    out = []
    for code in host_codes(module.host):
        try:
            unit = module.unit(code)
        except Unsupported as unsupported:
            out.append((unsupported.reason, unsupported.line))
        else:
            out.append((unit.name, unit.first_line, unit.registers, unit.words, unit.host_offsets, unit.positions, unit.constants,
                        [row.row() for row in unit.handlers], [row.row() for row in unit.loops]))
    return out


@pytest.mark.parametrize("name", ["textwrap", "dataclasses", "enum", "test.test_grammar", "test.test_patma"])
def test_units_are_the_same(name):
    path = importlib.util.find_spec(name).origin
    source = pathlib.Path(path).read_bytes()
    module = Module(source, path)
    expected = units(module)
    restored = Module(source, path, module.dump())
    assert units(restored) == expected
    assert restored.fresh == 0
    assert restored._compiler is None


def test_constants_are_the_hosts_own():
    source = "def f(x):\n    return [x, 1.5, (1, 'a b'), 2 ** 80, lambda: x, b'abcdef']\n"
    module = Module(source, "a.py")
    units(module)
    restored = Module(source, "a.py", module.dump())
    function = next(code for code in host_codes(restored.host) if code.co_name == "f")
    own = set(map(id, function.co_consts))
    constants = [constant for constant in restored.unit(function).constants if not isinstance(constant, str)]
    assert len(constants) >= 4
    assert all(id(constant) in own for constant in constants)


def test_what_was_not_stored_is_compiled():
    source = "def f():\n    return 1\ndef g():\n    return (y := 2)\n"
    module = Module(source, "a.py")
    module.unit(module.host)
    restored = Module(source, "a.py", module.dump())
    restored.unit(restored.host)
    assert restored.fresh == 0
    assert units(restored) == units(Module(source, "a.py"))
    assert restored.fresh == 2
    again = Module(source, "a.py", restored.dump())
    assert units(again) == units(restored)
    assert again.fresh == 0


def test_another_host_code_can_take_the_place():
    source = "def f(x):\n    return lambda: x\n"
    module = Module(source, "a.py")
    restored = Module(source, "a.py", module.dump())
    restored.host = compile(source, "a.py", "exec", dont_inherit=True)
    assert units(restored) == units(module)


@pytest.mark.parametrize("action", ["ignore", "default", "error"])
@pytest.mark.parametrize("source", [r"x = '\d'", "x = 1 is 1", "assert (1, 'x')", "x = 0x1for y in z"])
def test_a_reason_to_warn_is_noticed(source, action):
    with warnings.catch_warnings():
        warnings.simplefilter(action)
        before = list(warnings.filters)
        try:
            quiet = Module(source.replace("0x1for", "[0x1for") + ("]" if "for" in source else ""), "a.py").quiet
        except SyntaxError:
            assert action == "error"
        else:
            assert not quiet
        assert warnings.filters == before


def test_no_reason_to_warn():
    assert Module("x = 1\n", "a.py").quiet
