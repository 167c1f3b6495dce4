"""The way back into an account that has passkeys only, as strong as they are (NIST SP 800-63B-4 4.2).

It takes two things: a recovery code and the mailbox, with days between them in which everybody concerned can cancel; or
an operator to whom somebody proved who they are. Everybody concerned is told at once, either way.
"""

from idp.activity import language_of, proved_addresses, proved_numbers
from idp.protocol.activity import Event, Seen
from idp.protocol.secrets import new_identifier, new_secret
from idp.services import Services
from idp.settings import DAY
from idp.store import passkeys, recoveries, recovery_codes, upstream_links
from idp.store.accounts import Account
from idp.store.database import Connection
from idp.store.recoveries import Recovery
from idp.web import paths

ENOUGH_PASSKEYS = 2


def is_assured(connection: Connection, account: Account, passkey_count: int) -> bool:
    """Whether an account with so many passkeys and no other way in survives the loss of one."""
    has_way_back = recovery_codes.left(connection, account.id) > 0 and bool(proved_addresses(account))
    return passkey_count >= ENOUGH_PASSKEYS or (passkey_count == 1 and has_way_back)


def begin(services: Services, connection: Connection, account: Account, seen: Seen) -> None:
    """Begin a recovery by a code that was just used; the letters hold the link that goes on with it or cancels it."""
    secret, _ = _store(services, connection, account, "", services.settings.recovery.waiting_days)
    services.activity.note(connection, account.id, Event.RECOVERY_STARTED, seen, services.now)
    _write(services, connection, account, "recovery", secret)


def open_at_once(services: Services, connection: Connection, account: Account, by: str) -> str:
    """Open a recovery for somebody who proved who they are, and return its link; letters hold one that only cancels."""
    secret, cancel_secret = _store(services, connection, account, by, 0)
    services.activity.note(connection, account.id, Event.RECOVERY_STARTED, Seen("", ""), services.now, by=by)
    _write(services, connection, account, "recovery_opened", cancel_secret)
    return _link(services, secret)


def cancel(services: Services, connection: Connection, account_id: str, seen: Seen) -> bool:
    """Cancel an account's recovery; false where none is under way."""
    if not recoveries.cancel(connection, account_id, services.now):
        return False
    services.activity.note(connection, account_id, Event.RECOVERY_CANCELLED, seen, services.now)
    return True


def can_begin(account: Account) -> bool:
    """Whether a recovery code begins a recovery of this account: there is somebody to tell of it."""
    return account.is_active and account.has_passkeys_only and bool(proved_addresses(account))


def may_lose_passkey(connection: Connection, account: Account) -> bool:
    """Whether an account may do with one passkey less."""
    left = passkeys.count(connection, account.id) - 1
    if account.has_passkeys_only:
        return is_assured(connection, account, left)
    return left > 0 or bool(account.password_hash) or upstream_links.count(connection, account.id) > 0


def _store(services: Services, connection: Connection, account: Account, by: str, days: int) -> tuple[str, str]:
    """Store a recovery that opens after some days; return its two secrets. Two at once wait for each other."""
    services.accounts.hold(connection, account.id)
    now, secret, cancel_secret = services.now, new_secret(services.random), new_secret(services.random)
    opens_at = now + days * DAY
    expires_at = opens_at + services.settings.recovery.open_days * DAY
    found = Recovery(new_identifier(services.random), account.id, by, now, opens_at, expires_at)
    recoveries.begin(connection, found, secret, cancel_secret)
    return secret, cancel_secret


def _write(services: Services, connection: Connection, account: Account, letter: str, secret: str) -> None:
    """Write to every address that the account proved; its phone is told, without the link."""
    link, days = _link(services, secret), str(services.settings.recovery.waiting_days)
    for address in proved_addresses(account):
        services.mailer.send(connection, address, letter, language_of(account), now=services.now, link=link, days=days)
    for number in proved_numbers(account):
        services.mailer.text(connection, number, letter, language_of(account), now=services.now, link=link, days=days)


def _link(services: Services, secret: str) -> str:
    return services.settings.issuer + paths.RECOVERY_LINK.replace("<secret>", secret)
