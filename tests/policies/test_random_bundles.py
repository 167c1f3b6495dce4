"""The guarantees of the data-sharing model (3.4) under random policies, against a second reading of the rules.

What should go out is worked out here with sets of names and by reading the clauses one by one; the engine has bits,
compiled caps and what it remembers.
"""

import random
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.agreement import FieldTerms, LegalRelation, PurposeTerms, Tier
from policies.bundle import compile_bundle
from policies.clauses import Effect
from policies.decision import Decision, Reason
from policies.user import Risk
from tests.policies.test_guarantees import at_or_below, reached
from tests.policies.worlds import DAY, NOW, World, a_person, decision, everyday, question, shipped_catalogue

CATALOGUE = shipped_catalogue()
FIELDS = sorted(CATALOGUE.fields)
PURPOSES = sorted(CATALOGUE.purposes)
ANSWERS = sorted(one.id for one in CATALOGUE.fields.values() if one.derived_from)
HIGHEST = {Tier.PLAIN: 1, Tier.SENSITIVE: 2, Tier.RESTRICTED: 3}
CONDITIONS = ["under 13", "under 18", "restricted", "risk medium", "risk high", "lives outside JP", "partner abroad"]
DUE = [
    *("no_store", "notify.now", "expiry.day", "require.passkey", "auth_age.quarter-hour"),
    *("derive.over_18", "round.year"),
]
CHANGES = {"derive.over_18": "birthdate", "round.year": "birthdate"}
PERMISSIONS = {Reason.FIELD_NOT_IN_AGREEMENT, Reason.PARTNER_TIER, Reason.FIELD_NOT_CONSENTED, Reason.BUDGET}
often = settings(max_examples=40, deadline=None)
some_fields = st.frozensets(st.sampled_from(FIELDS), min_size=1, max_size=8)
most_fields = st.just(frozenset(FIELDS)) | some_fields


@dataclass(frozen=True)
class Setting:
    """A policy as it is written, and a request under it."""

    documents: dict[str, dict[str, list[dict[str, object]]]]
    world: World


@st.composite
def clauses(draw, number: int) -> dict[str, object]:
    effect = draw(st.sampled_from(["share", "share", "never_share", "oblige"]))
    when = "except_when" if effect == "share" else "when"
    fields = draw(st.just("everything") | st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4, unique=True))
    due = draw(st.sampled_from(DUE))
    if CHANGES.get(due, "birthdate") not in [*fields, *(["birthdate"] if fields == "everything" else [])]:
        due = "no_store"
    obliges = effect == "oblige" or (effect == "share" and draw(st.integers(0, 4)) == 0)
    conditions = draw(st.lists(st.sampled_from(CONDITIONS), max_size=2, unique=True))
    return {
        "id": f"c{number}",
        effect: fields,
        "with": draw(st.sampled_from(["anyone", "anyone", "third_party", "processor.restricted"])),
        "for": draw(st.just("anything") | st.sampled_from(PURPOSES)),
        **({when: conditions} if conditions else {}),
        **({"obligations": [due]} if obliges else {}),
    }


