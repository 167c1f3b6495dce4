"""Turning an account into one that passkeys alone open, and back.

It takes a sign-in with a passkey just now, so that nobody locks themselves out by a key that does not work, and a
second one or a way back. Whoever else is signed in by then is signed out: they may have come in by what is phished.
"""

from flask import Blueprint, Response, request

from idp import recovery
from idp.account.notices import noticed
from idp.account.viewer import Viewer, for_recent_viewer
from idp.protocol.activity import Event
from idp.protocol.authentication import ACR_PHISHING_RESISTANT
from idp.services import Services
from idp.store import authenticators, passkeys, sessions, upstream_links
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.requests import read_form, seen_from
from idp.web.sessions import csrf_matches, ensure_session

blueprint = Blueprint("passkey_account", __name__)


@blueprint.post(paths.PASSKEYS_ONLY)
@for_recent_viewer
def change_passkey_account(services: Services, person: Viewer) -> Response:
    """Turn it on or off."""
    form = read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.PASSKEYS)
    if not came_by_passkey(services):
        return noticed(paths.PASSKEYS, "passkey_first")
    act = {"on": _turn_on, "off": _turn_off}.get(form.get("action", ""))
    return noticed(paths.PASSKEYS, act(services, person) if act is not None else "unchanged")


def came_by_passkey(services: Services) -> bool:
    """Whether whoever is here signed in with a passkey."""
    return ensure_session(services).acr == ACR_PHISHING_RESISTANT


def _turn_on(services: Services, person: Viewer) -> str:
    now, own = services.now, ensure_session(services).id
    with services.database.transaction() as connection:
        account = services.accounts.hold(connection, person.account.id)
        if account is None or account.has_passkeys_only:
            return "unchanged"
        if not recovery.is_assured(connection, account, passkeys.count(connection, account.id)):
            return "passkeys_too_few"
        services.accounts.use_passkeys_only(connection, account.id, now)
        upstream_links.remove_all(connection, account.id)
        authenticators.turn_off(connection, account.id)  # codes can be phished as passwords can
        for sid in sessions.end_others(connection, account.id, own):
            services.session_end.end(connection, sid, account.id, now)
        services.activity.note(connection, account.id, Event.PASSKEY_ACCOUNT_ON, seen_from(services, request), now)
    return "passkeys_only"


def _turn_off(services: Services, person: Viewer) -> str:
    now = services.now
    with services.database.transaction() as connection:
        account = services.accounts.hold(connection, person.account.id)
        if account is None or not account.has_passkeys_only:
            return "unchanged"
        services.accounts.use_other_ways(connection, account.id, now)
        services.activity.note(connection, account.id, Event.PASSKEY_ACCOUNT_OFF, seen_from(services, request), now)
    return "not_passkeys_only"
