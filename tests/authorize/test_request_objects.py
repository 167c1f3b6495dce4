"""Request objects by value, by reference and pushed (RFC 9101, OIDC Core 6), and every misuse of them that we know."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwe
from joserfc.jwk import ECKey, Key, KeySet, OctKey, OKPKey, RSAKey

from tests.provider.apps import App
from tests.provider.jose import encode, sign
from tests.provider.operator import declare_clients
from tests.provider.outside import Authority, Site, serve_site
from tests.provider.person import Person, as_client, redeem
from tests.provider.provider import HTTP, Provider, serve_here
from tests.real.postgres_server import PostgresServer
from tests.web.visits import answer, error_code, follow, signed_in

SIGNER, STRANGER = (ECKey.generate_key("P-256", {"kid": "signer"}) for _ in range(2))
KEYS: dict[str, Key] = {
    "ES256": SIGNER,
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa"}),
    "PS256": RSAKey.generate_key(2048, {"kid": "pss", "alg": "PS256"}),
    "ES384": ECKey.generate_key("P-384", {"kid": "p384"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
}
ANY = App("any-object", "https://any.example.test/callback", "openid email")
MUST_SIGN = App("must-sign", "https://must-sign.example.test/callback", "openid email")
RS256_ONLY = App("rs256-object", "https://rs256.example.test/callback", "openid email")
ENCRYPTS = App("encrypts", "https://encrypts.example.test/callback", "openid email")


@pytest.fixture(scope="module")
def site(authority: Authority) -> Iterator[Site]:
    with serve_site(authority) as site:
        yield site


@pytest.fixture(scope="module")
def provider(postgres_server: PostgresServer, authority: Authority, site: Site) -> Iterator[Provider]:
    outbound = {"IDP_OUTBOUND__ALLOW_LOOPBACK": "true", "IDP_OUTBOUND__EXTRA_CA_FILE": str(authority.ca_file)}
    with postgres_server.database() as url, serve_here(url, **outbound) as running:
        declare(running, ANY, request_uris=[site.url("/request"), site.url("/other")])
        declare(running, MUST_SIGN, require_signed_request_object=True)
        declare(running, RS256_ONLY, request_object_signing_alg="RS256")
        declare(running, ENCRYPTS, request_object_encryption_alg="ECDH-ES", request_object_encryption_enc="A256GCM")
        yield running


def declare(provider: Provider, app: App, **other: Any) -> None:
    document = {
        "client_id": app.client_id,
        "kind": "first_party",
        "name": app.client_id,
        "auth_method": "client_secret_basic",
        "require_pkce": False,
        "grant_types": ["authorization_code"],
        "redirect_uris": [app.redirect_uri],
        "scopes": ["openid", "email"],
        "jwks": {"keys": [key.as_dict(private=False) for key in KEYS.values()]},
    }
    declare_clients(provider, {**document, **other})


@pytest.fixture
def member(provider: Provider) -> Person:
    return signed_in(Person(provider))


def claims(provider: Provider, app: App = ANY, **changed: Any) -> dict[str, Any]:
    """What stands in a usual request object; a value of None leaves a member out."""
    now = int(provider.clock())
    usual = {
        "iss": app.client_id,
        "aud": provider.url,
        "iat": now,
        "nbf": now,
        "exp": now + 60,
        "client_id": app.client_id,
        "response_type": "code",
        "redirect_uri": app.redirect_uri,
        "scope": app.scope,
        "state": "a state",
        "nonce": "a nonce",
    }
    return {name: value for name, value in {**usual, **changed}.items() if value is not None}


def signed(content: dict[str, Any] | bytes, key: Key = SIGNER, **header: Any) -> str:
    return sign(key, content, **{"alg": "ES256", "kid": key.kid, "typ": "oauth-authz-req+jwt", **header})


def unsigned(content: dict[str, Any]) -> str:
    return sign(b"", content, alg="none")


def send(person: Person, request: str | None, app: App = ANY, **beside: str) -> httpx.Response:
    """Open /authorize with a request object, and outside of it what OpenID Connect wants there too (Core 6.1)."""
    outside = {"client_id": app.client_id, "response_type": "code", "scope": "openid", **beside}
    query = {**outside, **({} if request is None else {"request": request})}
    return follow(person, person.browser.get(f"/authorize?{urlencode(query)}"))


def refusal(response: httpx.Response) -> str:
    """The error of an answer that holds no code, wherever it went."""
    if "location" not in response.headers:
        return error_code(response)
    got = answer(response)
    assert "code" not in got, got
    return got["error"]


# ---- by value --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", KEYS)
def test_rfc_9101_5_1_signed_by_every_kind_of_key(member: Person, algorithm: str):
    """RFC 9101 5.1, OIDC Core 6.1: the request is what is inside, and the code is good."""
    request = signed(claims(member.provider), KEYS[algorithm], alg=algorithm)
    got = answer(send(member, request))
    assert (got["state"], got["iss"]) == ("a state", member.provider.url)
    assert redeem(member.provider, ANY.client_id, ANY.redirect_uri, got["code"], "").status_code == 200


def test_core_6_1_unsigned_where_nothing_better_is_registered(member: Person):
    """OIDC Core 6.1: alg none is no more and no less than plain parameters."""
    assert "code" in answer(send(member, unsigned(claims(member.provider, iss=None, aud=None))))
    for app in (MUST_SIGN, RS256_ONLY):
        request = unsigned(claims(member.provider, app))
        assert refusal(send(member, request, app, redirect_uri=app.redirect_uri)) == "invalid_request_object"


def test_rfc_9101_6_3_what_stands_outside_does_not_count(member: Person):
    """RFC 9101 6.3: nor can anybody on the way add to it."""
    request = signed(claims(member.provider, state=None, nonce=None))
    got = answer(send(member, request, state="smuggled", nonce="smuggled", redirect_uri="https://evil.example/"))
    assert "state" not in got
    tokens = redeem(member.provider, ANY.client_id, ANY.redirect_uri, got["code"], "").json()
    id_token = tokens["id_token"].split(".")[1]
    assert "smuggled" not in httpx.Response(200, content=id_token).text
    assert tokens["scope"] == ANY.scope


def test_a_request_object_comes_by_form_too(member: Person):
    """OIDC Core 3.1.2.1: POST is as good as GET."""
    form = {"client_id": ANY.client_id, "response_type": "code", "request": signed(claims(member.provider))}
    assert "code" in answer(follow(member, member.browser.post("/authorize", data=form)))


def test_it_waits_for_its_person_like_any_other_request(provider: Provider):
    """What is inside is kept with the request; the object may expire meanwhile."""
    person = Person(provider)
    page = send(person, signed(claims(provider, exp=int(provider.clock()) + 1)))
    provider.clock.forward(300)
    assert person.go_on(page).parameters["state"] == "a state"


def test_core_5_5_claims_and_max_age_are_json_inside(member: Person):
    """OIDC Core 6.1: the claims parameter stands as an object, max_age as a number; both are heeded."""
    inside = claims(member.provider, claims={"userinfo": {"sub": {"value": "somebody else"}}}, prompt="none")
    assert refusal(send(member, signed(inside))) == "login_required"
    member.provider.clock.forward(60)
    assert refusal(send(member, signed(claims(member.provider, max_age=5, prompt="none")))) == "login_required"


TIMES = {"exp": -31, "nbf": 31, "iat": 31}


@pytest.mark.parametrize("name", TIMES)
def test_rfc_7519_4_1_expired_and_future_times(member: Person, name: str):
    """With half a minute for clocks that differ."""
    now = int(member.provider.clock())
    outside = {"redirect_uri": ANY.redirect_uri, "state": "outside"}
    wrong = signed(claims(member.provider, **{name: now + TIMES[name]}))
    assert refusal(send(member, wrong, **outside)) == "invalid_request_object"
    near = signed(claims(member.provider, **{name: now + TIMES[name] // 2}))
    assert "code" in answer(send(member, near))


WRONG_MEMBERS: list[dict[str, Any]] = [
    {"aud": "https://another.example"},
    {"aud": ["https://another.example"]},
    {"aud": []},
    {"aud": 7},
    {"iss": "another-client"},
    {"sub": "any-object"},
    {"client_id": "storefront"},
    {"client_id": 5},
    {"response_type": "code token"},
    {"response_type": 5},
    {"response_type": ["code"]},
    {"scope": ["openid"]},
    {"redirect_uri": {"a": 1}},
    {"state": True},
    {"nonce": 1.5},
    {"max_age": "x", "exp": "soon"},
    {"exp": True},
    {"nbf": []},
    {"claims": "{", "iat": "now"},
    {"resource": [1]},
    {"request": "x"},
    {"request_uri": "https://rp.example.test/request"},
    {"state": "\x00"},
    {"state": "\ud800"},
]


@pytest.mark.parametrize("changed", WRONG_MEMBERS, ids=str)
def test_rfc_9101_6_what_does_not_fit_is_told_and_never_a_500(member: Person, changed: dict[str, Any]):
    """RFC 9101 6.2: invalid_request_object, to the app where what stands outside proves where to."""
    request = signed(claims(member.provider, **changed))
    assert refusal(send(member, request)) == "invalid_request_object"
    answered = answer(send(member, request, redirect_uri=ANY.redirect_uri, state="outside"))
    assert (answered["error"], answered["state"]) == ("invalid_request_object", "outside")


@pytest.mark.parametrize(
    "request_object",
    [
        "x",
        "..",
        "a.b.c",
        "e30.e30.",
        "eyJhbGciOiJub25lIn0.W10.",
        "eyJhbGciOiJub25lIn0.e30.e30",
        "x" * 40_000,
        "....",
        "€.€.€",
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_request_object_is_refused(member: Person, request_object: str):
    """Never a 5xx, whatever stands there; the page says what to do."""
    assert refusal(send(member, request_object)) == "invalid_request_object"


def test_a_member_that_stands_twice_is_refused(member: Person):
    """RFC 8259 4: two readers could differ about it."""
    content = json.dumps(claims(member.provider)).encode()[:-1] + b',"scope":"openid"}'
    assert refusal(send(member, signed(content))) == "invalid_request_object"


# ---- forgeries -------------------------------------------------------------------------------------------------------


def pem(key: Key) -> bytes:
    public: bytes = key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public


FORGERIES = {
    "another key by the same name": lambda content: signed(content, STRANGER),
    "another key and no name": lambda content: signed(content, STRANGER, kid=None),
    "the key in its own header": lambda content: signed(content, STRANGER, jwk=STRANGER.as_dict(private=False)),
    "a key at an address in the header": lambda content: signed(content, STRANGER, jku="https://rp.example.test/keys"),
    "a certificate in the header": lambda content: signed(
        content, STRANGER, x5u="https://rp.example.test/x", x5c=["x"]
    ),
    "a public key as a MAC secret": lambda content: sign(pem(SIGNER), content, alg="HS256", kid="signer"),
    "an RSA public key as a MAC secret": lambda content: sign(pem(KEYS["RS256"]), content, alg="HS256", kid="rsa"),
    "an algorithm of another kind of key": lambda content: signed(content, by="ES256", alg="RS256", kid="rsa"),
    "a key that is for another algorithm": lambda content: signed(content, KEYS["PS256"], alg="RS256"),
    "a name that is a path": lambda content: signed(content, STRANGER, kid="../../../../dev/null"),
    "a name that is SQL": lambda content: signed(content, STRANGER, kid="' UNION SELECT 'x"),
    "a name that is no text": lambda content: signed(content, STRANGER, kid=["signer"]),
    "the type of an access token": lambda content: signed(content, typ="at+jwt"),
    "the type of a logout token": lambda content: signed(content, typ="logout+jwt"),
    "the type of a client's assertion": lambda content: signed(content, typ="client-authentication+jwt"),
    "a critical header": lambda content: signed(content, crit=["exp"], exp=1),
    "no signature": lambda content: signed(content).rpartition(".")[0] + ".",
    "a bent signature": lambda content: signed(content)[:-4] + "AAAA",
    "none with capitals": lambda content: sign(b"", content, by="none", alg="NONE"),
    "none with a signature": lambda content: unsigned(content) + "AAAA",
    "other content under the signature": lambda content: _swapped(content),  # noqa: PLW0108 - it is defined below
}


def _swapped(content: dict[str, Any]) -> str:
    header, _, signature = signed(content).split(".")
    return f"{header}.{encode(json.dumps({**content, 'scope': 'openid'}).encode())}.{signature}"


@pytest.mark.parametrize("forgery", FORGERIES)
def test_rfc_8725_a_forgery_is_refused(member: Person, forgery: str, site: Site):
    """RFC 8725 2 and 3: alg confusion, swapped keys, key injection, other kinds of JWT; no header is followed."""
    request = FORGERIES[forgery](claims(member.provider, MUST_SIGN))
    before = len(site.requests)
    assert refusal(send(member, request, MUST_SIGN)) == "invalid_request_object"
    assert len(site.requests) == before


def test_rfc_9101_10_5_a_client_that_must_sign_is_not_heard_otherwise(member: Person):
    """Plain parameters are refused, at /authorize and at /par; a signed object is heard at both."""
    plain = member.request(MUST_SIGN.client_id, MUST_SIGN.redirect_uri, MUST_SIGN.scope)
    assert refusal(follow(member, member.browser.get(plain))) == "invalid_request"
    pushed = as_client(member.provider, MUST_SIGN.client_id, "/par", claims(member.provider, MUST_SIGN))
    assert pushed.json()["error"] == "invalid_request"
    request = signed(claims(member.provider, MUST_SIGN))
    assert "code" in answer(send(member, request, MUST_SIGN))
    form = {"request": request, "client_id": MUST_SIGN.client_id}
    reference = as_client(member.provider, MUST_SIGN.client_id, "/par", form).json()["request_uri"]
    assert "code" in answer(send(member, None, MUST_SIGN, request_uri=reference))


def test_the_registered_algorithm_alone(member: Person):
    """OIDC Registration 2, request_object_signing_alg: one by another of the client's own keys is refused."""
    assert "code" in answer(
        send(member, signed(claims(member.provider, RS256_ONLY), KEYS["RS256"], alg="RS256"), RS256_ONLY)
    )
    other = signed(claims(member.provider, RS256_ONLY))
    assert refusal(send(member, other, RS256_ONLY)) == "invalid_request_object"


