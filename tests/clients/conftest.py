"""The example apps, each served for a test, with a provider as users run it."""

from collections.abc import Iterator

import pytest

from clients.demo.browser import Browser
from tests.clients.group import Group, serve_group
from tests.provider.outside import Authority
from tests.real.postgres_server import PostgresServer


@pytest.fixture(scope="module")
def group(postgres_server: PostgresServer, authority: Authority) -> Iterator[Group]:
    """The provider with two worker processes on PostgreSQL, and the four apps beside it."""
    with postgres_server.database() as url, serve_group(url, authority) as running:
        yield running


@pytest.fixture
def hana() -> Iterator[Browser]:
    """Hana's browser, without cookies yet."""
    with Browser() as browser:
        yield browser
