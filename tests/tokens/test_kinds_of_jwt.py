"""Every kind of signed token, wherever one is taken: each counts in its own place alone (RFC 8725 2.8, 3.11, 3.12)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc.jwk import ECKey

from idp.tokens.logout_token import EndedSession, logout_token
from tests.provider.apps import App
from tests.provider.jose import own_key, sign
from tests.provider.operator import declare_clients
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider
from tests.web.visits import answer, claims_of, error_code, follow, signed_in, visit

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
APP = App("all-kinds", "https://kinds.example.test/callback", "openid email")
KEY = ECKey.generate_key("P-256", {"kid": "of-the-app", "use": "sig", "alg": "ES256"})


@dataclass(frozen=True)
class World:
    """A signed-in person, and one good token of every kind for one app."""

    person: Person
    tokens: dict[str, str]

    @property
    def provider(self) -> Provider:
        return self.person.provider


def own(provider: Provider, claims: dict[str, Any], jti: str) -> str:
    """What the app itself signs, for this server."""
    now = int(provider.clock())
    about = {"iss": APP.client_id, "aud": provider.url, "iat": now, "exp": now + 300, "jti": jti}
    return sign(KEY, {**about, **claims}, alg="ES256", kid=KEY.kid)


@pytest.fixture(scope="module")
def world(shared_provider: Provider) -> World:
    provider = shared_provider
    declare_clients(
        provider,
        {
            "client_id": APP.client_id,
            "kind": "first_party",
            "name": "All kinds",
            "auth_method": "private_key_jwt",
            "assertion_algorithm": "ES256",
            "request_object_signing_alg": "ES256",
            "userinfo_signed_response_alg": "ES256",
            "require_pkce": False,
            "jwks": {"keys": [KEY.as_dict(private=False)]},
            "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": [APP.redirect_uri],
            "scopes": APP.scope.split(),
        },
    )
    person = signed_in(Person(provider))
    code = answer(visit(person, APP, code_challenge=None, code_challenge_method=None))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": APP.redirect_uri}
    proof = {"client_assertion_type": JWT_BEARER, "client_assertion": assertion(provider, "first")}
    tokens = HTTP.post(f"{provider.url}/token", data={**form, **proof}).raise_for_status().json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    known = claims_of(tokens["id_token"])
    assert provider.services is not None
    client = provider.services.find_client(APP.client_id)
    assert client is not None
    ended = EndedSession(known["sub"], known["sid"])
    logged_out = logout_token(
        provider.services.keys, provider.url, client, ended, provider.services.now, provider.services.random
    )
    return World(
        person,
        {
            "access token": tokens["access_token"],
            "refresh token": tokens["refresh_token"],
            "ID token": tokens["id_token"],
            "userinfo": HTTP.get(f"{provider.url}/userinfo", headers=bearer).text,
            "logout token": logged_out,
            "assertion": assertion(provider, "kept"),
            "request object": request_object(provider),
            "assertion by the server's key": sign(
                own_key(provider), claims_of(assertion(provider, "x")), alg="ES256", kid=own_kid(provider)
            ),
        },
    )


def own_kid(provider: Provider) -> str:
    assert provider.services is not None
    return provider.services.keys.signing_key("ES256").kid


def assertion(provider: Provider, jti: str) -> str:
    return own(provider, {"sub": APP.client_id}, jti)


def request_object(provider: Provider) -> str:
    asked = {"client_id": APP.client_id, "redirect_uri": APP.redirect_uri, "response_type": "code", "scope": "openid"}
    return own(provider, asked, "request")


# ---- places at which a JWT is taken ----------------------------------------------------------------------------------


def as_bearer(world: World, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return HTTP.get(f"{world.provider.url}/userinfo", headers=headers).status_code == 200


def as_hint(world: World, token: str) -> bool:
    asked = {"prompt": "none", "id_token_hint": token, "code_challenge": None, "code_challenge_method": None}
    return "code" in answer(visit(world.person, APP, **asked))


def as_hint_at_sign_out(world: World, token: str) -> bool:
    """Where it is believed nobody is asked; a browser without a session shows that as well."""
    page = Person(world.provider).browser.get(f"/logout?{urlencode({'id_token_hint': token})}")
    return "The id_token_hint is not valid" not in page.text and "location" not in page.headers


def as_assertion(world: World, token: str) -> bool:
    proof = {"client_assertion_type": JWT_BEARER, "client_assertion": token}
    response = HTTP.post(f"{world.provider.url}/introspect", data={**proof, "token": "any"})
    return response.status_code == 200


def as_request(world: World, token: str) -> bool:
    outside = {"client_id": APP.client_id, "response_type": "code", "scope": "openid", "request": token}
    response = follow(world.person, world.person.browser.get(f"/authorize?{urlencode(outside)}"))
    if "location" in response.headers:
        return "code" in answer(response)
    assert error_code(response) == "invalid_request_object"
    return False


PLACES: dict[str, tuple[Callable[[World, str], bool], str]] = {
    "userinfo": (as_bearer, "access token"),
    "id_token_hint at /authorize": (as_hint, "ID token"),
    "id_token_hint at /logout": (as_hint_at_sign_out, "ID token"),
    "client_assertion": (as_assertion, "assertion"),
    "request": (as_request, "request object"),
}


@pytest.mark.parametrize("place", PLACES)
def test_rfc_8725_2_8_a_token_counts_in_its_own_place_alone(world: World, place: str):
    """Of all that is signed with good keys for the same app, one kind is accepted at each place."""
    is_accepted, right = PLACES[place]
    assert [kind for kind, token in world.tokens.items() if is_accepted(world, token)] == [right]


# ---- forged hints ----------------------------------------------------------------------------------------------------


def forgeries(world: World) -> dict[str, str]:
    """ID tokens that nobody here signed so."""
    provider, good = world.provider, world.tokens["ID token"]
    claims = claims_of(good)
    assert provider.services is not None
    keys = {key["kid"]: key for key in HTTP.get(f"{provider.url}/jwks").json()["keys"]}
    kids = {algorithm: provider.services.keys.signing_key(algorithm).kid for algorithm in ("ES256", "RS256", "EdDSA")}
    stranger = ECKey.generate_key("P-256", {"kid": kids["ES256"]})
    ours = own_key(provider)
    secret = json.dumps(keys[kids["RS256"]]).encode()
    encryption = next(kid for kid, key in keys.items() if key["use"] == "enc")
    by_ours = {"alg": "ES256", "kid": kids["ES256"], "typ": "JWT"}
    header, payload, signature = good.split(".")
    return {
        "no algorithm": sign(b"", claims, alg="none", kid=kids["ES256"], typ="JWT"),
        "the algorithm of a MAC": sign(secret, claims, alg="HS256", kid=kids["RS256"], typ="JWT"),
        "the public key as the secret": sign(ours.as_pem(private=False), claims, **{**by_ours, "alg": "HS256"}),
        "another key by our name": sign(stranger, claims, **by_ours),
        "our key by another of our names": sign(ours, claims, **{**by_ours, "kid": kids["EdDSA"]}),
        "our key by the name of one to encrypt to": sign(ours, claims, **{**by_ours, "kid": encryption}),
        "another algorithm than the key's": sign(ours, claims, by="ES256", **{**by_ours, "alg": "RS256"}),
        "a key that it brings along": sign(stranger, claims, **by_ours, jwk=stranger.as_dict(private=False)),
        "a key at an address": sign(stranger, claims, **{**by_ours, "kid": "x", "jku": "https://rp.example.test/k"}),
        "a name that is a path": sign(stranger, claims, **{**by_ours, "kid": "../../../../dev/null"}),
        "a name that is SQL": sign(stranger, claims, **{**by_ours, "kid": "' OR '1'='1"}),
        "a name that is no text": sign(ours, claims, **{**by_ours, "kid": [kids["ES256"]]}),
        "no name": sign(ours, claims, alg="ES256", typ="JWT"),
        "another issuer": sign(ours, {**claims, "iss": "https://evil.example.test"}, **by_ours),
        "another app": sign(ours, {**claims, "aud": "storefront"}, **by_ours),
        "apps beside ours": sign(ours, {**claims, "aud": [APP.client_id, "storefront"]}, **by_ours),
        "no person": sign(ours, {name: value for name, value in claims.items() if name != "sub"}, **by_ours),
        "other content": f"{header}.{payload[:-4]}AAAA.{signature}",
        "a critical header": sign(ours, claims, **by_ours, crit=["x"], x=1),
    }


def test_rfc_8725_3_a_forged_hint_is_nobodys(world: World):
    """Alg confusion, swapped keys, names of keys that lead elsewhere, wrong issuer and audience."""
    accepted = {name: as_hint(world, forged) for name, forged in forgeries(world).items()}
    assert [name for name, was in accepted.items() if was] == []
    assert as_hint(world, world.tokens["ID token"])
