"""`private_key_jwt`: a signed assertion, used once (RFC 7523 2.2 and 3, RFC 7521 4.2, OIDC Core 9)."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from idp.protocol.names import ASSERTION_ALGORITHMS, JWT_BEARER_ASSERTION
from tests.provider.jose import sign
from tests.provider.operator import declare_clients
from tests.provider.provider import HTTP, Provider

GRANT = {"grant_type": "client_credentials"}
KEYS: dict[str, Key] = {
    "ES256": ECKey.generate_key("P-256", {"kid": "es256"}),
    "ES384": ECKey.generate_key("P-384", {"kid": "es384"}),
    "ES512": ECKey.generate_key("P-521", {"kid": "es512"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "eddsa"}),
    "RSA": RSAKey.generate_key(2048, {"kid": "rsa"}),
}
ANY, MANY, ONE = "signs-with-any", "signs-with-many", "signs-with-one"
_serial = iter(range(1_000_000))


def key_for(algorithm: str) -> Key:
    return KEYS.get(algorithm, KEYS["RSA"])


def service(client_id: str, *keys: Key, algorithm: str = "") -> dict[str, Any]:
    return {
        "client_id": client_id,
        "kind": "service",
        "name": client_id,
        "auth_method": "private_key_jwt",
        "assertion_algorithm": algorithm,
        "jwks": {"keys": [key.as_dict(private=False) for key in keys]},
        "grant_types": ["client_credentials"],
        "scopes": ["payments:read"],
    }


@pytest.fixture(scope="module")
def provider_with_keys(shared_provider: Provider) -> Iterator[Provider]:
    """A client for each algorithm; clients with a key and no set algorithm, with many keys, with a key without kid."""
    without_kid = ECKey.import_key({k: v for k, v in KEYS["ES256"].as_dict(private=True).items() if k != "kid"})
    declare_clients(
        shared_provider,
        *(service(f"signs-{algorithm}", key_for(algorithm), algorithm=algorithm) for algorithm in ASSERTION_ALGORITHMS),
        service(ANY, KEYS["RSA"]),
        service(MANY, KEYS["ES256"], KEYS["EdDSA"], KEYS["RSA"]),
        service(ONE, without_kid, algorithm="ES256"),
    )
    return shared_provider


@pytest.fixture
def sent(provider_with_keys: Provider) -> "Sender":
    return Sender(provider_with_keys)


class Sender:
    """Sends assertions to the provider, right ones unless told otherwise."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.now = int(provider.clock())

    def claims(self, client_id: str = ONE, **changes: Any) -> dict[str, Any]:
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": self.provider.url,
            "iat": self.now,
            "exp": self.now + 60,
            "jti": f"assertion {next(_serial)}",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def assertion(
        self, client_id: str = ONE, *, key: Key | None = None, header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        protected = {"alg": "ES256", "typ": "JWT", **(header or {})}
        return sign(key or key_for(protected["alg"]), self.claims(client_id, **changes), **protected)

    def __call__(self, assertion: str, path: str = "/token", **form: str) -> httpx.Response:
        proof = {"client_assertion": assertion, "client_assertion_type": JWT_BEARER_ASSERTION}
        return HTTP.post(self.provider.url + path, data={**GRANT, **proof, **form})

    def is_accepted(self, assertion: str, **form: str) -> bool:
        response = self(assertion, **form)
        if response.status_code == 200:
            return True
        assert response.status_code == 401, response.text
        assert response.json()["error"] == "invalid_client"
        assert response.headers["www-authenticate"]
        return False


@pytest.mark.parametrize("algorithm", ASSERTION_ALGORITHMS)
def test_every_registered_algorithm_is_accepted_and_only_that(sent: Sender, algorithm: str):
    """OIDC Core 9, RFC 7591 2: what the client registered for, and no other that its key could do."""
    client_id = f"signs-{algorithm}"
    assert sent.is_accepted(sent.assertion(client_id, header={"alg": algorithm}))
    if key_for(algorithm) is KEYS["RSA"]:
        other = "PS256" if algorithm != "PS256" else "RS256"
        assert not sent.is_accepted(sent.assertion(client_id, header={"alg": other}))


def test_without_a_registered_algorithm_the_key_decides(sent: Sender):
    """An RSA key may sign by any RSA algorithm, and by nothing else."""
    for algorithm in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"):
        assert sent.is_accepted(sent.assertion(ANY, header={"alg": algorithm}))
    assert not sent.is_accepted(sign(KEYS["RSA"], sent.claims(ANY), alg="ES256", by="RS256"))
    assert not sent.is_accepted(sent.assertion(ANY, header={"alg": "ES256"}))


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "PS256"])
def test_rfc_7515_4_1_4_a_kid_is_a_hint(sent: Sender, algorithm: str):
    """With many keys registered: the right kid, or none; a wrong one names no key of the client."""
    right = key_for(algorithm).kid
    assert sent.is_accepted(sent.assertion(MANY, header={"alg": algorithm, "kid": right}))
    assert sent.is_accepted(sent.assertion(MANY, header={"alg": algorithm}))
    wrong = KEYS["ES256"].kid if algorithm != "ES256" else KEYS["EdDSA"].kid
    for kid in ("unknown", wrong, "", 5, [right], None, {"kid": right}):
        assert not sent.is_accepted(sent.assertion(MANY, header={"alg": algorithm, "kid": kid}))


