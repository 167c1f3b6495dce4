"""How often a partner may ask: the rates of its agreement, and how often it may guess (RFC 6585 4)."""

from hashlib import sha256

from idp.protocol.errors import too_many_requests
from idp.store import quotas
from idp.store.database import Connection
from policies.agreement import PurposeTerms


def count_request(
    connection: Connection, partner_id: str, account_id: str, purpose: str, terms: PurposeTerms, now: int
) -> None:
    """Count one request against the rate of the purpose, and, if it is about one person, that of their grant.

    Raises:
        OAuthError: `too_many_requests` when either is used up.
    """
    rates = (
        (terms.rate, ("rate", partner_id, purpose)),
        (terms.grant_rate, ("grant", partner_id, account_id, purpose)),
    )
    for rate, counted in rates:
        if rate is None or not all(counted):
            continue
        wait = quotas.take(connection, _key(*counted), rate.requests, rate.seconds, now)
        if wait:
            raise too_many_requests("The agreement allows no more requests for now. Retry-After says when.", wait)


def requests_counted(connection: Connection, partner_id: str, purpose: str, now: int) -> int:
    """Return how many requests count against the rate of a purpose at the moment."""
    return quotas.taken(connection, _key("rate", partner_id, purpose), now)


def count_guess(connection: Connection, what: tuple[str, ...], limit: int, seconds: int, now: int) -> None:
    """Count one guess at a value; `what` is the partner, the person and the question.

    Raises:
        OAuthError: `too_many_requests` when there were enough.
    """
    wait = quotas.take(connection, _key("guess", *what), limit, seconds, now)
    if wait:
        raise too_many_requests("This was asked too often about this person. Retry-After says when to ask again.", wait)


def has_quota(connection: Connection, what: tuple[str, ...], rate: tuple[int, int], now: int) -> bool:
    """Take one of a rate, (how many, in how many seconds); whether there was one left."""
    return not quotas.take(connection, _key(*what), *rate, now)


def _key(*parts: str) -> bytes:
    return sha256("\x00".join(parts).encode("utf-8")).digest()
