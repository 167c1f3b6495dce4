"""RFC 7517, 8414: where keys are found, which of them are used, and how they are fetched."""

import datetime as dt
import ipaddress
import json
import ssl

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sekisho_guard import FetchError, Guard, HttpFetch, InvalidTokenError, KeysUnavailableError
from tests.clients.guard.issuer import AUDIENCE, JWKS, METADATA, OPENID, LocalIssuer, SigningKey, make_guard


def test_metadata_is_openid_connects_where_rfc_8414s_is_missing(guard, issuer, key):
    issuer.documents[OPENID] = issuer.documents.pop(METADATA)
    assert guard.verify(key.sign(issuer.claims()))


def test_a_failing_server_is_not_taken_for_one_without_metadata(guard, issuer, key):
    issuer.documents[OPENID] = issuer.documents[METADATA]
    issuer.documents[METADATA] = 500
    with pytest.raises(KeysUnavailableError):
        guard.verify(key.sign(issuer.claims()))


def test_rfc_8414_section_3_1_an_issuer_with_a_path(issuer, key, clock):
    issuer.identifier += "/tenants/jp"
    metadata = {"issuer": issuer.identifier, "jwks_uri": issuer.identifier.removesuffix("/tenants/jp") + JWKS}
    issuer.documents[METADATA + "/tenants/jp"] = metadata
    assert make_guard(issuer, clock).verify(key.sign(issuer.claims()))
    issuer.documents["/tenants/jp" + OPENID] = issuer.documents.pop(METADATA + "/tenants/jp")
    assert make_guard(issuer, clock).verify(key.sign(issuer.claims()))


@pytest.mark.parametrize("named", ["https://evil.example", None, 7, "HTTP://127.0.0.1"])
def test_rfc_8414_section_3_3_metadata_of_another_issuer_is_refused(guard, issuer, key, named):
    issuer.documents[METADATA] |= {"issuer": named}
    with pytest.raises(KeysUnavailableError):
        guard.verify(key.sign(issuer.claims()))
    assert issuer.hits[JWKS] == 0


@pytest.mark.parametrize(
    "uri",
    ["http://keys.example/jwks", "file:///etc/passwd", "ftp://127.0.0.1/jwks", "//127.0.0.1/jwks", "jwks", "", 7, None],
)
def test_keys_are_fetched_by_https_or_from_this_machine_only(guard, issuer, key, uri):
    issuer.documents[METADATA] |= {"jwks_uri": uri}
    with pytest.raises(KeysUnavailableError):
        guard.verify(key.sign(issuer.claims()))


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000, 500, 204, 404])
@pytest.mark.parametrize("path", [METADATA, JWKS])
def test_a_document_that_is_no_use_means_no_keys(guard, issuer, key, path, document):
    issuer.documents[path] = document
    with pytest.raises(KeysUnavailableError) as refusal:
        guard.verify(key.sign(issuer.claims()))
    assert refusal.value.code == "temporarily_unavailable"


@pytest.mark.parametrize("jwks", [{}, {"keys": None}, {"keys": {}}, {"keys": [{}] * 101}])
def test_a_document_that_is_no_key_set_means_no_keys(guard, issuer, key, jwks):
    issuer.documents[JWKS] = jwks
    with pytest.raises(KeysUnavailableError):
        guard.verify(key.sign(issuer.claims()))


def test_an_empty_key_set_is_the_issuers_word_that_no_key_counts(guard, issuer, key):
    issuer.publish()
    with pytest.raises(InvalidTokenError):
        guard.verify(key.sign(issuer.claims()))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", [METADATA, JWKS])
def test_redirects_are_not_followed(guard, issuer, key, path, status):
    issuer.documents["/elsewhere"] = issuer.documents[path]
    issuer.documents[path] = (status, {"Location": issuer.identifier + "/elsewhere"})
    with pytest.raises(KeysUnavailableError):
        guard.verify(key.sign(issuer.claims()))
    assert issuer.hits["/elsewhere"] == 0


