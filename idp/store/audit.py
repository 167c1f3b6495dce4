"""Entries of the audit log, and the salts of the people they are about.

An entry is inserted in the transaction of its event; that of a disclosure is committed before the data goes out, and
only if the grant is still the one that was decided upon. Entries are never changed, but for the place in the log that
`audit_tree` gives each once, and never removed. A salt is a row of its own, so that erasing a person can drop it.

Which grant an entry is about, whether something went out, and what that was decided from (`decision_records`), stands
beside the leaf and never in it: that is how people find what concerns them (`own_entries`), and it goes with the salt.
"""

from sqlalchemy import Connection, bindparam, insert, literal, select

from idp.protocol import audit
from idp.protocol.audit import Changed, Disclosed, Person, Sharing
from idp.protocol.secrets import SECRET_BYTES, Randomness
from idp.store.clients import clients
from idp.store.database import BigKey, db, insert_if_absent
from idp.store.grants import Grant, grants
from idp.store.policies import PolicyStep
from idp.store.sealing import Sealer

audit_entries = db.Table(
    "audit_entries",
    db.Column("id", BigKey, primary_key=True, autoincrement=True),
    db.Column("leaf", db.LargeBinary, nullable=False),
    db.Column("position", db.BigInteger, unique=True),
    db.Column("grant_id", db.String(32)),
    db.Column("disclosed_at", db.BigInteger),
    db.Column("inputs", db.LargeBinary),
)
db.Index(
    "ix_audit_entries_without_position",
    audit_entries.c.id,
    postgresql_where=audit_entries.c.position.is_(None),
    sqlite_where=audit_entries.c.position.is_(None),
)
db.Index(
    "ix_audit_entries_of_grant",
    audit_entries.c.grant_id,
    audit_entries.c.disclosed_at,
    audit_entries.c.id,
    postgresql_where=audit_entries.c.grant_id.is_not(None),
    sqlite_where=audit_entries.c.grant_id.is_not(None),
)

db.Index(
    "ix_audit_entries_with_inputs",
    audit_entries.c.disclosed_at,
    postgresql_where=audit_entries.c.inputs.is_not(None),
    sqlite_where=audit_entries.c.inputs.is_not(None),
)

audit_salts = db.Table(
    "audit_salts",
    db.Column("account_id", db.String(32), primary_key=True),
    db.Column("salt", db.LargeBinary, nullable=False),
)

_INSERT = insert(audit_entries).inline()
_INSERT_IF_UNCHANGED = (
    insert(audit_entries)
    .from_select(
        ["leaf", "grant_id", "disclosed_at", "inputs"],
        select(
            bindparam("new_leaf", type_=db.LargeBinary),
            grants.c.id,
            bindparam("disclosed_at", type_=db.BigInteger),
            bindparam("inputs", type_=db.LargeBinary),
        )
        .where(grants.c.id == bindparam("grant_id"), grants.c.version == bindparam("grant_version"))
        .with_for_update(read=True),
    )
    .returning(literal(1))
)


class AuditLog:
    """Writes entries down. Who reads them works with leaves (`protocol.audit`) and the tree (`store.audit_tree`)."""

    def __init__(self, sealer: Sealer, random: Randomness) -> None:
        """Take the sealer of the salts and the source of new ones."""
        self._sealer = sealer
        self._random = random

    def person(self, connection: Connection, account_id: str) -> Person:
        """Return the person of an account with their salt, made the first time."""
        known = self.known_person(connection, account_id)
        if known is not None:
            return known
        fresh = self._sealer.seal(self._random(SECRET_BYTES), _place(account_id))
        insert_if_absent(connection, audit_salts, account_id=account_id, salt=fresh)
        made = self.known_person(connection, account_id)
        if made is None:
            raise LookupError("the salt was erased as it was made")
        return made

    def sealed_record(self, decision_id: str, record: bytes) -> bytes:
        """Return what a decision was made from as it is kept beside its entry (`disclosed`)."""
        return self._sealer.seal(record, record_place(decision_id))

    def known_person(self, connection: Connection, account_id: str) -> Person | None:
        """Return the person of an account; None for one of whom the log knows nothing, or nothing any more."""
        statement = select(audit_salts.c.salt).where(audit_salts.c.account_id == account_id)
        sealed = connection.execute(statement).scalar()
        return None if sealed is None else Person(account_id, self._sealer.open(sealed, _place(account_id)))

    def grant_changed(self, connection: Connection, grant: Grant, changed: Changed, now: int) -> None:
        """Write down what happened to a grant, in the transaction in which it happens."""
        sharing = self._sharing(connection, grant.account_id, grant.client_id, grant.purpose)
        _add(connection, audit.grant_changed(sharing, changed, now), grant.id)

    def _sharing(self, connection: Connection, account_id: str, client_id: str, purpose: str) -> Sharing:
        which = select(clients.c.partner_id).where(clients.c.client_id == client_id)
        partner_id = connection.execute(which).scalar_one()
        return Sharing(self.person(connection, account_id), partner_id, client_id, purpose)


def partner_status_changed(connection: Connection, partner_id: str, status: str, now: int) -> None:
    """Write down a partner's new status, in the transaction that sets it."""
    _add(connection, audit.partner_status(partner_id, status, now))


def agreement_changed(connection: Connection, partner_id: str, document: str, now: int) -> None:
    """Write down which agreement is in force, in the transaction that puts it there."""
    _add(connection, audit.agreement_changed(partner_id, document, now))


def policy_changed(connection: Connection, step: PolicyStep, before: str) -> None:
    """Write down which policy is in force, in the transaction that puts it there."""
    _add(connection, audit.policy_changed(step.kind, step.hash, before, step.signed_off, step.at))


def disclosed(
    connection: Connection, sharing: Sharing, what: Disclosed, grant: Grant, now: int, inputs: bytes | None = None
) -> bool:
    """Write down a disclosure before it happens; false, with nothing written, if the grant is not as it was.

    One statement, which holds the grant against change until it is committed. So an end that was acknowledged comes
    after every disclosure in the log, and no disclosure after it.
    """
    values = {"grant_id": grant.id, "grant_version": grant.version, "disclosed_at": now, "inputs": inputs}
    leaf = audit.disclosure(sharing, what, now)
    return connection.execute(_INSERT_IF_UNCHANGED, {"new_leaf": leaf, **values}).first() is not None


def _add(connection: Connection, leaf: bytes, grant_id: str | None = None) -> None:
    connection.execute(_INSERT, {"leaf": leaf, "grant_id": grant_id})


def record_place(decision_id: str) -> str:
    """Return the place that a record of a decision is sealed for."""
    return f"audit_entries/{decision_id}/inputs"


def _place(account_id: str) -> str:
    return f"audit_salts/{account_id}/salt"
