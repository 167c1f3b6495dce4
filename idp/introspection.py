"""Token introspection (RFC 7662): tells a protected resource whether a token is alive and what it may do.

Only confidential clients may ask: a service about tokens that are for one of its resources, any other client about its
own. For everything else the answer is "not active", which is all a stranger learns.
"""

from typing import Any

from flask import Blueprint, Response

from idp.data_sharing import NOTHING, Outgoing, Released, outgoing
from idp.protocol.audit import Surface
from idp.protocol.errors import invalid_request, unauthorized_client
from idp.protocol.names import ClientKind
from idp.services import Services, current_services
from idp.store import families
from idp.store.clients import Client
from idp.tokens.refresh import parse_refresh_token
from idp.tokens.verify import VerifiedToken
from idp.web import paths
from idp.web.requests import read_endpoint_request
from idp.web.responses import released_response

blueprint = Blueprint("introspection", __name__)

_NOT_ACTIVE = outgoing(NOTHING, {"active": False})
_PLAIN_CLAIMS = ("iss", "sub", "aud", "client_id", "iat", "exp", "jti", "scope", "auth_time", "acr")


@blueprint.post(paths.INTROSPECT)
def introspect() -> Response:
    """Answer an introspection request."""
    services = current_services()
    endpoint_request = read_endpoint_request()
    caller = services.server.identify_client(endpoint_request)
    if caller.is_public:
        raise unauthorized_client("A public client cannot introspect tokens (RFC 7662 2.1).")
    if "token" not in endpoint_request.form:
        raise invalid_request("The parameter token is missing.")
    return released_response(_describe(services, caller, endpoint_request.form["token"]))


def _describe(services: Services, caller: Client, unverified_token: str) -> Outgoing:
    token = services.verifier.verify(unverified_token)
    if token is not None:
        return _access_token(services, caller, token)
    return _refresh_token(services, caller, unverified_token)


def _access_token(services: Services, caller: Client, token: VerifiedToken) -> Outgoing:
    if not _may_ask(caller, token):
        return _NOT_ACTIVE
    claims = {name: token.claims[name] for name in _PLAIN_CLAIMS if name in token.claims}
    found = _released(services, token)
    if found is None:
        return _NOT_ACTIVE
    released, details = found
    return outgoing(released, {**details, **claims, "active": True, "token_type": "Bearer"})


def _may_ask(caller: Client, token: VerifiedToken) -> bool:
    if token.client_id == caller.client_id:
        return True
    return caller.kind is ClientKind.SERVICE and not set(token.audience).isdisjoint(caller.resources)


def _released(services: Services, token: VerifiedToken) -> tuple[Released, dict[str, Any]] | None:
    """Return what the token's client may have of the user now, with the authorization details that say so.

    None when the token's standing is gone.
    """
    client = services.find_client(token.client_id)
    if client is None or not services.sharing.is_welcome(client):
        return None
    if token.family_id is None:
        return NOTHING, {}
    family = services.verifier.family(token.family_id)
    if family is None or not services.sharing.stands(client, family, services.now):
        return None
    now = services.now
    details = services.sharing.authorization_details(client, family, now)
    if not client.access_token_fields:
        return NOTHING, details
    released = services.sharing.release(
        client,
        family.account_id,
        family.asked.with_scopes(token.scopes),
        now,
        Surface.INTROSPECTION,
        client.access_token_fields,
    )
    return released, details


def _refresh_token(services: Services, caller: Client, presented: str) -> Outgoing:
    """Describe a refresh token to the client that holds it."""
    token = parse_refresh_token(presented)
    with services.database.autocommit() as connection:
        found = families.find_by_handle(connection, token.handle_hash)
    if found is None:
        return _NOT_ACTIVE
    family, state = found
    if family.client_id != caller.client_id or not state.is_newest(token.secret_hash):
        return _NOT_ACTIVE
    if not family.is_alive(services.now) or not services.sharing.stands(caller, family, services.now):
        return _NOT_ACTIVE
    members = {
        "active": True,
        "iss": services.settings.issuer,
        "client_id": family.client_id,
        "sub": services.sharing.subject(caller, family.account_id),
        "iat": family.created_at,
        "exp": family.expires_at,
        **({"scope": " ".join(family.scopes)} if family.scopes else {}),
        **services.sharing.authorization_details(caller, family, services.now),
    }
    return outgoing(NOTHING, members)
