"""What a provider's database holds, table by table, read without the provider's own code."""

from typing import Any

from sqlalchemy import MetaData, create_engine, select
from sqlalchemy.pool import NullPool

from tests.provider.provider import Provider


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
