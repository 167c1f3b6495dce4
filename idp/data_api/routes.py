"""The endpoints of the data API."""

import re

from flask import Blueprint, Response, request

from idp.data_api.grant import partners_grant
from idp.data_sharing import outgoing
from idp.protocol.audit import Surface
from idp.protocol.errors import invalid_request
from idp.protocol.parameters import Parameters
from idp.services import current_services
from idp.web import paths
from idp.web.requests import read_query
from idp.web.responses import released_response

blueprint = Blueprint("data_api", __name__)

MOST_FIELDS = 64
_FIELD = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


@blueprint.get(paths.DATA_ME)
def me() -> Response:
    """Answer what of a person's profile the partner may have now."""
    services = current_services()
    query = read_query(request)
    grant = partners_grant(services, request, query.get("purpose"))
    released = services.sharing.release(
        grant.client, grant.account_id, grant.asked, services.now, Surface.DATA_ME, named=_named(query)
    )
    requestable = services.sharing.requestable(grant.client, grant.account_id, grant.asked, released, services.now)
    return released_response(outgoing(released, grant.members(released, requestable), within="data"))


def _named(query: Parameters) -> frozenset[str] | None:
    """Return the fields that the request names, or None where it names none and means all of its grant.

    Raises:
        OAuthError: `invalid_request` for what cannot be names of fields.
    """
    written = query.get("fields")
    if written is None:
        return None
    names = written.split(",")
    if len(names) > MOST_FIELDS or not all(_FIELD.fullmatch(name) for name in names):
        raise invalid_request(f"Write fields as up to {MOST_FIELDS} names, separated by commas.")
    return frozenset(names)
