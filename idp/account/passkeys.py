"""The page where a person looks after their passkeys: make one, name it, remove it."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from idp import recovery
from idp.account.notices import notice, noticed
from idp.account.passkey_account import came_by_passkey
from idp.account.viewer import Viewer, for_recent_viewer
from idp.passkeys import PRODUCT, Refusal, Refused, one_line
from idp.protocol.activity import Event
from idp.protocol.parameters import Parameters
from idp.services import Services
from idp.store import passkeys
from idp.store.database import Connection
from idp.store.passkeys import MOST_OF_ONE_ACCOUNT, Passkey
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import gettext as _
from idp.web.pages import render_page
from idp.web.requests import read_form, seen_from
from idp.web.sessions import csrf_matches, csrf_token, ensure_session

blueprint = Blueprint("passkeys", __name__)


@dataclass(frozen=True, slots=True)
class ShownPasskey:
    """One passkey as its owner sees it."""

    id: str
    name: str
    kind: str
    made: str
    used: str | None


@blueprint.get(paths.PASSKEYS)
@for_recent_viewer
def own_passkeys(services: Services, person: Viewer) -> Response:
    """Show what a person has, and let them make another one."""
    account = person.account
    with services.database.autocommit() as connection:
        owned = services.passkeys.of_account(connection, account.id)
        is_assured = recovery.is_assured(connection, account, len(owned))
    options = ""
    if services.passkey_ceremonies.are_possible and len(owned) < MOST_OF_ONE_ACCOUNT:
        session_id = ensure_session(services).id
        options = services.passkey_ceremonies.ask_to_enrol(
            session_id, account.id, account.called or PRODUCT, owned, services.now
        )
    return render_page(
        "account/passkeys.html",
        csrf=csrf_token(services),
        notice=notice(request),
        passkeys=[_shown(person, passkey) for passkey in owned],
        options=options,
        is_possible=services.passkey_ceremonies.are_possible,
        only_since=person.day(account.passkeys_only_at) if account.passkeys_only_at is not None else None,
        is_assured=is_assured,
        came_by_passkey=came_by_passkey(services),
        suggested=seen_from(services, request).device or _("Passkey"),
    )


@blueprint.post(paths.PASSKEYS)
@for_recent_viewer
def change_passkeys(services: Services, person: Viewer) -> Response:
    """Make, name or remove one. What was done already, in another window perhaps, is no error."""
    form = read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.PASSKEYS)
    act = {"add": _add, "rename": _rename, "remove": _remove}.get(form.get("action", ""))
    return noticed(paths.PASSKEYS, act(services, person, form) if act is not None else "unchanged")


def _add(services: Services, person: Viewer, form: Parameters) -> str:
    made = services.passkey_ceremonies.check_enrolment(
        ensure_session(services).id, person.account.id, form.get("answer", ""), _name(form), services.now
    )
    if isinstance(made, Refused):
        return "passkey_late" if made.why is Refusal.STALE else "passkey_refused"
    with services.database.transaction() as connection:
        services.accounts.hold(connection, person.account.id)
        is_room = passkeys.count(connection, person.account.id) < MOST_OF_ONE_ACCOUNT
        if not is_room or not services.passkeys.add(connection, made):
            return "passkey_refused"
        _note(services, connection, person, Event.PASSKEY_ADDED, made.name)
    return "passkey_added"


def _rename(services: Services, person: Viewer, form: Parameters) -> str:
    with services.database.transaction() as connection:
        renamed = services.passkeys.rename(connection, person.account.id, _id(form), _name(form))
    return "passkey_renamed" if renamed else "unchanged"


def _remove(services: Services, person: Viewer, form: Parameters) -> str:
    """Remove a passkey, unless nothing would be left to sign in with."""
    with services.database.transaction() as connection:
        account = services.accounts.hold(connection, person.account.id)
        passkey = services.passkeys.find(connection, _id(form))
        if account is None or passkey is None or passkey.account_id != account.id:
            return "unchanged"
        if not recovery.may_lose_passkey(connection, account):
            return "passkey_last"
        passkeys.remove(connection, account.id, passkey.id)
        _note(services, connection, person, Event.PASSKEY_REMOVED, passkey.name)
    return "passkey_removed"


def _note(services: Services, connection: Connection, person: Viewer, event: Event, name: str) -> None:
    seen = seen_from(services, request)
    services.activity.note(connection, person.account.id, event, seen, services.now, name=name)


def _name(form: Parameters) -> str:
    return one_line(form.get("name", "")) or _("Passkey")


def _id(form: Parameters) -> bytes:
    """Return which passkey a form means; nobody's where it cannot be read."""
    try:
        return bytes.fromhex(form.get("passkey", ""))
    except ValueError:
        return b""


def _shown(person: Viewer, passkey: Passkey) -> ShownPasskey:
    return ShownPasskey(
        id=passkey.id.hex(),
        name=passkey.name,
        kind=_("Kept in step on your devices") if passkey.backup_eligible else _("On one device only"),
        made=person.day(passkey.created_at),
        used=person.moment(passkey.used_at) if passkey.used_at is not None else None,
    )
