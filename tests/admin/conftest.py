"""A server's services without the server, as an operator's command has them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from idp.app import create_app
from idp.services import EXTENSION, Services
from tests.provider.provider import prepare, testing_settings
from tests.real.postgres_server import PostgresServer


@pytest.fixture
def services(store_url: str) -> Iterator[Services]:
    with services_on(store_url) as services:
        yield services


@pytest.fixture(scope="module")
def checking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The same for tests that only ask whether a document fits."""
    with services_on(f"sqlite:///{tmp_path_factory.mktemp('admin') / 'a.db'}") as services:
        yield services


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def untouched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Services]:
    """An empty database of each kind, for tests after which it must still be empty."""
    if request.param == "sqlite":
        with services_on(f"sqlite:///{tmp_path_factory.mktemp('admin') / 'b.db'}") as services:
            yield services
        return
    with postgres_server.database() as url, services_on(url) as services:
        yield services


@contextmanager
def services_on(url: str) -> Iterator[Services]:
    settings = testing_settings(url, "http://127.0.0.1:8400")
    prepare(settings)
    services: Services = create_app(settings).extensions[EXTENSION]
    yield services
    services.database.engine.dispose()
