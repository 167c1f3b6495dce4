"""Asking for a way back into an account that has passkeys only, by a recovery code (see `idp.recovery`).

The answer is the same, to the letter and in the work that it takes, for a code that is wrong, an address that nobody
has and an account that is not recovered so.
"""

from http import HTTPStatus

from flask import Blueprint, Response, request

from idp import recovery
from idp.login.throttle import Throttle
from idp.protocol.parameters import Parameters
from idp.services import Services, current_services
from idp.store import recovery_codes
from idp.web import paths
from idp.web.devices import known_device
from idp.web.errors import expired_page
from idp.web.pages import gettext as _
from idp.web.pages import render_page, settle_language
from idp.web.requests import client_network, read_form, read_query, seen_from
from idp.web.sessions import csrf_matches, csrf_token

NOBODY = ""

blueprint = Blueprint("recovery", __name__)


@blueprint.get(paths.RECOVERY)
def recovery_page() -> Response:
    """Ask for the address and a recovery code."""
    services = current_services()
    settle_language(services)
    return _page(services, read_query(request))


@blueprint.post(paths.RECOVERY)
def begin_recovery() -> Response:
    """Begin the recovery, and say when it goes on."""
    services = current_services()
    form = read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.RECOVERY)
    settle_language(services)
    network = client_network(request, services.settings.trusted_proxies)
    login_key = services.accounts.login_key(form.get("username", ""))
    if not Throttle(services, login_key, network, known_device(services, login_key)).admit():
        sentence = _("Too many tries from here. Wait a quarter of an hour, then try again.")
        return _page(services, form, error=sentence, status=HTTPStatus.TOO_MANY_REQUESTS)
    if not _begin(services, form):
        sentence = _("The e-mail address or the code is not right, or the account has other ways to sign in.")
        return _page(services, form, error=sentence, status=HTTPStatus.UNAUTHORIZED)
    return _page(services, form, days=services.settings.recovery.waiting_days)


def _begin(services: Services, form: Parameters) -> bool:
    """Use the code up and begin, or nothing of it."""
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, form.get("username", ""))
        of = account.id if account is not None and recovery.can_begin(account) else NOBODY
        is_right = recovery_codes.use(connection, of, form.get("code", ""), services.now)
        if is_right and account is not None:
            recovery.begin(services, connection, account, seen_from(services, request))
    return is_right


def _page(
    services: Services,
    sent: Parameters,
    *,
    days: int | None = None,
    error: str | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    return render_page(
        "recovery.html",
        status=status,
        csrf=csrf_token(services),
        flow=sent.get("flow", ""),
        username=sent.get("username", "")[:320],
        days=days,
        error=error,
    )
