"""A server's services without the server, as an operator's command has them."""

from collections.abc import Iterator

import pytest

from idp.app import create_app
from idp.services import EXTENSION, Services
from tests.provider.provider import prepare, testing_settings


@pytest.fixture
def services(store_url: str) -> Iterator[Services]:
    settings = testing_settings(store_url, "http://127.0.0.1:8400")
    prepare(settings)
    services: Services = create_app(settings).extensions[EXTENSION]
    yield services
    services.database.engine.dispose()


@pytest.fixture(scope="module")
def checking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The same for tests that only ask whether a document fits, and write nothing."""
    settings = testing_settings(f"sqlite:///{tmp_path_factory.mktemp('admin') / 'a.db'}", "http://127.0.0.1:8400")
    prepare(settings)
    services: Services = create_app(settings).extensions[EXTENSION]
    yield services
    services.database.engine.dispose()
