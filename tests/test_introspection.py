"""Token introspection (RFC 7662): what a service learns of a token, and what everybody else does not."""

from typing import Any

import httpx
import pytest

from tests.provider.apps import LEDGER_API, PAYMENTS_API, STOREFRONT, TABI, tokens_for
from tests.provider.jose import own_key, read, sign
from tests.provider.operator import declare_clients
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, Provider
from tests.provider.waiting import eventually

NOT_ACTIVE = {"active": False}
ANSWERS_ALIKE = ["storefront", "payments", "ledger", "tabi-points"]


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


def ask(provider: Provider, client_id: str, token: str, **extra: str) -> dict[str, Any]:
    response = as_client(provider, client_id, "/introspect", {"token": token, **extra})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    answer: dict[str, Any] = response.json()
    return answer


def test_2_2_a_service_is_told_of_a_token_for_its_resource(visitor: Person):
    """Alive, by whom, for what: exactly the token's own claims, with the members that the RFC names."""
    scope = "openid payments:read"
    token = tokens_for(visitor, STOREFRONT, scope=scope, resource=PAYMENTS_API)["access_token"]
    answer = ask(visitor.provider, "payments", token)
    claims = dict(read(visitor.provider, token).claims)
    claims.pop("fam")
    assert answer == {**claims, "active": True, "token_type": "Bearer"}
    assert answer["scope"] == scope


def test_2_2_a_service_is_told_of_another_services_token(shared_provider: Provider):
    """A call between services carries a token without a user."""
    token = as_client(
        shared_provider, "ledger", "/token", {"grant_type": "client_credentials", "resource": PAYMENTS_API}
    )
    answer = ask(shared_provider, "payments", token.json()["access_token"])
    assert (answer["active"], answer["client_id"], answer["sub"]) == (True, "ledger", "ledger")
    assert "auth_time" not in answer


def test_2_2_a_client_is_told_of_its_own_tokens(visitor: Person):
    """The access token and the refresh token that it holds."""
    tokens = tokens_for(visitor, STOREFRONT)
    now = int(visitor.provider.clock())
    assert ask(visitor.provider, "storefront", tokens["access_token"])["active"]
    assert ask(visitor.provider, "storefront", tokens["refresh_token"]) == {
        "active": True,
        "iss": visitor.provider.url,
        "client_id": "storefront",
        "sub": read(visitor.provider, tokens["id_token"]).claims["sub"],
        "scope": STOREFRONT.scope,
        "iat": now,
        "exp": now + 30 * 86_400,
    }


def test_4_everybody_else_is_told_nothing(visitor: Person):
    """Not even that the token exists: a foreign token looks like a made-up one."""
    tokens = tokens_for(visitor, STOREFRONT, scope="openid payments:read", resource=PAYMENTS_API)
    strangers = ["tabi-points", "kaze-ads", "no-pkce", "wallet"]
    for client_id in strangers:
        for name in ("access_token", "refresh_token", "id_token"):
            assert ask(visitor.provider, client_id, tokens[name]) == NOT_ACTIVE
    assert ask(visitor.provider, "payments", tokens["refresh_token"]) == NOT_ACTIVE


def test_4_a_service_is_not_told_of_tokens_for_other_resources(shared_provider: Provider):
    """`payments` has one resource, `ledger` another besides."""
    parameters = {"grant_type": "client_credentials", "resource": LEDGER_API}
    token = as_client(shared_provider, "ledger", "/token", parameters).json()["access_token"]
    assert ask(shared_provider, "payments", token) == NOT_ACTIVE
    assert ask(shared_provider, "ledger", token)["active"]


def test_4_a_resource_makes_no_service_of_an_app(visitor: Person):
    """The storefront may ask for tokens for payments; that does not let it look at those of others."""
    parameters = {"grant_type": "client_credentials", "resource": PAYMENTS_API}
    token = as_client(visitor.provider, "ledger", "/token", parameters).json()["access_token"]
    assert ask(visitor.provider, "storefront", token) == NOT_ACTIVE


@pytest.mark.parametrize("client_id", ANSWERS_ALIKE)
@pytest.mark.parametrize("token", ["x", "a.b", "a.b.c", "..", "x" * 20_000, "日本語", "eyJhbGciOiJub25lIn0.e30.", " "])
def test_2_2_what_is_no_token_is_not_active(shared_provider: Provider, client_id: str, token: str):
    """Whoever asks."""
    assert ask(shared_provider, client_id, token) == NOT_ACTIVE


def test_2_2_what_is_over_is_not_active(visitor: Person):
    """Expired access tokens, spent refresh tokens; the newest lives on."""
    tokens = tokens_for(visitor, STOREFRONT)
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    newest = as_client(visitor.provider, "storefront", "/token", refresh).json()["refresh_token"]
    assert ask(visitor.provider, "storefront", tokens["refresh_token"]) == NOT_ACTIVE
    visitor.provider.clock.forward(299)
    assert ask(visitor.provider, "storefront", tokens["access_token"])["active"]
    visitor.provider.clock.forward(1)
    assert ask(visitor.provider, "storefront", tokens["access_token"]) == NOT_ACTIVE
    assert ask(visitor.provider, "storefront", newest)["active"]
    visitor.provider.clock.forward(30 * 86_400)
    assert ask(visitor.provider, "storefront", newest) == NOT_ACTIVE


def test_rfc_8725_3_11_an_id_token_is_not_active(visitor: Person):
    """It is no token for a resource, even when the resource is the client."""
    tokens = tokens_for(visitor, STOREFRONT)
    assert ask(visitor.provider, "storefront", tokens["id_token"]) == NOT_ACTIVE


