"""GET / and /account: where everything of one's own account begins."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from idp.account.notices import notice, noticed
from idp.account.viewer import Viewer, for_recent_viewer, for_viewer
from idp.recovery import cancel
from idp.services import Services, current_services
from idp.store import partner_members, recoveries
from idp.store.recoveries import Recovery
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import render_page
from idp.web.requests import read_form, seen_from
from idp.web.responses import see_other
from idp.web.sessions import csrf_matches, csrf_token, signed_in_account

blueprint = Blueprint("account", __name__)


@dataclass(frozen=True, slots=True)
class ShownRecovery:
    """What the page says of a way back that is under way."""

    started: str
    opens: str


@blueprint.get(paths.HOME)
def home() -> Response:
    """Show people their account, and everybody else what this place is."""
    if signed_in_account(current_services()) is None:
        return render_page("home.html")
    return overview()


@blueprint.get(paths.ACCOUNT)
@blueprint.get(paths.OWN_RECOVERY)
@for_viewer
def overview(services: Services, person: Viewer) -> Response:
    """Show who is signed in, and what there is to look at; first of all a way back that somebody began."""
    with services.database.autocommit() as connection:
        is_partner = bool(partner_members.partners_of(connection, person.account.id))
        recovery = recoveries.of_account(connection, person.account.id, services.now)
    return render_page(
        "account/overview.html",
        csrf=csrf_token(services),
        notice=notice(request),
        is_partner=is_partner,
        recovery=_shown(person, recovery) if recovery is not None else None,
    )


@blueprint.post(paths.OWN_RECOVERY)
@for_recent_viewer
def cancel_recovery(services: Services, person: Viewer) -> Response:
    """Cancel it, for whoever signed in just now: a browser that was left open takes no way back from its owner."""
    if not csrf_matches(services, read_form(request).get("csrf", "")):
        raise expired_page(paths.OWN_RECOVERY)
    with services.database.transaction() as connection:
        cancel(services, connection, person.account.id, seen_from(services, request))
    return noticed(paths.ACCOUNT, "recovery_cancelled")


def _shown(person: Viewer, recovery: Recovery) -> ShownRecovery:
    return ShownRecovery(person.moment(recovery.started_at), person.moment(recovery.opens_at))


@blueprint.get(paths.APPS)
def moved() -> Response:
    """Lead on whoever kept the old address of the list of apps and partners."""
    return see_other(paths.SHARING)
