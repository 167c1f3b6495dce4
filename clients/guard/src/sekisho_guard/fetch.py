"""How a document is fetched: HTTPS, or HTTP to this very machine; bounded in time and size; never redirected.

A document fetched here decides which tokens are believed, and the issuer says where it stands. A redirect would let
whoever answers there choose another place; the issuer has no need of it, so every one is refused.
"""

import http.client
import ssl
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import Protocol
from urllib.error import HTTPError
from urllib.parse import SplitResult, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    UnknownHandler,
)

_LARGEST = 256 * 1024
_CHUNK = 16 * 1024


class FetchError(Exception):
    """A document that could not be had; `status` where a server did answer."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason, status)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class Fetch(Protocol):
    """What a Guard needs from the network. It may be called from any thread."""

    def __call__(self, url: str, /) -> bytes:
        """The body of a 200 answer; a FetchError in every other case."""
        ...


class HttpFetch:
    """The standard library's client. Give an `ssl_context` to trust another authority than the system's."""

    def __init__(
        self,
        *,
        timeout: float,
        ssl_context: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timeout = timeout
        self._monotonic = monotonic
        # Built by hand: the ready-made opener also speaks file: and ftp:, follows redirects and obeys proxy variables.
        self._opener = OpenerDirector()
        for handler in (
            HTTPHandler(),
            HTTPSHandler(context=ssl_context or ssl.create_default_context()),
            HTTPDefaultErrorHandler(),
            HTTPErrorProcessor(),
            UnknownHandler(),
        ):
            self._opener.add_handler(handler)

    def __call__(self, url: str, /) -> bytes:
        deadline = self._monotonic() + self._timeout
        headers = {"Accept": "application/json", "User-Agent": "sekisho-guard"}
        try:
            request = Request(url, headers=headers)  # noqa: S310 - the opener knows http and https only
            with self._opener.open(request, timeout=self._timeout) as response:
                return self._body(response, deadline)
        except HTTPError as error:
            error.close()
            raise FetchError(f"{url} answered {error.code}", error.code) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FetchError(f"{url} could not be fetched: {type(error).__name__}") from error

    def _body(self, response: http.client.HTTPResponse, deadline: float) -> bytes:
        if response.status != http.client.OK:
            raise FetchError(f"the answer was {response.status}", response.status)
        body = b""
        while chunk := response.read1(_CHUNK):
            body += chunk
            if len(body) > _LARGEST:
                raise FetchError("the document is too large")
            if self._monotonic() > deadline:
                raise FetchError("the document took too long")
        return body


def checked_url(url: object, *, http_allowed: bool) -> SplitResult:
    """The parts of a URL that may be fetched; http only to this machine, and only where it was allowed."""
    if not isinstance(url, str):
        raise ValueError("not a URL")  # noqa: TRY004 - to whoever configures, one kind of mistake
    parts = urlsplit(url)
    plain = parts.scheme == "http" and http_allowed and is_loopback(parts.hostname)
    if not (plain or parts.scheme == "https") or not parts.hostname or parts.username is not None or parts.fragment:
        raise ValueError("must be an https URL with a host, without user and fragment (http only on the loopback host)")
    return parts


def is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False
