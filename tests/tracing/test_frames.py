"""Every frame that compiled code leaves is one that the host has in the same source line, wherever it is left.

The program runs on the host with a trace function that notes the variables of each frame at each instruction; then in the VM, where
each guard fails in turn, each bytecode is left in turn, and each exit shows the frame it has restored (``-X dump=x``).
"""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

NOTE = '''
import sys
PLAIN = (int, float, str, bytes, bool, type(None), list, tuple, dict, set, frozenset, range, complex)
def note(frame, event, _):
    if frame.f_code.co_filename != sys.argv[1]:
        return None
    frame.f_trace_opcodes = True
    if event in ("call", "opcode"):
        names = frame.f_locals
        shown = {name: names[name] for name in sorted(names) if name in frame.f_code.co_varnames and type(names[name]) in PLAIN}
        sys.stderr.write(f"jitvm: left {frame.f_code.co_name} in line {frame.f_lineno} with {shown!r}\\n")
    return note
code = compile(open(sys.argv[1]).read(), sys.argv[1], "exec")
sys.settrace(note)
exec(code, {"__name__": "__main__"})
'''

PROGRAMS = {
    "numbers": """
def numbers(n):
    total, x, flag = 0, 0.5, False
    for i in range(n):
        if i % 3 == 0:
            total += i * i
        elif i % 7 == 0:
            x = x * 1.25 - i
            flag = not flag
        else:
            total -= 3
        if total > 2000:
            total = -total
    return total, x, flag
print(numbers(150))
""",
    "overflow": """
def grow(n):
    a, b = 1, 3
    for i in range(n):
        a, b = b, a * 3 + i
    while b > 10:
        b //= 7
    return a, b
print(grow(90))
""",
    "containers": """
def containers(n):
    words, counts, seen = [], {}, []
    for i in range(n):
        word = f"w{i % 5}"
        counts[word] = counts.get(word, 0) + i
        if i % 4 == 1:
            words.append(word)
        for j, item in enumerate(words):
            if j > 2:
                break
            seen.append((j, item))
        words[-1:] = [word, word] if len(words) < 6 else []
    return words, counts, seen[-5:]
print(containers(60))
""",
    "calls": """
def leaf(a, b=2, *, c=3):
    if a % 2:
        return a + b
    d = a * c
    return d - b
def middle(a, scale):
    t = leaf(a) * scale
    u = leaf(a, b=5, c=a)
    return t + u
def calls(n):
    total = 0
    for i in range(n):
        total += middle(i, 2)
    return total
print(calls(80))
""",
    "nests": """
def nests(n):
    total = 0
    for i in range(n):
        k = i
        for j in range(i, n):
            if (i + j) % 5 == 0:
                continue
            total += i * j
        while k > 0:
            k -= 2
            total ^= k
    return total
print(nests(22))
""",
    "generators": """
def odd(items):
    for item in items:
        if item % 2:
            yield item
def fib(n):
    a, b = 0, 1.5
    while n > 0:
        n -= 1
        yield a
        a, b = b, a + b
        if n % 4 == 0:
            yield "four", a
def pairs(n):
    for left in range(n):
        yield left, left * 2
def generators(n):
    total, texts = 0, 0
    for x in odd(y * 3 for y in range(n)):
        total += x
    for f in fib(n):
        if type(f) is tuple:
            texts += 1
        else:
            total += f
    for k, (a, b) in enumerate(pairs(n)):
        total -= k * a + b
        for z in odd(range(k % 6)):
            total += z
    return total, texts
print(generators(40))
""",
    "unbound": """
def unbound(n):
    for i in range(n):
        if i > 10:
            late = i * 2
        if i > 30:
            del late
            late = None
    return late
print(unbound(50))
""",
}


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("jitvm: left ")]


@pytest.mark.parametrize("name", PROGRAMS)
def test_restored_frames_are_the_hosts(name: str, tmp_path: Path) -> None:
    script = tmp_path / f"{name}.py"
    script.write_text(PROGRAMS[name])
    noted = subprocess.run([sys.executable, "-c", NOTE, str(script)], capture_output=True, text=True, check=True)
    known = set(lines(noted.stderr))
    options = ("-X", "threshold=2", "-X", "force_exits=1", "-X", "verify=1", "-X", "dump=x")
    got = subprocess.run([sys.executable, "-m", "jitvm", "run", *options, str(script)], capture_output=True, text=True, check=True)
    left = lines(got.stderr)
    assert got.stdout == noted.stdout
    assert got.stderr.splitlines() == left  # no internal error
    assert len(left) > 20
    assert len({line.split(" with ")[0] for line in left}) > 3
    assert [line for line in left if line not in known] == []
