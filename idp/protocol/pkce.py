"""Proof Key for Code Exchange, S256 only (RFC 7636; RFC 9700 2.1.1 rules out `plain`)."""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest

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
    digest = urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=")
    return compare_digest(digest, challenge.encode("ascii"))
