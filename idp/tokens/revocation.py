"""Which access tokens are over before they expire: those revoked themselves, and those of an ended family.

Kept whole in memory, for only what ended within one access token's life can still matter; followed through the change
feed, so a revocation anywhere is known here within a second (`store.changes.BOUND`).
"""

import threading

from idp.protocol.secrets import Clock
from idp.store import families, revocations
from idp.store.changes import ChangeFeed, Topic
from idp.store.database import Database

VERIFIER_LEEWAY = 60
LONGEST_BEFORE = 3600
"""Tokens may still be about that were issued while the setting was longer."""


class RevocationList:
    """What ended lately."""

    def __init__(self, database: Database, feed: ChangeFeed, clock: Clock, access_token_lifetime: int) -> None:
        """Follow the feed; what ended before is loaded at first use."""
        self._database = database
        self._feed = feed
        self._clock = clock
        self._horizon = max(access_token_lifetime, LONGEST_BEFORE) + VERIFIER_LEEWAY
        self._ended_families: dict[str, int] = {}
        self._revoked_tokens: dict[bytes, int] = {}
        self._loaded = False
        self._lock = threading.Lock()
        self._swept_at = 0
        feed.subscribe(Topic.FAMILY, self._note_family)
        feed.subscribe(Topic.TOKEN, self._note_token)

    def covers(self, jti: str, family_id: str | None) -> bool:
        """Whether a token is over.

        Raises:
            DatabaseUnavailableError: when what ended lately cannot be known.
        """
        self._feed.catch_up()
        if not self._loaded:
            self._load()
        return family_id in self._ended_families or revocations.jti_hash(jti) in self._revoked_tokens

    def _note_family(self, family_id: str) -> None:
        self._ended_families[family_id] = int(self._clock())
        self._sweep()

    def _note_token(self, jti_hash: str) -> None:
        self._revoked_tokens[bytes.fromhex(jti_hash)] = int(self._clock())
        self._sweep()

    def _load(self) -> None:
        now = int(self._clock())
        since = now - self._horizon
        with self._database.autocommit() as connection:
            ended = families.ended_since(connection, since)
            revoked = revocations.still_unexpired(connection, since)
        with self._lock:  # what is loaded while another thread sweeps must not be swept away
            self._ended_families.update(dict.fromkeys(ended, now))
            self._revoked_tokens.update(dict.fromkeys(revoked, now))
            self._loaded = True

    def _sweep(self) -> None:
        """Forget, once in a horizon, what can no longer matter: every such token has expired."""
        now = int(self._clock())
        if now - self._swept_at < self._horizon:
            return
        self._swept_at = now
        oldest = now - self._horizon
        with self._lock:
            self._ended_families = {key: at for key, at in self._ended_families.items() if at >= oldest}
            self._revoked_tokens = {key: at for key, at in self._revoked_tokens.items() if at >= oldest}
