"""The page where a person proves a phone number, by a code in a text message, or takes theirs away.

A proved number is told of what happens to the account, besides mail. It proves nobody when they sign in: whoever has
the number moved to a card of theirs would be in (NIST SP 800-63B-4 3.1.3.3).
"""

from http import HTTPStatus

from flask import Blueprint, Response, request

from idp.account.notices import notice, noticed
from idp.account.viewer import Viewer, for_recent_viewer
from idp.activity import proved_numbers
from idp.mailed_proof import begin, link_over, opened
from idp.protocol.activity import Event
from idp.protocol.phone import phone_number
from idp.services import Services
from idp.store.database import Connection
from idp.store.mail_proofs import ProofKind
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import gettext as _
from idp.web.pages import render_page
from idp.web.requests import read_form, read_query, seen_from
from idp.web.sessions import csrf_matches, csrf_token

KIND = ProofKind.NEW_PHONE

blueprint = Blueprint("own_phone", __name__)


@blueprint.get(paths.PHONE)
@for_recent_viewer
def phone_page(services: Services, person: Viewer) -> Response:
    """Show the number that the account has, and ask for another one."""
    return _page(services, person)


@blueprint.post(paths.PHONE)
@for_recent_viewer
def change_phone(services: Services, person: Viewer) -> Response:
    """Send a code to a new number, or take the number away."""
    form = read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.PHONE)
    if form.get("action") == "remove":
        with services.database.transaction() as connection:
            removed = _put(services, connection, person.account.id, None)
        return noticed(paths.PHONE, "phone_removed" if removed else "unchanged")
    typed = form.get("phone", "")
    number = phone_number(typed)
    if not services.mailer.can_text:
        return noticed(paths.PHONE, "unchanged")
    if not number:
        return _page(services, person, typed, _("Write the number with its country code, such as +81 90 1234 5678."))
    return begin(services, KIND, number, "phone_code", account_id=person.account.id)


@blueprint.get(paths.PHONE_FINISH)
@for_recent_viewer
def finish_page(services: Services, person: Viewer) -> Response:
    """Ask whether the number is to count."""
    secret = read_query(request).get("token", "")
    proof = opened(services, KIND, secret)
    if proof.account_id != person.account.id:
        raise link_over(services, KIND)
    return render_page("account/phone_finish.html", csrf=csrf_token(services), token=secret, number=proof.address)


@blueprint.post(paths.PHONE_FINISH)
@for_recent_viewer
def finish(services: Services, person: Viewer) -> Response:
    """Let the number count, and tell every channel, the number before it too."""
    form = read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.PHONE)
    with services.database.transaction() as connection:
        account = services.accounts.hold(connection, person.account.id)
        proof = services.mail_proofs.take(connection, KIND, form.get("token", ""), services.now)
        if account is None or proof is None or proof.account_id != account.id:
            raise link_over(services, KIND)
        _put(services, connection, account.id, proof.address)
    return noticed(paths.PHONE, "phone_changed")


def _put(services: Services, connection: Connection, account_id: str, number: str | None) -> bool:
    """Put a proved number in place of the one that there is, or none; false where there is none to take away."""
    account = services.accounts.hold(connection, account_id)
    if account is None or (number is None and "phone_number" not in account.profile):
        return False
    services.accounts.change_phone(connection, account_id, number or "", services.now)
    event = Event.PHONE_REMOVED if number is None else Event.PHONE_CHANGED
    seen, before = seen_from(services, request), proved_numbers(account)
    services.activity.note(connection, account_id, event, seen, services.now, also_to=before)
    return True


def _page(services: Services, person: Viewer, typed: str = "", error: str | None = None) -> Response:
    number = person.account.profile.get("phone_number")
    return render_page(
        "account/phone.html",
        status=HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK,
        csrf=csrf_token(services),
        notice=notice(request),
        number=number if isinstance(number, str) else "",
        is_proved=bool(proved_numbers(person.account)),
        is_offered=services.mailer.can_text,
        typed=typed[:40],
        error=error,
    )
