"""Recovery codes: how many are left, and ten new ones, which are shown this once."""

from flask import Blueprint, Response, request

from idp.account.notices import notice
from idp.account.viewer import Viewer, for_recent_viewer
from idp.protocol.activity import Event
from idp.services import Services
from idp.store import recovery_codes
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import render_page
from idp.web.requests import read_form, seen_from
from idp.web.sessions import csrf_matches, csrf_token

blueprint = Blueprint("recovery_codes", __name__)


@blueprint.get(paths.RECOVERY_CODES)
@for_recent_viewer
def look(services: Services, person: Viewer) -> Response:
    """Show how many codes are left."""
    with services.database.autocommit() as connection:
        left = recovery_codes.left(connection, person.account.id)
    return _page(services, left, ())


@blueprint.post(paths.RECOVERY_CODES)
@for_recent_viewer
def make(services: Services, person: Viewer) -> Response:
    """Make ten new codes in place of the old ones, and show them: only their hashes are kept."""
    if not csrf_matches(services, read_form(request).get("csrf", "")):
        raise expired_page(paths.RECOVERY_CODES)
    account_id, now = person.account.id, services.now
    with services.database.transaction() as connection:
        codes = recovery_codes.make_anew(connection, account_id, services.random, now)
        services.activity.note(connection, account_id, Event.RECOVERY_CODES_MADE, seen_from(services, request), now)
    return _page(services, len(codes), codes)


def _page(services: Services, left: int, codes: tuple[str, ...]) -> Response:
    return render_page(
        "account/recovery_codes.html", csrf=csrf_token(services), notice=notice(request), left=left, codes=codes
    )