# ---- pushed ----------------------------------------------------------------------------------------------------------


def test_rfc_9126_3_pushed_as_a_request_object(member: Person):
    """RFC 9126 3: what is inside is the request; another client's object is not."""
    form = {
        "client_id": ANY.client_id,
        "request": signed(claims(member.provider)),
        "scope": "openid",
        "state": "outside",
    }
    reference = as_client(member.provider, ANY.client_id, "/par", form).json()["request_uri"]
    assert answer(send(member, None, request_uri=reference))["state"] == "a state"
    theirs = {**form, "request": signed(claims(member.provider, RS256_ONLY))}
    refused = as_client(member.provider, ANY.client_id, "/par", theirs)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request_object")


# ---- by reference ----------------------------------------------------------------------------------------------------

JWT = {"content-type": "application/oauth-authz-req+jwt"}


def published(site: Site, path: str, request: str) -> str:
    site.pages[path] = (200, JWT, request.encode())
    return site.url(path)


def test_rfc_9101_5_2_by_reference(member: Person, site: Site):
    """RFC 9101 5.2, OIDC Core 6.2: fetched each time, for the page may change; unsigned and signed."""
    for request in (signed(claims(member.provider)), unsigned(claims(member.provider, state="another"))):
        uri = published(site, "/request", request)
        before = site.asked("/request")
        got = answer(send(member, None, request_uri=uri))
        assert got["state"] in ("a state", "another")
        assert site.asked("/request") == before + 1


