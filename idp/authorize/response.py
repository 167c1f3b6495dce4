"""The authorization response: code or error, by query, fragment or form, always with `iss`.

RFC 6749 4.1.2, RFC 9207, OAuth 2.0 Form Post Response Mode. Values are URL- or HTML-encoded by the libraries that are
made for it; nothing is written into a page by hand.
"""

from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Response, redirect

from idp.authorize.request import ReturnAddress
from idp.protocol.errors import OAuthError
from idp.protocol.names import ResponseMode
from idp.services import Services
from idp.web.pages import form_target, render_page

SEE_OTHER = 303
"""A redirect that never repeats a POST, so that no browser sends a password on (RFC 9700 4.12)."""


def code_response(services: Services, address: ReturnAddress, code: str) -> Response:
    """Send a code to the client."""
    return _respond(services, address, {"code": code})


def error_response(services: Services, address: ReturnAddress, error: OAuthError) -> Response:
    """Send an error to the client."""
    return _respond(services, address, error.body())


def _respond(services: Services, address: ReturnAddress, members: dict[str, str]) -> Response:
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
    return redirect(_with_parameters(address, urlencode(parameters)), SEE_OTHER)  # type: ignore[return-value]


def _with_parameters(address: ReturnAddress, encoded: str) -> str:
    if address.response_mode is ResponseMode.FRAGMENT:
        return f"{address.redirect_uri}#{encoded}"
    parts = urlsplit(address.redirect_uri)
    query = f"{parts.query}&{encoded}" if parts.query else encoded
    return urlunsplit(parts._replace(query=query))
