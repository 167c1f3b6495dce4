"""Partners and their agreements. An agreement is kept as the document that was agreed; `policies` reads its meaning."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from idp.store.changes import Topic, announce
from idp.store.database import db, insert_into

MAX_NAME = 100

partners = db.Table(
    "partners",
    db.Column("id", db.String(64), primary_key=True),
    db.Column("name", db.String(MAX_NAME), nullable=False),
    db.Column("status", db.String(16), nullable=False),
)

agreements = db.Table(
    "agreements",
    db.Column("partner_id", db.String(64), primary_key=True),
    db.Column("document", db.Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class StoredPartner:
    """A partner, with the JSON document of its agreement ("" where there is none)."""

    id: str
    name: str
    status: str
    agreement: str


_SELECT = select(partners.c.id, partners.c.name, partners.c.status, agreements.c.document).join_from(
    partners, agreements, partners.c.id == agreements.c.partner_id, isouter=True
)


def find(connection: Connection, partner_id: str) -> StoredPartner | None:
    """Return a partner and its agreement."""
    row = connection.execute(_SELECT.where(partners.c.id == partner_id)).one_or_none()
    return None if row is None else StoredPartner(row.id, row.name, row.status, row.document or "")


def everyone(connection: Connection) -> tuple[StoredPartner, ...]:
    """Return every partner, ordered by its identifier."""
    rows = connection.execute(_SELECT.order_by(partners.c.id))
    return tuple(StoredPartner(row.id, row.name, row.status, row.document or "") for row in rows)


def save(connection: Connection, partner_id: str, name: str, status: str, now: int) -> None:
    """Add a partner or change it."""
    statement = insert_into(connection, partners).values(id=partner_id, name=name, status=status)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"name": name, "status": status}))
    announce(connection, Topic.SHARING, partner_id, now)


def save_agreement(connection: Connection, partner_id: str, document: str, now: int) -> None:
    """Put an agreement in force in place of the one before."""
    statement = insert_into(connection, agreements).values(partner_id=partner_id, document=document)
    connection.execute(statement.on_conflict_do_update(index_elements=["partner_id"], set_={"document": document}))
    announce(connection, Topic.SHARING, partner_id, now)
