"""GET /, the landing page."""

from flask import Blueprint, Response

from idp.services import current_services
from idp.store import partner_members
from idp.web import paths
from idp.web.pages import render_page
from idp.web.responses import see_other
from idp.web.sessions import csrf_token, signed_in_account

blueprint = Blueprint("account", __name__)


@blueprint.get(paths.HOME)
def home() -> Response:
    """Show who is signed in."""
    services = current_services()
    account = signed_in_account(services)
    if account is None:
        return render_page("home.html", csrf="", is_partner=False)
    with services.database.autocommit() as connection:
        is_partner = bool(partner_members.partners_of(connection, account.id))
    return render_page("home.html", csrf=csrf_token(services), is_partner=is_partner)


@blueprint.get(paths.APPS)
def moved() -> Response:
    """Lead on whoever kept the old address of the list of apps and partners."""
    return see_other(paths.SHARING)