JUNK = [
    None,
    7,
    "key",
    [],
    {},
    {"kid": "a"},
    {"kty": ["EC"], "kid": "a", "alg": {}, "use": []},
    {"kty": "EC", "kid": "a", "crv": "P-256"},
    {"kty": "EC", "kid": "a", "crv": "P-256", "x": 7, "y": []},
    {"kty": "EC", "kid": "a", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kty": "EC", "kid": "a", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
    {"kty": "EC", "kid": "a", "crv": "P-256", "x": "\u00e9", "y": "\x00"},
    {"kty": "RSA", "kid": "a", "n": "", "e": ""},
    {"kty": "RSA", "kid": "a", "n": "AQAB", "e": {}},
    {"kty": "OKP", "kid": "a", "crv": "Ed25519", "x": "AA"},
    {"kty": "OKP", "kid": "a", "crv": "X25519", "x": "A" * 43},
    {"kty": "OKP", "kid": ["a"], "crv": "Ed25519", "x": "A" * 43},
]


def test_a_key_that_cannot_be_read_does_not_spoil_the_others(guard, issuer, keys):
    issuer.publish(*JUNK, *keys.values())
    for key in keys.values():
        assert guard.verify(key.sign(issuer.claims()))


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"use": 7},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"key_ops": []},
        {"alg": "ES384"},
        {"alg": "RS256"},
        {"alg": ["ES256"]},
        {"kid": None},
        {"kid": 7},
        {"kty": "OKP"},
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"d": "AAAA"},
    ],
)
def test_a_key_not_meant_for_verifying_is_not_used(guard, issuer, key, changes):
    issuer.publish(key.jwk(**changes))
    with pytest.raises(InvalidTokenError):
        guard.verify(key.sign(issuer.claims()))


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_rfc_7518_section_3_4_a_key_on_another_curve_is_not_used(guard, issuer, algorithm):
    private = ec.generate_private_key(ec.SECP384R1()) if algorithm == "ES256" else ed448.Ed448PrivateKey.generate()
    other = SigningKey("other-curve", algorithm, private)
    issuer.publish(other.jwk(alg=None))
    with pytest.raises(InvalidTokenError, match="a key that is not accepted here"):
        guard.verify(other.sign(issuer.claims()))


def test_a_key_whose_private_half_was_published_is_not_used(guard, issuer, key):
    leaked = jwt.get_algorithm_by_name("ES256").to_jwk(key.private, as_dict=True)
    issuer.publish({**leaked, "kid": key.kid})
    with pytest.raises(InvalidTokenError, match="a key that is not accepted here"):
        guard.verify(key.sign(issuer.claims()))


def test_use_alg_and_key_ops_may_be_absent_or_say_verify(guard, issuer, key):
    issuer.publish(key.jwk(use=None, alg=None, key_ops=["verify"]))
    assert guard.verify(key.sign(issuer.claims()))


def test_an_rsa_key_without_alg_serves_both_paddings(guard, issuer, keys):
    private = keys["RS256"].private
    issuer.publish(keys["RS256"].jwk(kid="both", alg=None))
    assert guard.verify(SigningKey("both", "RS256", private).sign(issuer.claims()))
    assert guard.verify(SigningKey("both", "PS256", private).sign(issuer.claims()))


def test_rfc_7518_section_3_3_rsa_keys_below_2048_bits_are_not_used(guard, issuer):
    small = SigningKey("small", "RS256", rsa.generate_private_key(65537, 1024))  # noqa: S505 - that is the point
    issuer.publish(small)
    with pytest.raises(InvalidTokenError):
        guard.verify(small.sign(issuer.claims()))


