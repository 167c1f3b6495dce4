"""The `idp` command: serve, prepare the database, apply declarations; look after clients, users, partners and keys."""

import json
import os
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask import Flask
from granian.constants import Interfaces
from granian.server import Server

from idp.admin.apply import Change, apply, read_declarations
from idp.audit_commands import audit_group
from idp.login.password import MAX_CHARACTERS, Passwords
from idp.maintenance import run_once
from idp.protocol.names import SIGNING_ALGORITHMS
from idp.protocol.secrets import hash_secret, new_secret
from idp.services import KEY_BYTES, Services, key_encryption_key
from idp.settings import CONFIG_VARIABLE, Settings
from idp.store import audit, clients, partners, schema, sealing
from idp.store.database import open_database
from idp.terminal import Problem, print_rows, services_of_settings, settings_of_environment, told_plainly

MIN_PASSWORD_CHARACTERS = 8


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "-c", multiple=True, type=click.Path(exists=True, path_type=Path), help="TOML settings file.")
def main(config: tuple[Path, ...]) -> None:
    """Sekisho's authorization server. Settings come from --config, IDP_CONFIG and IDP_ variables."""
    if config:
        os.environ[CONFIG_VARIABLE] = os.pathsep.join(str(file.resolve()) for file in config)


main.add_command(audit_group)


@main.command()
@click.option("--config", "-c", multiple=True, type=click.Path(exists=True, path_type=Path), help="TOML settings file.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8400, show_default=True)
@click.option("--workers", default=1, show_default=True)
@told_plainly
def serve(config: tuple[Path, ...], host: str, port: int, workers: int) -> None:
    """Serve until stopped."""
    if config:
        os.environ[CONFIG_VARIABLE] = os.pathsep.join(str(file.resolve()) for file in config)
    settings = settings_of_environment()
    services = services_of_settings()
    run_once(services)
    services.database.engine.dispose()  # the workers open their own connections
    Server(
        "idp.worker:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=settings.threads,
        respawn_failed_workers=True,
        log_access=False,
    ).serve()


@main.group()
def db() -> None:
    """Prepare and look after the database."""


@db.command("upgrade")
@told_plainly
def db_upgrade() -> None:
    """Bring the database, empty or older, to this program's schema."""
    settings = settings_of_environment()
    schema.upgrade(open_database(Flask("idp"), settings.database_url, settings.threads))
    click.echo("The database is up to date.")


@db.command("purge")
@told_plainly
def db_purge() -> None:
    """Forget what is over, and rotate keys that are due."""
    for table, count in run_once(services_of_settings()).items():
        click.echo(f"{table}: {count} removed")


@main.command("apply")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show the difference and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print for scripts.")
@told_plainly
def apply_files(files: tuple[Path, ...], *, dry_run: bool, as_json: bool) -> None:
    """Bring clients, partners, agreements and users to what FILES declare."""
    services = services_of_settings()
    changes = apply(services, read_declarations(files), _passwords(services).hash, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps([asdict(change) for change in changes], default=str, ensure_ascii=False))
        return
    for change in changes:
        _print_change(change, dry_run=dry_run)


def _print_change(change: Change, *, dry_run: bool) -> None:
    click.echo(f"{'would ' if dry_run else ''}{change.action} {change.kind} {change.id}")
    for name, (before, after) in change.differences.items():
        click.echo(f"  {name}: {before!r} -> {after!r}" if change.action == "update" else f"  {name}: {after!r}")
    if change.secret:
        click.echo(f"  secret, shown this once: {change.secret}")


def _passwords(services: Services) -> Passwords:
    return Passwords(services.settings.sign_in)


@main.group()
def client() -> None:
    """Look after clients."""


@client.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print for scripts.")
@told_plainly
def client_list(*, as_json: bool) -> None:
    """List every client."""
    with services_of_settings().database.autocommit() as connection:
        rows = [_client_row(each) for each in clients.all_clients(connection)]
    print_rows(rows, as_json=as_json)


def _client_row(each: clients.Client) -> Mapping[str, Any]:
    return {"client_id": each.client_id, "kind": each.kind, "status": each.status, "name": each.name}


@client.command("rotate-secret")
@click.argument("client_id")
@told_plainly
def client_rotate_secret(client_id: str) -> None:
    """Make a new secret for CLIENT_ID and print it once; the old one stops working within a second."""
    services = services_of_settings()
    secret = new_secret(services.random)
    with services.database.transaction() as connection:
        known = clients.find(connection, client_id)
        if known is None or known.secret_hash is None:
            raise Problem(f"{client_id} is not a client with a secret")
        clients.change_secret(connection, client_id, hash_secret(secret), services.now)
    click.echo(secret)


@main.group()
def user() -> None:
    """Look after users."""


@user.command("create")
@click.argument("username")
@click.option("--password-file", type=click.File("r"), default="-", help="Where to read the password; - is stdin.")
@click.option("--profile", default="{}", help="Claims as a JSON object (OIDC Core 5.1).")
@told_plainly
def user_create(username: str, password_file: Iterable[str], profile: str) -> None:
    """Create a user; the password is read from a file or standard input, never from the command line."""
    password = next(iter(password_file), "").rstrip("\n")
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        raise Problem(f"a password has {MIN_PASSWORD_CHARACTERS} to {MAX_CHARACTERS} characters")
    claims = _json_object(profile)
    services = services_of_settings()
    with services.database.transaction() as connection:
        created = services.accounts.create(
            connection, username, _passwords(services).hash(password), claims, services.now
        )
    if created is None:
        raise Problem("there is a user of this name already")
    click.echo(created)


@user.command("suspend")
@click.argument("username")
@told_plainly
def user_suspend(username: str) -> None:
    """Suspend a user: no sign-in, no token and no data until `idp user restore`."""
    _change_user_status(username, "suspended")


@user.command("restore")
@click.argument("username")
@told_plainly
def user_restore(username: str) -> None:
    """Let a suspended user act again."""
    _change_user_status(username, "active")


def _change_user_status(username: str, status: str) -> None:
    services = services_of_settings()
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, username)
        if account is None:
            raise Problem("there is no user of this name")
        services.accounts.change_status(connection, account.id, status, services.now)
    click.echo(status)


