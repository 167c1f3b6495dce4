"""Fixtures that hand running providers to tests."""

from collections.abc import Iterator

import pytest

from tests.provider.person import Person
from tests.provider.provider import Provider, ServedProvider, serve_elsewhere, serve_here
from tests.real.postgres_server import PostgresServer


@pytest.fixture
def provider(store_url: str) -> Iterator[Provider]:
    """A fresh provider in this process, once on SQLite and once on PostgreSQL, on a clock that the test turns."""
    with serve_here(store_url) as running:
        yield running


@pytest.fixture(scope="module")
def shared_provider(postgres_server: PostgresServer) -> Iterator[Provider]:
    """One provider in this process on PostgreSQL for all tests of a module; tests must not change declarations."""
    with postgres_server.database() as url, serve_here(url) as running:
        yield running


@pytest.fixture(scope="module")
def served_provider(postgres_server: PostgresServer) -> Iterator[ServedProvider]:
    """A provider as users run it: `idp serve` with two worker processes on PostgreSQL, on the real clock."""
    with postgres_server.database() as url, serve_elsewhere(url, workers=2) as running:
        yield running


@pytest.fixture
def hana(provider: Provider) -> Person:
    """Hana, with a browser that has no cookies yet."""
    return Person(provider)
