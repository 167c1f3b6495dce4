"""Who read an earlier version of an agreement: never more than under it, nor than under the one in force (G13).

Versions are drawn at random, near to each other so that they often touch; so are consent, person and request.
"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.agreement import Agreement, FieldTerms, LegalBasis, Mode, PurposeTerms, Rate, Tier
from policies.bundle import compile_bundle
from policies.catalogue import Catalogue
from policies.changes import changes
from policies.decision import Decision, Reason
from policies.standing import agreement_read, stricter, widened
from tests.policies.worlds import DAY, EVERYTHING_GOES, NOW, World, a_person, decision, everyday, shipped_catalogue

CATALOGUE = shipped_catalogue()
BUNDLE = compile_bundle(CATALOGUE, EVERYTHING_GOES)
OBLIGATIONS = CATALOGUE.obligations
PURPOSE = "points.credit"
FIELDS = ["address", "birthdate", "over_18", "over_20", "prefecture"]
"""Few, of which some give others away."""
DUE = ["derive.over_18", "expiry.day", "lookback.month", "no_store", "round.month", "round.year"]
COUNTRIES = ["JP", "US", "DE"]

some = st.lists(st.sampled_from(DUE), max_size=2, unique=True).map(tuple)
limits = st.none() | st.integers(0, 3)
rates = st.none() | st.builds(Rate, st.integers(1, 3), st.integers(1, 3))
fields = st.dictionaries(st.sampled_from(FIELDS), st.builds(FieldTerms, st.booleans(), st.just(()) | some), min_size=1)
terms = st.builds(
    PurposeTerms,
    fields=fields,
    max_days=st.integers(1, 4),
    obligations=st.just(()) | some,
    mode=st.sampled_from(Mode),
    legal_basis=st.sampled_from(LegalBasis),
    lookback_days=limits,
    data_life_days=limits,
    max_rows=limits,
    rate=rates,
    grant_rate=rates,
    min_age=st.none() | st.sampled_from([13, 18, 20]),
    jurisdictions=st.lists(st.sampled_from(COUNTRIES), unique=True).map(tuple),
    budget=st.lists(st.sampled_from(["over_18", "over_20"]), unique=True).map(tuple),
)
names = st.frozensets(st.sampled_from(FIELDS), min_size=1)
often = settings(max_examples=100, deadline=None)
now_and_then = settings(max_examples=40, deadline=None)


def version(number: int, agreed: PurposeTerms, days: int = 9) -> Agreement:
    agreement = everyday().agreement
    return replace(agreement, version=number, purposes={PURPOSE: agreed}, expires_at=NOW + days * DAY)


@st.composite
def situations(draw: st.DrawFn) -> World:
    """Somebody, a consent and a request; what is agreed is put in by the test."""
    world = everyday()
    until = {name: NOW + draw(st.integers(1, 5)) * DAY for name in draw(names)}
    consent = replace(
        world.consent,
        fields=until,
        expires_at=max(until.values()),
        denied=draw(st.frozensets(st.sampled_from(FIELDS), max_size=1)),
        disclosed=draw(st.frozensets(st.sampled_from(["over_18", "over_20"]))),
    )
    return replace(
        world,
        bundle=BUNDLE,
        partner=replace(world.partner, tier=Tier.RESTRICTED),
        consent=consent,
        user=a_person(age=draw(st.sampled_from([12, 17, 19, 32])), residence=draw(st.sampled_from(COUNTRIES))),
        request=replace(world.request, fields=draw(names), kept=draw(st.booleans())),
    )


def under(world: World, agreement: Agreement) -> Decision:
    return decision(replace(world, agreement=agreement))


def is_within(less: Decision, more: Decision) -> bool:
    """Whether one decision lets out no more than another: no other field, nothing less changed, no longer."""
    if not less.released <= more.released:
        return False
    duties = ((less.obligations.get(name, {}), more.obligations.get(name, {})) for name in less.released)
    strict = all(OBLIGATIONS.both(due, other) == dict(due) for due, other in duties)
    return strict and (not less.released or less.expires_at <= more.expires_at)


def is_no_looser(less: int | None, more: int | None) -> bool:
    return more is None or (less is not None and less <= more)


@often
@given(situations(), terms, terms, st.integers(1, 9), st.integers(1, 9))
def test_nothing_goes_further_than_under_the_version_that_was_read_nor_the_one_in_force(
    world: World, then: PurposeTerms, now: PurposeTerms, then_days: int, now_days: int
):
    """Fields, what is done to them, for how long."""
    read, in_force = version(1, then, then_days), version(2, now, now_days)
    held = under(world, stricter(read, in_force, PURPOSE, CATALOGUE))
    assert held.refusal is not Reason.POLICY_ERROR
    assert is_within(held, under(world, read))
    assert is_within(held, under(world, in_force))


def test_what_was_due_for_a_part_stays_due_for_all_that_gives_it_away():
    """Also where only one version names the part."""
    whole = {"birthdate": FieldTerms(False)}
    part = {**whole, "over_18": FieldTerms(False, ("no_store",))}
    agreed = everyday().agreement.purposes[PURPOSE]
    for then, now in ((whole, part), (part, whole)):
        read, in_force = (version(1, replace(agreed, fields=each)) for each in (then, now))
        held = stricter(read, in_force, PURPOSE, CATALOGUE).purposes[PURPOSE]
        assert held.fields == {"birthdate": FieldTerms(False, ("no_store",))}


@now_and_then
@given(terms, terms)
def test_no_limit_is_looser_than_in_either_version(then: PurposeTerms, now: PurposeTerms):
    """What is done outside of the decision: how far back, how many, how often, how long it is kept, and what for."""
    held = stricter(version(1, then), version(2, now), PURPOSE, CATALOGUE).purposes[PURPOSE]
    for each in (then, now):
        for term in ("lookback_days", "data_life_days", "max_rows"):
            assert is_no_looser(getattr(held, term), getattr(each, term)), term
        assert held.mode in (each.mode, Mode.VIEW)
        if each.grant_rate is not None:
            assert held.grant_rate.requests <= each.grant_rate.requests
            assert held.grant_rate.seconds >= each.grant_rate.seconds


@now_and_then
@given(terms, terms, names)
def test_whoever_need_not_be_asked_is_held_to_nothing_earlier(
    then: PurposeTerms, now: PurposeTerms, matter: frozenset[str]
):
    """The two go together: where terms in force are held back, they are asked about; else the latest hold in full."""
    in_force = version(2, now)
    held = stricter(version(1, then), in_force, PURPOSE, CATALOGUE).purposes[PURPOSE]
    if widened(held, now, PURPOSE, matter):
        return
    for name in matter & now.fields.keys():
        assert set(held.fields[name].obligations) == set(now.fields[name].obligations)
    same = ("lookback_days", "data_life_days", "max_rows", "mode", "grant_rate", "legal_basis")
    assert [getattr(held, term) for term in same] == [getattr(now, term) for term in same]


@now_and_then
@given(terms, terms)
def test_a_version_that_only_takes_away_holds_as_it_is(then: PurposeTerms, now: PurposeTerms):
    """It is in force for everybody at once, and nobody is asked."""
    read, in_force = version(1, then), version(2, now)
    if any(change.widens for change in changes(read, in_force)):
        in_force = stricter(read, in_force, PURPOSE, CATALOGUE)  # a version that only takes away of the first
        in_force = replace(in_force, purposes={PURPOSE: replace(in_force.purposes[PURPOSE], rate=then.rate)})
    held = stricter(read, in_force, PURPOSE, CATALOGUE).purposes[PURPOSE]
    assert widened(held, in_force.purposes[PURPOSE], PURPOSE, FIELDS) == ()


@pytest.mark.parametrize(
    ("term", "then", "now"),
    [
        ("lookback_days", 90, 365),
        ("max_rows", 10, None),
        ("data_life_days", 30, None),
        ("mode", Mode.VIEW, Mode.STORE),
        ("obligations", ("no_store",), ()),
        ("grant_rate", Rate(1, 60), None),
        ("min_age", 20, 18),
        ("jurisdictions", ("JP",), ()),
        ("budget", (), ("over_18",)),
        ("legal_basis", LegalBasis.CONSENT, LegalBasis.CONTRACT),
    ],
)
def test_each_term_that_widens_is_a_question(term: str, then: object, now: object):
    """It holds as it was read, and is named as wider."""
    agreed = everyday().agreement.purposes[PURPOSE]
    read, in_force = (replace(agreed, **{term: each}) for each in (then, now))
    held = stricter(version(1, read), version(2, in_force), PURPOSE, CATALOGUE).purposes[PURPOSE]
    assert getattr(held, term) == then
    assert [change.term for change in widened(held, in_force, PURPOSE, ["prefecture"])] == [term]


def test_countries_that_have_nothing_in_common_are_nobody_s():
    """Not those of everybody, as no country at all would be."""
    agreed = everyday().agreement.purposes[PURPOSE]
    read, in_force = (version(1, replace(agreed, jurisdictions=(each,))) for each in ("JP", "US"))
    held = stricter(read, in_force, PURPOSE, CATALOGUE)
    for residence in ("JP", "US", "", None):
        world = replace(everyday(), user=a_person(residence=residence))
        assert under(world, held).refusal is Reason.JURISDICTION


def test_of_a_version_that_nobody_knows_nothing_goes_out():
    """Nor under one that did not have the purpose; other purposes stay what they are."""
    in_force = everyday().agreement
    other = version(1, in_force.purposes[PURPOSE])
    elsewhere = replace(other, purposes={"marketing.news": other.purposes[PURPOSE]})
    for read in (None, elsewhere):
        assert under(everyday(), stricter(read, in_force, PURPOSE, CATALOGUE)).refusal is (
            Reason.PURPOSE_NOT_IN_AGREEMENT
        )
    assert stricter(None, in_force, "marketing.news", CATALOGUE).purposes == in_force.purposes


def test_an_earlier_version_is_read_without_what_left_the_catalogue_since():
    """Its other fields hold; what cannot be read at all holds nothing."""
    written = {
        "id": "tabi-points-2026",
        "version": 1,
        "partner_id": "tabi-points",
        "status": "active",
        "effective_at": NOW - DAY,
        "expires_at": NOW + DAY,
        "purposes": {
            PURPOSE: {
                "max_days": 90,
                "fields": {"prefecture": {"required": False}, "left": {"required": False}},
                "budget": ["over_18", "left"],
            },
            "left": {"max_days": 90, "fields": {}},
        },
    }
    read = agreement_read(written, PURPOSE, CATALOGUE)
    assert read is not None
    assert list(read.purposes[PURPOSE].fields) == ["prefecture"]
    assert read.purposes[PURPOSE].budget == ("over_18",)
    unreadable: list[tuple[dict[str, object], Catalogue]] = [
        ({**written, "version": "one"}, CATALOGUE),
        ({**written, "purposes": {PURPOSE: None}}, CATALOGUE),
        ({**written, "purposes": {}}, CATALOGUE),
    ]
    assert [agreement_read(one, PURPOSE, catalogue) for one, catalogue in unreadable] == [None] * 3
