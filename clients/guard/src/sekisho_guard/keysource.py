"""When keys are fetched, and how long they are relied on.

A fetch runs in a short-lived thread of its own, one at a time, and no more often than `Limits.fetch_interval` allows.
A request waits for it only when no usable set is in hand, or when it names a key that is not in the set; all who wait
share the one fetch.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread

from sekisho_guard.discovery import Issuer
from sekisho_guard.errors import KeysUnavailableError
from sekisho_guard.fetch import Fetch, FetchError
from sekisho_guard.forking import renew_in_children
from sekisho_guard.keyset import KeySet, VerificationKey
from sekisho_guard.limits import Limits

_log = logging.getLogger("sekisho_guard")


@dataclass(frozen=True, slots=True)
class _Held:
    keys: KeySet
    as_of: float


class KeySource:
    def __init__(
        self,
        issuer: Issuer,
        *,
        algorithms: frozenset[str],
        limits: Limits,
        clock: Callable[[], float],
        fetch: Fetch,
    ) -> None:
        self._issuer = issuer
        self._algorithms = algorithms
        self._limits = limits
        self._clock = clock
        self._fetch = fetch
        self._held: _Held | None = None
        self._jwks_uri: str | None = None
        self._lock = Lock()  # over the three below
        self._under_way: Event | None = None
        self._last_end: float | None = None
        self._last_failed = False
        renew_in_children(self)

    def usable(self, now: float) -> KeySet | None:
        """The set in hand if it may be relied on. Never waits; starts a refresh when one is due."""
        held = self._held
        if held is None:
            return None
        age = now - held.as_of
        # A clock that was set back gives a negative age: reason to refresh, and no way to keep a set beyond its bound.
        if abs(age) > self._limits.max_stale:
            return None
        if not 0 <= age < self._limits.refresh_every:
            self._begin_refresh(now)
        return held.keys

    def key(self, kid: str, algorithm: str, now: float) -> VerificationKey:
        """The key that a token names; waits for a fetch where only that can tell."""
        keys = self._current(now)
        if not keys.knows(kid):
            keys = self._renewed(now)
        return keys.key(kid, algorithm)

    def renew_in_child(self) -> None:
        self._lock = Lock()
        self._under_way = None
        self._last_end = None

    def _current(self, now: float) -> KeySet:
        keys = self.usable(now)
        if keys is None:
            refresh = self._begin_refresh(now)
            if refresh is not None:
                refresh.wait(self._limits.timeout)
            keys = self.usable(self._clock())
        if keys is None:
            raise KeysUnavailableError(
                "Access tokens cannot be checked at the moment. Please try again.", "no usable keys"
            )
        return keys

    def _renewed(self, now: float) -> KeySet:
        """A set as new as the bound allows. An issuer that failed last time is asked again, but not waited for."""
        waiting_pays = not self._last_failed
        refresh = self._begin_refresh(now)
        if refresh is not None and waiting_pays:
            refresh.wait(self._limits.timeout)
        return self._current(self._clock())

    def _begin_refresh(self, now: float) -> Event | None:
        """The refresh that is under way, started here if the fetch bound allows one; else None."""
        with self._lock:
            if self._under_way is not None:
                return self._under_way
            if self._last_end is not None and abs(now - self._last_end) < self._limits.fetch_interval:
                return None
            refresh = self._under_way = Event()
        try:
            Thread(target=self._refresh, args=(refresh,), name="sekisho-guard-refresh", daemon=True).start()
        except RuntimeError:  # no more threads to be had
            self._end_refresh(refresh, failed=True)
        return refresh

    def _refresh(self, refresh: Event) -> None:
        began = self._clock()
        failed = True
        try:
            self._held = _Held(self._fetched_keys(), began)
            failed = False
        except FetchError as error:
            _log.warning("The key set was not refreshed: %s", error)
        finally:
            self._end_refresh(refresh, failed=failed)

    def _end_refresh(self, refresh: Event, *, failed: bool) -> None:
        with self._lock:
            self._under_way = None
            self._last_end = self._clock()
            self._last_failed = failed
        refresh.set()

    def _fetched_keys(self) -> KeySet:
        uri, self._jwks_uri = self._jwks_uri, None  # found anew after a failure
        uri = uri or self._issuer.jwks_uri(self._fetch)
        before = self._held.keys if self._held else KeySet({})
        keys = before.successor(self._fetch(uri), self._algorithms)
        self._jwks_uri = uri
        return keys
