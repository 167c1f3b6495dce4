"""What a partner was told of a segment, kept until its time is over: asked again, it is told the same.

The key is a hash of partner, purpose and segment. Who agreed after `since` is in no answer, and of those who are left
`left_out` people are not either; `number` is what was told, None before anything was.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from idp.store.database import Database, db, delete_in_batches, insert_into

TOO_FEW, TOO_MANY = -1, -2
"""In place of a number."""

audience_answers = db.Table(
    "audience_answers",
    db.Column("key", db.LargeBinary(32), primary_key=True),
    db.Column("since", db.BigInteger, nullable=False),
    db.Column("left_out", db.Integer, nullable=False),
    db.Column("number", db.Integer),
    db.Column("decision_id", db.String(32), nullable=False),
    db.Column("ends_at", db.BigInteger, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What holds of a segment for the time being."""

    key: bytes
    since: int
    left_out: int
    number: int | None
    decision_id: str
    """Under which the number stands in the log."""


def begin(connection: Connection, key: bytes, left_out: int, seconds: int, now: int) -> Kept:
    """Return what holds of a segment; if nothing does, from now on and for so many seconds what was drawn."""
    values = {
        "key": key,
        "since": now,
        "left_out": left_out,
        "number": None,
        "decision_id": "",
        "ends_at": now + seconds,
    }
    statement = insert_into(connection, audience_answers).values(values)
    renewed = {name: statement.excluded[name] for name in values if name != "key"}
    over = audience_answers.c.ends_at <= now
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=renewed, where=over))
    return find(connection, key)


def find(connection: Connection, key: bytes, *, lock: bool = False) -> Kept:
    """Return what holds of a segment, which must have begun; locked, until the transaction ends."""
    kept = audience_answers.c
    which = select(kept.key, kept.since, kept.left_out, kept.number, kept.decision_id).where(kept.key == key)
    return Kept(*connection.execute(which.with_for_update() if lock else which).one())


def tell(connection: Connection, key: bytes, number: int, decision_id: str) -> None:
    """Keep what is told; the row is locked (`find`)."""
    told = update(audience_answers).where(audience_answers.c.key == key)
    connection.execute(told.values(number=number, decision_id=decision_id))


def purge(database: Database, now: int) -> int:
    """Forget what is over; return how many."""
    return delete_in_batches(database, audience_answers, audience_answers.c.ends_at <= now)
