"""Userinfo (OIDC Core 5.3) and how a token is presented to it (RFC 6750 2 and 3)."""

import re
from typing import Any

import httpx
import pytest

from tests.provider.apps import LEDGER_API, NO_PKCE, PAYMENTS_API, STOREFRONT, TABI, tokens_for
from tests.provider.jose import own_key, sign
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider
from tests.provider.waiting import eventually

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


@pytest.fixture
def token(visitor: Person) -> str:
    access_token: str = tokens_for(visitor, STOREFRONT)["access_token"]
    return access_token


def ask(provider: Provider, token: str | None, method: str = "GET", **request: Any) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return HTTP.request(method, f"{provider.url}/userinfo", headers=headers, **request)


def challenge(response: httpx.Response) -> dict[str, str]:
    """The parameters of the Bearer challenge (RFC 6750 3)."""
    scheme, _, parameters = response.headers["www-authenticate"].partition(" ")
    assert scheme == "Bearer"
    return dict(re.findall(r'(\w+)="([^"\\]*)"', parameters))


def assert_refused(response: httpx.Response, status: int, error: str) -> None:
    assert response.status_code == status, response.text
    assert response.json()["error"] == error
    assert challenge(response)["error"] == error
    assert challenge(response)["realm"] == "sekisho"
    assert response.headers["cache-control"] == "no-store"


def test_5_3_2_the_claims_of_the_scopes(shared_provider: Provider, token: str):
    """A first party is given what it asked for, with the right types, as UTF-8 JSON that nobody stores."""
    response = ask(shared_provider, token)
    claims = response.json()
    assert len(claims.pop("sub")) == 22
    assert claims == {
        "name": "佐藤 花",
        "given_name": "花",
        "family_name": "佐藤",
        "email": "hana@example.jp",
        "email_verified": True,
        "birthdate": "1994-05-17",
        "zoneinfo": "Asia/Tokyo",
        "locale": "ja-JP",
    }
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"


def test_5_4_no_scope_no_claim(visitor: Person):
    """The sub alone for openid alone."""
    token = tokens_for(visitor, STOREFRONT, scope="openid")["access_token"]
    assert set(ask(visitor.provider, token).json()) == {"sub"}


