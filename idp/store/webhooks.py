"""Where each partner's app wants its messages, and whether it has shown that it reads them there."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

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


def try_url(connection: Connection, client_id: str, url: str, now: int) -> None:
    """Write down an address that is not verified yet, unless the app has one that is: messages go there meanwhile."""
    values = {"url": url, "changed_at": now}
    statement = insert_into(connection, webhooks).values(client_id=client_id, verified_at=None, **values)
    unverified = webhooks.c.verified_at.is_(None)
    connection.execute(statement.on_conflict_do_update(index_elements=["client_id"], set_=values, where=unverified))


def verify(connection: Connection, client_id: str, url: str, now: int) -> None:
    """Write down that the challenge was met at an address, which is the app's from now on."""
    values = {"url": url, "changed_at": now, "verified_at": now}
    statement = insert_into(connection, webhooks).values(client_id=client_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["client_id"], set_=values))
