"""Agreements as operators write them: what is read, and what is refused."""

import json
import re
import tomllib
from datetime import UTC, datetime

import pytest

from policies.agreement import (
    Agreement,
    AgreementError,
    AgreementStatus,
    Contact,
    FieldTerms,
    LegalBasis,
    LegalRelation,
    Mode,
    Partner,
    PartnerStatus,
    PurposeTerms,
    Rate,
    Tier,
    parse_agreement,
    parse_agreement_file,
    parse_partner,
)
from tests.policies.worlds import AGREEMENT_FILES, SHARING, shipped_agreement, shipped_catalogue

CATALOGUE = shipped_catalogue()
FILE = """
[partner]
id = "tabi-points"
name = "Tabi Points"
status = "active"

[agreement]
id = "tabi-points-2026"
version = 3
partner_id = "tabi-points"
status = "suspended"
effective_at = 2026-04-01T00:00:00+09:00
expires_at = 2027-04-01T00:00:00Z

[agreement.purposes."points.credit"]
max_days = 90

[agreement.purposes."points.credit".fields]
prefecture = { required = false }
email = { required = true }
"""


def test_an_agreement_is_read_as_written():
    """Instants become seconds since 1970 UTC, whatever offset they were written with."""
    partner, agreement = parse_agreement_file(tomllib.loads(FILE), CATALOGUE)
    assert partner == Partner("tabi-points", "Tabi Points", PartnerStatus.PRODUCTION)
    assert agreement == Agreement(
        id="tabi-points-2026",
        version=3,
        partner_id="tabi-points",
        status=AgreementStatus.SUSPENDED,
        effective_at=int(datetime(2026, 3, 31, 15, tzinfo=UTC).timestamp()),
        expires_at=int(datetime(2027, 4, 1, tzinfo=UTC).timestamp()),
        purposes={
            "points.credit": PurposeTerms({"prefecture": FieldTerms(False), "email": FieldTerms(True)}, max_days=90)
        },
    )


def test_the_conditions_of_a_purpose_are_read_as_written():
    """Section 4.1: for each purpose its own; what is left out is no limit, and the mode is the narrowest."""
    conditions = """max_days = 90
        mode = "store"
        legal_basis = "contract"
        obligations = ["no_store", "notify.digest"]
        lookback_days = 30
        data_life_days = 365
        max_rows = 100
        rate = { requests = 60, seconds = 3600 }
        grant_rate = { requests = 5, seconds = 86400 }
        budget = ["over_18"]
        min_age = 20
        jurisdictions = ["JP", "US"]"""
    text = FILE.replace("max_days = 90", conditions)
    text = text.replace("email = { required = true }", 'email = { required = true, obligations = ["mask.email"] }')
    _, agreement = parse_agreement_file(tomllib.loads(text), CATALOGUE)
    assert agreement.purposes["points.credit"] == PurposeTerms(
        fields={"prefecture": FieldTerms(False), "email": FieldTerms(True, ("mask.email",))},
        max_days=90,
        obligations=("no_store", "notify.digest"),
        mode=Mode.STORE,
        legal_basis=LegalBasis.CONTRACT,
        lookback_days=30,
        data_life_days=365,
        max_rows=100,
        rate=Rate(60, 3600),
        grant_rate=Rate(5, 86_400),
        min_age=20,
        jurisdictions=("JP", "US"),
        budget=("over_18",),
    )


def test_an_agreement_kept_as_json_reads_the_same():
    """A store keeps instants as whole seconds; the agreement that comes back is the one that went in."""
    table = tomllib.loads(FILE)["agreement"]
    stored = json.dumps(table, default=lambda instant: int(instant.timestamp()))
    assert parse_agreement(json.loads(stored), CATALOGUE) == parse_agreement(table, CATALOGUE)


def test_an_agreement_cannot_be_changed_in_memory():
    """Every thread shares the one that was read."""
    _, agreement = parse_agreement_file(tomllib.loads(FILE), CATALOGUE)
    with pytest.raises(TypeError):
        agreement.purposes["marketing"] = agreement.purposes["points.credit"]
    with pytest.raises(TypeError):
        agreement.purposes["points.credit"].fields["birthdate"] = FieldTerms(False)


