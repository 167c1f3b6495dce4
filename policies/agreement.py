"""What a partner was promised, and what a person agreed to: the two permissions that every release must stand within.

An agreement is a contract with one partner: for each purpose the fields it may ask for, for how long a person's consent
may last, and the conditions of use. A consent is one person's answer to one app for one purpose. Both are frozen
values; instants are seconds since 1970 UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from policies.catalogue import Catalogue
from policies.table import Table

LONGEST_CONSENT_DAYS: Final = 365
_HIGHEST_VERSION: Final = 1_000_000
_LONGEST_DAYS: Final = 3_650
_MOST: Final = 1_000_000
_OLDEST_MINIMUM: Final = 120
_Word = TypeVar("_Word", bound=StrEnum)


class AgreementError(ValueError):
    """Raised when an agreement cannot be trusted as written, or speaks of fields and purposes that do not exist."""


class PartnerStatus(StrEnum):
    """Where a partner stands in its life; the order is the one in which it gets there."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SANDBOX = "sandbox"
    PRODUCTION = "production"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


class LegalRelation(StrEnum):
    """What the partner is to us in law: APPI articles 27 (third party, outsourcing, joint use) and 29."""

    THIRD_PARTY = "third_party"
    PROCESSOR = "processor"
    JOINT_USE = "joint_use"


class Tier(StrEnum):
    """How far a partner was examined, and with that how sensitive a field its agreement may hold."""

    PLAIN = "plain"
    SENSITIVE = "sensitive"
    RESTRICTED = "restricted"


class AgreementStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class LegalBasis(StrEnum):
    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"


class Mode(StrEnum):
    """What the partner may do with what it is given: look, keep, ask yes or no, be sent changes."""

    VIEW = "view"
    STORE = "store"
    QUERY = "query"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to write to at a partner, and for what."""

    role: str
    email: str


@dataclass(frozen=True, slots=True)
class Partner:
    id: str
    name: str
    status: PartnerStatus
    legal_entity: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2; "" where it is not known."""
    contacts: tuple[Contact, ...] = ()
    legal_relation: LegalRelation = LegalRelation.THIRD_PARTY
    tier: Tier = Tier.PLAIN


@dataclass(frozen=True, slots=True)
class FieldTerms:
    """Under which terms a field may be asked for. Required: the partner's service does not work without it.

    Obligations are ids, `kind` or `kind.argument`; the engine knows what each demands, and withholds what it does not
    know.
    """

    required: bool
    obligations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many requests within so many seconds."""

    requests: int
    seconds: int


@dataclass(frozen=True, slots=True)
class PurposeTerms:
    """What is agreed for one purpose. None means that the agreement sets no such limit; an empty tuple, no restriction.

    Jurisdictions are countries where a person must live. The rate counts the partner's requests for this purpose,
    `grant_rate` those about one person; `max_rows` is for one answer; `data_life_days` is how long the partner may keep
    what it was given. `budget` lists answers that may have been given earlier in the life of a consent, besides those
    to the fields: once another was, none is given any more.
    """

    fields: Mapping[str, FieldTerms]
    max_days: int
    obligations: tuple[str, ...] = ()
    mode: Mode = Mode.VIEW
    legal_basis: LegalBasis = LegalBasis.CONSENT
    lookback_days: int | None = None
    data_life_days: int | None = None
    max_rows: int | None = None
    rate: Rate | None = None
    grant_rate: Rate | None = None
    min_age: int | None = None
    jurisdictions: tuple[str, ...] = ()
    budget: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    id: str
    version: int
    partner_id: str
    status: AgreementStatus
    effective_at: int
    expires_at: int
    purposes: Mapping[str, PurposeTerms]


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to: each field that they ticked with the instant until which it may be shared.

    What these fields give away besides is worked out at each decision. `denied` are fields that the person took back or
    said no to: whatever would give one of them away stays, too. `disclosed` are those that went out under this consent
    already, over its whole life. After `expires_at` nothing is shared, whatever the fields say; nor while the
    person has paused it or anything suspends it. `read` is the version of the agreement that they read: a decision is
    made from what that version and the one in force both allow (`standing.stricter`); 0 for one not known.
    """

    user_id: str
    client_id: str
    purpose: str
    fields: Mapping[str, int]
    granted_at: int
    expires_at: int
    ended_at: int | None
    denied: frozenset[str] = frozenset()
    disclosed: frozenset[str] = frozenset()
    paused: bool = False
    suspended: bool = False
    read: int = 0


def parse_agreement_file(document: Mapping[str, object], catalogue: Catalogue) -> tuple[Partner, Agreement]:
    """One file of `config/sharing/agreements/`: a partner and the agreement with it."""
    table = Table(document, "file", AgreementError).only("partner", "agreement", "approval")
    partner = _partner(table.table("partner"))
    agreement = _agreement(table.table("agreement"), catalogue)
    if agreement.partner_id != partner.id:
        raise table.refusal("agreement.partner_id", f"is not the partner of this file, {partner.id!r}")
    return partner, agreement


