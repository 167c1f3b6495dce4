"""The page that asks for a second factor, once the first is proved; it keeps the request that waits."""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from idp.completion import continuation, finish
from idp.login.factors import Factor, masked_address, methods, offered, prove, send_code
from idp.login.page import waiting_interaction
from idp.login.throttle import CODES, MAILS, Throttle
from idp.protocol.parameters import Parameters
from idp.services import Services, current_services
from idp.store import pending_sign_ins
from idp.store.accounts import Account
from idp.store.interactions import Interaction
from idp.store.pending_sign_ins import PendingSignIn
from idp.web import paths
from idp.web.apps import shown_client
from idp.web.devices import known_device
from idp.web.errors import expired_page
from idp.web.pages import current_language, form_target, render_page
from idp.web.pages import gettext as _
from idp.web.requests import client_network, read_form, read_query, seen_from
from idp.web.responses import see_other
from idp.web.sessions import csrf_matches, csrf_token, current_session

blueprint = Blueprint("second_factor", __name__)


@blueprint.get(paths.SECOND_FACTOR)
def second_factor_page() -> Response:
    """Ask for a code."""
    services, query = current_services(), read_query(request)
    waiting = _waiting(services, query)
    return _lead_back(query) if waiting is None else _page(services, waiting, query)


@blueprint.post(paths.SECOND_FACTOR)
def second_factor() -> Response:
    """Take a code, or send one."""
    services, form = current_services(), read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(_way_back(form))
    waiting = _waiting(services, form)
    if waiting is None:
        return _lead_back(form)
    if form.get("action") == "send":
        return _send(services, waiting, form)
    return _try(services, waiting, form)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sign-in that waits for its second factor, whose it is, and the request that it is for, if it is for one."""

    pending: PendingSignIn
    account: Account
    interaction: Interaction | None


def _waiting(services: Services, sent: Parameters) -> Waiting | None:
    """Return the sign-in of this browser that a page is about; None where it is over.

    Raises:
        PageError: when the request that it is for is over.
    """
    session = current_session(services)
    if session is None:
        return None
    with services.database.autocommit() as connection:
        pending = pending_sign_ins.find(connection, session.id, sent.get("flow", ""), services.now)
        account = services.accounts.find(connection, pending.account_id) if pending is not None else None
    if pending is None or account is None or not account.may_sign_in:
        return None
    return Waiting(pending, account, waiting_interaction(services, pending.flow))


def _way_back(sent: Parameters) -> str:
    """Return where somebody goes on whose sign-in is over: to the request, which asks for what it needs; or anew."""
    return continuation(sent["flow"]) if sent.get("flow") else paths.LOGIN


def _lead_back(sent: Parameters) -> Response:
    return see_other(_way_back(sent))


def _try(services: Services, waiting: Waiting, form: Parameters) -> Response:
    """Check the limits, then the code, then sign in."""
    pending, account = waiting.pending, waiting.account
    throttle = _throttle(services, account, CODES)
    if not throttle.admit():
        return _too_many(services, waiting, form)
    seen = seen_from(services, request)
    with services.database.transaction() as connection:
        factor = _chosen(offered(connection, pending), form)
        right = factor is not None and prove(services, connection, pending, factor, form.get("code", ""), seen)
        taken = right and pending_sign_ins.take(connection, pending.id, services.now)
    if not right or factor is None:
        return _page(services, waiting, form, error=_wrong(factor), status=HTTPStatus.UNAUTHORIZED)
    if not taken:
        return _lead_back(form)
    throttle.forgive()
    return finish(services, account, methods(pending, factor), pending.flow, pending.onward)


def _send(services: Services, waiting: Waiting, form: Parameters) -> Response:
    """Send a code by mail where that would do, within the limits on mail."""
    pending, account = waiting.pending, waiting.account
    if not _throttle(services, account, MAILS).admit():
        return _too_many(services, waiting, form)
    with services.database.transaction() as connection:
        if Factor.MAIL in offered(connection, pending):
            send_code(services, connection, pending, account)
    return see_other(_address(pending, Factor.MAIL))


def _throttle(services: Services, account: Account, of: str) -> Throttle:
    network = client_network(request, services.settings.trusted_proxies)
    return Throttle(services, account.login_key, network, known_device(services, account.login_key), of)


def _chosen(among: tuple[Factor, ...], sent: Parameters) -> Factor | None:
    """Return the factor that a page is about: the one it names, or the usual one."""
    named = sent.get("factor")
    return next((factor for factor in among if named in (None, factor)), None)


def _wrong(factor: Factor | None) -> str:
    match factor:
        case Factor.RECOVERY_CODE:
            return _("This is none of the recovery codes that you have left. Check it and try again.")
        case Factor.MAIL:
            return _("The code is not right, or too old. Check the newest mail, or have another code sent.")
        case _:
            return _("The code is not right, or was used before. Wait for the next one and try again.")


def _too_many(services: Services, waiting: Waiting, form: Parameters) -> Response:
    sentence = _("Too many tries from here. Wait a quarter of an hour, then try again.")
    return _page(services, waiting, form, error=sentence, status=HTTPStatus.TOO_MANY_REQUESTS)


def _address(pending: PendingSignIn, factor: Factor) -> str:
    return f"{paths.SECOND_FACTOR}?{urlencode({'flow': pending.flow, 'factor': factor})}"


def _page(
    services: Services,
    waiting: Waiting,
    sent: Parameters,
    *,
    error: str | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    pending, interaction = waiting.pending, waiting.interaction
    client = services.find_client(interaction.client_id) if interaction else None
    with services.database.autocommit() as connection:
        among = offered(connection, pending)
    factor = _chosen(among, sent) or next(iter(among), None)
    return render_page(
        "second_factor.html",
        status=status,
        form_targets=(form_target(interaction.redirect_uri),) if interaction else (),
        csrf=csrf_token(services),
        flow=pending.flow,
        client=shown_client(client, current_language()) if client else None,
        factor=factor,
        others=[(other, _address(pending, other)) for other in among if other is not factor],
        address=masked_address(waiting.account),
        is_sent=pending.mailed_until > services.now,
        error=error,
    )
