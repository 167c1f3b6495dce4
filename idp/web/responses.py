"""Answers that are no pages: the JSON of the machine endpoints, and sending a browser on."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Response

from idp.data_sharing import Outgoing
from idp.protocol.errors import OAuthError
from idp.web.requests import JSON

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JWT = "application/jwt"
_to_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def json_response(body: Mapping[str, Any], status: int = HTTPStatus.OK) -> Response:
    """Return a JSON answer that nobody stores (RFC 6749 5.1)."""
    return _json(_to_json(body), status)


def released_response(body: Outgoing) -> Response:
    """Return an answer that may hold a person's data: only what was released can be one."""
    return _json(body.content, HTTPStatus.OK)


def jwt_response(token: str) -> Response:
    """Return an answer that is a JWT (OIDC Core 5.3.2), which the mint made of what was released."""
    response = Response(token, HTTPStatus.OK, mimetype=JWT)
    _protect(response)
    return response


def download(content: str, kind: str, name: str) -> Response:
    """Return a file of somebody's own for them to keep; `name` is made of letters, digits, dots and dashes."""
    return as_download(Response(content, HTTPStatus.OK, mimetype=kind), name)


def as_download(response: Response, name: str) -> Response:
    """Return an answer as a file to keep, under a name as `download` takes it."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    _protect(response)
    return response


class _Json(Response):
    """JSON that goes out as it was made.

    Werkzeug would copy the headers and look for what it might mend in them, in as much time as it takes to prove a
    client.
    """

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response(self.status, self.headers.to_wsgi_list())
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self.get_data()]


def _json(content: str | bytes, status: int) -> Response:
    response = _Json(content, status, content_type=JSON)
    _protect(response)
    return response


def see_other(location: str) -> Response:
    """Send the browser on by GET, so that no POST is repeated at the other end (RFC 9700 4.12).

    The location may hold a code: nobody stores it, and the next site is not told where the browser came from.
    """
    response = Response("", HTTPStatus.SEE_OTHER, mimetype="text/plain")
    response.headers["Location"] = location
    response.headers["Referrer-Policy"] = "no-referrer"
    _protect(response)
    return response


def with_query(uri: str, parameters: Mapping[str, str]) -> str:
    """Add parameters to the query of a registered URI, which stays as it is to the letter (RFC 6749 3.1.2)."""
    separator = "&" if "?" in uri else "?"
    return f"{uri}{'' if uri.endswith(('?', '&')) else separator}{urlencode(parameters)}"


def json_error(error: OAuthError) -> Response:
    """Return an error as RFC 6749 5.2 writes it, with the challenge that a 401 needs (RFC 6750 3)."""
    response = json_response(error.body(), error.status)
    if error.scheme:
        response.headers["WWW-Authenticate"] = _challenge(error)
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _challenge(error: OAuthError) -> str:
    parts = ['realm="sekisho"']
    if error.scheme == "Bearer" and error.code:
        parts += [f'error="{error.code}"', f'error_description="{error.description}"']
        parts += [f'{name}="{value}"' for name, value in error.challenge.items()]
    return f"{error.scheme} {', '.join(parts)}"


def _protect(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
