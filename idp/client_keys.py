"""The public keys of clients: registered ones (`jwks`), and those it publishes itself (`jwks_uri`; RFC 7517).

Upstream providers publish theirs in the same way, and they are remembered here too.

A published set is fetched when it is first needed and kept in memory. It is fetched anew when it is older than
`FRESH_SECONDS`, and when it did not do: the client may have changed its keys a moment ago (OIDC Core 10.1.1). That is
bounded, for anybody may send nonsense in a client's name. When the client's site is away its last set serves on until
`STALE_SECONDS`, and nothing after that.
"""

import json
import logging
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from idp.outbound import Fetcher, FetchError
from idp.protocol.key_sets import MAX_JWKS, usable_keys
from idp.protocol.secrets import Clock
from idp.store.clients import Client

FRESH_SECONDS = 300
STALE_SECONDS = 3600
TRIES_A_MINUTE = 6
CACHED_SETS = 10_000
JWKS_TYPES = ("application/jwk-set+json", "application/json")
NO_KEY_SET = "no_key_set"
_MINUTE = 60

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Published:
    """What is known of one owner's published keys in this process."""

    owner: str
    uri: str
    jwks: str = ""
    fetched_at: float = 0
    failure: str = ""
    tried: deque[float] = field(default_factory=lambda: deque(maxlen=TRIES_A_MINUTE))
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class SeenKeys:
    """A client's keys as this process knows them; `fetched_at` is None where they are registered, or never came."""

    jwks: str
    fetched_at: float | None
    failure: str


class ClientKeys:
    """Finds the keys of clients, at the speed of memory as long as they do."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._published: dict[tuple[str, str], _Published] = {}
        self._lock = threading.Lock()

    def key_sets(self, client: Client) -> Iterator[str]:
        """Yield a client's key set as JSON, then a newer one if there is one: whoever found its key stops before."""
        if client.jwks or not client.jwks_uri:
            yield client.jwks
            return
        yield from self.published(client.client_id, client.jwks_uri)

    def published(self, owner: str, uri: str) -> Iterator[str]:
        """Yield the key set that somebody publishes, then a newer one, as `key_sets` does; `owner` has the budget."""
        known = self._known(owner, uri)
        first = self._current(known)
        yield first
        newer = self._newer(known, first)
        if newer != first:
            yield newer

    def seen(self, client: Client, *, anew: bool = False) -> SeenKeys:
        """Return what is known of a client's keys, for its own people to look at; `anew` fetches them first."""
        if client.jwks or not client.jwks_uri:
            return SeenKeys(client.jwks, None, "")
        known = self._known(client.client_id, client.jwks_uri)
        if anew:
            with known.lock:
                self._fetch(known)
        jwks = self._current(known)
        return SeenKeys(jwks, known.fetched_at or None, known.failure)

    def _known(self, owner: str, uri: str) -> _Published:
        key = owner, uri
        with self._lock:
            known = self._published.get(key)
            if known is None:
                if len(self._published) >= CACHED_SETS:
                    del self._published[next(iter(self._published))]
                known = self._published[key] = _Published(owner, uri)
            return known

    def _current(self, known: _Published) -> str:
        if self._age(known) >= FRESH_SECONDS:
            with known.lock:
                if self._age(known) >= FRESH_SECONDS:  # or another thread fetched it meanwhile
                    self._fetch(known)
        return self._believed(known)

    def _newer(self, known: _Published, first: str) -> str:
        with known.lock:
            if self._believed(known) == first:
                self._fetch(known)
            return self._believed(known)

    def _believed(self, known: _Published) -> str:
        return known.jwks if self._age(known) < STALE_SECONDS else ""

    def _age(self, known: _Published) -> float:
        return self._clock() - known.fetched_at

    def _fetch(self, known: _Published) -> None:
        now = self._clock()
        if len(known.tried) == TRIES_A_MINUTE and now - known.tried[0] < _MINUTE:
            return
        known.tried.append(now)
        try:
            body = self._fetcher.document(
                known.uri, budget=known.owner, accept=JWKS_TYPES, max_bytes=MAX_JWKS, redirects=1
            )
            known.jwks = json.dumps(usable_keys(json.loads(body)))
            known.fetched_at = now
            known.failure = ""
        except FetchError as error:
            known.failure = error.code
            log.info("keys of %s: %s", known.owner, error)
        except (ValueError, RecursionError):
            known.failure = NO_KEY_SET
            log.info("keys of %s: what came is no key set", known.owner)
