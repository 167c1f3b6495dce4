"""The logos of apps (`logo_uri`; RFC 7591 2, OIDC Dynamic Client Registration 2), fetched here and shown from here.

People's browsers load them from this server: an app learns of nobody before they agreed, and no page has to let in
pictures of strangers. Only pixels are taken, no SVG, which could run scripts.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from idp.outbound import Fetcher, FetchError
from idp.protocol.secrets import Clock
from idp.store.clients import Client

MAX_BYTES = 131_072
FRESH_SECONDS = 86_400
MISSING_SECONDS = 600
"""How long it is remembered that there is none, or none that can be shown."""
REMEMBERED = 64
_BEGINNINGS: Mapping[str, bytes] = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class Logo:
    """A picture."""

    media_type: str
    content: bytes


class Logos:
    """Fetches logos, and remembers them for a while in this process."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        """Start with nothing remembered."""
        self._fetcher = fetcher
        self._clock = clock
        self._remembered: dict[tuple[str, str], tuple[float, Logo | None]] = {}
        self._lock = threading.Lock()

    def logo(self, client: Client, language: str) -> Logo | None:
        """Return the logo of a client in a language, or None where there is none that can be shown."""
        uri = client.in_language("logo_uri", language)
        if not uri:
            return None
        key = client.client_id, uri
        until, known = self._remembered.get(key, (0, None))
        if self._clock() < until:
            return known
        found = self._fetched(client, uri)
        with self._lock:
            self._remembered.pop(key, None)
            if len(self._remembered) >= REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[key] = self._clock() + (FRESH_SECONDS if found else MISSING_SECONDS), found
        return found

    def _fetched(self, client: Client, uri: str) -> Logo | None:
        try:
            content = self._fetcher.document(
                uri, budget=f"logo {client.client_id}", accept=tuple(_BEGINNINGS), max_bytes=MAX_BYTES
            )
        except FetchError as error:
            log.info("logo of client %s: %s", client.client_id, error)
            return None
        kinds = (kind for kind, beginning in _BEGINNINGS.items() if content.startswith(beginning))
        kind = next(kinds, None)
        return Logo(kind, content) if kind else None
