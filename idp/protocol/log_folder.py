"""Verifying a log from its files alone (C2SP tlog-tiles, RFC 9162): no database, no settings, no network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from idp.protocol import tiles
from idp.protocol.audit import Account, Leaf, LeafError, account_of, read_leaf
from idp.protocol.merkle import Tree, is_consistent, leaf_hash
from idp.protocol.signed_note import Checkpoint, NoteError, VerifierKey, open_checkpoint

Reader = Callable[[str], bytes]
"""Gives the bytes of a file of the log by its path; raises OSError when there is none."""


class VerificationError(Exception):
    """The log is not what its key holder signed, or holds what it must not; the message says what and where."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A log that was verified, and what its entries amount to."""

    checkpoint: Checkpoint
    account: Account


def verify(read: Reader, key: VerifierKey, earlier_note: str | None = None) -> Verified:
    """Verify the checkpoint's signature, every entry and every tile against it, and what the entries say.

    With an earlier checkpoint also that the log only grew since.

    Raises:
        VerificationError: for the first thing that does not hold.
    """
    _note, checkpoint = checkpoint_of(read, key)
    tree = Tree(leaf_hash(entry) for _index, entry in entries_of_log(read, checkpoint.size))
    for path, expected in tiles.hash_tiles(tree, checkpoint.size):
        if _bytes(read, path) != expected:
            raise VerificationError(f"{path} is not the hashes of the entries")
    if tree.root(checkpoint.size) != checkpoint.root:
        raise VerificationError("the entries are not those of the checkpoint")
    if earlier_note is not None:
        _check_growth(tree, _opened(earlier_note, key, "the earlier checkpoint"), checkpoint)
    return Verified(checkpoint, _judged(read, checkpoint.size))


def checkpoint_of(read: Reader, key: VerifierKey) -> tuple[str, Checkpoint]:
    """Return the log's checkpoint, as it was signed and as it reads.

    Raises:
        VerificationError: when it is missing, malformed or not signed by this key.
    """
    note = _text(read, tiles.CHECKPOINT)
    return note, _opened(note, key, "the checkpoint")


def leaves_of_log(read: Reader, verified: Verified) -> Iterator[Leaf]:
    """Yield the entries of a log that was verified, read."""
    return (read_leaf(index, entry) for index, entry in entries_of_log(read, verified.checkpoint.size))


def _judged(read: Reader, size: int) -> Account:
    """Return what entries amount to, once it is known that they are the log's."""
    try:
        account = account_of(read_leaf(index, entry) for index, entry in entries_of_log(read, size))
    except LeafError as error:
        raise VerificationError(str(error)) from error
    if account.violations:
        raise VerificationError(account.violations[0])
    return account


def _check_growth(tree: Tree, earlier: Checkpoint, checkpoint: Checkpoint) -> None:
    if earlier.size > checkpoint.size:
        raise VerificationError(f"the log shrank: it had {earlier.size} entries and has {checkpoint.size}")
    proof = tree.consistency_proof(earlier.size, checkpoint.size)
    if not is_consistent(earlier.size, earlier.root, checkpoint.size, checkpoint.root, proof):
        raise VerificationError(f"the first {earlier.size} entries are not those of the earlier checkpoint")


def entries_of_log(read: Reader, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield the entries of a log with their places; whether they are the right ones is for the tree to say.

    Raises:
        VerificationError: for a bundle that is missing or not of the right length.
    """
    for path, first, count in tiles.bundle_places(size):
        raw = _bytes(read, path)
        entries = tiles.entries_of(raw)
        if len(entries) != count or tiles.bundle(entries) != raw:
            raise VerificationError(f"{path} does not hold {count} entries")
        yield from enumerate(entries, first)


def _opened(note: str, key: VerifierKey, what: str) -> Checkpoint:
    try:
        return open_checkpoint(note, key)
    except NoteError as error:
        raise VerificationError(f"{what}: {error}") from error


def _text(read: Reader, path: str) -> str:
    try:
        return _bytes(read, path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise VerificationError(f"{path} is not text") from error


def _bytes(read: Reader, path: str) -> bytes:
    try:
        return read(path)
    except OSError as error:
        raise VerificationError(f"{path} is missing") from error
