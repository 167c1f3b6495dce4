"""Verification of our own access tokens (RFC 9068 4), for the endpoints that take them: userinfo, introspection.

A token that verified once is remembered by its hash until it expires; whether its key is still published and whether it
was revoked is asked every time.
"""

import json
import threading
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt

from idp.keys import Keys
from idp.protocol.secrets import Clock
from idp.store import families
from idp.store.changes import Cache, ChangeFeed, Topic
from idp.store.database import Database
from idp.store.families import Family
from idp.tokens.revocation import RevocationList

MAX_TOKEN_CHARACTERS = 8192
REMEMBERED_TOKENS = 10_000
ACCESS_TOKEN_TYPE = "at+jwt"
_REQUIRED = ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """An access token of ours whose signature, issuer, type and times are right and that was not revoked."""

    claims: Mapping[str, Any]
    kid: str

    @property
    def client_id(self) -> str:
        """The client it was issued to."""
        return str(self.claims["client_id"])

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scope values it carries."""
        return tuple(str(self.claims.get("scope", "")).split())

    @property
    def audience(self) -> tuple[str, ...]:
        """The resources it is for."""
        audience = self.claims["aud"]
        return (audience,) if isinstance(audience, str) else tuple(audience)

    @property
    def family_id(self) -> str | None:
        """The family it descends from, None for a client's own token."""
        return self.claims.get("fam")


class TokenVerifier:
    """Verifies access tokens against the published keys and the revocation list."""

    def __init__(
        self, issuer: str, keys: Keys, revoked: RevocationList, database: Database, feed: ChangeFeed, clock: Clock
    ) -> None:
        """Start with nothing remembered."""
        self._issuer = issuer
        self._database = database
        self._families: Cache[Family] = Cache(feed, (Topic.FAMILY,), REMEMBERED_TOKENS)
        self._keys = keys
        self._revoked = revoked
        self._clock = clock
        self._remembered: dict[bytes, VerifiedToken] = {}
        self._lock = threading.Lock()

    def verify(self, unverified_token: str) -> VerifiedToken | None:
        """Return the token when it is one of ours and alive, else None.

        Raises:
            DatabaseUnavailableError: when keys or revocations cannot be known.
        """
        digest = sha256(unverified_token.encode("utf-8", "surrogatepass")).digest()
        token = self._remembered.get(digest) or self._decode(unverified_token)
        if token is None or not self._is_alive(token):
            self._forget(digest)
            return None
        self._remember(digest, token)
        return token

    def family(self, family_id: str) -> Family | None:
        """Return the family that a token descends from."""
        return self._families.get(family_id, self._load_family)

    def _load_family(self, family_id: str) -> Family | None:
        with self._database.autocommit() as connection:
            return families.find(connection, family_id)

    def _is_alive(self, token: VerifiedToken) -> bool:
        if self._clock() >= token.claims["exp"] or self._keys.public_key(token.kid) is None:
            return False
        return not self._revoked.covers(token.claims["jti"], token.family_id)

    def _decode(self, unverified_token: str) -> VerifiedToken | None:
        header = _unverified_header(unverified_token)
        kid = header.get("kid")
        if header.get("typ") != ACCESS_TOKEN_TYPE or not isinstance(kid, str):
            return None
        found = self._keys.public_key(kid)
        if found is None:
            return None
        algorithm, key = found
        try:
            claims = jwt.decode(
                unverified_token,
                key,
                algorithms=[algorithm],
                issuer=self._issuer,
                options={
                    "require": _REQUIRED,
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidTokenError:
            return None
        return VerifiedToken(claims, kid)

    def _remember(self, digest: bytes, token: VerifiedToken) -> None:
        if digest in self._remembered:
            return
        with self._lock:
            if len(self._remembered) >= REMEMBERED_TOKENS:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[digest] = token

    def _forget(self, digest: bytes) -> None:
        with self._lock:
            self._remembered.pop(digest, None)


def _unverified_header(unverified_token: str) -> dict[str, Any]:
    """Return the header to find the key by; PyJWT checks it again with the signature."""
    if len(unverified_token) > MAX_TOKEN_CHARACTERS:
        return {}
    segment = unverified_token.partition(".")[0]
    try:
        header = json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except (Base64Error, ValueError, RecursionError):
        return {}
    return header if isinstance(header, dict) else {}
