"""Receipts (ISO/IEC TS 27560:2023) in the terms of the Data Privacy Vocabulary: every field that must be there is."""

import json
from dataclasses import replace
from typing import Any

import pytest

from idp.protocol.grants import Event, Initiator
from idp.protocol.receipts import (
    Happening,
    Party,
    Receipt,
    ReceiptField,
    ReceiptTerms,
    document,
    has_receipt,
)

NOW = 1_795_000_000
RECEIPT = Receipt(
    issuer="https://id.example.jp",
    grant_id="aGrant",
    subject="a subject of the partner's own",
    created_at=NOW,
    expires_at=NOW + 90 * 86_400,
    controller=Party("https://id.example.jp", "Sekisho", url="https://id.example.jp", country="JP"),
    recipient=Party("urn:partner:tabi", "Tabi Points", "https://tabi.example", "p@tabi.example", "JP", "third_party"),
    fields=(
        ReceiptField("prefecture", "都道府県", "pd:Region", needed=False, until=NOW + 90 * 86_400),
        ReceiptField("email", "メールアドレス", "pd:EmailAddress", needed=True, until=NOW + 30 * 86_400),
    ),
    terms=ReceiptTerms(
        "points.credit", "ポイントをつけるため", "dpv:PersonalisedBenefits", "tabi-2026", 3, data_life_days=30
    ),
    happening=Happening(1, Event.GIVEN, NOW, "CUSTOMER_WAS_ASKED", Initiator.USER, "active", "ab" * 32, "ja", "urn:pw"),
    log="id.example.jp/audit",
    commitment="cd" * 32,
    withdrawal_url="https://id.example.jp/account/sharing",
)
MUST_BE_THERE = {
    "schema version": "dct:conformsTo",
    "receipt id": "dct:identifier",
    "record id": "dct:isFormatOf.dct:identifier",
    "pii principal id": "dpv:hasDataSubject.dct:identifier",
    "privacy notice": "dpv:hasProcess.dpv:hasNotice.dct:identifier",
    "language": "dct:language",
    "purpose": "dpv:hasProcess.dpv:hasPurpose.dct:title",
    "purpose type": "dpv:hasProcess.dpv:hasPurpose.@type",
    "lawful basis": "dpv:hasProcess.dpv:hasLegalBasis",
    "pii type": "dpv:hasProcess.dpv:hasPersonalData.0.@type",
    "pii optional": "dpv:hasProcess.dpv:hasPersonalData.0.dpv:hasNecessity",
    "pii controllers": "dpv:hasProcess.dpv:hasDataController",
    "processing method": "dpv:hasProcess.dpv:hasProcessing",
    "retention period": "dpv:hasProcess.dpv:hasStorageCondition.dpv:hasDuration",
    "storage location, jurisdiction": "dpv:hasProcess.dpv:hasJurisdiction",
    "recipient third parties": "dpv:hasProcess.dpv:hasRecipient",
    "withdrawal method": "dpv:hasProcess.dpv:hasConsentControl.dpv:isExercisedAt",
    "party id": "dpv:hasEntity.1.dpv:hasIdentifier",
    "party name": "dpv:hasEntity.1.dpv:hasName",
    "party address": "dpv:hasEntity.1.schema:address.schema:addressCountry",
    "party contact": "dpv:hasEntity.1.schema:contactPoint.schema:email",
    "party role and type": "dpv:hasEntity.1.@type",
    "event time": "dpv:hasConsentStatus.dct:date",
    "validity duration": "dpv:hasConsentStatus.dct:valid",
    "entity id": "dpv:hasConsentStatus.dpv:isIndicatedBy",
    "event type": "dpv:hasConsentStatus.dpv:hasLegalBasis",
    "event state": "dpv:hasConsentStatus.@type",
}


def at(found: Any, path: str) -> Any:
    for step in path.split("."):
        found = found[int(step)] if step.isdigit() else found[step]
    return found


def status(event: Event, initiator: Initiator = Initiator.USER) -> str:
    happening = replace(RECEIPT.happening, event=event, initiator=initiator)
    found: str = at(document(replace(RECEIPT, happening=happening)), "dpv:hasConsentStatus.@type")
    return found


@pytest.mark.parametrize("name", MUST_BE_THERE)
def test_27560_6_3_every_mandatory_field_is_there(name: str):
    """In its place and not empty."""
    assert at(document(RECEIPT), MUST_BE_THERE[name])


def test_it_names_fields_and_the_words_that_were_read_and_holds_no_value():
    """Which field, until when, needed or not; and the hash of the words on the page."""
    told = document(RECEIPT)
    data = at(told, "dpv:hasProcess.dpv:hasPersonalData")
    assert [(each["dct:identifier"], each["dpv:hasNecessity"], each["dct:valid"]) for each in data] == [
        ("prefecture", "dpv:Optional", "end=2027-02-16T11:06:40Z; scheme=W3C-DTF"),
        ("email", "dpv:Required", "end=2026-12-18T11:06:40Z; scheme=W3C-DTF"),
    ]
    assert at(told, "dpv:hasProcess.dpv:hasNotice.dct:identifier") == "sha256:" + "ab" * 32
    assert at(told, "sekisho:log.dct:identifier") == "cd" * 32


def test_every_term_is_of_a_vocabulary_that_the_context_names():
    """JSON-LD: a prefix that stands for nothing would make the member vanish."""
    told = document(RECEIPT)
    context = told.pop("@context")

    def names(found: Any) -> set[str]:
        if isinstance(found, dict):
            return set(found) | {name for each in found.values() for name in names(each)}
        return {name for each in found for name in names(each)} if isinstance(found, list) else set()

    assert {name.partition(":")[0] for name in names(told) if not name.startswith("@")} <= set(context)
    json.dumps(told)


def test_what_happened_is_said_in_the_vocabularys_states_of_consent():
    """Given, renewed, refused; ended by the person, by somebody else, by time."""
    assert status(Event.GIVEN) == "dpv:ConsentGiven"
    assert status(Event.AMENDED) == "dpv:RenewedConsentGiven"
    assert status(Event.REJECTED) == "dpv:ConsentRefused"
    assert status(Event.REVOKED) == "dpv:ConsentWithdrawn"
    assert status(Event.REVOKED, Initiator.PARTNER) == "dpv:ConsentRevoked"
    assert status(Event.EXPIRED, Initiator.POLICY) == "dpv:ConsentExpired"


def test_what_changes_nothing_of_the_agreement_gives_no_receipt():
    """A pause holds what was agreed, a disclosure uses it; everything else makes, changes or ends it."""
    silent = {event for event in Event if not has_receipt(event)}
    assert silent == {Event.PAUSED, Event.RESUMED, Event.SUSPENDED, Event.LIFTED, Event.DISCLOSED}