@st.composite
def settings_of(draw) -> Setting:
    """Any policy, over one that shares everything more often than not, and a request that much may speak against."""
    written = [draw(clauses(number)) for number in range(draw(st.integers(1, 6)))]
    if draw(st.integers(0, 3)):
        written.append({"id": "open", "share": "everything", "with": "anyone", "for": "anything"})
    documents = {"a.toml": {"clause": written}}
    world, purpose = everyday(), draw(st.sampled_from(PURPOSES))
    owed = draw(st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(DUE), max_size=3))
    ends = draw(st.dictionaries(st.sampled_from(FIELDS), st.integers(-1, 3), max_size=3))
    terms = PurposeTerms(
        {field: FieldTerms(False, (owed[field],) if field in owed else ()) for field in draw(most_fields)},
        max_days=5,
        budget=tuple(sorted(draw(st.sets(st.sampled_from(ANSWERS), max_size=2)))),
    )
    partner = replace(
        world.partner,
        country=draw(st.sampled_from(["JP", "JP", "US", ""])),
        tier=draw(st.sampled_from(Tier)),
        legal_relation=draw(st.sampled_from(LegalRelation)),
    )
    consent = replace(
        world.consent,
        purpose=draw(st.sampled_from([*CATALOGUE.lineage[purpose], *CATALOGUE.lineage[purpose], "marketing"])),
        fields={field: NOW + ends.get(field, 2) * DAY for field in draw(most_fields)},
        expires_at=NOW + 4 * DAY,
        denied=draw(st.just(frozenset()) | st.frozensets(st.sampled_from(FIELDS), max_size=2)),
        disclosed=draw(st.just(frozenset()) | st.frozensets(st.sampled_from(ANSWERS), max_size=2)),
    )
    request = replace(
        world.request,
        purpose=purpose,
        fields=draw(most_fields) | draw(st.sampled_from([frozenset(), frozenset({"shoe_size"})])),
        acr=draw(st.sampled_from(["", "phr"])),
        auth_time=draw(st.sampled_from([0, NOW, NOW - 901])),
        kept=draw(st.booleans()),
    )
    user = a_person(
        age=draw(st.sampled_from([None, 12, 17, 30])),
        residence=draw(st.sampled_from(["JP", "JP", "KR", None])),
        restricted=draw(st.integers(0, 5)) == 0,
        risk=draw(st.sampled_from([*Risk, Risk.LOW])),
    )
    agreement = replace(world.agreement, purposes={purpose: terms})
    bundle = compile_bundle(CATALOGUE, documents)
    return Setting(documents, World(bundle, request, partner, agreement, consent, user))


any_setting = settings_of()


# ---- the second reading ----------------------------------------------------------------------------------------------


def gives_away(field: str) -> set[str]:
    return reached(CATALOGUE, [field])


def permitted(world: World) -> set[str]:
    """What agreement, tier, consent and budget let go."""
    terms = world.agreement.purposes[world.request.purpose]
    agreed = reached(CATALOGUE, terms.fields)
    examined = {
        field
        for field in FIELDS
        if all(CATALOGUE.fields[one].sensitivity <= HIGHEST[world.partner.tier] for one in gives_away(field))
    }
    live = [field for field, until in world.consent.fields.items() if until > NOW]
    consented = {field for field in reached(CATALOGUE, live) if not gives_away(field) & world.consent.denied}
    beyond = world.consent.disclosed - agreed - set(terms.budget)
    spent = {CATALOGUE.fields[one].derived_from for one in beyond}
    within = {field for field in FIELDS if (CATALOGUE.fields[field].derived_from or "none") not in spent}
    return agreed & examined & consented & within


def let_go(world: World) -> set[str]:
    """What the clauses let go."""
    shared: set[str] = set()
    refused: set[str] = set()
    for clause in speaking(world):
        holding = any(one.holds(world.user, world.partner) for one in clause.conditions)
        if clause.effect is Effect.SHARE and not holding:
            shared |= reached(CATALOGUE, clause.fields)
        if clause.effect is Effect.NEVER_SHARE and (holding or not clause.conditions):
            refused |= {field for field in FIELDS if gives_away(field) & clause.fields}
    return shared - refused


def speaking(world: World):
    kind = (world.partner.legal_relation, world.partner.tier)
    return [one for one in world.bundle.clauses if kind in one.classes and world.request.purpose in one.purposes]


def named_for(world: World, field: str) -> list[str]:
    """The ids of what is due for a field, whoever says so; those of a larger field through which alone it is agreed."""
    due: list[str] = []
    for clause in speaking(world):
        holding = any(one.holds(world.user, world.partner) for one in clause.conditions)
        if clause.effect is Effect.SHARE or holding or not clause.conditions:
            due += clause.obligations if gives_away(field) & clause.fields else ()
    terms = world.agreement.purposes[world.request.purpose].fields
    for named, each in terms.items():
        if named in gives_away(field) or (field not in terms and field in gives_away(named)):
            due += each.obligations
    return due


