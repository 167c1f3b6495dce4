"""A JWKS (RFC 7517) as key objects, each fixed to the one algorithm it may verify.

A key serves an algorithm only if its type, its curve and its own `alg`, `use` and `key_ops` say so (RFC 8725 section
3.1). A key that cannot be used is left out and does not spoil the set; private and symmetric keys have no place in one.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import Algorithm

from sekisho_guard.errors import InvalidTokenError
from sekisho_guard.fetch import FetchError

_KEY_TYPES = {"ES256": ("EC", "P-256"), "RS256": ("RSA", None), "PS256": ("RSA", None), "EdDSA": ("OKP", "Ed25519")}
SUPPORTED_ALGORITHMS = frozenset(_KEY_TYPES)
_LEAST_RSA_BITS = 2048  # RFC 7518 section 3.3
_MOST_KEYS = 100


@dataclass(frozen=True, slots=True, eq=False)
class VerificationKey:
    """One public key for one algorithm. Two are equal only if they are the same object."""

    kid: str
    algorithm: str
    _public_key: Any
    _algorithm: Algorithm

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        return self._algorithm.verify(signing_input, self._public_key, signature)


@dataclass(frozen=True, slots=True, eq=False)
class KeySet:
    """The issuer's keys as of one fetch."""

    _by_source: Mapping[str, tuple[VerificationKey, ...]]
    _by_name: Mapping[tuple[str, str], VerificationKey] = field(init=False)
    _kids: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        by_name: dict[tuple[str, str], VerificationKey] = {}
        for keys in self._by_source.values():
            for key in keys:
                by_name.setdefault((key.kid, key.algorithm), key)
        object.__setattr__(self, "_by_name", by_name)
        object.__setattr__(self, "_kids", frozenset(kid for kid, _ in by_name))

    def successor(self, document: bytes, algorithms: frozenset[str]) -> Self:
        """The set in a newly fetched document. Keys that did not change stay the same objects."""
        by_source = {}
        for jwk in _jwks(document):
            source = json.dumps(jwk, sort_keys=True)
            by_source[source] = self._by_source.get(source) or tuple(_verification_keys(jwk, algorithms))
        return type(self)(by_source)

    def knows(self, kid: str) -> bool:
        return kid in self._kids

    def holds(self, key: VerificationKey) -> bool:
        return self._by_name.get((key.kid, key.algorithm)) is key

    def key(self, kid: str, algorithm: str) -> VerificationKey:
        """The key, refused if it is missing or of another type than the algorithm needs."""
        try:
            return self._by_name[kid, algorithm]
        except KeyError:
            detail = "the key is not for this alg" if kid in self._kids else "unknown kid"
            raise InvalidTokenError(
                "The access token is signed with a key that is not accepted here.", detail
            ) from None


def _jwks(document: bytes) -> list[dict[str, Any]]:
    try:
        keys = json.loads(document.decode("utf-8"))["keys"]
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise FetchError("the key set is not a JWKS") from error
    if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
        raise FetchError("the key set is not a JWKS of reasonable length")
    return [jwk for jwk in keys if isinstance(jwk, dict)]


def _verification_keys(jwk: dict[str, Any], algorithms: frozenset[str]) -> Iterator[VerificationKey]:
    kid = jwk.get("kid")
    if not isinstance(kid, str) or "d" in jwk or not _is_for_verifying(jwk):
        return
    for name in sorted(algorithms):
        kty, crv = _KEY_TYPES[name]
        if jwk.get("kty") == kty and crv in (None, jwk.get("crv")) and jwk.get("alg", name) == name:
            algorithm = jwt.get_algorithm_by_name(name)
            public_key = _public_key(algorithm, jwk)
            if public_key is not None:
                yield VerificationKey(kid, name, public_key, algorithm)


def _is_for_verifying(jwk: Mapping[str, Any]) -> bool:
    operations = jwk.get("key_ops", ["verify"])
    return jwk.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _public_key(algorithm: Algorithm, jwk: dict[str, Any]) -> object | None:
    try:
        key: object = algorithm.from_jwk(jwk)
    except (jwt.PyJWTError, ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if isinstance(key, RSAPublicKey) and key.key_size < _LEAST_RSA_BITS:
        return None
    return key
