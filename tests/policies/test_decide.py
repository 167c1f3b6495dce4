"""Each reason code, by the one thing that is wrong (data-sharing model, section 4.2)."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from policies.agreement import AgreementStatus, Consent, FieldTerms, PartnerStatus, PurposeTerms, Tier
from policies.bundle import Bundle, compile_bundle
from policies.decision import Decision, Reason, SharingRequest
from policies.gates import (
    Case,
    Gate,
    agreement_in_force,
    consent_live,
    partner_in_good_standing,
    purpose_agreed,
    user_is_meant,
    user_may_share,
)
from policies.user import Risk
from tests.policies.worlds import DAY, EVERYTHING_GOES, NOW, World, a_person, decision, everyday, question


def but(**changes: object) -> World:
    """The everyday case, but for these attributes of its parts, written `part__attribute`."""
    world = everyday()
    for name, value in changes.items():
        part, _, attribute = name.partition("__")
        world = replace(world, **{part: replace(getattr(world, part), **{attribute: value}) if attribute else value})
    return world


def test_the_everyday_case_releases_what_was_asked_agreed_and_ticked():
    """Of three fields asked for, one is ticked, one is not, and one is not in the agreement."""
    outcome = decision(everyday())
    assert outcome.released == {"prefecture"}
    assert outcome.withheld == {"over_20": Reason.FIELD_NOT_CONSENTED, "email": Reason.FIELD_NOT_IN_AGREEMENT}
    assert outcome.expires_at == NOW + 89 * DAY
    assert outcome.refusal is None


def compiled(documents: dict[str, dict[str, object]]) -> Bundle:
    return compile_bundle(everyday().catalogue, documents)


def terms(**but: object) -> dict[str, PurposeTerms]:
    """The agreement's terms for crediting points, but for these."""
    return {"points.credit": replace(everyday().agreement.purposes["points.credit"], **but)}


def answered(*fields: str) -> Consent:
    """The everyday consent with all answers about the birthday agreed to, and some given already."""
    agreed = dict.fromkeys(("prefecture", "birthdate"), NOW + DAY)
    return replace(everyday().consent, fields=agreed, disclosed=frozenset(fields))


def owing(due: str) -> dict[str, object]:
    """The agreement and the consent with something due for one of their fields."""
    named = {"prefecture": FieldTerms(required=False), "over_20": FieldTerms(required=False, obligations=(due,))}
    return {"agreement__purposes": terms(fields=named), "consent": answered()}


