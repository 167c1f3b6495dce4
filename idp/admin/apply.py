"""Applying declarations: clients, partners with their agreements, users. Idempotent; a dry run shows the difference.

A file is checked whole, and all files are, before anything is written; then everything is written in one transaction.
Secrets and passwords that were not there before are made here, returned once, and stored as hashes.
"""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from idp.admin.client_document import DocumentError, read_client
from idp.data_sharing import SharingDataError, agreement_document, check_partner
from idp.protocol.names import AuthMethod
from idp.protocol.secrets import hash_secret, new_secret
from idp.services import Services
from idp.store import audit, clients, partners
from idp.store.clients import Client
from idp.store.database import Connection

SECRET_METHODS = (AuthMethod.CLIENT_SECRET_BASIC, AuthMethod.CLIENT_SECRET_POST)
_SECTIONS = {"clients", "partner", "agreement", "users"}
_USER = {"username", "profile"}


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """What applying did, or would do, to one thing. `secret` is a new secret or password, shown this once."""

    kind: str
    id: str
    action: str
    differences: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Declarations:
    """Everything that the files declare."""

    clients: list[Mapping[str, Any]]
    partners: list[tuple[Mapping[str, Any], Mapping[str, Any] | None]]
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
    partner, agreement = document.get("partner"), document.get("agreement")
    if not isinstance(partner, dict | None) or not isinstance(agreement, dict | None):
        raise DocumentError(f"{file}: [partner] and [agreement] are tables")
    if partner is not None:
        declared.partners.append((partner, agreement))
    elif agreement is not None:
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
    _check_once("partner", [partner.get("id") for partner, _ in declared.partners])
    _check_once("user", [str(user.get("username")).strip().casefold() for user in declared.users])
    wanted = [read_client(document, services) for document in declared.clients]
    with services.database.transaction() as connection:
        changes = [_apply_partner(services, connection, *pair, dry_run=dry_run) for pair in declared.partners]
        changes += [_apply_client(services, connection, client, dry_run=dry_run) for client in wanted]
        changes += [_apply_user(services, connection, user, hash_password, dry_run=dry_run) for user in declared.users]
    return changes


def _apply_partner(
    services: Services,
    connection: Connection,
    partner: Mapping[str, Any],
    agreement: Mapping[str, Any] | None,
    *,
    dry_run: bool,
) -> Change:
    try:
        check_partner(partner)
        document = "" if agreement is None else agreement_document(agreement, services.sharing.catalogue)
    except SharingDataError as error:
        raise DocumentError(str(error)) from error
    if len(partner["name"]) > partners.MAX_NAME:
        raise DocumentError(f"partner {partner['id']!r}: name has more than {partners.MAX_NAME} characters")
    if agreement is not None and agreement["partner_id"] != partner["id"]:
        raise DocumentError(f"partner {partner['id']!r}: the agreement beside it is with {agreement['partner_id']!r}")
    known = partners.find(connection, partner["id"])
    if agreement is None and known is not None and known.agreement:
        raise DocumentError(f"partner {partner['id']!r}: its agreement is missing; to end it, give it status 'ended'")
    wanted = {"name": partner["name"], "status": partner["status"], "agreement": document}
    before = {} if known is None else {name: getattr(known, name) for name in wanted}
    differences = _differences(before, wanted)
    if differences and not dry_run:
        partners.save(connection, partner["id"], partner["name"], partner["status"], services.now)
        if "status" in differences:
            audit.partner_status_changed(connection, partner["id"], partner["status"], services.now)
        if document and "agreement" in differences:
            partners.save_agreement(connection, partner["id"], document, services.now)
            audit.agreement_changed(connection, partner["id"], document, services.now)
    return Change("partner", partner["id"], _action(known, differences), differences)


def _apply_client(services: Services, connection: Connection, wanted: Client, *, dry_run: bool) -> Change:
    known = clients.find(connection, wanted.client_id)
    if known is not None and (known.kind, known.partner_id) != (wanted.kind, wanted.partner_id):
        # Users would be known to it by another `sub` from one token to the next (OIDC Core 12.2).
        raise DocumentError(f"client {wanted.client_id!r}: kind and partner_id stay as they are; register a new client")
    needs_secret = wanted.auth_method in SECRET_METHODS
    kept = known.secret_hash if known is not None and needs_secret else None
    secret = new_secret(services.random) if needs_secret and kept is None else ""
    client = replace(wanted, secret_hash=hash_secret(secret) if secret else kept)
    differences = _differences(_shown(known), _shown(client))
    if (differences or secret) and not dry_run:
        clients.save(connection, client, services.now)
    return Change("client", wanted.client_id, _action(known, differences), differences, "" if dry_run else secret)


def _apply_user(
    services: Services,
    connection: Connection,
    user: Mapping[str, Any],
    hash_password: Callable[[str], str],
    *,
    dry_run: bool,
) -> Change:
    username, profile = _read_user(user)
    known = services.accounts.find_by_username(connection, username)
    if known is None:
        password = new_secret(services.random)[:24]
        if not dry_run:
            services.accounts.create(connection, username, hash_password(password), profile, services.now)
        return Change("user", username, "create", {}, "" if dry_run else password)
    changed = dict(known.profile) != profile
    if changed and not dry_run:
        services.accounts.change_profile(connection, known.id, profile, services.now)
    return Change("user", username, "update" if changed else "keep")


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


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (before.get(name), value) for name, value in after.items() if before.get(name) != value}


def _action(known: object, differences: Mapping[str, Any]) -> str:
    if known is None:
        return "create"
    return "update" if differences else "keep"
