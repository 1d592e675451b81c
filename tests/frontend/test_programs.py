"""Programs run by the reference evaluator print what they print on the host, and end with the same exception."""
import contextlib
import io
import pathlib

import pytest

from tests.frontend.reference import Machine

PROGRAMS = sorted((pathlib.Path(__file__).parent / "programs").glob("*.py"))


def outcome(run):
    """What ``run`` prints, and the exception it raises."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            run({"__name__": "program"})
            error = None
        except Exception as exception:
            error = type(exception), str(exception)
    return out.getvalue(), error


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program(path):
    source = path.read_text()
    expected = outcome(lambda namespace: exec(compile(source, str(path), "exec", dont_inherit=True), namespace))
    machine = Machine(source, str(path))
    assert outcome(machine.run) == expected
    assert expected[0]
    assert machine.handled == []
