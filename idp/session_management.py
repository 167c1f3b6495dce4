"""The page that apps frame to ask whether the session still is the same one (OIDC Session Management 3.2).

It is the only page that others may frame. It shows nothing, and answers `changed`, `unchanged` or `error` to whoever
asks with a `session_state` that fits its own origin.
"""

from flask import Blueprint, Response, render_template

from idp.services import current_services
from idp.web import paths
from idp.web.requests import refuse_head
from idp.web.sessions import BROWSER_STATE_COOKIE, cookie_name

blueprint = Blueprint("session_management", __name__)
blueprint.before_request(refuse_head)

_HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors *",
    "Referrer-Policy": "no-referrer",
}


@blueprint.get(paths.CHECK_SESSION)
def check_session() -> Response:
    """Answer with the page, the same for everybody."""
    body = render_template("check_session.html", cookie=cookie_name(current_services(), BROWSER_STATE_COOKIE))
    return Response(body, mimetype="text/html", headers=_HEADERS)