REFUSALS = [
    (Reason.PARTNER_UNKNOWN, {"partner": None}),
    (Reason.PARTNER_UNKNOWN, {"partner__id": "somebody-else"}),
    (Reason.PARTNER_SUSPENDED, {"partner__status": PartnerStatus.SUSPENDED}),
    (Reason.PARTNER_TERMINATED, {"partner__status": PartnerStatus.TERMINATED}),
    (Reason.PARTNER_NOT_APPROVED, {"partner__status": PartnerStatus.DRAFT}),
    (Reason.PARTNER_NOT_APPROVED, {"partner__status": PartnerStatus.SUBMITTED}),
    (Reason.PARTNER_NOT_APPROVED, {"partner__status": PartnerStatus.SANDBOX}),
    (Reason.SANDBOX, {"request__sandbox": True}),
    (Reason.SANDBOX, {"request__synthetic": True}),
    (Reason.POLICY_ERROR, {"request__sandbox": None, "request__synthetic": None}),
    (Reason.NO_AGREEMENT, {"agreement": None}),
    (Reason.NO_AGREEMENT, {"agreement__partner_id": "somebody-else"}),
    (Reason.AGREEMENT_SUSPENDED, {"agreement__status": AgreementStatus.SUSPENDED}),
    (Reason.AGREEMENT_ENDED, {"agreement__status": AgreementStatus.ENDED}),
    (Reason.AGREEMENT_NOT_YET, {"agreement__effective_at": NOW + 1}),
    (Reason.AGREEMENT_EXPIRED, {"agreement__expires_at": NOW}),
    (Reason.PURPOSE_UNKNOWN, {"request__purpose": "world.domination"}),
    (Reason.PURPOSE_NOT_IN_AGREEMENT, {"request__purpose": "marketing"}),
    (Reason.PURPOSE_NOT_IN_AGREEMENT, {"request__purpose": "service"}),
    (Reason.NO_CONSENT, {"consent": None}),
    (Reason.NO_CONSENT, {"consent__granted_at": NOW + 1}),
    (Reason.CONSENT_MISMATCH, {"consent__user_id": "taro"}),
    (Reason.CONSENT_MISMATCH, {"consent__client_id": "tabi-app"}),
    (Reason.CONSENT_MISMATCH, {"consent__purpose": "marketing"}),
    (Reason.CONSENT_MISMATCH, {"consent__purpose": "no.such.purpose"}),
    (Reason.CONSENT_ENDED, {"consent__ended_at": NOW - 1}),
    (Reason.CONSENT_ENDED, {"consent__ended_at": NOW + DAY}),
    (Reason.CONSENT_PAUSED, {"consent__paused": True}),
    (Reason.CONSENT_SUSPENDED, {"consent__suspended": True}),
    (Reason.CONSENT_EXPIRED, {"consent__expires_at": NOW}),
    (Reason.CONSENT_EXPIRED, {"consent__granted_at": NOW - 90 * DAY}),
    (Reason.USER_UNKNOWN, {"user": None}),
    (Reason.USER_SUSPENDED, {"user": a_person(suspended=True)}),
    (Reason.USER_DELETED, {"user": a_person(deleted=True)}),
    (Reason.OPTED_OUT, {"user": a_person(opted_out=True)}),
    (Reason.USER_RESTRICTED, {"user": a_person(restricted=True)}),
    (Reason.MINOR, {"agreement__purposes": terms(min_age=33)}),
    (Reason.MINOR, {"agreement__purposes": terms(min_age=1), "user": a_person(age=None)}),
    (Reason.JURISDICTION, {"agreement__purposes": terms(jurisdictions=("KR", "TW"))}),
    (Reason.JURISDICTION, {"agreement__purposes": terms(jurisdictions=("JP",)), "user": a_person(residence=None)}),
    (Reason.POLICY_ERROR, {"request__at": None}),
    (Reason.POLICY_ERROR, {"agreement__status": "paused"}),
    (Reason.POLICY_ERROR, {"partner__status": "asleep"}),
]


@pytest.mark.parametrize(("reason", "changes"), REFUSALS)
def test_one_thing_wrong_withholds_everything_for_that_reason(reason: Reason, changes: dict[str, object]):
    """A refused request releases nothing, and each of its fields says why."""
    world = but(**changes)
    assert decision(world) == Decision(frozenset(), dict.fromkeys(world.request.fields, reason), None, reason)


@pytest.mark.parametrize("status", [PartnerStatus.SANDBOX, PartnerStatus.PRODUCTION])
def test_an_app_of_the_sandbox_gets_what_a_made_up_person_shares(status: PartnerStatus):
    """Life cycle, section 4.4: synthetic users only, by the same rules as everybody else."""
    world = but(partner__status=status, request__sandbox=True, request__synthetic=True)
    assert decision(world) == decision(everyday())


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (PartnerStatus.DRAFT, Reason.PARTNER_NOT_APPROVED),
        (PartnerStatus.SUBMITTED, Reason.PARTNER_NOT_APPROVED),
        (PartnerStatus.SUSPENDED, Reason.PARTNER_SUSPENDED),
        (PartnerStatus.TERMINATED, Reason.PARTNER_TERMINATED),
    ],
)
def test_the_sandbox_is_open_to_no_partner_that_is_not_in_it(status: PartnerStatus, reason: Reason):
    """Made-up people, too, are for partners in good standing."""
    assert decision(but(partner__status=status, request__sandbox=True, request__synthetic=True)).refusal is reason


