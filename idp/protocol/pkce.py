"""Proof Key for Code Exchange, S256 only (RFC 7636; RFC 9700 2.1.1 rules out `plain`)."""

import re
from hashlib import sha256
from hmac import compare_digest

from idp.protocol.secrets import encode

S256 = "S256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def is_challenge(text: str) -> bool:
    """Whether a text has the form of an S256 challenge: 43 base64url characters (RFC 7636 4.2)."""
    return _CHALLENGE.fullmatch(text) is not None


def matches(verifier: str, challenge: str) -> bool:
    """Whether a verifier is well formed and belongs to a challenge (RFC 7636 4.6); takes constant time."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    return compare_digest(challenge_of(verifier).encode("ascii"), challenge.encode("ascii"))


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of an ASCII verifier (RFC 7636 4.2)."""
    return encode(sha256(verifier.encode("ascii")).digest())
