"""The formula that is proved is the program that decides: both answer alike wherever both are run."""

import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.policy_tools.model import Inputs, Model
from policies.agreement import Agreement, AgreementStatus, Consent, FieldTerms, Partner, PartnerStatus, PurposeTerms
from policies.bundle import Bundle, compile_bundle
from policies.clauses import CLASSES
from policies.decide import decide
from policies.decision import SharingRequest
from policies.user import Risk, UserState
from tests.policies.worlds import DAY, NOW, shipped_catalogue, shipped_policies

CATALOGUE = shipped_catalogue()
FIELDS = sorted(CATALOGUE.fields)
PURPOSES = sorted(CATALOGUE.purposes)
COUNTRIES = ["JP", "KR", "SG", None]
CONDITIONS = ["under 13", "under 18", "restricted", "risk medium", "risk high", "lives outside JP", "partner abroad"]
EVERYTHING = frozenset(FIELDS)
sets = st.just(EVERYTHING) | st.just(EVERYTHING) | st.frozensets(st.sampled_from(FIELDS))
"""Everything more often than not: what one side withholds tells nothing of the others."""


answers = st.sampled_from(["prefecture", "over_18", "over_20"]).map(lambda answer: [answer])
named = st.just("everything") | answers | st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4, unique=True)
"""What a clause names: often what others give away, for that is where a mistake would hide."""

OPEN = {"id": "open", "share": "everything", "with": "anyone", "for": "anything"}


DUE = [
    *(("birthdate", due) for due in ("derive.over_18", "derive.over_20", "round.year", "auth_age.quarter-hour")),
    *(("over_20", due) for due in ("no_store", "require.passkey", "notify.now")),
    *(("address", due) for due in ("derive.prefecture", "round.region", "no_store")),
    *(("everything", due) for due in ("no_store", "auth_age.quarter-hour", "round.day")),
]
obliging = st.tuples(
    st.sampled_from(DUE), st.sampled_from(["oblige", "share"]), st.lists(st.sampled_from(CONDITIONS), max_size=1)
)


def numbered(several):
    """Clauses that say what is due, of their own or beside a field that they share."""
    return [
        {
            "id": f"due{number}",
            effect: [field] if field != "everything" else field,
            "obligations": [due],
            "with": "anyone",
            "for": "anything",
            **({"when" if effect == "oblige" else "except_when": conditions} if conditions else {}),
        }
        for number, ((field, due), effect, conditions) in enumerate(several)
    ]


@st.composite
def documents(draw):
    """The shipped policy, or one of random clauses, on top of one that shares everything more often than not."""
    if draw(st.integers(min_value=0, max_value=5)) == 0:
        return shipped_policies()
    clauses = [OPEN] if draw(st.integers(min_value=0, max_value=3)) else []
    for number in range(draw(st.integers(min_value=1, max_value=4))):
        effect, when = draw(st.sampled_from([("share", "except_when"), ("never_share", "when")]))
        clause = {
            "id": f"c{number}",
            effect: draw(named),
            "with": draw(st.sampled_from(["anyone", "anyone", "third_party", "processor.restricted"])),
            "for": draw(st.just("anything") | st.sampled_from(PURPOSES)),
        }
        conditions = draw(st.lists(st.sampled_from(CONDITIONS), max_size=2, unique=True))
        clauses.append(clause | ({when: conditions} if conditions else {}))
    clauses += draw(st.lists(obliging, max_size=3).map(numbered))
    return {"random.toml": {"clause": clauses}}


