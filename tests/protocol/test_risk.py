"""The risk of a sign-in, worked out from facts by the rules of `config/risk.toml`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.risk import Action, Fact, PastSignIn, Place, Risk, kilometres, read_place, read_risk_rules
from tests.provider.provider import ROOT

RULES = read_risk_rules((ROOT / "config" / "risk.toml").read_text("utf-8"))
NOW = 1_795_000_000
HOUR = 3600
TOKYO, OSAKA, LONDON = (35.68, 139.69), (34.69, 135.50), (51.51, -0.13)
AT_HOME = [PastSignIn(NOW - HOUR, Place("JP", TOKYO))]


def facts(place: Place, *, device: bool = False, past: list[PastSignIn] = AT_HOME, now: int = NOW) -> frozenset[Fact]:
    return RULES.facts(now, place, past, is_known_device=device)


def test_the_first_sign_in_is_new_in_nothing():
    """There is nothing that it could differ from."""
    assert facts(Place("GB", LONDON), past=[]) == frozenset()


def test_at_home_on_a_new_device_is_no_reason_to_ask_for_more():
    """The person is told by mail; most new browsers are their own."""
    assert facts(Place("JP", OSAKA)) == {Fact.NEW_DEVICE}
    assert RULES.actions[RULES.risk({Fact.NEW_DEVICE})] is Action.ALLOW


def test_from_another_country_on_a_new_device_more_is_asked_for():
    """On a known device nothing is: people travel."""
    assert facts(Place("GB")) == {Fact.NEW_DEVICE, Fact.NEW_COUNTRY}
    assert RULES.risk(facts(Place("GB"))) is Risk.ELEVATED
    assert RULES.risk(facts(Place("GB", LONDON), device=True)) is Risk.LOW


def test_nobody_flies_from_tokyo_to_london_in_an_hour():
    """In twelve they may."""
    assert Fact.IMPOSSIBLE_TRAVEL in facts(Place("GB", LONDON))
    assert Fact.IMPOSSIBLE_TRAVEL not in facts(Place("GB", LONDON), now=NOW + 11 * HOUR)
    assert Fact.IMPOSSIBLE_TRAVEL not in facts(Place("JP", OSAKA), past=[PastSignIn(NOW, Place("JP", TOKYO))])
    assert kilometres(TOKYO, LONDON) == pytest.approx(9560, rel=0.01)


def test_all_of_it_while_passwords_are_guessed_is_refused():
    """Everything speaks against it."""
    there = Place("GB", LONDON)
    everything = RULES.facts(NOW, there, AT_HOME, is_known_device=False, has_many_failures=True)
    assert RULES.actions[RULES.risk(everything)] is Action.REFUSE


def test_what_is_not_known_is_unknown_and_no_more():
    """Without a header of a proxy, or with one that nobody can read."""
    assert RULES.risk(facts(Place(), device=True)) is Risk.UNKNOWN
    assert facts(read_place("??", "north", "nan")) == {Fact.NEW_DEVICE, Fact.UNKNOWN_PLACE}


@given(st.text(), st.text() | st.floats().map(str), st.text() | st.floats().map(str))
def test_no_header_breaks_anything(country: str, latitude: str, longitude: str):
    """Whatever it says; a place that comes out of it is one."""
    place = read_place(country, latitude, longitude)
    assert place.country == "" or (place.country.isupper() and len(place.country) == 2)
    assert place.point is None or kilometres(place.point, TOKYO) <= 20_038
    assert RULES.risk(facts(place)) in Risk


@given(st.sets(st.sampled_from(Fact)), st.sets(st.sampled_from(Fact)))
def test_more_that_is_strange_is_never_less_risky(some: set[Fact], more: set[Fact]):
    """Rules only add."""
    order = list(Risk)
    assert order.index(RULES.risk(some | more)) >= order.index(RULES.risk(some))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('when = ["unknown_place"]', "when = []"),
        ('when = ["unknown_place"]', 'when = ["new_moon"]'),
        ('risk = "unknown"', 'risk = "some"'),
        ('high = "refuse"', 'high = "shout"'),
        ('high = "refuse"', ""),
        ("[travel]", "[travels]"),
        ('if_impossible = "refuse"', 'if_impossible = "step_up"'),
        ('if_impossible = "refuse"', 'if_imposible = "allow"'),
    ],
)
def test_rules_that_do_not_fit_are_refused_at_start(before: str, after: str):
    """A misspelt rule would protect nobody, unseen."""
    text = (ROOT / "config" / "risk.toml").read_text("utf-8")
    assert before in text
    with pytest.raises(ValueError, match=r"."):
        read_risk_rules(text.replace(before, after))


def test_nothing_to_ask_for_is_a_no_unless_the_operator_says_otherwise():
    """Also in a file from before this could be said."""
    text = (ROOT / "config" / "risk.toml").read_text("utf-8")
    older = text.replace("[step_up]", "").replace('if_impossible = "refuse"', "")
    assert read_risk_rules(older).without_second_step is Action.REFUSE
    lenient = text.replace('if_impossible = "refuse"', 'if_impossible = "allow"')
    assert read_risk_rules(lenient).without_second_step is Action.ALLOW
