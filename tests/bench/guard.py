"""What validating a token costs inside a service: sekisho-guard cached and uncached, beside PyJWT and the raw signature."""

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
    """Return the median microseconds of each way to check one token."""
    private = ec.generate_private_key(ec.SECP256R1())
    token = _token(private)
    cached = Guard(issuer=ISSUER, audience=AUDIENCE, fetch=_Documents(private))
    uncached = Guard(issuer=ISSUER, audience=AUDIENCE, fetch=_Documents(private), limits=Limits(remembered_tokens=0))
    public = private.public_key()
    raw = _raw_check(public, token)
    return [
        ("guard, cached", _median(lambda: cached.verify(token), 20_000)),
        ("guard, uncached", _median(lambda: uncached.verify(token), 1_000)),
        (
            "PyJWT decode",
            _median(lambda: jwt.decode(token, public, algorithms=["ES256"], audience=AUDIENCE, issuer=ISSUER), 1_000),
        ),
        ("raw ES256 signature check", _median(raw, 1_000)),
    ]


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


def _median(call: Callable[[], object], times: int) -> float:
    """The median microseconds of one call over rounds of many calls each."""
    call()
    rounds = []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        for _time in range(times):
            call()
        rounds.append((time.perf_counter() - started) / times * 1e6)
    return statistics.median(rounds)
