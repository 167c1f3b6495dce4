"""POST /par: a client pushes its request ahead of its user and gets a reference to it (RFC 9126).

The request is checked here as it would be at /authorize, and once more when it is taken up there: what was allowed at
the push may not be any more. The reference works once, for the client that pushed, and for a short time.
"""

from http import HTTPStatus

from flask import Blueprint, Response

from idp.authorize.request import check_request, check_return_address
from idp.authorize.request_object import read_request_object
from idp.protocol.errors import OAuthError, invalid_request
from idp.protocol.names import REQUEST_URI_PREFIX
from idp.protocol.parameters import Parameters
from idp.protocol.secrets import new_secret
from idp.services import Services, current_services
from idp.store.clients import Client
from idp.store.pushed_requests import PushedRequest
from idp.web import paths
from idp.web.requests import read_endpoint_request
from idp.web.responses import json_response

blueprint = Blueprint("pushed", __name__)

_CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


@blueprint.post(paths.PUSHED_REQUESTS)
def push() -> Response:
    """Check a request and keep it for its user to come."""
    services = current_services()
    endpoint_request = read_endpoint_request()
    client = services.server.identify_client(endpoint_request)
    parameters = _asked(services, client, endpoint_request.form)
    check_request(services, parameters, check_return_address(services, parameters))
    return json_response(_keep(services, client, parameters), HTTPStatus.CREATED)


def take_pushed(services: Services, sent: Parameters) -> Parameters | None:
    """Return the request that `request_uri` refers to, and spend the reference; None when it is no reference of ours.

    Every parameter beside `client_id` and `request_uri` is ignored (RFC 9126 4, RFC 9101 5).

    Raises:
        OAuthError: when the reference is spent, expired, unknown or another client's. It must not be redirected, for
            where to is only known from the request.
    """
    request_uri = sent.get("request_uri", "")
    if not request_uri.startswith(REQUEST_URI_PREFIX):
        return None
    reference = request_uri.removeprefix(REQUEST_URI_PREFIX)
    with services.database.autocommit() as connection:
        taken = services.pushed_requests.take(connection, reference, sent.get("client_id", ""), services.now)
    if taken is None:
        raise OAuthError(
            "invalid_request_uri",
            "The request_uri is not valid: it is unknown, expired, already used, or belongs to another app.",
            may_redirect=False,
        )
    return Parameters(taken.parameters, taken.resources)


def _asked(services: Services, client: Client, form: Parameters) -> Parameters:
    """Return the request without the client's proof of itself, which nobody needs again (RFC 9126 2.1).

    Its `client_id` is that of the client that authenticated, whichever way that did. With a request object, that is the
    request (RFC 9126 3).
    """
    if "client_id" not in form:
        raise invalid_request("The parameter client_id is missing; a pushed request holds it too (RFC 9126 2).")
    if "request_uri" in form:
        raise invalid_request("A pushed request cannot refer to another one by request_uri (RFC 9126 2.1).")
    if "request" in form:
        return read_request_object(services, client, form, form["request"])
    if client.require_signed_request_object:
        raise invalid_request("This app must sign its requests: push them as a request object (RFC 9101).")
    single = {name: value for name, value in form.items() if name not in _CREDENTIALS}
    return Parameters(single, form.repeated)


def _keep(services: Services, client: Client, parameters: Parameters) -> dict[str, str | int]:
    lifetime = services.settings.lifetimes.pushed_request
    reference = new_secret(services.random)
    pushed = PushedRequest(client.client_id, dict(parameters), parameters.repeated, services.now + lifetime)
    with services.database.transaction() as connection:
        services.pushed_requests.add(connection, reference, pushed)
    return {"request_uri": f"{REQUEST_URI_PREFIX}{reference}", "expires_in": lifetime}
