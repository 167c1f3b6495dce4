"""What is due is part of a policy: its tests say it, its mutants lack it, and less of it is wider (G13)."""

from typing import Any

from idp.policy_tools.cases import Case, run_cases
from idp.policy_tools.difference import Direction, differences
from idp.policy_tools.mutations import survey
from idp.policy_tools.situations import Situation
from policies.agreement import LegalRelation, Tier
from policies.bundle import Bundle, compile_bundle
from tests.policies.worlds import a_person, shipped_catalogue

CATALOGUE = shipped_catalogue()
SHARES = {"id": "share", "share": ["email", "nickname"], "with": "anyone", "for": "marketing.news"}
OBLIGES = {"id": "due", "oblige": ["email"], "with": "anyone", "for": "marketing.news"}


def documents(*due: str) -> dict[str, dict[str, Any]]:
    clauses = [SHARES, *([{**OBLIGES, "obligations": list(due)}] if due else [])]
    return {"news.toml": {"clause": clauses}}


def policy(*due: str) -> Bundle:
    return compile_bundle(CATALOGUE, documents(*due))


def case(*owes: str, purpose: str = "marketing.news", gets: frozenset[str] = frozenset({"email"})) -> Case:
    situation = Situation((LegalRelation.THIRD_PARTY, Tier.RESTRICTED), "JP", purpose, a_person())
    return Case("a case", situation, frozenset({"email"}), gets, {}, {"email": owes} if owes else {})


def told(before: Bundle, after: Bundle) -> set[tuple[str, str]]:
    return {(one.direction.value, one.field) for one in differences(before, after)}


def test_g13_less_due_is_wider_and_more_due_is_narrower():
    """Also where one obligation takes the place of another: that is both, for a person to look at."""
    assert told(policy("relay_email"), policy()) == {(Direction.WIDER.value, "email with less due")}
    assert told(policy(), policy("relay_email")) == {(Direction.NARROWER.value, "email with more due")}
    assert told(policy("expiry.day"), policy("expiry.month")) == {(Direction.WIDER.value, "email with less due")}
    assert {which for which, _ in told(policy("relay_email"), policy("watermark"))} == {"wider", "narrower"}
    assert told(policy("relay_email"), policy("relay_email")) == set()


def test_a_case_says_what_is_due():
    assert run_cases([case("relay_email")], policy("relay_email")).failures == ()
    (failure,) = run_cases([case("relay_email")], policy("watermark")).failures
    assert "email goes with watermark due, not relay_email" in failure


def test_a_mutant_without_an_obligation_is_noticed_by_the_cases_that_say_it():
    """And not by those that do not."""
    elsewhere = case(purpose="service.delivery", gets=frozenset())
    noticed = survey(documents("relay_email"), CATALOGUE, [case("relay_email"), elsewhere])
    assert not [name for name in noticed.unnoticed if name.startswith("due: dropped")]
    silent = survey(documents("relay_email"), CATALOGUE, [case(), elsewhere])
    assert "due: dropped" in silent.unnoticed
