"""`at_hash` and `c_hash`: what binds an access token or a code to an ID token (OIDC Core 3.1.3.6, 3.3.2.11)."""

from hashlib import sha256, sha384, sha512

from idp.protocol.secrets import encode

_HASHES = {"256": sha256, "384": sha384, "512": sha512, "DSA": sha512}
"""The hash that goes with a signature algorithm, by its ending; Ed25519 hashes with SHA-512 (RFC 8032 5.1)."""


def left_half_hash(value: str, algorithm: str) -> str:
    """Return the left half of the hash of an ASCII value, by the hash of the ID token's algorithm."""
    hashed = _HASHES[algorithm[-3:]](value.encode("ascii")).digest()
    return encode(hashed[: len(hashed) // 2])
