"""Browser sessions. The cookie holds a secret that is stored hashed and changes at every sign-in (ASVS 7.2.4)."""

from dataclasses import dataclass, fields

from sqlalchemy import Connection, delete, insert, select, update

from idp.store.database import Database, StringList, db, delete_in_batches

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
)

SEEN_GRANULARITY = 60
"""Seconds for which a session's use is not written down again."""


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """One browser's session. `account_id` and `sid` are empty until somebody signs in."""

    id: str
    secret_hash: bytes
    account_id: str
    sid: str
    auth_time: int
    acr: str
    amr: tuple[str, ...]
    seen_at: int
    expires_at: int

    @property
    def is_signed_in(self) -> bool:
        """Whether somebody is signed in."""
        return bool(self.account_id)


_COLUMNS = tuple(item.name for item in fields(BrowserSession))
_SELECT = select(*(sessions.c[name] for name in _COLUMNS))


def add(connection: Connection, session: BrowserSession) -> None:
    """Store a new session."""
    connection.execute(insert(sessions).values({name: getattr(session, name) for name in _COLUMNS}))


def find(connection: Connection, secret_hash: bytes, now: int, idle: int) -> BrowserSession | None:
    """Return the live session of a cookie, and note that it was seen."""
    live = (sessions.c.secret_hash == secret_hash) & (sessions.c.expires_at > now) & (sessions.c.seen_at > now - idle)
    row = connection.execute(_SELECT.where(live)).one_or_none()
    if row is None:
        return None
    session = BrowserSession(*row)
    if now - session.seen_at >= SEEN_GRANULARITY:
        connection.execute(update(sessions).where(sessions.c.id == session.id).values(seen_at=now))
    return session


def sign_in(connection: Connection, session: BrowserSession) -> None:
    """Write down who signed in, under a new cookie secret: the old cookie is worth nothing from here on."""
    changed = {name: getattr(session, name) for name in _COLUMNS if name != "id"}
    connection.execute(update(sessions).where(sessions.c.id == session.id).values(changed))


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