def test_5_3_1_get_and_post_header_and_body(shared_provider: Provider, token: str):
    """RFC 6750 2.1 and 2.2: all three ways give the same answer."""
    answers = [
        ask(shared_provider, token),
        ask(shared_provider, token, "POST"),
        ask(shared_provider, token, "POST", data={"unrelated": "x"}),
        ask(shared_provider, None, "POST", data={"access_token": token}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_rfc_6750_2_1_the_scheme_is_case_insensitive(shared_provider: Provider, token: str, scheme: str):
    """And a second space does no harm."""
    headers = {"Authorization": f"{scheme} {token}"}
    assert HTTP.get(f"{shared_provider.url}/userinfo", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic cGF5bWVudHM6eA=="}, {"Authorization": "Bearer"}])
def test_rfc_6750_3_1_without_a_token_there_is_a_challenge_and_no_error_code(
    shared_provider: Provider, headers: dict[str, str]
):
    """Whoever has not tried is told how, not that anything was wrong."""
    response = HTTP.get(f"{shared_provider.url}/userinfo", headers=headers)
    assert response.status_code == 401
    assert challenge(response) == {"realm": "sekisho"}
    assert "error" not in response.json()


def test_rfc_6750_2_3_a_token_in_the_query_is_refused(shared_provider: Provider, token: str):
    """It would stand in logs and in the browser's history; also beside one in the header."""
    in_query = {"access_token": token}
    assert_refused(ask(shared_provider, None, params=in_query), 400, "invalid_request")
    assert_refused(ask(shared_provider, None, "POST", params=in_query), 400, "invalid_request")
    assert_refused(ask(shared_provider, token, params=in_query), 400, "invalid_request")


def test_rfc_6750_2_one_way_at_a_time(shared_provider: Provider, token: str):
    """Header and body together are refused, even with the same token; so is a body with two."""
    assert_refused(ask(shared_provider, token, "POST", data={"access_token": token}), 400, "invalid_request")
    twice = f"access_token={token}&access_token={token}"
    response = HTTP.post(f"{shared_provider.url}/userinfo", content=twice, headers={"Content-Type": FORM})
    assert_refused(response, 400, "invalid_request")


def test_rfc_6750_2_2_a_body_counts_only_as_a_form_by_post(shared_provider: Provider, token: str):
    """Neither in a GET nor as JSON; there it is no token at all."""
    as_form = {"content": f"access_token={token}", "headers": {"Content-Type": FORM}}
    assert HTTP.request("GET", f"{shared_provider.url}/userinfo", **as_form).status_code == 401
    assert ask(shared_provider, None, "POST", json={"access_token": token}).status_code == 401


@pytest.mark.parametrize("text", ["x", "a.b.c", "x" * 20_000, "a b", '"', "eyJhbGciOiJub25lIn0.e30.", "\u00e9" * 10])
def test_rfc_6750_3_1_what_is_no_token_of_ours_is_invalid(shared_provider: Provider, text: str):
    """401 invalid_token, and nothing of it comes back."""
    response = HTTP.get(
        f"{shared_provider.url}/userinfo", headers={"Authorization": f"Bearer {text}".encode("latin-1")}
    )
    assert_refused(response, 401, "invalid_token")
    assert len(text) < 4 or text not in response.text


@pytest.mark.parametrize("age", [299, 300, 10_000])
def test_an_expired_token_is_invalid(shared_provider: Provider, token: str, age: int):
    """Good until its last second, and not beyond it."""
    shared_provider.clock.forward(age)
    response = ask(shared_provider, token)
    if age < 300:
        assert response.status_code == 200
    else:
        assert_refused(response, 401, "invalid_token")


def test_a_token_for_another_resource_is_invalid_here(visitor: Person):
    """RFC 9068 4: the audience must hold this server; a service cannot take its callers' tokens to userinfo."""
    elsewhere = tokens_for(visitor, STOREFRONT, resource=PAYMENTS_API)["access_token"]
    assert_refused(ask(visitor.provider, elsewhere), 401, "invalid_token")
    both = tokens_for(visitor, STOREFRONT, resource=[PAYMENTS_API, visitor.provider.url])["access_token"]
    assert ask(visitor.provider, both).status_code == 200


def test_5_3_without_openid_the_scope_is_insufficient(visitor: Person):
    """RFC 6750 3.1: 403 with the scope that is needed."""
    token = tokens_for(visitor, STOREFRONT, scope="email")["access_token"]
    response = ask(visitor.provider, token)
    assert_refused(response, 403, "insufficient_scope")
    assert challenge(response)["scope"] == "openid"


def test_a_clients_own_token_has_no_user_to_tell_of(shared_provider: Provider):
    """Whatever its audience is."""
    own = shared_provider.token("payments", grant_type="client_credentials").json()["access_token"]
    assert_refused(ask(shared_provider, own), 401, "invalid_token")


def test_a_refresh_or_id_token_is_no_access_token(visitor: Person):
    """RFC 8725 3.11 for the one, and the other is no JWT."""
    tokens = tokens_for(visitor, STOREFRONT)
    for name in ("refresh_token", "id_token"):
        assert_refused(ask(visitor.provider, tokens[name]), 401, "invalid_token")


def test_a_partner_gets_what_was_released_and_reasons_for_the_rest(visitor: Person):
    """Decided anew each time: request, agreement and consent."""
    tokens = tokens_for(visitor, TABI, prompt="consent", ticks=("over_20",))
    claims = ask(visitor.provider, tokens["access_token"]).json()
    assert len(claims.pop("sub")) == 43
    assert claims == {
        "over_20": True,
        "withheld": {"email": "FIELD_NOT_IN_AGREEMENT", "prefecture": "FIELD_NOT_CONSENTED"},
    }


def test_what_the_person_changes_is_true_for_the_tokens_that_are_out(visitor: Person):
    """A field ticked or unticked in the meantime counts within a second."""
    token = tokens_for(visitor, TABI, prompt="consent", ticks=("over_20",))["access_token"]
    tokens_for(visitor, TABI, prompt="consent", ticks=("prefecture",))
    assert eventually(lambda: "over_20" not in ask(visitor.provider, token).json())
    assert ask(visitor.provider, token).json()["prefecture"] == "Tokyo"


def test_forged_tokens_are_invalid(shared_provider: Provider, token: str):
    """By the server's own key but of another kind, for another issuer, or without what is required (RFC 9068 4)."""
    keys = shared_provider.services.keys
    key = own_key(shared_provider)
    now = int(shared_provider.clock())
    right = {
        **dict(shared_provider.services.verifier.verify(token).claims),
        "jti": "another",
        "iat": now,
        "exp": now + 300,
    }
    header = {"alg": "ES256", "kid": keys.signing_key("ES256").kid, "typ": "at+jwt"}
    assert ask(shared_provider, sign(key, right, **header)).status_code == 200
    headers = [{"typ": "JWT"}, {"typ": None}, {"kid": "unknown"}, {"kid": keys.signing_key("EdDSA").kid}, {"kid": 5}]
    forged = [sign(key, right, **{**header, **change}) for change in headers]
    forged += [sign(key, {**right, **change}, **header) for change in ({"iss": LEDGER_API}, {"exp": now}, {"exp": 1.5})]
    forged += [
        sign(key, {name: value for name, value in right.items() if name != absent}, **header)
        for absent in ("iss", "sub", "aud", "client_id", "exp", "iat", "jti")
    ]
    forged += [sign(b"", right, **header, by="none"), sign(b"x" * 32, right, **{**header, "alg": "HS256"})]
    no_typ = {name: value for name, value in header.items() if name != "typ"}
    for each in (*forged, sign(key, right, **no_typ)):
        assert_refused(ask(shared_provider, each), 401, "invalid_token")


def test_the_old_app_without_pkce_is_served_too(visitor: Person):
    """What it asked for and no more."""
    token = tokens_for(visitor, NO_PKCE)["access_token"]
    assert set(ask(visitor.provider, token).json()) == {"sub", "email", "email_verified"}


def test_405_for_other_methods(shared_provider: Provider, token: str):
    """With those that there are."""
    response = ask(shared_provider, token, "DELETE")
    assert response.status_code == 405
    assert {name.strip() for name in response.headers["allow"].split(",")} == {"GET", "HEAD", "OPTIONS", "POST"}
