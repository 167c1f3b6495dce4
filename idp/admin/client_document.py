"""A client as an operator declares it in TOML, checked word by word (RFC 7591 2)."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from jwt import InvalidKeyError, PyJWK, PyJWKError

from idp.protocol.authorization_details import TYPES
from idp.protocol.names import ASSERTION_ALGORITHMS, SIGNING_ALGORITHMS, AuthMethod, ClientKind, GrantType
from idp.protocol.redirect_uris import problem_with
from idp.services import Services
from idp.store.clients import ACTIVE, MAX_CLIENT_ID, MAX_NAME, MAX_PARTNER_ID, SUSPENDED, Client

_COMPUTED = {"secret_hash"}
_KNOWN = {item.name for item in fields(Client)} - _COMPUTED
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_KINDS = get_type_hints(Client)
_TAKES = {"jwks": "a table with keys"}
_TAKES_KIND = {str: "text", bool: "true or false", tuple[str, ...]: "a list of texts"}
_STATUSES = (ACTIVE, SUSPENDED)
_ALGORITHMS = {
    "access_token_algorithm": SIGNING_ALGORITHMS,
    "id_token_algorithm": SIGNING_ALGORITHMS,
    "assertion_algorithm": ("", *ASSERTION_ALGORITHMS),
}


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
    if name == "jwks" and isinstance(value, dict):
        return json.dumps(value, sort_keys=True, default=str)
    if kind == tuple[str, ...] and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if name != "jwks" and kind in (str, bool) and type(value) is kind:
        return value
    raise DocumentError(f"{where}: {name} has the wrong type; it takes {_TAKES.get(name) or _TAKES_KIND[kind]}")


def _problems(client: Client, services: Services) -> list[str]:
    """Return everything that is wrong with a client, each with its mend."""
    return [
        *_identity_problems(client),
        *_redirect_problems(client),
        *_grant_problems(client),
        *_credential_problems(client),
        *_scope_problems(client, services),
        *_detail_problems(client),
    ]


def _identity_problems(client: Client) -> list[str]:
    problems = []
    if not client.client_id.isascii() or not client.client_id.isprintable() or " " in client.client_id:
        problems.append("client_id must be printable ASCII without spaces")
    if not 0 < len(client.client_id) <= MAX_CLIENT_ID:
        problems.append(f"client_id must have 1 to {MAX_CLIENT_ID} characters")
    if not client.name.strip() or not client.name.isprintable() or len(client.name) > MAX_NAME:
        problems.append(f"name is what people read on the consent page: one line of 1 to {MAX_NAME} characters")
    if client.homepage and not (client.homepage.startswith(("https://", "http://")) and client.homepage.isprintable()):
        problems.append("homepage must be a web address")
    if client.status not in _STATUSES:
        problems.append(f"status must be one of {', '.join(_STATUSES)}")
    problems += _partner_problems(client)
    for name, allowed in _ALGORITHMS.items():
        if getattr(client, name) not in allowed:
            problems.append(f"{name} must be one of {', '.join(filter(None, allowed))}")
    return problems


def _partner_problems(client: Client) -> list[str]:
    if client.partner_id and not client.is_third_party:
        return ["partner_id goes with kind third_party only"]
    if len(client.partner_id) > MAX_PARTNER_ID or not client.partner_id.isascii():
        return [f"partner_id must have at most {MAX_PARTNER_ID} ASCII characters"]
    return []


def _redirect_problems(client: Client) -> list[str]:
    problems = []
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        for uri in getattr(client, name):
            problem = problem_with(uri)
            if problem:
                problems.append(f"{name}: {uri!r} {problem}")
    if GrantType.AUTHORIZATION_CODE in client.grant_types and not client.redirect_uris:
        problems.append("the grant authorization_code needs redirect_uris")
    return problems


def _grant_problems(client: Client) -> list[str]:
    problems = [
        f"grant_types: {grant!r} is not supported" for grant in client.grant_types if grant not in set(GrantType)
    ]
    if client.is_public and GrantType.CLIENT_CREDENTIALS in client.grant_types:
        problems.append("a public client cannot have the grant client_credentials (RFC 6749 4.4)")
    if client.is_public and not client.require_pkce:
        problems.append("a public client cannot go without PKCE (RFC 9700 2.1.1)")
    if client.kind is ClientKind.SERVICE and GrantType.AUTHORIZATION_CODE in client.grant_types:
        problems.append("a service has no users to sign in; use kind first_party or third_party")
    return problems


def _credential_problems(client: Client) -> list[str]:
    if client.auth_method is not AuthMethod.PRIVATE_KEY_JWT:
        return ["jwks goes with auth_method private_key_jwt only"] if client.jwks else []
    keys = json.loads(client.jwks).get("keys") if client.jwks else None
    if not isinstance(keys, list) or not keys:
        return ["private_key_jwt needs jwks = { keys = [ ... ] } with the client's public keys"]
    problems = []
    for key in keys:
        if not isinstance(key, dict) or _PRIVATE_MEMBERS & set(key):
            problems.append("jwks must hold public keys only; replace the key that was written here, it is known now")
            continue
        try:
            PyJWK(key, client.assertion_algorithm or None)
        except (PyJWKError, InvalidKeyError) as error:
            problems.append(f"jwks holds a key that cannot be used: {error}")
    return problems


def _detail_problems(client: Client) -> list[str]:
    if client.authorization_details_types and not client.is_third_party:
        return ["authorization_details_types goes with kind third_party only: others ask by scope"]
    return [
        f"authorization_details_types: {unknown!r} is not one of {', '.join(TYPES)}"
        for unknown in client.authorization_details_types
        if unknown not in TYPES
    ]


def _scope_problems(client: Client, services: Services) -> list[str]:
    problems = [
        f"scopes: {scope!r} is unknown, or not for kind {client.kind}"
        for scope in client.scopes
        if not services.scope_rules.may_have(client, scope)
    ]
    known_resources = {*services.settings.resources, services.settings.issuer}
    problems += [
        f"resources: {resource!r} is not in the setting 'resources'"
        for resource in client.resources
        if resource not in known_resources
    ]
    fields_known = services.sharing.catalogue.fields
    for name in ("id_token_fields", "access_token_fields"):
        problems += [f"{name}: no field {field!r}" for field in getattr(client, name) if field not in fields_known]
    return problems
