"""Which account belongs to somebody whom another OpenID provider knows: one account, and only by proof of both sides.

The other provider's name for a person is kept as a keyed hash; what the person reads of it is sealed.
"""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, Row, delete, func, select, update

from idp.protocol.secrets import Randomness, new_identifier
from idp.protocol.upstreams import Identity
from idp.store.database import db, insert_if_absent
from idp.store.sealing import Sealer

upstream_links = db.Table(
    "upstream_links",
    db.Column("id", db.String(32), primary_key=True),
    db.Column("subject_key", db.LargeBinary(32), nullable=False, unique=True),
    db.Column("account_id", db.String(32), nullable=False, index=True),
    db.Column("content", db.LargeBinary, nullable=False),
    db.Column("created_at", db.BigInteger, nullable=False),
    db.Column("used_at", db.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, repr=False)
class UpstreamLink:
    """One connection of an account: with which provider, and what that called the person when they connected."""

    id: str
    account_id: str
    provider: str
    """Its name in the settings at that time."""
    issuer: str
    shown: str
    """An e-mail address or name, for the person to recognise; "" where the provider told none."""
    created_at: int
    used_at: int


class UpstreamLinks:
    """The questions asked of connections."""

    def __init__(self, sealer: Sealer, random: Randomness) -> None:
        """Take the sealer of what is shown and the source of identifiers."""
        self._sealer = sealer
        self._random = random

    def find(self, connection: Connection, issuer: str, subject: str) -> UpstreamLink | None:
        """Return the connection of somebody whom a provider knows by this `sub`."""
        known = upstream_links.c.subject_key == self._key(issuer, subject)
        row = connection.execute(select(upstream_links).where(known)).one_or_none()
        return self._opened(row) if row is not None else None

    def of_account(self, connection: Connection, account_id: str) -> list[UpstreamLink]:
        """Return the connections of an account, the oldest first."""
        own = select(upstream_links).where(upstream_links.c.account_id == account_id)
        rows = connection.execute(own.order_by(upstream_links.c.created_at, upstream_links.c.id)).all()
        return [self._opened(row) for row in rows]

    def add(self, connection: Connection, account_id: str, who: Identity, now: int) -> bool:
        """Connect an account; false when this person of that provider is connected already, to whatever account."""
        link_id = new_identifier(self._random)
        content = json.dumps({"provider": who.provider, "issuer": who.issuer, "shown": who.shown}).encode("utf-8")
        return insert_if_absent(
            connection,
            upstream_links,
            id=link_id,
            subject_key=self._key(who.issuer, who.subject),
            account_id=account_id,
            content=self._sealer.seal(content, _place(link_id)),
            created_at=now,
            used_at=now,
        )

    def _key(self, issuer: str, subject: str) -> bytes:
        return self._sealer.index("upstream subject", f"{issuer}\x00{subject}")

    def _opened(self, row: Row[*tuple[object, ...]]) -> UpstreamLink:
        content = json.loads(self._sealer.open(row.content, _place(row.id)))
        return UpstreamLink(**content, **{name: getattr(row, name) for name in _PLAIN})


_PLAIN = ("id", "account_id", "created_at", "used_at")


def count(connection: Connection, account_id: str) -> int:
    """Return how many connections an account has."""
    own = select(func.count()).where(upstream_links.c.account_id == account_id)
    return connection.execute(own.select_from(upstream_links)).scalar_one()


def note_use(connection: Connection, link_id: str, now: int) -> None:
    """Write down that somebody signed in by a connection."""
    connection.execute(update(upstream_links).where(upstream_links.c.id == link_id).values(used_at=now))


def remove(connection: Connection, account_id: str, link_id: str) -> bool:
    """End a connection of an account; true for the one caller who did. Whether another way stays is the caller's."""
    own = (upstream_links.c.id == link_id) & (upstream_links.c.account_id == account_id)
    return connection.execute(delete(upstream_links).where(own)).rowcount == 1


def remove_all(connection: Connection, account_id: str) -> int:
    """End every connection of an account; return how many."""
    return connection.execute(delete(upstream_links).where(upstream_links.c.account_id == account_id)).rowcount


def remove_since(connection: Connection, account_id: str, since: int) -> None:
    """End the connections that an account got at a moment or later."""
    later = (upstream_links.c.account_id == account_id) & (upstream_links.c.created_at >= since)
    connection.execute(delete(upstream_links).where(later))


def _place(link_id: str) -> str:
    return f"upstream_links/{link_id}/content"
