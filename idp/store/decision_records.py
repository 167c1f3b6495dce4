"""What decisions were made from, sealed, beside the entries of the audit log that they led to; and how it is forgotten.

It is written by the statement that writes the entry (`audit.disclosed`), so that there are as many records as
disclosures. The log itself does not hold it.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, literal, select, update

from idp.store.audit import audit_entries, record_place
from idp.store.database import PURGE_BATCH, Database
from idp.store.sealing import Sealer, UnsealingError

READ_BATCH = 1000


class Part(NamedTuple):
    """At most so many records, from a place among all of them on: 0 is the first, 1 the last."""

    place: float
    most: int


def read(connection: Connection, sealer: Sealer, since: int, part: Part | None = None) -> Iterator[bytes | None]:
    """Yield the records of the disclosures since an instant, in order; None for one that does not open."""
    columns = (audit_entries.c.id, audit_entries.c.leaf, audit_entries.c.inputs)
    kept = and_(audit_entries.c.inputs.is_not(None), audit_entries.c.disclosed_at >= since)
    last, left = 0, part.most if part is not None else None
    if part is not None:
        first, newest = connection.execute(
            select(func.min(audit_entries.c.id), func.max(audit_entries.c.id)).where(kept)
        ).one()
        last = int(first + (newest - first) * part.place) - 1 if first is not None else 0
    while True:
        limit = READ_BATCH if left is None else min(READ_BATCH, left)
        further = select(*columns).where(kept, audit_entries.c.id > last).order_by(audit_entries.c.id)
        batch = connection.execute(further.limit(limit)).all()
        for _, leaf, sealed in batch:
            try:
                yield sealer.open(sealed, record_place(json.loads(leaf)["decision"]))
            except UnsealingError:
                yield None
        left = None if left is None else left - len(batch)
        if len(batch) < limit or left == 0:
            return
        last = batch[-1].id


def forget_old(database: Database, before: int) -> int:
    """Forget the records of disclosures before an instant, in batches; return how many."""
    old = audit_entries.c.inputs.is_not(None) & (audit_entries.c.disclosed_at < before)
    batch = select(audit_entries.c.id).where(old).limit(PURGE_BATCH).with_for_update(skip_locked=True).cte("batch")
    statement = update(audit_entries).where(audit_entries.c.id.in_(select(batch.c.id))).values(inputs=None)
    forgotten = 0
    while True:
        with database.autocommit() as connection:
            count = len(connection.execute(statement.returning(literal(1))).all())
        forgotten += count
        if count < PURGE_BATCH:
            return forgotten
