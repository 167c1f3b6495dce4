"""Tokens as others see and make them: with joserfc, which the provider itself does not sign or verify with."""

import json
import warnings
from collections.abc import Mapping
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import Key, KeySet
from joserfc.jws import JWSRegistry

from tests.provider.provider import HTTP, Provider

ALGORITHMS = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA", "HS256", "none"]


class _AnyHeader(JWSRegistry):
    """Lets tests write headers that joserfc would not: forgeries are made with it."""

    max_header_length = 1 << 16


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


def sign(key: Key, claims: Mapping[str, Any] | bytes, **header: Any) -> str:
    """A compact JWS over any payload, with any header."""
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    registry = _AnyHeader(algorithms=ALGORITHMS, strict_check_header=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jws.serialize_compact(header, payload, key, registry=registry)