EVERY_FIELD = dict.fromkeys(everyday().catalogue.fields, FieldTerms(required=False))
WIDE = {"agreement__purposes": terms(fields=EVERY_FIELD), "partner__tier": Tier.RESTRICTED, "partner__country": "JP"}
FIELD_REASONS = [
    (Reason.FIELD_UNKNOWN, "shoe_size", {}),
    (Reason.FIELD_NOT_IN_AGREEMENT, "email", {}),
    (Reason.FIELD_NOT_CONSENTED, "over_20", {}),
    (Reason.PARTNER_TIER, "email", {"agreement__purposes": terms(fields=EVERY_FIELD)}),
    (Reason.POLICY, "gender", WIDE),
    (Reason.JURISDICTION, "address", {**WIDE, "partner__country": "US"}),
    (Reason.JURISDICTION, "address", {**WIDE, "user": a_person(residence=None)}),
    (Reason.RISK, "email", {**WIDE, "user": a_person(risk=Risk.HIGH)}),
    (Reason.MINOR, "email", {**WIDE, "user": a_person(age=12)}),
    (Reason.BUDGET, "over_20", {"consent": answered("over_18")}),
    (Reason.OBLIGATION, "over_20", owing("no.such.thing")),
    (Reason.NO_STORE, "over_20", owing("no_store")),
    (Reason.STEP_UP_REQUIRED, "over_20", owing("require.passkey")),
]
GIVEN_BY_WHAT_SENDS = {Reason.QUOTA}


@pytest.mark.parametrize(("reason", "field", "changes"), FIELD_REASONS)
def test_a_field_falls_at_the_first_side_that_does_not_hold_it(reason: Reason, field: str, changes: dict[str, object]):
    """The other fields of the request are not touched by it."""
    outcome = decision(but(request__fields=frozenset({"prefecture", field}), **changes))
    assert (outcome.released, outcome.withheld) == ({"prefecture"}, {field: reason})


ALL_CONSENTED = {"consent__fields": dict.fromkeys(EVERY_FIELD, NOW + DAY)}


@pytest.mark.parametrize(
    ("reason", "field", "changes"),
    [row for row in FIELD_REASONS if row[0] is not Reason.FIELD_NOT_CONSENTED and "consent" not in row[2]],
)
def test_one_side_is_enough_to_withhold_a_field(reason: Reason, field: str, changes: dict[str, object]):
    """The person agreed to everything; what they agreed to makes good for no other side."""
    asked = frozenset({"prefecture", field})
    outcome = decision(but(**{**changes, **ALL_CONSENTED, "request__fields": asked}))
    assert (outcome.released, outcome.withheld) == ({"prefecture"}, {field: reason})


@pytest.mark.parametrize("purpose", sorted(everyday().catalogue.purposes))
def test_data_that_is_not_to_be_used_is_used_where_the_catalogue_says_so_alone(purpose: str):
    """Restriction of processing (GDPR 18): signing in, payment and what the law asks for go on."""
    asked = {
        "bundle": compiled(EVERYTHING_GOES),
        "agreement__purposes": {purpose: terms()["points.credit"]},
        "request__purpose": purpose,
        "consent__purpose": purpose,
        "user": a_person(restricted=True),
    }
    goes_on = everyday().catalogue.purposes[purpose].although_restricted
    outcome = decision(but(**asked))
    assert outcome.refusal is (None if goes_on else Reason.USER_RESTRICTED)
    assert outcome.released == ({"prefecture"} if goes_on else set())


@pytest.mark.parametrize(
    ("gate", "missing", "reason"),
    [
        (partner_in_good_standing, "partner", Reason.PARTNER_UNKNOWN),
        (agreement_in_force, "agreement", Reason.NO_AGREEMENT),
        (purpose_agreed, "terms", Reason.PURPOSE_NOT_IN_AGREEMENT),
        (user_may_share, "user", Reason.USER_UNKNOWN),
        (user_is_meant, "user", Reason.USER_UNKNOWN),
        (user_is_meant, "terms", Reason.USER_UNKNOWN),
        (consent_live, "consent", Reason.NO_CONSENT),
        (consent_live, "terms", Reason.NO_CONSENT),
    ],
)
def test_a_gate_refuses_by_itself_what_it_cannot_look_at(gate: Gate, missing: str, reason: Reason):
    """Whatever stands before it in the list: none relies on another."""
    world = everyday()
    agreed = world.agreement.purposes["points.credit"]
    case = Case(world.bundle, world.request, world.partner, world.agreement, agreed, world.consent, world.user)
    assert gate(case) is None
    assert gate(case._replace(**{missing: None})) is reason


