"""What happened to each partner: who did what, when and why. Entries are added and never changed or removed."""

from dataclasses import dataclass, fields

from sqlalchemy import Connection, insert, select

from idp.store.database import BigKey, db

MAX_ACTOR = 100
MAX_REASON = 500

partner_events = db.Table(
    "partner_events",
    db.Column("id", BigKey, primary_key=True, autoincrement=True),
    db.Column("partner_id", db.String(64), nullable=False, index=True),
    db.Column("kind", db.String(32), nullable=False),
    db.Column("before", db.String(64), nullable=False),
    db.Column("after", db.String(64), nullable=False),
    db.Column("actor", db.String(MAX_ACTOR), nullable=False),
    db.Column("reason", db.String(MAX_REASON), nullable=False),
    db.Column("at", db.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class PartnerEvent:
    """One event. `before` and `after` are statuses, or versions of the agreement; "" where there was none."""

    partner_id: str
    kind: str
    before: str
    after: str
    actor: str
    reason: str
    at: int


_COLUMNS = tuple(item.name for item in fields(PartnerEvent))


def add(connection: Connection, event: PartnerEvent) -> None:
    """Write an event down, in the transaction of what it tells."""
    connection.execute(insert(partner_events).values({name: getattr(event, name) for name in _COLUMNS}))


def history(connection: Connection, partner_id: str) -> tuple[PartnerEvent, ...]:
    """Return what happened to a partner, the newest first."""
    statement = (
        select(*(partner_events.c[name] for name in _COLUMNS))
        .where(partner_events.c.partner_id == partner_id)
        .order_by(partner_events.c.id.desc())
    )
    return tuple(PartnerEvent(*row) for row in connection.execute(statement))


def latest(connection: Connection, partner_id: str, kind: str) -> PartnerEvent | None:
    """Return the newest event of a kind."""
    return next((event for event in history(connection, partner_id) if event.kind == kind), None)
