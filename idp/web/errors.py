"""The one error renderer: JSON for machines, pages for people; never a stack trace and never the input.

The log gets the private detail and a reference that the page shows too, so that support can find one by the other.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from idp.protocol.errors import OAuthError, temporarily_unavailable
from idp.protocol.secrets import new_identifier
from idp.services import current_services
from idp.store.database import DatabaseUnavailableError
from idp.web import paths
from idp.web.pages import ensure_language, render_page
from idp.web.pages import gettext as _
from idp.web.responses import json_error

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = "1"
SERVER_ERROR = 500


class PageError(Exception):
    """Something that a person is told on a page, with a way on."""

    def __init__(
        self,
        code: str,
        title: str,
        sentence: str,
        next_step: str,
        *,
        status: int,
        continue_url: str = "",
        continue_label: str = "",
        detail: str = "",
    ) -> None:
        """Take sentences in the page's language, but for `detail`: English, for those who run the app."""
        super().__init__(code)
        self.code = code
        self.title = title
        self.sentence = sentence
        self.next_step = next_step
        self.status = status
        self.continue_url = continue_url
        self.continue_label = continue_label
        self.detail = detail


def expired_page(continue_url: str) -> PageError:
    """Return the error for a form that came from an old page or from another site (CSRF)."""
    ensure_language(current_services())
    return PageError(
        "page_expired",
        _("This page is too old"),
        _("Nothing was changed. The page was open for too long, or was opened in another window."),
        _("Go back and try again."),
        status=HTTPStatus.FORBIDDEN,
        continue_url=continue_url,
    )


def install_error_handlers(app: Flask) -> None:
    """Render every error that leaves a route."""
    app.register_error_handler(OAuthError, _on_oauth_error)
    app.register_error_handler(PageError, _on_page_error)
    app.register_error_handler(HTTPException, _on_http_exception)
    app.register_error_handler(DatabaseUnavailableError, _on_database_unavailable)
    app.register_error_handler(Exception, _on_bug)


def _what_was_asked() -> str:
    """Return method and path for the log: in one line, whatever bytes they hold."""
    return f"{request.method} {request.path}".encode("unicode_escape").decode("ascii")


def _on_oauth_error(error: OAuthError) -> Response:
    reference = new_identifier(current_services().random)[:8]
    log.info("%s %s: %s %s", reference, _what_was_asked(), error.code, error.detail)
    if paths.is_for_machines(request.path):
        return json_error(error)
    ensure_language(current_services())
    return render_page(
        "error.html",
        status=error.status,
        title=_("That did not work"),
        sentence=_("The app sent you here with something that we cannot accept. Nothing was changed."),
        next_step=_("Go back to the app and start again. If it happens again, tell the people who run it."),
        code=error.code,
        detail=error.description,
        reference=reference,
        continue_url=None,
        continue_label=None,
    )


def _on_page_error(error: PageError) -> Response:
    reference = new_identifier(current_services().random)[:8]
    log.info("%s %s: %s", reference, _what_was_asked(), error.code)
    return render_page(
        "error.html",
        status=error.status,
        title=error.title,
        sentence=error.sentence,
        next_step=error.next_step,
        code=error.code,
        detail=error.detail or None,
        reference=reference,
        continue_url=error.continue_url or None,
        continue_label=(error.continue_label or _("Continue")) if error.continue_url else None,
    )


def _on_http_exception(error: HTTPException) -> Response:
    """Answer what Flask itself refuses: unknown paths, wrong methods, bodies that are too large."""
    status = error.code or SERVER_ERROR
    if paths.is_for_machines(request.path):
        code = "server_error" if status >= SERVER_ERROR else "invalid_request"
        response = json_error(OAuthError(code, _HTTP_SENTENCES.get(status, _NOT_ACCEPTED), status=status))
    else:
        ensure_language(current_services())
        response = _on_page_error(
            PageError(
                f"http_{status}",
                _("There is no such page") if status == HTTPStatus.NOT_FOUND else _("That did not work"),
                _("Nothing was changed."),
                _("Check the address, or start again from the app that you came from."),
                status=status,
                continue_url=paths.HOME,
            )
        )
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


_NOT_ACCEPTED = "The request cannot be accepted."
_HTTP_SENTENCES: Mapping[int, str] = {
    HTTPStatus.NOT_FOUND: "There is no such endpoint. The discovery document names those that there are.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This endpoint does not take this method. The Allow header lists those it takes.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too large.",
}


def _on_database_unavailable(error: DatabaseUnavailableError) -> Response:
    log.error("%s: the database is unavailable: %s", _what_was_asked(), error)
    if paths.is_for_machines(request.path):
        response = json_error(temporarily_unavailable("database"))
    else:
        ensure_language(current_services())
        response = _unavailable_page(HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def _on_bug(error: Exception) -> Response:
    """Hide a bug from the caller and show it to the operator: where it happened, without the values."""
    log.error("%s failed: %s", _what_was_asked(), type(error).__name__, exc_info=error)
    if paths.is_for_machines(request.path):
        return json_error(OAuthError("server_error", "The server made a mistake. Try again.", status=SERVER_ERROR))
    ensure_language(current_services())
    return _unavailable_page(SERVER_ERROR)


def _unavailable_page(status: int) -> Response:
    """Return a page that needs nothing which may just have failed: no session, no database."""
    g.session = None
    return _on_page_error(
        PageError(
            "temporarily_unavailable" if status != SERVER_ERROR else "server_error",
            _("We cannot answer at the moment"),
            _("Nothing is lost."),
            _("Wait a few seconds and load the page again."),
            status=status,
        )
    )
