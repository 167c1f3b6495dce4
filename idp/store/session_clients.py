"""Which clients a session signed its user in to: who has to be told when it ends (OIDC Back-Channel Logout 2.1)."""

from sqlalchemy import Connection, delete

from idp.store.database import BigKey, Database, db, delete_in_batches, insert_into

session_clients = db.Table(
    "session_clients",
    db.Column("id", BigKey, primary_key=True),
    db.Column("sid", db.String(32), nullable=False),
    db.Column("client_id", db.String(128), nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
    db.UniqueConstraint("sid", "client_id"),
)


def remember(connection: Connection, sid: str, client_id: str, expires_at: int) -> None:
    """Write down that a client learnt of a session, which ends at `expires_at` by itself."""
    statement = insert_into(connection, session_clients).values(sid=sid, client_id=client_id, expires_at=expires_at)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["sid", "client_id"], set_={"expires_at": expires_at})
    )


def take(connection: Connection, sid: str) -> list[str]:
    """Forget the clients of a session that ends, and return them in the order in which they came."""
    gone = delete(session_clients).where(session_clients.c.sid == sid)
    rows = connection.execute(gone.returning(session_clients.c.id, session_clients.c.client_id)).all()
    return [client_id for _, client_id in sorted(rows)]


def purge(database: Database, now: int) -> int:
    """Forget the clients of sessions that ended by themselves; return how many."""
    return delete_in_batches(database, session_clients, session_clients.c.expires_at < now)
