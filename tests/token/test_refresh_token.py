"""Refreshing (RFC 6749 6, RFC 9700 4.14.2, RFC 8707 2.2, OIDC Core 12)."""

from typing import Any

import httpx
import pytest

from tests.provider.apps import LEDGER_API, PAYMENTS_API, PHONE, STOREFRONT, TABI, App, tokens_for
from tests.provider.jose import read
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, Provider
from tests.provider.tables import all_at_once
from tests.provider.waiting import eventually

RETRY_WINDOW = 30
FAMILY_LIFETIME = 30 * 86_400
Tokens = dict[str, Any]


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


@pytest.fixture
def tokens(visitor: Person) -> Tokens:
    return tokens_for(visitor, STOREFRONT, resource=[visitor.provider.url, PAYMENTS_API])


def refresh(provider: Provider, refresh_token: str, app: App = STOREFRONT, **extra: str) -> httpx.Response:
    parameters = {"grant_type": "refresh_token", "refresh_token": refresh_token, **extra}
    return as_client(provider, app.client_id, "/token", parameters)


def assert_refused(response: httpx.Response, error: str = "invalid_grant") -> None:
    assert response.status_code == 400, response.text
    assert response.json()["error"] == error


def is_alive(provider: Provider, access_token: str) -> bool:
    response = HTTP.get(f"{provider.url}/userinfo", headers={"Authorization": f"Bearer {access_token}"})
    return response.status_code == 200


def assert_ended(provider: Provider, *access_tokens: str, refresh_token: str) -> None:
    """The whole family is over: its newest refresh token at once, its access tokens within a second."""
    assert_refused(refresh(provider, refresh_token))
    for access_token in access_tokens:
        assert eventually(lambda token=access_token: not is_alive(provider, token))


@pytest.mark.parametrize("app", [STOREFRONT, PHONE, TABI], ids=lambda app: app.client_id)
def test_6_new_tokens_for_the_old_one(visitor: Person, app: App):
    """A new access token, a new refresh token and a new ID token; scope as granted."""
    first = tokens_for(visitor, app)
    response = refresh(visitor.provider, first["refresh_token"], app)
    assert response.status_code == 200
    second = response.json()
    assert set(second) == set(first)
    assert second["scope"] == first["scope"]
    assert second["token_type"] == "Bearer"
    assert not {second["access_token"], second["refresh_token"]} & {first["access_token"], first["refresh_token"]}
    assert is_alive(visitor.provider, second["access_token"])
    assert is_alive(visitor.provider, first["access_token"])


def test_oidc_core_12_2_the_new_id_token_tells_the_same_story(shared_provider: Provider, tokens: Tokens):
    """Same issuer, subject, audience, session and time of sign-in; a new `iat`; no nonce of a request long past."""
    shared_provider.clock.forward(100)
    second = refresh(shared_provider, tokens["refresh_token"]).json()
    before, after = (read(shared_provider, each["id_token"]).claims for each in (tokens, second))
    for claim in ("iss", "sub", "aud", "sid", "auth_time", "acr", "amr"):
        assert after[claim] == before[claim]
    assert after["iat"] == before["iat"] + 100
    assert "nonce" not in after


def test_rfc_9700_4_14_2_every_use_rotates(shared_provider: Provider, tokens: Tokens):
    """A chain of ten tokens, each good once."""
    current = tokens["refresh_token"]
    seen = {current}
    for _ in range(10):
        current = refresh(shared_provider, current).json()["refresh_token"]
        seen.add(current)
    assert len(seen) == 11


def test_a_retry_within_the_window_gets_the_same_new_token(shared_provider: Provider, tokens: Tokens):
    """The answer was lost on the way: asked again, it comes again, and the chain goes on from there."""
    first = refresh(shared_provider, tokens["refresh_token"]).json()
    shared_provider.clock.forward(RETRY_WINDOW - 1)
    again = refresh(shared_provider, tokens["refresh_token"]).json()
    assert again["refresh_token"] == first["refresh_token"]
    assert refresh(shared_provider, again["refresh_token"]).status_code == 200


