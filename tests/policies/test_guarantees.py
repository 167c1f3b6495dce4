"""The guarantees of the data-sharing model (section 3.4), each over random catalogues, agreements and consents."""

from collections.abc import Callable, Iterable
from dataclasses import fields as attributes
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policies.agreement import AgreementStatus, PartnerStatus, PurposeTerms
from policies.catalogue import Catalogue
from policies.decision import Decision, Reason
from tests.policies.worlds import (
    DAY,
    IDS,
    NOW,
    World,
    any_worlds,
    catalogues,
    decision,
    everyday,
    live_worlds,
    question,
)

often = settings(max_examples=200, deadline=None)


def reached(catalogue: Catalogue, start: Iterable[str]) -> set[str]:
    """What these fields give away, found by walking; the product works it out once, in another way."""
    found: set[str] = set()
    waiting = [field for field in start if field in catalogue.fields]
    while waiting:
        field = waiting.pop()
        found.add(field)
        waiting += [below for below in catalogue.fields[field].discloses if below not in found]
    return found


def at_or_below(catalogue: Catalogue, purpose: str, top: str) -> bool:
    while purpose != top:
        parent = catalogue.purposes[purpose].parent
        if parent is None:
            return False
        purpose = parent
    return True


@often
@given(any_worlds)
def test_g1_what_is_released_was_asked_agreed_and_consented(world: World):
    """G1: released is within request, agreement and consent, whatever the rest looks like."""
    released = decision(world).released
    assert released <= world.request.fields
    if released:
        assert released <= reached(world.catalogue, world.agreement.purposes[world.request.purpose].fields)
        assert released <= reached(world.catalogue, world.consent.fields)


@often
@given(live_worlds)
def test_g1_where_nothing_speaks_against_it_all_that_is_common_is_released(world: World):
    """G1 the other way: the meet is no narrower than its parts, so nothing is withheld without a cause."""
    agreed = reached(world.catalogue, world.agreement.purposes[world.request.purpose].fields)
    assert decision(world).released == world.request.fields & agreed & reached(world.catalogue, world.consent.fields)


def assert_no_wider(lesser: World, world: World) -> None:
    """Nothing more is released, now or at any instant at which something of either release is over."""
    ends = {outcome.expires_at for outcome in (decision(lesser), decision(world))} - {None}
    for at in {NOW, *ends}:
        later = [replace(each, request=replace(each.request, at=at)) for each in (lesser, world)]
        assert decision(later[0]).released <= decision(later[1]).released


def narrower(world: World, part: str, kept: frozenset[str]) -> World:
    """The same world with one side reduced to the fields in `kept`."""
    if part == "request":
        return replace(world, request=replace(world.request, fields=world.request.fields & kept))
    if part == "consent":
        agreed = {field: until for field, until in world.consent.fields.items() if field in kept}
        return replace(world, consent=replace(world.consent, fields=agreed))
    purposes = {
        purpose: PurposeTerms({field: term for field, term in terms.fields.items() if field in kept}, terms.max_days)
        for purpose, terms in world.agreement.purposes.items()
    }
    return replace(world, agreement=replace(world.agreement, purposes=purposes))


@often
@given(live_worlds, st.sampled_from(["request", "agreement", "consent"]), st.frozensets(st.sampled_from(IDS)))
def test_g2_fewer_fields_on_any_side_never_release_more(world: World, part: str, kept: frozenset[str]):
    """G2: narrowing any input never widens the release, nor makes any of it last longer."""
    assert_no_wider(narrower(world, part, kept), world)


