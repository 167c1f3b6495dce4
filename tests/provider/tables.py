"""What a provider's database holds, table by table, read without the provider's own code."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
from sqlalchemy import MetaData, create_engine, select, text
from sqlalchemy.pool import NullPool

from tests.provider.provider import Provider
from tests.provider.waiting import eventually


def rows(provider: Provider) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    engine = create_engine(provider.database_url, poolclass=NullPool)
    with engine.connect() as connection:
        found = MetaData()
        found.reflect(connection)
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in found.sorted_tables
        }


def all_at_once(provider: Provider, table: str, request: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """Send a request eight times; several have passed their checks before the first of them writes to the table."""
    with ThreadPoolExecutor(8) as crowd:
        with _held(provider, table) as waiting:
            sent = [crowd.submit(request) for _ in range(8)]
            assert eventually(lambda: waiting() >= 3, within=5)
        return [each.result() for each in sent]


@contextmanager
def _held(provider: Provider, table: str) -> Iterator[Callable[[], int]]:
    """Hold every row of a table on PostgreSQL, so that requests pile up at their write; tells how many wait."""
    engine = create_engine(provider.database_url, poolclass=NullPool)
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    def count() -> int:
        with engine.connect() as another:
            return int(another.execute(waiting).scalar_one())

    with engine.begin() as holder:
        holder.execute(text(f"SELECT 1 FROM {table} FOR UPDATE"))  # noqa: S608 - the table is named by the test
        yield count
