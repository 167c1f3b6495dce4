"""Encryption at rest, and every key derived from the one root secret.

The root secret is 32 random bytes in the database, wrapped by the key-encryption key that the operator holds in a file
or an environment variable. Changing that key rewraps one row; everything derived from the root stays as it is.
Personal data and private keys are sealed by AES-256-GCM, bound to the place where they are kept, so that a value
copied into another row does not open. Look-ups by personal data go by a keyed hash.
"""

from hashlib import sha256
from hmac import digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, select, update

from idp.protocol.secrets import SECRET_BYTES, Randomness
from idp.store.database import db, insert_into

NONCE_BYTES = 12
_ROOT_CONTEXT = b"sekisho root secret"

root_secrets = db.Table(
    "root_secrets",
    db.Column("id", db.Integer, primary_key=True),
    db.Column("wrapped", db.LargeBinary, nullable=False),
)


class UnsealingError(Exception):
    """A sealed value does not open: the key is another one, or the value was changed or moved."""


class Sealer:
    """Seals and opens values, and derives keys, all from the root secret."""

    def __init__(self, root: bytes, random: Randomness) -> None:
        """Derive the sealing and the indexing key."""
        self._root = root
        self._random = random
        self._sealing = AESGCM(self.derive("sealing"))
        self._indexing = self.derive("indexing")

    def derive(self, label: str) -> bytes:
        """Return the 32-byte key of a label (HKDF-SHA256, RFC 5869)."""
        return HKDF(SHA256(), SECRET_BYTES, None, b"sekisho " + label.encode("ascii")).derive(self._root)

    def seal(self, value: bytes, place: str) -> bytes:
        """Encrypt a value for one place, such as `users/<id>/profile`."""
        return _encrypt(self._sealing, value, place.encode("utf-8"), self._random)

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt a value that was sealed for this place.

        Raises:
            UnsealingError: when it was sealed for another place, under another key, or was changed.
        """
        return _decrypt(self._sealing, sealed, place.encode("utf-8"))

    def index(self, kind: str, value: str) -> bytes:
        """Return the keyed hash under which personal data is looked up."""
        return digest(self._indexing, f"{kind}\x00{value}".encode("utf-8", "surrogatepass"), sha256)


def open_root_secret(connection: Connection, key_encryption_key: bytes, random: Randomness) -> bytes:
    """Return the root secret, made at the first start; when several processes start at once, one of theirs stays.

    Raises:
        UnsealingError: when the key-encryption key is not the one that wrapped it.
    """
    wrapping = AESGCM(key_encryption_key)
    fresh = _encrypt(wrapping, random(SECRET_BYTES), _ROOT_CONTEXT, random)
    connection.execute(insert_into(connection, root_secrets).values(id=1, wrapped=fresh).on_conflict_do_nothing())
    wrapped = connection.execute(select(root_secrets.c.wrapped).where(root_secrets.c.id == 1)).scalar_one()
    return _decrypt(wrapping, wrapped, _ROOT_CONTEXT)


def rewrap_root_secret(connection: Connection, old_key: bytes, new_key: bytes, random: Randomness) -> None:
    """Wrap the root secret under a new key-encryption key.

    Raises:
        UnsealingError: when the old key is not the one that wrapped it.
    """
    root = open_root_secret(connection, old_key, random)
    wrapped = _encrypt(AESGCM(new_key), root, _ROOT_CONTEXT, random)
    connection.execute(update(root_secrets).where(root_secrets.c.id == 1).values(wrapped=wrapped))


def _encrypt(key: AESGCM, value: bytes, context: bytes, random: Randomness) -> bytes:
    nonce = random(NONCE_BYTES)
    return nonce + key.encrypt(nonce, value, context)


def _decrypt(key: AESGCM, sealed: bytes, context: bytes) -> bytes:
    try:
        return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
    except (InvalidTag, ValueError):  # the latter when there are too few bytes for a nonce
        message = "a sealed value does not open with this key-encryption key"
        raise UnsealingError(message) from None
