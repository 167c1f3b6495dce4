"""Statements that go straight to the driver, for what is executed at nearly every request.

SQLAlchemy wraps each execution in objects that a statement of one row has no use for; for the rotation of a refresh
token they took three times as long as the driver itself. What is executed, its columns' types and its errors are
SQLAlchemy's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Delete, Dialect, Insert, Update
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIModule


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement as one driver takes it."""

    sql: str
    positions: tuple[str, ...] | None
    """The names of the values in the order in which they are taken; None where the driver takes them by name."""
    readers: tuple[Callable[[Any], Any] | None, ...]


class DirectStatement:
    """A statement that changes one row at most and returns some of its columns."""

    def __init__(self, statement: Insert | Update | Delete, columns: tuple[Column[Any], ...]) -> None:
        """Take a statement without RETURNING. Its values are texts, bytes and whole numbers, which no driver minds."""
        self._statement = statement.returning(*columns)
        self._columns = columns
        self._compiled: dict[str, _Compiled] = {}

    def first(self, connection: Connection, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Execute it and return the row that it changed, or None.

        Raises:
            DBAPIError: as SQLAlchemy does; a connection that was lost is invalidated.
        """
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name) or self._compile(dialect)
        taken = values if compiled.positions is None else [values[name] for name in compiled.positions]
        cursor = connection.connection.cursor()
        try:
            cursor.execute(compiled.sql, taken)
            row = cursor.fetchone()
        except dialect.loaded_dbapi.Error as error:
            raise _wrapped(error, connection, compiled.sql) from error
        finally:
            cursor.close()
        if row is None:
            return None
        return tuple(read(value) if read else value for read, value in zip(compiled.readers, row, strict=True))

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled = self._statement.compile(dialect=dialect)
        positions = tuple(compiled.positiontup) if compiled.positiontup else None
        readers = tuple(column.type.result_processor(dialect, None) for column in self._columns)
        return self._compiled.setdefault(dialect.name, _Compiled(compiled.string, positions, readers))


def _wrapped(error: "DBAPIModule.Error", connection: Connection, sql: str) -> Exception:
    """Return a driver's error as SQLAlchemy would raise it."""
    dialect = connection.dialect
    is_lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    if is_lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=is_lost
    )
