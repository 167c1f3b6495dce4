"""POST /register (RFC 7591 3), and GET, PUT and DELETE of a client's own registration (RFC 7592 2)."""

import logging
from collections.abc import Mapping
from dataclasses import fields, replace
from hashlib import sha256
from hmac import compare_digest
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Request, Response, request
from werkzeug.exceptions import HTTPException

from idp.client_rules import client_problems, sector_problems
from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.errors import FORBIDDEN, UNAUTHORIZED, OAuthError, invalid_request, temporarily_unavailable
from idp.protocol.names import IMPLICIT, SECRET_METHODS, AuthMethod, ClientKind
from idp.protocol.secrets import hash_secret, new_identifier, new_secret
from idp.registration.document import (
    default_name,
    invalid_metadata,
    read_document,
    read_metadata,
    refusal_of,
    written,
)
from idp.services import Services, current_services
from idp.store import clients, families, quotas, registrations
from idp.store.clients import Client
from idp.store.database import Connection, DatabaseUnavailableError
from idp.store.registrations import Registration
from idp.web import paths
from idp.web.requests import JSON, client_network, whole_body
from idp.web.responses import json_error, json_response

blueprint = Blueprint("registration", __name__)
log = logging.getLogger(__name__)

HOUR = 3600
BEARER = "Bearer"


@blueprint.post(paths.REGISTER)
def register() -> Response:
    """Register a client (RFC 7591 3)."""
    services = current_services()
    document = read_document(_json_body(request))
    kind = _admit(services, request)
    client_id = new_identifier(services.random)
    client = _checked(services, _described(services, document, client_id, kind))
    client, secret = _with_new_secret(services, client)
    token = new_secret(services.random)
    with services.database.transaction() as connection:
        clients.save(connection, client, services.now)
        registrations.add(connection, client_id, hash_secret(token), services.now)
    log.info("client %s registered itself as %s", client_id, kind)
    return json_response(_told(services, client, services.now, token, secret), HTTPStatus.CREATED)


@blueprint.get(paths.REGISTRATION)
def read(client_id: str) -> Response:
    """Tell a client how it is registered (RFC 7592 2.1). Its secret cannot be told: only its hash is kept."""
    services = current_services()
    with services.database.autocommit() as connection:
        registration, client, token = _proven(connection, client_id)
    return json_response(_told(services, client, registration.issued_at, token))


@blueprint.put(paths.REGISTRATION)
def update(client_id: str) -> Response:
    """Register a client anew in all it says about itself, with a new secret (RFC 7592 2.2)."""
    services = current_services()
    with services.database.autocommit() as connection:
        registration, client, token = _proven(connection, client_id)
    document = read_document(_json_body(request))
    _check_identity(client, document)
    wanted = _checked(services, _described(services, document, client_id, client.kind, client))
    if wanted.sector != client.sector:
        raise invalid_metadata("The host of redirect_uris decides the sub of people and cannot change. Register anew.")
    wanted, secret = _with_new_secret(services, wanted)
    with services.database.transaction() as connection:
        if not registrations.touch(connection, registration, services.now):
            raise _not_proven()
        clients.save(connection, wanted, services.now)
    return json_response(_told(services, wanted, registration.issued_at, token, secret))


@blueprint.delete(paths.REGISTRATION)
def delete(client_id: str) -> Response:
    """End a client and all its tokens, committed before this is answered (RFC 7592 2.3)."""
    services = current_services()
    with services.database.transaction() as connection:
        registration, client, _token = _proven(connection, client_id)
        if not registrations.remove(connection, registration):
            raise _not_proven()
        clients.delete(connection, client, services.now)
        families.end_of_client(connection, client_id, services.now)
    log.info("client %s deleted itself", client_id)
    response = json_response({}, HTTPStatus.NO_CONTENT)
    response.set_data(b"")
    return response


@blueprint.errorhandler(OAuthError)
def _on_oauth_error(error: OAuthError) -> Response:
    response = json_error(error)
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(HOUR)
    return response


@blueprint.errorhandler(DatabaseUnavailableError)
def _on_database_unavailable(_error: DatabaseUnavailableError) -> Response:
    return json_error(temporarily_unavailable("database"))


@blueprint.errorhandler(HTTPException)
def _on_http_exception(error: HTTPException) -> Response:
    status = error.code or HTTPStatus.BAD_REQUEST
    return json_error(OAuthError("invalid_request", "The request cannot be accepted.", status=status))


def _json_body(request: Request) -> bytes:
    if request.mimetype != JSON:
        raise invalid_request(f"Send the client's metadata as {JSON}.")
    return whole_body(request)


