"""What a user agreed to, one row for each client and purpose. Holds names of fields, never their values."""

from dataclasses import dataclass, fields

from sqlalchemy import ColumnElement, Connection, case, select, update

from idp.store.changes import Topic, announce
from idp.store.database import StringList, db, insert_into

consents = db.Table(
    "consents",
    db.Column("account_id", db.String(32), primary_key=True),
    db.Column("client_id", db.String(128), primary_key=True),
    db.Column("purpose", db.String(64), primary_key=True),
    db.Column("scopes", StringList, nullable=False),
    db.Column("fields", StringList, nullable=False),
    db.Column("granted_at", db.BigInteger, nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False),
    db.Column("ended_at", db.BigInteger),
    db.Column("asked", StringList, nullable=False),
    db.Column("grant_id", db.String(32), nullable=False, unique=True, index=True),
)


@dataclass(frozen=True, slots=True)
class StoredConsent:
    """One consent. `purpose` is empty where no partner's purpose is involved."""

    account_id: str
    client_id: str
    purpose: str
    scopes: tuple[str, ...]
    fields: tuple[str, ...]
    granted_at: int
    expires_at: int
    grant_id: str
    """What its app knows it by; the same for as long as it stands, however often it is given anew."""
    ended_at: int | None = None
    asked: tuple[str, ...] = ()
    """Fields that were asked for by name, besides those of the scopes, whether agreed to or not."""

    def is_alive(self, now: int) -> bool:
        """Whether it still holds."""
        return self.ended_at is None and now < self.expires_at


_COLUMNS = tuple(item.name for item in fields(StoredConsent))
_KEY = ("account_id", "client_id", "purpose")


def consent_key(account_id: str, client_id: str, purpose: str) -> str:
    """Return the key under which a consent is cached and announced."""
    return f"{account_id} {client_id} {purpose}"


def find(connection: Connection, account_id: str, client_id: str, purpose: str) -> StoredConsent | None:
    """Return a consent, ended and expired ones included."""
    which = _which(account_id, client_id, purpose)
    row = connection.execute(select(*(consents.c[name] for name in _COLUMNS)).where(which)).one_or_none()
    return None if row is None else StoredConsent(*row)


def find_by_grant(connection: Connection, grant_id: str) -> StoredConsent | None:
    """Return the consent that its app knows by an identifier, ended and expired ones included."""
    which = consents.c.grant_id == grant_id
    row = connection.execute(select(*(consents.c[name] for name in _COLUMNS)).where(which)).one_or_none()
    return None if row is None else StoredConsent(*row)


def all_alive(connection: Connection, account_id: str, now: int) -> tuple[StoredConsent, ...]:
    """Return a user's standing consents, the newest first."""
    alive = (consents.c.account_id == account_id) & consents.c.ended_at.is_(None) & (consents.c.expires_at > now)
    statement = select(*(consents.c[name] for name in _COLUMNS)).where(alive).order_by(consents.c.granted_at.desc())
    return tuple(StoredConsent(*row) for row in connection.execute(statement))


def save(connection: Connection, consent: StoredConsent, now: int) -> None:
    """Write down a consent in place of an earlier one to the same client for the same purpose.

    It takes over the identifier of one that still stands; one that is over stays over, and its identifier with it.
    """
    values = {name: getattr(consent, name) for name in _COLUMNS}
    changed = {name: value for name, value in values.items() if name not in _KEY}
    stands = consents.c.ended_at.is_(None) & (consents.c.expires_at > now)
    changed["grant_id"] = case((stands, consents.c.grant_id), else_=consent.grant_id)
    statement = insert_into(connection, consents).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=list(_KEY), set_=changed))
    announce(connection, Topic.CONSENT, consent_key(consent.account_id, consent.client_id, consent.purpose), now)


def end(connection: Connection, account_id: str, client_id: str, purpose: str, now: int) -> bool:
    """End a consent; return whether it was alive. The key may be a stranger's text of any length."""
    alive = _which(account_id, client_id, purpose) & consents.c.ended_at.is_(None)
    ended = connection.execute(update(consents).where(alive).values(ended_at=now)).rowcount == 1
    if ended:
        announce(connection, Topic.CONSENT, consent_key(account_id, client_id, purpose), now)
    return ended


def _which(account_id: str, client_id: str, purpose: str) -> ColumnElement[bool]:
    return (consents.c.account_id == account_id) & (consents.c.client_id == client_id) & (consents.c.purpose == purpose)
