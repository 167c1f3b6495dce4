"""A database of each kind, at the newest schema."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from idp.store import schema
from idp.store.database import Database, open_database
from idp.store.sealing import Sealer
from tests.store.rows import THREADS, randomness


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for the tests of a module, which keep out of each other's way by their identifiers."""
    if request.param == "sqlite":
        file: Path = tmp_path_factory.mktemp("store") / "store.db"
        yield from opened(f"sqlite:///{file}")
        return
    with request.getfixturevalue("postgres_server").database() as url:
        yield from opened(url)


@pytest.fixture
def fresh_database(store_url: str) -> Iterator[Database]:
    """A database for one test alone."""
    yield from opened(store_url)


def opened(url: str) -> Iterator[Database]:
    database = open_database(Flask("tests"), url, THREADS)
    schema.upgrade(database)
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def sealer() -> Sealer:
    return Sealer(bytes(range(32)), randomness)
