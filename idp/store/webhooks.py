"""Where each partner's app wants its messages, and whether it has shown that it reads them there."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from idp.store.database import db, insert_into

webhooks = db.Table(
    "webhooks",
    db.Column("client_id", db.String(128), primary_key=True),
    db.Column("url", db.Text, nullable=False),
    db.Column("changed_at", db.BigInteger, nullable=False),
    db.Column("verified_at", db.BigInteger),
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """One address. Until it is verified, nothing is sent there but the challenge."""

    client_id: str
    url: str
    changed_at: int
    verified_at: int | None


def find(connection: Connection, client_id: str) -> Webhook | None:
    """Return where an app wants its messages."""
    columns = (webhooks.c.client_id, webhooks.c.url, webhooks.c.changed_at, webhooks.c.verified_at)
    row = connection.execute(select(*columns).where(webhooks.c.client_id == client_id)).one_or_none()
    return None if row is None else Webhook(*row)


def set_url(connection: Connection, client_id: str, url: str, now: int) -> None:
    """Write down a new address; it is not verified."""
    values = {"url": url, "changed_at": now, "verified_at": None}
    statement = insert_into(connection, webhooks).values(client_id=client_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["client_id"], set_=values))


def verify(connection: Connection, client_id: str, url: str, now: int) -> bool:
    """Write down that the challenge was met at an address; false where another one was set meanwhile."""
    same = (webhooks.c.client_id == client_id) & (webhooks.c.url == url)
    return connection.execute(update(webhooks).where(same).values(verified_at=now)).rowcount == 1
