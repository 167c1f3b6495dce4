"""G5: an input of another type than it should be releases nothing; and what table cases of decisions do not reach."""

from collections import UserDict
from dataclasses import replace
from types import SimpleNamespace

import pytest

from policies.decision import Decision, Reason
from tests.policies.test_decide import but, terms
from tests.policies.worlds import DAY, NOW, World, a_person, decision, everyday, question

LOOKS_LIKE_TEXT = SimpleNamespace()
AGREED = terms()["points.credit"]
ILL_TYPED = {
    "bundle": [None, LOOKS_LIKE_TEXT],
    "request": [None, LOOKS_LIKE_TEXT],
    "request__partner_id": [None, 1, ""],
    "request__client_id": [None, 1, ""],
    "request__user_id": [None, 1, ""],
    "request__purpose": [None, 1],
    "request__fields": [None, {"prefecture"}, ["prefecture"], frozenset({"prefecture", 1})],
    "request__at": [None, float(NOW), True, str(NOW)],
    "request__sandbox": [None, 0, "no"],
    "request__synthetic": [None, 0, "no"],
    "partner": ["tabi-points", LOOKS_LIKE_TEXT],
    "partner__legal_relation": ["third_party", None],
    "partner__tier": ["plain", None],
    "partner__country": [None, 81],
    "agreement": ["tabi-points-2026", LOOKS_LIKE_TEXT],
    "agreement__effective_at": [None, 0.0, "0"],
    "agreement__expires_at": [None, NOW + 0.5, float("nan"), True],
    "agreement__purposes": [
        None,
        {"points.credit": "everything"},
        {"points.credit": LOOKS_LIKE_TEXT},
        {"points.credit": SimpleNamespace(**{name: getattr(AGREED, name) for name in AGREED.__slots__})},
        terms(fields=[("prefecture", None)]),
        terms(fields=frozenset({"prefecture"})),
        terms(fields=UserDict(AGREED.fields)),
        terms(max_days=None),
        terms(max_days=90.0),
        terms(min_age="18"),
        terms(min_age=18.0),
        terms(jurisdictions=["JP"]),
        terms(jurisdictions="JP"),
        terms(budget=["over_18"]),
    ],
    "consent": ["yes", LOOKS_LIKE_TEXT],
    "consent__fields": [
        None,
        ["prefecture"],
        frozenset({"prefecture"}),
        {"prefecture": None},
        {"prefecture": 1e12},
        UserDict({"prefecture": NOW + DAY}),
    ],
    "consent__granted_at": [None, float(NOW - DAY), "0"],
    "consent__expires_at": [None, float("inf"), str(NOW + DAY)],
    "consent__denied": [None, set(), ()],
    "consent__disclosed": [None, set(), ()],
    "consent__paused": [None, 0, "no"],
    "consent__suspended": [None, 0, ""],
    "consent__read": [None, "1", True],
    "user": ["hana", LOOKS_LIKE_TEXT],
    "user__age": ["32", 32.0, True],
    "user__residence": [81, ("JP",)],
    "user__restricted": [None, 0],
    "user__opted_out": [None, 0],
    "user__deleted": [None, 0],
    "user__suspended": [None, 0],
    "user__risk": ["low", None, 0],
}


@pytest.mark.parametrize(
    ("where", "value"), [(where, value) for where, values in ILL_TYPED.items() for value in values]
)
def test_g5_one_ill_typed_input_releases_nothing(where: str, value: object):
    """Nothing goes out, and every field that can be named says why."""
    world = but(**{where: value})
    outcome = decision(world)
    assert (outcome.released, outcome.refusal) == (frozenset(), Reason.POLICY_ERROR)
    assert set(outcome.withheld.values()) <= {Reason.POLICY_ERROR}
    assert set(outcome.withheld) == named(world)


@pytest.mark.parametrize(
    ("where", "value"),
    [(where, value) for where, values in ILL_TYPED.items() if "consent" not in where for value in values],
)
def test_g5_one_ill_typed_input_is_never_asked_for(where: str, value: object):
    """Nor is a person asked for anything."""
    outcome = question(but(**{where: value}))
    assert (outcome.fields, outcome.refusal) == ({}, Reason.POLICY_ERROR)


