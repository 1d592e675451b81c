"""What takes minutes: ``python -m tests.formats.long --count 10000000`` compares formatted floats with CPython's; with ``--keys 1000000``
texts, specifications and templates that are all distinct go through the caches, which must stay at their bounds.

Random doubles and halfway cases, at every precision from 0 to 17 and in every kind; the VM formats, the host's ``format`` checks.
"""
from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

KINDS = ("f", "e", "g", "%", "")
SCRIPT = '''
import random, struct
pick = random.Random({seed})
def double(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]
differ = 0
def check(run, spec, value):
    global differ
    if run(value) != format(value, spec):
        differ += 1
        if differ < 20:
            print("DIFFERS", value.hex(), spec, run(value), format(value, spec))
def halfway(precision):
    """A double that lies exactly between two decimals of a precision: an odd multiple of 2**-(precision + 1) whose scale divides."""
    return (2 * pick.randrange(1 << pick.randrange(1, 53 - precision)) + 1) / (1 << (precision + 1)) * pick.choice((1, -1))
for number in range({count}):
    run, spec, precision = pick.choice(RUNS)
    check(run, spec, double(pick.getrandbits(64)))
    check(run, spec, double((1023 + pick.randrange(-20, 64)) << 52 | pick.getrandbits(52)))
    check(run, spec, halfway(precision))
    check(run, spec, pick.randrange(10**17) / 10**pick.randrange(20))
print(differ, "of", 4 * {count}, "differ")
'''
KEYS = '''
def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4
def run(first, last):
    for i in range(first, last):
        text = f"{i} + x"
        for _ in range(3):
            assert eval(text) == i + x
        spec = f"{i % 300}.{i % 9}f"
        assert f"{i:{spec}}" == format(i, spec)
        assert (f"%{i % 50}d {i}" % i).endswith(str(i)) and f"{{:{i % 99}}}{i}".format(i).endswith(str(i))
        assert eval("x + 1000") == 1005
x = 5
run(0, {count} // 2)
middle = memory()
run({count} // 2, {count})
print(memory() - middle)
'''
"""Prints by how many KiB the process grew while the second half of the keys went through the caches."""


def script(seed: int, count: int) -> str:
    """A script of four comparisons for each of ``count`` picks."""
    lines, rows = [], []
    for kind in KINDS:
        for precision in range(18):
            lines += [f"def run_{len(rows)}(value):", f"    return f'{{value:.{precision}{kind}}}'"]
            rows.append(f"(run_{len(rows)}, '.{precision}{kind}', {precision})")
    lines += ["def run_shortest(value):", "    return f'{value}'"]
    rows += ["(run_shortest, '', 15)"] * 9
    return "\n".join(lines) + f"\nRUNS = [{', '.join(rows)}]\n" + SCRIPT.replace("{seed}", str(seed)).replace("{count}", str(count))


def main() -> int:
    """Runs the comparison; 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="comparisons")
    parser.add_argument("--keys", type=int, default=0, help="distinct keys for the caches, instead of comparisons")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.py"
        if options.keys:
            path.write_text(KEYS.replace("{count}", str(options.keys)))
            done = subprocess.run([sys.executable, "-m", "jitvm", "run", "--stats", str(path)], capture_output=True, text=True, check=False)
            print(done.stdout + done.stderr, end="")
            return 0 if done.stdout.strip().lstrip("-").isdecimal() and int(done.stdout) < 8192 else 1
        path.write_text(script(options.seed, options.count // 4))
        output = subprocess.run([sys.executable, "-m", "jitvm", "run", str(path)], stdout=subprocess.PIPE, text=True, check=False).stdout
    print(output, end="")
    return 0 if output.startswith("0 of ") else 1


if __name__ == "__main__":
    sys.exit(main())
