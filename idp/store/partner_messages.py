"""Which messages partners' apps were sent, and what became of each. What they said is in the outbox, sealed."""

from collections.abc import Collection
from dataclasses import dataclass, fields

from sqlalchemy import ColumnElement, Connection, select, update

from idp.store.database import Database, db, delete_in_batches, insert_if_absent
from idp.store.outbox import DELIVERED, EXPIRED, NOBODY, UNREADABLE, outbox

KEEP_SECONDS = 400 * 86_400
"""How long it is kept which message was acknowledged when: longer than any grant lasts."""

partner_messages = db.Table(
    "partner_messages",
    db.Column("id", db.String(64), primary_key=True),
    db.Column("client_id", db.String(128), nullable=False),
    db.Column("kind", db.String(32), nullable=False),
    db.Column("grant_id", db.String(32), nullable=False),
    db.Column("created_at", db.BigInteger, nullable=False, index=True),
    db.Column("outbox_id", db.BigInteger, nullable=False),
    db.Column("acknowledge_by", db.BigInteger),
    db.Column("acknowledged_at", db.BigInteger),
    db.Index("ix_partner_messages_of_client", "client_id", "created_at"),
)


@dataclass(frozen=True, slots=True)
class PartnerMessage:
    """One message. `id` is its `jti`; `acknowledge_by` is None where nothing is owed."""

    id: str
    client_id: str
    kind: str
    grant_id: str
    created_at: int
    outbox_id: int
    acknowledge_by: int | None = None
    acknowledged_at: int | None = None


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message with what became of its delivery: the outbox's last word, "" while it has none.

    `known` is whether the outbox still has a row of it.
    """

    message: PartnerMessage
    outcome: str
    known: bool = True

    @property
    def is_on_its_way(self) -> bool:
        """Whether the outbox still has it to deliver; a row that it forgot meanwhile was over."""
        return self.known and self.outcome not in (DELIVERED, EXPIRED, UNREADABLE, NOBODY)

    def state(self, now: int) -> str:
        """Return how far it came: acknowledged, overdue, delivered, given_up or waiting."""
        if self.message.acknowledged_at is not None:
            return "acknowledged"
        if self.message.acknowledge_by is not None and now >= self.message.acknowledge_by:
            return "overdue"
        if self.outcome in (EXPIRED, UNREADABLE):
            return "given_up"
        return "delivered" if self.outcome == DELIVERED else "waiting"


_COLUMNS = tuple(item.name for item in fields(PartnerMessage))


def add(connection: Connection, message: PartnerMessage) -> bool:
    """Write down that a message is on its way; false where one of this identifier is already."""
    return insert_if_absent(connection, partner_messages, **{name: getattr(message, name) for name in _COLUMNS})


def set_outbox(connection: Connection, message_id: str, outbox_id: int) -> None:
    """Write down which message of the outbox carries it, in the transaction that added it."""
    which = partner_messages.c.id == message_id
    connection.execute(update(partner_messages).where(which).values(outbox_id=outbox_id))


def find_held(connection: Connection, client_id: str, message_id: str) -> SentMessage | None:
    """Return a message to an app, held against others until the transaction ends.

    It is read only once it is held, so that what the one before did to it is seen.
    """
    which = (partner_messages.c.client_id == client_id) & (partner_messages.c.id == message_id)
    connection.execute(select(partner_messages.c.id).where(which).with_for_update())
    return next(iter(_sent(connection, which, 1)), None)


def acknowledge(connection: Connection, client_id: str, message_ids: Collection[str], now: int) -> frozenset[str]:
    """Write down that an app acknowledges messages; return those that are its own, acknowledged before or now."""
    mine = (partner_messages.c.client_id == client_id) & partner_messages.c.id.in_(message_ids)
    first = mine & partner_messages.c.acknowledged_at.is_(None)
    connection.execute(update(partner_messages).where(first).values(acknowledged_at=now))
    return frozenset(connection.execute(select(partner_messages.c.id).where(mine)).scalars())


def newest(connection: Connection, client_ids: Collection[str], limit: int) -> tuple[SentMessage, ...]:
    """Return the newest messages to some apps."""
    return _sent(connection, partner_messages.c.client_id.in_(client_ids), limit)


def overdue(connection: Connection, now: int, limit: int) -> tuple[SentMessage, ...]:
    """Return messages whose acknowledgement is owed and late."""
    late = partner_messages.c.acknowledged_at.is_(None) & (partner_messages.c.acknowledge_by <= now)
    return _sent(connection, late, limit)


def purge(database: Database, now: int) -> int:
    """Forget messages of long ago; return how many."""
    return delete_in_batches(database, partner_messages, partner_messages.c.created_at < now - KEEP_SECONDS)


def _sent(connection: Connection, which: ColumnElement[bool], limit: int) -> tuple[SentMessage, ...]:
    columns = (*(partner_messages.c[name] for name in _COLUMNS), outbox.c.outcome)
    joined = select(*columns).join_from(
        partner_messages, outbox, partner_messages.c.outbox_id == outbox.c.id, isouter=True
    )
    newest_first = (partner_messages.c.created_at.desc(), partner_messages.c.outbox_id.desc())
    rows = connection.execute(joined.where(which).order_by(*newest_first).limit(limit))
    # A row of the outbox is forgotten a week after it was over, whichever way; then only an acknowledgement tells.
    return tuple(SentMessage(PartnerMessage(*row[:-1]), row[-1] or "", row[-1] is not None) for row in rows)
