"""`idp user`."""

import json
from collections.abc import Iterable
from typing import Any

import click

from idp import recovery
from idp.data_sharing.relay import relayed
from idp.passwords.hashing import MAX_CHARACTERS
from idp.passwords.rules import Weakness
from idp.services import Services
from idp.store.accounts import ACTIVE, Account
from idp.store.database import Connection
from idp.store.partner_events import MAX_ACTOR
from idp.terminal import Problem, json_option, print_result, services_of_settings, told_plainly


@click.group()
def user() -> None:
    """Look after users."""


@user.command()
@click.argument("username")
@click.option("--password-file", type=click.File("r"), default="-", help="Where to read the password; - is stdin.")
@click.option("--profile", default="{}", help="Claims as a JSON object (OIDC Core 5.1).")
@json_option
@told_plainly
def create(username: str, password_file: Iterable[str], profile: str, *, as_json: bool) -> None:
    """Create a user; the password is read from a file or standard input, never from the command line."""
    if not username.strip():
        raise Problem("a user has a name to sign in with")
    claims = _json_object(profile)
    services = services_of_settings()
    hashed = services.passwords.hash(_read_password(services, password_file, username))
    with services.database.transaction() as connection:
        created = services.accounts.create(connection, username, hashed, claims, services.now)
    if created is None:
        raise Problem("there is a user of this name already")
    print_result({"id": created}, created, as_json=as_json)


@user.command()
@click.argument("address")
@json_option
@told_plainly
def relay(address: str, *, as_json: bool) -> None:
    """Tell where mail to a relay address is passed on; exit status 1 where to nobody. For the mail gateway."""
    services = services_of_settings()
    with services.database.autocommit() as connection:
        own = relayed(connection, services.sharing, address, services.now)
    if own is None:
        raise Problem("nobody takes mail at this address, or no longer")
    print_result({"address": own}, own, as_json=as_json)


@user.command("set-password")
@click.argument("username")
@click.option("--password-file", type=click.File("r"), default="-", help="Where to read the password; - is stdin.")
@json_option
@told_plainly
def set_password(username: str, password_file: Iterable[str], *, as_json: bool) -> None:
    """Give a user another password, and end everything that was open under the old one."""
    services = services_of_settings()
    hashed = services.passwords.hash(_read_password(services, password_file, username))
    with services.database.transaction() as connection:
        account = _named(services, connection, username)
        if not services.accounts.change_password(connection, account.id, hashed, services.now):
            raise Problem("this account opens by passkeys only; `idp user open-recovery` opens a way to a new one")
        services.session_end.end_all(connection, account.id, services.now)
    print_result({"id": account.id}, "The password is changed.", as_json=as_json)


@user.command("open-recovery")
@click.argument("username")
@click.option("--by", required=True, help="Who proved who the user is.")
@json_option
@told_plainly
def open_recovery(username: str, by: str, *, as_json: bool) -> None:
    """Open a way back for a user whose passkeys are lost and who proved who they are.

    All their addresses are told. The link is for the user alone: whoever opens it makes a passkey for the account.
    It cannot be shown again.
    """
    services = services_of_settings()
    with services.database.transaction() as connection:
        account = _named(services, connection, username)
        if not by.strip() or len(by) > MAX_ACTOR:
            raise Problem(f"--by is a name of at most {MAX_ACTOR} characters")
        if not account.is_active:
            raise Problem("this user may not act; `idp user restore` lets them")
        link = recovery.open_at_once(services, connection, account, by)
    print_result({"id": account.id, "link": link}, link, as_json=as_json)


@user.command()
@click.argument("username")
@json_option
@told_plainly
def suspend(username: str, *, as_json: bool) -> None:
    """Suspend a user: no sign-in, no token and no data until `idp user restore`, and everything open is ended."""
    _change_status(username, "suspended", as_json=as_json)


@user.command()
@click.argument("username")
@json_option
@told_plainly
def restore(username: str, *, as_json: bool) -> None:
    """Let a suspended user act again."""
    _change_status(username, "active", as_json=as_json)


@user.command()
@click.argument("username")
@json_option
@told_plainly
def restrict(username: str, *, as_json: bool) -> None:
    """Restrict the use of a user's data to what the policy lets go on, until `idp user unrestrict`."""
    _restrict(username, restricted=True, as_json=as_json)


@user.command()
@click.argument("username")
@json_option
@told_plainly
def unrestrict(username: str, *, as_json: bool) -> None:
    """Lift the restriction of a user's data."""
    _restrict(username, restricted=False, as_json=as_json)


@user.command("opt-out")
@click.argument("username")
@json_option
@told_plainly
def opt_out(username: str, *, as_json: bool) -> None:
    """Take a user who asked for it out of all sharing: nothing of theirs goes to anybody until `idp user opt-in`."""
    services = services_of_settings()
    with services.database.transaction() as connection:
        account = _named(services, connection, username)
        services.sharing.opt_out(connection, account.id, services.now)
    print_result({"id": account.id, "opted_out": True}, "They share nothing any more.", as_json=as_json)


@user.command("opt-in")
@click.argument("username")
@json_option
@told_plainly
def opt_in(username: str, *, as_json: bool) -> None:
    """Let a user share again who had left all sharing."""
    services = services_of_settings()
    with services.database.transaction() as connection:
        account = _named(services, connection, username)
        services.sharing.opt_in(connection, account.id, services.now)
    print_result({"id": account.id, "opted_out": False}, "They may share again.", as_json=as_json)


def _restrict(username: str, *, restricted: bool, as_json: bool) -> None:
    services = services_of_settings()
    with services.database.transaction() as connection:
        account = _named(services, connection, username)
        services.sharing.restrict(connection, account.id, services.now, restricted=restricted)
    said = "restricted" if restricted else "not restricted"
    print_result({"id": account.id, "restricted": restricted}, said, as_json=as_json)


def _named(services: Services, connection: Connection, username: str) -> Account:
    account = services.accounts.find_by_username(connection, username)
    if account is None:
        raise Problem("there is no user of this name")
    return account


def _read_password(services: Services, file: Iterable[str], username: str) -> str:
    password = next(iter(file), "").rstrip("\n")
    match services.password_rules.weakness(password, username):
        case None:
            return password
        case Weakness.SHORT | Weakness.LONG:
            least = services.password_rules.least_characters
            raise Problem(f"a password has {least} to {MAX_CHARACTERS} characters")
        case weakness:
            raise Problem(f"the password is one that is guessed first: {weakness}")


def _change_status(username: str, status: str, *, as_json: bool) -> None:
    services = services_of_settings()
    with services.database.transaction() as connection:
        account = _named(services, connection, username)
        services.accounts.change_status(connection, account.id, status, services.now)
        if status != ACTIVE:
            services.session_end.end_all(connection, account.id, services.now)
    print_result({"id": account.id, "status": status}, status, as_json=as_json)


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Problem(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Problem("a profile is a JSON object")
    return value
