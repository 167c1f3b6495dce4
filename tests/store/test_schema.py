"""The schema's versions: from empty to the newest, step by step and back, also by several processes at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import LargeBinary, inspect, text

from idp.store import database as module
from idp.store import schema
from idp.store.database import Database, open_database
from tests.provider.provider import CONFIG, ROOT, environment
from tests.provider.waiting import eventually
from tests.store.rows import Rows, contents, patient_transaction, tables, waiting

REVISIONS = [script.revision for script in ScriptDirectory(str(schema._MIGRATIONS)).walk_revisions()][::-1]

REPLACED = {"consents": "grants"}
"""Tables that gave way to others, which hold their rows."""


@pytest.fixture
def empty_database(store_url: str) -> Iterator[Database]:
    database = open_database(Flask("tests"), store_url, 2)
    yield database
    database.engine.dispose()


def current(database: Database) -> bool:
    with database.autocommit() as connection:
        return schema.is_current(connection)


def downgrade(database: Database, revision: str) -> None:
    with database.transaction() as connection:
        command.downgrade(schema._config(connection), revision)


def filled(database: Database) -> Rows:
    """Put a row into every table and return what the tables hold."""
    for table in tables(database).values():
        row = {
            column.name: b"\x07" if isinstance(column.type, LargeBinary) else column.type.python_type(1)
            for column in table.columns
        }
        with database.transaction() as connection:
            connection.execute(table.insert().values(row))
    return contents(database)


def as_before(rows: Rows, before: Rows) -> Rows:
    """The tables and columns that there were before; a step may add to them, or put another table in one's place."""
    return {
        name: [{column: row[column] for column in known} for row, known in zip(rows[name], old, strict=True)]
        if name in rows
        else old
        for name, old in before.items()
        if name in rows or len(rows[REPLACED[name]]) == len(old)
    }


def test_the_newest_revision_is_what_the_code_declares(empty_database: Database):
    """A table, column, index or type that the code knows and the migrations do not, or the other way round."""
    schema.upgrade(empty_database)
    with empty_database.autocommit() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []


def test_a_database_is_current_at_the_newest_revision_alone(empty_database: Database):
    """An empty one, an older one and one from a newer program are not."""
    assert not current(empty_database)
    for revision in REVISIONS:
        schema.upgrade(empty_database, revision)
        assert current(empty_database) == (revision == REVISIONS[-1])
    with empty_database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from a newer program'"))
    assert not current(empty_database)


def test_every_revision_goes_up_and_down_and_keeps_the_data(empty_database: Database):
    """What was there before a step is there after it, and after the step was taken back and taken again."""
    for before, revision in zip(["base", *REVISIONS], REVISIONS, strict=False):
        rows = filled(empty_database) if before != "base" else {}
        schema.upgrade(empty_database, revision)
        assert as_before(contents(empty_database), rows) == rows
        downgrade(empty_database, before)
        assert contents(empty_database) == rows
        schema.upgrade(empty_database, revision)
        for table in tables(empty_database).values():
            with empty_database.transaction() as connection:
                connection.execute(table.delete())


def test_an_upgrade_that_fails_halfway_leaves_the_database_as_it_was(empty_database: Database):
    """All steps are one transaction, on SQLite too."""
    with empty_database.transaction() as connection:
        connection.execute(text("CREATE TABLE token_families (in_the_way INTEGER)"))
    with pytest.raises(Exception, match="token_families"):
        schema.upgrade(empty_database)
    assert set(inspect(empty_database.engine).get_table_names()) == {"token_families"}


def test_upgrading_again_changes_nothing(empty_database: Database):
    """`idp db upgrade` runs at every deployment."""
    schema.upgrade(empty_database)
    rows = filled(empty_database)
    schema.upgrade(empty_database)
    assert contents(empty_database) == rows


def test_processes_that_upgrade_at_once_do_not_get_in_each_others_way(empty_database: Database, store_url: str):
    """Several servers are deployed at the same moment on an empty database: all succeed."""
    command = [sys.executable, "-m", "idp", "--config", str(CONFIG), "db", "upgrade"]
    surroundings = {**os.environ, **environment(store_url, "http://127.0.0.1:8400")}
    with suppress(InTheWayError), patient_transaction(empty_database) as first:
        first.execute(text("CREATE TABLE alembic_version (in_the_way INTEGER)"))
        programs = [subprocess.Popen(command, env=surroundings, cwd=ROOT, **OUTLET) for _ in range(2)]
        assert empty_database.is_sqlite or eventually(lambda: waiting(empty_database) == len(programs), within=30)
        raise InTheWayError
    outcomes = [(program.communicate()[0], program.returncode) for program in programs]
    assert outcomes == [("The database is up to date.\n", 0)] * len(programs)
    assert current(empty_database)


class InTheWayError(Exception):
    """Takes back what stood in everybody's way, so that all go on at the same moment."""


OUTLET = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}


def test_a_long_upgrade_is_not_cut_off(empty_database: Database, monkeypatch: pytest.MonkeyPatch):
    """The limit for a statement of a request does not hold for waiting on, or being, a migration."""
    monkeypatch.setattr(module, "_POSTGRESQL_OPTIONS", "-c statement_timeout=50")
    database = open_database(Flask("tests"), empty_database.engine.url.render_as_string(hide_password=False), 1)
    slow = "SELECT 1" if database.is_sqlite else "SELECT pg_sleep(0.2)"
    original = schema.command.upgrade

    def upgrade_slowly(config, revision):
        config.attributes["connection"].exec_driver_sql(slow)
        original(config, revision)

    monkeypatch.setattr(schema.command, "upgrade", upgrade_slowly)
    schema.upgrade(database)
    assert current(database)
    database.engine.dispose()
