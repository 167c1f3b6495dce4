"""What clauses say together: each for whom, for what and when it says so, and what is refused as it is written."""

from dataclasses import replace

import pytest

from policies.agreement import FieldTerms, LegalRelation, Tier
from policies.bundle import compile_bundle
from policies.clauses import PolicyError
from policies.decision import Decision, Reason
from tests.policies.test_decide import ALL_CONSENTED, EVERY_FIELD, but, terms
from tests.policies.worlds import NOW, a_person, decision, everyday

FIRST = min(everyday().bundle.places)
"""The field whose bit is 1, which is what a slip of a number would let go."""
CHILD = {"user": a_person(age=12)}
NEVER = {"with": "anyone", "for": "anything"}


def shares(*fields: str, id_: str = "shares", **more: object) -> dict[str, object]:
    return {"id": id_, "share": list(fields), "with": "anyone", "for": "anything", **more}


def under(*clauses: dict[str, object], **changes: object) -> Decision:
    """What goes out of every field where all but the clauses would let it."""
    usual = {"agreement__purposes": terms(fields=EVERY_FIELD), "partner__tier": Tier.RESTRICTED, **ALL_CONSENTED}
    bundle = compile_bundle(everyday().catalogue, {"a.toml": {"clause": list(clauses)}})
    return decision(but(**{**usual, "bundle": bundle, "request__fields": frozenset(EVERY_FIELD), **changes}))


def test_what_no_clause_shares_stays():
    outcome = under(shares("email"))
    assert (outcome.released, set(outcome.withheld.values())) == ({"email"}, {Reason.POLICY})
    assert outcome.rules == dict.fromkeys(outcome.withheld, "")


def test_a_clause_shares_except_when_its_condition_holds():
    """Then nothing goes by it, and the field says by which condition of which clause."""
    clause = shares("email", except_when=["under 18", "risk high"])
    assert under(clause).released == {"email"}
    child = under(clause, **CHILD)
    assert (child.released, child.withheld["email"], child.rule("email")) == (set(), Reason.MINOR, "shares")
    assert child.withheld["nickname"] is Reason.POLICY
    assert under(clause, shares("email", id_="other"), **CHILD).released == {"email"}


def test_what_is_never_shared_stays_whoever_shares_it():
    """Always without a condition, and else while one holds; with all that would give it away."""
    everything = {**shares(), "share": "everything"}
    always = under(everything, {"id": "never", "never_share": ["prefecture"], **NEVER})
    assert always.withheld == dict.fromkeys(["address", "prefecture"], Reason.POLICY)
    assert always.rules == dict.fromkeys(["address", "prefecture"], "never")
    sometimes = {"id": "never", "never_share": ["email"], "when": "under 18", **NEVER}
    assert under(everything, sometimes).withheld == {}
    assert under(everything, sometimes, **CHILD).withheld == {"email": Reason.MINOR}


@pytest.mark.parametrize(("tier", "highest"), [(Tier.PLAIN, 1), (Tier.SENSITIVE, 2), (Tier.RESTRICTED, 3)])
def test_a_partner_gets_nothing_more_sensitive_than_it_was_examined_for(tier: Tier, highest: int):
    """Nor what gives such a field away, whatever agreement, consent and clauses say."""
    catalogue = everyday().catalogue
    outcome = under({**shares(), "share": "everything"}, partner__tier=tier)
    held = {
        id_ for id_ in catalogue.fields if all(catalogue.fields[i].sensitivity <= highest for i in catalogue.down[id_])
    }
    assert outcome.released == held
    assert set(outcome.withheld.values()) <= {Reason.PARTNER_TIER}


def test_a_clause_is_for_the_partners_and_purposes_that_it_names():
    """Nothing goes by it to another kind of partner, nor for a purpose beside or above."""
    assert under(shares("email", **{"with": "processor"})).released == set()
    processor = {"partner__legal_relation": LegalRelation.PROCESSOR}
    assert under(shares("email", **{"with": "processor"}), **processor).released == {"email"}
    assert under(shares("email", **{"with": "third_party.plain"})).released == set()
    for purpose, goes in (("service", True), ("points.credit", True), ("marketing", False)):
        assert (under(shares("email", **{"for": purpose})).released == {"email"}) is goes


def test_a_field_that_does_not_exist_is_no_field():
    """Neither as a permission nor as a refusal: what left the catalogue stands for no other field."""
    bundle = everyday().bundle
    assert (bundle.mask(["gone"]), bundle.reach_down(["gone"]), bundle.reach_up(["gone"])) == (0, 0, 0)
    every = {**shares(), "share": "everything"}
    assert FIRST in under(every, consent__denied=frozenset({"gone"})).released
    agreed = but(
        bundle=compile_bundle(everyday().catalogue, {"a.toml": {"clause": [every]}}),
        agreement__purposes=terms(fields={FIRST: FieldTerms(False)}),
        partner__tier=Tier.RESTRICTED,
        request__fields=frozenset({FIRST}),
    )
    for fields, ends in (({"gone": NOW + 9}, None), ({"gone": NOW + 9, FIRST: NOW + 5}, NOW + 5)):
        outcome = decision(replace(agreed, consent=replace(agreed.consent, fields=fields)))
        assert outcome.expires_at == ends


@pytest.mark.parametrize(
    ("clause", "complaint"),
    [
        (shares(), "a.toml: clause 'shares'.share: names nothing; say what, or 'everything'"),
        (shares("emali"), "share: there is no 'emali'; did you mean 'email'"),
        (shares("email", 7), "share: must be text or a list of texts, not of int"),
        (shares("everythin"), "share: there is no 'everythin'; did you mean 'everything'"),
        (shares("xyzzy"), "share: there is no 'xyzzy'$"),
        (shares("email", **{"with": "anyon"}), "with: there is no 'anyon'; did you mean 'anyone'"),
        (shares("email", **{"for": "anythin"}), "for: there is no 'anythin'; did you mean 'anything'"),
        (shares("email", except_when="under age"), "except_when: 'under age' is no condition; conditions are"),
        ({"id": "x", "with": "anyone", "for": "anything"}, "share: a clause says one of share, never_share and oblige"),
        (shares("email", never_share=["phone"]), "share and never_share: a clause says one of"),
        (shares("email", id_="first"), "clause 'first': a.toml has one of that name; give it another"),
    ],
)
def test_a_clause_that_cannot_be_meant_is_refused(clause: dict[str, object], complaint: str):
    """With the file, the clause, the word, and what is nearest to it."""
    with pytest.raises(PolicyError, match=complaint):
        under(shares("phone", id_="first"), clause)
