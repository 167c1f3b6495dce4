"""Values that may be seen once: the `jti` of a client's assertion (RFC 7523 3).

Kept in the database, or in Redis where `redis_url` is set, which spares the database a write for each assertion. That
Redis must not evict keys: a key that is gone before its time lets its assertion in again.
"""

from hashlib import sha256
from typing import Protocol

from redis import Redis, RedisError

from idp.store.database import Database, DatabaseUnavailableError, db, delete_in_batches, insert_if_absent

REDIS_TIMEOUT_SECONDS = 1.0
_REDIS_PREFIX = b"sekisho:seen_assertions:"

seen_assertions = db.Table(
    "seen_assertions",
    db.Column("key", db.LargeBinary(32), primary_key=True),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
)


class SeenAssertions(Protocol):
    """Remembers assertions for all processes alike."""

    def claim(self, client_id: str, jti: str, expires_at: int, now: int) -> bool:
        """Take a client's `jti`; true for exactly one caller among all processes, until the assertion has expired.

        Raises:
            DatabaseUnavailableError: when it cannot be known whether the assertion was seen.
        """


class SeenInDatabase:
    """Keeps a row for each assertion until it is purged."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._database = database

    def claim(self, client_id: str, jti: str, expires_at: int, now: int) -> bool:  # noqa: ARG002 - rows are purged by age
        """Take a `jti` by an insert that succeeds once."""
        with self._database.autocommit() as connection:
            return insert_if_absent(connection, seen_assertions, key=_key(client_id, jti), expires_at=expires_at)


class SeenInRedis:
    """Keeps a key for each assertion, which Redis itself forgets."""

    def __init__(self, url: str) -> None:
        """Connect at first use."""
        self._redis = Redis.from_url(
            url, socket_timeout=REDIS_TIMEOUT_SECONDS, socket_connect_timeout=REDIS_TIMEOUT_SECONDS
        )

    def claim(self, client_id: str, jti: str, expires_at: int, now: int) -> bool:
        """Take a `jti` by a SET that succeeds once."""
        try:
            taken = self._redis.set(_REDIS_PREFIX + _key(client_id, jti), b"", nx=True, ex=max(1, expires_at - now))
        except RedisError as error:
            raise DatabaseUnavailableError(type(error).__name__) from error
        return bool(taken)


def open_seen_assertions(database: Database, redis_url: str) -> SeenAssertions:
    """Return the memory of assertions that the settings ask for."""
    return SeenInRedis(redis_url) if redis_url else SeenInDatabase(database)


def purge(database: Database, now: int) -> int:
    """Forget assertions that have expired; return how many."""
    return delete_in_batches(database, seen_assertions, seen_assertions.c.expires_at < now)


def _key(client_id: str, jti: str) -> bytes:
    return sha256(f"{client_id}\x00{jti}".encode("utf-8", "surrogatepass")).digest()