@often
@given(live_worlds, st.data())
def test_g2_taking_a_permission_away_never_releases_more(world: World, data: st.DataObject):
    """G2: an agreement without one of its purposes, or with a shorter life of anything, releases no more."""
    purpose = data.draw(st.sampled_from(sorted(world.agreement.purposes)))
    terms = world.agreement.purposes[purpose]
    others = {name: kept for name, kept in world.agreement.purposes.items() if name != purpose}
    shorter = replace(terms, max_days=data.draw(st.integers(min_value=1, max_value=terms.max_days)))
    sooner = data.draw(st.integers(min_value=0, max_value=3)) * DAY
    for lesser in (
        replace(world, agreement=replace(world.agreement, purposes=others)),
        replace(world, agreement=replace(world.agreement, purposes={**others, purpose: shorter})),
        replace(world, agreement=replace(world.agreement, expires_at=world.agreement.expires_at - sooner)),
        replace(world, consent=replace(world.consent, expires_at=world.consent.expires_at - sooner)),
    ):
        assert_no_wider(lesser, world)


@often
@given(live_worlds, st.data())
def test_g3_dead_means_dead(world: World, data: st.DataObject):
    """G3: nothing leaves once partner, agreement or consent is missing, suspended, ended or past its time."""
    assume(decision(world).released)
    partner, agreement, consent = world.partner, world.agreement, world.consent
    dead = data.draw(
        st.sampled_from(
            [
                replace(world, partner=None),
                replace(world, partner=replace(partner, status=PartnerStatus.SUSPENDED)),
                replace(world, agreement=None),
                replace(world, agreement=replace(agreement, status=AgreementStatus.SUSPENDED)),
                replace(world, agreement=replace(agreement, status=AgreementStatus.ENDED)),
                replace(world, agreement=replace(agreement, effective_at=NOW + 1)),
                replace(world, agreement=replace(agreement, expires_at=NOW)),
                replace(world, consent=None),
                replace(world, consent=replace(consent, ended_at=consent.granted_at)),
                replace(world, consent=replace(consent, expires_at=NOW)),
                replace(world, consent=replace(consent, user_id="other")),
                replace(world, consent=replace(consent, client_id="other")),
            ]
        )
    )
    assert decision(dead).released == frozenset()


@often
@given(live_worlds)
def test_g3_a_release_is_over_when_it_said_it_would_be(world: World):
    """G3: asked again at the instant it named, the policy releases less; a second before, the same."""
    outcome = decision(world)
    assume(outcome.released)
    assert outcome.expires_at > NOW
    later = replace(world, request=replace(world.request, at=outcome.expires_at))
    just_before = replace(world, request=replace(world.request, at=outcome.expires_at - 1))
    assert decision(later).released < outcome.released
    assert decision(just_before).released == outcome.released


@often
@given(any_worlds)
def test_g8_reasons_and_release_share_out_the_request(world: World):
    """G8: every field asked for is either released or has exactly one reason, and nothing else has."""
    outcome = decision(world)
    assert outcome.released.isdisjoint(outcome.withheld)
    assert outcome.released | outcome.withheld.keys() == world.request.fields
    assert all(isinstance(reason, Reason) for reason in outcome.withheld.values())
    assert (outcome.expires_at is None) == (not outcome.released)
    assert outcome.refusal is None or set(outcome.withheld.values()) <= {outcome.refusal}


@often
@given(any_worlds)
def test_g11_a_consent_yields_nothing_for_a_purpose_that_is_not_below_its_own(world: World):
    """G11: no purpose drift."""
    if decision(world).released:
        assert at_or_below(world.catalogue, world.request.purpose, world.consent.purpose)


@often
@given(any_worlds)
def test_nothing_can_be_released_that_could_not_have_been_asked(world: World):
    """The consent page and the release agree on what the agreement allows."""
    asked = question(world)
    assert decision(world).released <= asked.fields.keys()
    assert asked.fields.keys() | asked.withheld.keys() == world.request.fields


@given(catalogues(), st.frozensets(st.sampled_from(IDS)), st.sampled_from(IDS))
def test_permission_reaches_down_exactly_where_refusal_reaches_up(
    catalogue: Catalogue, allowed: frozenset[str], refused: str
):
    """What a set of fields gives away contains a field exactly if refusing that field refuses one of the set."""
    down = catalogue.closure_down(allowed)
    assert down == reached(catalogue, allowed) == catalogue.closure_down(down)
    assert (refused in down) == (not allowed.isdisjoint(catalogue.closure_up({refused})))
    assert catalogue.closure_up(catalogue.closure_up({refused})) == catalogue.closure_up({refused})


