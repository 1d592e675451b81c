"""A module restored from what ``dump`` gave has the same units, and shares its constants with the host's code."""
import importlib.util
import pathlib
import warnings

import pytest

from jitvm.frontend.code import Unsupported, host_codes
from jitvm.frontend.module import Module


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


def test_code_that_the_host_has_loaded(tmp_path):
    """Units are found by what the code is. What is of no stored code is compiled, if the source is still that of the code."""
    path = tmp_path / "a.py"
    source = "def f(x):\n    return lambda: x\ndef g(a):\n    return a in {1, 'x', None, 2.5}\n"
    path.write_text(source)

    def load(text, stored=None):
        return Module.of_loaded(compile(text, str(path), "exec", dont_inherit=True), str(path), stored)

    module = load(source)
    assert units(module) == units(Module(source, str(path)))
    assert module.fresh == 4
    path.write_text("never read")
    again = load(source, module.dump())
    assert units(again) == units(module)
    assert again.fresh == 0
    changed = source.replace("a in", "a not in")
    moved = load("\n\n" + changed, module.dump())
    assert [type(row[0]) is str and row[0].startswith("its source") for row in units(moved)] == [True, False, False, True]
    assert [row[1] for row in units(moved)[1:3]] == [3, 4]
    assert moved.fresh == 0
    path.write_text("\n\n" + changed)
    moved = load("\n\n" + changed, module.dump())
    assert units(moved) == units(Module("\n\n" + changed, str(path)))
    assert moved.fresh == 2
    assert units(load("\n\n" + changed, moved.dump())) == units(moved)
    back = load(source, moved.dump())
    with pytest.raises(Unsupported):
        back.unit(back.host)


def test_other_code_is_not_of_the_module():
    module = Module("def f(x):\n    return x\n", "a.py")
    with pytest.raises(KeyError):
        module.unit(compile("1 + x", "a.py", "eval"))
    code = compile("1 + x", "a.py", "eval")
    with pytest.raises(KeyError):
        module.unit(code.replace(co_consts=(object(),)))


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
