"""Signing in with a passkey, which the sign-in page asks the browser for (WebAuthn 7.2)."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import Blueprint, Response, request

from idp import recovery
from idp.completion import complete, continuation
from idp.login.page import sign_in_page, waiting_interaction
from idp.passkeys import Refusal, Refused, amr_of
from idp.protocol.activity import Event
from idp.services import Services, current_services
from idp.store.passkeys import Passkey
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import gettext as _
from idp.web.requests import read_form, seen_from
from idp.web.sessions import csrf_matches, ensure_session

blueprint = Blueprint("passkey_sign_in", __name__)

_SENTENCES: Mapping[Refusal, Callable[[], str]] = {
    Refusal.STALE: lambda: _("That took too long, or was sent twice. Try again."),
    Refusal.FALSE: lambda: _("That passkey did not work. Try again, or sign in another way."),
    Refusal.UNKNOWN: lambda: _("That passkey opens no account here. Delete it from your device, and use another one."),
    Refusal.COPIED: lambda: _(
        "That passkey was refused for your safety: somebody may have a copy of it. Sign in another way and remove it."
    ),
}


@blueprint.post(paths.PASSKEY_SIGN_IN)
def sign_in_with_passkey() -> Response:
    """Check what the browser's passkey signed, and sign its owner in."""
    services = current_services()
    form = read_form(request)
    flow, onward = form.get("flow", ""), form.get("next", "")
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(continuation(flow) if flow else paths.sign_in_for(onward))
    interaction = waiting_interaction(services, flow)
    found = services.passkey_ceremonies.check_sign_in(ensure_session(services).id, form.get("answer", ""), services.now)
    if isinstance(found, Refused):
        if found.passkey is not None:
            _note_refusal(services, found.passkey)
        sentence = _SENTENCES[found.why]()
        return sign_in_page(services, interaction, form, username="", error=sentence, status=HTTPStatus.UNAUTHORIZED)
    with services.database.autocommit() as connection:
        account = services.accounts.find(connection, found.account_id)
    if account is None or not account.may_sign_in:
        sentence = _SENTENCES[Refusal.UNKNOWN]()
        return sign_in_page(services, interaction, form, username="", error=sentence, status=HTTPStatus.UNAUTHORIZED)
    if account.has_passkeys_only:
        with services.database.transaction() as connection:  # whoever has a passkey needs no way back, or is warned
            recovery.cancel(services, connection, account.id, seen_from(services, request))
    return complete(services, account, amr_of(found), interaction, paths.own_page(onward))


def _note_refusal(services: Services, passkey: Passkey) -> None:
    """Tell its owner that there may be a copy of a key (WebAuthn 7.2 step 22)."""
    with services.database.transaction() as connection:
        seen = seen_from(services, request)
        services.activity.note(
            connection, passkey.account_id, Event.PASSKEY_REFUSED, seen, services.now, name=passkey.name
        )
