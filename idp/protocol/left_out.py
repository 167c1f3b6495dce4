"""How many people an answer about many leaves out, so that two answers do not tell whether one person is among them.

The number is drawn from a truncated two-sided geometric distribution around a middle (Ghosh, Roughgarden, Sundararajan
2009, the discrete form of Laplace noise). Of an answer about n people less that many, nothing that is seen is more than
1 + 1 / spread times as likely as of one about n - 1 or n + 1, but for a rest of DELTA, as an answer never leaves out
fewer than nobody: differential privacy (Dwork and Roth 2014, 2.4) with epsilon = ln(1 + 1 / spread), delta = DELTA.
"""

from fractions import Fraction
from functools import cache
from typing import Final

from idp.protocol.secrets import Randomness

DELTA: Final = Fraction(1, 10_000)
_BYTES: Final = 16


@cache
def chances(spread: int) -> tuple[Fraction, ...]:
    """Return for each number from 0 the probability that so many are left out; with a spread of 0 nobody is.

    The middle is the lowest that keeps to DELTA, the highest number twice as much.
    """
    if spread < 1:
        return (Fraction(1),)
    factor, side = Fraction(spread, spread + 1), [Fraction(1)]
    while side[-1] > DELTA * (2 * sum(side) - 1):
        side.append(side[-1] * factor)
    weights = [*reversed(side), *side[1:]]
    total = sum(weights)
    return tuple(weight / total for weight in weights)


def draw(spread: int, random: Randomness) -> int:
    """Return how many are left out of one answer."""
    place, number = Fraction(int.from_bytes(random(_BYTES)), 1 << (8 * _BYTES)), -1
    for chance in chances(spread):
        number, place = number + 1, place - chance
        if place < 0:
            break
    return number
