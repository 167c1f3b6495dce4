"""About which fields a partner asks of many people at present, for each purpose: one set of them within one window.

The key is a hash of partner and purpose.
"""

from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import Connection, case, literal, or_, select

from idp.store.database import Database, TextList, db, delete_in_batches, insert_into

audience_fields = db.Table(
    "audience_fields",
    db.Column("key", db.LargeBinary(32), primary_key=True),
    db.Column("fields", TextList, nullable=False),
    db.Column("ends_at", db.BigInteger, nullable=False, index=True),
)


def settle(connection: Connection, partner_id: str, purpose: str, fields: Iterable[str], seconds: int, now: int) -> int:
    """Let a partner ask about these fields; 0, or the seconds until it may ask about others than those of its window.

    A window begins with its first question. One statement, so that of two different questions at once one is let in.
    """
    asked, kept = tuple(sorted(fields)), audience_fields.c
    over = kept.ends_at <= now
    key = sha256(f"{partner_id}\x00{purpose}".encode()).digest()
    values = {"key": key, "fields": asked, "ends_at": now + seconds}
    statement = insert_into(connection, audience_fields).values(values)
    statement = statement.on_conflict_do_update(
        index_elements=["key"],
        set_={"fields": statement.excluded.fields, "ends_at": case((over, now + seconds), else_=kept.ends_at)},
        where=or_(over, kept.fields == statement.excluded.fields),
    )
    if connection.execute(statement.returning(literal(1))).first() is not None:
        return 0
    return max(1, (connection.execute(select(kept.ends_at).where(kept.key == key)).scalar() or now + seconds) - now)


def purge(database: Database, now: int) -> int:
    """Forget windows that are over; return how many."""
    return delete_in_batches(database, audience_fields, audience_fields.c.ends_at <= now)