REFUSED = [
    # what is replaced, by what, and what the refusal says
    ("version = 3", "version = 0", "file.agreement.version: must be a whole number from 1 to"),
    ("version = 3", "", "agreement.version: is missing"),
    ("version = 3", "version = 3\nversio = 3", "agreement.versio: is not known here"),
    (
        "max_days = 90",
        "max_days = 366",
        "agreement.purposes.points.credit.max_days: must be a whole number from 1 to 365",
    ),
    ("max_days = 90", "max_days = 90.0", "max_days: must be a whole number"),
    ('status = "suspended"', "", "agreement.status: is missing"),
    ('status = "suspended"', 'status = "asleep"', "agreement.status: must be one of active, suspended, ended"),
    ('status = "active"', 'status = "ended"', "partner.status: must be one of draft, submitted, sandbox, production"),
    ("[partner]", '[partner]\ncountry = "jp"', "partner.country: 'jp' is not a country's two capital letters"),
    ("[partner]", '[partner]\ntier = "gold"', "partner.tier: must be one of plain, sensitive, restricted"),
    ("[partner]", '[partner]\nlegal_relation = "friend"', "legal_relation: must be one of third_party, processor"),
    ("[partner]", '[partner]\ncontacts = [{ role = "breach" }]', "partner.contacts[0].email: is missing"),
    ("[partner]", '[partner]\ncontacts = ["me"]', "partner.contacts[0]: must be a table, not str"),
    ("max_days = 90", 'max_days = 90\nmode = "sell"', "mode: must be one of view, store, query, stream"),
    ("max_days = 90", "max_days = 90\nmax_rows = -1", "max_rows: must be a whole number from 0 to"),
    ("max_days = 90", "max_days = 90\nrate = { requests = 1 }", "rate.seconds: is missing"),
    ("max_days = 90", 'max_days = 90\njurisdictions = ["JP", "JP"]', "jurisdictions: names something twice"),
    ("max_days = 90", 'max_days = 90\njurisdictions = ["Japan"]', "'Japan' is not a country's two capital letters"),
    ("max_days = 90", 'max_days = 90\nobligations = ["No Store"]', "obligations: 'No Store' is not an id"),
    ("2026-04-01T00:00:00+09:00", "2026-04-01T00:00:00", "effective_at: must be a date and time with an offset"),
    ("2026-04-01T00:00:00+09:00", "2026-04-01", "effective_at: must be a date and time with an offset"),
    ("2026-04-01T00:00:00+09:00", '"2026-04-01T00:00:00+09:00"', "effective_at: must be a date and time"),
    ("2026-04-01T00:00:00+09:00", "0", "effective_at: must be a date and time with an offset"),
    ("2026-04-01T00:00:00+09:00", "-1", "effective_at: must be a date and time with an offset"),
    ("2026-04-01T00:00:00+09:00", "true", "effective_at: must be a date and time with an offset"),
    ("2027-04-01T00:00:00Z", "2026-03-31T15:00:00Z", "agreement.expires_at: must lie after effective_at"),
    ('"points.credit"]', '"points.debit"]', "agreement.purposes.points.debit: is not a purpose of the catalogue"),
    ("prefecture = {", "county = {", "fields.county: is not a field of the catalogue"),
    ("{ required = false }", "{ needed = false }", "fields.prefecture.needed: is not known here"),
    ("{ required = false }", "{ }", "fields.prefecture.required: is missing"),
    ("{ required = false }", '{ required = "no" }', "fields.prefecture.required: must be true or false, not str"),
    ("{ required = false }", "false", "fields.prefecture: must be a table, not bool"),
    ('partner_id = "tabi-points"', 'partner_id = "kaze-ads"', "agreement.partner_id: is not the partner of this file"),
    ('name = "Tabi Points"', 'name = "Tabi Points "', "partner.name: must be one line of text"),
    ('name = "Tabi Points"', 'name = ""', "partner.name: must be one line of text"),
    ("[partner]", "[partner]\nrating = 5", "partner.rating: is not known here"),
    ("[agreement]", "[agreement]\nscope = 'all'", "agreement.scope: is not known here"),
    ("[partner]", "[[partner]]", "file.partner: must be a table, not list"),
    ("[partner]", "[other]\n[partner]", "file.other: is not known here"),
    ("[partner]", '[partner]\ncontacts = [{ role = "x", email = "a@b.jp", fax = 1 }]', "contacts[0].fax: is not known"),
    ("max_days = 90", 'max_days = 90\nbudget = ["email"]', "budget: 'email' is not a derived answer of the catalogue"),
    ("max_days = 90", 'max_days = 90\nbudget = ["over_21"]', "budget: 'over_21' is not a derived answer"),
    (
        "max_days = 90",
        "max_days = 90\nrate = { requests = 1, seconds = 1, hours = 1 }",
        "rate.hours: is not known here",
    ),
    ("max_days = 90", "max_days = 90\nmost = 1", "points.credit.most: is not known here"),
]


