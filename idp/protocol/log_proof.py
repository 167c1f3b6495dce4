"""Proof in one small file that an entry is in a log: its place, its inclusion proof, a checkpoint (C2SP tlog-proof)."""

import re
from base64 import b64encode

from idp.protocol.log_folder import Reader, VerificationError, checkpoint_of, entries_of_log
from idp.protocol.merkle import Tree, is_included, leaf_hash
from idp.protocol.signed_note import Checkpoint, VerifierKey, decoded

_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


def prove(read: Reader, index: int, key: VerifierKey) -> tuple[bytes, str]:
    """Return an entry of a log and the proof that it is there.

    Raises:
        VerificationError: when the log has no such entry, or its files do not hold what is signed.
    """
    note, checkpoint = checkpoint_of(read, key)
    entries = [entry for _index, entry in entries_of_log(read, checkpoint.size)]
    if index >= checkpoint.size:
        raise VerificationError(f"the log has {checkpoint.size} entries, the first of them 0")
    hashes = Tree(map(leaf_hash, entries)).inclusion_proof(index, checkpoint.size)
    lines = [_HEADER, f"index {index}", *(b64encode(each).decode("ascii") for each in hashes)]
    proof = "\n".join(lines) + f"\n\n{note}"
    verify_proof(proof, entries[index], key)
    return entries[index], proof


def verify_proof(proof: str, entry: bytes, key: VerifierKey) -> tuple[int, Checkpoint]:
    """Return where an entry stands in a log, and in which state of it, once that is proved.

    Raises:
        VerificationError: when the proof is malformed or of something else.
    """
    head, _, note = proof.partition("\n\n")
    header, _, body = head.partition("\n")
    index, *lines = body.split("\n")
    hashes = [decoded(line) for line in lines]
    place = _INDEX.fullmatch(index)
    if header != _HEADER or place is None or not all(hashes):
        raise VerificationError("not a proof of this kind")
    _note, checkpoint = checkpoint_of(lambda _path: note.encode("utf-8"), key)
    if not is_included(leaf_hash(entry), int(place[1]), checkpoint.size, hashes, checkpoint.root):
        raise VerificationError("the proof is not of this entry")
    return int(place[1]), checkpoint
