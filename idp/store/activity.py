"""A person's security activity: what happened to their account, from where; all but kind and time is sealed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select

from idp.protocol.activity import Seen
from idp.store.database import BigKey, Database, db, delete_in_batches
from idp.store.sealing import Sealer

activity = db.Table(
    "activity",
    db.Column("id", BigKey, primary_key=True),
    db.Column("account_id", db.String(32), nullable=False),
    db.Column("kind", db.String(32), nullable=False),
    db.Column("at", db.BigInteger, nullable=False, index=True),
    db.Column("details", db.LargeBinary, nullable=False),
    db.Index("ix_activity_account_id", "account_id", "id"),
)


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """One event of a person's; `details` are the words that belong to it, such as the name of a passkey."""

    id: int
    kind: str
    at: int
    seen: Seen
    details: Mapping[str, str]


_ADD = insert(activity).inline()
_LATEST = (
    select(activity.c.id, activity.c.kind, activity.c.at, activity.c.details)
    .where(activity.c.account_id == bindparam("of_account"))
    .order_by(activity.c.id.desc())
    .limit(bindparam("at_most"))
)
_LATEST_OF_KINDS = _LATEST.where(activity.c.kind.in_(bindparam("kinds", expanding=True)))
"""Built once: putting a statement together costs more than running it."""


def add(
    connection: Connection, sealer: Sealer, account_id: str, kind: str, seen: Seen, now: int, details: Mapping[str, str]
) -> None:
    """Write an event down, in its own transaction."""
    content = json.dumps([seen.network, seen.device, dict(details)], ensure_ascii=False).encode("utf-8")
    sealed = sealer.seal(content, _place(account_id, kind))
    connection.execute(_ADD, {"account_id": account_id, "kind": kind, "at": now, "details": sealed})


def latest(
    connection: Connection,
    sealer: Sealer,
    account_id: str,
    limit: int,
    before: int | None = None,
    kinds: tuple[str, ...] = (),
) -> tuple[Entry, ...]:
    """Return a person's events, of these kinds or of all, the newest first; `before` is the number of the last seen."""
    statement = _LATEST_OF_KINDS if kinds else _LATEST
    if before is not None:
        statement = statement.where(activity.c.id < before)
    found = connection.execute(statement, {"of_account": account_id, "at_most": limit, "kinds": kinds})
    return tuple(_entry(sealer, account_id, *row) for row in found)


def purge(database: Database, before: int) -> int:
    """Forget what happened before a moment; return how much."""
    return delete_in_batches(database, activity, activity.c.at < before)


def _entry(sealer: Sealer, account_id: str, number: int, kind: str, at: int, sealed: bytes) -> Entry:
    network, device, details = json.loads(sealer.open(sealed, _place(account_id, kind)))
    return Entry(number, kind, at, Seen(network, device), details)


def _place(account_id: str, kind: str) -> str:
    return f"activity/{account_id}/{kind}/details"
