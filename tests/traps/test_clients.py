"""Authlib's traps 9 to 11, 14, 19 and 20: how clients prove themselves, and what is kept of them."""

from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, Key, RSAKey

from idp.protocol.names import AuthMethod
from tests.provider.apps import STOREFRONT, tokens_for
from tests.provider.jose import sign
from tests.provider.operator import declare_clients
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, Provider
from tests.provider.tables import rows

ONE, TWO = (RSAKey.generate_key(2048, {"kid": kid}) for kid in ("one", "two"))
STRANGER = ECKey.generate_key("P-256", {"kid": "one"})
ENDPOINTS = ["/token", "/introspect", "/revoke"]
TEN_YEARS = 315_360_000


@pytest.fixture(scope="module")
def with_signer(shared_provider: Provider) -> Provider:
    """A service with two keys, registered to sign by PS256 alone."""
    declare_clients(
        shared_provider,
        {
            "client_id": "signer",
            "kind": "service",
            "name": "Signer",
            "auth_method": "private_key_jwt",
            "assertion_algorithm": "PS256",
            "jwks": {"keys": [key.as_dict(private=False) for key in (ONE, TWO)]},
            "grant_types": ["client_credentials"],
            "scopes": ["payments:read"],
        },
    )
    return shared_provider


class Assertions:
    serial = 0

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    def make(self, key: Key = ONE, header: dict[str, Any] | None = None, **changes: Any) -> str:
        Assertions.serial += 1
        now = int(self.provider.clock())
        claims = {"iss": "signer", "sub": "signer", "aud": self.provider.url, "exp": now + 60, "jti": str(self.serial)}
        return sign(key, {**claims, **changes}, **{"alg": "PS256", "kid": "one", **(header or {})})

    def send(self, assertion: str, path: str = "/token", **form: str) -> httpx.Response:
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        proof = {"client_assertion": assertion, "client_assertion_type": kind}
        any_request = {"grant_type": "client_credentials", "token": "x"}
        return HTTP.post(self.provider.url + path, data={**any_request, **proof, **form})


@pytest.fixture
def assertions(with_signer: Provider) -> Assertions:
    return Assertions(with_signer)


def test_trap_09_an_assertion_is_checked_in_every_part(assertions: Assertions):
    """Authlib takes three algorithms, ten years, foreign audiences and another client_id, and checks jti in a race."""
    url, now = assertions.provider.url, int(assertions.provider.clock())
    right = assertions.make()
    assert assertions.send(right).status_code == 200
    refused = [
        right,
        assertions.make(exp=now + TEN_YEARS),
        assertions.make(aud=[url, "https://other.example"]),
        assertions.make(header={"alg": "RS256"}),
        assertions.make(header={"alg": "PS384"}),
    ]
    for assertion in refused:
        assert assertions.send(assertion).status_code == 401
    assert assertions.send(assertions.make(), client_id="payments").status_code == 401


def test_trap_10_an_assertion_needs_no_kid(assertions: Assertions):
    """Authlib finds no key for it in a set of many. And the method has its registered name."""
    now = int(assertions.provider.clock())
    claims = {"iss": "signer", "sub": "signer", "aud": assertions.provider.url, "exp": now + 60}
    for key in (ONE, TWO):
        assert assertions.send(sign(key, {**claims, "jti": f"by {key.kid}"}, alg="PS256")).status_code == 200
    document = HTTP.get(f"{assertions.provider.url}/.well-known/openid-configuration").json()
    assert "private_key_jwt" in document["token_endpoint_auth_methods_supported"]


@pytest.mark.parametrize(
    "extra", [{"x5t#S256": "x" * 43}, {"x5c": ["M" * 2000]}, {"jwk": STRANGER.as_dict(private=True)}]
)
def test_trap_11_a_long_header_is_read_and_its_keys_are_not(assertions: Assertions, extra: dict[str, Any]):
    """In joserfc 512 bytes are the end, unknown headers are refused, and a private key there is taken."""
    assert assertions.send(assertions.make(header=extra)).status_code == 200
    forged = assertions.make(STRANGER, {**extra, "alg": "ES256"})
    assert assertions.send(forged).status_code == 401


def test_trap_14_a_client_that_changes_itself(shared_provider: Provider, capfd: pytest.CaptureFixture[str]):
    """Authlib's RFC 7592 hands out readable secrets, mixes up the arguments of a revocation, and prints errors."""
    document = {"redirect_uris": ["https://rp.example.test/callback"]}
    one, other = (HTTP.post(f"{shared_provider.url}/register", json=document).json() for _ in range(2))
    mine = {"Authorization": f"Bearer {one['registration_access_token']}"}
    told = HTTP.get(one["registration_client_uri"], headers=mine)
    assert (told.status_code, "client_secret" in told.json()) == (200, False)
    for method in ("GET", "PUT", "DELETE"):
        for uri in (other["registration_client_uri"], f"{shared_provider.url}/register/storefront"):
            assert HTTP.request(method, uri, headers=mine, json=document).status_code == 401
    assert HTTP.delete(one["registration_client_uri"], headers=mine).status_code == 204
    assert HTTP.get(one["registration_client_uri"], headers=mine).status_code == 401
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("path", ENDPOINTS)
def test_trap_19_every_method_is_known_at_every_endpoint(assertions: Assertions, path: str):
    """Authlib keeps a list for each grant and endpoint, and fails on a name that it does not know."""
    provider = assertions.provider
    statuses = {
        AuthMethod.CLIENT_SECRET_BASIC: as_client(provider, "payments", path, REQUEST),
        AuthMethod.CLIENT_SECRET_POST: as_client(provider, "ledger", path, REQUEST),
        AuthMethod.PRIVATE_KEY_JWT: assertions.send(assertions.make(), path),
        AuthMethod.NONE: as_client(provider, "storefront-phone", path, REQUEST),
    }
    assert set(statuses) == set(AuthMethod)
    for method, response in statuses.items():
        public = method is AuthMethod.NONE and path != "/revoke"
        assert response.status_code == (400 if public else 200), (method, response.text)
        assert response.json().get("error") == ("unauthorized_client" if public else None)


REQUEST = {"grant_type": "client_credentials", "token": "x"}


def test_trap_20_what_the_stock_tables_do_wrong(shared_provider: Provider):
    """Readable secrets and tokens, 255 characters for a token, any method anywhere, refresh tokens of a day."""
    tokens = tokens_for(Person(shared_provider), STOREFRONT)
    stored = repr(rows(shared_provider))
    for secret in (*shared_provider.secrets.values(), *tokens["refresh_token"].split("."), tokens["access_token"]):
        assert secret not in stored
    assert len(tokens["access_token"]) > 255
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert HTTP.get(f"{shared_provider.url}/userinfo", headers=bearer).status_code == 200
    by_post = {"client_id": "payments", "client_secret": shared_provider.secrets["payments"]}
    for path in ENDPOINTS:
        assert HTTP.post(shared_provider.url + path, data={**REQUEST, **by_post}).status_code == 401
    shared_provider.clock.forward(20 * 86_400)
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert as_client(shared_provider, "storefront", "/token", refresh).status_code == 200
