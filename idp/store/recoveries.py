"""Ways back into accounts that have passkeys only, each begun by a recovery code or by an operator.

A recovery opens after a while in which whoever it is about can cancel it. It has two secrets, stored hashed: one goes
on with it or cancels it, the other one only cancels. It is over once it was used or cancelled, or another one began.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, insert, select, update

from idp.protocol.secrets import hash_secret
from idp.store.database import Database, db, delete_in_batches

MAX_ACTOR = 64

recoveries = db.Table(
    "recoveries",
    db.Column("id", db.String(32), primary_key=True),
    db.Column("account_id", db.String(32), nullable=False, index=True),
    db.Column("secret_hash", db.LargeBinary(32), nullable=False, unique=True),
    db.Column("cancel_hash", db.LargeBinary(32), nullable=False, unique=True),
    db.Column("begun_by", db.String(MAX_ACTOR), nullable=False),
    db.Column("started_at", db.BigInteger, nullable=False),
    db.Column("opens_at", db.BigInteger, nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
    db.Column("ended_at", db.BigInteger),
)


@dataclass(frozen=True, slots=True)
class Recovery:
    """One recovery. `begun_by` names the operator who proved who it is, and is empty where a recovery code did."""

    id: str
    account_id: str
    begun_by: str
    started_at: int
    opens_at: int
    expires_at: int

    def is_open(self, now: int) -> bool:
        """Whether the waiting is over."""
        return self.opens_at <= now


def begin(connection: Connection, recovery: Recovery, secret: str, cancel_secret: str) -> None:
    """Store a new recovery; one that was under way is over, so that there is never more than one."""
    cancel(connection, recovery.account_id, recovery.started_at)
    hashes = {"secret_hash": hash_secret(secret), "cancel_hash": hash_secret(cancel_secret)}
    values = {name: getattr(recovery, name) for name in _NAMES}
    connection.execute(insert(recoveries).values(**values, **hashes))


def find(connection: Connection, secret: str, now: int) -> tuple[Recovery, bool] | None:
    """Return the recovery under way that a secret belongs to, and whether the secret goes on with it."""
    hashed = hash_secret(secret)
    is_one = (recoveries.c.secret_hash == hashed) | (recoveries.c.cancel_hash == hashed)
    row = connection.execute(
        select(*_COLUMNS, recoveries.c.secret_hash == hashed).where(is_one & _under_way(now))
    ).one_or_none()
    return None if row is None else (Recovery(*row[:-1]), bool(row[-1]))


def of_account(connection: Connection, account_id: str, now: int) -> Recovery | None:
    """Return an account's recovery that is under way."""
    which = (recoveries.c.account_id == account_id) & _under_way(now)
    row = connection.execute(select(*_COLUMNS).where(which)).one_or_none()
    return None if row is None else Recovery(*row)


def use(connection: Connection, recovery_id: str, now: int) -> bool:
    """Use a recovery up; true for the one caller who does, after the waiting and in time."""
    which = (recoveries.c.id == recovery_id) & (recoveries.c.opens_at <= now) & _under_way(now)
    return connection.execute(update(recoveries).where(which).values(ended_at=now)).rowcount == 1


def cancel(connection: Connection, account_id: str, now: int) -> bool:
    """End an account's recovery; false where none is under way."""
    which = (recoveries.c.account_id == account_id) & _under_way(now)
    return connection.execute(update(recoveries).where(which).values(ended_at=now)).rowcount > 0


def purge(database: Database, now: int) -> int:
    """Forget recoveries whose time is over; return how many."""
    return delete_in_batches(database, recoveries, recoveries.c.expires_at <= now)


_NAMES = ("id", "account_id", "begun_by", "started_at", "opens_at", "expires_at")
_COLUMNS = tuple(recoveries.c[name] for name in _NAMES)


def _under_way(now: int) -> ColumnElement[bool]:
    return recoveries.c.ended_at.is_(None) & (recoveries.c.expires_at > now)
