"""Which people work for which partner, and so see its console."""

from sqlalchemy import Connection, delete, select

from idp.store.database import db, insert_if_absent
from idp.store.partner_events import MAX_ACTOR

partner_members = db.Table(
    "partner_members",
    db.Column("account_id", db.String(32), primary_key=True),
    db.Column("partner_id", db.String(64), primary_key=True, index=True),
    db.Column("added_by", db.String(MAX_ACTOR), nullable=False),
    db.Column("added_at", db.BigInteger, nullable=False),
)


def add(connection: Connection, account_id: str, partner_id: str, by: str, now: int) -> bool:
    """Let somebody look after a partner; false where they do already."""
    values = {"account_id": account_id, "partner_id": partner_id, "added_by": by, "added_at": now}
    return insert_if_absent(connection, partner_members, **values)


def remove(connection: Connection, account_id: str, partner_id: str) -> bool:
    """Take that away; false where they did not."""
    which = (partner_members.c.account_id == account_id) & (partner_members.c.partner_id == partner_id)
    return connection.execute(delete(partner_members).where(which)).rowcount == 1


def partners_of(connection: Connection, account_id: str) -> tuple[str, ...]:
    """Return the partners that somebody looks after."""
    statement = select(partner_members.c.partner_id).where(partner_members.c.account_id == account_id)
    return tuple(connection.execute(statement.order_by(partner_members.c.partner_id)).scalars())


def is_member(connection: Connection, account_id: str, partner_id: str) -> bool:
    """Whether somebody looks after a partner."""
    return partner_id in partners_of(connection, account_id)
