"""Changes of e-mail address that whoever reads the mail of the address before can take back: once, and for some days.

The secret of the letter is stored hashed, and what was before is sealed. Whoever uses it makes every later change
worthless, so that nobody who changed the address twice can bring back what they put in between.
"""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from idp.protocol.secrets import hash_secret
from idp.store.database import BigKey, Database, db, delete_in_batches
from idp.store.sealing import Sealer

address_changes = db.Table(
    "address_changes",
    db.Column("id", BigKey, primary_key=True),
    db.Column("account_id", db.String(32), nullable=False, index=True),
    db.Column("secret_hash", db.LargeBinary(32), nullable=False, unique=True),
    db.Column("content", db.LargeBinary, nullable=False),
    db.Column("changed_at", db.BigInteger, nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
    db.Column("undone_at", db.BigInteger),
)


@dataclass(frozen=True, slots=True, repr=False)
class AddressChange:
    """One change that can be taken back: what there was before, and since when it is not so any more."""

    id: int
    account_id: str
    changed_at: int
    address: str
    had_password: bool
    had_app: bool
    """Whether a code of an authenticator app was asked for after the password."""
    phone: str
    """The proved phone number; "" where there was none."""


def add(
    connection: Connection,
    sealer: Sealer,
    account_id: str,
    secret: str,
    now: int,
    expires_at: int,
    **before: str | bool,
) -> None:
    """Write down in its transaction what there was `before` a change: the rest of `AddressChange`."""
    content = json.dumps([before[name] for name in _SEALED]).encode("utf-8")
    connection.execute(
        insert(address_changes).values(
            account_id=account_id,
            secret_hash=hash_secret(secret),
            content=sealer.seal(content, _place(account_id)),
            changed_at=now,
            expires_at=expires_at,
        )
    )


def find(connection: Connection, sealer: Sealer, secret: str, now: int) -> AddressChange | None:
    """Return the change of a link that still works, and leave it so: what scans mail follows links too."""
    return _one(sealer, connection.execute(_SELECT.where(_waits(secret, now))).one_or_none())


def take(connection: Connection, sealer: Sealer, secret: str, now: int) -> AddressChange | None:
    """Take a change back: for one caller, in time; for all others None."""
    taken = update(address_changes).where(_waits(secret, now)).values(undone_at=now)
    return _one(sealer, connection.execute(taken.returning(*_COLUMNS)).one_or_none())


def was_one_undone(connection: Connection, account_id: str, now: int) -> bool:
    """Whether a change of an account was taken back within the days that it could be."""
    undone = (address_changes.c.account_id == account_id) & address_changes.c.undone_at.is_not(None)
    found = select(address_changes.c.id).where(undone & (address_changes.c.expires_at > now)).limit(1)
    return connection.execute(found).first() is not None


def forget_later(connection: Connection, change: AddressChange) -> None:
    """Make the links of all changes worthless that came after one."""
    later = (address_changes.c.account_id == change.account_id) & (address_changes.c.id > change.id)
    connection.execute(delete(address_changes).where(later))


def purge(database: Database, now: int) -> int:
    """Forget changes that nobody can take back any more; return how many."""
    return delete_in_batches(database, address_changes, address_changes.c.expires_at <= now)


_SEALED = ("address", "had_password", "had_app", "phone")
_COLUMNS = tuple(address_changes.c[name] for name in ("id", "account_id", "content", "changed_at"))
_SELECT = select(*_COLUMNS)


def _waits(secret: str, now: int) -> ColumnElement[bool]:
    its = address_changes.c.secret_hash == hash_secret(secret)
    return its & address_changes.c.undone_at.is_(None) & (address_changes.c.expires_at > now)


def _one(sealer: Sealer, row: Row[*tuple[Any, ...]] | None) -> AddressChange | None:
    if row is None:
        return None
    content = json.loads(sealer.open(row.content, _place(row.account_id)))
    return AddressChange(row.id, row.account_id, changed_at=row.changed_at, **dict(zip(_SEALED, content, strict=True)))


def _place(account_id: str) -> str:
    return f"address_changes/{account_id}/content"
