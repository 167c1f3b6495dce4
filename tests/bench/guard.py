"""What validating a token costs inside a service: sekisho-guard, beside PyJWT and the raw signature."""

import json
import statistics
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import ECAlgorithm

from sekisho_guard import Guard, Limits

ISSUER = "http://127.0.0.1:9"
AUDIENCE = "https://api.example.jp"
ROUNDS = 9


def measure() -> list[tuple[str, float]]:
    """Return the median microseconds of processor time of each way to check one token, measured in turn."""
    private = ec.generate_private_key(ec.SECP256R1())
    token, public = _token(private), private.public_key()
    documents = _Documents(private)
    cached = Guard(issuer=ISSUER, audience=AUDIENCE, fetch=documents)
    uncached = Guard(issuer=ISSUER, audience=AUDIENCE, fetch=documents, limits=Limits(remembered_tokens=0))
    ways: list[tuple[str, Callable[[], object], int]] = [
        ("guard, cached", lambda: cached.verify(token), 20_000),
        ("guard, uncached", lambda: uncached.verify(token), 1_000),
        ("PyJWT decode", lambda: _pyjwt(token, public), 1_000),
        ("raw ES256 signature check", _raw_check(public, token), 1_000),
    ]
    rounds = [[_processor_time(call, times) for _name, call, times in ways] for _round in range(ROUNDS)]
    return [(ways[number][0], statistics.median(each[number] for each in rounds)) for number in range(len(ways))]


def _pyjwt(token: str, public: ec.EllipticCurvePublicKey) -> object:
    return jwt.decode(token, public, algorithms=["ES256"], audience=AUDIENCE, issuer=ISSUER)


def _processor_time(call: Callable[[], object], times: int) -> float:
    """Microseconds of one call over many. Processor time: what other processes do meanwhile does not count."""
    started = time.thread_time()
    for _time in range(times):
        call()
    return (time.thread_time() - started) / times * 1e6


class _Documents:
    """An issuer's documents, answered from memory."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        jwk = {**ECAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": "bench", "use": "sig", "alg": "ES256"}
        self._jwks = json.dumps({"keys": [jwk]}).encode()
        self._metadata = json.dumps({"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"}).encode()

    def __call__(self, url: str, /) -> bytes:
        return self._jwks if url.endswith("/jwks") else self._metadata


def _token(private: ec.EllipticCurvePrivateKey) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": "IyVyTZzQL0rIEWKe3qPnAw",
        "aud": AUDIENCE,
        "client_id": "storefront",
        "iat": now,
        "exp": now + 3600,
        "jti": "0jvZdKjqkCq1mE3iJ9mzNw",
        "scope": "openid profile email payments:read",
        "fam": "7f1mE3iJ9mzNwKjqkCq1mQ",
        "auth_time": now,
        "acr": "urn:sekisho:acr:password",
    }
    return jwt.encode(claims, private, algorithm="ES256", headers={"kid": "bench", "typ": "at+jwt"})


def _raw_check(public: ec.EllipticCurvePublicKey, token: str) -> Callable[[], None]:
    signed, _, signature = token.rpartition(".")
    raw = urlsafe_b64decode(signature + "==")
    encoded = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    message = signed.encode("ascii")
    algorithm = ec.ECDSA(SHA256())
    return lambda: public.verify(encoded, message, algorithm)
