"""Where a policy that is only tried decided otherwise than the one in force: names of fields, for whom and of whom.

Rows go with age, and with the person that they are about.
"""

from dataclasses import dataclass, fields

from sqlalchemy import Connection, delete, insert, select

from idp.store.database import BigKey, Database, TextList, db, delete_in_batches

shadow_results = db.Table(
    "shadow_results",
    db.Column("id", BigKey, primary_key=True, autoincrement=True),
    db.Column("policy", db.String(64), nullable=False, index=True),
    db.Column("against", db.String(64), nullable=False),
    db.Column("account_id", db.String(32), nullable=False, index=True),
    db.Column("partner_id", db.String(64), nullable=False),
    db.Column("client_id", db.String(128), nullable=False),
    db.Column("purpose", db.String(64), nullable=False),
    db.Column("wider", TextList, nullable=False),
    db.Column("narrower", TextList, nullable=False),
    db.Column("at", db.BigInteger, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class ShadowResult:
    """What a policy would have let go besides, and what it would have kept, at one decision. Policies by hash."""

    policy: str
    against: str
    account_id: str
    partner_id: str
    client_id: str
    purpose: str
    wider: tuple[str, ...]
    narrower: tuple[str, ...]
    at: int


_COLUMNS = tuple(item.name for item in fields(ShadowResult))


def add(connection: Connection, result: ShadowResult) -> None:
    """Write a result down."""
    connection.execute(insert(shadow_results).values({name: getattr(result, name) for name in _COLUMNS}))


def of_policy(connection: Connection, hash_: str) -> tuple[ShadowResult, ...]:
    """Return what a policy would have done otherwise, in order."""
    statement = select(*(shadow_results.c[name] for name in _COLUMNS)).where(shadow_results.c.policy == hash_)
    return tuple(ShadowResult(*row) for row in connection.execute(statement.order_by(shadow_results.c.id)))


def forget(connection: Connection, account_id: str) -> None:
    """Forget what is about a person."""
    connection.execute(delete(shadow_results).where(shadow_results.c.account_id == account_id))


def purge(database: Database, before: int) -> int:
    """Forget what is older than an instant; return how many rows that were."""
    return delete_in_batches(database, shadow_results, shadow_results.c.at < before)
