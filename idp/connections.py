"""Connecting an account with somebody at another provider, and ending that, which never takes the last way to sign in.

Whoever calls has seen both sides proved in this browser: the provider's word, and a sign-in to the account.
"""

from flask import request

from idp.protocol.activity import Event
from idp.protocol.upstreams import Identity, Setback, UpstreamError
from idp.services import Services
from idp.store import passkeys, upstream_links
from idp.store.accounts import Account
from idp.store.database import Connection
from idp.store.upstream_arrivals import UpstreamArrival
from idp.web.requests import seen_from
from idp.web.sessions import current_session


def connect(services: Services, account: Account, who: Identity) -> None:
    """Let somebody at another provider sign in to an account from here on; what is connected already stays so.

    Raises:
        UpstreamError: `taken` when they are connected to another account, `closed` for one that passkeys alone open.
    """
    with services.database.transaction() as connection:
        held = services.accounts.hold(connection, account.id)
        if held is None or held.has_passkeys_only:
            raise UpstreamError(Setback.CLOSED, "the account is opened by passkeys only")
        if services.upstream_links.add(connection, account.id, who, services.now):
            seen = seen_from(services, request)
            services.activity.note(
                connection, account.id, Event.CONNECTION_ADDED, seen, services.now, provider=who.provider
            )
            return
        link = services.upstream_links.find(connection, who.issuer, who.subject)
    if link is None or link.account_id != account.id:
        raise UpstreamError(Setback.TAKEN, "the provider's account is connected to another account")


def waiting_arrival(services: Services) -> UpstreamArrival | None:
    """Return who came from another provider in this browser and has not said yet which account is theirs."""
    session = current_session(services)
    if session is None:
        return None
    with services.database.autocommit() as connection:
        return services.upstream_arrivals.find(connection, session.id, services.now)


def arrival_for_new_account(services: Services) -> UpstreamArrival | None:
    """Return who came from another provider in this browser and said that they want a new account."""
    arrival = waiting_arrival(services)
    return arrival if arrival is not None and arrival.wants_account else None


def disconnect(services: Services, account_id: str, link_id: str) -> str:
    """End a connection; return `disconnected`, `last_way` where no other way would stay, or `unchanged`."""
    with services.database.transaction() as connection:
        account = services.accounts.hold(connection, account_id)
        if account is None or not _has_another_way(connection, account):
            return "last_way"
        if not upstream_links.remove(connection, account_id, link_id):
            return "unchanged"
        seen = seen_from(services, request)
        services.activity.note(connection, account_id, Event.CONNECTION_REMOVED, seen, services.now)
    return "disconnected"


def _has_another_way(connection: Connection, account: Account) -> bool:
    """Whether somebody could still sign in without one of their connections; the account is held."""
    others = passkeys.count(connection, account.id) + upstream_links.count(connection, account.id) - 1
    return bool(account.password_hash) or others > 0
