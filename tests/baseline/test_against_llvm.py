"""The baseline compiler and LLVM make the same of random functions."""
from __future__ import annotations

import math
import random
from struct import pack, unpack

import pytest

from tests.baseline.programs import ARGUMENTS, WORDS, Both, Program

NUMBERS = (0, 1, -1, 2, 63, 127, 255, -128, 1 << 31, -(1 << 31), (1 << 63) - 1, -(1 << 63), 12345678901234)
DOUBLES = (0.0, -0.0, 1.5, -3.25e100, math.inf, -math.inf, math.nan)


@pytest.mark.parametrize("seed", range(240))
def test_both_make_the_same_of_a_function(seed: int) -> None:
    chance = random.Random(seed)
    both = Both(Program(chance).text(chance.choice((4, 12, 30, 60, 120))))
    try:
        for _ in range(12):
            words = [chance.choice((*NUMBERS, chance.getrandbits(63))) for _ in range(WORDS)]
            arguments = [chance.choice((*NUMBERS, chance.getrandbits(62), chance.randrange(-100, 100))) for _ in range(ARGUMENTS)]
            for place in range(0, ARGUMENTS, 3):
                arguments[place], = unpack("q", pack("d", chance.choice((*DOUBLES, chance.uniform(-9, 9)))))
            first, second = both.results(words, arguments)
            assert first == second, both.text
    finally:
        both.free()
