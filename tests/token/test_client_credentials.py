"""A client acting for itself (RFC 6749 4.4, RFC 8707 2)."""

from typing import Any

import httpx
import pytest

from idp.admin.client_document import DocumentError
from tests.provider.apps import LEDGER_API, PAYMENTS_API
from tests.provider.jose import read
from tests.provider.operator import declare_clients
from tests.provider.person import as_client
from tests.provider.provider import Provider
from tests.provider.tables import rows


def ask(provider: Provider, client_id: str = "payments", **parameters: str | list[str]) -> httpx.Response:
    return as_client(provider, client_id, "/token", {"grant_type": "client_credentials", **parameters})


def claims(provider: Provider, response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    return dict(read(provider, response.json()["access_token"]).claims)


def assert_refused(response: httpx.Response, error: str) -> None:
    assert response.status_code == 400, response.text
    assert response.json()["error"] == error


def test_4_4_3_an_access_token_and_nothing_else(shared_provider: Provider):
    """No refresh token, no ID token: there is no user, and the client can ask again."""
    answer = ask(shared_provider).json()
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope"}
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 300)


def test_3_3_without_a_scope_all_that_is_registered(shared_provider: Provider):
    """And the answer says which."""
    assert ask(shared_provider).json()["scope"] == "payments:read payments:settle"


def test_3_3_a_part_of_what_is_registered(shared_provider: Provider):
    """The token carries no more than was asked for."""
    response = ask(shared_provider, scope="payments:read")
    assert response.json()["scope"] == "payments:read"
    assert claims(shared_provider, response)["scope"] == "payments:read"


@pytest.mark.parametrize(
    "scope",
    ["listings:read", "payments:read listings:read", "unknown", "payments:read  payments:settle", 'a"b', "日本"],
)
def test_3_3_more_or_malformed_is_refused(shared_provider: Provider, scope: str):
    """Unlike at the authorization endpoint, an unknown value is an error: nobody is there to be asked."""
    assert_refused(ask(shared_provider, scope=scope), "invalid_scope")


@pytest.mark.parametrize(
    "scope", ["openid", "email", "listings:read email", "offline_access", "purpose:marketing.news"]
)
def test_a_scope_that_stands_for_a_users_data_is_refused(shared_provider: Provider, scope: str):
    """Even to a client that may ask users for it: there is no user here to agree."""
    assert_refused(ask(shared_provider, "kaze-ads", scope=scope), "invalid_scope")


def test_without_a_scope_the_users_scopes_are_left_out(shared_provider: Provider):
    """What remains is the client's own."""
    response = ask(shared_provider, "kaze-ads")
    assert response.json()["scope"] == "listings:read"
    assert claims(shared_provider, response)["sub"] == "kaze-ads"


def test_3_3_a_client_without_scopes_gets_a_token_without_scope(shared_provider: Provider):
    """Its audience may be all that counts; an empty string would be no scope."""
    bare = {"client_id": "bare", "kind": "service", "name": "Bare", "auth_method": "client_secret_basic"}
    declare_clients(
        shared_provider, {**bare, "grant_types": ["client_credentials"], "resources": [shared_provider.url]}
    )
    response = ask(shared_provider, "bare")
    assert "scope" not in response.json()
    assert "scope" not in claims(shared_provider, response)
    token = response.json()["access_token"]
    answer = as_client(shared_provider, "bare", "/introspect", {"token": token}).json()
    assert answer["active"]
    assert "scope" not in answer
    assert_refused(ask(shared_provider, "bare", scope="payments:read"), "invalid_scope")


def test_rfc_8707_2_the_resource_that_is_asked_for(shared_provider: Provider):
    """One or several of those registered; the only one is meant where none is named, and this server where many are."""
    assert claims(shared_provider, ask(shared_provider))["aud"] == PAYMENTS_API
    assert claims(shared_provider, ask(shared_provider, "ledger", resource=LEDGER_API))["aud"] == LEDGER_API
    assert claims(shared_provider, ask(shared_provider, "ledger", resource=[LEDGER_API, PAYMENTS_API]))["aud"] == [
        LEDGER_API,
        PAYMENTS_API,
    ]
    assert claims(shared_provider, ask(shared_provider, "ledger"))["aud"] == shared_provider.url


@pytest.mark.parametrize(
    "resource", [LEDGER_API, "https://unknown.example", "relative", f"{PAYMENTS_API}#part", "日本"]
)
def test_rfc_8707_2_any_other_resource_is_refused(shared_provider: Provider, resource: str):
    """Foreign, unknown or no resource identifier at all; also beside one that is the client's."""
    assert_refused(ask(shared_provider, resource=resource), "invalid_target")
    assert_refused(ask(shared_provider, resource=[PAYMENTS_API, resource]), "invalid_target")


def test_4_4_a_public_client_cannot_act_for_itself(shared_provider: Provider):
    """Anybody can say its name. It cannot be registered for it either."""
    assert_refused(ask(shared_provider, "storefront-phone"), "unauthorized_client")
    document = {"client_id": "bold", "kind": "first_party", "name": "Bold", "auth_method": "none"}
    with pytest.raises(DocumentError, match=r"RFC 6749 4\.4"):
        declare_clients(shared_provider, {**document, "grant_types": ["client_credentials"]})


def test_a_client_that_is_not_registered_for_it(shared_provider: Provider):
    """The storefront has users, and acts for them alone."""
    assert_refused(ask(shared_provider, "storefront"), "unauthorized_client")


def test_nothing_is_stored(shared_provider: Provider):
    """No row for a token that everybody can verify: the hot path writes nothing."""
    ask(shared_provider)
    before = rows(shared_provider)
    ask(shared_provider)
    assert rows(shared_provider) == before
