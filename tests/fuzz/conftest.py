"""A provider on each of the stores, shared by the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.fuzz.world import World, open_world
from tests.real.postgres_server import PostgresServer


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(f"sqlite:///{tmp_path_factory.mktemp('fuzz') / 'store.db'}") as world:
        yield world


@pytest.fixture(scope="module")
def on_postgresql(postgres_server: PostgresServer) -> Iterator[World]:
    with postgres_server.database() as url, open_world(url) as world:
        yield world
