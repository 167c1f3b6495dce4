"""One issuer over real HTTP, its keys, a clock that the test moves, and a guard that trusts that issuer."""

import pytest

from tests.clients.guard.issuer import Clock, LocalIssuer, SigningKey, make_guard, settle


@pytest.fixture(scope="session")
def keys():
    """One key for each algorithm; RSA keys are slow to make."""
    return {algorithm: SigningKey(f"{algorithm}-1", algorithm) for algorithm in ("ES256", "RS256", "PS256", "EdDSA")}


@pytest.fixture
def key(keys):
    return keys["ES256"]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def issuer(keys):
    served = LocalIssuer()
    served.publish(*keys.values())
    yield served
    served.open.set()
    settle()
    served.close()


@pytest.fixture
def guard(issuer, clock):
    return make_guard(issuer, clock)
