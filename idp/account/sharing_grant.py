"""One sharing on a page of its own: what goes out, who saw what and when; pause it, take something out, end it."""

from flask import Blueprint, Response, abort, request

from idp.account.cards import Cards
from idp.account.notices import notice, noticed
from idp.account.timeline import timeline
from idp.account.viewer import Viewer, for_viewer
from idp.protocol.grants import Initiator, Why
from idp.services import Services, current_services
from idp.store import grants
from idp.store.database import Connection
from idp.store.grants import Grant
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import render_page
from idp.web.requests import read_form_with_boxes, shown_query
from idp.web.sessions import csrf_matches, csrf_token, signed_in_account

blueprint = Blueprint("sharing_grant", __name__)


@blueprint.get(paths.SHARING_GRANT)
@for_viewer
def sharing_grant(services: Services, person: Viewer, grant_id: str) -> Response:
    """Show one sharing, be it over or not."""
    with services.database.autocommit() as connection:
        grant = own_grant(connection, person.account.id, grant_id)
        (card,) = Cards(services, connection, person, [grant]).of([grant])
        history = timeline(services, connection, person, grant, shown_query(request).get("before", ""))
    return render_page(
        "sharing_grant.html", csrf=csrf_token(services), notice=notice(request), card=card, history=history
    )


@blueprint.post(paths.SHARING_GRANT)
def change_grant(grant_id: str) -> Response:
    """Pause, resume, narrow or end one sharing.

    A form from an old page does no harm: it can only take out what it showed, and nothing is taken up again but by the
    button that says so.
    """
    services = current_services()
    form, kept = read_form_with_boxes(request, "fields")
    account = signed_in_account(services)
    here = paths.SHARING_GRANT.replace("<grant_id>", grant_id)
    if account is None or not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.SHARING)
    action = form.get("action", "")
    with services.database.transaction() as connection:
        grant = own_grant(connection, account.id, grant_id, lock=True)
        shown = frozenset(form.get("shown", "").split())
        done = _change(services, connection, grant, action, shown - kept)
    return noticed(paths.SHARING if form.get("back") == "list" else here, action if done else "unchanged")


def own_grant(connection: Connection, account_id: str, grant_id: str, *, lock: bool = False) -> Grant:
    """Return a grant of this person's.

    Raises:
        NotFound: for everything else, other people's grants included: nobody learns what there is.
    """
    grant = (
        grants.find_by_id(connection, grant_id, lock=lock) if grant_id.isascii() and grant_id.isprintable() else None
    )
    if grant is None or grant.account_id != account_id:
        abort(404)
    return grant


def _change(services: Services, connection: Connection, grant: Grant, action: str, taken_out: frozenset[str]) -> bool:
    sharing, now = services.sharing, services.now
    match action:
        case "pause":
            return sharing.pause(connection, grant, now)
        case "resume":
            return sharing.resume(connection, grant, now)
        case "narrow":
            return sharing.narrow(connection, grant, taken_out & grant.agreed_fields(now).keys(), now)
        case "end":
            return sharing.end(connection, grant, Initiator.USER, Why.USER_REVOKED, now)
        case _:
            return False
