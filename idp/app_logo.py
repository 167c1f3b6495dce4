"""GET /apps/{client_id}/logo/{language}: the logo of an app, for our own pages."""

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from idp.services import current_services
from idp.web import paths
from idp.web.i18n import LANGUAGE_NAMES

BROWSER_SECONDS = 3600

blueprint = Blueprint("app_logo", __name__)


@blueprint.get(paths.APP_LOGO)
def app_logo(client_id: str, language: str) -> Response:
    """Send the picture as it was fetched, closed to everything but being shown."""
    services = current_services()
    client = services.find_client(client_id)
    logo = services.logos.logo(client, language) if client is not None and language in LANGUAGE_NAMES else None
    if logo is None:
        raise NotFound
    response = Response(logo.content, mimetype=logo.media_type)
    response.headers["Cache-Control"] = f"public, max-age={BROWSER_SECONDS}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
