"""The page where a person changes their password, knowing the one they have, or sets a first one.

Whose account another provider or a passkey opened so far has none to know: that they signed in just now, with every
factor that the account has, is the proof. An account that passkeys alone open gets none.
"""

from http import HTTPStatus

from flask import Blueprint, Response, request

from idp.account.notices import noticed
from idp.account.viewer import Viewer, for_recent_viewer
from idp.protocol.activity import Event
from idp.services import Services
from idp.store import attempts, mail_proofs, sessions
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import gettext as _
from idp.web.pages import render_page
from idp.web.passwords import refusal
from idp.web.requests import read_form, seen_from
from idp.web.sessions import csrf_matches, csrf_token, current_session

blueprint = Blueprint("own_password", __name__)


@blueprint.get(paths.PASSWORD)
@for_recent_viewer
def password_page(services: Services, person: Viewer) -> Response:
    """Show the form, unless passkeys alone open the account."""
    return _page(services, person)


@blueprint.post(paths.PASSWORD)
@for_recent_viewer
def change_password(services: Services, person: Viewer) -> Response:
    """Change the password or set the first one, and end the other sessions where the person wants that."""
    form = read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.PASSWORD)
    if person.account.has_passkeys_only:
        return noticed(paths.WAYS, "unchanged")
    had_one = bool(person.account.password_hash)
    refused = _refused(services, person, form.get("current", "")) if had_one else None
    if refused is not None:
        return refused
    password, ends_others = form.get("password", ""), form.get("others", "") == "end"
    weakness = services.password_rules.weakness(password, person.account.called or "")
    if weakness is not None:
        sentence = refusal(weakness, services.password_rules.least_characters)
        return _page(services, person, error=sentence, status=HTTPStatus.BAD_REQUEST)
    if not _change(services, person, services.passwords.hash(password), ends_others=ends_others):
        return noticed(paths.WAYS, "unchanged")
    return noticed(paths.WAYS, "password_changed" if had_one else "password_set")


def _refused(services: Services, person: Viewer, current: str) -> Response | None:
    """Return the page that says why the password in force was not proved, or None where it was."""
    if not _may_try(services, person):
        sentence = _("Too many tries from here. Wait a quarter of an hour, then try again.")
        return _page(services, person, wrong=sentence, status=HTTPStatus.TOO_MANY_REQUESTS)
    if not services.passwords.verify(person.account.password_hash, current):
        sentence = _("That is not your password. Nothing was changed.")
        return _page(services, person, wrong=sentence, status=HTTPStatus.UNAUTHORIZED)
    with services.database.autocommit() as connection:
        attempts.forget(connection, _window(services, person))
    return None


def _change(services: Services, person: Viewer, password_hash: str, *, ends_others: bool) -> bool:
    """Put a password in place of the one that was proved just now, or of none; false when it is not so any more."""
    account_id, now, here = person.account.id, services.now, current_session(services)
    with services.database.transaction() as connection:
        account = services.accounts.hold(connection, account_id)
        if account is None or here is None or account.password_hash != person.account.password_hash:
            return False
        if not services.accounts.change_password(connection, account_id, password_hash, now):
            return False
        mail_proofs.forget_account(connection, account_id)
        if ends_others:
            for sid in sessions.end_others(connection, account_id, here.id):
                services.session_end.end(connection, sid, account_id, now)
        services.activity.note(connection, account_id, Event.PASSWORD_CHANGED, seen_from(services, request), now)
    return True


def _may_try(services: Services, person: Viewer) -> bool:
    """Count a try at the password that the person has. Only who is signed in fills this window (ASVS 6.3.1)."""
    limits = services.settings.sign_in
    with services.database.autocommit() as connection:
        count = attempts.count_one(connection, _window(services, person), services.now, limits.window)
    return count <= limits.failures_per_device


def _window(services: Services, person: Viewer) -> bytes:
    return services.sealer.index("attempts own password", person.account.id)


def _page(
    services: Services,
    person: Viewer,
    *,
    wrong: str | None = None,
    error: str | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    return render_page(
        "account/password.html",
        status=status,
        csrf=csrf_token(services),
        has_password=bool(person.account.password_hash),
        may_have_one=not person.account.has_passkeys_only,
        address=person.account.called or "",
        least=services.password_rules.least_characters,
        wrong=wrong,
        error=error,
    )
