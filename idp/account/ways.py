"""The list of ways to sign in: what this person has, and where each is added, changed or taken away."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from idp.account.notices import notice
from idp.account.viewer import Viewer, for_viewer
from idp.services import Services
from idp.store import authenticators, recovery_codes
from idp.store.database import Connection
from idp.web import paths
from idp.web.pages import gettext as _
from idp.web.pages import render_page
from idp.web.upstreams import upstream_label

blueprint = Blueprint("ways", __name__)


@dataclass(frozen=True, slots=True)
class Way:
    """One line: a way to sign in, how it stands, and the page where it is looked after."""

    id: str
    title: str
    state: str
    url: str | None


@blueprint.get(paths.WAYS)
@for_viewer
def ways(services: Services, person: Viewer) -> Response:
    """Show how this person can sign in."""
    with services.database.autocommit() as connection:
        found = _ways(services, connection, person)
    return render_page("account/ways.html", notice=notice(request), ways=found)


def _ways(services: Services, connection: Connection, person: Viewer) -> list[Way]:
    """Return a line for each kind there is, the strongest first; what is not set up says so."""
    account_id, has_password = person.account.id, bool(person.account.password_hash)
    has_app, codes_left = authenticators.is_on(connection, account_id), recovery_codes.left(connection, account_id)
    names = [passkey.name for passkey in services.passkeys.of_account(connection, account_id)]
    return [
        Way("passkeys", _("Passkeys"), " · ".join(names) or _("Not set"), paths.PASSKEYS),
        *_connections(services, connection, person),
        Way("password", _("Password"), _("Set") if has_password else _("Not set"), paths.PASSWORD),
        Way(
            "authenticator",
            _("Authenticator app"),
            _("Asked for after the password") if has_app else _("Not set"),
            paths.AUTHENTICATOR,
        ),
        Way(
            "recovery-codes",
            _("Recovery codes"),
            _("Codes left: %(count)s") % {"count": codes_left} if codes_left else _("Not set"),
            paths.RECOVERY_CODES,
        ),
    ]


def _connections(services: Services, connection: Connection, person: Viewer) -> list[Way]:
    """Return the line of accounts elsewhere, where there are such that could be connected, or are."""
    links = services.upstream_links.of_account(connection, person.account.id)
    if not links and not services.settings.upstream:
        return []
    names = dict.fromkeys(upstream_label(services, link.provider) for link in links)
    return [
        Way("connections", _("Connections"), " · ".join(names) or _("Nothing is connected yet."), paths.CONNECTIONS)
    ]
