"""When a clause holds: what the words mean, that unknown makes each true, and that the tables answer the same."""

from dataclasses import replace
from itertools import product

import pytest

from policies.agreement import Partner, PartnerStatus
from policies.conditions import OLDEST, Conditions, parse_condition
from policies.user import Risk
from tests.policies.worlds import a_person

PARTNER = Partner("p", "P", PartnerStatus.PRODUCTION, country="JP")
HOLDS = [
    ("under 18", {"age": 17}, True),
    ("under 18", {"age": 18}, False),
    ("under 18", {"age": OLDEST}, False),
    ("under 18", {"age": OLDEST + 1}, True),
    ("under 18", {"age": None}, True),
    ("under 1", {"age": 0}, True),
    ("under 120", {"age": 119}, True),
    ("restricted", {"restricted": True}, True),
    ("restricted", {"restricted": False}, False),
    ("risk medium", {"risk": Risk.LOW}, False),
    ("risk medium", {"risk": Risk.MEDIUM}, True),
    ("risk medium", {"risk": Risk.HIGH}, True),
    ("risk high", {"risk": Risk.MEDIUM}, False),
    ("risk high", {"risk": Risk.HIGH}, True),
    ("lives outside JP", {"residence": "JP"}, False),
    ("lives outside JP", {"residence": "KR"}, True),
    ("lives outside JP, KR", {"residence": "KR"}, False),
    ("lives outside JP, KR", {"residence": None}, True),
    ("partner abroad", {"residence": "JP"}, False),
    ("partner abroad", {"residence": "KR"}, True),
    ("partner abroad", {"residence": None}, True),
]


@pytest.mark.parametrize(("text", "known", "holds"), HOLDS)
def test_a_condition_means_what_its_words_say(text: str, known: dict[str, object], holds: bool):  # noqa: FBT001 - a column of the table
    """Read word by word, and out of the tables."""
    condition, person = parse_condition(text), a_person(**known)
    assert condition is not None
    assert condition.holds(person, PARTNER) is holds
    assert (Conditions([condition]).held(person, PARTNER) != 0) is holds


def test_a_partner_of_no_known_country_is_abroad_for_everybody():
    condition, nowhere = parse_condition("partner abroad"), replace(PARTNER, country="")
    assert condition is not None
    for residence in ("JP", "", None):
        assert condition.holds(a_person(residence=residence), nowhere)
        assert Conditions([condition]).held(a_person(residence=residence), nowhere) != 0


@pytest.mark.parametrize(
    "text",
    [
        *("", "under", "under 0", "under 018", "under 121", "under 1000", "under -1", "Under 18", "under 18 "),
        *("risk", "risk low", "restricted ", "lives outside", "lives outside jp", "lives outside JP,KR", "abroad"),
        *("lives outside JP, ", None, 18, ["restricted"]),
    ],
)
def test_words_that_mean_no_condition_are_none(text: object):
    """Nothing is guessed: a policy with such words does not load."""
    assert parse_condition(text) is None


def test_the_tables_answer_all_conditions_as_each_is_read():
    """Every condition beside every other, for people of every kind: one bit each, in the order of their texts."""
    texts = sorted({text for text, _, _ in HOLDS})
    read = [condition for condition in map(parse_condition, texts) if condition is not None]
    conditions = Conditions([*reversed(read), *read])
    assert conditions.bits == {text: 1 << place for place, text in enumerate(texts)}
    people = product([None, 0, 17, 18, OLDEST, OLDEST + 1], [None, "JP", "KR", "US"], [True, False], Risk)
    for (age, residence, restricted, risk), country in product(people, ["JP", "US"]):
        person, partner = (
            a_person(age=age, residence=residence, restricted=restricted, risk=risk),
            replace(PARTNER, country=country),
        )
        expected = sum(conditions.bits[one.text] for one in read if one.holds(person, partner))
        assert conditions.held(person, partner) == expected
