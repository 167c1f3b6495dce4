"""The keys by which a client signs, each for the algorithms of its own kind alone (RFC 7517, RFC 8725 3.1)."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jwt
from jwt import PyJWK, PyJWKError, PyJWS

_JWS = PyJWS()
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519"}


def verified(jwks: str, algorithms: tuple[str, ...], unverified: str) -> tuple[Mapping[str, Any], bytes] | None:
    """Return header and content of a JWS that one of these keys signed by one of these algorithms, or None.

    A `kid` narrows the choice to keys of that name and those without one.
    """
    try:
        kid = jwt.get_unverified_header(unverified).get("kid")
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return None
    for key_id, fitting, key in verification_keys(jwks, algorithms):
        if kid is not None and key_id is not None and kid != key_id:
            continue
        try:
            decoded = _JWS.decode_complete(unverified, key, algorithms=list(fitting))
        except (jwt.InvalidTokenError, ValueError, TypeError):
            continue
        return decoded["header"], decoded["payload"]
    return None


@lru_cache(maxsize=1024)
def verification_keys(jwks: str, algorithms: tuple[str, ...]) -> tuple[tuple[str | None, tuple[str, ...], Any], ...]:
    """Return identifier, allowed algorithms and key object of each key of a set.

    A key serves only algorithms of its own kind, so an RSA key is never taken for anything else.
    """
    keys = []
    for jwk in json.loads(jwks)["keys"] if jwks else []:
        fitting = tuple(algorithm for algorithm in algorithms if _fits(jwk, algorithm))
        try:
            if fitting:
                keys.append((jwk.get("kid"), fitting, PyJWK(jwk, fitting[0]).key))
        except (PyJWKError, jwt.InvalidKeyError):
            continue
    return tuple(keys)


def _fits(jwk: Mapping[str, Any], algorithm: str) -> bool:
    if jwk.get("alg", algorithm) != algorithm or jwk.get("use", "sig") != "sig":
        return False
    if algorithm in _CURVES:
        return jwk.get("crv") == _CURVES[algorithm]
    return jwk.get("kty") == "RSA"
