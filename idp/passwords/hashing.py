"""Passwords: argon2id, one hash for every try whether or not the account exists (OWASP, ASVS 6.2).

What is typed is brought to one form first (NFKC, NIST SP 800-63B-4 3.1.1.2), so that a keyboard that writes full-width
letters opens what another one closed.
"""

from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from idp.settings import SignIn

MAX_CHARACTERS = 1024
"""Longer ones are refused before hashing, so that nobody buys time by the megabyte."""


def normalized(password: str) -> str:
    """Return the one form of a password that may be written in several."""
    return normalize("NFKC", password)


class Passwords:
    """Hashes and verifies passwords."""

    def __init__(self, settings: SignIn) -> None:
        """Prepare a hash to verify against where there is no account: the answer takes as long."""
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Return the hash to store."""
        return self._hasher.hash(normalized(password))

    def verify(self, stored_hash: str | None, password: str) -> bool:
        """Whether a password belongs to a stored hash; without one (None, "") it is no, after the same work."""
        if len(password) > MAX_CHARACTERS:
            return False
        try:
            self._hasher.verify(stored_hash or self._nobody, normalized(password))
        except (VerificationError, InvalidHashError):
            return False
        return bool(stored_hash)

    def is_outdated(self, stored_hash: str) -> bool:
        """Whether a hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored_hash)
