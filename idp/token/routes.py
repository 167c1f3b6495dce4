"""POST /token: parse, let Authlib pick the grant, answer."""

from flask import Blueprint, Response

from idp.protocol.errors import invalid_authorization_details, invalid_request
from idp.services import Services, current_services
from idp.token.authorization_code import AuthorizationCodeGrant
from idp.token.client_credentials import ClientCredentialsGrant
from idp.token.refresh_token import RefreshTokenGrant
from idp.web import paths
from idp.web.requests import read_endpoint_request
from idp.web.responses import json_response

blueprint = Blueprint("token", __name__)


def register_grants(services: Services) -> None:
    """Put every grant into Authlib's registry."""
    for grant in (AuthorizationCodeGrant, RefreshTokenGrant, ClientCredentialsGrant):
        services.server.register_grant(grant)


@blueprint.post(paths.TOKEN)
def token() -> Response:
    """Answer a token request."""
    endpoint_request = read_endpoint_request()
    if "grant_type" not in endpoint_request.form:
        raise invalid_request("The parameter grant_type is missing.")
    if "authorization_details" in endpoint_request.form:
        raise invalid_authorization_details("Authorization details are asked of the person: at /par or /authorize.")
    status, body = current_services().server.create_token_response(endpoint_request)
    return json_response(body, status)
