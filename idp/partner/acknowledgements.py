"""POST /partner/v1/acknowledgements: an app says which of its messages (RFC 8417) it has acted upon.

It asks with a token of its own, of the scope `partner_messages`. Acknowledging again changes nothing, and messages of
others do not exist for it.
"""

from flask import Blueprint, Response, request

from idp.protocol.errors import invalid_request
from idp.protocol.names import PARTNER_MESSAGES
from idp.services import current_services
from idp.store import partner_messages
from idp.web import paths
from idp.web.bearer import client_itself
from idp.web.requests import read_json
from idp.web.responses import json_response

MOST = 100
_LONGEST_ID = 64

blueprint = Blueprint("acknowledgements", __name__)


@blueprint.post(paths.ACKNOWLEDGEMENTS)
def acknowledge() -> Response:
    """Take acknowledgements: `{"acknowledged": [jti, ...]}`; the answer lists those that are known, and the others."""
    services = current_services()
    client = client_itself(services, request, PARTNER_MESSAGES)  # suspended, it owes its acknowledgements still
    named = _named()
    with services.database.transaction() as connection:
        known = partner_messages.acknowledge(connection, client.client_id, named, services.now)
    unknown = [message for message in named if message not in known]
    return json_response({"acknowledged": sorted(known), "unknown": unknown})


def _named() -> list[str]:
    """Return the identifiers in the body.

    Raises:
        OAuthError: `invalid_request` for anything but a list of a few of them.
    """
    named = read_json(request).get("acknowledged")
    if not isinstance(named, list) or not 0 < len(named) <= MOST:
        raise invalid_request(f"acknowledged is a list of 1 to {MOST} values of jti.")
    if not all(isinstance(message, str) and message.isascii() and 0 < len(message) <= _LONGEST_ID for message in named):
        raise invalid_request("A jti is text as it stood in the message.")
    return list(dict.fromkeys(named))
