"""`idp user`."""

import json
from collections.abc import Iterable
from typing import Any

import click

from idp.login.password import MAX_CHARACTERS, Passwords
from idp.terminal import Problem, json_option, print_result, services_of_settings, told_plainly

MIN_PASSWORD_CHARACTERS = 8


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
    password = next(iter(password_file), "").rstrip("\n")
    if not username.strip():
        raise Problem("a user has a name to sign in with")
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        raise Problem(f"a password has {MIN_PASSWORD_CHARACTERS} to {MAX_CHARACTERS} characters")
    claims = _json_object(profile)
    services = services_of_settings()
    hashed = Passwords(services.settings.sign_in).hash(password)
    with services.database.transaction() as connection:
        created = services.accounts.create(connection, username, hashed, claims, services.now)
    if created is None:
        raise Problem("there is a user of this name already")
    print_result({"id": created}, created, as_json=as_json)


@user.command()
@click.argument("username")
@json_option
@told_plainly
def suspend(username: str, *, as_json: bool) -> None:
    """Suspend a user: no sign-in, no token and no data until `idp user restore`."""
    _change_status(username, "suspended", as_json=as_json)


@user.command()
@click.argument("username")
@json_option
@told_plainly
def restore(username: str, *, as_json: bool) -> None:
    """Let a suspended user act again."""
    _change_status(username, "active", as_json=as_json)


def _change_status(username: str, status: str, *, as_json: bool) -> None:
    services = services_of_settings()
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, username)
        if account is None:
            raise Problem("there is no user of this name")
        services.accounts.change_status(connection, account.id, status, services.now)
    print_result({"id": account.id, "status": status}, status, as_json=as_json)


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Problem(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Problem("a profile is a JSON object")
    return value