# ---- G5: fail closed -------------------------------------------------------------------------------------------------

JUNK = [
    None,
    True,
    1.5,
    float("nan"),
    float("inf"),
    "",
    b"hana",
    ("hana",),
    ["prefecture"],
    {"prefecture": 1.5},
    object(),
]


def shown(junk: object) -> str:
    """A name that is the same in every process, so that processes can share the cases."""
    plain = isinstance(junk, str | bytes | float | tuple | list | dict) or junk in (None, True)
    return repr(junk) if plain else type(junk).__name__


WITHOUT_EFFECT = {
    *(("agreement", "id"), ("agreement", "version")),
    *(("partner", name) for name in ("name", "legal_entity", "contacts")),
}
RIGHT = [
    *(("consent", "ended_at", None), ("user", "age", None), ("user", "residence", None), ("user", "residence", "")),
    *(
        ("partner", "country", ""),
        *(("user", flag, True) for flag in ("restricted", "opted_out", "deleted", "suspended")),
    ),
    *(("request", flag, True) for flag in ("sandbox", "synthetic", "kept")),
    ("request", "acr", ""),
    *(("consent", flag, True) for flag in ("paused", "suspended")),
]
"""What stands among the junk and is right here: unknown, or what other tests are about."""
PARTS = ("request", "partner", "agreement", "consent", "user")
PLACES = [
    (part, attribute.name)
    for part in PARTS
    for attribute in attributes(getattr(everyday(), part))
    if (part, attribute.name) not in WITHOUT_EFFECT
]


@pytest.mark.parametrize(("part", "attribute"), PLACES)
@pytest.mark.parametrize("junk", JUNK, ids=shown)
def test_g5_an_ill_typed_attribute_releases_nothing(part: str, attribute: str, junk: object):
    """G5: not a None that equals a None, not a NaN that no instant is past, not a list that looks like a set."""
    if (part, attribute, junk) in RIGHT:
        junk = NOW + 0.5
    world = everyday()
    broken = replace(world, **{part: replace(getattr(world, part), **{attribute: junk})})
    outcome = decision(broken)
    assert outcome.released == frozenset()
    assert outcome.expires_at is None
    assert outcome.refusal is not None


@pytest.mark.parametrize("part", ["bundle", *PARTS])
@pytest.mark.parametrize("junk", [*JUNK[1:], everyday()], ids=shown)
def test_g5_an_ill_typed_part_is_a_policy_error(part: str, junk: object):
    """G5: something else in the place of a request, a partner, an agreement, a consent, a person or the policy."""
    outcome = decision(replace(everyday(), **{part: junk}))
    assert (outcome.released, outcome.refusal) == (frozenset(), Reason.POLICY_ERROR)


@pytest.mark.parametrize("part", ["bundle", *PARTS])
def test_g5_a_look_alike_is_a_policy_error(part: str):
    """G5: another kind of object that happens to carry the right attributes and methods was checked by nobody."""
    world = everyday()
    genuine = getattr(world, part)
    names = [name for name in dir(genuine) if not name.startswith("_")]
    look_alike = SimpleNamespace(**{name: getattr(genuine, name) for name in names})
    outcome = decision(replace(world, **{part: look_alike}))
    assert (outcome.released, outcome.refusal) == (frozenset(), Reason.POLICY_ERROR)


@pytest.mark.parametrize("nobody", [None, "", 0, ("hana",)], ids=repr)
@pytest.mark.parametrize(
    ("attribute", "partners"),
    [("user_id", ["consent"]), ("client_id", ["consent"]), ("partner_id", ["partner", "agreement"])],
)
def test_g5_two_missing_ids_are_not_the_same_person(attribute: str, partners: list[str], nobody: object):
    """G5: a None on one side equals a None on the other, and still names nobody."""
    world = everyday()
    world = replace(world, request=replace(world.request, **{attribute: nobody}))
    for part in partners:
        name = "id" if part == "partner" else attribute
        world = replace(world, **{part: replace(getattr(world, part), **{name: nobody})})
    outcome = decision(world)
    assert (outcome.released, outcome.refusal) == (frozenset(), Reason.POLICY_ERROR)


