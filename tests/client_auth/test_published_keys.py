"""Clients that publish their keys (`jwks_uri`): fetched when needed, remembered for a while, changed at any time."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, Key, RSAKey

from idp.client_keys import FRESH_SECONDS, STALE_SECONDS, TRIES_A_MINUTE
from idp.protocol.names import JWT_BEARER_ASSERTION
from tests.provider.jose import sign
from tests.provider.operator import declare_clients
from tests.provider.outside import Authority, Site, serve_site
from tests.provider.provider import HTTP, Provider

OLD, NEW = (ECKey.generate_key("P-256", {"kid": kid}) for kid in ("old", "new"))
_serial = iter(range(1_000_000))
Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def site(authority: Authority) -> Iterator[Site]:
    with serve_site(authority) as site:
        yield site


def document(*keys: Key) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


@pytest.fixture
def ask(shared_provider: Provider, site: Site) -> Ask:
    """A client that publishes its keys at a page of its own asks for a token, signing with a key."""
    number = next(_serial)
    client_id, page = f"publishes-{number}", f"/keys/{number}"
    declare_clients(
        shared_provider,
        {
            "client_id": client_id,
            "kind": "service",
            "name": "Publishes its keys",
            "auth_method": "private_key_jwt",
            "jwks_uri": site.url(page),
            "grant_types": ["client_credentials"],
            "scopes": ["payments:read"],
        },
    )

    def ask(key: Key, **header: Any) -> httpx.Response:
        now = int(shared_provider.clock())
        claims = {"iss": client_id, "sub": client_id, "aud": shared_provider.url, "exp": now + 60}
        assertion = sign(key, {**claims, "jti": f"{next(_serial)}"}, **{"alg": "ES256", "kid": key.kid, **header})
        form = {"client_assertion_type": JWT_BEARER_ASSERTION, "client_assertion": assertion}
        return HTTP.post(f"{shared_provider.url}/token", data={**form, "grant_type": "client_credentials"})

    ask.page = page  # type: ignore[attr-defined]
    return ask


def test_published_keys_are_fetched_once_and_remembered(ask: Ask, site: Site):
    """RFC 7591 2, `jwks_uri`: however many requests come, also at the same moment."""
    site.pages[ask.page] = document(OLD)
    with ThreadPoolExecutor(4) as crowd:
        assert {answer.status_code for answer in crowd.map(lambda _: ask(OLD), range(8))} == {200}
    assert site.asked(ask.page) == 1


def test_a_key_that_the_client_changed_to_a_moment_ago_is_found(ask: Ask, site: Site):
    """OIDC Core 10.1.1: an unknown kid is a reason to look again, and so is a new key under no kid at all."""
    site.pages[ask.page] = document(OLD)
    assert ask(OLD).status_code == 200
    site.pages[ask.page] = document(NEW)
    assert ask(NEW).status_code == 200
    assert ask(OLD).status_code == 401


def test_a_key_that_was_taken_down_serves_no_longer_than_a_set_is_fresh(
    ask: Ask, site: Site, shared_provider: Provider
):
    """Whoever lost its key takes it off its page and can count on it."""
    site.pages[ask.page] = document(OLD)
    assert ask(OLD).status_code == 200
    site.pages[ask.page] = document(NEW)
    shared_provider.clock.forward(FRESH_SECONDS - 1)
    assert ask(OLD).status_code == 200
    shared_provider.clock.forward(1)
    assert ask(OLD).status_code == 401


def test_a_client_whose_site_is_away_goes_on_for_a_while_and_not_for_ever(
    ask: Ask, site: Site, shared_provider: Provider
):
    """An outage at the client's is no outage here, until the set is too old to be believed."""
    site.pages[ask.page] = document(OLD)
    assert ask(OLD).status_code == 200
    site.pages[ask.page] = (503, {}, b"")
    shared_provider.clock.forward(STALE_SECONDS - 1)
    assert ask(OLD).status_code == 200
    shared_provider.clock.forward(1)
    assert ask(OLD).status_code == 401
    site.pages[ask.page] = document(OLD)
    shared_provider.clock.forward(60)
    assert ask(OLD).status_code == 200


def test_nonsense_in_a_clients_name_makes_us_fetch_no_more_than_a_few_times_a_minute(ask: Ask, site: Site):
    """Anybody may send it; the client's site is not ours to flood."""
    site.pages[ask.page] = document(OLD)
    assert ask(OLD).status_code == 200
    for _ in range(2 * TRIES_A_MINUTE):
        assert ask(NEW).json()["error"] == "invalid_client"
    assert site.asked(ask.page) == TRIES_A_MINUTE
    assert ask(OLD).status_code == 200


@pytest.mark.parametrize(
    "page",
    [
        b"no JSON",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        b"[" * 30_000,
        b'{"keys": [' + b'"x",' * 20_000 + b"{}]}",
        (404, {}, document(OLD)),
        (302, {"Location": "http://elsewhere.example.test/"}, b""),
        (200, {"Content-Type": "text/html"}, document(OLD)),
        json.dumps({"keys": [OLD.as_dict(private=True)]}).encode(),
    ],
)
def test_what_is_no_key_set_proves_nobody(ask: Ask, site: Site, page: Any):
    """The answer is that of every failed authentication, whatever their site says."""
    site.pages[ask.page] = page
    refused = ask(OLD)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_keys_that_we_cannot_use_do_not_spoil_those_that_we_can(ask: Ask, site: Site):
    """A set may serve others too: encryption keys, curves of the future, short keys, another one with the same kid."""
    others = [
        {"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA", "kid": "old"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "old"},
        {"kid": "old"},
        "old",
        {**RSAKey.generate_key(2048).as_dict(private=False), "use": "enc", "alg": "RSA-OAEP", "kid": "old"},
    ]
    site.pages[ask.page] = json.dumps({"keys": [*others, OLD.as_dict(private=False)]}).encode()
    assert ask(OLD).status_code == 200


def test_a_key_for_encryption_does_not_sign(ask: Ask, site: Site):
    """RFC 7517 4.2."""
    site.pages[ask.page] = json.dumps({"keys": [{**OLD.as_dict(private=False), "use": "enc"}]}).encode()
    assert ask(OLD).status_code == 401
