"""Taking back a change of e-mail address, by the letter that the address before it gets.

Whoever changed it had signed in with everything that the account asked for then, and may have been a thief all the
same: who, from then on, got every notice instead of the owner. So the link takes back what opens the account to
anybody since: passkeys, connections, authenticator app, recovery codes, recoveries, passkeys only, a closing. It puts
back the phone number that notices went to, signs everybody out, and puts the password out of use.

Whoever merely reads the mail of the old address gets nothing that choosing another password did not give them before
the change: the link signs nobody in, and an account that asked for more than a password, or had none, asks for as much
as before. So that nobody is held in an address which they left for that reason, it goes once: a change within days of
one that was taken back is for good.
"""

from idp.activity import language_of, proved_addresses, proved_numbers
from idp.protocol.activity import Event, Seen
from idp.protocol.secrets import new_secret
from idp.services import Services
from idp.settings import DAY
from idp.store import (
    address_changes,
    authenticators,
    mail_proofs,
    passkeys,
    pending_sign_ins,
    recoveries,
    recovery_codes,
    upstream_links,
)
from idp.store.accounts import Account
from idp.store.address_changes import AddressChange
from idp.store.database import Connection
from idp.web import paths

LETTER = "address_changed"


def offer(services: Services, connection: Connection, before: Account, address: str, seen: Seen) -> bool:
    """Write the letter that takes a change to `address` back, in its transaction; false where none is due.

    `before` is the account as it was. None is due to an address that nobody proved, or that stays the same.
    """
    now, days = services.now, services.settings.recovery.undo_days
    replaced = [each for each in proved_addresses(before) if each.casefold() != address.casefold()]
    if not replaced or address_changes.was_one_undone(connection, before.id, now):
        return False
    secret = new_secret(services.random)
    address_changes.add(
        connection,
        services.sealer,
        before.id,
        secret,
        now,
        now + days * DAY,
        address=replaced[0],
        had_password=bool(before.password_hash),
        had_app=authenticators.is_on(connection, before.id),
        phone=next(iter(proved_numbers(before)), ""),
    )
    services.mailer.send(
        connection,
        replaced[0],
        LETTER,
        language_of(before),
        now=now,
        keep_trying=days * DAY,
        link=services.settings.issuer + paths.EMAIL_UNDO.replace("<secret>", secret),
        days=str(days),
        device=seen.device,
        network=seen.network,
    )
    return True


def find(services: Services, secret: str) -> AddressChange | None:
    """Return the change of a link that still works, of somebody who may sign in; looking at it changes nothing."""
    with services.database.autocommit() as connection:
        change = address_changes.find(connection, services.sealer, secret, services.now)
        account = services.accounts.find(connection, change.account_id) if change else None
    return change if account is not None and account.may_sign_in else None


def undo(services: Services, secret: str, account_id: str, seen: Seen) -> bool:
    """Take a change back with all that came of it, or nothing; false when the link was used a moment ago.

    Raises:
        NameTakenError: when another account got the address meanwhile.
    """
    now = services.now
    with services.database.transaction() as connection:
        account = services.accounts.hold(connection, account_id)
        change = address_changes.take(connection, services.sealer, secret, now)
        if account is None or not account.may_sign_in or change is None:
            return False
        services.accounts.change_address(connection, account.id, change.address, now)
        _take_ways_back(services, connection, account, change)
        address_changes.forget_later(connection, change)
        mail_proofs.forget_account(connection, account.id)
        services.session_end.end_all(connection, account.id, now)
        services.activity.note(
            connection, account.id, Event.EMAIL_RESTORED, seen, now, also_to=proved_addresses(account)
        )
    return True


def _take_ways_back(services: Services, connection: Connection, account: Account, change: AddressChange) -> None:
    """End what was set up since a change, or is half done. What was taken away since cannot be brought back."""
    since, now = change.changed_at, services.now
    if account.passkeys_only_at is not None and account.passkeys_only_at >= since:
        services.accounts.use_other_ways(connection, account.id, now)
    _put_phone_back(services, connection, account.id, change)
    passkeys.remove_since(connection, account.id, since)
    upstream_links.remove_since(connection, account.id, since)
    authenticators.forget_since(connection, account.id, since)
    recovery_codes.forget_since(connection, account.id, since)
    recoveries.cancel(connection, account.id, now)
    pending_sign_ins.forget_account(connection, account.id)
    services.accounts.change_password(connection, account.id, _password(services, connection, change), now)
    if account.is_closing:
        services.accounts.end_closing(connection, account.id, now)


def _put_phone_back(services: Services, connection: Connection, account_id: str, change: AddressChange) -> None:
    """Let notices go to the number that was proved before the change, or to none."""
    account = services.accounts.hold(connection, account_id)
    if account is not None and proved_numbers(account) != tuple(filter(None, (change.phone,))):
        services.accounts.change_phone(connection, account_id, change.phone, services.now)


def _password(services: Services, connection: Connection, change: AddressChange) -> str:
    """Return the hash of a password that nobody knows, where mail can choose another one as it could before; else "".

    Where an authenticator app stood behind the password and is gone, mail alone would open more than it did.
    """
    asks_as_before = not change.had_app or authenticators.is_on(connection, change.account_id)
    return services.passwords.hash(new_secret(services.random)) if change.had_password and asks_as_before else ""