def can_be_done(world: World, field: str) -> bool:
    """Whether what is due for a field can be done now, in such an answer; by the rules of these few obligations."""
    due, request = set(named_for(world, field)), world.request
    changes = {one for one in due if one in CHANGES}
    if changes and (field != "birthdate" and "birthdate" in gives_away(field)):
        return False
    terms = world.agreement.purposes[request.purpose].fields
    larger = [each for named, each in terms.items() if field in gives_away(named)]
    inherited = {one for each in larger for one in each.obligations if one in CHANGES}
    if field not in terms and field != "birthdate" and inherited:
        return False
    if field == "birthdate" and len(changes) > 1:
        return False
    if "require.passkey" in due and request.acr not in ("phr", "phrh"):
        return False
    if "auth_age.quarter-hour" in due and not 0 <= request.at - request.auth_time <= 900:
        return False
    return not ("no_store" in due and request.kept)


def answered(world: World) -> bool:
    """Whether the request is answered at all."""
    purpose = CATALOGUE.purposes[world.request.purpose]
    rests = world.user.restricted and not purpose.although_restricted
    return not rests and at_or_below(CATALOGUE, world.request.purpose, world.consent.purpose)


def expected(world: World) -> set[str]:
    if not answered(world):
        return set()
    common = world.request.fields & permitted(world) & let_go(world)
    return {field for field in common if can_be_done(world, field)}


# ---- the guarantees --------------------------------------------------------------------------------------------------


@often
@given(any_setting)
def test_g1_under_any_policy_exactly_what_all_sides_hold_goes_out(setting: Setting):
    """G1 both ways, G7 as far as it withholds, G11: the engine and the second reading agree."""
    outcome = decision(setting.world)
    assert outcome.released == expected(setting.world)
    assert outcome.released <= question(setting.world).fields.keys()


@often
@given(any_setting, st.frozensets(st.sampled_from(FIELDS)), st.data())
def test_g2_under_any_policy_narrowing_any_input_never_widens(setting: Setting, kept: frozenset[str], data):
    """G2: fewer fields, more denied or answered, less known people, a kept answer, a weaker or older sign-in."""
    world = setting.world
    terms = world.agreement.purposes[world.request.purpose]
    unburdened = all(not each.obligations for field, each in terms.fields.items() if field not in kept)
    fewer_terms = replace(terms, fields={field: each for field, each in terms.fields.items() if field in kept})
    lesser = data.draw(
        st.sampled_from(
            [
                replace(world, request=replace(world.request, fields=world.request.fields & kept)),
                replace(world, request=replace(world.request, kept=True)),
                replace(world, request=replace(world.request, acr="")),
                replace(world, request=replace(world.request, auth_time=0)),
                replace(world, consent=replace(world.consent, denied=world.consent.denied | kept)),
                replace(world, consent=replace(world.consent, disclosed=world.consent.disclosed | kept)),
                replace(
                    world,
                    consent=replace(
                        world.consent, fields={one: end for one, end in world.consent.fields.items() if one in kept}
                    ),
                ),
                replace(world, user=replace(world.user, age=None)),
                replace(world, user=replace(world.user, residence=None)),
                replace(world, user=replace(world.user, restricted=True)),
                replace(world, user=replace(world.user, risk=Risk.HIGH)),
                replace(world, partner=replace(world.partner, country="")),
                *(
                    [replace(world, agreement=replace(world.agreement, purposes={world.request.purpose: fewer_terms}))]
                    if unburdened
                    else []
                ),
            ]
        )
    )
    assert decision(lesser).released <= decision(world).released


@often
@given(any_setting, st.randoms())
def test_g4_order_files_and_repetition_of_clauses_mean_nothing(setting: Setting, source: random.Random):
    """G4: the same decision to the last reason, though clauses are shuffled over files and each is there twice."""
    written = [clause for document in setting.documents.values() for clause in document["clause"]]
    again = [{**clause, "id": f"{clause['id']}-again"} for clause in written]
    mixed = [*written, *again]
    source.shuffle(mixed)
    half = len(mixed) // 2
    documents = {"z.toml": {"clause": mixed[:half]}, "b.toml": {"clause": mixed[half:]}}
    other = replace(setting.world, bundle=compile_bundle(CATALOGUE, documents))
    one, two = decision(setting.world), decision(other)
    assert without_rules(one) == without_rules(two)
    assert {field: rule.removesuffix("-again") for field, rule in two.rules.items()} == dict(one.rules)


