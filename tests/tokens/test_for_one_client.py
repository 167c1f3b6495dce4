"""ID tokens and userinfo in the form that a client registered for: by which key signed, to which encrypted.

OIDC Core 5.3.2, 10.1 and 10.2; every algorithm that discovery names, and no other.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey

from idp.admin.client_document import DocumentError
from tests.provider.apps import App
from tests.provider.jose import read
from tests.provider.operator import declare_clients
from tests.provider.outside import Authority, Site, serve_site
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, Provider, serve_here
from tests.real.postgres_server import PostgresServer
from tests.web.visits import answer, signed_in, visit

RSA, EC = RSAKey.generate_key(2048, {"kid": "rsa"}), ECKey.generate_key("P-256", {"kid": "ec"})
SIGNATURE = ECKey.generate_key("P-256", {"kid": "for signatures"})
METADATA = "/.well-known/openid-configuration"
ALGORITHMS = ["RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"]
CONTENT_ALGORITHMS = ["A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"]
REDIRECT = "https://sealed.example.test/callback"


@pytest.fixture(scope="module")
def site(authority: Authority) -> Iterator[Site]:
    with serve_site(authority) as site:
        yield site


@pytest.fixture(scope="module")
def provider(postgres_server: PostgresServer, authority: Authority) -> Iterator[Provider]:
    outbound = {"IDP_OUTBOUND__ALLOW_LOOPBACK": "true", "IDP_OUTBOUND__EXTRA_CA_FILE": str(authority.ca_file)}
    with (
        postgres_server.database() as url,
        serve_here(url, IDP_RESPONSE_TYPES="code,code id_token", **outbound) as running,
    ):
        yield running


@pytest.fixture
def member(provider: Provider) -> Person:
    return signed_in(Person(provider))


def jwks(*keys: tuple[Key, str]) -> dict[str, Any]:
    return {"keys": [{**key.as_dict(private=False), "use": use} for key, use in keys]}


def declare(provider: Provider, name: str, **other: Any) -> App:
    app = App(name, REDIRECT, "openid email")
    document = {
        "client_id": name,
        "kind": "first_party",
        "name": name,
        "auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token", "implicit"],
        "response_types": ["code", "code id_token"],
        "redirect_uris": [REDIRECT],
        "scopes": ["openid", "email"],
        "jwks": jwks((SIGNATURE, "sig"), (RSA, "enc"), (EC, "enc")),
    }
    declared = {**document, **other}
    if "jwks_uri" in other:
        del declared["jwks"]
    declare_clients(provider, declared)
    return app


def redeemed(person: Person, app: App) -> httpx.Response:
    code = answer(visit(person, app))["code"]
    return person.exchange(app.client_id, app.redirect_uri, code)


def opened(token: str) -> tuple[dict[str, Any], str]:
    """Header and content of a JWE for the client."""
    every = [*ALGORITHMS, *CONTENT_ALGORITHMS]
    for key in (RSA, EC):
        try:
            found = jwe.decrypt_compact(token, key, algorithms=every)
        except JoseError:
            continue
        assert found.plaintext is not None
        return dict(found.protected), found.plaintext.decode()
    raise AssertionError(token)


def userinfo(provider: Provider, tokens: dict[str, Any]) -> httpx.Response:
    return HTTP.get(f"{provider.url}/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})


@pytest.mark.parametrize("enc", CONTENT_ALGORITHMS)
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_core_10_2_every_algorithm_that_discovery_names(member: Person, alg: str, enc: str):
    """Signed, then encrypted: the ID token, and userinfo, each as the nested JWT that it says it is."""
    metadata = HTTP.get(member.provider.url + METADATA).json()
    for place in ("id_token", "userinfo"):
        assert metadata[f"{place}_encryption_alg_values_supported"] == ALGORITHMS
        assert metadata[f"{place}_encryption_enc_values_supported"] == CONTENT_ALGORITHMS
    app = declare(
        member.provider,
        f"sealed-{alg}-{enc}".replace("+", "-"),
        id_token_encrypted_response_alg=alg,
        id_token_encrypted_response_enc=enc,
        userinfo_signed_response_alg="ES256",
        userinfo_encrypted_response_alg=alg,
        userinfo_encrypted_response_enc=enc,
    )
    tokens = redeemed(member, app).json()
    header, inside = opened(tokens["id_token"])
    assert {name: header[name] for name in ("alg", "enc", "cty")} == {"alg": alg, "enc": enc, "cty": "JWT"}
    assert header["kid"] == ("rsa" if alg.startswith("RSA") else "ec")
    claims = read(member.provider, inside).claims
    assert (claims["aud"], claims["nonce"]) == (app.client_id, "a nonce")
    told = userinfo(member.provider, tokens)
    assert told.headers["content-type"] == "application/jwt"
    header, inside = opened(told.text)
    assert (header["alg"], header["enc"]) == (alg, enc)
    assert read(member.provider, inside).claims["sub"] == claims["sub"]


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_core_5_3_2_signed_userinfo(member: Person, algorithm: str):
    """application/jwt, with iss and aud, by each algorithm that discovery names; the claims are those of JSON."""
    metadata = HTTP.get(member.provider.url + METADATA).json()
    assert set(metadata["userinfo_signing_alg_values_supported"]) == {"ES256", "RS256", "EdDSA"}
    app = declare(member.provider, f"signed-{algorithm}", userinfo_signed_response_alg=algorithm)
    told = userinfo(member.provider, redeemed(member, app).json())
    assert (told.status_code, told.headers["content-type"]) == (200, "application/jwt")
    assert told.headers["cache-control"] == "no-store"
    token = read(member.provider, told.text)
    assert token.header["alg"] == algorithm
    assert {name: token.claims[name] for name in set(token.claims) - {"sub"}} == {
        "iss": member.provider.url,
        "aud": app.client_id,
        "email": "hana@example.jp",
        "email_verified": True,
    }


def test_core_5_3_2_encrypted_but_not_signed_userinfo_is_json_inside(member: Person):
    """And by the default content algorithm where the client names none (OIDC Registration 2)."""
    app = declare(member.provider, "only-sealed", userinfo_encrypted_response_alg="ECDH-ES")
    header, inside = opened(userinfo(member.provider, redeemed(member, app).json()).text)
    assert (header["enc"], header.get("cty")) == ("A128CBC-HS256", None)
    assert httpx.Response(200, content=inside).json()["email"] == "hana@example.jp"


def test_core_5_3_3_errors_are_in_the_clear(member: Person):
    """A client that cannot decrypt an error would never learn it."""
    app = declare(member.provider, "sealed-errors", userinfo_encrypted_response_alg="ECDH-ES")
    assert app.client_id
    answered = userinfo(member.provider, {"access_token": "x"})
    assert (answered.status_code, answered.json()["error"]) == (401, "invalid_token")


def test_core_3_3_2_10_the_id_token_from_the_front_is_encrypted_too(member: Person):
    """Wherever it comes from, and after a refresh."""
    app = declare(member.provider, "sealed-front", id_token_encrypted_response_alg="ECDH-ES+A256KW")
    got = answer(visit(member, app, response_type="code id_token"))
    header, inside = opened(got["id_token"])
    assert header["alg"] == "ECDH-ES+A256KW"
    assert "c_hash" in read(member.provider, inside).claims
    tokens = member.exchange(app.client_id, app.redirect_uri, got["code"]).json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refreshed = as_client(member.provider, app.client_id, "/token", form).json()
    assert read(member.provider, opened(refreshed["id_token"])[1]).claims["aud"] == "sealed-front"


def test_core_10_2_1_to_a_key_that_the_client_publishes(member: Person, site: Site):
    """jwks_uri: the newest key; where none can be had, nothing goes out in the clear."""
    site.pages["/keys"] = httpx.Request("POST", "https://x", json=jwks((EC, "enc"))).content
    app = declare(member.provider, "publisher", jwks_uri=site.url("/keys"), id_token_encrypted_response_alg="ECDH-ES")
    assert opened(redeemed(member, app).json()["id_token"])[0]["kid"] == "ec"
    gone = declare(member.provider, "gone", jwks_uri=site.url("/no-keys"), id_token_encrypted_response_alg="ECDH-ES")
    refused = redeemed(member, gone)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert set(refused.json()) == {"error", "error_description"}


@pytest.mark.parametrize("name", ["signature key", "other kind", "other algorithm"])
def test_core_10_2_only_to_a_key_that_is_meant_for_it(member: Person, name: str):
    """RFC 7517 4.2 and 4.4: never to a key for signatures, of another kind, or for another algorithm."""
    sets = {
        "signature key": jwks((SIGNATURE, "sig")),
        "other kind": jwks((RSA, "enc")),
        "other algorithm": {"keys": [{**EC.as_dict(private=False), "use": "enc", "alg": "ECDH-ES+A128KW"}]},
    }
    app = declare(member.provider, f"misfit-{len(name)}", jwks=sets[name], id_token_encrypted_response_alg="ECDH-ES")
    assert redeemed(member, app).json()["error"] == "invalid_request"


def test_no_other_algorithm_can_be_registered(provider: Provider):
    """Shared secrets, passwords, RSA 1.5 and MACs are not named by discovery and not taken."""
    for name, others in (
        ("id_token_encrypted_response_alg", ("dir", "A128KW", "RSA1_5", "PBES2-HS256+A128KW", "none")),
        ("userinfo_signed_response_alg", ("HS256", "ES384", "none")),
        ("request_object_encryption_alg", ("dir", "RSA1_5")),
    ):
        for other in others:
            with pytest.raises(DocumentError, match=name):
                declare(provider, "probe", **{name: other})
    with pytest.raises(DocumentError, match="enc"):
        declare(provider, "probe", id_token_encrypted_response_alg="ECDH-ES", id_token_encrypted_response_enc="A1")