def test_whoever_is_of_the_age_and_country_that_is_agreed_is_meant():
    """From that birthday on, in each of the countries."""
    for age, released in ((31, set()), (32, {"prefecture"}), (33, {"prefecture"})):
        asked = {"agreement__purposes": terms(min_age=32, jurisdictions=("KR", "JP")), "user": a_person(age=age)}
        assert decision(but(**asked)).released == released


def test_an_answer_that_is_agreed_is_given_again():
    """The inference budget is about what today's agreement does not list."""
    asked = {"consent": answered("over_20"), "request__fields": frozenset({"over_20"})}
    assert decision(but(**asked)).released == {"over_20"}


def test_what_is_not_said_of_a_request_or_a_consent_opens_nothing():
    """Nobody knows when the person signed in, nor which version they read; an answer is one that is kept."""
    request = SharingRequest("p", "c", "u", "service", frozenset(), NOW)
    assert (request.acr, request.auth_time, request.sandbox, request.synthetic, request.kept) == (
        "",
        0,
        False,
        False,
        True,
    )
    consent = Consent("u", "c", "service", {}, NOW, NOW, None)
    assert (consent.read, consent.denied, consent.disclosed) == (0, frozenset(), frozenset())
    assert (consent.paused, consent.suspended) == (False, False)


def test_a_decision_names_the_clause_that_withholds_a_field_and_no_other():
    """What another side withholds goes by that side's reason."""
    asked = {**WIDE, "partner__country": "US", "request__fields": frozenset({"address", "prefecture"})}
    outcome = decision(but(**asked))
    assert outcome.rules.keys() == {"address"}
    assert outcome.rule("address") in {clause.id for clause in everyday().bundle.clauses}
    plain = decision(everyday())
    assert (plain.rules, plain.rule("email")) == ({}, Reason.FIELD_NOT_IN_AGREEMENT)


def test_fields_that_do_not_exist_are_each_named_and_hide_no_other():
    outcome = decision(but(request__fields=frozenset({"prefecture", "shoe_size", "hat_size"})))
    assert outcome.released == {"prefecture"}
    assert outcome.withheld == dict.fromkeys(["shoe_size", "hat_size"], Reason.FIELD_UNKNOWN)


def test_every_reason_code_is_met_in_these_tables():
    """No code stands in the interface that nothing can answer with."""
    assert {reason for reason, *_ in [*REFUSALS, *FIELD_REASONS]} | GIVEN_BY_WHAT_SENDS == set(Reason)


def test_a_request_for_no_field_still_says_that_it_is_refused():
    """An app of a suspended partner that only signs people in can be refused too."""
    world = but(request__fields=frozenset(), partner__status=PartnerStatus.SUSPENDED)
    assert decision(world) == Decision(frozenset(), {}, None, Reason.PARTNER_SUSPENDED)


@pytest.mark.parametrize(
    ("changes", "released"),
    [
        ({"consent__fields": dict.fromkeys({"address"}, NOW + DAY)}, {"prefecture"}),
        ({"consent__fields": dict.fromkeys({"birthdate"}, NOW + DAY)}, {"over_20"}),
        ({"consent__fields": dict.fromkeys({"over_18"}, NOW + DAY)}, set()),
        ({"consent__fields": dict.fromkeys({"shoe_size", "prefecture"}, NOW + DAY)}, {"prefecture"}),
    ],
)
def test_a_consent_reaches_down_the_disclosure_order(changes: dict[str, object], released: set[str]):
    """Who agreed to the address agreed to the prefecture; an answer about 18 says nothing about 20."""
    assert decision(but(**changes)).released == released


def test_a_consent_never_reaches_up_the_disclosure_order():
    """Who agreed to the prefecture did not agree to the address, whatever the agreement holds."""
    world = but(request__fields=frozenset({"address", "prefecture"}), bundle=compiled(EVERYTHING_GOES), **WIDE)
    assert decision(world).withheld == {"address": Reason.FIELD_NOT_CONSENTED}


def test_a_consent_for_a_wider_purpose_holds_for_those_below_it_alone():
    """G11: a consent for `service` covers crediting points, one for `marketing` does not."""
    assert decision(but(consent__purpose="service")).released == {"prefecture"}
    assert decision(but(consent__purpose="marketing")).released == set()


