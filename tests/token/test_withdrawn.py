"""What was withdrawn from a client is not issued any more, and a refused refresh spends nothing (RFC 6749 6)."""

from dataclasses import replace

import pytest

from idp.store import clients
from tests.provider.person import Person, as_client
from tests.provider.provider import Provider

STOREFRONT = ("storefront", "http://127.0.0.1:8401/callback", "openid payments:read")
PAYMENTS = "http://127.0.0.1:8403"


@pytest.fixture
def refresh_token(hana: Person) -> str:
    """A refresh token granted with everything."""
    code = hana.authorize(*STOREFRONT, resource=[hana.provider.url, PAYMENTS]).parameters["code"]
    token: str = hana.exchange("storefront", STOREFRONT[1], code).json()["refresh_token"]
    return token


def withdraw(provider: Provider, **what: tuple[str, ...]) -> None:
    with provider.services.database.transaction() as connection:
        known = clients.find(connection, "storefront")
        clients.save(connection, replace(known, **what), provider.services.now)
    provider.services.feed.read_now()


def refresh(provider: Provider, token: str, **wish: str):
    return as_client(provider, "storefront", "/token", {"grant_type": "refresh_token", "refresh_token": token, **wish})


def test_a_withdrawn_scope_is_left_out_of_the_next_token(provider: Provider, refresh_token: str):
    """RFC 6749 6: the scope of the answer says so."""
    withdraw(provider, scopes=("openid",))
    assert refresh(provider, refresh_token).json()["scope"] == "openid"


def test_a_withdrawn_resource_is_refused_and_the_token_not_spent(provider: Provider, refresh_token: str):
    """RFC 8707 2.2: invalid_target; given back, the same token works although the retry window is over."""
    withdraw(provider, resources=())
    assert refresh(provider, refresh_token, resource=PAYMENTS).json()["error"] == "invalid_target"
    withdraw(provider, resources=(PAYMENTS,))
    provider.clock.forward(60)
    assert refresh(provider, refresh_token, resource=PAYMENTS).status_code == 200


def test_a_refusal_after_the_rotation_takes_it_back(provider: Provider, refresh_token: str):
    """Nothing is left to issue; once it is given back, the token is the newest still, and no theft is seen."""
    withdraw(provider, scopes=())
    assert refresh(provider, refresh_token).json()["error"] == "invalid_scope"
    withdraw(provider, scopes=("openid", "payments:read"))
    provider.clock.forward(60)
    assert refresh(provider, refresh_token).status_code == 200
