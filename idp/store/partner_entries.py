"""What the audit log holds about the disclosures to some apps, found by the grants that they rest on."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from idp.store.audit import audit_entries
from idp.store.grants import grants


def disclosed_to(connection: Connection, client_ids: Collection[str], since: int, limit: int) -> tuple[bytes, ...]:
    """Return the newest disclosures to some apps since an instant, as they stand in the log.

    What a person had erased is not found any more: nobody can say on which grant it was.
    """
    statement = (
        select(audit_entries.c.leaf)
        .join_from(grants, audit_entries, audit_entries.c.grant_id == grants.c.id)
        .where(grants.c.client_id.in_(client_ids), audit_entries.c.disclosed_at >= since)
        .order_by(audit_entries.c.disclosed_at.desc(), audit_entries.c.id.desc())
        .limit(limit)
    )
    return tuple(connection.execute(statement).scalars())
