"""The database: engine set-up, transactions and the errors that mean "try again".

Three ways to work, all explicit: `autocommit()` runs single statements, each of which is its own transaction and one
round trip; `transaction()` commits on leaving and rolls back on an exception; `snapshot()` reads much as of one moment.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from select import POLLIN, poll
from typing import Any

import sqlalchemy
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Dialect,
    Engine,
    Executable,
    Integer,
    Row,
    Select,
    Table,
    TypeDecorator,
    delete,
    event,
    literal,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import DeclarativeBase

SQLITE_BUSY_SECONDS = 10
STATEMENT_TIMEOUT_MS = 5000
POOL_WAIT_SECONDS = 5
CONNECT_TIMEOUT_SECONDS = 3
PURGE_BATCH = 2000
READ_BATCH = 500
_POSTGRESQL_OPTIONS = (
    f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c idle_in_transaction_session_timeout={STATEMENT_TIMEOUT_MS}"
    " -c timezone=UTC"
)


PREPARED = "direct statements that this connection knows"
_AT_COMMIT = "statements to execute at commit"

Connection = sqlalchemy.Connection
"""What store functions work on. Everybody above imports it from here, for only the store knows SQLAlchemy."""


class Base(DeclarativeBase):
    """Declares the tables. Rows travel as frozen values of each store module, never as attached objects."""


db = SQLAlchemy(model_class=Base, disable_autonaming=True)

BigKey = BigInteger().with_variant(Integer, "sqlite")
"""A growing key: SQLite numbers rows only for the type INTEGER."""


class StringList(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings without white space (scope values, URIs, identifiers), kept as one space-separated column."""

    impl = db.Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Join the values; one that is empty or would split on the way back is refused."""
        if value is None:
            return None
        if any(item.split() != [item] for item in value):
            message = "a list column takes values without white space"
            raise ValueError(message)
        return " ".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Split the column."""
        return None if value is None else tuple(value.split())


class TextList(TypeDecorator[tuple[str, ...]]):
    """A tuple of texts that may hold spaces, kept as a JSON array."""

    impl = db.Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write the array."""
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read the array."""
        return None if value is None else tuple(json.loads(value))


class DatabaseUnavailableError(Exception):
    """The database cannot be reached or is overloaded; nothing was changed and the caller may try again."""


class Database:
    """Opens connections of one application's engine, every one of which commits statement by statement.

    A transaction is begun in so many words. That spares a single statement the driver's own BEGIN and COMMIT, two of
    three round trips, and lets SQLite take its write lock at the start instead of failing halfway.
    """

    def __init__(self, engine: Engine) -> None:
        """Take over a configured engine."""
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._begin = "BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN"
        self._begin_reading = "BEGIN" if self.is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """Open a connection on which every statement commits by itself.

        Raises:
            DatabaseUnavailableError: when the database cannot be reached or stays locked.
        """
        with _translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction that commits on leaving the block and rolls back on any exception.

        Raises:
            DatabaseUnavailableError: when the database cannot be reached or stays locked.
        """
        with self._within(self._begin) as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a transaction that reads everything as it was at one moment, and stands in nobody's way who writes.

        While it is open the database keeps what others delete: it is for work at this server's pace, never a client's.

        Raises:
            DatabaseUnavailableError: when the database cannot be reached.
        """
        with self._within(self._begin_reading) as connection:
            yield connection

    @contextmanager
    def _within(self, begin: str) -> Iterator[Connection]:
        with self.autocommit() as connection:
            connection.exec_driver_sql(begin)
            kept = connection.info
            kept[_AT_COMMIT] = []
            try:
                yield connection
                for statement, values in kept[_AT_COMMIT]:
                    connection.execute(statement, values)
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                kept.pop(PREPARED, None)  # a ROLLBACK lets psycopg have all forgotten that was prepared here
                _roll_back(connection)
                raise
            finally:
                del kept[_AT_COMMIT]


def execute_at_commit(connection: Connection, statement: Executable, values: Mapping[str, Any]) -> None:
    """Execute a statement as the last of its transaction; at once where every statement commits by itself."""
    waiting = connection.info.get(_AT_COMMIT)
    if waiting is None:
        connection.execute(statement, values)
    else:
        waiting.append((statement, values))


