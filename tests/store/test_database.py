"""Connections and transactions: what is committed, what is not, and what "try again" means."""

import contextlib
import re
import socket
from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import column, select, table, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from idp.store import database as module
from idp.store.database import Database, DatabaseUnavailableError, StringList, db, in_batches, open_database
from tests.store.outage import unreachable
from tests.store.rows import NOW, at_once, new_hash

INSERT = text("INSERT INTO attempts (key, window_start, count) VALUES (:key, :now, 1)")
COUNT = text("SELECT count(*) FROM attempts WHERE key = :key")


def insert(connection: module.Connection, key: bytes) -> None:
    connection.execute(INSERT, {"key": key, "now": NOW})


def insert_together(database: Database, *keys: bytes) -> None:
    with database.transaction() as connection:
        for key in keys:
            insert(connection, key)


def rows(database: Database, key: bytes) -> int:
    with database.autocommit() as connection:
        return int(connection.execute(COUNT, {"key": key}).scalar_one())


@contextlib.contextmanager
def reopened(database: Database, threads: int = 1) -> Iterator[Database]:
    """The same database for another process, which has few connections."""
    url = database.engine.url.render_as_string(hide_password=False)
    other = open_database(Flask("tests"), url, threads)
    yield other
    other.engine.dispose()


def test_a_snapshot_stays_as_it_was_and_keeps_nobody_waiting(database: Database):
    """Others write meanwhile; whoever reads on, batch by batch, sees what was there when they began."""
    before, after = [new_hash() for _ in range(1201)], new_hash()
    insert_together(database, *before)
    every = select(table("attempts", column("key")))
    with database.snapshot() as connection:
        reading = in_batches(connection, every, column("key"))
        first = next(reading)
        insert_together(database, after)
        keys = [bytes(row.key) for row in (first, *reading)]
    assert set(before) <= set(keys)
    assert len(keys) == len(set(keys))
    assert after not in keys
    assert rows(database, after) == 1


def test_a_transaction_commits_whole_or_not_at_all(database: Database):
    """What failed has written nothing, also when a statement broke it, and the connection is as good as new."""
    committed, rolled_back, broken = new_hash(), new_hash(), new_hash()
    with database.transaction() as connection:
        insert(connection, committed)
        assert connection.execute(COUNT, {"key": committed}).scalar_one() == 1
    with contextlib.suppress(KeyError), database.transaction() as connection:
        insert(connection, rolled_back)
        raise KeyError
    with pytest.raises(IntegrityError):
        insert_together(database, broken, committed)
    assert [rows(database, key) for key in (committed, rolled_back, broken)] == [1, 0, 0]


def test_nobody_sees_what_is_not_committed(database: Database):
    """A transaction is alone with its changes until it commits."""
    key = new_hash()
    with database.transaction() as connection:
        insert(connection, key)
        assert rows(database, key) == 0
    assert rows(database, key) == 1


def test_a_single_statement_commits_by_itself(database: Database):
    """In autocommit what was done stays, whatever fails afterwards."""
    key = new_hash()
    with contextlib.suppress(KeyError), database.autocommit() as connection:
        insert(connection, key)
        raise KeyError
    assert rows(database, key) == 1


def test_an_unreachable_database_is_told_as_such_and_comes_back(fresh_database: Database):
    """The caller learns that it may try again; once the database is back, so is the program, without a restart."""
    key = new_hash()
    with fresh_database.transaction() as connection:
        insert(connection, key)
    with unreachable(fresh_database):
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError), fresh_database.transaction():
                pass
            with pytest.raises(DatabaseUnavailableError), fresh_database.autocommit() as connection:
                connection.execute(COUNT, {"key": key})
    assert rows(fresh_database, key) == 1


def test_connections_that_ended_while_idle_cost_no_request(fresh_database: Database):
    """After a restart of PostgreSQL the first request works too: what the server ended is replaced unasked."""
    key = new_hash()
    with fresh_database.autocommit() as first, fresh_database.autocommit() as second:
        assert first.execute(COUNT, {"key": key}).scalar_one() == second.execute(COUNT, {"key": key}).scalar_one()
    with unreachable(fresh_database):
        pass
    assert [rows(fresh_database, key) for _ in range(3)] == [0, 0, 0]


