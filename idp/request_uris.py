"""Request objects that clients publish (`request_uri`; RFC 9101 5.2, OIDC Core 6.2).

Only what a client registered is fetched, and each time anew, for the page behind an address may change. A page whose
SHA-256 its address carries as the fragment is remembered. A fragment that is another page's hash means no more than
that nothing is remembered: Core 6.2 gives it to caches, and clients register an address before the page is written.
"""

import logging
import threading
from hashlib import sha256

from idp.outbound import Fetcher, FetchError
from idp.protocol.errors import OAuthError
from idp.protocol.secrets import encode
from idp.store.clients import Client

MAX_BYTES = 32_768
REMEMBERED = 256
_TYPES = ("application/oauth-authz-req+jwt", "application/jwt", "application/jose", "text/plain")

log = logging.getLogger(__name__)


class RequestUris:
    """Fetches what request URIs refer to."""

    def __init__(self, fetcher: Fetcher) -> None:
        """Start with nothing remembered."""
        self._fetcher = fetcher
        self._remembered: dict[str, str] = {}
        self._lock = threading.Lock()

    def request_object(self, client: Client, uri: str) -> str:
        """Return the request object at an address.

        Raises:
            OAuthError: `invalid_request_uri` for an address that the client did not register, or where nothing
                usable is.
        """
        page, _, fragment = uri.partition("#")
        if page not in {registered.partition("#")[0] for registered in client.request_uris}:
            raise _refused("The request_uri is not one that the app has registered.")
        known = self._remembered.get(uri)
        if known is not None:
            return known
        body = self._fetched(client, page)
        if encode(sha256(body).digest()) == fragment:
            self._remember(uri, body)
        return _text(body)

    def _fetched(self, client: Client, page: str) -> bytes:
        try:
            return self._fetcher.document(page, budget=client.client_id, accept=_TYPES, max_bytes=MAX_BYTES)
        except FetchError as error:
            log.info("request_uri of client %s: %s", client.client_id, error)
            raise _refused("The request_uri could not be fetched as a request object.") from error

    def _remember(self, uri: str, body: bytes) -> None:
        with self._lock:
            if len(self._remembered) >= REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[uri] = _text(body)


def _text(body: bytes) -> str:
    return body.decode("ascii", "replace").strip()


def _refused(description: str) -> OAuthError:
    return OAuthError("invalid_request_uri", description)
