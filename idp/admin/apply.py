"""Applying declarations: clients, partners with their agreements, users. Idempotent; a dry run shows the difference.

A file is checked whole, and all files are, before anything is written; then everything is written in one transaction.
Secrets and passwords that were not there before are made here, returned once, and stored as hashes.
"""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from idp.admin.change import Change, action_of, differences_of
from idp.admin.client_document import DocumentError, read_client
from idp.admin.partner_document import PartnerDeclaration, apply_partner
from idp.admin.transactions_document import read_transactions
from idp.protocol.names import SECRET_METHODS
from idp.protocol.secrets import hash_secret, new_secret
from idp.services import Services
from idp.store import clients
from idp.store.clients import Client
from idp.store.database import Connection

_SECTIONS = {"clients", "partner", "agreement", "approval", "users"}
_USER = {"username", "profile", "transactions"}


@dataclass(frozen=True, slots=True)
class Declarations:
    """Everything that the files declare."""

    clients: list[Mapping[str, Any]]
    partners: list[PartnerDeclaration]
    users: list[Mapping[str, Any]]


def read_declarations(files: tuple[Path, ...]) -> Declarations:
    """Read TOML files.

    Raises:
        DocumentError: for a file that cannot be read or has an unknown section.
    """
    declared = Declarations([], [], [])
    for file in files:
        try:
            document = tomllib.loads(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise DocumentError(f"{file}: cannot be read as TOML: {error}") from error
        _take(document, declared, file)
    return declared


def _take(document: Mapping[str, Any], declared: Declarations, file: Path) -> None:
    unknown = set(document) - _SECTIONS
    if unknown:
        raise DocumentError(f"{file}: unknown section {min(unknown)!r}; known: {', '.join(sorted(_SECTIONS))}")
    for name, section in (("clients", declared.clients), ("users", declared.users)):
        tables = document.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise DocumentError(f"{file}: write each of the {name} under a heading [[{name}]]")
        section.extend(tables)
    partner, *beside = (document.get(name) for name in ("partner", "agreement", "approval"))
    if not all(isinstance(table, dict | None) for table in (partner, *beside)):
        raise DocumentError(f"{file}: [partner], [agreement] and [approval] are tables")
    if partner is not None:
        declared.partners.append(PartnerDeclaration(partner, *beside))
    elif beside != [None, None]:
        raise DocumentError(f"{file}: an agreement stands beside its [partner]")


def _check_once(kind: str, names: list[Any]) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise DocumentError(f"{kind} {name!r} is declared twice")


def apply(
    services: Services, declared: Declarations, hash_password: Callable[[str], str], *, dry_run: bool
) -> list[Change]:
    """Bring the database to what is declared and return what changed.

    Raises:
        DocumentError: for anything that does not fit; nothing is written then.
    """
    _check_once("client", [client.get("client_id") for client in declared.clients])
    _check_once("partner", [declaration.partner.get("id") for declaration in declared.partners])
    _check_once("user", [str(user.get("username")).strip().casefold() for user in declared.users])
    wanted = [read_client(document, services) for document in declared.clients]
    with services.database.transaction() as connection:
        changes = [apply_partner(services, connection, each, dry_run=dry_run) for each in declared.partners]
        changes += [_apply_client(services, connection, client, dry_run=dry_run) for client in wanted]
        changes += [_apply_user(services, connection, user, hash_password, dry_run=dry_run) for user in declared.users]
    return changes


def _apply_client(services: Services, connection: Connection, wanted: Client, *, dry_run: bool) -> Change:
    known = clients.find(connection, wanted.client_id)
    if known is not None and (known.kind, known.partner_id) != (wanted.kind, wanted.partner_id):
        # Users would be known to it by another `sub` from one token to the next (OIDC Core 12.2).
        raise DocumentError(f"client {wanted.client_id!r}: kind and partner_id stay as they are; register a new client")
    if known is not None and known.is_pairwise and known.sector != wanted.sector:
        raise DocumentError(f"client {wanted.client_id!r}: its sector stays as it is; keep the host, or register anew")
    needs_secret = wanted.auth_method in SECRET_METHODS
    kept = known.secret_hash if known is not None and needs_secret else None
    secret = new_secret(services.random) if needs_secret and kept is None else ""
    client = replace(wanted, secret_hash=hash_secret(secret) if secret else kept)
    differences = differences_of(_shown(known), _shown(client))
    if (differences or secret) and not dry_run:
        clients.save(connection, client, services.now)
    return Change("client", wanted.client_id, action_of(known, differences), differences, "" if dry_run else secret)


def _apply_user(
    services: Services,
    connection: Connection,
    user: Mapping[str, Any],
    hash_password: Callable[[str], str],
    *,
    dry_run: bool,
) -> Change:
    username, profile = _read_user(user)
    bought = read_transactions(username, user.get("transactions", []))
    known = services.accounts.find_by_username(connection, username)
    if known is None:
        password = new_secret(services.random)[:24]
        if not dry_run:
            made = services.accounts.create(connection, username, hash_password(password), profile, services.now)
            services.transactions.replace(connection, made or "", bought)
        return Change("user", username, "create", {}, "" if dry_run else password)
    changed = dict(known.profile) != profile
    if changed and not dry_run:
        services.accounts.change_profile(connection, known.id, profile, services.now)
    bought_else = "transactions" in user and bought != tuple(
        services.transactions.each_of_account(connection, known.id)
    )
    if bought_else and not dry_run:
        services.transactions.replace(connection, known.id, bought)
    return Change("user", username, "update" if changed or bought_else else "keep")


def _read_user(user: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    username, profile = user.get("username"), user.get("profile", {})
    if not isinstance(username, str) or not username.strip() or not isinstance(profile, dict):
        raise DocumentError("a user has a username and a table profile")
    if set(user) - _USER:
        raise DocumentError(f"user {username!r}: {min(set(user) - _USER)!r} is not known; claims go under profile")
    try:
        json.dumps(profile)
    except TypeError as error:
        raise DocumentError(f'user {username!r}: dates in the profile are texts, such as "1994-05-17"') from error
    return username, profile


def _shown(client: Client | None) -> dict[str, Any]:
    """Return a client without its secret, for comparing and printing."""
    if client is None:
        return {}
    return {name: value for name, value in asdict(client).items() if name != "secret_hash"}
