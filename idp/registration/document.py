"""A registration document: read word by word into a client, and written back (RFC 7591 2 and 3.2.1)."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints
from urllib.parse import urlsplit

from idp.protocol.client_checks import Problem
from idp.protocol.client_metadata import (
    PAIRWISE,
    PUBLIC,
    TRANSLATED,
    WEB,
    ClientMetadata,
    normal_response_type,
    registered_name,
)
from idp.protocol.errors import OAuthError
from idp.protocol.names import CODE, DEFAULT_CONTENT_ENCRYPTION, SECRET_METHODS, AuthMethod, ClientKind, GrantType
from idp.protocol.scopes import parse_scope
from idp.protocol.strict_json import load_strictly
from idp.store.clients import Client

_NOT_REGISTERED = {"translations", "authorization_details_types"}
_MEMBERS = {
    registered_name(item.name): item.name for item in fields(ClientMetadata) if item.name not in _NOT_REGISTERED
}
_KINDS = get_type_hints(ClientMetadata)
_TRANSLATED = frozenset(registered_name(member) for member in TRANSLATED)
_TAKES = {str: "a text", bool: "true or false", int | None: "a whole number", tuple[str, ...]: "a list of texts"}


def invalid_metadata(description: str, *, code: str = "invalid_client_metadata") -> OAuthError:
    """A member of the document cannot be accepted (RFC 7591 3.2.2)."""
    return OAuthError(code, description)


def refusal_of(problem: Problem) -> OAuthError:
    """Return the error that tells a client what is wrong; it repeats nothing of what was sent."""
    name = registered_name(problem.member)
    sentence = problem.sentence.replace(problem.member, name, 1)
    if problem.value is not None:
        sentence = f"A value of {name} {sentence}"
    code = "invalid_redirect_uri" if problem.member == "redirect_uris" else "invalid_client_metadata"
    return invalid_metadata(f"{sentence}.", code=code)


def read_document(body: bytes) -> Mapping[str, Any]:
    """Return the members that say something; one that is null counts as left out (RFC 7592 2.2).

    Raises:
        OAuthError: for what is no JSON object, or holds text that cannot be stored.
    """
    try:
        text = body.decode("utf-8")
        document = load_strictly(text)
        json.dumps(document, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise invalid_metadata("Send the client's metadata as a JSON object in UTF-8.") from None
    if not isinstance(document, dict) or "\\u0000" in text:
        raise invalid_metadata("Send the client's metadata as a JSON object without NUL characters.")
    if "software_statement" in document:
        sentence = "Software statements are not taken here. Register with plain metadata."
        raise invalid_metadata(sentence, code="unapproved_software_statement")
    return {name: value for name, value in document.items() if value is not None}


def read_metadata(document: Mapping[str, Any], kind: ClientKind, allowed_scopes: tuple[str, ...]) -> dict[str, Any]:
    """Return the members of `ClientMetadata` that a document stands for, defaults included; unknown ones are ignored.

    What a client may not have but need not know to go on is replaced, and the answer says so (RFC 7591 3.2.1): scopes
    by those it may have, a public `sub` by a pairwise one.

    Raises:
        OAuthError: `invalid_client_metadata` for a member of the wrong type.
    """
    said: dict[str, Any] = {_MEMBERS[name]: _value(name, value) for name, value in document.items() if name in _MEMBERS}
    said["translations"] = _translations(document)
    said.setdefault("auth_method", AuthMethod.CLIENT_SECRET_BASIC)
    said.setdefault("grant_types", (GrantType.AUTHORIZATION_CODE.value,))
    said.setdefault("response_types", (CODE,))
    said.setdefault("application_type", WEB)
    wanted = said.get("scopes", allowed_scopes)
    said["scopes"] = tuple(scope for scope in wanted if scope in allowed_scopes)
    if said.setdefault("subject_type", PUBLIC) == PUBLIC and kind is ClientKind.THIRD_PARTY:
        said["subject_type"] = PAIRWISE
    for member in [name for name in said if name.endswith("_alg")]:
        content = f"{member.removesuffix('_alg')}_enc"
        if said[member] and content in _KINDS:
            said.setdefault(content, DEFAULT_CONTENT_ENCRYPTION)
    return said


def default_name(client_id: str, redirect_uris: tuple[str, ...]) -> str:
    """Return what people read of a client that gives no name: the host that their answers go to."""
    try:
        hosts = [urlsplit(uri).hostname for uri in redirect_uris]
    except ValueError:
        hosts = []
    return next((host for host in hosts if host), client_id)[:100]


def _value(name: str, value: object) -> object:
    member = _MEMBERS[name]
    kind = _KINDS[member]
    if member == "auth_method" and isinstance(value, str) and value in list(AuthMethod):
        return AuthMethod(value)
    if member == "scopes" and isinstance(value, str):
        return _scopes(value)
    if member == "jwks" and isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    lists = kind == tuple[str, ...] and member != "scopes"
    if lists and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(map(normal_response_type, value)) if member == "response_types" else tuple(value)
    plain = member not in ("auth_method", "scopes", "jwks")
    if plain and (type(value) is kind or (kind == int | None and type(value) is int)):
        return value
    if member == "auth_method":
        raise invalid_metadata(f"{name} must be one of {', '.join(AuthMethod)}.")
    raise invalid_metadata(f"{name} takes {'a key set' if member == 'jwks' else _TAKES.get(kind, 'a text')}.")


def _scopes(text: str) -> tuple[str, ...]:
    try:
        return parse_scope(text)
    except OAuthError as error:
        raise invalid_metadata(error.description) from None


def _translations(document: Mapping[str, Any]) -> str:
    """Return the members in further languages as one JSON object (RFC 7591 2.2)."""
    found = {name: value for name, value in document.items() if name.partition("#")[0] in _TRANSLATED and "#" in name}
    return json.dumps(found, sort_keys=True, ensure_ascii=False) if found else ""


def written(client: Client) -> dict[str, Any]:
    """Return a client's metadata as it is registered, defaults included (RFC 7591 3.2.1); nothing secret."""
    document: dict[str, Any] = {"client_id": client.client_id}
    for name, member in _MEMBERS.items():
        value = getattr(client, member)
        if value not in ("", (), None):
            document[name] = list(value) if isinstance(value, tuple) else value
    if client.scopes:
        document["scope"] = " ".join(client.scopes)
    if client.jwks:
        document["jwks"] = json.loads(client.jwks)
    document |= json.loads(client.translations) if client.translations else {}
    if client.auth_method in SECRET_METHODS:
        document["client_secret_expires_at"] = 0
    return document
