"""GET /, the landing page."""

from flask import Blueprint, Response

from idp.services import current_services
from idp.web import paths
from idp.web.pages import render_page
from idp.web.responses import see_other
from idp.web.sessions import csrf_token, signed_in_account

blueprint = Blueprint("account", __name__)


@blueprint.get(paths.HOME)
def home() -> Response:
    """Show who is signed in."""
    services = current_services()
    return render_page("home.html", csrf=csrf_token(services) if signed_in_account(services) else "")


@blueprint.get(paths.APPS)
def moved() -> Response:
    """Lead on whoever kept the old address of the list of apps and partners."""
    return see_other(paths.SHARING)
