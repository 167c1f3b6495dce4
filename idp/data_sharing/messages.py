"""Tells partners' apps what became of a grant or of the partner, by signed messages (RFC 8417) written with the event.

Each goes to one app, names the person as that app knows them, and says nothing of why. An app gets them where it has
shown that it reads them. While it has no such address they wait, in order, for as long as a message is tried: what fell
due meanwhile is sent once an address is proved (`delivery`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from idp.data_sharing.pairwise import Pairwise
from idp.protocol.grants import SUSPENDED, Event, Status
from idp.protocol.partner_events import ENDS, SET_CONTENT_TYPE, PartnerEventKind, security_event
from idp.protocol.secrets import Randomness, new_identifier
from idp.store import clients, grants, outbox, partner_messages, webhooks
from idp.store.clients import Client
from idp.store.database import Connection
from idp.store.grants import Grant
from idp.store.outbox import NO_ADDRESS_YET, Letter
from idp.store.partner_messages import PartnerMessage
from idp.store.sealing import Sealer

TRY_SECONDS = 3 * 86_400
"""For how long a message is tried."""
ACKNOWLEDGE_SECONDS = 7 * 86_400
"""Within which time an app says that it deleted what it must."""

_TOLD: Mapping[Event, PartnerEventKind] = {
    Event.REVOKED: PartnerEventKind.GRANT_REVOKED,
    Event.EXPIRED: PartnerEventKind.GRANT_EXPIRED,
    Event.NARROWED: PartnerEventKind.GRANT_NARROWED,
}
_HOLDS = (Event.PAUSED, Event.RESUMED, Event.SUSPENDED, Event.LIFTED)
_STATES: Mapping[str, PartnerEventKind] = {
    Status.ACTIVE: PartnerEventKind.GRANT_RESUMED,
    Status.PAUSED: PartnerEventKind.GRANT_PAUSED,
    SUSPENDED: PartnerEventKind.GRANT_SUSPENDED,
}

Sign = Callable[[bytes], str]


class PartnerMessages:
    """Writes messages down; `idp.delivery` posts them."""

    def __init__(self, issuer: str, sealer: Sealer, random: Randomness, pairwise: Pairwise, sign: Sign) -> None:
        """Take what messages are made with; `sign` makes a Security Event Token of claims as JSON."""
        self._issuer = issuer
        self._sealer = sealer
        self._random = random
        self._pairwise = pairwise
        self._sign = sign

    def grant_happened(
        self, connection: Connection, event: Event, before: Grant | None, after: Grant, now: int
    ) -> None:
        """Tell an app about an event of one grant, if it changes what the app may do."""
        kind = _TOLD.get(event)
        if event in _HOLDS:
            # Several things may hold a grant: what counts is what it is now, and an app need not know how many do.
            is_news = before is None or before.state(now) != after.state(now)
            kind = _STATES.get(after.state(now)) if is_news else None
        if kind is None:
            return
        told = {"fields": sorted(after.agreed_fields(now))} if event is Event.NARROWED else {}
        who = {"client_id": after.client_id, "account_id": after.account_id, "grant_id": after.id}
        self.grant(connection, kind, **who, now=now, told=told)

    def grant(
        self,
        connection: Connection,
        kind: PartnerEventKind,
        *,
        client_id: str,
        account_id: str,
        grant_id: str,
        now: int,
        once: str = "",
        told: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Tell an app about one grant, in the transaction of the event; `once` names a message that is sent once."""
        client = clients.find(connection, client_id)
        if client is None or not client.is_third_party:
            return
        payload = {"grant_id": grant_id, **told}
        events = {kind: payload}
        if kind in ENDS:
            events[PartnerEventKind.DELETION_DUTY] = {"grant_id": grant_id, "acknowledge_by": now + ACKNOWLEDGE_SECONDS}
        subject = self._pairwise.name(client, account_id)
        self._send(connection, client, events, now, subject=subject, grant_id=grant_id, once=once)

    def partner(self, connection: Connection, kind: PartnerEventKind, partner_id: str, now: int) -> None:
        """Tell every app of a partner about the partner's own standing, in the transaction of the event."""
        for client in clients.of_partner(connection, partner_id):
            self._send(connection, client, {kind: {"partner_id": partner_id}}, now)

    def test(self, connection: Connection, client: Client, now: int) -> bool:
        """Send an app a message that only wants to be acknowledged; false where it has no verified address."""
        if _proved_address(connection, client.client_id) is None:
            return False
        payload = {"acknowledge_by": now + ACKNOWLEDGE_SECONDS}
        return self._send(connection, client, {PartnerEventKind.VERIFICATION: payload}, now)

    def again(self, connection: Connection, client_id: str, message_id: str, now: int) -> bool:
        """Send an app a message once more, under the identifier by which it knows it (RFC 8417 2.2).

        One that waits for its next try is tried at once. What one that is over said was forgotten, so it is written
        anew, of what is so now. False where there is nobody to tell, or nothing left to say.
        """
        sent = partner_messages.find_held(connection, client_id, message_id)
        if sent is None:
            return False
        message = sent.message
        if sent.is_on_its_way:
            return outbox.hasten(connection, outbox.PARTNER_MESSAGE, message.client_id, now)
        client, address = clients.find(connection, client_id), _proved_address(connection, client_id)
        if client is None or address is None:
            return False
        anew = self._said_again(connection, client, message)
        if anew is None:
            return False
        events, subject = anew
        said = self._said(client, message.id, events, message.created_at, subject)
        letter = self.addressed(Letter(NO_ADDRESS_YET, SET_CONTENT_TYPE, said), address)
        number = self._enqueue(connection, client, letter, now)
        partner_messages.set_outbox(connection, message.id, number)
        return True

    def _said_again(
        self, connection: Connection, client: Client, message: PartnerMessage
    ) -> tuple[dict[PartnerEventKind, Mapping[str, Any]], str] | None:
        """Return the events of a message and whom it is about; None where what it is about is gone."""
        kind = PartnerEventKind(message.kind)
        if not message.grant_id:
            about = {"acknowledge_by": message.acknowledge_by} if message.acknowledge_by else {}
            return {kind: about or {"partner_id": client.partner_id}}, ""
        grant = grants.find_by_id(connection, message.grant_id)
        if grant is None:
            return None
        named = {"grant_id": grant.id}
        narrowed = {"fields": sorted(name for name, answer in grant.fields.items() if answer.agreed)}
        events: dict[PartnerEventKind, Mapping[str, Any]] = {
            kind: named | narrowed if kind is PartnerEventKind.GRANT_NARROWED else named
        }
        if kind in ENDS:
            events[PartnerEventKind.DELETION_DUTY] = {**named, "acknowledge_by": message.acknowledge_by}
        return events, self._pairwise.name(client, grant.account_id)

    def challenge(self, client: Client, state: str, now: int) -> bytes:
        """Return the message whose `state` an app sends back to show that it reads messages at an address."""
        events = {PartnerEventKind.VERIFICATION: {"state": state}}
        return self._signed(self._said(client, new_identifier(self._random), events, now, ""))

    def addressed(self, letter: Letter, address: str) -> Letter:
        """Return a letter that waited for its address, signed by the key of now: then it was only written down."""
        return replace(letter, url=address, body=self._signed(letter.body))

    def _send(
        self,
        connection: Connection,
        client: Client,
        events: Mapping[PartnerEventKind, Mapping[str, Any]],
        now: int,
        *,
        subject: str = "",
        grant_id: str = "",
        once: str = "",
    ) -> bool:
        if not client.partner_id:  # nobody of a partner's could ever prove an address for it
            return False
        jti = once or new_identifier(self._random)
        owed = [payload["acknowledge_by"] for payload in events.values() if "acknowledge_by" in payload]
        letter = Letter(NO_ADDRESS_YET, SET_CONTENT_TYPE, self._said(client, jti, events, now, subject))
        address = _proved_address(connection, client.client_id)
        if address is not None:
            letter = self.addressed(letter, address)
        kind = next(iter(events))
        message = PartnerMessage(jti, client.client_id, kind, grant_id, now, 0, min(owed, default=None))
        if not partner_messages.add(connection, message):
            return False
        partner_messages.set_outbox(connection, jti, self._enqueue(connection, client, letter, now))
        return True

    def _enqueue(self, connection: Connection, client: Client, letter: Letter, now: int) -> int:
        return outbox.enqueue(
            connection,
            self._sealer,
            letter,
            kind=outbox.PARTNER_MESSAGE,
            recipient=client.client_id,
            now=now,
            expires_at=now + TRY_SECONDS,
            in_order=True,
        )

    def _signed(self, said: bytes) -> bytes:
        return self._sign(said).encode("ascii")

    def _said(
        self,
        client: Client,
        jti: str,
        events: Mapping[PartnerEventKind, Mapping[str, Any]],
        now: int,
        subject: str,
    ) -> bytes:
        claims = security_event(self._issuer, client.client_id, jti, now, events, subject)
        return json.dumps(claims, separators=(",", ":")).encode("utf-8")


def _proved_address(connection: Connection, client_id: str) -> str | None:
    """Return where an app has shown that it reads its messages."""
    webhook = webhooks.find(connection, client_id)
    return webhook.url if webhook is not None and webhook.verified_at is not None else None
