"""The module about the provider's own keys: an operator rotates them while everybody goes on."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.provider.apps import PHONE, tokens_for
from tests.provider.jose import read
from tests.provider.operator import idp
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider, serve_here
from tests.provider.waiting import eventually
from tests.real.postgres_server import PostgresServer

DAY = 86_400


@pytest.fixture(scope="module")
def provider(postgres_server: PostgresServer) -> Iterator[Provider]:
    with postgres_server.database() as url, serve_here(url) as running:
        yield running


def signing_keys(provider: Provider) -> dict[str, dict[str, Any]]:
    """The published keys that sign, by kid; each has one of its own (OIDC Core 10.1, RFC 7517 4.5)."""
    keys = HTTP.get(f"{provider.url}/jwks").json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    assert not any({"d", "p", "q", "k"} & set(key) for key in keys)
    return {key["kid"]: key for key in keys if key["use"] == "sig"}


def test_oidcc_server_rotate_keys(provider: Provider):
    """OIDC Core 10.1.1: `idp keys rotate` publishes new keys beside the old ones, then they sign; no token is lost."""
    before = signing_keys(provider)
    old = tokens_for(Person(provider), PHONE)["id_token"]
    rotated = json.loads(idp(provider, "keys", "rotate", "--json").stdout)
    assert eventually(lambda: set(signing_keys(provider)) > set(before))
    new = set(signing_keys(provider)) - set(before)
    assert new == {row["kid"] for row in rotated if row["algorithm"] in ("ES256", "RS256", "EdDSA")}
    assert read(provider, old).header["kid"] in before
    provider.clock.forward(30 * DAY)
    assert read(provider, tokens_for(Person(provider), PHONE)["id_token"]).header["kid"] in new