def _bearer_token(request: Request) -> str:
    """Return the token of the Authorization header, or "" (RFC 6750 2.1)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _admit(services: Services, request: Request) -> ClientKind:
    """Decide whether somebody may register a client, and which kind; using an initial access token up, if it is sent.

    Raises:
        OAuthError: without a good initial access token where one is needed, and for too many at once.
    """
    settings = services.settings.registration
    now = services.now
    token = _bearer_token(request)
    kind: ClientKind | None = ClientKind.THIRD_PARTY
    with services.database.autocommit() as connection:
        if registrations.count(connection) >= settings.max_clients:
            raise _too_many("This server takes no further clients.")
        if token:
            kind = registrations.use_initial_access_token(connection, hash_secret(token), now)
        elif settings.mode != "open":
            raise OAuthError("", "Registration needs an initial access token.", status=UNAUTHORIZED, scheme=BEARER)
        else:
            network = client_network(request, services.settings.trusted_proxies)
            key = sha256(f"registration\x00{network}".encode()).digest()
            if quotas.take(connection, key, settings.per_network_and_hour, HOUR, now):
                raise _too_many("Too many clients were registered from here. Try again in an hour.")
    if kind is None:
        sentence = "The initial access token is unknown, used up or too old."
        raise OAuthError("invalid_token", sentence, status=UNAUTHORIZED, scheme=BEARER)
    return kind


def _too_many(sentence: str) -> OAuthError:
    return OAuthError("temporarily_unavailable", sentence, status=HTTPStatus.TOO_MANY_REQUESTS)


def _proven(connection: Connection, client_id: str) -> tuple[Registration, Client, str]:
    """Return the registration that the presented token proves (RFC 7592 2): nobody learns which clients there are.

    Raises:
        OAuthError: 401 when the token is not this client's, or there is no such client.
    """
    token = _bearer_token(request)
    known = len(client_id) <= clients.MAX_CLIENT_ID and client_id.isascii() and client_id.isprintable()
    registration = registrations.find(connection, client_id) if token and known else None
    if registration is None or not registration.is_proven_by(hash_secret(token)):
        raise _not_proven()
    client = clients.find(connection, client_id)
    if client is None or client.status == clients.DELETED:
        raise _not_proven()
    if client.status != clients.ACTIVE:
        raise OAuthError("access_denied", "This client is suspended.", status=FORBIDDEN)
    return registration, client, token


def _not_proven() -> OAuthError:
    sentence = "The registration access token is not that of this client."
    return OAuthError("invalid_token", sentence, status=UNAUTHORIZED, scheme=BEARER)


def _check_identity(client: Client, document: Mapping[str, Any]) -> None:
    """Check that the document is of this client (RFC 7592 2.2)."""
    if document.get("client_id") != client.client_id:
        raise invalid_metadata("The document must hold the client_id as it was given.")
    told = document.get("client_secret")
    if told is not None:
        presented = hash_secret(told) if isinstance(told, str) else b""
        if not compare_digest(presented, client.secret_hash or b""):
            raise invalid_metadata("The client_secret is not the client's; leave it out to be given a new one.")


def _described(
    services: Services, document: Mapping[str, Any], client_id: str, kind: ClientKind, known: Client | None = None
) -> Client:
    """Return the client that a document describes; what an operator decided about a known one stays."""
    settings = services.settings.registration
    base = known or Client(client_id=client_id, kind=kind, name=client_id, auth_method=AuthMethod.NONE)
    allowed = dict.fromkeys((*settings.scopes, *base.scopes))
    scopes = tuple(scope for scope in allowed if services.scope_rules.may_have(replace(base, scopes=(scope,)), scope))
    said = read_metadata(document, kind, scopes)
    said.setdefault("name", default_name(client_id, said.get("redirect_uris", ())))
    said.setdefault("authorization_details_types", base.authorization_details_types)
    plain = ClientMetadata(**said)
    members: dict[str, Any] = {item.name: getattr(plain, item.name) for item in fields(ClientMetadata)}
    return replace(base, **members, require_pkce=settings.require_pkce or plain.is_public)


def _checked(services: Services, client: Client) -> Client:
    """Return the client when nothing is wrong with it.

    Raises:
        OAuthError: `invalid_redirect_uri` or `invalid_client_metadata` with the first thing that is wrong.
    """
    allowed = {*services.settings.registration.grant_types, IMPLICIT}
    for problem in client_problems(client, services.settings, services.scope_rules):
        raise refusal_of(problem)
    if not set(client.grant_types) <= allowed:
        raise invalid_metadata("A value of grant_types is not for clients that register themselves.")
    for problem in sector_problems(client, services.fetcher, f"registration {client.client_id}"):
        raise refusal_of(problem)
    return client


def _with_new_secret(services: Services, client: Client) -> tuple[Client, str]:
    """Return the client with the hash of a new secret, and the secret, which is told this once."""
    if client.auth_method not in SECRET_METHODS:
        return replace(client, secret_hash=None), ""
    secret = new_secret(services.random)
    return replace(client, secret_hash=hash_secret(secret)), secret


def _told(services: Services, client: Client, issued_at: int, token: str, secret: str = "") -> dict[str, Any]:
    """Return the client information response (RFC 7591 3.2.1, RFC 7592 3)."""
    told = {
        **written(client),
        "client_id_issued_at": issued_at,
        "registration_access_token": token,
        "registration_client_uri": services.settings.issuer
        + paths.REGISTRATION.replace("<client_id>", client.client_id),
    }
    return {**told, "client_secret": secret} if secret else told
