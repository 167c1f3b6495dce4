"""A client as an operator declares it in TOML, checked word by word (RFC 7591 2)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from idp.client_rules import client_problems, sector_problems
from idp.protocol.client_checks import Problem
from idp.protocol.client_metadata import normal_response_type
from idp.protocol.names import SIGNING_ALGORITHMS, AuthMethod, ClientKind
from idp.services import Services
from idp.store.clients import ACTIVE, MAX_CLIENT_ID, MAX_PARTNER_ID, PRODUCTION, SANDBOX, SUSPENDED, Client

_COMPUTED = {"secret_hash"}
_KNOWN = {item.name for item in fields(Client)} - _COMPUTED
_KINDS = get_type_hints(Client)
_TABLES = {"jwks": "a table with keys", "translations": 'a table such as { "client_name#ja" = "..." }'}
_TAKES_KIND = {
    str: "text",
    bool: "true or false",
    int | None: "a whole number",
    tuple[str, ...]: "a list of texts",
}
_STATUSES = (ACTIVE, SUSPENDED)


class DocumentError(Exception):
    """A declaration does not fit; the message says where, why and what to write instead."""


def read_client(document: Mapping[str, Any], services: Services) -> Client:
    """Return the client that a table declares, without its secret.

    Raises:
        DocumentError: naming the client, the member and the mend.
    """
    where = f"client {document.get('client_id', '(without client_id)')!r}"
    unknown = set(document) - _KNOWN
    if unknown:
        raise DocumentError(f"{where}: {min(unknown)!r} is not known; known are {', '.join(sorted(_KNOWN))}")
    try:
        client = Client(**_typed(document, where))
    except TypeError as error:
        raise DocumentError(f"{where}: client_id, kind, name and auth_method are needed") from error
    for problem in _problems(client, services):
        raise DocumentError(f"{where}: {problem}")
    return client


def _typed(document: Mapping[str, Any], where: str) -> dict[str, Any]:
    return {name: _value(_KINDS[name], name, value, where) for name, value in document.items()}


def _value(kind: Any, name: str, value: object, where: str) -> object:  # noqa: ANN401 - reads any member's type
    if kind in (ClientKind, AuthMethod):
        if value not in list(kind):
            raise DocumentError(f"{where}: {name} must be one of {', '.join(kind)}")
        return kind(value)
    if name in _TABLES and isinstance(value, dict):
        return json.dumps(value, sort_keys=True, default=str)
    if kind == tuple[str, ...] and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(map(normal_response_type, value)) if name == "response_types" else tuple(value)
    if name not in _TABLES and (type(value) is kind or (kind == int | None and type(value) is int)):
        return value
    raise DocumentError(f"{where}: {name} has the wrong type; it takes {_TABLES.get(name) or _TAKES_KIND[kind]}")


def _problems(client: Client, services: Services) -> Iterator[str]:
    """Yield everything that is wrong with a client, each with its mend."""
    yield from _identity_problems(client)
    for problem in client_problems(client, services.settings, services.scope_rules):
        yield _told(problem)
    yield from _resource_problems(client, services)
    for problem in sector_problems(client, services.fetcher, f"apply {client.client_id}"):
        yield _told(problem)


def _told(problem: Problem) -> str:
    return problem.sentence if problem.value is None else f"{problem.member}: {problem.value!r} {problem.sentence}"


def _identity_problems(client: Client) -> Iterator[str]:
    if not client.client_id.isascii() or not client.client_id.isprintable() or " " in client.client_id:
        yield "client_id must be printable ASCII without spaces"
    if not 0 < len(client.client_id) <= MAX_CLIENT_ID:
        yield f"client_id must have 1 to {MAX_CLIENT_ID} characters"
    if client.status not in _STATUSES:
        yield f"status must be one of {', '.join(_STATUSES)}"
    if client.access_token_algorithm not in SIGNING_ALGORITHMS:
        yield f"access_token_algorithm must be one of {', '.join(SIGNING_ALGORITHMS)}"
    if client.environment not in (PRODUCTION, SANDBOX):
        yield f"environment must be one of {PRODUCTION}, {SANDBOX}"
    if client.is_sandbox and not client.partner_id:
        yield "environment sandbox goes with an app of a partner only"
    if client.partner_id and not client.is_third_party:
        yield "partner_id goes with kind third_party only"
    elif len(client.partner_id) > MAX_PARTNER_ID or not client.partner_id.isascii():
        yield f"partner_id must have at most {MAX_PARTNER_ID} ASCII characters"


def _resource_problems(client: Client, services: Services) -> Iterator[str]:
    known_resources = {*services.settings.resources, services.settings.issuer}
    for resource in client.resources:
        if resource not in known_resources:
            yield f"resources: {resource!r} is not in the setting 'resources'"
    fields_known = services.sharing.catalogue.fields
    for name in ("id_token_fields", "access_token_fields"):
        for field in getattr(client, name):
            if field not in fields_known:
                yield f"{name}: no field {field!r}"
