"""ID tokens that come back as a hint (OIDC Core 3.1.2.1, RP-Initiated Logout 2): ours, whatever their age."""

from collections.abc import Mapping
from typing import Any

import jwt

from idp.keys import Keys

MAX_HINT_CHARACTERS = 8192
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
"""A signed userinfo response is of the same type and lacks the times (RFC 8725 2.8)."""


def read_hint(unverified_hint: str, keys: Keys, issuer: str) -> Mapping[str, Any] | None:
    """Return the claims of an ID token of ours, expired or not, or None for anything else."""
    if len(unverified_hint) > MAX_HINT_CHARACTERS:
        return None
    try:
        kid = jwt.get_unverified_header(unverified_hint).get("kid")
        found = keys.public_key(kid) if isinstance(kid, str) else None
        if found is None:
            return None
        algorithm, key = found
        header_and_claims = jwt.decode_complete(
            unverified_hint,
            key,
            algorithms=[algorithm],
            issuer=issuer,
            options={"require": _REQUIRED, "verify_aud": False, "verify_exp": False, "verify_iat": False},
        )
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return None
    if header_and_claims["header"].get("typ") != "JWT":
        return None
    claims: Mapping[str, Any] = header_and_claims["payload"]
    return claims
