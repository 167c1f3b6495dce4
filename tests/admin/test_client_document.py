"""A client's declaration: every member checked, so that what is registered can be used and no word is ignored."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import example, given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from idp.admin.client_document import DocumentError, read_client
from idp.protocol.names import AuthMethod, ClientKind
from idp.services import Services
from idp.store.clients import Client

EC_KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_KEY = {k: v for k, v in ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True).items() if k != "key_ops"}
PRIVATE_KEY = ECAlgorithm.to_jwk(EC_KEY, as_dict=True)
SHORT_RSA_KEY = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key(), as_dict=True)  # noqa: S505 - to see it refused
RSA_KEY = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key(), as_dict=True)

SHOP: Mapping[str, Any] = {
    "client_id": "shop",
    "kind": "first_party",
    "name": "Shop",
    "auth_method": "client_secret_basic",
    "grant_types": ["authorization_code", "refresh_token"],
    "redirect_uris": ["https://shop.example/callback", "http://127.0.0.1/callback", "jp.example.shop:/callback"],
    "scopes": ["openid", "email", "payments:read"],
    "resources": ["http://127.0.0.1:8403", "http://127.0.0.1:8400"],
}
SERVICE: Mapping[str, Any] = {
    "client_id": "ledger",
    "kind": "service",
    "name": "Ledger",
    "auth_method": "private_key_jwt",
    "assertion_algorithm": "ES256",
    "jwks": {"keys": [PUBLIC_KEY]},
    "grant_types": ["client_credentials"],
    "scopes": ["payments:settle"],
}


def test_everything_that_a_client_may_say_about_itself_is_taken(checking: Services):
    """RFC 7591 2, OIDC Registration 2, the logout specifications: each member, with its language where it has one."""
    shop = read_client(
        {
            **SHOP,
            "logo_uri": "https://shop.example/logo.png",
            "translations": {"client_name#ja": "店", "tos_uri#ja": "https://shop.example/ja/tos"},
            "contacts": ["the people who run it <ops@shop.example>"],
            "jwks_uri": "https://shop.example/keys",
            "id_token_encrypted_response_alg": "RSA-OAEP-256",
            "id_token_encrypted_response_enc": "A256GCM",
            "userinfo_signed_response_alg": "ES256",
            "request_object_signing_alg": "PS256",
            "request_uris": ["https://shop.example/request#hash"],
            "initiate_login_uri": "https://shop.example/login",
            "default_max_age": 3600,
            "default_acr_values": ["urn:sekisho:acr:password"],
            "frontchannel_logout_uri": "https://shop.example:443/out",
            "frontchannel_logout_session_required": True,
            "backchannel_logout_uri": "https://elsewhere.example/out",
        },
        checking,
    )
    assert (shop.in_language("name", "ja"), shop.in_language("name", "en")) == ("店", "Shop")
    assert shop.in_language("tos_uri", "ja") == "https://shop.example/ja/tos"
    assert (shop.default_max_age, shop.response_types) == (3600, ("code",))


def test_a_declaration_becomes_the_client_that_it_declares(checking: Services):
    """Typed, and with the defaults of what it leaves out: PKCE is one of them."""
    client = read_client(SHOP, checking)
    assert client == Client(
        client_id="shop",
        kind=ClientKind.FIRST_PARTY,
        name="Shop",
        auth_method=AuthMethod.CLIENT_SECRET_BASIC,
        grant_types=("authorization_code", "refresh_token"),
        redirect_uris=tuple(SHOP["redirect_uris"]),
        scopes=("openid", "email", "payments:read"),
        resources=("http://127.0.0.1:8403", "http://127.0.0.1:8400"),
    )
    assert client.require_pkce
    assert read_client(SERVICE, checking).assertion_algorithm == "ES256"


@pytest.mark.parametrize(
    ("base", "wrong", "said"),
    [
        (SHOP, {"redirect_uri": []}, "'redirect_uri' is not known; known are access_token_algorithm"),
        (SHOP, {"secret_hash": "x"}, "'secret_hash' is not known"),
        (SHOP, {"client_id": ["shop"]}, "client_id has the wrong type; it takes text"),
        (SHOP, {"client_id": ""}, "client_id must have 1 to 128 characters"),
        (SHOP, {"client_id": "x" * 129}, "client_id must have 1 to 128 characters"),
        (SHOP, {"client_id": "shöp"}, "client_id must be printable ASCII"),
        (SHOP, {"client_id": "my shop"}, "client_id must be printable ASCII without spaces"),
        (SHOP, {"name": " "}, "name is what people read"),
        (SHOP, {"name": "Shop\nYour bank"}, "name is what people read"),
        (SHOP, {"name": "x" * 101}, "name is what people read"),
        (SHOP, {"homepage": "javascript:alert(1)"}, "homepage must be a web address"),
        (SHOP, {"status": "sleeping"}, "status must be one of active, suspended"),
        (SHOP, {"kind": "butler"}, "kind must be one of first_party, third_party, service"),
        (SHOP, {"kind": []}, "kind must be one of"),
        (SHOP, {"auth_method": "client_secret_jwt"}, "auth_method must be one of none"),
        (SHOP, {"partner_id": "tabi-points"}, "partner_id goes with kind third_party only"),
        (SHOP, {"kind": "third_party", "partner_id": "x" * 65, "scopes": []}, "partner_id must have at most 64"),
        (SHOP, {"require_pkce": "no"}, "require_pkce has the wrong type; it takes true or false"),
        (SHOP, {"grant_types": "authorization_code"}, "grant_types has the wrong type; it takes a list of texts"),
        (SHOP, {"grant_types": ["password"]}, "grant_types: 'password' is not supported"),
        (SHOP, {"grant_types": ["authorization_code", "implicit"]}, "the grant implicit needs a response type"),
        (SHOP, {"grant_types": ["authorization_code", 5]}, "grant_types has the wrong type"),
        (SHOP, {"redirect_uris": []}, "authorization_code and implicit need redirect_uris"),
        (SHOP, {"redirect_uris": ["http://shop.example/"]}, "'http://shop.example/' is http beyond this machine"),
        (SHOP, {"redirect_uris": ["https://shop.example/#a"]}, "has a fragment"),
        (SHOP, {"redirect_uris": ["javascript:alert(1)//x"]}, "has a scheme that browsers act on"),
        (SHOP, {"redirect_uris": ["https://a b.example"]}, "is not an absolute URI"),
        (SHOP, {"redirect_uris": ["https://a.example\t"]}, "is not an absolute URI"),
        (SHOP, {"post_logout_redirect_uris": ["/out"]}, "post_logout_redirect_uris: '/out' is not an absolute URI"),
        (SHOP, {"scopes": ["payments:settle"]}, "'payments:settle' is unknown, or not for kind first_party"),
        (SHOP, {"scopes": ["mind:read"]}, "'mind:read' is unknown"),
        (SHOP, {"resources": ["https://elsewhere.example"]}, "is not in the setting 'resources'"),
        (SHOP, {"id_token_fields": ["shoe_size"]}, "id_token_fields: no field 'shoe_size'"),
        (SHOP, {"access_token_algorithm": "none"}, "access_token_algorithm must be one of ES256, RS256, EdDSA"),
        (SHOP, {"id_token_algorithm": "HS256"}, "id_token_algorithm must be one of"),
        (SHOP, {"assertion_algorithm": "HS256"}, "assertion_algorithm must be one of"),
        (SHOP, {"response_types": ["token"]}, "response_types: 'token' is not supported"),
        (SHOP, {"response_types": ["id_token code"]}, "grant_types: 'code id_token' needs the grant implicit"),
        (
            SHOP,
            {"response_types": ["code id_token"], "grant_types": ["implicit"]},
            "'code id_token' needs the grant authorization_code",
        ),
        (
            SHOP,
            {"response_types": ["id_token"], "grant_types": ["authorization_code", "implicit"]},
            "response_types: 'id_token' is not in the setting 'response_types'",
        ),
        (SHOP, {"id_token_algorithm": "none"}, "id_token_algorithm none needs the setting 'unsigned_id_tokens'"),
        (SHOP, {"application_type": "toaster"}, "application_type must be one of web, native"),
        (SHOP, {"application_type": "web"}, "'jp.example.shop:/callback' is not an https URL, which application_type"),
        (SHOP, {"jwks": {"keys": [PUBLIC_KEY]}, "jwks_uri": "https://a.example/keys"}, "exclude each other"),
        (SHOP, {"jwks_uri": "http://shop.example/keys"}, "jwks_uri: 'http://shop.example/keys' is not an https URL"),
        (SHOP, {"jwks_uri": "https://10.1/keys"}, "has no host name that could be asked"),
        (SHOP, {"jwks": {"keys": [SHORT_RSA_KEY]}}, "a key that cannot be used; RSA keys have 2048 bits or more"),
        (SHOP, {"jwks": {"keys": [PUBLIC_KEY] * 21}}, "jwks holds more than 20 keys"),
        (SHOP, {"logo_uri": "data:image/png;base64,AA"}, "is not an https URL"),
        (SHOP, {"tos_uri": "https://user@shop.example/"}, "tos_uri must be a web address"),
        (SHOP, {"policy_uri": "https:///policy"}, "policy_uri must be a web address"),
        (SHOP, {"contacts": ["a\nb"]}, "contacts: 'a\\nb' is not one line of text"),
        (SHOP, {"contacts": ["a"] * 51}, "contacts holds more than 50 values"),
        (SHOP, {"translations": {"client_name": "x"}}, "'client_name' is not a member with a language tag"),
        (SHOP, {"translations": {"client_secret#ja": "x"}}, "is not a member with a language tag"),
        (SHOP, {"translations": {"client_name#ja": "x" * 101}}, "is not one line of 1 to 100 characters"),
        (SHOP, {"translations": {"client_name#ja": 5}}, "'client_name#ja' is not text"),
        (SHOP, {"translations": {"tos_uri#ja": "javascript:x"}}, "'tos_uri#ja' is not a web address"),
        (
            SHOP,
            {"initiate_login_uri": "http://shop.example/login"},
            "initiate_login_uri: 'http://shop.example/login' is",
        ),
        (
            SHOP,
            {"sector_identifier_uri": "http://shop.example/"},
            "sector_identifier_uri: 'http://shop.example/' is not",
        ),
        (
            SHOP,
            {"request_uris": ["http://shop.example/r"]},
            "request_uris: 'http://shop.example/r' is not an https URL",
        ),
        (
            SHOP,
            {"backchannel_logout_uri": "https://a.example/#x"},
            "backchannel_logout_uri: 'https://a.example/#x' has",
        ),
        (SHOP, {"frontchannel_logout_uri": "https://other.example/out"}, "has not the scheme, host and port"),
        (
            SHOP,
            {"frontchannel_logout_uri": "https://shop.example:8443/out"},
            "has not the scheme, host and port",
        ),
        (SHOP, {"frontchannel_logout_uri": "http://shop.example/out"}, "is not an https URL"),
        (SHOP, {"default_max_age": -1}, "default_max_age must be a number of seconds"),
        (SHOP, {"default_max_age": True}, "default_max_age has the wrong type; it takes a whole number"),
        (SHOP, {"default_acr_values": ["a b"]}, "default_acr_values: 'a b' is not an acr value"),
        (SHOP, {"id_token_encrypted_response_enc": "A128GCM"}, "id_token_encrypted_response_enc needs"),
        (
            SHOP,
            {"id_token_encrypted_response_alg": "RSA1_5"},
            "id_token_encrypted_response_alg must be one",
        ),
        (SHOP, {"userinfo_encrypted_response_alg": "RSA-OAEP"}, "an encrypted answer needs the client's public key"),
        (SHOP, {"userinfo_signed_response_alg": "none"}, "userinfo_signed_response_alg must be one of"),
        (SHOP, {"request_object_signing_alg": "HS256"}, "request_object_signing_alg must be one of"),
        (
            SHOP,
            {"require_signed_request_object": True, "request_object_signing_alg": "none"},
            "require_signed_request_object needs a real signature",
        ),
        (SHOP, {"kind": "third_party", "scopes": [], "subject_type": "public"}, "subject_type public is not for third"),
        (SHOP, {"subject_type": "secret"}, "subject_type must be one of public, pairwise"),
        (SHOP, {"auth_method": "none", "require_pkce": False}, "a public client cannot go without PKCE"),
        (
            SHOP,
            {"auth_method": "none", "grant_types": ["client_credentials"]},
            "a public client cannot have the grant client_credentials",
        ),
        (
            SERVICE,
            {"grant_types": ["authorization_code"], "redirect_uris": ["https://a.example"]},
            "no users to sign in",
        ),
        (SERVICE, {"scopes": ["openid"]}, "'openid' is unknown, or not for kind service"),
        (SERVICE, {"jwks": {}}, "jwks needs keys: a list of the client's public keys"),
        (SERVICE, {"jwks": {"keys": []}}, "jwks needs keys: a list of the client's public keys"),
        (SERVICE, {"jwks": "a text"}, "jwks has the wrong type; it takes a table with keys"),
        (SERVICE, {"jwks": {"keys": [PRIVATE_KEY]}}, "jwks must hold public keys only"),
        (SERVICE, {"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}, "jwks must hold public keys only"),
        (SERVICE, {"jwks": {"keys": ["x"]}}, "jwks must hold public keys only"),
        (SERVICE, {"jwks": {"keys": [{"kty": "EC"}]}}, "a key that cannot be used"),
        (SERVICE, {"jwks": {"keys": [{**PUBLIC_KEY, "x": 5}]}}, "a key that cannot be used"),
        (SERVICE, {"jwks": {"keys": [{**PUBLIC_KEY, "crv": "P-257"}]}}, "a key that cannot be used"),
        (SERVICE, {"jwks": {"keys": [RSA_KEY]}}, "a key that cannot be used"),
    ],
)
def test_what_does_not_fit_is_refused(checking: Services, base: Mapping[str, Any], wrong: Mapping[str, Any], said: str):
    """The sentence names the client, the member and what to write."""
    with pytest.raises(DocumentError) as refused:
        read_client({**base, **wrong}, checking)
    message = str(refused.value)
    assert message.startswith("client ")
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize("missing", ["client_id", "kind", "name", "auth_method"])
def test_what_every_client_needs_is_asked_for(checking: Services, missing: str):
    """The four members that have no default."""
    with pytest.raises(DocumentError, match="client_id, kind, name and auth_method are needed"):
        read_client({name: value for name, value in SHOP.items() if name != missing}, checking)


def test_a_key_that_was_written_by_mistake_is_not_repeated(checking: Services):
    """A private key does not go on into terminals and logs."""
    with pytest.raises(DocumentError) as refused:
        read_client({**SERVICE, "jwks": {"keys": [PRIVATE_KEY]}}, checking)
    assert PRIVATE_KEY["d"] not in str(refused.value)


MEMBERS = [*SHOP, *SERVICE, "homepage", "status", "require_pkce", "partner_id", "id_token_fields"]
scalars = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
    | st.integers()
    | st.booleans()
    | st.floats()
    | st.just(date(2026, 1, 1))
    | st.just(datetime(2026, 1, 1))  # noqa: DTZ001 - TOML has dates without an offset
    | st.sampled_from(["ES256", "EC", "P-256", "service", "none", "active"])
)
names = st.sampled_from(["keys", "kty", "crv", "x", "y", "n", "e", "alg", "use", "kid", "k"])
toml = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=6
)


@given(other=st.dictionaries(st.sampled_from(MEMBERS), toml, max_size=3), base=st.sampled_from([SHOP, SERVICE]))
@example(other={"jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}}, base=SERVICE)
@example(other={"jwks": {"keys": [{"kty": "RSA", "n": "AQ", "e": "AQAB"}]}, "assertion_algorithm": ""}, base=SERVICE)
def test_any_document_gives_a_client_or_one_clear_line(
    checking: Services, other: Mapping[str, Any], base: Mapping[str, Any]
):
    """Never a traceback, whatever stands where."""
    try:
        client = read_client({**base, **other}, checking)
    except DocumentError as refused:
        assert len(str(refused).splitlines()) == 1  # noqa: PT017 - either outcome is fine
    else:
        assert 0 < len(client.client_id) <= 128
