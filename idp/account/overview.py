"""GET / and /account: where everything of one's own account begins."""

from flask import Blueprint, Response, request

from idp.account.notices import notice
from idp.account.viewer import Viewer, for_viewer
from idp.services import Services, current_services
from idp.store import partner_members
from idp.web import paths
from idp.web.pages import render_page
from idp.web.responses import see_other
from idp.web.sessions import csrf_token, signed_in_account

blueprint = Blueprint("account", __name__)


@blueprint.get(paths.HOME)
def home() -> Response:
    """Show people their account, and everybody else what this place is."""
    if signed_in_account(current_services()) is None:
        return render_page("home.html")
    return overview()


@blueprint.get(paths.ACCOUNT)
@for_viewer
def overview(services: Services, person: Viewer) -> Response:
    """Show who is signed in, and what there is to look at."""
    with services.database.autocommit() as connection:
        is_partner = bool(partner_members.partners_of(connection, person.account.id))
    return render_page(
        "account/overview.html",
        csrf=csrf_token(services),
        notice=notice(request),
        is_partner=is_partner,
    )


@blueprint.get(paths.APPS)
def moved() -> Response:
    """Lead on whoever kept the old address of the list of apps and partners."""
    return see_other(paths.SHARING)
