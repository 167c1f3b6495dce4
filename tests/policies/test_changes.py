"""How two versions of an agreement differ: what is wider is never taken for narrower (G13, change safety)."""

from dataclasses import replace

import pytest
from hypothesis import given

from policies.agreement import AgreementStatus, FieldTerms, LegalBasis, Mode, Rate, Tier
from policies.changes import TermChange, above_tier, changes, changes_of_purpose
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


def test_an_age_of_nought_is_no_age():
    """Neither is wider than the other; an age of one is narrower than both."""
    widens = {
        (one, other): [change.widens for change in changes(terms(min_age=one), terms(min_age=other))]
        for one in (None, 0, 1)
        for other in (None, 0, 1)
        if one != other
    }
    assert {each for each, wider in widens.items() if wider == [True]} == {(1, None), (1, 0)}
    assert sorted(map(len, widens.values())) == [1] * 6


@pytest.mark.parametrize(
    ("term", "named"),
    [("obligations", ("no_store", "expiry.day")), ("jurisdictions", ("JP", "US")), ("budget", ("over_18", "over_20"))],
)
def test_another_order_of_the_same_is_not_wider(term: str, named: tuple[str, ...]):
    (change,) = changes(terms(**{term: named}), terms(**{term: named[::-1]}))
    assert (change.term, change.widens) == (term, False)


def test_what_was_not_agreed_and_is_not_agreed_is_no_change():
    assert list(changes_of_purpose(PURPOSE, None, None)) == []


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


def test_a_first_version_is_wider_than_nothing_by_all_that_it_holds():
    """Each purpose and each field of it; the whole has nothing to be compared with."""
    agreement = everyday().agreement
    assert changes(None, agreement) == (
        TermChange(PURPOSE, "", "purpose", before=False, after=True, widens=True),
        TermChange(PURPOSE, "over_20", "field", before=False, after=True, widens=True),
        TermChange(PURPOSE, "prefecture", "field", before=False, after=True, widens=True),
    )
    nothing = replace(agreement, purposes={})
    assert [(c.term, c.before, c.after, c.widens) for c in changes(agreement, nothing)] == [
        ("purpose", True, False, False),
        ("field", True, False, False),
        ("field", True, False, False),
    ]


def test_when_an_agreement_holds_is_compared_at_both_ends():
    """Earlier at its beginning and later at its end is wider; so is one that is in force again."""
    agreement = everyday().agreement
    for term, later_is_wider in (("effective_at", False), ("expires_at", True)):
        later = replace(agreement, **{term: getattr(agreement, term) + 1})
        assert [(c.term, c.widens) for c in changes(agreement, later)] == [(term, later_is_wider)]
        assert [(c.term, c.widens) for c in changes(later, agreement)] == [(term, not later_is_wider)]
    ended = replace(agreement, status=AgreementStatus.ENDED)
    assert [(c.term, c.widens) for c in changes(ended, agreement)] == [("status", True)]


@pytest.mark.parametrize(
    ("term", "one", "other"),
    [
        ("rate", Rate(10, 60), Rate(20, 120)),
        ("jurisdictions", ("JP",), ("US",)),
        ("budget", ("over_18",), ("over_20",)),
        ("obligations", ("no_store",), ("notify.now",)),
    ],
)
def test_what_is_neither_wider_nor_narrower_counts_as_wider(term: str, one: object, other: object):
    """A second person looks at it, whichever of the two came first."""
    before, after = terms(**{term: one}), terms(**{term: other})
    assert [c.widens for c in (*changes(before, after), *changes(after, before))] == [True, True]


def test_what_is_due_for_a_field_is_compared_as_a_set():
    """Fewer obligations are wider; one that nothing asks for any more is not needed less."""
    owed = terms(fields={"prefecture": FieldTerms(False, ("no_store", "notify.now"))})
    less = terms(fields={"prefecture": FieldTerms(False, ("notify.now",))})
    assert [(c.field, c.term, c.widens) for c in changes(owed, less)] == [("prefecture", "obligations", True)]
    assert [(c.field, c.term, c.widens) for c in changes(less, owed)] == [("prefecture", "obligations", False)]
    needed = terms(fields={"prefecture": FieldTerms(True, ("notify.now",))})
    assert [(c.term, c.widens) for c in changes(needed, less)] == [("required", False)]


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
