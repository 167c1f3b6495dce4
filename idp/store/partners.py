"""Partners and the agreement in force with each, kept as the document that was agreed; `policies` reads its meaning.

How a partner got to its status stands in `partner_events`, how its agreement came into force in `agreement_versions`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields

from sqlalchemy import Connection, Row, select, update

from idp.store.changes import Topic, announce
from idp.store.database import db, insert_into
from idp.store.sealing import Sealer

MAX_NAME = 100
MAX_LEGAL_ENTITY = 200

partners = db.Table(
    "partners",
    db.Column("id", db.String(64), primary_key=True),
    db.Column("name", db.String(MAX_NAME), nullable=False),
    db.Column("status", db.String(16), nullable=False),
    db.Column("legal_entity", db.String(MAX_LEGAL_ENTITY), nullable=False),
    db.Column("country", db.String(2), nullable=False),
    db.Column("legal_relation", db.String(16), nullable=False),
    db.Column("tier", db.String(16), nullable=False),
    db.Column("contacts", db.LargeBinary),
)

agreements = db.Table(
    "agreements",
    db.Column("partner_id", db.String(64), primary_key=True),
    db.Column("document", db.Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class PartnerDetails:
    """Who a partner is in law, and how far it was examined. Empty strings mean "not known"."""

    legal_entity: str = ""
    country: str = ""
    legal_relation: str = "third_party"
    tier: str = "plain"


@dataclass(frozen=True, slots=True)
class StoredPartner:
    """A partner, with the JSON document of the agreement in force ("" where there is none)."""

    id: str
    name: str
    status: str
    agreement: str
    details: PartnerDetails = PartnerDetails()


_DETAILS = tuple(item.name for item in fields(PartnerDetails))
_SELECT = select(
    partners.c.id, partners.c.name, partners.c.status, agreements.c.document, *(partners.c[name] for name in _DETAILS)
).join_from(partners, agreements, partners.c.id == agreements.c.partner_id, isouter=True)


def find(connection: Connection, partner_id: str) -> StoredPartner | None:
    """Return a partner and its agreement."""
    row = connection.execute(_SELECT.where(partners.c.id == partner_id)).one_or_none()
    return None if row is None else _partner(row)


def everyone(connection: Connection) -> tuple[StoredPartner, ...]:
    """Return every partner, ordered by its identifier."""
    return tuple(_partner(row) for row in connection.execute(_SELECT.order_by(partners.c.id)))


def save(
    connection: Connection,
    partner_id: str,
    name: str,
    status: str,
    now: int,
    details: PartnerDetails = PartnerDetails(),
) -> None:
    """Add a partner or change it."""
    changed = {"name": name, "status": status, **{item: getattr(details, item) for item in _DETAILS}}
    statement = insert_into(connection, partners).values(id=partner_id, **changed)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))
    announce(connection, Topic.SHARING, partner_id, now)


def move(connection: Connection, partner_id: str, before: str, after: str, now: int) -> bool:
    """Give a partner another status; false, with nothing changed, where it is not in the one before (any more)."""
    which = (partners.c.id == partner_id) & (partners.c.status == before)
    moved = connection.execute(update(partners).where(which).values(status=after)).rowcount == 1
    if moved:
        announce(connection, Topic.SHARING, partner_id, now)
    return moved


def save_agreement(connection: Connection, partner_id: str, document: str, now: int) -> None:
    """Put an agreement in force in place of the one before."""
    statement = insert_into(connection, agreements).values(partner_id=partner_id, document=document)
    connection.execute(statement.on_conflict_do_update(index_elements=["partner_id"], set_={"document": document}))
    announce(connection, Topic.SHARING, partner_id, now)


def save_contacts(connection: Connection, sealer: Sealer, partner_id: str, contacts: Mapping[str, str]) -> None:
    """Write down whom to write to at a partner, an address for each role; they may be people, so they are sealed."""
    sealed = sealer.seal(json.dumps(dict(contacts)).encode("utf-8"), _place(partner_id)) if contacts else None
    connection.execute(update(partners).where(partners.c.id == partner_id).values(contacts=sealed))


def contacts_of(connection: Connection, sealer: Sealer, partner_id: str) -> dict[str, str]:
    """Return whom to write to at a partner, by role."""
    sealed = connection.execute(select(partners.c.contacts).where(partners.c.id == partner_id)).scalar()
    contacts: dict[str, str] = json.loads(sealer.open(sealed, _place(partner_id))) if sealed else {}
    return contacts


def _partner(row: Row[*tuple[object, ...]]) -> StoredPartner:
    details = PartnerDetails(*(getattr(row, name) for name in _DETAILS))
    return StoredPartner(row.id, row.name, row.status, row.document or "", details)


def _place(partner_id: str) -> str:
    return f"partners/{partner_id}/contacts"
