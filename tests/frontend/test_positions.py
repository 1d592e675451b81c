"""The positions of instructions that raise are those that the host's tracebacks show."""
import pytest

from tests.frontend.reference import Machine

PRELUDE = """\
class Evil:
    def __enter__(self): return self
    def __exit__(self, *args): return False
    def __iter__(self): return iter([1])
    def __format__(self, spec): raise ValueError
    def __bool__(self): raise ValueError
    def __contains__(self, item): raise ValueError
    def method(self, *args, **kwargs): raise ValueError
    def __lt__(self, other): return self
    def __hash__(self): raise ValueError
    def __repr__(self): raise ValueError
class BadExit:
    def __enter__(self): return 1
    def __exit__(self, *args): raise KeyError
evil = Evil()
none = None
def raises(*args, **kwargs):
    raise ValueError(1)
def f(x=1):
"""

STATEMENTS = r"""\
return 1 + none
return none.foo
return (none.\n   foo)
return (evil.\n   method(1)\n   .foo)
return evil.method(*[1])
return evil.method(1, k=2)
return raises(1,\n   k=none)
return raises(*none)
return raises(**none)
return undefined
return none[1]
return none[1:2]
x += none
none.x += 1
evil.y.z = 1
none[x] = 2
none[x] += 2
del none[x]
del none.foo
del undefined_local; undefined_local = 1
y = undefined_local; undefined_local = 1
return -none
return not evil
if evil: pass
while evil: pass
return x if evil else 2
return evil and x
x = evil or x
if x and evil: pass
return 1 < none
return 1 < 2 < none
if 1 < 2 < none < 3: pass
if evil < 1 < 2: pass
return x in evil
if x not in evil: pass
a, b = x
a, b = 1, none.foo
a, *b, c = evil
for i in none: pass
for a, b in evil: pass
return [i.foo for i in evil]
return [i for i in none]
return {evil for i in (1,)}
return {i: none.foo for i in (1,)}
return list(i for i in none)
return f"{evil}"
return f"abc{evil:>10}def"
return f"{evil!r}"
return [*none]
return {**none}
return {evil: 1}
return {1, evil}
assert x == 2
assert x == 2, 'message'
assert evil
assert evil < 2
if x < 2 and evil: pass
if not (evil and x): pass
if evil < 2: pass
while x < 2 and (x > 2 or evil < 2): pass
return [i for i in (1,) if evil]
return {evil for i in (1,) if i < 2}
return {none.foo: 1 for i in (1,) if i < 2 for j in none}
return 1 if x < 2 and evil else 2
with none: pass
with evil as (a, b): pass
with evil:\n        none.foo
with BadExit():\n        pass
with evil, BadExit():\n        pass
with evil:\n        raise KeyError
raise none
raise ValueError(1) from 2
raise ValueError(1) from none
import does_not_exist
from sys import does_not_exist
import does_not_exist.foo as y
return lambda: none.foo
return (lambda: none.foo)()
def g(y=none.foo): pass
@none.foo\n    def g(): pass
@none\n    @raises\n    def g(): pass
@none\n    class A: pass
class A(none): pass
class A(B, metaclass=none): pass
class A:\n        x = none.foo
return [none.foo,\n    1]
return (1,\n   none.foo)
return raises(x)(x)
return raises(\n   evil.method(x),\n  1)
try:\n        none.foo\n    finally:\n        x = 1
try:\n        none.foo\n    except KeyError:\n        x = 1
try:\n        none.foo\n    except none:\n        x = 1
try:\n        none.foo\n    except AttributeError as e:\n        e.foo
try:\n        none.foo\n    except AttributeError as e:\n        raise
try:\n        none.foo\n    except AttributeError as e:\n        raise ValueError from e
try:\n        return 1\n    finally:\n        none.foo
try:\n        x = 1\n    finally:\n        none.foo
for i in 1, 2:\n        try:\n            continue\n        finally:\n            none.foo
match x:\n        case none.foo: pass
match x:\n        case 1 if none.foo: pass
match x:\n        case none(): pass
match x:\n        case int(a, b): pass
match evil:\n        case [1]: pass
return (y := none.foo)
return x if none.foo else y
global gg; return gg
x: none.foo = none.foo
none.foo.bar: int = 1
return x @ 2
return ~none
return x ** none
x <<= none
x = y = none.foo
a[0] = x = 1
return "%d" % none
return print(none.foo)
""".splitlines()


def host_trace(source):
    """Name and position of each frame of the host's traceback, innermost first, and the exception."""
    namespace = {"__name__": "m"}
    try:
        exec(compile(source, "<test>", "exec", dont_inherit=True), namespace)
    except Exception as exception:
        rows = []
        traceback = exception.__traceback__
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if code.co_filename == "<test>":
                positions = list(code.co_positions())
                line, end_line, column, end_column = positions[traceback.tb_lasti // 2]
                rows.append((code.co_qualname, (line, column, end_line, end_column)))
            traceback = traceback.tb_next
        return rows[::-1], type(exception), str(exception)
    return [], None, ""


@pytest.mark.parametrize("statement", [line.replace("\\n", "\n") for line in STATEMENTS])
def test_position_of_a_failure(statement):
    source = f"{PRELUDE}    {statement}\nf()\n"
    expected, kind, _ = host_trace(source)
    machine = Machine(source)
    try:
        machine.run({"__name__": "m"})
        raised = None
    except Exception as exception:
        raised = type(exception)
    assert raised is kind
    ran = {name for name, _ in machine.trace}
    assert last_of_each(machine.trace) == last_of_each([row for row in expected if row[0] in ran])


def last_of_each(rows):
    """The last row for each function: an exception that was caught before may have left earlier ones."""
    return dict(rows)
