"""Userinfo (OIDC Core 5.3): the claims that a client may have of the user now, decided at every request (RFC 6750)."""

from flask import Blueprint, Response, request

from idp.data_sharing import Outgoing, outgoing
from idp.protocol.audit import Surface
from idp.protocol.names import OPENID
from idp.services import Services, current_services
from idp.tokens.mint import WITHHELD_CLAIM
from idp.tokens.verify import VerifiedToken
from idp.web import paths
from idp.web.bearer import need_scope, standing_grant, verified_token
from idp.web.responses import released_response

blueprint = Blueprint("userinfo", __name__)


@blueprint.route(paths.USERINFO, methods=["GET", "POST"])
def userinfo() -> Response:
    """Answer a userinfo request."""
    services = current_services()
    return released_response(_claims(services, verified_token(services, request)))


def _claims(services: Services, token: VerifiedToken) -> Outgoing:
    client, family = standing_grant(services, token, (services.settings.issuer,))
    need_scope(token, OPENID)
    released = services.sharing.release(
        client, family.account_id, family.asked.with_scopes(token.scopes), services.now, Surface.USERINFO
    )
    members: dict[str, object] = {"sub": token.claims["sub"]}
    if client.is_third_party and released.withheld:
        members[WITHHELD_CLAIM] = dict(released.withheld)
    return outgoing(released, members)
