"""A database of each kind, at the newest schema."""

from collections.abc import Iterator

import pytest

from idp.store.database import Database
from idp.store.sealing import Sealer
from tests.real.postgres_server import PostgresServer
from tests.store.rows import opened, randomness


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Database]:
    """One database for the tests of a module, which keep out of each other's way by their identifiers."""
    if request.param == "sqlite":
        with opened(f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.db'}") as database:
            yield database
        return
    with postgres_server.database() as url, opened(url) as database:
        yield database


@pytest.fixture
def fresh_database(store_url: str) -> Iterator[Database]:
    """A database for one test alone."""
    with opened(store_url) as database:
        yield database


@pytest.fixture(scope="session")
def sealer() -> Sealer:
    return Sealer(bytes(range(32)), randomness)
