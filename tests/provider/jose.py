"""Tokens as others see and make them: with joserfc, which the provider itself does not sign or verify with."""

import hmac
import json
import warnings
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import Key, KeySet, import_key
from joserfc.jws import JWSRegistry

from tests.provider.provider import HTTP, Provider


def published_keys(provider: Provider) -> KeySet:
    """The key set, as anybody may fetch it."""
    return KeySet.import_key_set(HTTP.get(f"{provider.url}/jwks").json())


def read(provider: Provider, token: str) -> jwt.Token:
    """Header and claims of a token whose signature is that of a published key."""
    return read_with(published_keys(provider), token)


def read_with(keys: KeySet | Key, token: str) -> jwt.Token:
    """Header and claims of a token whose signature is that of one of these keys."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # of EdDSA's name, which RFC 9864 wants more exact
        return jwt.decode(token, keys, algorithms=["ES256", "RS256", "EdDSA"])


def own_key(provider: Provider, algorithm: str = "ES256") -> Key:
    """The key that a provider of this process signs with: for forgeries that no attacker could make."""
    assert provider.services is not None
    private = provider.services.keys.signing_key(algorithm).private
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return import_key(pem, {"ES256": "EC", "RS256": "RSA", "EdDSA": "OKP"}[algorithm])


def sign(key: Key | bytes, claims: Mapping[str, Any] | bytes, *, by: str = "", **header: Any) -> str:
    """A compact JWS over any payload, with any header: nothing is checked, for forgeries are made here too.

    `by` is the algorithm that really signs, where the header is to name another one.
    """
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    signed = f"{encode(json.dumps(header).encode())}.{encode(payload)}"
    return f"{signed}.{encode(_signature(by or header['alg'], signed.encode(), key))}"


def _signature(algorithm: str, signed: bytes, key: Key | bytes) -> bytes:
    if algorithm == "none":
        return b""
    if isinstance(key, bytes):
        return hmac.digest(key, signed, "sha256")
    signature: bytes = JWSRegistry.algorithms[algorithm].sign(signed, key)
    return signature


def encode(raw: bytes) -> str:
    """Base64url without padding (RFC 7515 2)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
