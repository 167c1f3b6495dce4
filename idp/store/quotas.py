"""Counters of what may happen so many times within so many seconds, each kept under a hash of what it counts."""

from sqlalchemy import Connection, case, literal, or_, select

from idp.store.database import Database, db, delete_in_batches, insert_into

quotas = db.Table(
    "quotas",
    db.Column("key", db.LargeBinary(32), primary_key=True),
    db.Column("ends_at", db.BigInteger, nullable=False, index=True),
    db.Column("count", db.Integer, nullable=False),
)


def take(connection: Connection, key: bytes, limit: int, seconds: int, now: int) -> int:
    """Take one of `limit` in a window of `seconds` that begins with its first; 0, or the seconds until it ends.

    One statement, so that of any number of processes at once exactly `limit` are let in. Who is refused is not counted.
    """
    over = quotas.c.ends_at <= now
    statement = (
        insert_into(connection, quotas)
        .values(key=key, ends_at=now + seconds, count=1)
        .on_conflict_do_update(
            index_elements=["key"],
            set_={
                "count": case((over, 1), else_=quotas.c.count + 1),
                "ends_at": case((over, now + seconds), else_=quotas.c.ends_at),
            },
            where=or_(over, quotas.c.count < limit),
        )
    )
    if limit > 0 and connection.execute(statement.returning(literal(1))).first() is not None:
        return 0
    ends_at = connection.execute(select(quotas.c.ends_at).where(quotas.c.key == key)).scalar()
    return max(1, (ends_at or now + seconds) - now)


def taken(connection: Connection, key: bytes, now: int) -> int:
    """Return how many were taken in the window that runs now."""
    running = (quotas.c.key == key) & (quotas.c.ends_at > now)
    return connection.execute(select(quotas.c.count).where(running)).scalar() or 0


def purge(database: Database, now: int) -> int:
    """Forget windows that are over; return how many."""
    return delete_in_batches(database, quotas, quotas.c.ends_at <= now)
