"""Forgetting a person: every row of theirs in every table goes, but for what `KEPT` names.

A table knows its person by `account_id` or, where it hangs on what they shared, by `grant_id`. A new one is erased
without being named here.
"""

from sqlalchemy import Connection, delete, select

from idp.store.accounts import accounts
from idp.store.database import Base
from idp.store.grants import grants

KEPT = frozenset({"audit_entries", "partner_messages"})
"""The log is for keeping, and names nobody once `own_entries.forget` is done; what partners have yet to be told of an
end has no value of the person's, and goes when it is told or too old."""


def erase(connection: Connection, account_id: str) -> None:
    """Delete everything that is kept of an account, and the account."""
    shared = select(grants.c.id).where(grants.c.account_id == account_id)
    tables = [table for table in Base.metadata.tables.values() if table.name not in KEPT]
    for table in tables:
        if "grant_id" in table.c:
            connection.execute(delete(table).where(table.c.grant_id.in_(shared)))
    for table in tables:
        if "account_id" in table.c:
            connection.execute(delete(table).where(table.c.account_id == account_id))
    connection.execute(delete(accounts).where(accounts.c.id == account_id))
