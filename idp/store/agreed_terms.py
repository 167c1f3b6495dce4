"""Which version of the terms of use somebody agreed to, and when."""

from sqlalchemy import Connection, select

from idp.store.database import db, insert_if_absent

agreed_terms = db.Table(
    "agreed_terms",
    db.Column("account_id", db.String(32), primary_key=True),
    db.Column("version", db.String(64), primary_key=True),
    db.Column("agreed_at", db.BigInteger, nullable=False),
)


def add(connection: Connection, account_id: str, version: str, now: int) -> None:
    """Write down that somebody agreed; the first time counts."""
    insert_if_absent(connection, agreed_terms, account_id=account_id, version=version, agreed_at=now)


def of_account(connection: Connection, account_id: str) -> dict[str, int]:
    """Return the versions that somebody agreed to, each with when."""
    rows = select(agreed_terms.c.version, agreed_terms.c.agreed_at).where(agreed_terms.c.account_id == account_id)
    return {row.version: row.agreed_at for row in connection.execute(rows.order_by(agreed_terms.c.agreed_at))}
