"""Token revocation (RFC 7009): a client ends a token of its own; a token that nobody knows is as good as ended."""

from http import HTTPStatus

from flask import Blueprint, Response

from idp.protocol.errors import invalid_grant, invalid_request
from idp.services import Services, current_services
from idp.store import families, revocations
from idp.store.clients import Client
from idp.tokens.refresh import parse_refresh_token
from idp.tokens.verify import VerifiedToken
from idp.web import paths
from idp.web.requests import read_endpoint_request
from idp.web.responses import json_response

blueprint = Blueprint("revocation", __name__)


@blueprint.post(paths.REVOKE)
def revoke() -> Response:
    """Answer a revocation request."""
    services = current_services()
    endpoint_request = read_endpoint_request()
    client = services.server.identify_client(endpoint_request)
    if "token" not in endpoint_request.form:
        raise invalid_request("The parameter token is missing.")
    _end(services, client, endpoint_request.form["token"])
    services.feed.read_now()  # by the next request at the latest (RFC 7009 2.1); other processes know within a second
    return json_response({}, HTTPStatus.OK)


def _end(services: Services, client: Client, presented: str) -> None:
    token = services.verifier.verify(presented)
    if token is not None:
        _check_holder(client, token.client_id)
        _end_access_token(services, token)
        return
    handle_hash = parse_refresh_token(presented).handle_hash
    with services.database.transaction() as connection:
        found = families.find_by_handle(connection, handle_hash)
        if found is not None:
            _check_holder(client, found[0].client_id)
            families.end(connection, found[0].id, families.REVOKED_BY_CLIENT, services.now)


def _check_holder(client: Client, holder: str) -> None:
    if client.client_id != holder:
        raise invalid_grant("The token was issued to another client, which alone can revoke it.")


def _end_access_token(services: Services, token: VerifiedToken) -> None:
    """End one access token; a refresh token ends its whole family instead (RFC 7009 2.1)."""
    with services.database.transaction() as connection:
        revocations.add(connection, token.claims["jti"], token.claims["exp"], services.now)
