"""Where a person is signed in: each browser's session, and what ends one of them or all others."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from idp.account.notices import notice, noticed
from idp.account.viewer import Viewer, for_recent_viewer, for_viewer
from idp.protocol.activity import Event
from idp.services import Services
from idp.store import sessions
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import gettext as _
from idp.web.pages import render_page
from idp.web.requests import read_form, seen_from
from idp.web.sessions import csrf_matches, csrf_token, current_session, ensure_session

SHOWN = 20
"""As many as somebody may look through; the others end with "everywhere else"."""

blueprint = Blueprint("devices", __name__)


@dataclass(frozen=True, slots=True, repr=False)
class Device:
    """One browser in which this person is signed in, in words."""

    id: str
    name: str
    network: str
    started: str
    seen: str
    is_this: bool


@blueprint.get(paths.DEVICES)
@for_viewer
def devices(services: Services, person: Viewer) -> Response:
    """Show the browsers in which this person is signed in, this one first, then those seen last."""
    here = current_session(services)
    with services.database.autocommit() as connection:
        found = sessions.of_account(
            connection, person.account.id, services.now, services.settings.lifetimes.session_idle
        )
    found.sort(key=lambda session: here is None or session.id != here.id)
    shown = [
        Device(
            id=session.id,
            name=session.device or _("A browser that we do not know"),
            network=sessions.open_network(services.sealer, session),
            started=person.moment(session.started_at),
            seen=person.moment(session.seen_at),
            is_this=here is not None and session.id == here.id,
        )
        for session in found[:SHOWN]
    ]
    return render_page(
        "account/devices.html",
        csrf=csrf_token(services),
        notice=notice(request),
        devices=shown,
        others=len(found) - len(shown),
    )


@blueprint.post(paths.DEVICES)
@for_recent_viewer
def sign_out_elsewhere(services: Services, person: Viewer) -> Response:
    """End one session or all others, with everything that was granted only for their time.

    It takes a sign-in of just now (ASVS 7.5.2): whoever sits at a browser that was left open, or took its cookie, must
    not throw the owner out.
    """
    form, account, here = read_form(request), person.account, ensure_session(services)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.DEVICES)
    is_all = form.get("action") == "all"
    now, seen = services.now, seen_from(services, request)
    with services.database.transaction() as connection:
        if is_all:
            ended = sessions.end_others(connection, account.id, here.id)
        else:
            one = sessions.end_of_user(connection, account.id, form.get("session", ""))
            ended = [one] if one is not None else []
        for sid in ended:
            services.session_end.end(connection, sid, account.id, now)
        if ended:
            event = Event.ALL_SESSIONS_ENDED if is_all else Event.SESSION_ENDED
            services.activity.note(connection, account.id, event, seen, now)
    return noticed(paths.DEVICES, ("signed_out_all" if is_all else "signed_out") if ended else "unchanged")