def test_a_pool_that_stays_empty_is_told_as_unavailable(fresh_database: Database, monkeypatch: pytest.MonkeyPatch):
    """More work than connections for longer than anybody waits is an overload, not a mistake of the server."""
    monkeypatch.setattr(module, "POOL_WAIT_SECONDS", 0.05)
    with reopened(fresh_database) as small, contextlib.ExitStack() as held:
        connections = (held.enter_context(small.autocommit()) for _ in range(100))
        with pytest.raises(DatabaseUnavailableError):
            list(connections)


def test_a_lock_that_nobody_gives_back_is_told_as_unavailable(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
):
    """A statement waits for others for a bounded time."""
    monkeypatch.setattr(module, "SQLITE_BUSY_SECONDS", 0.05)
    monkeypatch.setattr(module, "_POSTGRESQL_OPTIONS", "-c statement_timeout=50")
    key = new_hash()
    with reopened(fresh_database) as patient, fresh_database.transaction() as connection:
        insert(connection, key)
        with pytest.raises(DatabaseUnavailableError), patient.transaction() as other:
            insert(other, key)
    assert rows(fresh_database, key) == 1


def test_a_server_that_accepts_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch):
    """A database host behind a broken network does not hold requests for minutes."""
    monkeypatch.setattr(module, "CONNECT_TIMEOUT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing"
        database = open_database(Flask("tests"), url, 1)
        with pytest.raises(DatabaseUnavailableError), database.autocommit():
            pass


def test_fifty_writers_all_get_their_turn(database: Database):
    """SQLite has one writer at a time: the others wait and none fails."""
    keys = at_once(lambda _: new_hash())

    def write(number: int) -> int:
        with database.transaction() as connection:
            connection.execute(COUNT, {"key": keys[number]})
            insert(connection, keys[number])
        return rows(database, keys[number])

    assert at_once(write) == [1] * 50


def test_sqlite_keeps_a_log_that_survives_a_power_cut(tmp_path):
    """Readers never wait for the writer, and a commit is on disk when it is answered."""
    database = open_database(Flask("tests"), f"sqlite:///{tmp_path / 'durable.db'}", 1)
    with database.autocommit() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    assert pragmas == ["wal", 2]
    database.engine.dispose()


def test_a_mistake_in_a_statement_is_no_outage(database: Database):
    """Trying again would not help, so nobody is told to: SQLite calls both an operational error."""
    with pytest.raises(DBAPIError), database.autocommit() as connection:
        connection.exec_driver_sql("SELECT * FROM no_such_table")


def test_errors_never_show_what_was_written(fresh_database: Database):
    """A log of a failed statement holds no secret and no personal value."""
    key = new_hash()
    with fresh_database.transaction() as connection:
        insert(connection, key)
    with pytest.raises(IntegrityError) as refused, fresh_database.transaction() as connection:
        insert(connection, key)
    assert repr(key) not in str(refused.value)
    assert str(NOW) not in str(refused.value)


lists = db.Table("string_lists", db.MetaData(), db.Column("number", db.Integer), db.Column("items", StringList))
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def with_lists(database: Database) -> Database:
    lists.create(database.engine)
    return database


@given(items=st.lists(words, max_size=4).map(tuple) | st.none())
def test_a_list_comes_back_as_it_was_or_is_refused(with_lists: Database, items: tuple[str, ...] | None):
    """No value of a list is ever split in two, joined with another, or lost."""
    with with_lists.transaction() as connection:
        connection.execute(lists.delete())
        if any(re.search(r"\s", item) for item in items or ()):
            with pytest.raises(StatementError, match="without white space"):
                connection.execute(lists.insert().values(items=items))
        else:
            connection.execute(lists.insert().values(items=items))
            assert connection.execute(lists.select()).one().items == items
