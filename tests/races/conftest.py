"""A provider on each database, to be raced against, and what the store holds afterwards."""

from collections.abc import Iterator

import pytest
from flask import Flask

from idp.store.database import Database, open_database
from tests.provider.person import Person
from tests.provider.provider import Provider, serve_elsewhere, serve_here
from tests.real.postgres_server import PostgresServer
from tests.store.rows import THREADS

PROCESSES = 3


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def racing(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: PostgresServer,
    redis_server: str,
) -> Iterator[Provider]:
    """One process with many threads on SQLite; on PostgreSQL several server processes, which share a Redis too.

    A module may name further settings in `SETTINGS`.
    """
    extra: dict[str, str] = getattr(request.module, "SETTINGS", {})
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('races') / 'store.db'}"
        with serve_here(url, IDP_THREADS=str(THREADS), **extra) as running:
            yield running
        return
    with (
        postgres_server.database() as url,
        serve_elsewhere(url, workers=PROCESSES, IDP_REDIS_URL=redis_server, **extra) as running,
    ):
        yield running


@pytest.fixture
def hana(racing: Provider) -> Iterator[Person]:
    """Hana, with a browser that has no cookies yet."""
    person = Person(racing)
    yield person
    person.browser.close()


@pytest.fixture
def stored(racing: Provider) -> Iterator[Database]:
    """The provider's database, to be looked at."""
    database = open_database(Flask("tests"), racing.database_url, 1)
    yield database
    database.engine.dispose()
