"""Fixtures that hand running providers to tests."""

from collections.abc import Iterator

import pytest

from tests.provider.outside import Authority, Site, make_authority, serve_site
from tests.provider.person import Person
from tests.provider.provider import Provider, ServedProvider, serve_elsewhere, serve_here
from tests.real.postgres_server import PostgresServer


@pytest.fixture
def provider(store_url: str, authority: Authority) -> Iterator[Provider]:
    """A fresh provider in this process, once on SQLite and once on PostgreSQL, on a clock that the test turns."""
    with serve_here(store_url, **trusting(authority)) as running:
        yield running


@pytest.fixture(scope="module")
def shared_provider(postgres_server: PostgresServer, authority: Authority) -> Iterator[Provider]:
    """One provider in this process on PostgreSQL for all tests of a module; tests must not change declarations."""
    with postgres_server.database() as url, serve_here(url, **trusting(authority)) as running:
        yield running


@pytest.fixture(scope="module")
def named_provider(postgres_server: PostgresServer, authority: Authority) -> Iterator[Provider]:
    """As `shared_provider`, but known by a name: browsers make no passkeys for a bare address."""
    with postgres_server.database() as url, serve_here(url, "localhost", **trusting(authority)) as running:
        yield running


@pytest.fixture(scope="module")
def served_provider(postgres_server: PostgresServer, authority: Authority) -> Iterator[ServedProvider]:
    """A provider as users run it: `idp serve` with two worker processes on PostgreSQL, on the real clock."""
    with postgres_server.database() as url, serve_elsewhere(url, workers=2, **trusting(authority)) as running:
        yield running


def trusting(authority: Authority) -> dict[str, str]:
    """The environment in which a provider trusts the sites of `outside`."""
    return {"IDP_OUTBOUND__EXTRA_CA_FILE": str(authority.ca_file)}


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The certificate authority of `outside`, which providers of these fixtures trust."""
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def outside(authority: Authority) -> Iterator[Site]:
    """Somebody else's https site on this machine, with no pages yet."""
    with serve_site(authority) as site:
        yield site


@pytest.fixture
def hana(provider: Provider) -> Person:
    """Hana, with a browser that has no cookies yet."""
    return Person(provider)
