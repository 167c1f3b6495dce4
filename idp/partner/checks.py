"""The conformance self-check: what the server can see for itself of whether an app is ready for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from idp.data_sharing import Agreement
from idp.partner.asking import beyond_agreement
from idp.protocol.names import AuthMethod
from idp.protocol.redirect_uris import is_loopback
from idp.services import Services
from idp.store import partner_messages, webhooks
from idp.store.clients import Client
from idp.store.database import Connection

LOOKED_AT = 1000
"""How many of the newest messages are looked at."""


class Outcome(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class Check:
    """One check; `found` names what it failed on, in identifiers."""

    name: str
    outcome: Outcome
    found: str = ""


def run_checks(services: Services, agreement: Agreement | None, client: Client) -> tuple[Check, ...]:
    """Check an app against what partners have to keep to (data-sharing model 4.4)."""
    with services.database.autocommit() as connection:
        messages = tuple(_message_checks(services, connection, client))
    beyond = beyond_agreement(services, agreement, client)
    unsafe = tuple(uri for uri in client.redirect_uris if not _is_safe(uri, client))
    return (
        _check("pkce", client.require_pkce),
        _check("redirect_uris", bool(client.redirect_uris) and not unsafe, " ".join(unsafe)),
        _keys_check(services, client),
        *messages,
        _check("pairwise", client.is_pairwise),
        _check("agreed_fields", not beyond, " ".join(beyond)),
        _check("pushed_requests", client.require_pushed_authorization_requests),
    )


def _check(name: str, passed: bool, found: str = "") -> Check:  # noqa: FBT001 - the one thing that it is about
    return Check(name, Outcome.PASSED if passed else Outcome.FAILED, "" if passed else found)


def _is_safe(uri: str, client: Client) -> bool:
    """Whether nobody on the way can read a code that goes to a URI (RFC 9700 2.1, RFC 8252 7).

    On a person's own machine an app may listen without TLS; so may a developer's, in the sandbox.
    """
    parts = urlsplit(uri)
    if parts.scheme != "http":
        return True
    return client.is_sandbox or (client.is_public and is_loopback(parts.hostname))


def _keys_check(services: Services, client: Client) -> Check:
    if client.auth_method is not AuthMethod.PRIVATE_KEY_JWT:
        return Check("keys", Outcome.NOT_NEEDED)
    seen = services.client_keys.seen(client)
    return _check("keys", '"kty"' in seen.jwks, seen.failure)


def _message_checks(services: Services, connection: Connection, client: Client) -> Iterator[Check]:
    """Check that the app reads its messages, and says in time that it acted upon them.

    A public app cannot prove that it is the one that acknowledges: another app of its partner is told.
    """
    if client.is_public:
        yield Check("webhook", Outcome.NOT_NEEDED)
        yield Check("acknowledgements", Outcome.NOT_NEEDED)
        return
    webhook = webhooks.find(connection, client.client_id)
    yield _check("webhook", webhook is not None and webhook.verified_at is not None)
    sent = partner_messages.newest(connection, (client.client_id,), LOOKED_AT)
    states = {each.message.id: each.state(services.now) for each in sent}
    late = [name for name, state in states.items() if state == "overdue"]
    yield _check("acknowledgements", "acknowledged" in states.values() and not late, " ".join(late))
