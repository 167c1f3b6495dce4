"""How many people an answer leaves out: differential privacy (Dwork and Roth 2014, 2.4), computed exactly."""

from fractions import Fraction
from functools import partial

import pytest

from idp.protocol.left_out import DELTA, chances, draw

SPREADS = [1, 2, 5, 10, 20]


def answers_about(people: int, spread: int) -> dict[int, Fraction]:
    """How likely each number is to be what is seen of so many people."""
    return {people - left_out: chance for left_out, chance in enumerate(chances(spread))}


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("change", [-1, 1])
def test_one_person_more_or_less_is_hardly_seen(spread: int, change: int):
    """Of whatever set of numbers: at most 1 + 1 / spread times as likely, and DELTA."""
    people = 1000
    one, other = answers_about(people, spread), answers_about(people + change, spread)
    ratio = 1 + Fraction(1, spread)
    worst = sum(max(Fraction(0), chance - ratio * other.get(number, Fraction(0))) for number, chance in one.items())
    assert 0 < worst <= DELTA
    without_two = answers_about(people + 2 * change, spread)
    assert any(chance > ratio * without_two.get(number, Fraction(0)) for number, chance in one.items())  # it is sharp


@pytest.mark.parametrize("spread", SPREADS)
def test_the_middle_is_as_low_as_can_be(spread: int):
    """Fewer left out would not keep to DELTA."""
    least = Fraction(spread, spread + 1)
    assert sum(chances(spread)) == 1
    assert chances(spread)[0] <= DELTA
    weights = [chance / least for chance in chances(spread)[1:-1]]
    assert weights[0] / sum(weights) > DELTA


@pytest.mark.parametrize("spread", [0, *SPREADS])
def test_each_number_is_drawn_as_often_as_it_should(spread: int):
    """By the place of what randomness gives, between the first and the last there is."""
    places, drawn, reached = 1 << 128, [], Fraction(0)
    for chance in chances(spread):
        middle = int((reached + chance / 2) * places)
        drawn.append(draw(spread, partial(int.to_bytes, middle)))
        reached += chance
    assert drawn == list(range(len(chances(spread))))
    assert draw(spread, lambda count: b"\xff" * count) == len(chances(spread)) - 1
    assert draw(spread, lambda count: b"\x00" * count) == 0
