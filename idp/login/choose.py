"""Which account goes on: one that is known in this browser, or another (OIDC Core 3.1.2.1, `select_account`)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from idp.completion import continuation
from idp.login.page import waiting_interaction
from idp.protocol.parameters import Parameters
from idp.services import Services, current_services
from idp.store import interactions
from idp.store.interactions import CHOSEN, Interaction
from idp.web import paths
from idp.web.apps import shown_client
from idp.web.errors import expired_page
from idp.web.known_accounts import forget, known_accounts
from idp.web.pages import current_language, form_target, render_page
from idp.web.requests import read_form, read_query
from idp.web.responses import see_other
from idp.web.sessions import csrf_matches, csrf_token, signed_in_account

NOBODY = "new"
"""Chosen by whoever is none of those that are known here."""

blueprint = Blueprint("choose", __name__)


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """An account that was used in this browser."""

    id: str
    name: str
    is_signed_in: bool


@blueprint.get(paths.CHOOSE_ACCOUNT)
def choices() -> Response:
    """Show who was signed in in this browser."""
    services = current_services()
    query = read_query(request)
    interaction = waiting_interaction(services, query.get("flow", ""))
    here = signed_in_account(services)
    known = [
        Known(account.id, account.called or "", here is not None and here.id == account.id)
        for account in known_accounts(services)
    ]
    if not known:
        return see_other(sign_in_as(NOBODY, query))
    client = services.find_client(interaction.client_id) if interaction else None
    return render_page(
        "choose_account.html",
        form_targets=(form_target(interaction.redirect_uri),) if interaction else (),
        csrf=csrf_token(services),
        flow=query.get("flow", ""),
        onward=paths.own_page(query.get("next", "")),
        client=shown_client(client, current_language()) if client else None,
        known=known,
    )


@blueprint.post(paths.CHOOSE_ACCOUNT)
def choose() -> Response:
    """Go on as who is signed in, to the sign-in of another, or forget one in this browser."""
    services = current_services()
    form = read_form(request)
    flow = form.get("flow", "")
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(continuation(flow) if flow else paths.CHOOSE_ACCOUNT)
    interaction = waiting_interaction(services, flow)
    if "forget" in form:
        forget(services, form["forget"])
        return see_other(_with_flow(paths.CHOOSE_ACCOUNT, form))
    here = signed_in_account(services)
    if here is not None and here.id == form.get("account", ""):
        return _go_on(services, interaction, form)
    return see_other(sign_in_as(form.get("account", NOBODY), form))


def sign_in_as(account_id: str, sent: Parameters) -> str:
    """Return where somebody signs in as an account that is known here."""
    return _with_flow(paths.LOGIN, sent, account=account_id)


def _go_on(services: Services, interaction: Interaction | None, form: Parameters) -> Response:
    """Go on as who is signed in; whether that sign-in is good enough for the app is decided where the app waits."""
    if interaction is None:
        return see_other(paths.own_page(form.get("next", "")) or paths.HOME)
    with services.database.transaction() as connection:
        interactions.note_decision(connection, interaction.id, CHOSEN)
    return see_other(continuation(interaction.id))


def _with_flow(path: str, sent: Parameters, **more: str) -> str:
    kept = {name: sent[name] for name in ("flow", "next") if name in sent}
    query = {**kept, **more}
    return f"{path}?{urlencode(query)}" if query else path