def test_core_6_2_1_a_page_that_is_named_by_its_hash_is_fetched_once(member: Person, site: Site):
    """OIDC Core 6.2.1 and 6.2.3: the fragment says that it never changes; one that is another page's hash says nothing.

    oidcc-request-uri-unsigned: the suite registers such an address before it writes the page.
    """
    request = signed(claims(member.provider))
    digest = urlsafe_b64encode(sha256(request.encode()).digest()).rstrip(b"=").decode()
    uri = published(site, "/other", request)
    before = site.asked("/other")
    for _ in range(2):
        assert "code" in answer(send(member, None, request_uri=f"{uri}#{digest}"))
    assert site.asked("/other") == before + 1
    another = "A" * 43
    for times in (2, 3):
        assert "code" in answer(send(member, None, request_uri=f"{uri}#{another}"))
        assert site.asked("/other") == before + times


@pytest.mark.parametrize(
    "uri",
    [
        "https://rp.example.test/unregistered",
        "http://127.0.0.1/request",
        "file:///etc/passwd",
        "urn:ietf:params:oauth:request_uri",
        "javascript:alert(1)",
        "x",
    ],
)
def test_only_what_is_registered_is_fetched(member: Person, site: Site, uri: str):
    """OIDC Registration 2, request_uris: nobody makes this server ask anything else (RFC 9700 4.10)."""
    before = len(site.requests)
    assert refusal(send(member, None, request_uri=uri)) == "invalid_request_uri"
    assert refusal(send(member, None, request_uri=f"{site.url('/request')}/../x")) == "invalid_request_uri"
    assert len(site.requests) == before


