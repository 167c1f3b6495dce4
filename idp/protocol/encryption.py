"""Encrypted tokens (RFC 7516): opened with our keys, made with those of clients. joserfc does the cryptography.

Public-key algorithms only (`names.KEY_MANAGEMENT_ALGORITHMS`), and no compression: a few bytes must not become many.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from idp.protocol.names import CONTENT_ENCRYPTION_ALGORITHMS, KEY_MANAGEMENT_ALGORITHMS
from idp.protocol.strict_json import load_strictly

_REGISTRY = jwe.JWERegistry(algorithms=(*KEY_MANAGEMENT_ALGORITHMS, *CONTENT_ENCRYPTION_ALGORITHMS))
_PARTS = 5


def is_encrypted(token: str) -> bool:
    """Whether a token has the form of a compact JWE rather than that of a compact JWS."""
    return token.count(".") == _PARTS - 1


def decrypt(unverified: str, private_keys: Mapping[str, object]) -> tuple[str, str, bytes] | None:
    """Return key algorithm, content algorithm and content of a compact JWE for one of these keys, or None.

    A `kid` names the key; without one, each that could be meant is tried.
    """
    kid, kind = _unverified_recipient(unverified)
    for name, private in private_keys.items():
        if kid not in (None, name):
            continue
        key = _own_key(private)
        if key is None or key.key_type != kind:
            continue
        try:
            opened = jwe.decrypt_compact(unverified, key, registry=_REGISTRY)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if opened.plaintext is not None:
            return opened.protected["alg"], opened.protected["enc"], opened.plaintext
    return None


def encrypt(content: str | bytes, jwks: str, algorithm: str, content_algorithm: str, *, is_jwt: bool) -> str | None:
    """Return a compact JWE to the first fitting key of a client's set, or None where there is none."""
    for jwk in json.loads(jwks)["keys"] if jwks else []:
        if jwk.get("kty") != _key_type(algorithm) or jwk.get("use", "enc") != "enc" or "d" in jwk:
            continue
        if jwk.get("alg", algorithm) != algorithm:
            continue
        header = {"alg": algorithm, "enc": content_algorithm, **({"cty": "JWT"} if is_jwt else {})}
        if isinstance(jwk.get("kid"), str):
            header["kid"] = jwk["kid"]
        try:
            key = (RSAKey if jwk["kty"] == "RSA" else ECKey).import_key(dict(jwk))
            return jwe.encrypt_compact(header, content, key, registry=_REGISTRY)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return None


def _key_type(algorithm: str) -> str:
    return "RSA" if algorithm.startswith("RSA") else "EC"


def _own_key(private: object) -> RSAKey | ECKey | None:
    if isinstance(private, rsa.RSAPrivateKey):
        return RSAKey.import_key(private)
    return ECKey.import_key(private) if isinstance(private, ec.EllipticCurvePrivateKey) else None


def _unverified_recipient(unverified: str) -> tuple[str | None, str]:
    """Return the `kid` and the type of key that a JWE names; an empty type where it makes no sense."""
    segment = unverified.partition(".")[0]
    try:
        header = load_strictly(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode("utf-8"))
    except ValueError:
        return None, ""
    if not isinstance(header, dict):
        return None, ""
    kid, algorithm = header.get("kid"), header.get("alg")
    if algorithm not in KEY_MANAGEMENT_ALGORITHMS or not isinstance(kid, str | None):
        return None, ""
    return kid, _key_type(algorithm)