def _roll_back(connection: Connection) -> None:
    """Roll back; a connection that cannot even do that is thrown away, which rolls back too."""
    try:
        connection.exec_driver_sql("ROLLBACK")
    except SQLAlchemyError:
        connection.invalidate()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise DatabaseUnavailableError(type(error).__name__) from error
    except DBAPIError as error:
        if error.connection_invalidated or _may_pass(error):
            raise DatabaseUnavailableError(type(error).__name__) from error
        raise


def _may_pass(error: DBAPIError) -> bool:
    """Whether trying again may help. SQLite calls a mistake in a statement an operational error too."""
    is_mistake = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    return isinstance(error, OperationalError | InterfaceError) and not is_mistake


def open_database(app: Flask, url: str, threads: int) -> Database:
    """Bind Flask-SQLAlchemy to an application and return the database it opens."""
    is_sqlite = url.startswith("sqlite")
    options: dict[str, Any] = {
        "pool_size": threads + 1,
        "max_overflow": threads + 2,
        "pool_timeout": POOL_WAIT_SECONDS,
        "pool_reset_on_return": None,
        "isolation_level": "AUTOCOMMIT",
        "hide_parameters": True,
    }
    if is_sqlite:
        options["connect_args"] = {"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False}
    else:
        options["connect_args"] = {
            "options": _POSTGRESQL_OPTIONS,
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "tcp_user_timeout": STATEMENT_TIMEOUT_MS,
        }
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    # Flask-SQLAlchemy would look for a session to close after every request; here nobody opens one.
    app.teardown_appcontext_funcs.clear()
    with app.app_context():
        engine = db.engine
    if is_sqlite:
        _prepare_sqlite(engine)
    else:
        _replace_ended_connections(engine)
    return Database(engine)


def _prepare_sqlite(engine: Engine) -> None:
    """Make SQLite durable and concurrent: a write-ahead log, synced at every commit."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:  # noqa: ANN401 - the driver's own connection type
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def _replace_ended_connections(engine: Engine) -> None:
    """Replace a pooled connection whose server has ended, so that a restart of PostgreSQL fails no later request.

    An idle connection has nothing to read; one that does was told that it is over. That is seen without a round trip.
    """

    @event.listens_for(engine, "checkout")
    def on_checkout(connection: Any, _record: Any, _proxy: Any) -> None:  # noqa: ANN401 - the driver's own types
        waiting = poll()
        waiting.register(connection.fileno(), POLLIN)
        if waiting.poll(0):
            raise DisconnectionError


def in_batches(
    connection: Connection, statement: Select[Any], *keys: Column[Any], newest_first: bool = False
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield what a statement finds in the order of keys that it selects, `READ_BATCH` rows at a time.

    Together they are unique and never change, so that nothing is told twice or left out.
    """
    place, last = tuple_(*keys), None
    order = [key.desc() if newest_first else key for key in keys]
    while True:
        further = statement if last is None else statement.where(place < last if newest_first else place > last)
        batch = connection.execute(further.order_by(*order).limit(READ_BATCH)).all()
        yield from batch
        if len(batch) < READ_BATCH:
            return
        last = tuple(getattr(batch[-1], key.name) for key in keys)


INSERTS: Mapping[str, Callable[[Table], postgresql.Insert | sqlite.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""The INSERTs that know ON CONFLICT, by dialect: for statements that are built once."""


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that knows ON CONFLICT, in the dialect of the connection."""
    return INSERTS[connection.dialect.name](table)


def insert_if_absent(connection: Connection, table: Table, **values: object) -> bool:
    """Insert a row unless its key is taken; true for the one caller whose row it is.

    The answer comes from RETURNING: SQLAlchemy keeps no row count of an INSERT on PostgreSQL.
    """
    statement = insert_into(connection, table).values(**values).on_conflict_do_nothing()
    return connection.execute(statement.returning(literal(1))).first() is not None


def delete_in_batches(database: Database, table: Table, over: ColumnElement[bool]) -> int:
    """Delete the rows that are over and return how many; each batch commits by itself, so that nobody waits for long.

    Several processes may do so at once: each passes over the rows that another one is deleting.
    """
    (key,) = table.primary_key.columns
    batch = select(key).where(over).limit(PURGE_BATCH).with_for_update(skip_locked=True).cte("batch")
    statement = delete(table).where(key.in_(select(batch.c[key.name]))).returning(literal(1))
    removed = 0
    while True:
        with database.autocommit() as connection:
            count = len(connection.execute(statement).all())
        removed += count
        if count < PURGE_BATCH:
            return removed
