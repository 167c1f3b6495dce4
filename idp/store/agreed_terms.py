"""Which version of the terms of use somebody agreed to, and when."""

from sqlalchemy import Connection

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
