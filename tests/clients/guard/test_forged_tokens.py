"""RFC 8725: the ways in which a token that Sekisho never issued has been passed off as one."""

import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sekisho_guard import Guard, InvalidTokenError
from tests.clients.guard.issuer import AUDIENCE, METADATA, SigningKey, b64, make_guard


def refused(guard, token):
    with pytest.raises(InvalidTokenError) as refusal:
        guard.verify(token)
    return refusal.value


def unsigned(header, payload):
    return b64(json.dumps(header).encode()) + "." + b64(json.dumps(payload).encode())


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("signature", ["", "AA"])
def test_alg_none_is_refused(guard, issuer, key, name, signature):
    header = {"alg": name, "typ": "at+jwt", "kid": key.kid}
    refused(guard, f"{unsigned(header, issuer.claims())}.{signature}")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
@pytest.mark.parametrize("hash_name", ["sha256", "sha512"])
def test_a_public_key_does_not_serve_as_an_hmac_secret(guard, issuer, keys, algorithm, hash_name):
    key = keys[algorithm]
    public = key.private.public_key()
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(key.jwk()).encode(),
    ]
    signed = unsigned({"alg": "HS" + hash_name[3:], "typ": "at+jwt", "kid": key.kid}, issuer.claims())
    for secret in secrets:
        refused(guard, f"{signed}.{b64(hmac.digest(secret, signed.encode(), getattr(hashlib, hash_name)))}")


@pytest.mark.parametrize(
    ("signer", "claimed"),
    [("ES256", "RS256"), ("RS256", "PS256"), ("PS256", "RS256"), ("EdDSA", "ES256"), ("RS256", "EdDSA")],
)
def test_a_key_verifies_its_own_algorithm_only(guard, issuer, keys, signer, claimed):
    token = keys[signer].sign(issuer.claims(), alg=claimed)
    assert refused(guard, token).detail == "the key is not for this alg"
    impostor = SigningKey(keys[signer].kid, claimed, keys[claimed].private)
    assert refused(guard, impostor.sign(issuer.claims())).detail == "the key is not for this alg"


def test_a_wrong_algorithm_for_a_known_key_causes_no_fetch(guard, issuer, keys, clock):
    guard.verify(keys["ES256"].sign(issuer.claims()))
    clock.advance(60)
    before = issuer.hits.copy()
    refused(guard, keys["ES256"].sign(issuer.claims(), alg="RS256"))
    assert issuer.hits == before


@pytest.mark.parametrize("algorithm", ["HS256", "ES384", "RS512", "ES256K", "RSA-OAEP", 7, None, [], {}, "es256"])
def test_only_listed_algorithms_are_accepted(guard, issuer, key, algorithm):
    refused(guard, key.sign(issuer.claims(), alg=algorithm))


def test_a_service_may_shorten_the_list(issuer, clock, keys):
    strict = make_guard(issuer, clock, algorithms=["ES256"])
    assert strict.verify(keys["ES256"].sign(issuer.claims()))
    refused(strict, keys["RS256"].sign(issuer.claims()))


@pytest.mark.parametrize("algorithms", [[], ["none"], ["HS256"], ["ES256", "HS256"], ["ES256", "none"], "ES256"])
def test_a_service_cannot_allow_what_is_unsafe(algorithms):
    with pytest.raises(ValueError, match="algorithms must be"):
        Guard(issuer="https://id.example", audience=AUDIENCE, algorithms=algorithms)


def test_another_key_under_the_same_kid_is_refused(guard, issuer, keys):
    for algorithm, key in keys.items():
        forged = SigningKey(key.kid, algorithm).sign(issuer.claims())
        assert refused(guard, forged).detail == "bad signature"


def test_a_changed_payload_is_refused(guard, issuer, key):
    header, _, signature = key.sign(issuer.claims()).split(".")
    changed = b64(json.dumps(issuer.claims(scope="payments:refund")).encode())
    refused(guard, f"{header}.{changed}.{signature}")


def test_a_changed_token_is_refused_although_the_original_is_remembered(guard, issuer, key):
    token = key.sign(issuer.claims())
    guard.verify(token)
    for position in range(0, len(token), 7):
        other = "A" if token[position] != "A" else "B"
        refused(guard, token[:position] + other + token[position + 1 :])


