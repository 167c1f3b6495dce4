"""Key sets of clients (RFC 7517): public keys that can be used, and nothing else."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import InvalidKeyError, PyJWK, PyJWKError
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from idp.protocol.names import KEY_MANAGEMENT_ALGORITHMS

MAX_KEYS = 20
MAX_JWKS = 32_768
LEAST_RSA_BITS = 2048
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_READERS: Mapping[str, Any] = {"RSA": RSAAlgorithm, "EC": ECAlgorithm, "OKP": OKPAlgorithm}


def key_set_problems(document: object, assertion_algorithm: str = "") -> Iterator[str]:
    """Yield what is wrong with a key set; no sentence repeats anything of a key."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not keys:
        yield "jwks needs keys: a list of the client's public keys"
        return
    if len(keys) > MAX_KEYS or len(json.dumps(document)) > MAX_JWKS:
        yield f"jwks holds more than {MAX_KEYS} keys or {MAX_JWKS} characters"
        return
    for key in keys:
        if not isinstance(key, dict) or _PRIVATE_MEMBERS & set(key):
            yield "jwks must hold public keys only; replace the key that was written here, it is known now"
        elif not _is_usable(key, assertion_algorithm):
            yield f"jwks holds a key that cannot be used; RSA keys have {LEAST_RSA_BITS} bits or more"


def usable_keys(document: object) -> dict[str, list[Any]]:
    """Return a published key set without what cannot be used: others' keys of other kinds are no mistake.

    Raises:
        ValueError: when it is no key set.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise ValueError("a key set has a list of keys (RFC 7517 5)")  # noqa: TRY004 - it is the document's value
    public = [key for key in keys[:MAX_KEYS] if isinstance(key, dict) and not _PRIVATE_MEMBERS & set(key)]
    return {"keys": [key for key in public if _is_usable(key, "")]}


def _is_usable(key: Mapping[str, Any], assertion_algorithm: str) -> bool:
    try:
        if key.get("use") == "enc" or key.get("alg") in KEY_MANAGEMENT_ALGORITHMS:
            public = _READERS[key["kty"]].from_jwk(dict(key))
        else:
            public = PyJWK(dict(key), assertion_algorithm or None).key
    except (PyJWKError, InvalidKeyError, LookupError, TypeError, ValueError):
        return False
    return not isinstance(public, RSAPublicKey) or public.key_size >= LEAST_RSA_BITS
