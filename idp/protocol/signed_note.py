"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint) by Ed25519: a log's word for its size and root.

A note is text, an empty line, and one line for each signature. Signatures of keys that the reader does not know are
passed over, so that witnesses can add theirs.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from idp.protocol.merkle import HASH_BYTES

ED25519 = b"\x01"
KEY_ID_BYTES = 4
_DASH = "— "
_CHECKPOINT_LINES = 3
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteError(Exception):
    """A note, key or checkpoint is malformed or not signed by the key; the message says which."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A log's public key with the name under which it signs."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature line tells its key."""
        return sha256(self.name.encode("utf-8") + b"\n" + ED25519 + self.public).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """Write the key as one line."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(ED25519 + self.public).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log signs: its name, its size and its root."""

    origin: str
    size: int
    root: bytes


def parse_key(text: str) -> VerifierKey:
    """Read a verifier key.

    Raises:
        NoteError: when it is malformed, or not an Ed25519 key.
    """
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = decoded(encoded)
    key = VerifierKey(name, raw[1:])
    if not _is_name(name) or raw[:1] != ED25519 or len(key.public) != HASH_BYTES or key.key_id.hex() != key_id:
        raise NoteError("the key is not a verifier key; `idp audit key` prints the right one")
    return key


def verifier_key(name: str, private: Ed25519PrivateKey) -> VerifierKey:
    """Return the public half of a log's key.

    Raises:
        NoteError: when the name cannot stand in a note.
    """
    if not _is_name(name):
        raise NoteError("the log's name has a space or a plus sign")
    return VerifierKey(name, private.public_key().public_bytes_raw())


def sign_checkpoint(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> str:
    """Return a checkpoint as a note that is signed in its origin's name."""
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{b64encode(checkpoint.root).decode('ascii')}\n"
    key = verifier_key(checkpoint.origin, private)
    signature = b64encode(key.key_id + private.sign(text.encode("utf-8"))).decode("ascii")
    return f"{text}\n{_DASH}{key.name} {signature}\n"


def open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """Return the checkpoint that a log signed.

    Raises:
        NoteError: when it is malformed, of another log, or not signed by this key.
    """
    lines = open_note(note, key).split("\n")[:-1]
    if len(lines) < _CHECKPOINT_LINES:
        raise NoteError("the checkpoint lacks its size or root")
    origin, size, root = lines[:_CHECKPOINT_LINES]
    if origin != key.name:
        raise NoteError("the checkpoint is of another log")
    if not _DECIMAL.fullmatch(size) or len(decoded(root)) != HASH_BYTES:
        raise NoteError("the checkpoint's size or root is malformed")
    return Checkpoint(origin, int(size), decoded(root))


def open_note(note: str, key: VerifierKey) -> str:
    """Return the text of a note once this key's signature of it is verified.

    Raises:
        NoteError: when it is malformed or not signed by this key.
    """
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise NoteError("not a signed note")
    text += "\n"
    for line in signatures[:-1].split("\n"):
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        signature = decoded(encoded)
        if not line.startswith(_DASH) or not signature:
            raise NoteError("a signature line is malformed")
        if name == key.name and signature[:KEY_ID_BYTES] == key.key_id:
            _verify(key, signature[KEY_ID_BYTES:], text)
            return text
    raise NoteError("the note is not signed by this key")


def _verify(key: VerifierKey, signature: bytes, text: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode("utf-8"))
    except InvalidSignature:
        raise NoteError("the signature is not that of this text") from None


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and name.split() == [name]


def decoded(encoded: str) -> bytes:
    """Return the bytes of base64 in its one canonical spelling, none for anything else."""
    try:
        raw = b64decode(encoded, validate=True)
    except (Base64Error, ValueError):
        return b""
    return raw if b64encode(raw).decode("ascii") == encoded else b""