@pytest.mark.parametrize(
    ("changes", "expires_at"),
    [
        ({}, NOW + 89 * DAY),
        ({"consent__expires_at": NOW + DAY}, NOW + DAY),
        ({"consent__expires_at": NOW + 10_000 * DAY}, NOW + 89 * DAY),
        ({"agreement__expires_at": NOW + 2}, NOW + 2),
    ],
)
def test_a_release_holds_until_the_first_of_its_permissions_ends(changes: dict[str, object], expires_at: int):
    """Consent, the agreement's longest consent, and the agreement itself."""
    world = but(**changes)
    assert decision(world).expires_at == expires_at
    at_the_last_second = replace(world, request=replace(world.request, at=expires_at - 1))
    assert decision(at_the_last_second).released == {"prefecture"}
    assert decision(replace(world, request=replace(world.request, at=expires_at))).released == set()


def test_an_agreement_holds_from_its_first_instant():
    assert decision(but(agreement__effective_at=NOW)).released == {"prefecture"}
    assert decision(but(consent__granted_at=NOW)).released == {"prefecture"}


def test_an_amended_agreement_shortens_the_consents_already_given():
    """A consent never outlives what the agreement allows now."""
    assert decision(but(agreement__purposes=terms(max_days=1))).refusal is Reason.CONSENT_EXPIRED


def test_a_decision_cannot_be_changed_afterwards():
    """Who holds a decision cannot turn a withheld field into a released one."""
    with pytest.raises(TypeError):
        decision(everyday()).withheld["email"] = Reason.NO_CONSENT


# ---- what may be asked -----------------------------------------------------------------------------------------------


def test_a_person_is_asked_for_what_is_requested_and_agreed():
    """The consent page shows no field that could not be released, and says how long a yes would last."""
    outcome = question(everyday())
    assert outcome.fields == {"prefecture": False, "over_20": False}
    assert outcome.withheld == {"email": Reason.FIELD_NOT_IN_AGREEMENT}
    assert (outcome.expires_at, outcome.refusal) == (NOW + 90 * DAY, None)


def test_a_person_is_asked_for_no_longer_than_the_agreement_lasts():
    """Its longest consent, or its own end if that is sooner."""
    assert question(but(agreement__expires_at=NOW + 2)).expires_at == NOW + 2
    nothing = question(but(request__fields=frozenset({"email"})))
    assert (nothing.fields, nothing.expires_at, nothing.refusal) == ({}, None, None)


def test_a_person_is_not_asked_for_what_cannot_be_given_as_is_due():
    """No consent would let it out."""
    assert question(but(**owing("no.such.thing"))).withheld["over_20"] is Reason.OBLIGATION


def test_the_page_knows_which_fields_the_partner_cannot_do_without():
    """Required by the agreement is needed; held only through a larger field is not."""
    world = everyday()
    old = world.agreement.purposes["points.credit"].fields
    needed = {"email": replace(old["prefecture"], required=True), "birthdate": old["over_20"]}
    changed = {**WIDE, "agreement__purposes": {"points.credit": PurposeTerms(MappingProxyType(needed), 90)}}
    outcome = question(but(bundle=compiled(EVERYTHING_GOES), **changed))
    assert outcome.fields == {"email": True, "over_20": False}
    assert outcome.withheld == {"prefecture": Reason.FIELD_NOT_IN_AGREEMENT}


@pytest.mark.parametrize(
    ("reason", "changes"),
    [(reason, changes) for reason, changes in REFUSALS if not any(name.startswith("consent") for name in changes)],
)
def test_a_person_is_never_asked_for_what_could_not_go_out(reason: Reason, changes: dict[str, object]):
    """Whatever refuses the request refuses the question, for the same reason."""
    outcome = question(but(**changes))
    assert (outcome.fields, outcome.expires_at, outcome.refusal) == ({}, None, reason)


def test_what_a_person_agrees_to_is_then_released():
    """Ticking everything that was asked releases exactly that, until the instant that was shown."""
    world = everyday()
    asked = question(world)
    ticked = Consent(
        "hana", "tabi-web", "points.credit", dict.fromkeys(asked.fields, asked.expires_at), NOW, asked.expires_at, None
    )
    outcome = decision(replace(world, consent=ticked))
    assert (outcome.released, outcome.expires_at) == (set(asked.fields), asked.expires_at)
