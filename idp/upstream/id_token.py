"""The ID token of an upstream provider, checked in full (OIDC Core 3.1.3.7, RFC 8725).

Which algorithms may sign is configured. An HMAC is checked by the client secret alone and everything else by the
provider's published keys alone, so that no key is ever taken for one of another kind.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

import jwt
from jwt import PyJWS

from idp.protocol.names import HMAC_ALGORITHM
from idp.protocol.strict_json import load_strictly
from idp.protocol.token_hashes import left_half_hash
from idp.protocol.upstreams import Setback, UpstreamError
from idp.protocol.verification_keys import verified

LEEWAY = 30
LONGEST_AGE = 600
"""Seconds after which an ID token was issued too long ago (3.1.3.7, 10): it is fetched the moment that it is made."""
MAX_ID_TOKEN = 16_384
MAX_SUBJECT = 255
_JWS = PyJWS()


@dataclass(frozen=True, slots=True, repr=False)
class Expected:
    """What an ID token has to say."""

    issuer: str
    client_id: str
    nonce: str
    algorithms: tuple[str, ...]
    now: int


def read_id_token(
    token: str, expected: Expected, key_sets: Callable[[], Iterable[str]], secret: str, access_token: str
) -> Mapping[str, Any]:
    """Return the claims of an ID token that came with an access token ("" if none did).

    Raises:
        UpstreamError: `refused`, naming the first rule that it breaks.
    """
    algorithm = _algorithm(token, expected.algorithms)
    payload = _payload(token, algorithm, key_sets, secret)
    try:
        claims = load_strictly(payload.decode("utf-8"))
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise _refused("the ID token holds no claims")
    problem = _problem_with(claims, expected)
    if problem is not None:
        raise _refused(problem)
    if "at_hash" in claims and not _is_hash_of(claims["at_hash"], access_token, algorithm):
        raise _refused("the ID token's at_hash is not that of the access token")
    return claims


def _algorithm(token: str, allowed: tuple[str, ...]) -> str:
    if len(token) > MAX_ID_TOKEN:
        raise _refused("the ID token is too long")
    try:
        algorithm = jwt.get_unverified_header(token).get("alg")
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        raise _refused("the ID token cannot be read") from None
    if not isinstance(algorithm, str) or algorithm not in allowed:
        raise _refused("the ID token is signed by an algorithm that is not configured")
    return algorithm


def _payload(token: str, algorithm: str, key_sets: Callable[[], Iterable[str]], secret: str) -> bytes:
    if algorithm == HMAC_ALGORITHM:
        try:
            payload: bytes = _JWS.decode_complete(token, secret.encode("ascii"), algorithms=[algorithm])["payload"]
        except (jwt.InvalidTokenError, ValueError):
            raise _refused("the ID token's signature is not by the client secret") from None
        return payload
    found = (verified(jwks, (algorithm,), token) for jwks in key_sets())
    signed = next((each for each in found if each is not None), None)
    if signed is None:
        raise _refused("the ID token's signature is not by a published key")
    return signed[1]


def _problem_with(claims: Mapping[str, Any], expected: Expected) -> str | None:
    """Return the first rule of 3.1.3.7 that the claims break."""
    subject, nonce = claims.get("sub"), claims.get("nonce")
    rules = (
        (claims.get("iss") == expected.issuer, "iss is another issuer"),
        (claims.get("aud") in (expected.client_id, [expected.client_id]), "aud is not this client alone"),
        (claims.get("azp", expected.client_id) == expected.client_id, "azp is another client"),
        (isinstance(nonce, str) and _same(nonce, expected.nonce), "nonce is not the one that was sent"),
        (isinstance(subject, str) and 0 < len(subject) <= MAX_SUBJECT and subject.isascii(), "sub is no name"),
        (_is_in_time(claims, expected.now), "it is over, or was not issued just now"),
    )
    return next((f"the ID token's {problem}" for holds, problem in rules if not holds), None)


def _is_in_time(claims: Mapping[str, Any], now: int) -> bool:
    times = (claims.get("exp"), claims.get("iat"), claims.get("nbf", now))
    if not all(type(time) in (int, float) for time in times):
        return False
    expires, issued, not_before = (float(time or 0) for time in times)
    return expires > now - LEEWAY and now - LONGEST_AGE <= issued <= now + LEEWAY and not_before <= now + LEEWAY


def _is_hash_of(at_hash: object, access_token: str, algorithm: str) -> bool:
    if not isinstance(at_hash, str) or not access_token or not access_token.isascii():
        return False
    return _same(at_hash, left_half_hash(access_token, algorithm))


def _same(one: str, other: str) -> bool:
    return compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def _refused(detail: str) -> UpstreamError:
    return UpstreamError(Setback.REFUSED, detail)
