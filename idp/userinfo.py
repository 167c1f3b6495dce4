"""Userinfo (OIDC Core 5.3): the claims that a client may have of the user now, decided at every request."""

from flask import Blueprint, Request, Response, request

from idp.protocol.audit import Surface
from idp.protocol.errors import FORBIDDEN, UNAUTHORIZED, OAuthError, invalid_request, invalid_token
from idp.protocol.names import OPENID
from idp.services import Services, current_services
from idp.tokens.mint import WITHHELD_CLAIM
from idp.tokens.verify import VerifiedToken
from idp.web import paths
from idp.web.requests import FORM, read_form, read_query
from idp.web.responses import json_response

blueprint = Blueprint("userinfo", __name__)

BEARER = "Bearer"


@blueprint.route(paths.USERINFO, methods=["GET", "POST"])
def userinfo() -> Response:
    """Answer a userinfo request."""
    services = current_services()
    try:
        unverified_token = _presented_token(request)
    except OAuthError as error:
        error.scheme = BEARER  # whoever presents no token that could be used is told how to (RFC 6750 3)
        raise
    token = services.verifier.verify(unverified_token)
    if token is None:
        raise _refused("unknown, expired or revoked")
    return json_response(_claims(services, token))


def _presented_token(request: Request) -> str:
    """Return the one token that is sent, in the header or in a form body, never in the query (RFC 6750 2, RFC 9700).

    Raises:
        OAuthError: a challenge without an error code when there is none, `invalid_request` when there are two.
    """
    header = request.headers.get("Authorization")
    in_form = None
    if request.method == "POST" and request.mimetype == FORM:
        in_form = read_form(request).get("access_token")
    if "access_token" in read_query(request):
        raise invalid_request("Send the access token in the Authorization header, not in the URL.")
    if header is None:
        if in_form is None:
            raise OAuthError("", "Send an access token.", status=UNAUTHORIZED)
        return in_form
    if in_form is not None:
        raise invalid_request("Send the access token in one place only.")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise OAuthError("", "Send a Bearer token.", status=UNAUTHORIZED)
    return token.strip()


def _claims(services: Services, token: VerifiedToken) -> dict[str, object]:
    if services.settings.issuer not in token.audience:
        raise _refused("for another resource")
    if OPENID not in token.scopes:
        raise OAuthError(
            "insufficient_scope",
            "The access token lacks the scope openid.",
            status=FORBIDDEN,
            scheme=BEARER,
            scope=OPENID,
        )
    client = services.find_client(token.client_id)
    family = services.verifier.family(token.family_id) if token.family_id else None
    now = services.now
    if client is None or family is None or not services.sharing.stands(client, family, now):
        raise _refused("the client, the user or the consent is gone")
    released = services.sharing.release(
        client, family.account_id, family.asked.with_scopes(token.scopes), now, Surface.USERINFO
    )
    claims = {**released.claims, "sub": token.claims["sub"]}
    if client.is_third_party and released.withheld:
        claims[WITHHELD_CLAIM] = released.withheld
    return claims


def _refused(detail: str) -> OAuthError:
    return invalid_token("The access token is expired, revoked or not meant for this endpoint.", detail=detail)