def without_rules(outcome: Decision) -> tuple[object, ...]:
    due = {field: dict(each) for field, each in outcome.obligations.items()}
    return outcome.released, dict(outcome.withheld), outcome.expires_at, outcome.refusal, due


@often
@given(any_setting)
def test_g5_asked_again_the_answer_is_the_same_and_unknown_fields_stay(setting: Setting):
    """G5, and what the engine remembers between decisions is what it would work out anew."""
    first, again = decision(setting.world), decision(setting.world)
    anew = decision(replace(setting.world, bundle=compile_bundle(CATALOGUE, setting.documents)))
    assert first == again == anew
    assert first.withheld.get("shoe_size", Reason.FIELD_UNKNOWN) in (Reason.FIELD_UNKNOWN, first.refusal)


@often
@given(any_setting)
def test_g8_every_reason_is_true_and_names_a_rule(setting: Setting):
    """G8: the side that is blamed is one that does not hold the field, and a clause that is blamed exists."""
    world, outcome = setting.world, decision(setting.world)
    assert outcome.released | outcome.withheld.keys() == world.request.fields
    assert not outcome.released & outcome.withheld.keys()
    ids = {clause.id for clause in world.bundle.clauses}
    for field, reason in outcome.withheld.items():
        assert outcome.rule(field) in ids | set(Reason)
        if outcome.refusal is None and field in FIELDS:
            if reason in (Reason.OBLIGATION, Reason.NO_STORE, Reason.STEP_UP_REQUIRED):
                assert not can_be_done(world, field)
            elif reason in PERMISSIONS:
                assert field not in permitted(world)
            else:
                assert field not in let_go(world)


@often
@given(any_setting)
def test_g3_and_g11_under_any_policy_nothing_goes_on_an_ended_consent_or_for_another_purpose(setting: Setting):
    """Whatever the clauses say."""
    world = setting.world
    for dead in (
        replace(world, consent=replace(world.consent, ended_at=NOW)),
        replace(world, consent=replace(world.consent, paused=True)),
        replace(world, consent=replace(world.consent, suspended=True)),
        replace(world, user=replace(world.user, suspended=True)),
        replace(world, user=replace(world.user, opted_out=True)),
        replace(world, user=replace(world.user, deleted=True)),
    ):
        assert decision(dead).released == frozenset()
    if not at_or_below(CATALOGUE, world.request.purpose, world.consent.purpose):
        assert decision(world).released == frozenset()


@often
@given(any_setting)
def test_consent_reaches_down_and_denial_up_under_any_policy(setting: Setting):
    """What is released gives nothing away that was denied; what was agreed to brings along what it gives away."""
    world, outcome = setting.world, decision(setting.world)
    assert not any(gives_away(field) & world.consent.denied for field in outcome.released)
    whole = replace(world, request=replace(world.request, fields=frozenset(FIELDS)))
    free = replace(whole, consent=replace(world.consent, denied=frozenset(), disclosed=frozenset()))
    for field in decision(free).released:
        below = gives_away(field) & {one for one in FIELDS if can_be_done(free, one)} & let_go(free)
        assert below <= decision(free).released


@often
@given(any_setting, st.sampled_from(ANSWERS))
def test_all_answers_about_a_value_over_the_life_of_a_consent_are_in_the_agreement(setting: Setting, told: str):
    """The inference budget: an answer that was given and is not listed today ends the others about the same value."""
    world = setting.world
    terms = world.agreement.purposes[world.request.purpose]
    known = reached(CATALOGUE, terms.fields) | set(terms.budget)
    outcome = decision(replace(world, consent=replace(world.consent, disclosed=frozenset({told}))))
    about = CATALOGUE.fields[told].derived_from
    if told not in known:
        assert not any(CATALOGUE.fields[field].derived_from == about for field in outcome.released)
