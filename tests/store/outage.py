"""A database that cannot be reached for a while: its disk is gone, or its server takes no connections."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from idp.store.database import Database


@contextmanager
def unreachable(database: Database) -> Iterator[None]:
    """Nobody reaches the database inside the block; afterwards it is as it was."""
    way = _disk_gone if database.is_sqlite else _server_closed
    with way(database):
        yield


@contextmanager
def _disk_gone(database: Database) -> Iterator[None]:
    folder = Path(str(database.engine.url.database)).parent
    elsewhere = folder.with_name(f"{folder.name}-elsewhere")
    database.engine.dispose()
    folder.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(folder)


@contextmanager
def _server_closed(database: Database) -> Iterator[None]:
    url = database.engine.url
    name = sql.Identifier(str(url.database))
    with psycopg.connect(host=url.host, port=url.port, user=url.username, autocommit=True) as admin:
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [url.database])
        try:
            yield
        finally:
            admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
