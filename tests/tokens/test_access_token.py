"""Access tokens as their receivers read them (RFC 9068 2, RFC 8725), with a library that did not make them."""

import json
from base64 import urlsafe_b64decode

import pytest

from tests.provider.apps import PAYMENTS_API, PHONE, STOREFRONT, TABI, WALLET, App, code_for, tokens_for
from tests.provider.jose import published_keys, read
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider

LIFETIME = 300


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


def test_2_2_the_claims_of_a_clients_own_token(shared_provider: Provider):
    """All that the RFC requires, and nothing more."""
    token = shared_provider.token("payments", grant_type="client_credentials", scope="payments:read").json()
    now = int(shared_provider.clock())
    claims = dict(read(shared_provider, token["access_token"]).claims)
    assert len(claims.pop("jti")) == 22
    assert claims == {
        "iss": shared_provider.url,
        "sub": "payments",
        "aud": PAYMENTS_API,
        "client_id": "payments",
        "iat": now,
        "exp": now + LIFETIME,
        "scope": "payments:read",
    }


def test_2_2_1_the_claims_of_a_users_token(visitor: Person):
    """With when and how the person signed in, which was some time before the token was made."""
    signed_in_at = int(visitor.provider.clock())
    tokens_for(visitor, STOREFRONT)
    visitor.provider.clock.forward(1000)
    claims = dict(read(visitor.provider, tokens_for(visitor, STOREFRONT)["access_token"]).claims)
    assert len(claims.pop("jti")) == len(claims.pop("fam")) == len(claims.pop("sub")) == 22
    assert claims == {
        "iss": visitor.provider.url,
        "aud": visitor.provider.url,
        "client_id": "storefront",
        "iat": signed_in_at + 1000,
        "exp": signed_in_at + 1000 + LIFETIME,
        "auth_time": signed_in_at,
        "acr": "urn:sekisho:acr:password",
        "scope": STOREFRONT.scope,
    }


def test_2_2_3_the_audience_of_several_resources_is_an_array(visitor: Person):
    """And a string for one."""
    resources = [PAYMENTS_API, visitor.provider.url]
    both = read(visitor.provider, tokens_for(visitor, STOREFRONT, resource=resources)["access_token"])
    one = read(visitor.provider, tokens_for(visitor, STOREFRONT, resource=PAYMENTS_API)["access_token"])
    assert both.claims["aud"] == resources
    assert one.claims["aud"] == PAYMENTS_API


@pytest.mark.parametrize(("app", "algorithm"), [(STOREFRONT, "ES256"), (PHONE, "ES256"), (WALLET, "EdDSA")])
def test_2_1_the_header(visitor: Person, app: App, algorithm: str):
    """The typ says what it is (RFC 8725 3.11), alg is the client's, kid names a published key of that algorithm."""
    header = read(visitor.provider, tokens_for(visitor, app)["access_token"]).header
    assert set(header) == {"typ", "alg", "kid"}
    assert (header["typ"], header["alg"]) == ("at+jwt", algorithm)
    key = published_keys(visitor.provider).get_by_kid(header["kid"])
    assert key.as_dict(private=False)["alg"] == algorithm


def test_every_token_has_a_jti_of_its_own(shared_provider: Provider):
    """Also those made within one second for the same client."""
    made = [shared_provider.token("payments", grant_type="client_credentials").json() for _ in range(20)]
    assert len({read(shared_provider, each["access_token"]).claims["jti"] for each in made}) == 20


def test_6_no_personal_data_is_in_a_token_that_many_services_see(visitor: Person):
    """First parties get names and addresses by userinfo; the access token says only who, what and how."""
    tokens = tokens_for(visitor, STOREFRONT)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    personal = HTTP.get(f"{visitor.provider.url}/userinfo", headers=bearer).json()
    assert personal.pop("sub")
    assert "佐藤 花" in personal.values()
    payload = payload_of(tokens["access_token"])
    assert not set(personal) & set(payload)
    for value in ("佐藤", "hana@", "1994", "Shibuya", "Tokyo"):
        assert value not in json.dumps(payload, ensure_ascii=False)


@pytest.mark.parametrize(
    ("ticks", "released"), [(("prefecture",), {"prefecture": "Tokyo"}), (("over_20",), {}), ((), {})]
)
def test_a_field_that_was_released_for_access_tokens_is_there(
    visitor: Person, ticks: tuple[str, ...], released: dict[str, str]
):
    """tabi-points has prefecture set for its access tokens: it is there when it was ticked, and nothing else is."""
    tokens = tokens_for(visitor, TABI, prompt="consent", ticks=ticks)
    payload = payload_of(tokens["access_token"])
    known = {"iss", "sub", "aud", "client_id", "iat", "exp", "jti", "scope", "fam", "auth_time", "acr"}
    assert {name: value for name, value in payload.items() if name not in known} == released


def test_a_field_that_the_client_did_not_ask_for_this_time_is_not_there(visitor: Person):
    """The consent is wider; the request decides (G1)."""
    tokens_for(visitor, TABI, prompt="consent", ticks=("prefecture",))
    narrow = tokens_for(visitor, TABI, scope="openid over_20")
    assert "prefecture" not in payload_of(narrow["access_token"])


def test_what_the_refresh_brings_is_decided_anew(visitor: Person):
    """A field that was unticked in the meantime is in no token from then on."""
    tokens = tokens_for(visitor, TABI, prompt="consent", ticks=("prefecture",))
    assert payload_of(tokens["access_token"])["prefecture"] == "Tokyo"
    code_for(visitor, TABI, prompt="consent", ticks=())
    parameters = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    credentials = {"client_id": "tabi-points", "client_secret": visitor.provider.secrets["tabi-points"]}
    response = HTTP.post(f"{visitor.provider.url}/token", data={**parameters, **credentials})
    assert "prefecture" not in payload_of(response.json()["access_token"])


def payload_of(token: str) -> dict[str, object]:
    """What anybody who holds a token can read of it."""
    segment = token.split(".")[1]
    payload: dict[str, object] = json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return payload
