"""Authlib's traps 4 to 8, 16, 21 and 22: tokens and what may be used once."""

import httpx
import pytest

from idp.admin.client_document import DocumentError
from tests.provider.apps import STOREFRONT, WALLET, code_for, tokens_for
from tests.provider.jose import own_key, published_keys, read, read_with, sign
from tests.provider.operator import declare_clients
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, Provider
from tests.provider.tables import all_at_once


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


def refresh(provider: Provider, refresh_token: str) -> httpx.Response:
    return as_client(provider, "storefront", "/token", {"grant_type": "refresh_token", "refresh_token": refresh_token})


def test_trap_04_auth_time_is_when_the_person_signed_in(visitor: Person):
    """Authlib says *now* where it does not know, and again at every refresh."""
    signed_in_at = int(visitor.provider.clock())
    visitor.authorize("storefront", STOREFRONT.redirect_uri, "openid")
    visitor.provider.clock.forward(3600)
    first = tokens_for(visitor, STOREFRONT)
    visitor.provider.clock.forward(3600)
    second = refresh(visitor.provider, first["refresh_token"]).json()
    for tokens in (first, second):
        assert read(visitor.provider, tokens["id_token"]).claims["auth_time"] == signed_in_at


def test_trap_05_algorithms_beyond_the_recommended_three(visitor: Person):
    """EdDSA is not on joserfc's "recommended" list, and there is no parameter to widen Authlib's."""
    tokens = tokens_for(visitor, WALLET)
    for name in ("access_token", "id_token"):
        assert read(visitor.provider, tokens[name]).header["alg"] == "EdDSA"


def test_trap_06_one_key_signs_while_two_are_published(shared_provider: Provider):
    """Signing with a key set picks any of its keys, the next and the last one included."""
    shared_provider.services.keys.rotate("ES256")
    keys = published_keys(shared_provider)
    assert len([key for key in keys if key.key_type == "EC" and key.get("use") == "sig"]) == 2
    made = [shared_provider.token("payments", grant_type="client_credentials").json() for _ in range(20)]
    assert len({read_with(keys, each["access_token"]).header["kid"] for each in made}) == 1


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_trap_07_a_key_is_read_once_and_not_for_each_token(shared_provider: Provider, algorithm: str):
    """Importing a JWKS or PEM costs 30 ms; the key object is the same for token after token."""
    keys = shared_provider.services.keys
    before = keys.signing_key(algorithm).private
    shared_provider.token("payments", grant_type="client_credentials")
    assert keys.signing_key(algorithm).private is before


def test_trap_08_a_token_without_typ_is_no_access_token(visitor: Person):
    """Authlib refuses a wrong typ only, so an ID token without one would pass."""
    right = read(visitor.provider, tokens_for(visitor, STOREFRONT)["access_token"])
    header = {name: value for name, value in right.header.items() if name != "typ"}
    key = own_key(visitor.provider)
    bare, typed = (sign(key, dict(right.claims), **protected) for protected in (header, dict(right.header)))

    def status(token: str) -> int:
        bearer = {"Authorization": f"Bearer {token}"}
        return HTTP.get(f"{visitor.provider.url}/userinfo", headers=bearer).status_code

    assert (status(bare), status(typed)) == (401, 200)


def test_trap_16_a_code_redeemed_by_many_at_once_is_redeemed_once(visitor: Person):
    """Authlib checks, issues, then deletes: two at once both get tokens."""
    code = code_for(visitor, STOREFRONT)
    answers = all_at_once(
        visitor.provider,
        "authorization_codes",
        lambda: visitor.exchange("storefront", STOREFRONT.redirect_uri, code),
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7


def test_trap_16_a_refresh_token_used_by_many_at_once_forks_nothing(visitor: Person):
    """Authlib checks, issues, then revokes; here all of them hold the one successor."""
    first = tokens_for(visitor, STOREFRONT)["refresh_token"]
    answers = all_at_once(visitor.provider, "token_families", lambda: refresh(visitor.provider, first))
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


def test_trap_21_lifetimes_are_the_settings(visitor: Person):
    """Authlib's default is ten days for an access token, and no refresh token at all."""
    own = visitor.provider.token("payments", grant_type="client_credentials").json()
    users = tokens_for(visitor, STOREFRONT)
    refreshed = refresh(visitor.provider, users["refresh_token"]).json()
    lifetimes = visitor.provider.services.settings.lifetimes
    for answer in (own, users, refreshed):
        claims = read(visitor.provider, answer["access_token"]).claims
        assert claims["exp"] - claims["iat"] == answer["expires_in"] == lifetimes.access_token == 300
    assert "refresh_token" in users


def test_trap_22_an_unsigned_id_token_cannot_be_registered(shared_provider: Provider):
    """Authlib issues one to whoever's metadata asks for it."""
    app = {"client_id": "unsigned", "kind": "first_party", "name": "Unsigned", "auth_method": "none"}
    grant = {"grant_types": ["authorization_code"], "redirect_uris": ["https://unsigned.example.test/"]}
    declare_clients(shared_provider, {**app, **grant})
    for name in ("id_token_algorithm", "access_token_algorithm"):
        with pytest.raises(DocumentError, match=name):
            declare_clients(shared_provider, {**app, **grant, name: "none"})
