"""Refresh tokens: made, rotated at every use, and judged when one comes back (RFC 9700 4.14.2).

A token is `<handle>.<secret>`. Each rotation derives the next secret from the presented one by a keyed hash, so that an
honest retry after a lost response gets the same new token again although only hashes are stored. A token that is not
the newest, and not such a retry, was stolen or its successor was: the whole family ends. A token that was cut short or
damaged on its way is refused, and nothing ends.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest, digest

from idp.protocol.errors import OAuthError, invalid_grant
from idp.protocol.secrets import Randomness, encode, hash_secret, new_identifier, new_secret
from idp.store import families
from idp.store.database import Database
from idp.store.families import Family, RefreshState

_OURS = re.compile(r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, repr=False)
class RefreshToken:
    """A refresh token in its two parts."""

    handle: str
    secret: str

    @property
    def text(self) -> str:
        """What the client is given."""
        return f"{self.handle}.{self.secret}"

    @property
    def can_be_ours(self) -> bool:
        """Whether it has the form of what is made here."""
        return _OURS.fullmatch(self.text) is not None

    @property
    def handle_hash(self) -> bytes:
        """What the family is found by."""
        return hash_secret(self.handle)

    @property
    def secret_hash(self) -> bytes:
        """What the token is recognised by."""
        return hash_secret(self.secret)


def parse_refresh_token(text: str) -> RefreshToken:
    """Split what a client presented; any text gives a token, most of them naming no family."""
    handle, _, secret = text.partition(".")
    return RefreshToken(handle, secret)


@dataclass(frozen=True, slots=True, repr=False)
class Rotation:
    """A token that was spent: its family, what follows it, and whether it had been spent a moment ago already."""

    family: Family
    successor: RefreshToken
    is_retry: bool


class RefreshTokens:
    """Makes and rotates refresh tokens."""

    def __init__(self, database: Database, rotation_key: bytes, retry_seconds: int, random: Randomness) -> None:
        """Take the key from which successors are derived and the window for honest retries."""
        self._database = database
        self._rotation_key = rotation_key
        self._retry_seconds = retry_seconds
        self._random = random

    def first(self) -> RefreshToken:
        """Make the first token of a family."""
        return RefreshToken(new_identifier(self._random), new_secret(self._random))

    def successor(self, token: RefreshToken) -> RefreshToken:
        """Return the one token that follows this one."""
        secret = digest(self._rotation_key, f"{token.handle}.{token.secret}".encode("utf-8", "surrogatepass"), sha256)
        return RefreshToken(token.handle, encode(secret))

    def rotate(self, client_id: str, presented: RefreshToken, now: int) -> Rotation:
        """Spend a token.

        The rotation is committed before anything is minted: when the server dies in between, the client repeats the
        request within the retry window and loses nothing.

        Raises:
            OAuthError: `invalid_grant` for a token that is unknown, expired, of another client, or was used before.
        """
        successor = self.successor(presented)
        with self._database.autocommit() as connection:
            family = families.rotate(
                connection, client_id, presented.handle_hash, presented.secret_hash, successor.secret_hash, now
            )
        if family is not None:
            return Rotation(family, successor, is_retry=False)
        return Rotation(self._judge(client_id, presented, successor, now), successor, is_retry=True)

    def take_back(self, rotation: Rotation, presented: RefreshToken) -> None:
        """Undo a rotation whose successor nobody was given, so that the presented token is the newest again."""
        if rotation.is_retry:
            return
        with self._database.autocommit() as connection:
            families.take_rotation_back(
                connection, rotation.family.id, presented.secret_hash, rotation.successor.secret_hash
            )

    def _judge(self, client_id: str, presented: RefreshToken, successor: RefreshToken, now: int) -> Family:
        """Tell an honest retry from a stolen token; the end of a family is committed before the error is raised."""
        with self._database.transaction() as connection:
            found = families.find_by_handle(connection, presented.handle_hash)
            if found is None or not presented.can_be_ours:
                raise _refused()
            family, state = found
            if not family.is_alive(now):
                raise _refused()
            if family.client_id == client_id and self._is_retry(state, presented, successor, now):
                return family
            families.end(connection, family.id, families.REPLAYED_REFRESH_TOKEN, now)
        raise _refused()

    def _is_retry(self, state: RefreshState, presented: RefreshToken, successor: RefreshToken, now: int) -> bool:
        """Whether this is the token before the newest, spent a moment ago, and the newest is still unused."""
        if state.previous_hash is None or state.rotated_at is None:
            return False
        return (
            compare_digest(state.previous_hash, presented.secret_hash)
            and compare_digest(state.secret_hash, successor.secret_hash)
            and now - state.rotated_at < self._retry_seconds
        )


def _refused() -> OAuthError:
    return invalid_grant("The refresh token is not valid any more. Ask the user to sign in again.")
