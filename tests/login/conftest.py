"""A provider behind a proxy, so that tests come from many addresses."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.provider.provider import Provider, serve_here
from tests.real.postgres_server import PostgresServer

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def proxied(postgres_server: PostgresServer) -> Iterator[Provider]:
    """A provider that believes X-Forwarded-For from this machine, on a clock that tests only turn forward."""
    with postgres_server.database() as url, serve_here(url, IDP_TRUSTED_PROXIES="127.0.0.1/32") as running:
        yield running


@pytest.fixture
def home() -> str:
    """An address that nobody has come from yet."""
    return f"203.0.113.{next(_NUMBERS)}"


@pytest.fixture
def office() -> str:
    """Another such address."""
    return f"203.0.113.{next(_NUMBERS)}"
