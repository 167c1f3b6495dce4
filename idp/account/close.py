"""Closing one's account, with its effect shown before; and coming back while there is time."""

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from idp.account.cards import Cards
from idp.account.notices import noticed
from idp.account.viewer import Viewer, for_recent_viewer
from idp.closing import come_back, erase_at, start
from idp.completion import continuation
from idp.data_sharing.people import zone
from idp.services import Services, current_services
from idp.store import grants, sessions
from idp.store.accounts import Account
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import render_page, settle_language
from idp.web.requests import read_form, seen_from, shown_query
from idp.web.responses import see_other
from idp.web.sessions import csrf_matches, csrf_token, current_session, ensure_session, logout_frames, sign_out

blueprint = Blueprint("close", __name__)


@blueprint.get(paths.CLOSE)
@for_recent_viewer
def close(services: Services, person: Viewer) -> Response:
    """Show what closing does before it is done."""
    idle = services.settings.lifetimes.session_idle
    with services.database.autocommit() as connection:
        alive = grants.all_alive(connection, person.account.id, services.now)
        cards = Cards(services, connection, person, alive).of(alive)
        devices = sessions.of_account(connection, person.account.id, services.now, idle)
    return render_page(
        "account/close.html",
        csrf=csrf_token(services),
        names=sorted({card.who.name for card in cards}),
        devices=len(devices),
        days=services.settings.closing.grace_days,
        until=person.day(erase_at(services)),
    )


@blueprint.post(paths.CLOSE)
@for_recent_viewer
def close_now(services: Services, person: Viewer) -> Response:
    """Begin it: from here on nothing of the account works but coming back.

    The page tells the apps of this browser's session that are told by a browser, as after signing out.
    """
    if not csrf_matches(services, read_form(request).get("csrf", "")):
        raise expired_page(paths.CLOSE)
    until, sid = person.day(erase_at(services)), ensure_session(services).sid
    told = start(services, person.account.id, seen_from(services, request)).get(sid, ())
    sign_out(services)
    return render_page("account/closing.html", until=until, frames=logout_frames(services, told))


@blueprint.get(paths.COME_BACK)
def offer_to_come_back() -> Response:
    """Ask somebody who signed in to an account that is being closed whether they want it back."""
    services = current_services()
    account = _closing(services)
    if account is None or account.erase_at is None:
        return see_other(paths.ACCOUNT)
    person = Viewer(account, settle_language(services), zone(account))
    flow = shown_query(request).get("flow", "")
    return render_page(
        "account/come_back.html", csrf=csrf_token(services), flow=flow, until=person.day(account.erase_at)
    )


@blueprint.post(paths.COME_BACK)
def decide_to_come_back() -> Response:
    """Take the account back, or leave it as it is."""
    services = current_services()
    form = read_form(request)
    account, flow = _closing(services), form.get("flow", "")
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(_with_flow(flow))
    if account is None:
        return see_other(paths.ACCOUNT)
    if form.get("decision") != "keep":
        sign_out(services)
        return see_other(paths.HOME)
    if not come_back(services, account.id, seen_from(services, request)):
        return see_other(paths.ACCOUNT)
    return see_other(continuation(flow)) if flow else noticed(paths.ACCOUNT, "kept")


def _closing(services: Services) -> Account | None:
    """Return the account that is signed in here if it is being closed: one that nothing else takes for signed in."""
    session = current_session(services)
    if session is None or not session.is_signed_in:
        return None
    with services.database.autocommit() as connection:
        account = services.accounts.find(connection, session.account_id)
    return account if account is not None and account.is_closing else None


def _with_flow(flow: str) -> str:
    return f"{paths.COME_BACK}?{urlencode({'flow': flow})}" if flow else paths.COME_BACK