@st.composite
def cases(draw):
    relation, tier = draw(st.sampled_from(CLASSES))
    purpose = draw(st.sampled_from(PURPOSES))
    consented = draw(st.sampled_from([*CATALOGUE.lineage[purpose], draw(st.sampled_from(PURPOSES))]))
    user = UserState(
        age=draw(st.none() | st.integers(min_value=0, max_value=120)),
        residence=draw(st.sampled_from(COUNTRIES)),
        restricted=draw(st.sampled_from([False, False, False, True])),
        opted_out=False,
        deleted=False,
        suspended=False,
        risk=draw(st.sampled_from(Risk)),
    )
    partner = Partner(
        id="partner",
        name="Partner",
        status=PartnerStatus.PRODUCTION,
        country=draw(st.sampled_from(COUNTRIES)) or "",
        legal_relation=relation,
        tier=tier,
    )
    terms = PurposeTerms(
        {field: FieldTerms(required=False) for field in draw(sets)},
        max_days=2,
        budget=tuple(sorted(draw(st.frozensets(st.sampled_from(["over_18", "over_20", "prefecture"]))))),
    )
    agreement = Agreement(
        "agreement", 1, "partner", AgreementStatus.ACTIVE, NOW - DAY, NOW + DAY, purposes={purpose: terms}
    )
    consent = Consent(
        user_id="user",
        client_id="app",
        purpose=consented,
        fields=dict.fromkeys(draw(sets), NOW + DAY),
        granted_at=NOW,
        expires_at=NOW + DAY,
        ended_at=draw(st.sampled_from([None] * 8 + [NOW])),
        denied=draw(st.just(frozenset()) | st.frozensets(st.sampled_from(FIELDS), max_size=2)),
        disclosed=draw(st.frozensets(st.sampled_from(FIELDS), max_size=3)),
    )
    request = SharingRequest(
        *("partner", "app", "user", purpose, draw(sets), NOW),
        acr=draw(st.sampled_from(["", "phr", "phrh"])),
        auth_time=NOW - draw(st.sampled_from([-1, 0, 900, 901])),
        kept=draw(st.booleans()),
    )
    return request, partner, agreement, consent, user


def formula_says(model: Model, bundle: Bundle, case) -> frozenset[str]:
    request, partner, agreement, consent, user = case
    one: Inputs = model.inputs("one")
    terms = agreement.purposes[request.purpose]
    person = one.person
    values = [
        (one.request, model.bits(bundle.mask(request.fields))),
        (one.partner_class, model.classes[f"{partner.legal_relation}.{partner.tier}"]),
        (one.partner_country, country(model, partner.country)),
        (one.purpose, model.purposes[request.purpose]),
        (one.consent_purpose, model.purposes[consent.purpose]),
        (one.agreement, model.bits(bundle.mask(terms.fields))),
        (one.budget, model.bits(bundle.mask(terms.budget))),
        (one.consent, model.bits(bundle.mask(consent.fields))),
        (one.denied, model.bits(bundle.mask(consent.denied))),
        (one.disclosed, model.bits(bundle.mask(consent.disclosed))),
        (one.alive, z3.BoolVal(consent.ended_at is None)),
        (one.unmet, model.bits(0)),
        (one.level, z3.IntVal(bundle.catalogue.obligations.level(request.acr))),
        (one.seconds, z3.IntVal(request.at - request.auth_time)),
        (one.kept, z3.BoolVal(request.kept)),
        (person.age, z3.IntVal(user.age or 0)),
        (person.age_known, z3.BoolVal(user.age is not None)),
        (person.residence, country(model, user.residence)),
        (person.risk, z3.IntVal(list(Risk).index(user.risk))),
        (person.restricted, z3.BoolVal(user.restricted)),
        (z3.Bool("elsewhere in two places"), z3.BoolVal(partner.country != (user.residence or ""))),
    ]
    return bundle.names(z3.simplify(z3.substitute(model.release(one), *values)).as_long())


def country(model: Model, code: str | None):
    return model.countries.get(code or "unknown", model.countries["elsewhere"])


@settings(max_examples=100, deadline=None)
@given(documents(), st.lists(cases(), min_size=10, max_size=10))
def test_the_formula_and_the_program_release_the_same(policy, several):
    """G1 to G3 and G11 are proved of a formula; this is what makes them true of the program."""
    bundle = compile_bundle(CATALOGUE, policy)
    model = Model(bundle)
    for case in several:
        assert formula_says(model, bundle, case) == decide(bundle, *case).released
