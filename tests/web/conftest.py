"""Somebody who walks over every address of a server; see `walk`."""

from collections.abc import Iterator

import pytest

from tests.provider.fixtures import trusting
from tests.provider.outside import Authority
from tests.provider.provider import serve_here
from tests.real.postgres_server import PostgresServer
from tests.web.walk import ANOTHER_PROVIDER, Walker


@pytest.fixture(scope="module")
def walker(postgres_server: PostgresServer, authority: Authority) -> Iterator[Walker]:
    """On a server that lets people sign in with another provider, which is away, and that takes so many wrong forms."""
    settings = {**trusting(authority), **ANOTHER_PROVIDER, "IDP_SIGN_IN__FAILURES_PER_ADDRESS": "100000"}
    with postgres_server.database() as url, serve_here(url, **settings) as provider:
        yield Walker.of(provider)
