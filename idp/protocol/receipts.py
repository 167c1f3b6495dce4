"""Receipts for what people agreed to (ISO/IEC TS 27560:2023) in terms of the W3C Data Privacy Vocabulary, as JSON-LD.

There is one for each thing that happened to a grant: what was agreed or ended, with whom, what for and until when. It
names fields and holds none of their values. The layout follows the community group's guide to that specification:
header, process, entities, and the status of the consent as the event that it tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from idp.protocol.grants import Event, Initiator

TYPE = "consent-receipt+jws"
"""The `typ` of a signed receipt (RFC 7515 4.1.9), by which nobody takes it for a token."""
CONTENT_TYPE = "ld+json"
PROFILE = "https://w3id.org/dpv/schema/dpv-27560#receipt-record"
_A_NODE: Mapping[str, str] = {"@type": "@id"}
CONTEXT: Mapping[str, str | Mapping[str, str]] = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "schema": "https://schema.org/",
    "sekisho": "urn:sekisho:receipt#",
    # What stands here is the name of a thing and no text (JSON-LD 1.1, 4.2.3).
    "dct:conformsTo": _A_NODE,
    "dpv:hasDataController": _A_NODE,
    "dpv:hasLegalBasis": _A_NODE,
    "dpv:hasNecessity": _A_NODE,
    "dpv:hasProcessing": _A_NODE,
    "dpv:hasRecipient": _A_NODE,
    "dpv:isExercisedAt": _A_NODE,
}
_STATUS: Mapping[Event, str] = {
    Event.GIVEN: "dpv:ConsentGiven",
    Event.AMENDED: "dpv:RenewedConsentGiven",
    Event.NARROWED: "dpv:RenewedConsentGiven",
    Event.REVOKED: "dpv:ConsentRevoked",
    Event.EXPIRED: "dpv:ConsentExpired",
    Event.CONSUMED: "dpv:ConsentExpired",
    Event.SUPERSEDED: "dpv:ConsentInvalidated",
    Event.REJECTED: "dpv:ConsentRefused",
}
_BASES: Mapping[str, str] = {
    "consent": "dpv:ExplicitlyExpressedConsent",
    "contract": "dpv:Contract",
    "legal_obligation": "dpv:LegalObligation",
}
_ROLES: Mapping[str, str] = {
    "third_party": "dpv:ThirdParty",
    "processor": "dpv:DataProcessor",
    "joint_use": "dpv:JointDataControllers",
}


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation: the one that gives data out, or the one that gets it."""

    id: str
    """A URI: in JSON-LD nothing else names a thing."""
    name: str
    url: str = ""
    email: str = ""
    country: str = ""
    relation: str = ""
    """What a recipient is in law: `third_party`, `processor` or `joint_use`."""


@dataclass(frozen=True, slots=True)
class ReceiptField:
    """A field, as the person read it, and until when they agreed to it."""

    id: str
    label: str
    dpv: str
    needed: bool
    until: int


