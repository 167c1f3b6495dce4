"""Every version of every agreement, as it was proposed: none is changed afterwards, but for how far it came.

A version is written once for its number and known by the hash of its document. Who approved it is not who wrote it.
"""

from dataclasses import dataclass, fields
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, select, update

from idp.store.database import db, insert_if_absent
from idp.store.partner_events import MAX_ACTOR

DRAFT = "draft"
APPROVED = "approved"
IN_FORCE = "in_force"
SUPERSEDED = "superseded"

agreement_versions = db.Table(
    "agreement_versions",
    db.Column("partner_id", db.String(64), primary_key=True),
    db.Column("version", db.Integer, primary_key=True),
    db.Column("document", db.Text, nullable=False),
    db.Column("hash", db.String(64), nullable=False),
    db.Column("state", db.String(16), nullable=False),
    db.Column("effective_at", db.BigInteger, nullable=False),
    db.Column("author", db.String(MAX_ACTOR), nullable=False),
    db.Column("proposed_at", db.BigInteger, nullable=False),
    db.Column("approver", db.String(MAX_ACTOR), nullable=False),
    db.Column("approved_at", db.BigInteger),
    db.Column("in_force_at", db.BigInteger),
)


@dataclass(frozen=True, slots=True)
class AgreementVersion:
    """One version. `approver` is "" until somebody approved it; `hash` is the SHA-256 of the document, in hex."""

    partner_id: str
    version: int
    document: str
    hash: str
    state: str
    effective_at: int
    author: str
    proposed_at: int
    approver: str = ""
    approved_at: int | None = None
    in_force_at: int | None = None


_COLUMNS = tuple(item.name for item in fields(AgreementVersion))
_SELECT = select(*(agreement_versions.c[name] for name in _COLUMNS))


def hash_of(document: str) -> str:
    """Return the hash that a version is known by."""
    return sha256(document.encode("utf-8")).hexdigest()


def add(connection: Connection, version: AgreementVersion) -> bool:
    """Write a version down; false, with nothing written, where the number is taken."""
    return insert_if_absent(connection, agreement_versions, **{name: getattr(version, name) for name in _COLUMNS})


def find(connection: Connection, partner_id: str, version: int) -> AgreementVersion | None:
    """Return a version."""
    row = connection.execute(_SELECT.where(_which(partner_id, version))).one_or_none()
    return None if row is None else AgreementVersion(*row)


def all_of(connection: Connection, partner_id: str) -> tuple[AgreementVersion, ...]:
    """Return every version with a partner, the newest first."""
    which = _SELECT.where(agreement_versions.c.partner_id == partner_id)
    rows = connection.execute(which.order_by(agreement_versions.c.version.desc()))
    return tuple(AgreementVersion(*row) for row in rows)


def approve(connection: Connection, partner_id: str, version: int, approver: str, now: int) -> bool:
    """Approve a draft; false where it is none, or where it is the approver's own."""
    which = _which(partner_id, version) & (agreement_versions.c.state == DRAFT)
    mine = agreement_versions.c.author == approver
    statement = update(agreement_versions).where(which & ~mine)
    return connection.execute(statement.values(state=APPROVED, approver=approver, approved_at=now)).rowcount == 1


def put_in_force(connection: Connection, partner_id: str, version: int, now: int) -> bool:
    """Let an approved version supersede the one in force; false where another process did so already."""
    ready = _which(partner_id, version) & (agreement_versions.c.state == APPROVED)
    statement = update(agreement_versions).where(ready).values(state=IN_FORCE, in_force_at=now)
    if connection.execute(statement).rowcount != 1:
        return False
    others = (agreement_versions.c.partner_id == partner_id) & (agreement_versions.c.version < version)
    older = others & agreement_versions.c.state.in_((IN_FORCE, APPROVED))
    connection.execute(update(agreement_versions).where(older).values(state=SUPERSEDED))
    return True


def due(connection: Connection, now: int) -> tuple[AgreementVersion, ...]:
    """Return the approved versions whose time has come, older ones first."""
    ready = (agreement_versions.c.state == APPROVED) & (agreement_versions.c.effective_at <= now)
    rows = connection.execute(
        _SELECT.where(ready).order_by(agreement_versions.c.partner_id, agreement_versions.c.version)
    )
    return tuple(AgreementVersion(*row) for row in rows)


def _which(partner_id: str, version: int) -> ColumnElement[bool]:
    return (agreement_versions.c.partner_id == partner_id) & (agreement_versions.c.version == version)
