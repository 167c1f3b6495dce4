"""The end of a recovery: by the link in the letter somebody makes a new passkey once the waiting is over, or cancels.

Following the link changes nothing: programs that scan mail follow it too.
"""

from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, Response, request

from idp import recovery
from idp.completion import complete
from idp.data_sharing.people import zone
from idp.passkeys import PRODUCT, Refused, amr_of, one_line
from idp.protocol.activity import Event
from idp.protocol.parameters import Parameters
from idp.services import Services, current_services
from idp.store import recoveries
from idp.store.accounts import Account
from idp.store.passkeys import Passkey
from idp.store.recoveries import Recovery
from idp.web import paths
from idp.web.errors import PageError, expired_page
from idp.web.i18n import format_moment
from idp.web.pages import gettext as _
from idp.web.pages import render_page, settle_language
from idp.web.requests import read_form, seen_from
from idp.web.responses import see_other
from idp.web.sessions import csrf_matches, csrf_token, ensure_session, signed_in_account

blueprint = Blueprint("recovered", __name__)


@blueprint.get(paths.RECOVERY_LINK)
def recovery_link(secret: str) -> Response:
    """Show how the recovery stands."""
    return _page(current_services(), secret)


@blueprint.post(paths.RECOVERY_LINK)
def go_on(secret: str) -> Response:
    """Cancel the recovery, or make the passkey that it is for."""
    services = current_services()
    settle_language(services)
    form = read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(request.path)
    found, account, may_go_on = _found(services, secret)
    if form.get("action") == "cancel":
        with services.database.transaction() as connection:
            recovery.cancel(services, connection, account.id, seen_from(services, request))
        return render_page("recovery_cancelled.html")
    if not may_go_on or not found.is_open(services.now):
        return _page(services, secret, status=HTTPStatus.FORBIDDEN)
    return _recover(services, secret, found, account, form)


def _recover(services: Services, secret: str, found: Recovery, account: Account, form: Parameters) -> Response:
    """Use the recovery up for a new passkey, end whatever was open, and sign its owner in."""
    here = signed_in_account(services)
    if here is not None and here.id == account.id:
        return see_other(paths.PASSKEYS)  # who is in makes another one there, and needs no recovery
    name = one_line(form.get("name", "")) or _("Passkey")
    made = services.passkey_ceremonies.check_enrolment(
        ensure_session(services).id, account.id, form.get("answer", ""), name, services.now
    )
    if isinstance(made, Refused):
        sentence = _("No passkey was made: what the device sent could not be used. Try again, or with another device.")
        return _page(services, secret, error=sentence, status=HTTPStatus.BAD_REQUEST)
    _spend(services, found, made)
    return complete(services, account, amr_of(made), None, paths.PASSKEYS)


def _spend(services: Services, found: Recovery, made: Passkey) -> None:
    """Use the recovery up and do all that it is for, or nothing of it.

    Raises:
        PageError: when it was used or cancelled a moment ago, or somebody has this passkey already.
    """
    now = services.now
    with services.database.transaction() as connection:
        services.accounts.hold(connection, made.account_id)
        if not recoveries.use(connection, found.id, now) or not services.passkeys.add(connection, made):
            raise _over()
        services.session_end.end_all(connection, made.account_id, now)
        services.activity.note(connection, made.account_id, Event.RECOVERED, seen_from(services, request), now)


def _found(services: Services, secret: str) -> tuple[Recovery, Account, bool]:
    """Return the recovery of a link, whose it is, and whether the link goes on with it or only cancels.

    Raises:
        PageError: when it was used or cancelled, or its time is over.
    """
    with services.database.autocommit() as connection:
        found = recoveries.find(connection, secret, services.now)
        account = services.accounts.find(connection, found[0].account_id) if found is not None else None
    if found is None or account is None or not account.is_active:
        raise _over()
    return found[0], account, found[1]


def _page(services: Services, secret: str, *, error: str | None = None, status: int = HTTPStatus.OK) -> Response:
    language = settle_language(services)
    found, account, may_go_on = _found(services, secret)
    times = [datetime.fromtimestamp(at, zone(account)) for at in (found.started_at, found.opens_at)]
    started, opens = (format_moment(each, language) for each in times)
    options = ""
    if may_go_on and found.is_open(services.now) and services.passkey_ceremonies.are_possible:
        with services.database.autocommit() as connection:
            owned = services.passkeys.of_account(connection, account.id)
        session_id, person = ensure_session(services).id, account.called or PRODUCT
        options = services.passkey_ceremonies.ask_to_enrol(session_id, account.id, person, owned, services.now)
    return render_page(
        "recovery_link.html",
        status=status,
        csrf=csrf_token(services),
        address=request.path,
        person=account.called,
        started=started,
        opens=opens,
        may_go_on=may_go_on,
        is_open=found.is_open(services.now),
        options=options,
        suggested=seen_from(services, request).device or _("Passkey"),
        error=error,
    )


def _over() -> PageError:
    return PageError(
        "recovery_over",
        _("This link is over"),
        _("It was used or cancelled, or its time is over."),
        _("Sign in, or ask for a way back anew."),
        status=HTTPStatus.NOT_FOUND,
        continue_url=paths.LOGIN,
        continue_label=_("Sign in"),
    )
