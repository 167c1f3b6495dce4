"""Identifiers and secrets, all made here, and the hash under which a secret is stored.

A secret of 256 random bits needs no slow hash: SHA-256 is enough, and cheap enough for every request.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256

Randomness = Callable[[int], bytes]
"""Gives that many unpredictable bytes; `os.urandom` outside tests."""

Clock = Callable[[], float]
"""Gives UTC seconds since the epoch; `time.time` outside tests."""

SECRET_BYTES = 32
IDENTIFIER_BYTES = 16


def encode(raw: bytes) -> str:
    """Return base64url without padding (RFC 7515 2)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def new_secret(random: Randomness) -> str:
    """Return a secret of 256 bits as 43 characters."""
    return encode(random(SECRET_BYTES))


def new_identifier(random: Randomness) -> str:
    """Return an identifier of 128 bits as 22 characters; unguessable, but not a secret."""
    return encode(random(IDENTIFIER_BYTES))


def hash_secret(secret: str) -> bytes:
    """Return the 32 bytes under which a secret is stored. Any text is accepted, for it may come from a stranger."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
