"""Claims asked for one by one, over HTTP (OIDC Core 5.5): each in the place that it was named for, and none else."""

import json
from typing import Any

import pytest

from idp.protocol.authentication import ACR_PASSWORD
from tests.authorize.test_pushed import arrive, pushed
from tests.provider.apps import NO_PKCE, PHONE, STOREFRONT, TABI, WALLET, App, tokens_for
from tests.provider.jose import read
from tests.provider.person import Person, as_client, boxes
from tests.provider.provider import HTTP, Provider
from tests.web.visits import answer, decide, shows, signed_in, visit

PROTOCOL = {"iss", "sub", "aud", "iat", "exp", "auth_time", "acr", "amr", "sid", "at_hash", "nonce"}


def asking(**places: dict[str, Any]) -> str:
    return json.dumps(places)


def told(person: Person, tokens: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What userinfo and the ID token say of a person, besides who it is."""
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    userinfo = HTTP.get(f"{person.provider.url}/userinfo", headers=bearer).json()
    id_token = read(person.provider, tokens["id_token"]).claims
    return (
        {name: userinfo[name] for name in set(userinfo) - {"sub"}},
        {n: id_token[n] for n in set(id_token) - PROTOCOL},
    )


def data_of(person: Person, app: App, scope: str = "openid", **places: dict[str, Any]):
    return told(person, tokens_for(person, app, scope=scope, claims=asking(**places)))


def test_5_5_each_claim_in_its_place(member: Person):
    """OIDC Core 5.5: userinfo and the ID token hold what was named for them; what is alike stays here."""
    userinfo, id_token = data_of(
        member, STOREFRONT, userinfo={"given_name": {"essential": True}}, id_token={"email": None, "locale": None}
    )
    assert userinfo == {"given_name": "花"}
    assert id_token == {"email": "hana@example.jp", "locale": "ja-JP"}


def test_5_5_claims_come_on_top_of_scopes(member: Person):
    """OIDC Core 5.5: the parameter adds to what the scopes stand for."""
    userinfo, id_token = data_of(member, STOREFRONT, "openid email", userinfo={"name": None})
    assert userinfo == {"name": "佐藤 花", "email": "hana@example.jp", "email_verified": True}
    assert id_token == {}


@pytest.mark.parametrize("name", ["never_heard_of", "prefecture", "phone_number", "name#ja-Kana-JP", "picture"])
def test_5_5_1_what_is_unknown_missing_or_beyond_the_app_is_left_out(member: Person, name: str):
    """OIDC Core 5.5.1: no error, essential or not. An app reaches no further than the scopes it is registered for."""
    assert data_of(member, STOREFRONT, userinfo={name: {"essential": True}}, id_token={name: None}) == ({}, {})


def test_5_5_a_claim_that_a_scope_of_the_app_gives_away_can_be_had_alone(member: Person):
    """Asking for less: `profile` holds the date of birth, which gives away who is over 20."""
    assert data_of(member, STOREFRONT, userinfo={"over_20": None}) == ({"over_20": True}, {})


def test_5_5_claims_of_an_app_without_scopes_for_data(member: Person):
    """The wallet is registered for `openid` alone."""
    assert data_of(member, WALLET, userinfo={"email": None}, id_token={"email": None}) == ({}, {})


def test_5_5_they_last_through_refreshes(member: Person):
    """OIDC Core 12.2: a refreshed token is for the same request."""
    tokens = tokens_for(
        member, STOREFRONT, scope="openid", claims=asking(userinfo={"email": None}, id_token={"name": None})
    )
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refreshed = as_client(member.provider, "storefront", "/token", again).json()
    assert told(member, refreshed) == ({"email": "hana@example.jp"}, {"name": "佐藤 花"})


def test_5_5_and_through_a_pushed_request(member: Person):
    """RFC 9126 2.1: the parameter is pushed like any other; a broken one is refused there."""
    reference = pushed(member, STOREFRONT, scope="openid", claims=asking(userinfo={"email": None}))
    code = answer(arrive(member, reference, "storefront"))["code"]
    tokens = member.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, code).json()
    assert told(member, tokens)[0] == {"email": "hana@example.jp"}
    with pytest.raises(AssertionError, match="invalid_request"):
        pushed(member, STOREFRONT, claims="{")


# ---- partners --------------------------------------------------------------------------------------------------------


@pytest.fixture
def newcomer(provider: Provider) -> Person:
    """Hana, signed in where no partner was answered yet."""
    return signed_in(Person(provider))


def test_a_partner_that_names_claims_is_answered_like_one_that_names_scopes(newcomer: Person):
    """G1: the person is asked for the fields of the claims; request ∧ agreement ∧ consent goes out."""
    claims = asking(userinfo={"prefecture": None, "email": None}, id_token={"over_20": None, "gender": None})
    page = visit(newcomer, TABI, scope="openid", claims=claims)
    offered = set(boxes(page.text))
    assert "gender" not in offered, "the app is not registered for it"
    decided = decide(newcomer, page, *offered - {"email"})
    tokens = newcomer.exchange(TABI.client_id, TABI.redirect_uri, answer(decided)["code"]).json()
    userinfo, id_token = told(newcomer, tokens)
    assert userinfo.pop("withheld", {}).keys() <= {"email"}
    assert userinfo == {"prefecture": "Tokyo"}
    assert id_token == {"over_20": True}


def test_a_partner_is_asked_again_for_a_claim_that_was_not_shown(newcomer: Person):
    """A consent covers what was on the page, in whichever way it was asked for, and no more."""
    first = visit(newcomer, TABI, scope="openid", claims=asking(userinfo={"prefecture": None}))
    assert "code" in answer(decide(newcomer, first, *boxes(first.text)))
    assert "code" in answer(visit(newcomer, TABI, scope="openid prefecture"))
    assert "code" in answer(visit(newcomer, TABI, scope="openid", claims=asking(id_token={"prefecture": None})))
    assert shows(visit(newcomer, TABI, scope="openid", claims=asking(userinfo={"over_20": None})), "allow")


# ---- conditions ------------------------------------------------------------------------------------------------------


def test_5_5_1_sub_by_value_names_the_person(member: Person):
    """OIDC Core 5.5.1: only this person; anybody else must sign in, and is refused when it is still somebody else."""
    sub = read(member.provider, tokens_for(member, STOREFRONT)["id_token"]).claims["sub"]
    for place in ("id_token", "userinfo"):
        assert "code" in answer(visit(member, STOREFRONT, claims=asking(**{place: {"sub": {"value": sub}}})))
        other = asking(**{place: {"sub": {"value": f"{sub}x"}}})
        assert answer(visit(member, STOREFRONT, claims=other, prompt="none"))["error"] == "login_required"
        page = visit(member, STOREFRONT, claims=other)
        assert shows(page, "sign-in")
        assert member.go_on(page).parameters["error"] == "login_required"


def test_5_5_1_1_an_essential_acr_that_was_met(member: Person):
    """OIDC Core 5.5.1.1: one of the values is enough."""
    claims = asking(id_token={"acr": {"essential": True, "values": ["urn:never:heard", ACR_PASSWORD]}})
    tokens = tokens_for(member, STOREFRONT, claims=claims)
    assert read(member.provider, tokens["id_token"]).claims["acr"] == ACR_PASSWORD


def test_5_5_1_1_an_essential_acr_that_cannot_be_met(member: Person):
    """OIDC Core 5.5.1.1: a failed authentication, with the error of its own specification; a wish is no condition."""
    wish = {"value": "urn:never:heard"}
    assert "code" in answer(visit(member, NO_PKCE, claims=asking(id_token={"acr": wish})))
    refused = answer(visit(member, NO_PKCE, claims=asking(id_token={"acr": {**wish, "essential": True}})))
    assert refused["error"] == "unmet_authentication_requirements"


@pytest.mark.parametrize("claims", ["x", "[]", '{"userinfo": {"email": 1}}', '{"id_token": {"sub": {"value": 7}}}'])
def test_5_5_what_does_not_fit_is_told(member: Person, claims: str):
    """OIDC Core 3.1.2.6: invalid_request, at the redirect URI."""
    assert answer(visit(member, PHONE, claims=claims))["error"] == "invalid_request"
