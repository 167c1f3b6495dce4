"""The request that a page works on, found by the page's `flow` and the browser's session."""

from http import HTTPStatus

from idp.services import Services
from idp.store.interactions import Interaction
from idp.web.errors import PageError
from idp.web.pages import gettext as _
from idp.web.pages import settle_language
from idp.web.sessions import current_session


def current_interaction(services: Services, flow: str) -> Interaction | None:
    """Return the unfinished interaction of this browser that a page names, or None."""
    session = current_session(services)
    if session is None or not flow:
        return None
    with services.database.autocommit() as connection:
        interaction = services.interactions.find(connection, flow, session.id, services.now)
    return interaction if interaction is not None and interaction.finished_at is None else None


def require_interaction(services: Services, flow: str) -> Interaction:
    """Return the unfinished interaction of this browser that a page names.

    Raises:
        PageError: when it took too long, was finished before, or began in another browser.
    """
    interaction = current_interaction(services, flow)
    if interaction is None:
        settle_language(services)
        raise PageError(
            "flow_over",
            _("This sign-in is over"),
            _("It took too long, was finished before, or began in another browser. Nothing is lost."),
            _("Go back to the app and sign in again."),
            status=HTTPStatus.BAD_REQUEST,
        )
    return interaction
