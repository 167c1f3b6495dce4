"""Who asks whom for what: one everyday case for the tables, and random ones for the properties."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from policies.agreement import (
    Agreement,
    AgreementStatus,
    Consent,
    FieldTerms,
    Partner,
    PartnerStatus,
    PurposeTerms,
    parse_agreement_file,
)
from policies.bundle import Bundle, compile_bundle
from policies.catalogue import Catalogue, parse_catalogue
from policies.decide import askable, decide
from policies.decision import Askable, Decision, SharingRequest
from policies.user import Risk, UserState

SHARING = Path(__file__).parents[2] / "config" / "sharing"
AGREEMENT_FILES = sorted((SHARING / "agreements").glob("*.toml"))
POLICY_FILES = sorted((SHARING / "policies").glob("*.toml"))
EVERYTHING_GOES = {"open.toml": {"clause": [{"id": "all", "share": "everything", "with": "anyone", "for": "anything"}]}}
"""A policy that withholds nothing, for tests of the other sides."""
DAY = 24 * 60 * 60
NOW = 1_795_392_000  # 23 November 2026


@cache
def shipped_catalogue() -> Catalogue:
    names = ("catalogue.toml", "purposes.toml", "reasons.toml", "obligations.toml")
    return parse_catalogue(*((SHARING / name).read_text("utf-8") for name in names))


def shipped_policies() -> dict[str, dict[str, object]]:
    return {file.name: tomllib.loads(file.read_text("utf-8")) for file in POLICY_FILES}


def shipped_agreement(file: Path, catalogue: Catalogue) -> tuple[Partner, Agreement]:
    return parse_agreement_file(tomllib.loads(file.read_text("utf-8")), catalogue)


@dataclass(frozen=True)
class World:
    """Everything that a decision depends on."""

    bundle: Bundle
    request: SharingRequest
    partner: Partner | None
    agreement: Agreement | None
    consent: Consent | None
    user: UserState | None

    @property
    def catalogue(self) -> Catalogue:
        return self.bundle.catalogue


def decision(world: World) -> Decision:
    return decide(world.bundle, world.request, world.partner, world.agreement, world.consent, world.user)


def question(world: World) -> Askable:
    return askable(world.bundle, world.request, world.partner, world.agreement, world.user)


def a_person(**but: object) -> UserState:
    """A grown-up in Japan of whom nothing bad is known."""
    usual = {"age": 32, "residence": "JP", "restricted": False, "opted_out": False, "deleted": False}
    return UserState(**{**usual, "suspended": False, "risk": Risk.LOW, **but})


@cache
def everyday() -> World:
    """Hana ticked her prefecture for Tabi Points, and the app asks for that, her age and her e-mail address."""
    catalogue = shipped_catalogue()
    partner, agreement = shipped_agreement(SHARING / "agreements" / "tabi-points.toml", catalogue)
    return World(
        bundle=compile_bundle(catalogue, shipped_policies()),
        user=a_person(),
        request=SharingRequest(
            partner_id="tabi-points",
            client_id="tabi-web",
            user_id="hana",
            purpose="points.credit",
            fields=frozenset({"prefecture", "over_20", "email"}),
            at=NOW,
        ),
        partner=partner,
        agreement=agreement,
        consent=Consent(
            user_id="hana",
            client_id="tabi-web",
            purpose="points.credit",
            fields={"prefecture": NOW + 89 * DAY},
            granted_at=NOW - DAY,
            expires_at=NOW + 89 * DAY,
            ended_at=None,
        ),
    )


# ---- random worlds: few ids, so that they often meet, and few instants, so that they often touch ---------------------

IDS = [f"f{number}" for number in range(6)]
PURPOSES = [f"p{number}" for number in range(5)]
sets_of_fields = st.frozensets(st.sampled_from([*IDS, "gone"]), min_size=1)
WORDS = "text = { en = 'x', ja = 'x' }"


@st.composite
def catalogues(draw) -> Catalogue:
    """Any disclosure order, any purpose tree: each points at later ones alone, so never in a circle."""
    lines = ["[scopes]"]
    for place, field in enumerate(IDS):
        later = IDS[place + 1 :]
        below = draw(st.lists(st.sampled_from(later), unique=True, max_size=3)) if later else []
        lines += [f"[fields.{field}]", WORDS, "sensitivity = 1", "dpv = 'pd:Name'", f"discloses = {below!r}"]
    tree = []
    for place, purpose in enumerate(PURPOSES):
        later = PURPOSES[place + 1 :]
        tree += [f"[purposes.{purpose}]", WORDS, "dpv = 'dpv:Marketing'"]
        tree += [f"parent = '{draw(st.sampled_from(later))}'"] if later and draw(st.booleans()) else []
    return parse_catalogue("\n".join(lines), "\n".join(tree))


@st.composite
def worlds(draw, *, flawed: bool) -> World:
    """A world in which nothing stands against a release but its fields; or, flawed, in which anything may."""

    def usual(right, *wrong):
        return draw(st.sampled_from([right] * 12 + list(wrong))) if flawed else right

    def days(low, high):
        return draw(st.integers(min_value=low, max_value=high)) * DAY

    catalogue = draw(catalogues())
    purpose = draw(st.sampled_from(PURPOSES))
    terms = st.builds(
        PurposeTerms,
        fields=sets_of_fields.map(lambda named: {field: FieldTerms(required=False) for field in named}),
        max_days=st.integers(min_value=2, max_value=4),
    )
    agreement = Agreement(
        id="agreement",
        version=1,
        partner_id=usual("partner", "other"),
        status=usual(*AgreementStatus),
        effective_at=usual(NOW - days(0, 2), NOW + 1),
        expires_at=usual(NOW + days(1, 4), NOW, NOW - 1),
        purposes={**draw(st.dictionaries(st.sampled_from(PURPOSES), terms)), usual(purpose, *PURPOSES): draw(terms)},
    )
    consent = Consent(
        user_id=usual("user", "other"),
        client_id=usual("client", "other"),
        purpose=usual(draw(st.sampled_from(catalogue.lineage[purpose])), *PURPOSES),
        fields={field: NOW + days(1, 4) for field in draw(sets_of_fields)},
        granted_at=usual(NOW - days(0, 1), NOW + 1, NOW - 4 * DAY),
        expires_at=usual(NOW + days(1, 4), NOW, NOW - 1),
        ended_at=usual(None, NOW - 1, NOW + 1),
    )
    partner = Partner(
        id=usual("partner", "other"), name="Partner", status=usual(PartnerStatus.PRODUCTION, *PartnerStatus)
    )
    return World(
        bundle=compile_bundle(catalogue, EVERYTHING_GOES),
        user=usual(a_person(), None),
        request=SharingRequest("partner", "client", "user", usual(purpose, "gone"), draw(sets_of_fields), NOW),
        partner=usual(partner, None),
        agreement=usual(agreement, None),
        consent=usual(consent, None),
    )


live_worlds = worlds(flawed=False)
any_worlds = worlds(flawed=True) | live_worlds
