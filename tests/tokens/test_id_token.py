"""ID tokens as relying parties read them (OIDC Core 2, 3.1.3.6, 3.1.3.7, 5.4)."""

from base64 import urlsafe_b64encode
from hashlib import sha256, sha512
from typing import Any

import pytest
from authlib.oidc.core import CodeIDToken

from tests.provider.apps import NO_PKCE, PHONE, STOREFRONT, TABI, WALLET, App, tokens_for
from tests.provider.jose import read
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider

LIFETIME = 300


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


def claims_of(person: Person, tokens: dict[str, Any]) -> dict[str, Any]:
    return dict(read(person.provider, tokens["id_token"]).claims)


def test_2_the_claims(visitor: Person):
    """All that the specification names for this flow; names and addresses come by userinfo (5.4)."""
    signed_in_at = int(visitor.provider.clock())
    tokens_for(visitor, STOREFRONT)
    visitor.provider.clock.forward(500)
    claims = claims_of(visitor, tokens_for(visitor, STOREFRONT))
    assert len(claims.pop("sub")) == len(claims.pop("sid")) == len(claims.pop("at_hash")) == 22
    assert claims == {
        "iss": visitor.provider.url,
        "aud": "storefront",
        "iat": signed_in_at + 500,
        "exp": signed_in_at + 500 + LIFETIME,
        "auth_time": signed_in_at,
        "nonce": "a nonce",
        "acr": "urn:sekisho:acr:password",
        "amr": ["pwd"],
    }


@pytest.mark.parametrize("app", [STOREFRONT, PHONE, TABI, WALLET], ids=lambda app: app.client_id)
def test_3_1_3_7_a_relying_partys_library_accepts_it(visitor: Person, app: App):
    """Authlib's own checks of a code flow's ID token: issuer, audience, times, nonce, at_hash."""
    tokens = tokens_for(visitor, app, max_age="600")
    token = read(visitor.provider, tokens["id_token"])
    checked = CodeIDToken(
        dict(token.claims),
        dict(token.header),
        options={"iss": {"value": visitor.provider.url}, "aud": {"value": app.client_id}},
        params={
            "nonce": "a nonce",
            "client_id": app.client_id,
            "access_token": tokens["access_token"],
            "max_age": 600,
        },
    )
    checked.validate(now=visitor.provider.clock())


@pytest.mark.parametrize(
    ("app", "algorithm", "hashed"),
    [(STOREFRONT, "ES256", sha256), (PHONE, "RS256", sha256), (WALLET, "EdDSA", sha512)],
    ids=["ES256", "RS256", "EdDSA"],
)
def test_3_1_3_6_the_clients_algorithm_and_the_hash_that_goes_with_it(
    visitor: Person, app: App, algorithm: str, hashed: Any
):
    """RS256 by default (OIDC Core 15.1); at_hash is the left half, by the hash of the algorithm."""
    tokens = tokens_for(visitor, app)
    token = read(visitor.provider, tokens["id_token"])
    digest = hashed(tokens["access_token"].encode()).digest()
    assert token.header["alg"] == algorithm
    assert token.header["typ"] == "JWT"
    assert token.claims["at_hash"] == urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


@pytest.mark.parametrize("nonce", ["n-0S6_WzA2Mj", '日本語 "&<>', "x" * 2048])
def test_3_1_2_1_the_nonce_comes_back_as_it_was_sent(visitor: Person, nonce: str):
    """Whatever is in it."""
    assert claims_of(visitor, tokens_for(visitor, STOREFRONT, nonce=nonce))["nonce"] == nonce


def test_3_1_2_1_without_a_nonce_there_is_none(visitor: Person):
    """An empty one would satisfy a careless client."""
    assert "nonce" not in claims_of(visitor, tokens_for(visitor, STOREFRONT, nonce=None))


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        (("prefecture", "over_20"), {"prefecture": "Tokyo", "over_20": True}),
        (("over_20",), {"over_20": True}),
        ((), {}),
    ],
)
def test_a_partners_fields_are_those_released(visitor: Person, ticks: tuple[str, ...], expected: dict[str, Any]):
    """Set for its ID tokens, asked for, agreed and ticked; the e-mail address was asked for too, and is not there."""
    claims = claims_of(visitor, tokens_for(visitor, TABI, prompt="consent", ticks=ticks))
    protocol = {"iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"}
    assert {name: value for name, value in claims.items() if name not in protocol} == expected


def test_no_personal_data_for_an_app_that_has_no_fields_set(visitor: Person):
    """It asked for email, and gets it by userinfo."""
    assert "email" not in claims_of(visitor, tokens_for(visitor, NO_PKCE))


def test_rfc_8725_3_11_an_id_token_opens_nothing(visitor: Person):
    """It is signed by the same server and names the same person, and is no access token."""
    tokens = tokens_for(visitor, STOREFRONT)
    bearer = {"Authorization": f"Bearer {tokens['id_token']}"}
    assert HTTP.get(f"{visitor.provider.url}/userinfo", headers=bearer).status_code == 401


def test_rfc_8725_3_11_an_access_token_is_no_hint(visitor: Person):
    """Nor the other way round: as id_token_hint it proves nothing."""
    tokens = tokens_for(visitor, STOREFRONT, resource=visitor.provider.url)
    answers = [
        visitor.authorize("storefront", STOREFRONT.redirect_uri, "openid", id_token_hint=hint, prompt="none")
        for hint in (tokens["id_token"], tokens["access_token"])
    ]
    assert "code" in answers[0].parameters
    assert answers[1].parameters["error"] == "invalid_request"