def test_keys_named_or_carried_by_the_token_are_never_used(guard, issuer, key):
    mine = SigningKey(key.kid)
    issuer.documents["/mine"] = {"keys": [mine.jwk()]}
    uri = issuer.identifier + "/mine"
    for header in ({"jwk": mine.jwk()}, {"jku": uri}, {"x5u": uri}, {"x5c": ["MIIB"]}, {"jku": uri, "kid": "mine-1"}):
        refused(guard, mine.sign(issuer.claims(), **header))
    assert issuer.hits["/mine"] == 0


def test_a_good_token_is_not_refused_for_such_headers_which_are_only_ignored(guard, issuer, key):
    assert guard.verify(key.sign(issuer.claims(), jku="https://evil.example", jwk=SigningKey("x").jwk()))


@pytest.mark.parametrize(
    "typ", [None, "JWT", "jwt", "dpop+jwt", "at+jwt2", "application/jwt", "text/at+jwt", "", 7, ["at+jwt"]]
)
def test_rfc_9068_section_4_typ_must_be_at_jwt(guard, issuer, key, typ):
    refused(guard, key.sign(issuer.claims(), typ=typ))


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "Application/AT+jwt"])
def test_rfc_9068_section_4_typ_in_any_case_and_with_its_prefix(guard, issuer, key, typ):
    assert guard.verify(key.sign(issuer.claims(), typ=typ))


@pytest.mark.parametrize("crit", [["b64"], ["exp"], [], "b64", None, 7])
def test_rfc_7515_section_4_1_11_crit_is_refused(guard, issuer, key, crit):
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid, "crit": crit, "b64": True, "exp": 1}
    token = key.sign_bytes(json.dumps(header).encode(), json.dumps(issuer.claims()).encode())
    assert refused(guard, token).detail == "crit"


@pytest.mark.parametrize(
    "kid",
    [
        None,
        7,
        [],
        {},
        True,
        "",
        "../../etc/passwd",
        "' OR 1=1 --",
        "ES256-1\n",
        "es256-1",
        "\ud800",
        "x" * 4000,
        "\x00",
    ],
)
def test_a_kid_is_only_ever_looked_up(guard, issuer, key, kid):
    refused(guard, key.sign(issuer.claims(), kid=kid))
    assert set(issuer.hits) == {METADATA, "/jwks"} or not issuer.hits


def test_every_other_spelling_of_a_good_token_is_refused(guard, issuer, key):
    token = key.sign(issuer.claims())
    header, payload, signature = token.split(".")
    assert guard.verify(token)
    spellings = [
        *(f"{header}{pad}.{payload}.{signature}" for pad in ("=", "==", " ", "\n")),
        *(f"{header}.{payload}.{signature}{pad}" for pad in ("=", "==", " ", "\n", "A", ".", ".AA")),
        *(f"{pad}{token}" for pad in (" ", "Bearer ", "\ufeff", ".")),
        f"{header}.{payload}.", f"{header}..{signature}", f".{payload}.{signature}", f"{header}.{payload}", "..", "",
        f"{header}.{payload}.{signature[:-2]}", f"{header}.{payload}.{signature.replace('_', '/').replace('-', '+')}+",
        token.replace("e", "\u0435"), "\ud800" + token, token.encode(), None, 7, [token], {token: 1},
    ]  # fmt: skip
    for spelling in spellings:
        refused(guard, spelling)


def test_rfc_4648_section_3_5_spare_bits_must_be_zero(guard, issuer, key):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = key.sign(issuer.claims())  # 64 bytes of signature: 4 spare bits in the last character
    twin = token[:-1] + alphabet[alphabet.index(token[-1]) + 1]
    assert refused(guard, twin).detail == "a segment is not in its one canonical form"


def test_a_token_longer_than_the_bound_is_refused_unread(guard, issuer, key):
    assert guard.verify(key.sign(issuer.claims(note="x" * 5000)))
    assert refused(guard, key.sign(issuer.claims(note="x" * 7000))).detail == "not a text, or too long"


@pytest.mark.parametrize("header", [b"[]", b"7", b"null", b"{", b"\xff", b"[" * 5000, b'{"a":' * 1000, b'{"alg":NaN}'])
def test_a_header_that_is_no_json_object_is_refused(guard, header):
    refused(guard, f"{b64(header)}.AA.AA")
