"""Flask, as this server uses it: bound to its issuer, and without Flask's own sessions."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request
from flask.sessions import NullSession, SessionInterface, SessionMixin
from werkzeug.routing import MapAdapter


class _NoSession(SessionInterface):
    """Sessions are in the store (`idp.web.sessions`)."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Request) -> SessionMixin:  # noqa: ARG002  # Flask's signature
        return self._none

    def is_null_session(self, obj: object) -> bool:  # noqa: ARG002  # Flask's signature
        return True


class Provider(Flask):
    """One issuer's application. What a request's Host header says of this server counts for nothing."""

    session_interface = _NoSession()

    def __init__(self, issuer: str) -> None:
        """Take the URL that the server is known by."""
        super().__init__("idp", static_folder="web/static", template_folder="web/templates")
        self.url_map.merge_slashes = False  # or doubled slashes would be answered by a redirect
        self._scheme, self._host, *_ = urlsplit(issuer)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view or hook as it is (Flask's hook): none is asynchronous, and to look takes as long as to run."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Match a request's path alone (Flask's hook). Flask's own reads Host twice, and would believe it."""
        if request is None:
            return None
        return MapAdapter(
            self.url_map,
            server_name=self._host,
            script_name=request.root_path,
            subdomain="",
            url_scheme=self._scheme,
            path_info=request.path,
            default_method=request.method,
            query_args=request.query_string.decode("latin-1"),
        )
