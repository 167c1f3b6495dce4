"""What a partner was promised, and what a person agreed to: the two permissions that every release must stand within.

An agreement is a contract with one partner: for each purpose the fields it may ask for, and for how long a person's
consent may last. A consent is one person's answer to one app for one purpose. Both are frozen values; instants are
seconds since 1970 UTC.
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
_Status = TypeVar("_Status", bound=StrEnum)


class AgreementError(ValueError):
    """Raised when an agreement cannot be trusted as written, or speaks of fields and purposes that do not exist."""


class PartnerStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class AgreementStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Partner:
    id: str
    name: str
    status: PartnerStatus


@dataclass(frozen=True, slots=True)
class FieldTerms:
    """Under which terms a field may be asked for. Required: the partner's service does not work without it."""

    required: bool


@dataclass(frozen=True, slots=True)
class PurposeTerms:
    fields: Mapping[str, FieldTerms]
    max_days: int


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
    """The fields are those that the person ticked; what they give away besides is worked out at each decision."""

    user_id: str
    client_id: str
    purpose: str
    fields: frozenset[str]
    granted_at: int
    expires_at: int
    ended_at: int | None


def parse_agreement_file(document: Mapping[str, object], catalogue: Catalogue) -> tuple[Partner, Agreement]:
    """One file of `config/sharing/agreements/`: a partner and the agreement with it."""
    table = Table(document, "file", AgreementError).only("partner", "agreement")
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
    table.only("id", "name", "status")
    return Partner(id=table.id("id"), name=table.text("name"), status=_status(table, PartnerStatus))


def _agreement(table: Table, catalogue: Catalogue) -> Agreement:
    table.only("id", "version", "partner_id", "status", "effective_at", "expires_at", "purposes")
    agreement = Agreement(
        id=table.id("id"),
        version=table.number("version", low=1, high=_HIGHEST_VERSION),
        partner_id=table.id("partner_id"),
        status=_status(table, AgreementStatus),
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
        terms.only("fields", "max_days")
        purposes[purpose] = PurposeTerms(
            fields=MappingProxyType(_fields(terms.table("fields"), catalogue)),
            max_days=terms.number("max_days", low=1, high=LONGEST_CONSENT_DAYS),
        )
    return purposes


def _fields(table: Table, catalogue: Catalogue) -> dict[str, FieldTerms]:
    fields = {}
    for field, terms in table.entries():
        if field not in catalogue.fields:
            raise table.refusal(field, "is not a field of the catalogue")
        fields[field] = FieldTerms(required=terms.only("required").flag("required"))
    return fields


def _status(table: Table, statuses: type[_Status]) -> _Status:
    written = table.text("status")
    try:
        return statuses(written)
    except ValueError:
        raise table.refusal("status", f"must be one of {', '.join(statuses)}") from None
