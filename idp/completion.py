"""Where every way of signing in ends: password, passkey, another provider, recovery."""

from http import HTTPStatus
from urllib.parse import urlencode

from flask import Response

from idp.protocol.authentication import ACR_PHISHING_RESISTANT, acr_of
from idp.services import Services
from idp.store import interactions
from idp.store.accounts import Account
from idp.store.interactions import Interaction
from idp.web import paths
from idp.web.errors import PageError
from idp.web.pages import gettext as _
from idp.web.responses import see_other, with_query
from idp.web.sessions import sign_in


def complete(
    services: Services, account: Account, amr: tuple[str, ...], interaction: Interaction | None, onward: str = ""
) -> Response:
    """Sign somebody in who has proved by `amr` (RFC 8176) who they are, and lead on.

    `onward` is the page of their own that they were on their way to, where no app waits: see `paths.own_page`.

    Raises:
        PageError: when nothing but a passkey opens the account, and this was something else.
    """
    if account.has_passkeys_only and acr_of(amr) != ACR_PHISHING_RESISTANT:
        raise _passkeys_only()
    session = sign_in(services, account.id, amr)
    if interaction is not None:
        with services.database.transaction() as connection:
            interactions.note_sign_in(connection, interaction.id, session.id, services.now)
        onward = continuation(interaction.id)
    if account.is_closing:
        flow = {"flow": interaction.id} if interaction is not None else {}
        return see_other(with_query(paths.COME_BACK, flow) if flow else paths.COME_BACK)
    return see_other(onward or paths.HOME)


def continuation(flow: str) -> str:
    """Return where a request goes on, whatever it waits for by now."""
    return f"{paths.CONTINUE}?{urlencode({'flow': flow})}"


def _passkeys_only() -> PageError:
    return PageError(
        "passkeys_only",
        _("This account opens by passkeys only"),
        _("Its owner decided so. Nothing was changed."),
        _("Sign in with one of your passkeys."),
        status=HTTPStatus.FORBIDDEN,
        continue_url=paths.LOGIN,
        continue_label=_("Sign in"),
    )