def named(world: World) -> set[str]:
    fields = getattr(world.request, "fields", None) or ()
    return {field for field in fields if isinstance(field, str)}


@pytest.mark.parametrize("collection", [set, list, tuple, frozenset])
def test_g5_fields_are_named_in_whatever_they_come(collection: type):
    """A request that is refused as ill-typed still says of which fields."""
    outcome = decision(but(request__fields=collection(["email", "prefecture", 7])))
    assert outcome.withheld == dict.fromkeys(["email", "prefecture"], Reason.POLICY_ERROR)


@pytest.mark.parametrize("value", [{}, (), SimpleNamespace(get=lambda _purpose: None)])
def test_an_agreement_without_the_purpose_is_one_without_it_whatever_it_is_made_of(value: object):
    """What is not there can only withhold."""
    assert decision(but(agreement__purposes=value)).released == frozenset()


def test_a_field_that_was_denied_stays_and_so_does_all_that_would_give_it_away():
    """Denial is closed upward: whoever denies the prefecture denies the address; the rest is as it was."""
    everything = everyday().consent.fields | {"address": NOW + DAY, "birthdate": NOW + DAY}
    agreed = {"consent__fields": everything, "request__fields": frozenset({"prefecture", "over_20"})}
    assert decision(but(**agreed)).released == {"prefecture", "over_20"}
    denied = decision(but(**agreed, consent__denied=frozenset({"prefecture"})))
    assert (denied.released, denied.withheld) == ({"over_20"}, {"prefecture": Reason.FIELD_NOT_CONSENTED})
    other = decision(but(**agreed, consent__denied=frozenset({"address"})))
    assert other.released == {"prefecture", "over_20"}


@pytest.mark.parametrize(
    ("fields", "expires_at"),
    [
        ({"prefecture": NOW + 5, "birthdate": NOW + 7}, NOW + 5),
        ({"prefecture": NOW + 5, "address": NOW + 9, "birthdate": NOW + 7}, NOW + 7),
        ({"prefecture": NOW + 5, "address": NOW, "birthdate": NOW + 7}, NOW + 5),
        ({"prefecture": NOW + 80 * DAY, "birthdate": NOW + 80 * DAY, "email": NOW + 1}, NOW + 80 * DAY),
        ({"prefecture": NOW + 400 * DAY, "birthdate": NOW + 400 * DAY}, NOW + 89 * DAY),
    ],
)
def test_a_release_holds_until_a_field_of_it_is_covered_by_nothing_any_more(fields: dict[str, int], expires_at: int):
    """Each field as long as any agreed field gives it away; one that is not released does not matter."""
    world = but(request__fields=frozenset({"prefecture", "over_20"}), consent__fields=fields)
    outcome = decision(world)
    assert (outcome.released, outcome.expires_at) == ({"prefecture", "over_20"}, expires_at)


def test_a_field_ends_with_its_own_end():
    """At that instant, not after it."""
    for until, released in ((NOW, set()), (NOW + 1, {"prefecture"})):
        assert decision(but(consent__fields={"prefecture": until})).released == released
    outcome = decision(but(consent__fields={"prefecture": NOW}))
    assert (outcome.refusal, outcome.withheld["prefecture"]) == (None, Reason.FIELD_NOT_CONSENTED)


def test_an_unknown_budget_and_an_agreed_one():
    """Answers that the agreement lists may have been given before; others end all answers about the same value."""
    consent = replace(everyday().consent, fields={"birthdate": NOW + DAY}, disclosed=frozenset({"over_18"}))
    for budget, released in (((), set()), (("over_18",), {"over_20"})):
        changed = but(consent=consent, agreement__purposes=terms(budget=budget, fields=only("over_20")))
        assert decision(replace(changed, user=a_person())).released == released


def only(field: str) -> dict[str, object]:
    return {field: everyday().agreement.purposes["points.credit"].fields["over_20"]}


def test_a_refusal_names_no_clause_and_no_obligation():
    """There is nothing to say besides the reason."""
    refused = decision(but(partner=None))
    assert refused == Decision(frozenset(), refused.withheld, None, Reason.PARTNER_UNKNOWN)
