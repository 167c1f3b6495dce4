"""Counters of failed tries within a window, each kept under a keyed hash of what it counts."""

from sqlalchemy import Connection, case, delete, select, update

from idp.store.database import Database, db, delete_in_batches, insert_into

attempts = db.Table(
    "attempts",
    db.Column("key", db.LargeBinary(32), primary_key=True),
    db.Column("window_start", db.BigInteger, nullable=False, index=True),
    db.Column("count", db.Integer, nullable=False),
)


def count_one(connection: Connection, key: bytes, now: int, window: int) -> int:
    """Count one more try and return how many the running window has; starts anew when the window is over."""
    over = attempts.c.window_start <= now - window
    statement = insert_into(connection, attempts).values(key=key, window_start=now, count=1)
    statement = statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "count": case((over, 1), else_=attempts.c.count + 1),
            "window_start": case((over, now), else_=attempts.c.window_start),
        },
    )
    return int(connection.execute(statement.returning(attempts.c.count)).scalar_one())


def count_of(connection: Connection, key: bytes, now: int, window: int) -> int:
    """Return how many tries the running window has."""
    runs = (attempts.c.key == key) & (attempts.c.window_start > now - window)
    return connection.execute(select(attempts.c.count).where(runs)).scalar() or 0


def take_back(connection: Connection, key: bytes) -> None:
    """Count one try less, because it was no failure."""
    counted = (attempts.c.key == key) & (attempts.c.count > 0)
    connection.execute(update(attempts).where(counted).values(count=attempts.c.count - 1))


def forget(connection: Connection, key: bytes) -> None:
    """Drop a counter, because the try succeeded."""
    connection.execute(delete(attempts).where(attempts.c.key == key))


def purge(database: Database, now: int, window: int) -> int:
    """Forget windows that are over; return how many."""
    return delete_in_batches(database, attempts, attempts.c.window_start <= now - window)
