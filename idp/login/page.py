"""The sign-in page, which every way of signing in begins at."""

from http import HTTPStatus

from flask import Response

from idp.protocol.authentication import ACR_PHISHING_RESISTANT, ACR_TWO_FACTORS, AskedLevels
from idp.protocol.parameters import Parameters
from idp.services import Services
from idp.store.interactions import Interaction
from idp.web import paths
from idp.web.apps import shown_client
from idp.web.interactions import require_interaction
from idp.web.known_accounts import known_accounts
from idp.web.pages import current_language, form_target, render_page, settle_language
from idp.web.pages import gettext as _
from idp.web.sessions import csrf_token, ensure_session
from idp.web.upstreams import shown_upstreams, upstream_targets


def waiting_interaction(services: Services, flow: str) -> Interaction | None:
    """Return the request that waits for this sign-in, or None for somebody who comes to sign in without any.

    Raises:
        PageError: when the request is over: nobody should type a password first and be told so afterwards.
    """
    interaction = require_interaction(services, flow) if flow else None
    settle_language(services, interaction.parameters.get("ui_locales") if interaction else None)
    return interaction


def sign_in_page(
    services: Services,
    interaction: Interaction | None,
    sent: Parameters,
    *,
    username: str,
    error: str | None = None,
    problem: str | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    """Show the page, with what the browser is asked for a passkey: a challenge of its own each time.

    `error` is what is wrong with what was typed, `problem` why another way of signing in led back here.
    """
    client = services.find_client(interaction.client_id) if interaction else None
    app = (form_target(interaction.redirect_uri),) if interaction else ()
    return render_page(
        "sign_in.html",
        status=status,
        form_targets=(*app, *upstream_targets(services)),
        csrf=csrf_token(services),
        flow=sent.get("flow", ""),
        onward=paths.own_page(sent.get("next", "")),
        client=shown_client(client, current_language()) if client else None,
        username=username,
        wanted=_wanted(interaction.levels) if interaction else None,
        error=error,
        problem=problem,
        upstreams=shown_upstreams(services),
        passkey_options=_passkey_options(services),
        is_known=bool(username) and any(username in account.names for account in known_accounts(services)),
        takes_sign_ups=services.settings.sign_up.open,
    )


def _wanted(asked: AskedLevels) -> str | None:
    """Return what to say of a request that asks for a passkey, so that nobody types a password in vain."""
    if asked.essential and not asked.are_met_by(ACR_TWO_FACTORS) and asked.are_met_by(ACR_PHISHING_RESISTANT):
        return _("This needs your passkey. A password is not enough here.")
    if ACR_PHISHING_RESISTANT in asked.wished:
        return _("If you have a passkey, please use it.")
    return None


def _passkey_options(services: Services) -> str:
    if not services.passkey_ceremonies.are_possible:
        return ""
    return services.passkey_ceremonies.ask_to_sign_in(ensure_session(services).id, services.now)