def test_a_registered_key_without_kid_takes_any(sent: Sender):
    """There is nothing to compare with."""
    assert sent.is_accepted(sent.assertion(header={"kid": "whatever"}))


def test_rfc_7523_3_the_audience_is_this_server_alone(sent: Sender):
    """The issuer, /token or /par (RFC 9126 2), as a string or an array; one for others too could be passed on."""
    issuer = sent.provider.url
    token_endpoint = f"{issuer}/token"
    for ours in (issuer, token_endpoint, f"{issuer}/par", [issuer], [token_endpoint], [issuer, token_endpoint]):
        assert sent.is_accepted(sent.assertion(aud=ours))
    other = "https://other.example"
    for foreign in (other, [other], [issuer, other], f"{issuer}/", f"{issuer}/introspect", [], "", None, 5, [5], {}):
        assert not sent.is_accepted(sent.assertion(aud=foreign))


def test_rfc_7523_3_issuer_and_subject_are_the_client(sent: Sender):
    """Both of them, and whatever client_id the body names."""
    for wrong in ({"iss": MANY}, {"sub": MANY}, {"iss": None}, {"sub": None}, {"sub": 5}, {"sub": [ONE]}, {"iss": ""}):
        assert not sent.is_accepted(sent.assertion(**wrong))
    assert sent.is_accepted(sent.assertion(), client_id=ONE)
    assert not sent.is_accepted(sent.assertion(), client_id=MANY)
    assert not sent.is_accepted(sent.assertion("nobody"))
    assert not sent.is_accepted(sent.assertion("payments"))


def test_rfc_7523_3_it_must_expire_soon_and_not_be_over(sent: Sender):
    """With half a minute for clocks that differ; ten years would make a password of it."""
    now = sent.now
    for good in (now + 1, now + 3600, now - 20, now + 59.5):
        assert sent.is_accepted(sent.assertion(exp=good))
    for bad in (now - 31, 0, -1, now + 3700, now + 315_360_000, 10**400, None, str(now + 60), True, [now + 60]):
        assert not sent.is_accepted(sent.assertion(exp=bad))


def test_rfc_7523_3_not_before_its_time(sent: Sender):
    """`nbf` and `iat` may lie ahead by as much as clocks differ."""
    now = sent.now
    assert sent.is_accepted(sent.assertion(nbf=now + 20, iat=now + 20))
    assert sent.is_accepted(sent.assertion(iat=None))
    for early in ({"nbf": now + 40}, {"iat": now + 40}, {"nbf": "now"}, {"iat": True}, {"nbf": []}):
        assert not sent.is_accepted(sent.assertion(**early))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
@pytest.mark.parametrize("claim", ["exp", "iat"])
def test_numbers_that_json_does_not_have_are_no_times(sent: Sender, claim: str, number: str):
    """Python reads them; no time is compared with them."""
    text = json.dumps(sent.claims(**{claim: "here"})).replace('"here"', number)
    accepted = sent.is_accepted(sign(KEYS["ES256"], text.encode(), alg="ES256"))
    assert accepted == (claim == "iat" and number == "-Infinity")


def test_rfc_7523_3_an_assertion_is_used_once(sent: Sender):
    """By its jti, at whichever endpoint it was shown first; another client may have chosen the same."""
    for wrong in (None, "", 5, "j" * 257):
        assert not sent.is_accepted(sent.assertion(jti=wrong))
    assertion = sent.assertion(jti="the same")
    assert sent.is_accepted(assertion)
    assert not sent.is_accepted(assertion)
    assert not sent.is_accepted(sent.assertion(jti="the same", exp=sent.now + 61))
    assert sent(assertion, "/introspect", token="a token").status_code == 401
    assert sent.is_accepted(sent.assertion(MANY, jti="the same"))