@dataclass(frozen=True, slots=True)
class ReceiptTerms:
    """Why data is shared and under which terms."""

    purpose: str
    text: str
    dpv: str
    agreement_id: str
    agreement_version: int
    legal_basis: str = "consent"
    data_life_days: int | None = None
    may_keep: bool = False


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened to the grant, and how the person was asked."""

    version: int
    event: Event
    at: int
    reason: str
    initiator: str
    state: str
    text_hash: str
    locale: str
    acr: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """All that a receipt tells. `subject` is what the recipient knows the person by, and nobody else."""

    issuer: str
    grant_id: str
    subject: str
    created_at: int
    expires_at: int
    controller: Party
    recipient: Party
    fields: tuple[ReceiptField, ...]
    terms: ReceiptTerms
    happening: Happening
    log: str
    """The name of the audit log."""
    commitment: str
    """How the log calls this grant; "" for a person that it knows nothing of any more."""
    withdrawal_url: str


def has_receipt(event: Event) -> bool:
    """Whether what happened changes what was agreed; pausing and suspending do not."""
    return event in _STATUS


def receipt_id(grant_id: str, version: int) -> str:
    """Return what a receipt is called."""
    return f"{grant_id}.{version}"


def document(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as JSON-LD."""
    happening, terms = receipt.happening, receipt.terms
    return {
        "@context": dict(CONTEXT),
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": PROFILE,
        "dct:identifier": receipt_id(receipt.grant_id, happening.version),
        "dct:issued": instant(happening.at),
        "dct:publisher": receipt.issuer,
        "dct:language": happening.locale,
        "dpv:hasDataSubject": {"@type": "dpv:DataSubject", "dct:identifier": receipt.subject},
        "dct:isFormatOf": {"@type": "dpv:ConsentRecord", "dct:identifier": receipt.grant_id},
        "dpv:hasConsentStatus": _status(receipt),
        "dpv:hasProcess": _process(receipt),
        "dpv:hasEntity": [
            {"@type": "dpv:DataController", **_party(receipt.controller)},
            {"@type": ["dpv:Recipient", _ROLES[receipt.recipient.relation]], **_party(receipt.recipient)},
        ],
        "sekisho:agreement": {"dct:identifier": terms.agreement_id, "dct:hasVersion": terms.agreement_version},
        "sekisho:state": happening.state,
        "sekisho:log": {"dct:publisher": receipt.log, "dct:identifier": receipt.commitment},
    }


def instant(at: int) -> str:
    """Return a moment as RFC 3339 writes it, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _status(receipt: Receipt) -> dict[str, Any]:
    """Return the event: what state the consent is in by it, when, by whom, why and until when."""
    happening = receipt.happening
    withdrawn = happening.event is Event.REVOKED and happening.initiator == Initiator.USER
    return {
        "@type": "dpv:ConsentWithdrawn" if withdrawn else _STATUS[happening.event],
        "dct:date": instant(happening.at),
        "dct:valid": f"start={instant(receipt.created_at)}; end={instant(receipt.expires_at)}; scheme=W3C-DTF",
        "dpv:isIndicatedBy": happening.initiator,
        "dpv:hasJustification": happening.reason,
        "dpv:hasLegalBasis": _BASES[receipt.terms.legal_basis],
        "sekisho:event": happening.event.value,
        "sekisho:authentication": happening.acr,
    }


def _process(receipt: Receipt) -> dict[str, Any]:
    happening, terms = receipt.happening, receipt.terms
    keeping = {} if terms.data_life_days is None else {"dpv:hasDuration": f"P{terms.data_life_days}D"}
    return {
        "@type": "dpv:Process",
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice",
            "dct:identifier": f"sha256:{happening.text_hash}",
            "dct:language": happening.locale,
        },
        "dpv:hasPurpose": {"@type": terms.dpv, "dct:identifier": terms.purpose, "dct:title": terms.text},
        "dpv:hasLegalBasis": _BASES[terms.legal_basis],
        "dpv:hasProcessing": ["dpv:Disclose", "dpv:Store"] if terms.may_keep else ["dpv:Disclose"],
        "dpv:hasPersonalData": [_personal_data(field) for field in receipt.fields],
        "dpv:hasDataController": receipt.controller.id,
        "dpv:hasRecipient": receipt.recipient.id,
        "dpv:hasStorageCondition": {"@type": "dpv:StorageDuration", **keeping},
        "dpv:hasJurisdiction": receipt.recipient.country,
        "dpv:hasConsentControl": {"@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": receipt.withdrawal_url},
    }


def _personal_data(field: ReceiptField) -> dict[str, Any]:
    return {
        "@type": field.dpv,
        "dct:identifier": field.id,
        "dct:title": field.label,
        "dpv:hasNecessity": "dpv:Required" if field.needed else "dpv:Optional",
        "dct:valid": f"end={instant(field.until)}; scheme=W3C-DTF",
    }


def _party(party: Party) -> dict[str, Any]:
    contact = {name: value for name, value in (("schema:url", party.url), ("schema:email", party.email)) if value}
    address = {"@type": "schema:PostalAddress", "schema:addressCountry": party.country}
    return {
        "@id": party.id,
        "dpv:hasIdentifier": party.id,
        "dpv:hasName": party.name,
        "schema:contactPoint": {"@type": "schema:ContactPoint", **contact},
        "schema:address": address,
    }
