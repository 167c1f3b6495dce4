"""Parts of the ID token that are no claims of the user (OIDC Core 2, 3.1.3.6)."""

from hashlib import sha256, sha512

from idp.protocol.secrets import encode

_HASHES = {"ES256": sha256, "RS256": sha256, "EdDSA": sha512}
"""The hash that goes with each signature algorithm; Ed25519 hashes with SHA-512 (RFC 8032 5.1)."""


def left_half_hash(value: str, algorithm: str) -> str:
    """Return `at_hash`: the left half of the hash of a value, with the hash of the ID token's own algorithm."""
    hashed = _HASHES[algorithm](value.encode("ascii")).digest()
    return encode(hashed[: len(hashed) // 2])