@pytest.mark.parametrize(("old", "new", "complaint"), REFUSED)
def test_an_agreement_that_does_not_fit_is_refused_and_told_where(old: str, new: str, complaint: str):
    """What a lawyer signed and what the machine reads must be the same thing."""
    assert old in FILE
    with pytest.raises(AgreementError, match=re.escape(complaint)):
        parse_agreement_file(tomllib.loads(FILE.replace(old, new)), CATALOGUE)


@pytest.mark.parametrize(
    ("old", "new", "low", "high"),
    [
        ("version = 3", "version = {}", 1, 1_000_000),
        ("max_days = 90", "max_days = {}", 1, 365),
        ("max_days = 90", "max_days = 90\nlookback_days = {}", 0, 3_650),
        ("max_days = 90", "max_days = 90\ndata_life_days = {}", 0, 3_650),
        ("max_days = 90", "max_days = 90\nmax_rows = {}", 0, 1_000_000),
        ("max_days = 90", "max_days = 90\nmin_age = {}", 0, 120),
        ("max_days = 90", "max_days = 90\nrate = {{ requests = {}, seconds = 1 }}", 1, 1_000_000),
        ("max_days = 90", "max_days = 90\nrate = {{ requests = 1, seconds = {} }}", 1, 86_400),
        ("2026-04-01T00:00:00+09:00", "{}", 1, 1_806_537_599),  # one second before it ends
    ],
)
def test_a_number_stands_within_its_bounds(old: str, new: str, low: int, high: int):
    """The first and the last that may be written, and those beside them that may not."""
    for number in (low, high):
        parse_agreement_file(tomllib.loads(FILE.replace(old, new.format(number))), CATALOGUE)
    for number in (low - 1, high + 1):
        with pytest.raises(AgreementError):
            parse_agreement_file(tomllib.loads(FILE.replace(old, new.format(number))), CATALOGUE)


def test_a_partner_is_read_alone_too():
    """Partners are stored apart from their agreements."""
    table = {"id": "tabi-points", "name": "Tabi Points", "status": "suspended"}
    assert parse_partner(table) == Partner("tabi-points", "Tabi Points", PartnerStatus.SUSPENDED)
    entity = {"legal_entity": "Tabi Points K.K.", "country": "JP", "legal_relation": "processor", "tier": "restricted"}
    assert parse_partner({**table, **entity, "contacts": [{"role": "breach", "email": "b@tabi.example"}]}) == Partner(
        "tabi-points",
        "Tabi Points",
        PartnerStatus.SUSPENDED,
        legal_entity="Tabi Points K.K.",
        country="JP",
        contacts=(Contact("breach", "b@tabi.example"),),
        legal_relation=LegalRelation.PROCESSOR,
        tier=Tier.RESTRICTED,
    )
    assert parse_partner({**table, "id": "x" * 64}).id == "x" * 64
    with pytest.raises(AgreementError, match=r"partner\.id: 'Tabi Points' is not an id"):
        parse_partner({**table, "id": "Tabi Points"})


@pytest.mark.parametrize("file", AGREEMENT_FILES, ids=lambda file: file.stem)
def test_every_shipped_agreement_fits_the_shipped_catalogue(file):
    """The file is named after its partner."""
    partner, agreement = shipped_agreement(file, CATALOGUE)
    assert partner.id == agreement.partner_id == file.stem


def test_tabi_points_may_ask_for_a_prefecture_and_an_answer_and_needs_neither():
    """The demo's agreement: never the e-mail address, at most 90 days."""
    _, agreement = shipped_agreement(SHARING / "agreements" / "tabi-points.toml", CATALOGUE)
    assert agreement.purposes == {
        "points.credit": PurposeTerms({"prefecture": FieldTerms(False), "over_20": FieldTerms(False)}, max_days=90)
    }
