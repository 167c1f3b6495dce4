"""Counters of failed tries within a window, each kept under a keyed hash of what it counts."""

from sqlalchemy import Connection, bindparam, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from idp.store.database import INSERTS, Database, db, delete_in_batches

attempts = db.Table(
    "attempts",
    db.Column("key", db.LargeBinary(32), primary_key=True),
    db.Column("window_start", db.BigInteger, nullable=False, index=True),
    db.Column("count", db.Integer, nullable=False),
)


_COUNTED = bindparam("counted", type_=db.LargeBinary)


def _counting(statement: postgresql.Insert | sqlite.Insert) -> postgresql.Insert | sqlite.Insert:
    now = bindparam("now", type_=db.BigInteger)
    over = attempts.c.window_start <= bindparam("over_since")
    return statement.values(key=_COUNTED, window_start=now, count=1).on_conflict_do_update(
        index_elements=["key"],
        set_={
            "count": case((over, 1), else_=attempts.c.count + 1),
            "window_start": case((over, now), else_=attempts.c.window_start),
        },
    )


_COUNT_ONE = {dialect: _counting(insert(attempts)).returning(attempts.c.count) for dialect, insert in INSERTS.items()}
_COUNT_OF = select(attempts.c.count).where(
    attempts.c.key == _COUNTED, attempts.c.window_start > bindparam("over_since")
)
_TAKE_BACK = update(attempts).where(attempts.c.key == _COUNTED, attempts.c.count > 0).values(count=attempts.c.count - 1)
_FORGET = delete(attempts).where(attempts.c.key == _COUNTED)
"""Built once: putting a statement together costs more than running it."""


def count_one(connection: Connection, key: bytes, now: int, window: int) -> int:
    """Count one more try and return how many the running window has; starts anew when the window is over."""
    statement = _COUNT_ONE[connection.dialect.name]
    counted = connection.execute(statement, {"counted": key, "now": now, "over_since": now - window})
    return int(counted.scalar_one())


def count_of(connection: Connection, key: bytes, now: int, window: int) -> int:
    """Return how many tries the running window has."""
    return connection.execute(_COUNT_OF, {"counted": key, "over_since": now - window}).scalar() or 0


def take_back(connection: Connection, key: bytes) -> None:
    """Count one try less, because it was no failure."""
    connection.execute(_TAKE_BACK, {"counted": key})


def forget(connection: Connection, key: bytes) -> None:
    """Drop a counter, because the try succeeded."""
    connection.execute(_FORGET, {"counted": key})


def purge(database: Database, now: int, window: int) -> int:
    """Forget windows that are over; return how many."""
    return delete_in_batches(database, attempts, attempts.c.window_start <= now - window)
