"""Closing an account: nothing of it works from then on, and after days in which one may come back it is erased.

Each step is one transaction, so a server that is killed in between has done all of it or nothing; maintenance erases
what is due, whoever began it.
"""

from collections.abc import Mapping

from idp.protocol.activity import Event, Seen
from idp.protocol.grants import Initiator, Why
from idp.services import Services
from idp.store import erasure
from idp.tokens.session_end import ToldByBrowser

DAY = 86_400
ERASE_AT_ONCE = 50


def erase_at(services: Services) -> int:
    """Return when an account that is closed now is erased."""
    return services.now + services.settings.closing.grace_days * DAY


def start(services: Services, account_id: str, seen: Seen) -> Mapping[str, tuple[ToldByBrowser, ...]]:
    """End every sharing, token and session of an account, and take it out of use; nothing if it was so already.

    Return whom the browsers of its sessions have still to tell, as `SessionEnd.end_all` does.
    """
    now = services.now
    with services.database.transaction() as connection:
        if not services.accounts.begin_closing(connection, account_id, erase_at(services), now):
            return {}
        services.sharing.end_all(connection, account_id, Initiator.USER, Why.USER_REVOKED, now)
        told = services.session_end.end_all(connection, account_id, now)
        services.activity.note(connection, account_id, Event.CLOSING_STARTED, seen, now)
    return told


def come_back(services: Services, account_id: str, seen: Seen) -> bool:
    """Let somebody have their account again, who has just signed in; false when it is not closing, or erased by now.

    What they shared has ended and stays so.
    """
    with services.database.transaction() as connection:
        if not services.accounts.end_closing(connection, account_id, services.now):
            return False
        services.activity.note(connection, account_id, Event.CLOSING_CANCELLED, seen, services.now)
    services.feed.read_now()
    return True


def erase_due(services: Services) -> int:
    """Erase accounts whose time is over, one by one; return how many."""
    with services.database.autocommit() as connection:
        due = services.accounts.due_for_erasure(connection, services.now, ERASE_AT_ONCE)
    return sum(_erase(services, account_id) for account_id in due)


def _erase(services: Services, account_id: str) -> bool:
    """Erase one account; false if another process was quicker, or its person."""
    now = services.now
    with services.database.transaction() as connection:
        if not services.accounts.begin_erasing(connection, account_id, now):
            return False
        services.session_end.end_all(connection, account_id, now)
        services.sharing.forget(connection, account_id, now)
        erasure.erase(connection, account_id)
    return True