def parse_partner(table: Mapping[str, object]) -> Partner:
    return _partner(Table(table, "partner", AgreementError))


def parse_agreement(table: Mapping[str, object], catalogue: Catalogue) -> Agreement:
    """An agreement out of its TOML or JSON table, every field and purpose of it checked against the catalogue."""
    return _agreement(Table(table, "agreement", AgreementError), catalogue)


def _partner(table: Table) -> Partner:
    table.only("id", "name", "status", "legal_entity", "country", "contacts", "legal_relation", "tier")
    return Partner(
        id=table.id("id"),
        name=table.text("name"),
        status=_partner_status(table),
        legal_entity=table.text("legal_entity") if table.has("legal_entity") else "",
        country=table.country("country") if table.has("country") else "",
        contacts=tuple(_contact(contact) for contact in table.tables("contacts")),
        legal_relation=_one_of(table, "legal_relation", LegalRelation, LegalRelation.THIRD_PARTY),
        tier=_one_of(table, "tier", Tier, Tier.PLAIN),
    )


def _partner_status(table: Table) -> PartnerStatus:
    """Read the status; "active", as files said before partners had a life, is production."""
    return PartnerStatus.PRODUCTION if table.text("status") == "active" else _one_of(table, "status", PartnerStatus)


def _contact(table: Table) -> Contact:
    table.only("role", "email")
    return Contact(role=table.id("role"), email=table.text("email"))


def _agreement(table: Table, catalogue: Catalogue) -> Agreement:
    table.only("id", "version", "partner_id", "status", "effective_at", "expires_at", "purposes")
    agreement = Agreement(
        id=table.id("id"),
        version=table.number("version", low=1, high=_HIGHEST_VERSION),
        partner_id=table.id("partner_id"),
        status=_one_of(table, "status", AgreementStatus),
        effective_at=table.instant("effective_at"),
        expires_at=table.instant("expires_at"),
        purposes=MappingProxyType(_purposes(table.table("purposes"), catalogue)),
    )
    if agreement.expires_at <= agreement.effective_at:
        raise table.refusal("expires_at", "must lie after effective_at")
    return agreement


def _purposes(table: Table, catalogue: Catalogue) -> dict[str, PurposeTerms]:
    purposes = {}
    for purpose, terms in table.entries():
        if purpose not in catalogue.purposes:
            raise table.refusal(purpose, "is not a purpose of the catalogue")
        purposes[purpose] = _terms(terms, catalogue)
    return purposes


def _terms(table: Table, catalogue: Catalogue) -> PurposeTerms:
    table.only(*PurposeTerms.__dataclass_fields__)
    return PurposeTerms(
        fields=MappingProxyType(_fields(table.table("fields"), catalogue)),
        max_days=table.number("max_days", low=1, high=LONGEST_CONSENT_DAYS),
        obligations=table.ids("obligations"),
        mode=_one_of(table, "mode", Mode, Mode.VIEW),
        legal_basis=_one_of(table, "legal_basis", LegalBasis, LegalBasis.CONSENT),
        lookback_days=_limit(table, "lookback_days", _LONGEST_DAYS),
        data_life_days=_limit(table, "data_life_days", _LONGEST_DAYS),
        max_rows=_limit(table, "max_rows", _MOST),
        rate=_rate(table.table("rate")) if table.has("rate") else None,
        grant_rate=_rate(table.table("grant_rate")) if table.has("grant_rate") else None,
        min_age=_limit(table, "min_age", _OLDEST_MINIMUM),
        jurisdictions=table.countries("jurisdictions"),
        budget=_budget(table, catalogue),
    )


def _budget(table: Table, catalogue: Catalogue) -> tuple[str, ...]:
    budget = table.ids("budget")
    for field in budget:
        if field not in catalogue.fields or catalogue.fields[field].derived_from is None:
            raise table.refusal("budget", f"{field!r} is not a derived answer of the catalogue")
    return budget


def _limit(table: Table, key: str, high: int) -> int | None:
    return table.number(key, low=0, high=high) if table.has(key) else None


def _rate(table: Table) -> Rate:
    table.only("requests", "seconds")
    return Rate(table.number("requests", low=1, high=_MOST), table.number("seconds", low=1, high=86_400))


def _fields(table: Table, catalogue: Catalogue) -> dict[str, FieldTerms]:
    fields = {}
    for field, terms in table.entries():
        if field not in catalogue.fields:
            raise table.refusal(field, "is not a field of the catalogue")
        terms.only("required", "obligations")
        fields[field] = FieldTerms(required=terms.flag("required"), obligations=terms.ids("obligations"))
    return fields


def _one_of(table: Table, key: str, words: type[_Word], otherwise: _Word | None = None) -> _Word:
    if otherwise is not None and not table.has(key):
        return otherwise
    written = table.text(key)
    try:
        return words(written)
    except ValueError:
        raise table.refusal(key, f"must be one of {', '.join(words)}") from None
