"""Browser sessions. The cookie holds a secret that is stored hashed and changes at every sign-in (ASVS 7.2.4)."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, insert, select, update

from idp.store.database import Database, StringList, db, delete_in_batches, in_batches
from idp.store.sealing import Sealer

sessions = db.Table(
    "sessions",
    db.Column("id", db.String(32), primary_key=True),
    db.Column("secret_hash", db.LargeBinary(32), nullable=False, unique=True),
    db.Column("account_id", db.String(32), nullable=False, index=True),
    db.Column("sid", db.String(32), nullable=False),
    db.Column("auth_time", db.BigInteger, nullable=False),
    db.Column("acr", db.String(64), nullable=False),
    db.Column("amr", StringList, nullable=False),
    db.Column("seen_at", db.BigInteger, nullable=False, index=True),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
    db.Column("started_at", db.BigInteger, nullable=False),
    db.Column("device", db.String(64), nullable=False),
    db.Column("network", db.LargeBinary, nullable=False),
)

SEEN_GRANULARITY = 60
"""Seconds for which a session's use is not written down again."""


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """One browser's session. `account_id` and `sid` are empty until somebody signs in.

    `device` is a browser and a system in words of ours; `network`, sealed (`seal_network`), where they signed in from.
    """

    id: str
    secret_hash: bytes
    account_id: str
    sid: str
    auth_time: int
    acr: str
    amr: tuple[str, ...]
    seen_at: int
    expires_at: int
    started_at: int = 0
    device: str = ""
    network: bytes = b""

    @property
    def is_signed_in(self) -> bool:
        """Whether somebody is signed in."""
        return bool(self.account_id)


_COLUMNS = tuple(item.name for item in fields(BrowserSession))
_SELECT = select(*(sessions.c[name] for name in _COLUMNS))
_ADD = insert(sessions)
_FIND = _SELECT.where(
    sessions.c.secret_hash == bindparam("presented_hash"),
    sessions.c.expires_at > bindparam("now"),
    sessions.c.seen_at > bindparam("idle_since"),
)
_CHANGE = update(sessions).where(sessions.c.id == bindparam("changed_id"))
"""Built once: putting a statement together costs more than running it."""


def add(connection: Connection, session: BrowserSession) -> None:
    """Store a new session."""
    connection.execute(_ADD, {name: getattr(session, name) for name in _COLUMNS})


def find(connection: Connection, secret_hash: bytes, now: int, idle: int) -> BrowserSession | None:
    """Return the live session of a cookie, and note that it was seen."""
    presented = {"presented_hash": secret_hash, "now": now, "idle_since": now - idle}
    row = connection.execute(_FIND, presented).one_or_none()
    if row is None:
        return None
    session = BrowserSession(*row)
    if now - session.seen_at >= SEEN_GRANULARITY:
        connection.execute(_CHANGE, {"changed_id": session.id, "seen_at": now})
    return session


def sign_in(connection: Connection, session: BrowserSession) -> None:
    """Write down who signed in, under a new cookie secret: the old cookie is worth nothing from here on."""
    changed = {name: getattr(session, name) for name in _COLUMNS if name != "id"}
    connection.execute(_CHANGE, {"changed_id": session.id, **changed})


def seal_network(sealer: Sealer, session_id: str, network: str) -> bytes:
    """Return a network as it is kept with a session."""
    return sealer.seal(network.encode("utf-8"), _place(session_id))


def open_network(sealer: Sealer, session: BrowserSession) -> str:
    """Return the network that a session began from; "" where that is not known."""
    return sealer.open(session.network, _place(session.id)).decode("utf-8") if session.network else ""


def of_account(connection: Connection, account_id: str, now: int, idle: int) -> list[BrowserSession]:
    """Return the living sessions of a user, the one that was used last first."""
    found = connection.execute(_living(account_id, now, idle).order_by(sessions.c.seen_at.desc(), sessions.c.id))
    return [BrowserSession(*row) for row in found]


def each_of_account(connection: Connection, account_id: str, now: int, idle: int) -> Iterator[BrowserSession]:
    """Yield the same, a batch at a time, in no order that means anything."""
    return (BrowserSession(*row) for row in in_batches(connection, _living(account_id, now, idle), sessions.c.id))


def end_of_user(connection: Connection, account_id: str, session_id: str) -> str | None:
    """End a session if it is this user's; return its name, `sid`, for exactly one caller."""
    theirs = (sessions.c.id == session_id) & (sessions.c.account_id == account_id)
    return connection.execute(delete(sessions).where(theirs).returning(sessions.c.sid)).scalar()


def end_others(connection: Connection, account_id: str, kept_id: str) -> list[str]:
    """End every session of a user but one; return their names, `sid`."""
    others = (sessions.c.account_id == account_id) & (sessions.c.id != kept_id)
    return list(connection.execute(delete(sessions).where(others).returning(sessions.c.sid)).scalars())


def end_of_account(connection: Connection, account_id: str) -> list[str]:
    """End every session of a user; return their names, `sid`."""
    gone = delete(sessions).where(sessions.c.account_id == account_id)
    return list(connection.execute(gone.returning(sessions.c.sid)).scalars())


def end(connection: Connection, session_id: str) -> None:
    """End a session."""
    connection.execute(delete(sessions).where(sessions.c.id == session_id))


def purge(database: Database, now: int, idle: int) -> int:
    """Forget sessions that are over; return how many."""
    return delete_in_batches(database, sessions, (sessions.c.expires_at < now) | (sessions.c.seen_at < now - idle))


def _living(account_id: str, now: int, idle: int) -> Select[Any]:
    living = (sessions.c.account_id == account_id) & (sessions.c.expires_at > now) & (sessions.c.seen_at > now - idle)
    return _SELECT.where(living)


def _place(session_id: str) -> str:
    return f"sessions/{session_id}/network"
