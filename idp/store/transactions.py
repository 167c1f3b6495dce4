"""What people bought, as the marketplace reports it: sealed, but for whose it is and when, by which it is found."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, tuple_

from idp.protocol.secrets import Randomness, new_identifier
from idp.store.database import db, in_batches
from idp.store.sealing import Sealer

transactions = db.Table(
    "transactions",
    db.Column("id", db.String(32), primary_key=True),
    db.Column("account_id", db.String(32), nullable=False),
    db.Column("at", db.BigInteger, nullable=False),
    db.Column("content", db.LargeBinary, nullable=False),
    db.Index("ix_transactions_account_id_at", "account_id", "at", "id"),
)


@dataclass(frozen=True, slots=True, repr=False)
class Purchase:
    """One purchase: when (seconds since 1970 UTC), at which shop, what, and for how many yen."""

    at: int
    shop: str
    category: str
    item: str
    yen: int


@dataclass(frozen=True, slots=True, repr=False)
class Transaction:
    """A purchase with the identifier that it is kept under."""

    id: str
    purchase: Purchase


@dataclass(frozen=True, slots=True)
class Window:
    """From when, and before when; `before_id` goes on where a page ended at that very second."""

    since: int
    until: int
    before_id: str = ""


class Transactions:
    """The questions asked of purchases."""

    def __init__(self, sealer: Sealer, random: Randomness) -> None:
        """Take the sealer of what they say and the source of identifiers."""
        self._sealer = sealer
        self._random = random

    def page(self, connection: Connection, account_id: str, window: Window, limit: int) -> tuple[Transaction, ...]:
        """Return the newest purchases of a window."""
        place = tuple_(transactions.c.at, transactions.c.id)
        statement = (
            select(transactions.c.id, transactions.c.at, transactions.c.content)
            .where(transactions.c.account_id == account_id, transactions.c.at >= window.since)
            .where(place < (window.until, window.before_id))
            .order_by(transactions.c.at.desc(), transactions.c.id.desc())
            .limit(limit)
        )
        return tuple(self._transaction(row) for row in connection.execute(statement))

    def each_of_account(self, connection: Connection, account_id: str) -> Iterator[Purchase]:
        """Yield all purchases of a person, the oldest first, a batch at a time."""
        statement = select(transactions.c.id, transactions.c.at, transactions.c.content)
        mine = statement.where(transactions.c.account_id == account_id)
        found = in_batches(connection, mine, transactions.c.at, transactions.c.id)
        return (self._transaction(row).purchase for row in found)

    def replace(self, connection: Connection, account_id: str, purchases: Iterable[Purchase]) -> None:
        """Put these in the place of what is known of a person."""
        connection.execute(delete(transactions).where(transactions.c.account_id == account_id))
        rows = [self._row(account_id, purchase) for purchase in purchases]
        if rows:
            connection.execute(insert(transactions), rows)

    def _row(self, account_id: str, purchase: Purchase) -> Mapping[str, object]:
        id_ = new_identifier(self._random)
        said = {name: value for name, value in asdict(purchase).items() if name != "at"}
        content = self._sealer.seal(json.dumps(said, ensure_ascii=False).encode("utf-8"), _place(id_))
        return {"id": id_, "account_id": account_id, "at": purchase.at, "content": content}

    def _transaction(self, row: Row[*tuple[Any, ...]]) -> Transaction:
        return Transaction(row.id, Purchase(at=row.at, **json.loads(self._sealer.open(row.content, _place(row.id)))))


def _place(id_: str) -> str:
    return f"transactions/{id_}/content"
