"""Who read an earlier version of an agreement: never more than under it, nor than under the one in force (G13).

Versions are drawn at random, near to each other so that they often touch; so are consent, person and request.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from policies.agreement import Agreement, Consent, FieldTerms, LegalBasis, Mode, PurposeTerms, Rate, Tier
from policies.bundle import compile_bundle
from policies.catalogue import Catalogue
from policies.changes import changes
from policies.decision import Decision, Reason, SharingRequest
from policies.standing import agreement_read, stricter, widened
from policies.user import UserState
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
QUICKLY_RED = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
"""Without the phase that explains a counterexample, which traces every line and takes minutes here."""
often = settings(max_examples=100, deadline=None, phases=QUICKLY_RED)
now_and_then = settings(max_examples=40, deadline=None, phases=QUICKLY_RED)
EVERYDAY = everyday()
AGREED = EVERYDAY.agreement.purposes[PURPOSE]


def version(number: int, agreed: PurposeTerms, days: int = 9) -> Agreement:
    return replace(EVERYDAY.agreement, version=number, purposes={PURPOSE: agreed}, expires_at=NOW + days * DAY)


@dataclass(frozen=True)
class Asked:
    """Somebody, a consent and a request; what is agreed is put in by the test."""

    consent: Consent
    user: UserState
    request: SharingRequest

    def about(self, fields: frozenset[str]) -> "Asked":
        return replace(self, request=replace(self.request, fields=fields))

    def under(self, agreement: Agreement) -> Decision:
        partner = replace(EVERYDAY.partner, tier=Tier.RESTRICTED)
        return decision(World(BUNDLE, self.request, partner, agreement, self.consent, self.user))


EVERYTHING = Asked(
    replace(EVERYDAY.consent, fields=dict.fromkeys(FIELDS, NOW + 5 * DAY), expires_at=NOW + 5 * DAY),
    a_person(age=19),
    replace(EVERYDAY.request, fields=frozenset(FIELDS)),
)


@st.composite
def situations(draw: st.DrawFn) -> Asked:
    until = {name: NOW + draw(st.integers(1, 5)) * DAY for name in draw(names)}
    consent = replace(
        EVERYDAY.consent,
        fields=until,
        expires_at=max(until.values()),
        denied=draw(st.frozensets(st.sampled_from(FIELDS), max_size=1)),
        disclosed=draw(st.frozensets(st.sampled_from(["over_18", "over_20"]))),
    )
    request = replace(EVERYDAY.request, fields=draw(names), kept=draw(st.booleans()))
    return Asked(
        consent,
        a_person(age=draw(st.sampled_from([12, 17, 19, 32])), residence=draw(st.sampled_from(COUNTRIES))),
        request,
    )


def is_within(less: Decision, more: Decision) -> bool:
    """Whether one decision lets out no more than another: no other field, nothing less changed."""
    if not less.released <= more.released:
        return False
    duties = ((less.obligations.get(name, {}), more.obligations.get(name, {})) for name in less.released)
    return all(OBLIGATIONS.both(due, other) == dict(due) for due, other in duties)


def is_no_looser(less: int | None, more: int | None) -> bool:
    return more is None or (less is not None and less <= more)


def narrower(**terms: object) -> PurposeTerms:
    """Everything of FIELDS for four days, but for what a test says."""
    every_field = {name: FieldTerms(required=False) for name in FIELDS}
    return replace(AGREED, **{"fields": every_field, "max_days": 4, "obligations": (), **terms})


NARROWER = [
    narrower(fields={"prefecture": FieldTerms(required=False)}),
    narrower(fields={**narrower().fields, "over_18": FieldTerms(required=False, obligations=("derive.over_18",))}),
    narrower(fields={**narrower().fields, "birthdate": FieldTerms(required=False, obligations=("round.year",))}),
    narrower(max_days=1),
    narrower(obligations=("expiry.day",)),
    narrower(min_age=20),
    narrower(jurisdictions=("US",)),
]
"""Each strict in one way, so that a rule that forgets this one is seen to before anything is drawn."""


def with_narrower(test: Callable[..., None]) -> Callable[..., None]:
    """Try a property with each of NARROWER as the version that was read, and as the one in force."""
    for terms_of_one in NARROWER:
        test = example(EVERYTHING, terms_of_one, narrower(), 9, 9)(test)
        test = example(EVERYTHING, narrower(), terms_of_one, 9, 9)(test)
    for days in ((1, 9), (9, 1)):
        test = example(EVERYTHING, narrower(), narrower(), *days)(test)
    return test


@often
@given(situations(), terms, terms, st.integers(1, 9), st.integers(1, 9))
@with_narrower
def test_nothing_goes_further_than_under_the_version_that_was_read_nor_the_one_in_force(
    asked: Asked, then: PurposeTerms, now: PurposeTerms, then_days: int, now_days: int
):
    """Fields, what is done to them, for how long."""
    read, in_force = version(1, then, then_days), version(2, now, now_days)
    held = asked.under(stricter(read, in_force, PURPOSE, CATALOGUE))
    assert held.refusal is not Reason.POLICY_ERROR
    for alone in (read, in_force):
        assert is_within(held, asked.under(alone))
        # A decision lasts as long as the first of its fields: it is compared with one about the same fields.
        assert not held.released or held.expires_at <= asked.about(held.released).under(alone).expires_at


def test_what_was_due_for_a_part_stays_due_for_all_that_gives_it_away():
    """Also where only one version names the part."""
    whole = {"birthdate": FieldTerms(False)}
    part = {**whole, "over_18": FieldTerms(False, ("no_store",))}
    for then, now in ((whole, part), (part, whole)):
        read, in_force = (version(1, replace(AGREED, fields=each)) for each in (then, now))
        held = stricter(read, in_force, PURPOSE, CATALOGUE).purposes[PURPOSE]
        assert held.fields == {"birthdate": FieldTerms(False, ("no_store",))}


def test_a_field_that_one_version_does_not_name_is_held_by_none():
    """And is passed over alone: those that both versions name stay, whatever their order."""
    free = FieldTerms(False)
    then = {"prefecture": free, "over_20": free, "address": free}
    now = {"over_18": free, "prefecture": free, "birthdate": free, "over_20": free}
    for one, other in ((then, now), (now, then)):
        read, in_force = (version(1, replace(AGREED, fields=each)) for each in (one, other))
        held = stricter(read, in_force, PURPOSE, CATALOGUE).purposes[PURPOSE]
        assert held.fields == {"prefecture": free, "over_20": free}


def test_what_is_due_for_a_field_of_both_versions_is_due_for_it_alone():
    """How it reaches others is for the decision (`dues`); what only one version names reaches what is akin to it."""
    both = {"birthdate": FieldTerms(False), "over_18": FieldTerms(False, ("no_store",))}
    more = {**both, "email": FieldTerms(False, ("notify.now",))}
    for one, other in ((both, both), (both, more), (more, both)):
        read, in_force = (version(1, replace(AGREED, fields=each)) for each in (one, other))
        assert stricter(read, in_force, PURPOSE, CATALOGUE).purposes[PURPOSE].fields == both


@pytest.mark.parametrize("then", [(), ("JP", "US")])
def test_no_country_named_is_every_country(then: tuple[str, ...]):
    """So that those of the other version hold."""
    for one, other in ((then, ("JP",)), (("JP",), then)):
        read, in_force = (version(1, replace(AGREED, jurisdictions=each)) for each in (one, other))
        assert stricter(read, in_force, PURPOSE, CATALOGUE).purposes[PURPOSE].jurisdictions == ("JP",)


def test_a_purpose_that_is_agreed_no_more_is_not_agreed_for_whoever_read_of_it():
    """It left the agreement for everybody."""
    in_force = replace(version(2, AGREED), purposes={"marketing": AGREED})
    held = stricter(version(1, AGREED), in_force, PURPOSE, CATALOGUE)
    assert held.purposes == {"marketing": AGREED}


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
    read, in_force = (replace(AGREED, **{term: each}) for each in (then, now))
    held = stricter(version(1, read), version(2, in_force), PURPOSE, CATALOGUE).purposes[PURPOSE]
    assert getattr(held, term) == then
    assert [change.term for change in widened(held, in_force, PURPOSE, ["prefecture"])] == [term]


def test_of_two_versions_each_term_is_the_stricter_one():
    """Term by term; the rate alone is as it is now."""
    then = PurposeTerms(
        fields={
            "prefecture": FieldTerms(True, ("no_store",)),
            "over_20": FieldTerms(True),
            "over_18": FieldTerms(False),
        },
        max_days=30,
        obligations=("notify.now",),
        mode=Mode.STORE,
        legal_basis=LegalBasis.CONTRACT,
        lookback_days=10,
        max_rows=5,
        rate=Rate(1, 2),
        grant_rate=Rate(2, 60),
        jurisdictions=("JP", "US"),
        budget=("over_18", "over_20"),
    )
    now = PurposeTerms(
        fields={"prefecture": FieldTerms(True, ("expiry.day",)), "over_20": FieldTerms(False)},
        max_days=60,
        obligations=("no_store", "notify.now"),
        mode=Mode.STORE,
        lookback_days=20,
        data_life_days=7,
        rate=Rate(9, 9),
        grant_rate=Rate(3, 90),
        min_age=18,
        jurisdictions=("US", "JP", "DE"),
        budget=("over_20",),
    )
    held = stricter(version(1, then), version(2, now), PURPOSE, CATALOGUE).purposes[PURPOSE]
    assert held == PurposeTerms(
        fields={"prefecture": FieldTerms(True, ("no_store", "expiry.day")), "over_20": FieldTerms(False)},
        max_days=30,
        obligations=("notify.now", "no_store"),
        mode=Mode.STORE,
        legal_basis=LegalBasis.CONTRACT,
        lookback_days=10,
        data_life_days=7,
        max_rows=5,
        rate=Rate(9, 9),
        grant_rate=Rate(2, 90),
        min_age=18,
        jurisdictions=("US", "JP"),
        budget=("over_20",),
    )
    assert stricter(version(1, now), version(2, then), PURPOSE, CATALOGUE).purposes[PURPOSE] == replace(
        held, obligations=("no_store", "notify.now"), legal_basis=LegalBasis.CONSENT, rate=Rate(1, 2),
        jurisdictions=("JP", "US"),
        fields={"prefecture": FieldTerms(True, ("expiry.day", "no_store")), "over_20": FieldTerms(False)},
    )  # fmt: skip


def test_a_term_that_neither_version_limits_stays_without_a_limit():
    """No limit of both is none, and not one of nought."""
    agreed = everyday().agreement.purposes[PURPOSE]
    assert stricter(version(1, agreed), version(2, agreed), PURPOSE, CATALOGUE).purposes[PURPOSE] == agreed


@pytest.mark.parametrize(
    ("term", "narrow", "wide"),
    [
        *(("lookback_days", 90, None), ("max_rows", 10, 11), ("data_life_days", 30, 31), ("max_days", 3, 4)),
        *(("grant_rate", Rate(1, 60), None), ("min_age", 20, None), ("min_age", 1, None)),
        *(("jurisdictions", ("JP",), ()), ("budget", (), ("over_18",)), ("obligations", ("no_store",), ())),
    ],
)
def test_a_term_that_one_version_alone_limits_is_limited(term: str, narrow: object, wide: object):
    """Whichever of them it is."""
    for then, now in ((narrow, wide), (wide, narrow), (narrow, narrow)):
        read, in_force = (version(1, replace(AGREED, **{term: each})) for each in (then, now))
        assert getattr(stricter(read, in_force, PURPOSE, CATALOGUE).purposes[PURPOSE], term) == narrow
    unlimited = version(1, replace(AGREED, **{term: wide}))
    assert getattr(stricter(unlimited, unlimited, PURPOSE, CATALOGUE).purposes[PURPOSE], term) == wide


def test_an_agreement_holds_while_both_versions_do():
    """From the later beginning to the earlier end, and beside it the other purposes as they are now."""
    agreed = everyday().agreement.purposes[PURPOSE]
    one = replace(version(1, agreed, days=3), effective_at=NOW - 5)
    other = replace(version(2, agreed, days=9), effective_at=NOW - 9)
    for read, now in ((one, other), (other, one)):
        held = stricter(read, replace(now, purposes={PURPOSE: agreed, "marketing": agreed}), PURPOSE, CATALOGUE)
        assert (held.effective_at, held.expires_at) == (NOW - 5, NOW + 3 * DAY)
        assert (held.version, held.purposes.keys()) == (now.version, {PURPOSE, "marketing"})


def test_people_are_asked_about_what_matters_to_them_alone():
    """A field that they neither share nor are asked for is no news; nor is what holds for later consents only."""
    agreed = everyday().agreement.purposes[PURPOSE]
    more = replace(agreed, fields={**agreed.fields, "over_18": FieldTerms(False)}, max_days=agreed.max_days + 1)
    needed = replace(agreed, fields={name: FieldTerms(True) for name in agreed.fields})
    assert widened(agreed, more, PURPOSE, ["prefecture"]) == ()
    assert [change.field for change in widened(agreed, more, PURPOSE, ["over_18"])] == ["over_18"]
    assert widened(agreed, needed, PURPOSE, ["prefecture"]) == ()
    assert [change.term for change in widened(None, agreed, PURPOSE, [])] == ["purpose"]
    assert widened(agreed, None, PURPOSE, ["prefecture"]) == ()


def test_countries_that_have_nothing_in_common_are_nobody_s():
    """Not those of everybody, as no country at all would be."""
    read, in_force = (version(1, replace(AGREED, jurisdictions=(each,))) for each in ("JP", "US"))
    held = stricter(read, in_force, PURPOSE, CATALOGUE)
    for residence in ("JP", "US", "", None):
        person = replace(EVERYTHING, user=a_person(residence=residence))
        assert person.under(held).refusal is Reason.JURISDICTION


def test_of_a_version_that_nobody_knows_nothing_goes_out():
    """Nor under one that did not have the purpose; other purposes stay what they are."""
    in_force = EVERYDAY.agreement
    other = version(1, in_force.purposes[PURPOSE])
    elsewhere = replace(other, purposes={"marketing.news": other.purposes[PURPOSE]})
    for read in (None, elsewhere):
        assert EVERYTHING.under(stricter(read, in_force, PURPOSE, CATALOGUE)).refusal is (
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
    assert read.purposes.keys() == {PURPOSE}
    without = {**written["purposes"][PURPOSE], "budget": ["left"]}
    assert (
        agreement_read({**written, "purposes": {PURPOSE: without}}, PURPOSE, CATALOGUE).purposes[PURPOSE].budget == ()
    )
    unreadable: list[tuple[dict[str, object], Catalogue]] = [
        ({**written, "version": "one"}, CATALOGUE),
        ({**written, "purposes": {PURPOSE: None}}, CATALOGUE),
        ({**written, "purposes": {}}, CATALOGUE),
    ]
    assert [agreement_read(one, PURPOSE, catalogue) for one, catalogue in unreadable] == [None] * 3
