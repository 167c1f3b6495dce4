"""The authorization response: code and tokens or an error, by query, fragment or form, always with `iss`.

RFC 6749 4.1.2, RFC 9207, OAuth 2.0 Form Post Response Mode. Values are URL- or HTML-encoded by the libraries that are
made for it; nothing is written into a page by hand.
"""

from typing import Any
from urllib.parse import urlencode

from flask import Response

from idp.authorize.request import ReturnAddress
from idp.protocol.errors import OAuthError
from idp.protocol.names import ResponseMode
from idp.services import Services
from idp.web.pages import form_target, render_page
from idp.web.responses import see_other, with_query


def success_response(services: Services, address: ReturnAddress, members: dict[str, Any]) -> Response:
    """Send what was issued to the client."""
    return _respond(services, address, members)


def error_response(services: Services, address: ReturnAddress, error: OAuthError) -> Response:
    """Send an error to the client."""
    return _respond(services, address, error.body())


def _respond(services: Services, address: ReturnAddress, members: dict[str, Any]) -> Response:
    parameters = {**members, "iss": services.settings.issuer}
    if address.state:
        parameters["state"] = address.state
    if address.response_mode is ResponseMode.FORM_POST:
        return render_page(
            "form_post.html",
            form_targets=(form_target(address.redirect_uri),),
            action=address.redirect_uri,
            parameters=list(parameters.items()),
        )
    if address.response_mode is ResponseMode.FRAGMENT:
        return see_other(f"{address.redirect_uri}#{urlencode(parameters)}")
    return see_other(with_query(address.redirect_uri, parameters))