def test_a_symmetric_key_in_the_set_is_not_used(guard, issuer):
    issuer.publish({"kty": "oct", "kid": "shared", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"})
    token = jwt.encode(
        issuer.claims(), b"secret-secret-secret-secret-secret", "HS256", {"typ": "at+jwt", "kid": "shared"}
    )
    with pytest.raises(InvalidTokenError):
        guard.verify(token)


def test_the_first_of_two_keys_with_one_name_counts(guard, issuer, key):
    issuer.publish(key, SigningKey(key.kid))
    assert guard.verify(key.sign(issuer.claims()))


@pytest.mark.parametrize(
    "identifier",
    ["http://id.example", "id.example", "", "https://", "https://user@id.example", "https://id.example#x", "https://id.example?x",
     "ftp://id.example", "http://127.0.0.1.evil.example", "http://localhost.evil.example", "https://[::1", None, 7],
)  # fmt: skip
def test_an_issuer_that_could_be_impersonated_is_refused_at_start(identifier):
    with pytest.raises(ValueError, match="issuer"):
        Guard(issuer=identifier, audience=AUDIENCE)


def test_a_guard_without_audience_is_refused_at_start():
    with pytest.raises(ValueError, match="audience"):
        Guard(issuer="https://id.example", audience="")


@pytest.mark.parametrize(
    "limits",
    [
        {"leeway": -1},
        {"leeway": float("nan")},
        {"max_stale": float("inf")},
        {"refresh_every": 10, "max_stale": 5},
        {"timeout": 0},
    ],
)
def test_limits_that_bound_nothing_are_refused_at_start(issuer, clock, limits):
    with pytest.raises(ValueError, match=next(iter(limits))):
        make_guard(issuer, clock, **limits)


def test_a_document_beyond_the_size_bound_is_refused(issuer):
    issuer.documents["/large"] = b"x" * (256 * 1024 + 1)
    with pytest.raises(FetchError, match="too large"):
        HttpFetch(timeout=5)(issuer.identifier + "/large")


def test_a_document_that_trickles_in_is_refused_after_the_time_bound(issuer):
    passing = iter([0.0, 5.1])
    with pytest.raises(FetchError, match="too long"):
        HttpFetch(timeout=5, monotonic=lambda: next(passing))(issuer.identifier + METADATA)


def test_a_server_that_does_not_answer_is_given_up(issuer):
    issuer.open.clear()
    with pytest.raises(FetchError, match=r"TimeoutError|URLError"):
        HttpFetch(timeout=0.1)(issuer.identifier + METADATA)


@pytest.mark.parametrize("status", [204, 206, 301, 404, 503])
def test_only_a_200_answer_is_a_document(issuer, status):
    issuer.documents["/other"] = status
    with pytest.raises(FetchError) as failure:
        HttpFetch(timeout=5)(issuer.identifier + "/other")
    assert failure.value.status == status


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "data:,x",
        "x",
        "http://127.0.0.1:1/",
        "http://127.0.0.1:x/",
        "http://a b/",
    ],
)
def test_whatever_goes_wrong_with_a_fetch_is_a_fetch_error(url):
    with pytest.raises(FetchError):
        HttpFetch(timeout=5)(url)


def test_proxies_of_the_environment_are_not_asked_for_keys(issuer, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert HttpFetch(timeout=5)(issuer.identifier + METADATA)


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that only its own file vouches for: (file, server context)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local issuer")])
    today = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signed.public_bytes(Encoding.PEM)
    file.write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


def test_an_issuer_is_believed_only_with_a_certificate_that_holds(certificate, clock, key):
    file, server_context = certificate
    issuer = LocalIssuer(server_context)
    try:
        issuer.publish(key)
        token = key.sign(issuer.claims())
        with pytest.raises(KeysUnavailableError):
            make_guard(issuer, clock).verify(token)
        assert not issuer.hits
        trusting = HttpFetch(timeout=5, ssl_context=ssl.create_default_context(cafile=file))
        assert make_guard(issuer, clock, fetch=trusting).verify(token)
    finally:
        issuer.close()


def test_failures_are_logged_without_a_token(guard, issuer, key, caplog):
    issuer.documents[METADATA] = 500
    token = key.sign(issuer.claims())
    with pytest.raises(KeysUnavailableError):
        guard.verify(token)
    assert "The key set was not refreshed" in caplog.text
    assert json.dumps(token) not in caplog.text
    assert token.split(".")[1] not in caplog.text
