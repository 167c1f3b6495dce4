"""The request that a page works on, found by the page's `flow` and the browser's session."""

from http import HTTPStatus

from idp.services import Services
from idp.store import interactions
from idp.store.database import Connection
from idp.store.interactions import Interaction
from idp.web import paths
from idp.web.errors import PageError
from idp.web.pages import ensure_language
from idp.web.pages import gettext as _
from idp.web.sessions import current_session


def require_interaction(services: Services, flow: str) -> Interaction:
    """Return the unfinished interaction of this browser that a page names.

    Raises:
        PageError: when it took too long, was finished before, or began in another browser.
    """
    interaction = find_interaction(services, flow)
    if interaction is None:
        raise _flow_over(services)
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
        raise _flow_over(services)


def _flow_over(services: Services) -> PageError:
    """Return the error for a request that nobody waits for any more."""
    ensure_language(services)
    return PageError(
        "flow_over",
        _("This sign-in is over"),
        _("It took too long, was finished before, or began in another browser. Nothing is lost."),
        _("Go back to the app and sign in again."),
        status=HTTPStatus.BAD_REQUEST,
        continue_url=paths.HOME,
    )
