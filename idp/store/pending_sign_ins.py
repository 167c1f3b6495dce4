"""Sign-ins that lack their second factor: who proved what so far, kept here and never in the browser's hands."""

from dataclasses import dataclass, fields

from sqlalchemy import Connection, delete, select, update

from idp.store.database import Database, StringList, db, delete_in_batches, insert_into

TRIES_PER_MAIL = 5
"""A code of six digits that was sent is guessed at no more often than this (NIST SP 800-63B 5.1.3.2)."""

pending_sign_ins = db.Table(
    "pending_sign_ins",
    db.Column("id", db.String(32), primary_key=True),
    db.Column("session_id", db.String(32), nullable=False),
    db.Column("flow", db.String(32), nullable=False),
    db.Column("onward", db.String(512), nullable=False),
    db.Column("account_id", db.String(32), nullable=False),
    db.Column("amr", StringList, nullable=False),
    db.Column("level", db.String(64), nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
    db.Column("mailed_hash", db.LargeBinary(32)),
    db.Column("mailed_until", db.BigInteger, nullable=False),
    db.Column("mailed_tries", db.Integer, nullable=False),
    db.UniqueConstraint("session_id", "flow"),
)


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """One browser's sign-in that waits for a second factor.

    `flow` is the interaction that it is for, `onward` the page of one's own; either may be "". `level` is the acr that
    the second factor is to lift it to.
    """

    id: str
    session_id: str
    flow: str
    onward: str
    account_id: str
    amr: tuple[str, ...]
    level: str
    expires_at: int
    mailed_until: int = 0


_COLUMNS = tuple(item.name for item in fields(PendingSignIn))


def put(connection: Connection, pending: PendingSignIn) -> None:
    """Store a sign-in in place of an earlier one of the same browser for the same request."""
    row = {name: getattr(pending, name) for name in _COLUMNS} | {"mailed_hash": None, "mailed_tries": 0}
    statement = insert_into(connection, pending_sign_ins).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["session_id", "flow"], set_=row))


def find(connection: Connection, session_id: str, flow: str, now: int) -> PendingSignIn | None:
    """Return what waits in a browser session for a request, or "" for none."""
    own = (
        (pending_sign_ins.c.session_id == session_id)
        & (pending_sign_ins.c.flow == flow)
        & (pending_sign_ins.c.expires_at > now)
    )
    row = connection.execute(select(*(pending_sign_ins.c[name] for name in _COLUMNS)).where(own)).one_or_none()
    return PendingSignIn(*row) if row is not None else None


def take(connection: Connection, pending_id: str, now: int) -> bool:
    """Remove a sign-in, for it is complete; true for one caller only."""
    live = (pending_sign_ins.c.id == pending_id) & (pending_sign_ins.c.expires_at > now)
    return connection.execute(delete(pending_sign_ins).where(live)).rowcount == 1


def note_mailed(connection: Connection, pending_id: str, code_hash: bytes, until: int) -> None:
    """Write down the code that was sent, in place of an earlier one."""
    changed = {"mailed_hash": code_hash, "mailed_until": until, "mailed_tries": 0}
    connection.execute(update(pending_sign_ins).where(pending_sign_ins.c.id == pending_id).values(changed))


def try_mailed(connection: Connection, pending_id: str, code_hash: bytes, now: int) -> bool:
    """Try a code that was sent: the try is counted before it is looked at, and a right code is used up by it."""
    live = (pending_sign_ins.c.id == pending_id) & (pending_sign_ins.c.mailed_until > now)
    admitted = update(pending_sign_ins).where(live & (pending_sign_ins.c.mailed_tries < TRIES_PER_MAIL))
    tried = {"mailed_tries": pending_sign_ins.c.mailed_tries + 1}
    if connection.execute(admitted.values(tried)).rowcount != 1:
        return False
    right = live & (pending_sign_ins.c.mailed_hash == code_hash)
    return connection.execute(update(pending_sign_ins).where(right).values(mailed_hash=None)).rowcount == 1


def forget_account(connection: Connection, account_id: str) -> None:
    """Drop what waits for an account: what was proved before does not count any more."""
    connection.execute(delete(pending_sign_ins).where(pending_sign_ins.c.account_id == account_id))


def purge(database: Database, now: int) -> int:
    """Forget sign-ins that nobody completed; return how many."""
    return delete_in_batches(database, pending_sign_ins, pending_sign_ins.c.expires_at <= now)