@pytest.mark.parametrize(
    ("part", "attribute"),
    [
        *(("request", "at"), ("agreement", "effective_at"), ("agreement", "expires_at")),
        *(("consent", "granted_at"), ("consent", "expires_at")),
    ],
)
def test_g5_an_instant_is_a_whole_number(part: str, attribute: str):
    """G5: a number with a fraction compares like one without, and is not what was promised."""
    world = everyday()
    genuine = getattr(world, part)
    inexact = replace(genuine, **{attribute: float(getattr(genuine, attribute))})
    assert decision(replace(world, **{part: inexact})).refusal is Reason.POLICY_ERROR


@pytest.mark.parametrize("part", ["request", "consent"])
@pytest.mark.parametrize("collection", [set, list, tuple, dict.fromkeys], ids=lambda collection: collection.__name__)
def test_g5_fields_come_in_a_frozenset(part: str, collection: Callable[[frozenset[str]], object]):
    """G5: what another thread could still change is not decided upon."""
    world = everyday()
    genuine = getattr(world, part)
    changed = replace(genuine, fields=collection(genuine.fields))
    assert decision(replace(world, **{part: changed})).refusal is Reason.POLICY_ERROR


@pytest.mark.parametrize("missing", ["bundle", "request"])
def test_g5_a_missing_policy_or_request_is_a_policy_error(missing: str):
    """G5: the two parts that cannot be missing."""
    outcome = decision(replace(everyday(), **{missing: None}))
    assert (outcome.released, outcome.refusal) == (frozenset(), Reason.POLICY_ERROR)


def test_g5_fields_that_can_be_named_are_named_even_in_a_request_that_makes_no_sense():
    """G5: a list of fields is not the set that was promised, yet whoever reads the log learns what was withheld."""
    world = everyday()
    outcome = decision(replace(world, request=replace(world.request, fields=["email", 7])))
    assert outcome.withheld == {"email": Reason.POLICY_ERROR}


@pytest.mark.parametrize("field", [7, None, b"email", ("email",)])
def test_g5_a_field_that_is_no_name_makes_the_request_ill_typed(field: object):
    """G5: also among fields that are."""
    world = everyday()
    outcome = decision(replace(world, request=replace(world.request, fields=frozenset({"prefecture", field}))))
    assert (outcome.released, outcome.withheld) == (frozenset(), {"prefecture": Reason.POLICY_ERROR})


@pytest.mark.parametrize(
    "terms",
    [
        None,
        {"prefecture"},
        SimpleNamespace(fields={"prefecture": None}, max_days=90),
        PurposeTerms(["prefecture"], 90),
        PurposeTerms("prefecture", 90),
        PurposeTerms(None, 90),
        PurposeTerms({"prefecture": None}, "90"),
        PurposeTerms({"prefecture": None}, float("inf")),
    ],
    ids=repr,
)
def test_g5_terms_that_are_not_terms_release_nothing(terms: object):
    """G5: one level down, where the agreement says what it allows."""
    world = everyday()
    broken = replace(world, agreement=replace(world.agreement, purposes={"points.credit": terms}))
    assert (decision(broken).released, decision(broken).refusal is None) == (frozenset(), False)


class Breaking(dict):
    """A mapping whose look-ups fail, as one on a lost connection would."""

    def get(self, key, default=None):
        raise ConnectionError(key)


def test_g5_an_exception_inside_the_decision_releases_nothing():
    """G5: whatever fails, the answer is a decision and not an error."""
    world = everyday()
    broken = replace(world, agreement=replace(world.agreement, purposes=Breaking(world.agreement.purposes)))
    expected = dict.fromkeys(world.request.fields, Reason.POLICY_ERROR)
    assert decision(broken) == Decision(frozenset(), expected, None, Reason.POLICY_ERROR)
    asked = question(broken)
    assert (asked.fields, asked.withheld, asked.refusal) == ({}, expected, Reason.POLICY_ERROR)
