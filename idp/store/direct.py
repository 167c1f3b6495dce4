"""Statements that go straight to the driver, for what nearly every request waits for.

SQLAlchemy and psycopg wrap each execution in objects that a statement of one row has no use for: rotating a refresh
token took ten times as long in them as in libpq, and every call in between gives other threads the interpreter. What
is executed, its columns' types and its errors are still SQLAlchemy's.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Protocol

from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Column, Connection, Delete, Dialect, Insert, Integer, Update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from idp.store.database import PREPARED

Row = tuple[Any, ...]
Values = Mapping[str, str | bytes | int]


class DirectStatement:
    """A statement that changes one row at most and returns some of its columns.

    Its values are texts, bytes and whole numbers; what it returns are texts, lists of them and whole numbers.
    """

    def __init__(self, statement: Insert | Update | Delete, columns: tuple[Column[Any], ...]) -> None:
        """Take a statement without RETURNING."""
        self._statement = statement.returning(*columns)
        self._columns = columns
        self._prepared: dict[str, _Prepared] = {}

    def first(self, connection: Connection, values: Values) -> Row | None:
        """Execute it and return the row that it changed, or None.

        Raises:
            DBAPIError: as SQLAlchemy does; a connection that was lost is invalidated.
        """
        dialect = connection.dialect
        prepared = self._prepared.get(dialect.name) or self._prepare(dialect)
        try:
            return prepared.first(connection, values)
        except dialect.loaded_dbapi.Error as error:
            is_lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
            if is_lost:
                connection.invalidate(error)
            raise DBAPIError.instance(
                None, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=is_lost
            ) from error

    def _prepare(self, dialect: Dialect) -> "_Prepared":
        how = _OnSqlite if dialect.name == "sqlite" else _OnPostgresql
        return self._prepared.setdefault(dialect.name, how(self._statement, self._columns, dialect))


class _Prepared(Protocol):
    def first(self, connection: Connection, values: Values) -> Row | None: ...


class _OnSqlite:
    def __init__(self, statement: Insert | Update | Delete, columns: tuple[Column[Any], ...], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._sql, self._names = compiled.string, tuple(compiled.positiontup or ())
        self._readers = tuple(column.type.result_processor(dialect, None) for column in columns)

    def first(self, connection: Connection, values: Values) -> Row | None:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self._sql, [values[name] for name in self._names])
            row = cursor.fetchone()
        finally:
            cursor.close()
        if row is None:
            return None
        return tuple(read(value) if read else value for read, value in zip(self._readers, row, strict=True))


class _OnPostgresql:
    """Prepared once on each connection, then executed by libpq alone."""

    def __init__(self, statement: Insert | Update | Delete, columns: tuple[Column[Any], ...], dialect: Dialect) -> None:
        numbered = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # as libpq wants it
        compiled = statement.compile(dialect=numbered)
        self._sql, self._names = compiled.string.encode("ascii"), tuple(compiled.positiontup or ())
        self._readers = tuple(_reader(column, dialect) for column in columns)
        self._name = b"direct_" + sha256(self._sql).hexdigest()[:16].encode("ascii")

    def first(self, connection: Connection, values: Values) -> Row | None:
        libpq = connection.connection.dbapi_connection.pgconn  # type: ignore[union-attr]  # psycopg's
        prepared = connection.info.setdefault(PREPARED, set())
        if self._name not in prepared:
            _checked(libpq.close_prepared(self._name), ExecStatus.COMMAND_OK)  # there or not: that is no error
            _checked(libpq.prepare(self._name, self._sql), ExecStatus.COMMAND_OK)
            prepared.add(self._name)
        given = [values[name] for name in self._names]
        result = libpq.exec_prepared(
            self._name,
            [value if isinstance(value, bytes) else str(value).encode("utf-8") for value in given],
            [isinstance(value, bytes) for value in given],  # bytes are sent as they are, all else as text
        )
        _checked(result, ExecStatus.TUPLES_OK)
        if not result.ntuples:
            return None
        row = (result.get_value(0, number) for number in range(len(self._readers)))
        return tuple(None if value is None else read(value) for read, value in zip(self._readers, row, strict=True))


def _checked(result: PGresult, wanted: ExecStatus) -> None:
    if result.status != wanted:
        raise error_from_result(result)


def _reader(column: Column[Any], dialect: Dialect) -> Callable[[bytes], Any]:
    """Return what makes a value of a column's type of its text."""
    if isinstance(column.type, Integer):
        return int
    process = column.type.result_processor(dialect, None)
    return (lambda text: process(text.decode("utf-8"))) if process else bytes.decode
