"""The schema's versions: upgrading, and whether the database is at the one that this code was written for (Alembic)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from idp.store import (  # noqa: F401 - importing a module declares its table
    accounts,
    activity,
    address_changes,
    agreed_terms,
    agreement_versions,
    attempts,
    audience_answers,
    audience_fields,
    audit,
    audit_tree,
    authenticators,
    changes,
    clients,
    codes,
    families,
    grants,
    interactions,
    mail_proofs,
    outbox,
    partner_events,
    partner_members,
    partner_messages,
    partners,
    passkeys,
    pending_sign_ins,
    policies,
    pushed_requests,
    quotas,
    recoveries,
    recovery_codes,
    registrations,
    replay,
    revocations,
    sealing,
    session_clients,
    sessions,
    shadow_results,
    signing_keys,
    transactions,
    upstream_arrivals,
    upstream_flows,
    upstream_links,
    webhooks,
)
from idp.store.database import Base, Database

metadata = Base.metadata
_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring a database, empty or older, to a revision. Two processes at once do not get in each other's way.

    It takes as long as it takes: building an index over a large table is no statement that got stuck, nor is a busy
    machine that is slow to say what comes next an owner that died.
    """
    with database.transaction() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        command.upgrade(_config(connection), revision)


def is_current(connection: Connection) -> bool:
    """Whether the database is at the newest revision."""
    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


_LOCK = 0x5E1C15B0


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config