def test_a_page_that_is_no_use_is_told(member: Person, site: Site):
    """Missing, of another media type, or with no request object on it."""
    site.pages["/request"] = (404, JWT, b"")
    assert refusal(send(member, None, request_uri=site.url("/request"))) == "invalid_request_uri"
    site.pages["/request"] = (200, {"content-type": "text/html"}, signed(claims(member.provider)).encode())
    assert refusal(send(member, None, request_uri=site.url("/request"))) == "invalid_request_uri"
    assert refusal(send(member, None, request_uri=published(site, "/request", "x"))) == "invalid_request_object"


def test_rfc_9101_5_one_of_the_two(member: Person, site: Site):
    """RFC 9101 5: request and request_uri exclude each other."""
    request = signed(claims(member.provider))
    both = send(member, request, request_uri=published(site, "/request", request))
    assert refusal(both) == "invalid_request"


# ---- encrypted -------------------------------------------------------------------------------------------------------


def encrypted(provider: Provider, content: str, alg: str, enc: str, **header: Any) -> str:
    keys = [key for key in HTTP.get(f"{provider.url}/jwks").json()["keys"] if key["use"] == "enc"]
    key = next(key for key in keys if key["kty"] == ("RSA" if alg.startswith("RSA") else "EC"))
    protected = {"alg": alg, "enc": enc, "cty": "JWT", "kid": key["kid"], **header}
    registry = jwe.JWERegistry(algorithms=[alg, enc, "DEF"])
    sealed = KeySet.import_key_set({"keys": [key]}).keys[0]
    return jwe.encrypt_compact(
        {n: v for n, v in protected.items() if v is not None}, content, sealed, registry=registry
    )


