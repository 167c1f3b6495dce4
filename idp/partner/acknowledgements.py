"""POST /partner/v1/acknowledgements: an app says which of its messages (RFC 8417) it has acted upon.

It asks with a token of its own, of the scope `partner_messages`. Acknowledging again changes nothing, and messages of
others do not exist for it.
"""

from flask import Blueprint, Response, request

from idp.protocol.errors import invalid_request, invalid_token
from idp.protocol.names import PARTNER_MESSAGES
from idp.protocol.strict_json import load_strictly
from idp.services import Services, current_services
from idp.store import partner_messages
from idp.store.clients import Client
from idp.web import paths
from idp.web.bearer import need_scope, verified_token
from idp.web.responses import JSON, json_response

MOST = 100
_LONGEST_ID = 64

blueprint = Blueprint("acknowledgements", __name__)


@blueprint.post(paths.ACKNOWLEDGEMENTS)
def acknowledge() -> Response:
    """Take acknowledgements: `{"acknowledged": [jti, ...]}`; the answer lists those that are known, and the others."""
    services = current_services()
    client = _caller(services)
    named = _named()
    with services.database.transaction() as connection:
        known = partner_messages.acknowledge(connection, client.client_id, named, services.now)
    unknown = [message for message in named if message not in known]
    return json_response({"acknowledged": sorted(known), "unknown": unknown})


def _caller(services: Services) -> Client:
    """Return the app that presents a token of its own; one that is suspended owes its acknowledgements still."""
    token = verified_token(services, request)
    client = services.find_client(token.client_id)
    if client is None or token.family_id or services.settings.issuer not in token.audience:
        raise invalid_token("The access token is not valid here: it must be the app's own, and for this server.")
    need_scope(token, PARTNER_MESSAGES)
    return client


def _named() -> list[str]:
    """Return the identifiers in the body.

    Raises:
        OAuthError: `invalid_request` for anything but a list of a few of them.
    """
    if request.mimetype != JSON:
        raise invalid_request(f"Send the acknowledgements as {JSON}.")
    try:
        body = load_strictly(request.get_data(cache=False).decode("utf-8"))
    except ValueError:
        raise invalid_request("The body is not JSON.") from None
    named = body.get("acknowledged") if isinstance(body, dict) else None
    if not isinstance(named, list) or not 0 < len(named) <= MOST:
        raise invalid_request(f"acknowledged is a list of 1 to {MOST} values of jti.")
    if not all(isinstance(message, str) and message.isascii() and 0 < len(message) <= _LONGEST_ID for message in named):
        raise invalid_request("A jti is text as it stood in the message.")
    return list(dict.fromkeys(named))
