"""Access tokens revoked one by one (RFC 7009), remembered by the hash of their `jti` until they would have expired."""

from sqlalchemy import Connection, select

from idp.protocol.secrets import hash_secret
from idp.store.changes import Topic, announce
from idp.store.database import Database, db, delete_in_batches, insert_into

revoked_tokens = db.Table(
    "revoked_tokens",
    db.Column("jti_hash", db.LargeBinary(32), primary_key=True),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
)


def jti_hash(jti: str) -> bytes:
    """Return the hash under which a token's `jti` is remembered."""
    return hash_secret(jti)


def add(connection: Connection, jti: str, expires_at: int, now: int) -> None:
    """Revoke one access token; revoking it again changes nothing."""
    statement = insert_into(connection, revoked_tokens).values(jti_hash=jti_hash(jti), expires_at=expires_at)
    connection.execute(statement.on_conflict_do_nothing())
    announce(connection, Topic.TOKEN, jti_hash(jti).hex(), now)


def still_unexpired(connection: Connection, since: int) -> list[bytes]:
    """Return the hashes of revoked tokens that had not expired at a moment."""
    which = select(revoked_tokens.c.jti_hash).where(revoked_tokens.c.expires_at >= since)
    return list(connection.execute(which).scalars())


def purge(database: Database, now: int, leeway: int) -> int:
    """Forget tokens that have expired; return how many."""
    return delete_in_batches(database, revoked_tokens, revoked_tokens.c.expires_at < now - leeway)