@main.group()
def partner() -> None:
    """Look after partners."""


@partner.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print for scripts.")
@told_plainly
def partner_list(*, as_json: bool) -> None:
    """List every partner."""
    with services_of_settings().database.autocommit() as connection:
        rows = [{"id": each.id, "status": each.status, "name": each.name} for each in partners.everyone(connection)]
    print_rows(rows, as_json=as_json)


@partner.command("suspend")
@click.argument("partner_id")
@told_plainly
def partner_suspend(partner_id: str) -> None:
    """Suspend a partner: it gets no data within a second, until `idp partner restore`."""
    _change_partner_status(partner_id, "suspended")


@partner.command("restore")
@click.argument("partner_id")
@told_plainly
def partner_restore(partner_id: str) -> None:
    """Let a suspended partner ask again."""
    _change_partner_status(partner_id, "active")


def _change_partner_status(partner_id: str, status: str) -> None:
    services = services_of_settings()
    with services.database.transaction() as connection:
        known = partners.find(connection, partner_id)
        if known is None:
            raise Problem(f"there is no partner {partner_id}")
        partners.save(connection, known.id, known.name, status, services.now)
        if status != known.status:
            audit.partner_status_changed(connection, known.id, status, services.now)
    click.echo(status)


@main.group()
def keys() -> None:
    """Look after keys."""


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print for scripts.")
@told_plainly
def keys_list(*, as_json: bool) -> None:
    """List the published signing keys and their phase."""
    services = services_of_settings()
    rows = [
        {
            "kid": key.kid,
            "algorithm": key.algorithm,
            "phase": services.keys.phase(key),
            "signs_from": key.signs_from,
            "removed_at": key.removed_at,
        }
        for key in services.keys.published()
    ]
    print_rows(rows, as_json=as_json)


@keys.command("rotate")
@click.option("--algorithm", type=click.Choice(SIGNING_ALGORITHMS), multiple=True, help="Default: all.")
@told_plainly
def keys_rotate(algorithm: tuple[str, ...]) -> None:
    """Publish new signing keys; they take over once every verifier can have them."""
    services = services_of_settings()
    for each in algorithm or SIGNING_ALGORITHMS:
        click.echo(f"{each}: {services.keys.rotate(each) or 'the next key is published already'}")


@keys.command("new-encryption-key")
@click.argument("file", type=click.Path(path_type=Path))
@told_plainly
def keys_new_encryption_key(file: Path) -> None:
    """Write a new key-encryption key to FILE, readable by you alone; never over a file that exists."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Problem(f"{file}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as written:
        written.write(b64encode(os.urandom(KEY_BYTES)) + b"\n")


@keys.command("rewrap")
@click.argument("new_key_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@told_plainly
def keys_rewrap(new_key_file: Path) -> None:
    """Wrap the root secret under the key in NEW_KEY_FILE; then set it as 'key_encryption_key_file' and restart."""
    services = services_of_settings()
    old = key_encryption_key(services.settings)
    new = key_encryption_key(Settings(issuer=services.settings.issuer, key_encryption_key_file=str(new_key_file)))
    with services.database.transaction() as connection:
        sealing.rewrap_root_secret(connection, old, new, services.random)
    click.echo("Done. Every server must be restarted with the new key.")


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Problem(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Problem("a profile is a JSON object")
    return value