def test_an_assertion_that_was_refused_is_not_used_up(sent: Sender):
    """Nobody can spend a client's jti without the client's key."""
    stranger = ECKey.generate_key("P-256")
    assert not sent.is_accepted(sent.assertion(jti="claimed by a stranger", key=stranger))
    assert sent.is_accepted(sent.assertion(jti="claimed by a stranger"))


def test_rfc_8725_3_1_no_other_algorithm(sent: Sender):
    """Neither none nor a MAC keyed with what everybody can know of the public key."""
    public = KEYS["ES256"]
    claims = sent.claims()
    unsigned = sign(b"k" * 32, claims, alg="none")
    forged = [unsigned, unsigned + "AAAA"]
    for secret in (public.as_pem(private=False), json.dumps(public.as_dict(private=False)).encode(), b"\x00" * 32):
        forged += [sign(secret, claims, alg="HS256", **kid) for kid in ({}, {"kid": public.kid})]
    for assertion in forged:
        assert not sent.is_accepted(assertion)


def test_rfc_8725_3_10_keys_in_the_header_are_not_believed(sent: Sender):
    """An attacker's own key, carried along, is not the client's."""
    attacker = ECKey.generate_key("P-256", {"kid": "es256"})
    headers = [
        {"jwk": attacker.as_dict(private=False)},
        {"jku": f"{sent.provider.url}/jwks"},
        {"x5u": "https://attacker.example/chain.pem"},
        {"x5c": ["MIIB"]},
        {"kid": "../../dev/null"},
        {"crit": ["unknown"], "unknown": True},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
    ]
    for header in headers:
        assert not sent.is_accepted(sent.assertion(key=attacker, header=header))
    assert not sent.is_accepted(sent.assertion(header={"crit": ["unknown"], "unknown": True}))


def test_what_is_no_jws_is_refused(sent: Sender):
    """Cut, changed, nested or merely strange: 401 and never a server error."""
    right = sent.assertion()
    header, payload, signature = right.split(".")
    deep = sign(KEYS["ES256"], b'{"sub":' + b"[" * 20_000 + b"]" * 20_000 + b"}", alg="ES256")
    tried = [
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{header}..{signature}",
        f".{payload}.{signature}",
        f"{right}.",
        f"{right}A",
        f"{right[:-8]}AAAAAAAA",
        f"{header}.{payload}{payload}.{signature}",
        sign(KEYS["ES256"], b"[]", alg="ES256"),
        sign(KEYS["ES256"], b'"text"', alg="ES256"),
        sign(KEYS["ES256"], b"\xff", alg="ES256"),
        sign(KEYS["ES256"], {**sent.claims(), "long": "x" * 16_000}, alg="ES256"),
        deep[:60_000],
        "日本語.日本語.日本語",
        "...",
        "a",
        " ",
    ]
    for assertion in tried:
        assert not sent.is_accepted(assertion), assertion[:100]
    assert sent.is_accepted(right)


def test_rfc_7521_4_2_the_assertion_type_is_named(sent: Sender):
    """No other type, none, and no type without an assertion."""
    assertion = sent.assertion()
    saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
    assert not sent.is_accepted(assertion, client_assertion_type=saml)
    assert not sent.is_accepted(assertion, client_assertion_type="")
    assert not sent.is_accepted("", client_id=ONE)
    assert sent.is_accepted(assertion)


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
def test_the_other_endpoints_take_it_too(sent: Sender, path: str):
    """RFC 7662 2.1, RFC 7009 2.1: the client authenticates as at the token endpoint."""
    assert sent(sent.assertion(), path, token="a token").status_code == 200
    assert sent(sent.assertion(header={"alg": "PS256"}), path, token="a token").status_code == 401


def test_a_key_that_was_taken_away_signs_no_more(sent: Sender):
    """A client's new key set replaces the old one."""
    old, new = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
    declare_clients(sent.provider, service("rolls", old))
    assert sent.is_accepted(sent.assertion("rolls", key=old))
    declare_clients(sent.provider, service("rolls", new))
    from_new = (sent.assertion("rolls", key=new) for _ in range(1000))
    assert any(sent.is_accepted(assertion) for assertion in from_new)
    assert not sent.is_accepted(sent.assertion("rolls", key=old))
