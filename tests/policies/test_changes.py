"""How two versions of an agreement differ: what is wider is never taken for narrower (G13, change safety)."""

from dataclasses import replace

import pytest
from hypothesis import given

from policies.agreement import AgreementStatus, FieldTerms, LegalBasis, Mode, Rate, Tier
from policies.changes import TermChange, above_tier, changes
from tests.policies.worlds import World, decision, everyday, worlds

PURPOSE = "points.credit"
CASES = [
    # term, a value, a wider one
    ("max_days", 30, 31),
    ("obligations", ("no_store",), ()),
    ("mode", Mode.VIEW, Mode.STORE),
    ("lookback_days", 30, None),
    ("data_life_days", 30, 31),
    ("max_rows", 100, 101),
    ("rate", Rate(10, 60), Rate(11, 60)),
    ("rate", Rate(10, 60), Rate(10, 59)),
    ("rate", Rate(10, 60), None),
    ("grant_rate", Rate(10, 60), Rate(11, 60)),
    ("grant_rate", Rate(10, 60), None),
    ("min_age", 20, 18),
    ("min_age", 20, None),
    ("jurisdictions", ("JP",), ("JP", "US")),
    ("jurisdictions", ("JP",), ()),
    ("budget", ("over_18",), ("over_18", "over_20")),
]


def terms(**changed: object):
    agreement = everyday().agreement
    return replace(agreement, purposes={PURPOSE: replace(agreement.purposes[PURPOSE], **changed)})


@pytest.mark.parametrize(("term", "narrow", "wide"), CASES)
def test_a_wider_term_is_told_from_a_narrower_one(term: str, narrow: object, wide: object):
    """Each term in both directions, and no change is none."""
    before, after = terms(**{term: narrow}), terms(**{term: wide})
    assert changes(before, after) == (TermChange(PURPOSE, "", term, narrow, wide, widens=True),)
    assert changes(after, before) == (TermChange(PURPOSE, "", term, wide, narrow, widens=False),)
    assert changes(before, before) == ()


def test_another_legal_basis_or_use_is_for_somebody_to_look_at():
    """What cannot be compared counts as wider, both ways."""
    store, stream = terms(mode=Mode.STORE), terms(mode=Mode.STREAM)
    assert [change.widens for change in (*changes(store, stream), *changes(stream, store))] == [True, True]
    contract = terms(legal_basis=LegalBasis.CONTRACT)
    assert [change.widens for change in (*changes(terms(), contract), *changes(contract, terms()))] == [True, True]


def test_fields_purposes_and_the_whole_are_compared():
    """A field that becomes needed is shared by people who would have left it out."""
    agreement = everyday().agreement
    needed = terms(fields={"prefecture": FieldTerms(True), "over_20": FieldTerms(False)})
    (change,) = changes(agreement, needed)
    assert (change.field, change.term, change.widens) == ("prefecture", "required", True)
    less = terms(fields={"prefecture": FieldTerms(False)})
    assert [(c.field, c.widens) for c in changes(agreement, less)] == [("over_20", False)]
    assert [(c.field, c.widens) for c in changes(less, agreement)] == [("over_20", True)]
    ended = replace(agreement, status=AgreementStatus.ENDED, expires_at=agreement.expires_at + 1)
    assert [(c.term, c.widens) for c in changes(agreement, ended)] == [("status", False), ("expires_at", True)]
    assert all(change.widens for change in changes(None, agreement))


@given(worlds(flawed=False), worlds(flawed=False))
def test_no_version_that_is_called_narrower_releases_more(world: World, other: World):
    """By the engine's own judgement: without a wider term, nothing goes out that did not before."""
    later = replace(other.agreement, partner_id=world.agreement.partner_id)
    if any(change.widens for change in changes(world.agreement, later)):
        return
    before = decision(world)
    after = decision(replace(world, agreement=later))
    assert after.released <= before.released


def test_a_tier_bounds_how_sensitive_a_field_may_be():
    """Plain: little; sensitive: what finds a person; restricted: everything."""
    world = everyday()
    names = ("prefecture", "email", "address")
    agreement = terms(fields={name: FieldTerms(False) for name in names})
    found = [above_tier(agreement, tier, world.catalogue) for tier in Tier]
    assert found == [("address", "email"), ("address",), ()]
