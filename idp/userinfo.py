"""Userinfo (OIDC Core 5.3): the claims that a client may have of the user now, decided at every request (RFC 6750)."""

from flask import Blueprint, Response, request

from idp.data_sharing import Outgoing, outgoing
from idp.protocol.audit import Surface
from idp.protocol.names import OPENID
from idp.services import Services, current_services
from idp.store.clients import Client
from idp.store.families import Family
from idp.tokens.mint import WITHHELD_CLAIM
from idp.tokens.verify import VerifiedToken
from idp.web import paths
from idp.web.bearer import need_scope, standing_grant, verified_token
from idp.web.responses import jwt_response, released_response

blueprint = Blueprint("userinfo", __name__)


@blueprint.route(paths.USERINFO, methods=["GET", "POST"])
def userinfo() -> Response:
    """Answer a userinfo request: in JSON, or as the JWT that the client registered for (5.3.2)."""
    services = current_services()
    token = verified_token(services, request)
    client, family = standing_grant(services, token, (services.settings.issuer,))
    need_scope(token, OPENID)
    claims = _claims(services, token, client, family)
    made = services.server.parts.mint.userinfo_token(client, claims)
    return released_response(claims) if made is None else jwt_response(made)


def _claims(services: Services, token: VerifiedToken, client: Client, family: Family) -> Outgoing:
    released = services.sharing.release(
        client, family.account_id, family.asked.with_scopes(token.scopes), services.now, Surface.USERINFO
    )
    members: dict[str, object] = {"sub": token.claims["sub"]}
    if client.userinfo_signed_response_alg:
        members.update(iss=services.settings.issuer, aud=client.client_id)
    if client.is_third_party and released.withheld:
        members[WITHHELD_CLAIM] = dict(released.withheld)
    return outgoing(released, members)
