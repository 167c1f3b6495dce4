"""Receipts for what people agreed to (ISO/IEC TS 27560), each made from what stands written when it is asked for.

An event of a grant keeps what was shown and answered; the version of the agreement that it rests on is the one in force
when the person answered last. So the receipt of an event says the same whenever it is made.
"""

import json
from collections.abc import Iterable, Iterator, Sequence

from idp.data_sharing.overview import terms_of
from idp.data_sharing.sharing import DataSharing
from idp.protocol.grants import Event
from idp.protocol.receipts import Happening, Party, Receipt, ReceiptField, ReceiptTerms, has_receipt
from idp.settings import Operator
from idp.store import agreement_versions, clients, partners
from idp.store.audit import AuditLog
from idp.store.clients import Client
from idp.store.database import Connection
from idp.store.grants import Grant, GrantEvent
from idp.store.sealing import Sealer
from policies.agreement import Agreement, AgreementError, Mode, parse_agreement

_ANSWERS = (Event.GIVEN, Event.AMENDED, Event.REJECTED)
_PARTNER = "urn:sekisho:partner:"
_APP = "urn:sekisho:app:"
_CONTACT = "data_protection"
_NOT_IN_THE_CATALOGUE = "dpv:PersonalData"
_NO_PURPOSE = "dpv:Purpose"
_ENDS = {
    Event.REVOKED: "revoked",
    Event.EXPIRED: "expired",
    Event.CONSUMED: "consumed",
    Event.SUPERSEDED: "superseded",
    Event.REJECTED: "rejected",
}


class Receipts:
    """Makes receipts. Who signs them holds the key (`idp.evidence`)."""

    def __init__(
        self, issuer: str, operator: Operator, log_name: str, sharing: DataSharing, audit_log: AuditLog, sealer: Sealer
    ) -> None:
        """Take who answers for this server, and where people's commitments and partners' contacts are opened."""
        self._issuer = issuer
        self._controller = Party(issuer, operator.name, url=issuer, email=operator.email, country=operator.country)
        self._log_name = log_name
        self._sharing = sharing
        self._audit_log = audit_log
        self._sealer = sealer

    def all_of(self, connection: Connection, grant: Grant, events: Iterable[GrantEvent], url: str) -> Iterator[Receipt]:
        """Yield the receipts of a grant's events, given in order; `url` is where the person ends it."""
        answered_at = 0
        for event in events:
            if event.kind in _ANSWERS:
                answered_at = max(answered_at, event.at)
            if has_receipt(Event(event.kind)):
                yield self._receipt(connection, grant, event, answered_at or event.at, url)

    def of_version(
        self, connection: Connection, grant: Grant, events: Sequence[GrantEvent], version: str, url: str
    ) -> Receipt | None:
        """Return the receipt of the event that led to one version of a grant, as addresses write it."""
        found = [event for event in events if str(event.version) == version and has_receipt(Event(event.kind))]
        if not found:
            return None
        return self._receipt(connection, grant, found[0], _answered_at(events, found[0]), url)

    def _receipt(self, connection: Connection, grant: Grant, event: GrantEvent, answered_at: int, url: str) -> Receipt:
        client = clients.find(connection, grant.client_id)
        agreement = self._agreement(connection, client, answered_at)
        language = event.locale or "en"
        person = self._audit_log.known_person(connection, grant.account_id)
        fields = self._fields(grant, event, agreement, language)
        return Receipt(
            issuer=self._issuer,
            grant_id=grant.id,
            subject=self._sharing.subject(client, grant.account_id) if client is not None else "",
            created_at=grant.created_at,
            expires_at=max((field.until for field in fields), default=grant.expires_at),
            controller=self._controller,
            recipient=self._recipient(connection, grant, client),
            fields=fields,
            terms=self._terms(grant, agreement, language),
            happening=Happening(
                version=event.version,
                event=Event(event.kind),
                at=event.at,
                reason=event.reason,
                initiator=event.initiator,
                state=_ENDS.get(Event(event.kind), "active"),
                text_hash=event.text_hash,
                locale=language,
                acr=event.acr,
            ),
            log=self._log_name,
            commitment=person.consent(grant.client_id, grant.purpose) if person is not None else "",
            withdrawal_url=url,
        )

    def _agreement(self, connection: Connection, client: Client | None, at: int) -> Agreement | None:
        """Return the version of the agreement that was in force at a moment; None where it cannot be known any more."""
        versions = agreement_versions.all_of(connection, client.partner_id) if client is not None else ()
        in_force = (each for each in versions if each.in_force_at is not None and each.in_force_at <= at)
        version = max(in_force, key=lambda each: each.version, default=None)
        if version is None:
            return None
        try:
            return parse_agreement(json.loads(version.document), self._sharing.catalogue)
        except AgreementError:  # a field of it left the catalogue since
            return None

    def _recipient(self, connection: Connection, grant: Grant, client: Client | None) -> Party:
        if client is None:
            return Party(f"{_APP}{grant.client_id}", grant.client_id, relation="third_party")
        partner, _agreement = self._sharing.partner(client)
        if partner is None:
            return Party(f"{_APP}{client.client_id}", client.name, url=client.homepage, relation="third_party")
        contacts = partners.contacts_of(connection, self._sealer, partner.id)
        return Party(
            id=f"{_PARTNER}{partner.id}",
            name=partner.legal_entity or partner.name,
            url=client.homepage,
            email=contacts.get(_CONTACT, ""),
            country=partner.country,
            relation=partner.legal_relation.value,
        )

    def _fields(
        self, grant: Grant, event: GrantEvent, agreement: Agreement | None, language: str
    ) -> tuple[ReceiptField, ...]:
        """Return what was agreed to by an event; by what ended it, what had been."""
        terms, known = terms_of(agreement, grant.purpose), self._sharing.catalogue.fields
        agreed = {name: answer.until for name, answer in sorted(event.after.items()) if answer.agreed}
        return tuple(
            ReceiptField(
                id=name,
                label=known[name].text.in_language(language) if name in known else name,
                dpv=known[name].dpv if name in known else _NOT_IN_THE_CATALOGUE,
                needed=terms is not None and name in terms.fields and terms.fields[name].required,
                until=until,
            )
            for name, until in agreed.items()
        )

    def _terms(self, grant: Grant, agreement: Agreement | None, language: str) -> ReceiptTerms:
        purpose = self._sharing.catalogue.purposes.get(grant.purpose)
        terms = terms_of(agreement, grant.purpose)
        return ReceiptTerms(
            purpose=grant.purpose,
            text=purpose.text.in_language(language) if purpose is not None else "",
            dpv=purpose.dpv if purpose is not None else _NO_PURPOSE,
            agreement_id=agreement.id if agreement is not None else grant.agreement_id,
            agreement_version=agreement.version if agreement is not None else grant.agreement_version,
            legal_basis=terms.legal_basis.value if terms is not None else "consent",
            data_life_days=terms.data_life_days if terms is not None else None,
            may_keep=terms is not None and terms.mode is not Mode.VIEW,
        )


def _answered_at(events: Sequence[GrantEvent], event: GrantEvent) -> int:
    """Return when the person last answered, up to an event."""
    answers = [each.at for each in events if each.version <= event.version and each.kind in _ANSWERS]
    return max(answers, default=event.at)