def test_a_retry_after_the_window_is_a_theft(shared_provider: Provider, tokens: Tokens):
    """Whoever comes with a spent token later on, the family ends for everybody."""
    newest = refresh(shared_provider, tokens["refresh_token"]).json()
    shared_provider.clock.forward(RETRY_WINDOW)
    assert_refused(refresh(shared_provider, tokens["refresh_token"]))
    assert_ended(shared_provider, tokens["access_token"], newest["access_token"], refresh_token=newest["refresh_token"])


def test_a_token_whose_successor_was_used_is_a_theft(shared_provider: Provider, tokens: Tokens):
    """Even within the window: the answer was not lost, for somebody used what was in it."""
    second = refresh(shared_provider, tokens["refresh_token"]).json()
    third = refresh(shared_provider, second["refresh_token"]).json()
    assert_refused(refresh(shared_provider, tokens["refresh_token"]))
    assert_ended(shared_provider, third["access_token"], refresh_token=third["refresh_token"])


def test_a_retry_does_not_move_the_window(shared_provider: Provider, tokens: Tokens):
    """Otherwise a thief could keep it open for ever."""
    refresh(shared_provider, tokens["refresh_token"])
    for _ in range(2):
        shared_provider.clock.forward(RETRY_WINDOW // 2 - 1)
        assert refresh(shared_provider, tokens["refresh_token"]).status_code == 200
    shared_provider.clock.forward(2)
    assert_refused(refresh(shared_provider, tokens["refresh_token"]))


def test_5_2_another_clients_token_ends_for_both(shared_provider: Provider, visitor: Person, tokens: Tokens):
    """It has leaked to a client that it was not given to (RFC 6749 10.4)."""
    assert_refused(refresh(shared_provider, tokens["refresh_token"], PHONE))
    assert_ended(shared_provider, tokens["access_token"], refresh_token=tokens["refresh_token"])


def test_another_client_has_no_retries(shared_provider: Provider, tokens: Tokens):
    """A token spent a moment ago, in the hands of another client, is stolen and not lost on the way."""
    newest = refresh(shared_provider, tokens["refresh_token"]).json()
    assert_refused(refresh(shared_provider, tokens["refresh_token"], PHONE))
    assert_ended(shared_provider, newest["access_token"], refresh_token=newest["refresh_token"])


def test_a_token_with_a_guessed_half_ends_the_family(shared_provider: Provider, tokens: Tokens):
    """The handle is right, so part of the real one is known to somebody."""
    handle, _, secret = tokens["refresh_token"].partition(".")
    assert_refused(refresh(shared_provider, f"{handle}.{secret[::-1]}"))
    assert_ended(shared_provider, refresh_token=tokens["refresh_token"])


@pytest.mark.parametrize("text", ["unknown", ".", "a.b", "a.b.c", "x" * 5000, "日本語.日本語", " ", "%00", "a\u0000b"])
def test_5_2_an_unknown_token(shared_provider: Provider, text: str):
    """Whatever it looks like: refused, and never a server error."""
    response = refresh(shared_provider, text)
    assert response.status_code == 400
    assert response.json()["error"] == ("invalid_request" if "\x00" in text else "invalid_grant")


def test_5_2_no_token_at_all(shared_provider: Provider):
    """A request without its main parameter is invalid."""
    assert_refused(refresh(shared_provider, ""), "invalid_request")


def test_an_access_or_id_token_is_no_refresh_token(shared_provider: Provider, tokens: Tokens):
    """Nor does trying it hurt the family."""
    for other in (tokens["access_token"], tokens["id_token"]):
        assert_refused(refresh(shared_provider, other))
    assert refresh(shared_provider, tokens["refresh_token"]).status_code == 200


def test_6_scope_may_be_narrowed_for_one_token(shared_provider: Provider, tokens: Tokens):
    """The grant stays as wide as it was; without openid there is no ID token."""
    narrow = refresh(shared_provider, tokens["refresh_token"], scope="email").json()
    assert narrow["scope"] == "email"
    assert read(shared_provider, narrow["access_token"]).claims["scope"] == "email"
    assert "id_token" not in narrow
    assert refresh(shared_provider, narrow["refresh_token"]).json()["scope"] == STOREFRONT.scope


@pytest.mark.parametrize(
    ("extra", "error"),
    [
        ({"scope": "openid payments:read"}, "invalid_scope"),
        ({"scope": "openid  email"}, "invalid_scope"),
        ({"scope": 'open"id'}, "invalid_scope"),
        ({"resource": LEDGER_API}, "invalid_target"),
        ({"resource": "/relative"}, "invalid_target"),
    ],
)
def test_6_more_than_was_granted_is_refused_and_nothing_is_lost(
    shared_provider: Provider, tokens: Tokens, extra: dict[str, str], error: str
):
    """The client asks again without it, and gets its tokens."""
    assert_refused(refresh(shared_provider, tokens["refresh_token"], **extra), error)
    assert refresh(shared_provider, tokens["refresh_token"]).status_code == 200


def test_rfc_8707_2_2_a_resource_of_the_grant(shared_provider: Provider, tokens: Tokens):
    """One of those granted for this token; all of them for the next."""
    one = refresh(shared_provider, tokens["refresh_token"], resource=PAYMENTS_API).json()
    assert read(shared_provider, one["access_token"]).claims["aud"] == PAYMENTS_API
    both = refresh(shared_provider, one["refresh_token"]).json()
    assert read(shared_provider, both["access_token"]).claims["aud"] == [shared_provider.url, PAYMENTS_API]


def test_a_family_has_an_end(shared_provider: Provider, tokens: Tokens):
    """Thirty days after it began, however often it was refreshed (RFC 9700 4.14.2)."""
    shared_provider.clock.forward(FAMILY_LIFETIME - 10)
    current = refresh(shared_provider, tokens["refresh_token"]).json()["refresh_token"]
    shared_provider.clock.forward(10)
    assert_refused(refresh(shared_provider, current))


def test_of_all_who_refresh_at_once_all_get_the_same_token(shared_provider: Provider, tokens: Tokens):
    """One rotates, the others are retries of the same client; nobody forks the family."""
    answers = all_at_once(shared_provider, "token_families", lambda: refresh(shared_provider, tokens["refresh_token"]))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert refresh(shared_provider, answers[0].json()["refresh_token"]).status_code == 200


def test_what_is_granted_ends_with_the_consent(visitor: Person):
    """The person ended the sharing: the partner's refresh token is dead at once, and stays dead after a new consent."""
    tokens = tokens_for(visitor, TABI, prompt="consent")
    page = visitor.browser.get("/account/sharing").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    visitor.browser.post(
        "/account/sharing", data={"csrf": csrf, "client_id": "tabi-points", "purpose": "points.credit"}
    )
    assert_refused(refresh(visitor.provider, tokens["refresh_token"], TABI))
    tokens_for(visitor, TABI, prompt="consent")
    assert_refused(refresh(visitor.provider, tokens["refresh_token"], TABI))


def test_a_consent_runs_out(visitor: Person):
    """Ninety days by the agreement: longer than any family, so a family begun late ends with it."""
    tokens_for(visitor, TABI, prompt="consent")
    visitor.provider.clock.forward(89 * 86_400)
    late = Person(visitor.provider)
    tokens = tokens_for(late, TABI)
    visitor.provider.clock.forward(86_400)
    assert_refused(refresh(visitor.provider, tokens["refresh_token"], TABI))


def test_rotation_holds_on_both_databases(provider: Provider, hana: Person):
    """Rotation, retry and theft on SQLite as on PostgreSQL."""
    tokens = tokens_for(hana, STOREFRONT)
    newest = refresh(provider, tokens["refresh_token"]).json()
    assert refresh(provider, tokens["refresh_token"]).json()["refresh_token"] == newest["refresh_token"]
    provider.clock.forward(RETRY_WINDOW)
    assert_refused(refresh(provider, tokens["refresh_token"]))
    assert_ended(provider, newest["access_token"], refresh_token=newest["refresh_token"])
