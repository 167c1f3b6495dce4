"""A compact JWS taken apart: size and form, header (RFC 9068 section 4, RFC 8725 section 3), signature, payload.

Each segment is decoded once and exactly. PyJWT's own decode would read the header a second time and walks every
character in Python, which costs more than an RSA signature check; its algorithm objects still do the checking.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sekisho_guard.claims import MALFORMED
from sekisho_guard.errors import InvalidTokenError
from sekisho_guard.keyset import VerificationKey

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_TYPES = frozenset({"at+jwt", "application/at+jwt"})


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A token with a header that may be acted on and a payload that nobody can read before naming the key."""

    kid: str
    algorithm: str
    _signing_input: bytes
    _payload: str
    _signature: str

    @classmethod
    def parse(cls, token: object, *, algorithms: frozenset[str], longest: int) -> Self:
        if not isinstance(token, str) or len(token) > longest:
            raise InvalidTokenError(MALFORMED, "not a text, or too long")
        segments = _COMPACT.fullmatch(token)
        if segments is None:
            raise InvalidTokenError(MALFORMED, "not three base64url segments")
        header, payload, signature = segments.groups()
        kid, algorithm = _checked_header(_json_object(_decoded(header)), algorithms)
        return cls(kid, algorithm, token[: segments.end(2)].encode("ascii"), payload, signature)

    def payload_verified_by(self, key: VerificationKey) -> Mapping[str, Any]:
        if not key.verifies(self._signing_input, _decoded(self._signature)):
            raise InvalidTokenError("The access token's signature does not hold.", "bad signature")
        return _json_object(_decoded(self._payload))


def _checked_header(header: Mapping[str, Any], algorithms: frozenset[str]) -> tuple[str, str]:
    """The key id and the algorithm. `jwk`, `jku`, `x5c` and `x5u` are never looked at: keys come from the issuer."""
    algorithm, kid, typ = header.get("alg"), header.get("kid"), header.get("typ")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise InvalidTokenError("The access token is signed in a way that is not accepted here.", "alg not allowed")
    if not isinstance(typ, str) or typ.lower() not in _TYPES:
        raise InvalidTokenError("The token is not an access token.", "typ is not at+jwt")
    if "crit" in header:
        raise InvalidTokenError("The access token demands an extension that is unknown here.", "crit")
    if not isinstance(kid, str):
        raise InvalidTokenError(MALFORMED, "kid is not a text")
    return kid, algorithm


def _decoded(segment: str) -> bytes:
    """The bytes of a segment already known to hold only base64url characters."""
    try:
        data = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError as error:
        raise InvalidTokenError(MALFORMED, "a segment is cut short") from error
    # Spare bits that are not zero would let one token be written in several ways (RFC 4648 section 3.5).
    if urlsafe_b64encode(data).rstrip(b"=") != segment.encode("ascii"):
        raise InvalidTokenError(MALFORMED, "a segment is not in its one canonical form")
    return data


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_json = json.JSONDecoder(parse_constant=_no_constant)


def _json_object(data: bytes) -> Mapping[str, Any]:
    try:
        value = _json.decode(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InvalidTokenError(MALFORMED, "a segment is not JSON") from error
    if not isinstance(value, dict):
        raise InvalidTokenError(MALFORMED, "a segment is not a JSON object")
    return value
