"""One provider for all modules, as an operator sets it up for the official suite; and the relying parties of each run.

A module is run once for each of its variants (see `modules`). Clients that register themselves do so with an initial
access token that makes them the group's own, as whoever is to see all of somebody's claims must be, and delete
themselves afterwards.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from tests.conformance.modules import BASIC, POST, RESPONSE_TYPES, STATIC, Variant, variants_of
from tests.conformance.relying_party import RelyingParty
from tests.provider.fixtures import trusting
from tests.provider.operator import declare_clients, declare_people, idp
from tests.provider.outside import Authority, Site, serve_site
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider, serve_here
from tests.real.postgres_server import PostgresServer
from tests.web.visits import signed_in

CALLBACK = "https://rp.example.test/test/a/sekisho/callback"
SCOPES = ["openid", "profile", "email", "address", "phone", "offline_access"]
MORI = "mori@example.jp"
EVERY_CLAIM = {
    "name": "森 葵",
    "given_name": "葵",
    "family_name": "森",
    "middle_name": "Marie",
    "nickname": "Aoi",
    "preferred_username": "aoi",
    "profile": "https://people.example.test/aoi",
    "picture": "https://people.example.test/aoi.png",
    "website": "https://aoi.example.test/",
    "gender": "female",
    "birthdate": "1991-02-03",
    "zoneinfo": "Asia/Tokyo",
    "locale": "ja-JP",
    "updated_at": 1_700_000_000,
    "email": MORI,
    "email_verified": True,
    "address": {"region": "Tokyo", "locality": "Shibuya", "country": "JP"},
    "phone_number": "+81 3 1234 5678",
    "phone_number_verified": False,
}
"""A profile in which no claim of OIDC Core 5.1 is missing."""

Register = Callable[..., RelyingParty]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a module's test once for each of its variants."""
    if "variant" in metafunc.fixturenames:
        metafunc.parametrize("variant", variants_of(metafunc.function.__name__), ids=str)


@pytest.fixture(scope="session")
def op(postgres_server: PostgresServer, authority: Authority) -> Iterator[Provider]:
    """The provider under test: every response type allowed, and ID tokens without a signature."""
    allowed = {"IDP_RESPONSE_TYPES": ",".join(RESPONSE_TYPES), "IDP_UNSIGNED_ID_TOKENS": "true"}
    with postgres_server.database() as url, serve_here(url, **allowed, **trusting(authority)) as running:
        declare_people(running, {"username": MORI, "profile": EVERY_CLAIM})
        declare_clients(running, *map(static_client, ("client", "client2", "client_secret_post")))
        yield running


def static_client(name: str) -> dict[str, Any]:
    return {
        "client_id": name,
        "kind": "first_party",
        "name": name,
        "auth_method": POST if name == POST else BASIC,
        "require_pkce": False,
        "grant_types": ["authorization_code", "implicit", "refresh_token"],
        "response_types": list(RESPONSE_TYPES),
        "redirect_uris": [CALLBACK],
        "scopes": SCOPES,
    }


@pytest.fixture(scope="session")
def initial_access_token(op: Provider) -> str:
    made = idp(op, "client", "initial-access-token", "--kind", "first_party", "--uses", "9999", "--json")
    token: str = json.loads(made.stdout)["initial_access_token"]
    return token


@pytest.fixture(scope="session")
def suite_key() -> RSAKey:
    """The key that the suite gives to clients that register themselves."""
    return RSAKey.generate_key(2048, {"kid": "of-the-suite", "use": "sig", "alg": "RS256"})


@pytest.fixture(scope="session")
def mori(op: Provider) -> Person:
    """Somebody with every claim, signed in."""
    return signed_in(Person(op, MORI))


@pytest.fixture
def visitor(op: Provider) -> Person:
    """The same person at a browser that was never here."""
    return Person(op, MORI)


@pytest.fixture(scope="session")
def suite_site(authority: Authority) -> Iterator[Site]:
    """What the suite publishes: keys, request objects, sectors, logos."""
    with serve_site(authority) as site:
        yield site


@pytest.fixture
def register(
    op: Provider, variant: Variant, initial_access_token: str, suite_key: RSAKey, mori: Person
) -> Iterator[Register]:
    """Make a relying party of the variant's kind; each one that registered itself deletes itself in the end."""
    made: list[dict[str, Any]] = []

    def make(*, second: bool = False, refresh: bool = False, **more: Any) -> RelyingParty:
        if variant.registration == STATIC:
            client_id = POST if variant.client_auth == POST else ("client2" if second else "client")
            client = {"client_id": client_id, "client_secret": op.secrets[client_id], "redirect_uris": [CALLBACK]}
        else:
            response = HTTP.post(
                f"{op.url}/register",
                json=registration(variant, suite_key, refresh=refresh, **more),
                headers={"Authorization": f"Bearer {initial_access_token}"},
            )
            assert response.status_code == 201, response.text
            client = response.json()
            made.append(client)
        return RelyingParty(op, variant, client, suite_key, mori)

    yield make
    for client in made:
        bearer = {"Authorization": f"Bearer {client['registration_access_token']}"}
        HTTP.delete(client["registration_client_uri"], headers=bearer)


@pytest.fixture
def rp(register: Register) -> RelyingParty:
    """A relying party that asks for nothing special."""
    return register()


def registration(variant: Variant, key: RSAKey, *, refresh: bool = False, **more: Any) -> dict[str, Any]:
    """What the suite registers a client with; None leaves a member out."""
    grant_of = {"code": "authorization_code", "id_token": "implicit", "token": "implicit"}
    grants = [grant_of[part] for part in variant.response_type.split()] + (["refresh_token"] if refresh else [])
    usual = {
        "client_name": "Module of the suite",
        "contacts": ["certification@example.test"],
        "redirect_uris": [CALLBACK],
        "response_types": [variant.response_type],
        "grant_types": list(dict.fromkeys(grants)),
        "token_endpoint_auth_method": variant.client_auth,
        "jwks": {"keys": [key.as_dict(private=False)]},
        "subject_type": "public",
    }
    return {name: value for name, value in {**usual, **more}.items() if value is not None}
