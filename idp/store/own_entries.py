"""What the audit log holds about one person, found by their grants; and how that is forgotten.

The log itself is neither searched nor changed by it: which entries are whose stands beside the leaves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, or_, select, update

from idp.store import shadow_results
from idp.store.audit import audit_entries, audit_salts
from idp.store.changes import Topic, announce
from idp.store.grants import grants

READ_BATCH = 1000


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """An entry of the log on a grant. `position` is its place there; None for one that waits for it."""

    id: int
    grant_id: str
    leaf: bytes
    position: int | None
    disclosed_at: int | None
    """When something went out by it; None for what happened to the grant itself."""


@dataclass(frozen=True, slots=True)
class Uses:
    """How often data went out on a grant, and when last."""

    times: int
    last_at: int


_COLUMNS = tuple(audit_entries.c[name] for name in ("id", "grant_id", "leaf", "position", "disclosed_at"))
_DISCLOSED = audit_entries.c.disclosed_at.is_not(None)


def uses(connection: Connection, grant_ids: Sequence[str]) -> dict[str, Uses]:
    """Return for each grant how it was used; nothing for those that were not."""
    times, last_at = func.count(audit_entries.c.disclosed_at), func.max(audit_entries.c.disclosed_at)
    statement = select(audit_entries.c.grant_id, times, last_at).where(_of(grant_ids), _DISCLOSED)
    return {row[0]: Uses(row[1], row[2]) for row in connection.execute(statement.group_by(audit_entries.c.grant_id))}


def disclosures(
    connection: Connection, grant_id: str, limit: int, before: tuple[int, int] | None = None
) -> tuple[OwnEntry, ...]:
    """Return what went out on a grant, the newest first; `before` is when the last one seen was, and its number."""
    statement = select(*_COLUMNS).where(_of([grant_id]), _DISCLOSED)
    if before is not None:
        at, number = before
        same_moment = and_(audit_entries.c.disclosed_at == at, audit_entries.c.id < number)
        statement = statement.where(or_(audit_entries.c.disclosed_at < at, same_moment))
    newest_first = statement.order_by(audit_entries.c.disclosed_at.desc(), audit_entries.c.id.desc())
    return _entries(connection, newest_first.limit(limit))


def find(connection: Connection, grant_ids: Sequence[str], number: int) -> OwnEntry | None:
    """Return an entry by its number, if it is about one of these grants."""
    found = _entries(connection, select(*_COLUMNS).where(_of(grant_ids), audit_entries.c.id == number))
    return found[0] if found else None


def everything(connection: Connection, grant_ids: Sequence[str]) -> Iterator[OwnEntry]:
    """Yield every entry on these grants, in the order in which they were written down."""
    last = 0
    while True:
        further = select(*_COLUMNS).where(_of(grant_ids), audit_entries.c.id > last)
        batch = _entries(connection, further.order_by(audit_entries.c.id).limit(READ_BATCH))
        yield from batch
        if len(batch) < READ_BATCH:
            return
        last = batch[-1].id


def forget(connection: Connection, account_id: str, now: int) -> bool:
    """Forget which entries are about a person, and the salt by which it could be shown; false if none was known.

    What was decided about them, and from what, goes along. From then on nobody can say whom those entries are about.
    The log verifies as before. Processes that remember the salt are told to forget it.
    """
    announce(connection, Topic.ACCOUNT, account_id, now)
    theirs = select(grants.c.id).where(grants.c.account_id == account_id)
    which = audit_entries.c.grant_id.in_(theirs)
    connection.execute(update(audit_entries).where(which).values(grant_id=None, disclosed_at=None, inputs=None))
    shadow_results.forget(connection, account_id)
    return connection.execute(delete(audit_salts).where(audit_salts.c.account_id == account_id)).rowcount == 1


def _of(grant_ids: Sequence[str]) -> ColumnElement[bool]:
    return audit_entries.c.grant_id.in_(grant_ids)


def _entries(connection: Connection, statement: Select[Any]) -> tuple[OwnEntry, ...]:
    return tuple(OwnEntry(*row) for row in connection.execute(statement))
