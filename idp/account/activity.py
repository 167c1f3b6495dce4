"""The person's security activity: what happened to their account, from where, in plain words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, request

from idp.account.viewer import Viewer, for_viewer
from idp.protocol.activity import Event
from idp.services import Services
from idp.store import activity as happened
from idp.web import paths
from idp.web.pages import gettext as _
from idp.web.pages import render_page
from idp.web.requests import shown_query

SHOWN_AT_ONCE = 30
MOST_DIGITS = 18

blueprint = Blueprint("activity", __name__)


@dataclass(frozen=True, slots=True, repr=False)
class Happening:
    """One event in words: `name` is what the person called the thing that it is about, `where` a device and network."""

    at: str
    what: str
    name: str
    where: str


@blueprint.get(paths.ACTIVITY)
@for_viewer
def activity(services: Services, person: Viewer) -> Response:
    """Show what happened, the newest first; `before` in the address is the number of the last one seen."""
    before = shown_query(request).get("before", "")
    is_number = before.isascii() and before.isdigit() and len(before) <= MOST_DIGITS
    with services.database.autocommit() as connection:
        found = happened.latest(
            connection, services.sealer, person.account.id, SHOWN_AT_ONCE + 1, int(before) if is_number else None
        )
    shown = found[:SHOWN_AT_ONCE]
    happenings = [
        Happening(
            at=person.moment(entry.at),
            what=WORDS[Event(entry.kind)](),
            name=entry.details.get("name", ""),
            where=" · ".join(filter(None, (entry.seen.device, entry.seen.network))),
        )
        for entry in shown
        if entry.kind in WORDS
    ]
    older = str(shown[-1].id) if len(found) > len(shown) else ""
    return render_page("account/activity.html", happenings=happenings, older=older)


WORDS: Final[Mapping[Event, Callable[[], str]]] = {
    Event.SIGNED_IN: lambda: _("You signed in"),
    Event.NEW_DEVICE: lambda: _("You signed in on a new device"),
    Event.SIGN_IN_REFUSED: lambda: _("A sign-in was refused: it looked very unlike you"),
    Event.PASSKEY_ADDED: lambda: _("A passkey was added"),
    Event.PASSKEY_REMOVED: lambda: _("A passkey was removed"),
    Event.PASSKEY_REFUSED: lambda: _("A passkey was refused: there may be a copy of it"),
    Event.PASSWORD_CHANGED: lambda: _("The password was changed"),
    Event.AUTHENTICATOR_ADDED: lambda: _("An authenticator app was added"),
    Event.AUTHENTICATOR_REMOVED: lambda: _("The authenticator app was removed"),
    Event.RECOVERY_CODES_MADE: lambda: _("New recovery codes were made"),
    Event.RECOVERY_CODE_USED: lambda: _("A recovery code was used"),
    Event.RECOVERY_STARTED: lambda: _("Recovery was started"),
    Event.RECOVERY_CANCELLED: lambda: _("Recovery was cancelled"),
    Event.RECOVERED: lambda: _("The account was recovered"),
    Event.EMAIL_CHANGED: lambda: _("The e-mail address was changed"),
    Event.EMAIL_RESTORED: lambda: _("A change of the e-mail address was taken back"),
    Event.PHONE_CHANGED: lambda: _("The phone number was changed"),
    Event.PHONE_REMOVED: lambda: _("The phone number was removed"),
    Event.CONNECTION_ADDED: lambda: _("Another sign-in was connected"),
    Event.CONNECTION_REMOVED: lambda: _("Another sign-in was disconnected"),
    Event.SESSION_ENDED: lambda: _("A device was signed out"),
    Event.ALL_SESSIONS_ENDED: lambda: _("All other devices were signed out"),
    Event.PASSKEY_ACCOUNT_ON: lambda: _("The account was set to passkeys only"),
    Event.PASSKEY_ACCOUNT_OFF: lambda: _("Other ways to sign in were allowed again"),
    Event.CLOSING_STARTED: lambda: _("The account was closed"),
    Event.CLOSING_CANCELLED: lambda: _("The account was taken back"),
}