def test_2_2_a_forged_token_is_not_active(shared_provider: Provider):
    """Another key, another issuer, another type, a changed payload, an unknown kid, no signature."""
    token = shared_provider.token("payments", grant_type="client_credentials").json()["access_token"]
    header, claims = dict(read(shared_provider, token).header), dict(read(shared_provider, token).claims)
    head, payload, signature = token.split(".")
    key, rsa = own_key(shared_provider), own_key(shared_provider, "RS256")
    assert ask(shared_provider, "payments", sign(key, claims, **header))["active"]
    rsa_kid = shared_provider.services.keys.signing_key("RS256").kid
    forged = [
        sign(rsa, claims, **header, by="RS256"),
        sign(rsa, claims, **{**header, "kid": rsa_kid, "alg": "ES256"}, by="RS256"),
        sign(key, {**claims, "iss": "https://other.example"}, **header),
        sign(key, claims, **{**header, "typ": "JWT"}),
        sign(key, claims, **{**header, "typ": "application/at+jwt"}),
        sign(key, claims, **{**header, "kid": "unknown"}),
        sign(key, {**claims, "scope": "everything"}, **header).rpartition(".")[0] + f".{signature}",
        f"{head}.{payload}.",
        f"{head}.{payload}.{signature[:-4]}AAAA",
        f"{token}.{signature}",
        f"{token}=",
    ]
    for each in forged:
        assert ask(shared_provider, "payments", each) == NOT_ACTIVE


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "unknown", "日本語"])
def test_2_1_the_hint_may_be_wrong(visitor: Person, hint: str):
    """It would only speed things up, and nothing here is slow."""
    tokens = tokens_for(visitor, STOREFRONT)
    for name in ("access_token", "refresh_token"):
        assert ask(visitor.provider, "storefront", tokens[name], token_type_hint=hint)["active"]


def test_2_1_a_public_client_may_not_ask(shared_provider: Provider):
    """Anybody could ask in its name, and so scan for tokens (RFC 7662 4)."""
    response = as_client(shared_provider, "storefront-phone", "/introspect", {"token": "x"})
    assert response.status_code == 400
    assert response.json()["error"] == "unauthorized_client"


def test_2_1_a_token_must_be_sent(shared_provider: Provider):
    """Empty is not sent; and in the query it is not read."""
    for form in ({}, {"token": ""}):
        response = as_client(shared_provider, "payments", "/introspect", form)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    url, auth = f"{shared_provider.url}/introspect", shared_provider.basic("payments")
    in_query = HTTP.post(url, params={"token": "x"}, data={"x": "y"}, auth=auth)
    assert in_query.json()["error"] == "invalid_request"


def test_a_resource_server_is_given_the_released_fields_and_no_more(visitor: Person):
    """What the partner's access tokens may carry, by what the person agrees to now; not what the token says."""
    reader = {
        "client_id": "reader",
        "kind": "service",
        "name": "Reads for partners",
        "auth_method": "client_secret_basic",
        "resources": [visitor.provider.url],
    }
    declare_clients(visitor.provider, reader)
    token = tokens_for(visitor, TABI, prompt="consent", ticks=("prefecture", "over_20"))["access_token"]
    answer = ask(visitor.provider, "reader", token)
    assert answer["prefecture"] == "Tokyo"
    assert not {"over_20", "email", "withheld", "name"} & set(answer)
    tokens_for(visitor, TABI, prompt="consent", ticks=())
    assert eventually(lambda: "prefecture" not in ask(visitor.provider, "reader", token))


def test_a_suspended_person_has_no_active_token(provider: Provider, hana: Person):
    """Within a second, on both databases."""
    tokens = tokens_for(hana, TABI, ticks=("prefecture",))
    assert ask(provider, "tabi-points", tokens["access_token"])["active"]
    accounts = provider.services.accounts
    with provider.services.database.transaction() as connection:
        account = accounts.find_by_username(connection, hana.username)
        accounts.change_status(connection, account.id, "suspended", int(provider.clock()))
    for name in ("access_token", "refresh_token"):
        assert eventually(lambda token=tokens[name]: ask(provider, "tabi-points", token) == NOT_ACTIVE)


def test_a_client_that_was_suspended_takes_its_tokens_with_it(shared_provider: Provider):
    """A service is not told that a suspended client's token is good."""
    caller = {
        "client_id": "caller",
        "kind": "service",
        "name": "Calls payments",
        "auth_method": "client_secret_basic",
        "grant_types": ["client_credentials"],
        "scopes": ["payments:read"],
        "resources": [PAYMENTS_API],
    }
    declare_clients(shared_provider, caller)
    token = shared_provider.token("caller", grant_type="client_credentials").json()["access_token"]
    assert ask(shared_provider, "payments", token)["active"]
    declare_clients(shared_provider, {**caller, "status": "suspended"})
    assert eventually(lambda: ask(shared_provider, "payments", token) == NOT_ACTIVE)


def test_2_1_nothing_is_told_without_authentication(shared_provider: Provider):
    """A token alone is no right to ask about it."""
    token = shared_provider.token("payments", grant_type="client_credentials").json()["access_token"]
    response: httpx.Response = HTTP.post(f"{shared_provider.url}/introspect", data={"token": token})
    assert response.status_code == 401
    bearer = {"Authorization": f"Bearer {token}"}
    assert HTTP.post(f"{shared_provider.url}/introspect", data={"token": token}, headers=bearer).status_code == 401
