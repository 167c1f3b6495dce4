"""What the audit log holds about the disclosures to some apps, found by the grants that they rest on."""

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, select

from idp.store.audit import audit_entries
from idp.store.grants import grants

READ_BATCH = 1000


def disclosed_to(connection: Connection, client_ids: Collection[str], since: int) -> Iterator[bytes]:
    """Yield every disclosure to some apps since an instant, as it stands in the log, in no order; in a transaction.

    They are read in batches, for they may be millions. What a person had erased is not found any more: nobody can say
    on which grant it was.
    """
    statement = (
        select(audit_entries.c.leaf)
        .join_from(grants, audit_entries, audit_entries.c.grant_id == grants.c.id)
        .where(grants.c.client_id.in_(client_ids), audit_entries.c.disclosed_at >= since)
    )
    yield from connection.execute(statement.execution_options(yield_per=READ_BATCH)).scalars()
