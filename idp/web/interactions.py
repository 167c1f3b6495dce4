"""The request that a page works on, found by the page's `flow` and the browser's session."""

from http import HTTPStatus

from idp.services import Services
from idp.store import interactions
from idp.store.database import Connection
from idp.store.interactions import Interaction
from idp.web import paths
from idp.web.apps import shown_client
from idp.web.errors import PageError
from idp.web.pages import current_language, ensure_language
from idp.web.pages import gettext as _
from idp.web.responses import with_query
from idp.web.sessions import current_session


def require_interaction(services: Services, flow: str) -> Interaction:
    """Return the unfinished interaction of this browser that a page names.

    Raises:
        PageError: when it took too long, was finished before, or began in another browser.
    """
    interaction = find_interaction(services, flow)
    if interaction is None:
        raise _flow_over(services, flow)
    return interaction


def find_interaction(services: Services, flow: str) -> Interaction | None:
    """Return the unfinished interaction of this browser that a page names, or None: it goes on without any."""
    session = current_session(services)
    if session is None or not flow:
        return None
    with services.database.autocommit() as connection:
        interaction = services.interactions.find(connection, flow, session.id, services.now)
    return interaction if interaction is not None and interaction.finished_at is None else None


def finish_interaction(services: Services, connection: Connection, interaction: Interaction) -> None:
    """Write down that a request is answered, which it is only once.

    Raises:
        PageError: when it was answered a moment ago, in another tab or by a second click.
    """
    if not interactions.finish(connection, interaction.id, services.now):
        raise _flow_over(services, interaction.id)


def _flow_over(services: Services, flow: str) -> PageError:
    """Return the error for a request that nobody waits for any more, with the way to where it came from."""
    ensure_language(services)
    url, label = _start_again(services, flow)
    return PageError(
        "flow_over",
        _("This sign-in is over"),
        _("It took too long, was finished before, or began in another browser. Nothing is lost."),
        _("Go back to the app and sign in again."),
        status=HTTPStatus.BAD_REQUEST,
        continue_url=url,
        continue_label=label,
    )


def _start_again(services: Services, flow: str) -> tuple[str, str]:
    """Return where an app begins a sign-in by itself (OIDC Core 4), or its home; ours where it has told neither."""
    with services.database.autocommit() as connection:
        client_id = services.interactions.client_of(connection, flow) if flow.isascii() and flow.isprintable() else ""
    client = services.find_client(client_id)
    if client is None:
        return paths.HOME, ""
    begins = client.initiate_login_uri
    shown = shown_client(client, current_language())
    url = with_query(begins, {"iss": services.settings.issuer}) if begins else shown.homepage
    return (url, _("Start again in %(app)s") % {"app": shown.name}) if url else (paths.HOME, "")