ALGORITHMS = ["RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"]
CONTENT_ALGORITHMS = ["A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"]


@pytest.mark.parametrize("enc", CONTENT_ALGORITHMS)
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_rfc_9101_4_encrypted_by_everything_that_discovery_names(member: Person, alg: str, enc: str):
    """RFC 9101 4 and 10.2: signed, then encrypted to one of our published keys; with and without its name."""
    metadata = HTTP.get(f"{member.provider.url}/.well-known/openid-configuration").json()
    assert metadata["request_object_encryption_alg_values_supported"] == ALGORITHMS
    assert metadata["request_object_encryption_enc_values_supported"] == CONTENT_ALGORITHMS
    request = signed(claims(member.provider))
    assert "code" in answer(send(member, encrypted(member.provider, request, alg, enc)))
    if (alg, enc) == ("ECDH-ES", "A128GCM"):
        assert "code" in answer(send(member, encrypted(member.provider, request, alg, enc, kid=None)))


def test_what_cannot_be_decrypted_is_refused(member: Person):
    """Compressed, to a strange key, bent, by a shared secret, or by another algorithm than is registered."""
    request = signed(claims(member.provider))
    good = encrypted(member.provider, request, "ECDH-ES", "A256GCM")
    shared = jwe.encrypt_compact(
        {"alg": "dir", "enc": "A128GCM"}, request, OctKey.generate_key(128), algorithms=["dir", "A128GCM"]
    )
    for bad in (
        encrypted(member.provider, request, "ECDH-ES", "A256GCM", zip="DEF"),
        encrypted(member.provider, request, "ECDH-ES", "A256GCM", kid="another"),
        good[:-3] + "AAA",
        good.replace(good.split(".")[3], "AAAA"),
        shared,
        encrypted(member.provider, "not a JWT", "ECDH-ES", "A256GCM"),
    ):
        assert refusal(send(member, bad)) == "invalid_request_object"
    theirs = signed(claims(member.provider, ENCRYPTS))
    assert "code" in answer(send(member, encrypted(member.provider, theirs, "ECDH-ES", "A256GCM"), ENCRYPTS))
    for alg, enc in (("RSA-OAEP-256", "A256GCM"), ("ECDH-ES", "A128GCM")):
        assert refusal(send(member, encrypted(member.provider, theirs, alg, enc), ENCRYPTS)) == "invalid_request_object"


def test_encryption_proves_nobody(member: Person):
    """RFC 7516: anybody can encrypt to a public key; a client that must sign has signed inside too."""
    inside = unsigned(claims(member.provider, MUST_SIGN))
    sealed = encrypted(member.provider, inside, "ECDH-ES", "A128GCM")
    assert refusal(send(member, sealed, MUST_SIGN)) == "invalid_request_object"
    good = encrypted(member.provider, signed(claims(member.provider, MUST_SIGN)), "ECDH-ES", "A128GCM")
    assert "code" in answer(send(member, good, MUST_SIGN))
