"""Values that may be seen once: the `jti` of a client's assertion (RFC 7523 3)."""

from hashlib import sha256

from sqlalchemy import Connection

from idp.store.database import Database, db, delete_in_batches, insert_if_absent

seen_assertions = db.Table(
    "seen_assertions",
    db.Column("key", db.LargeBinary(32), primary_key=True),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
)


def claim(connection: Connection, client_id: str, jti: str, expires_at: int) -> bool:
    """Take a client's `jti`; true for exactly one caller among all processes, until the assertion has expired."""
    key = sha256(f"{client_id}\x00{jti}".encode("utf-8", "surrogatepass")).digest()
    return insert_if_absent(connection, seen_assertions, key=key, expires_at=expires_at)


def purge(database: Database, now: int) -> int:
    """Forget assertions that have expired; return how many."""
    return delete_in_batches(database, seen_assertions, seen_assertions.c.expires_at < now)
